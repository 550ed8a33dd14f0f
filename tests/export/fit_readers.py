"""Two decoders of FIT that are not ours, nor each other's; what they say must be the same."""

from __future__ import annotations

import io
import warnings
from datetime import UTC, datetime
from typing import Any

import fitdecode
import fitparse

Messages = dict[str, list[dict[str, Any]]]


def by_fitdecode(content: bytes) -> Messages:
    messages: Messages = {}
    with fitdecode.FitReader(
        io.BytesIO(content), check_crc=fitdecode.CrcCheck.RAISE, error_handling=fitdecode.ErrorHandling.RAISE
    ) as reader:
        for frame in reader:
            if isinstance(frame, fitdecode.FitDataMessage):
                messages.setdefault(frame.name, []).append({field.name: field.value for field in frame.fields})
    return messages


def by_fitparse(content: bytes) -> Messages:
    messages: Messages = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it builds dates in a way that Python calls old
        for message in fitparse.FitFile(io.BytesIO(content), check_crc=True).get_messages():
            values = {field.name: _with_zone(field.value) for field in message.fields}
            messages.setdefault(message.name, []).append(values)
    return messages


def _with_zone(value: Any) -> Any:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value
