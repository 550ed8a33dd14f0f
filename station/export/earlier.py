"""Earlier sessions of the same runner, read from the session.json files on their stick: all that is ever read from a stick.

The stick is in a stranger's hand between two sessions, so nothing in the file is trusted: the size is bounded, every value
is checked for type and range, and anything odd makes the whole file be left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from station.export.session_json import SCHEMA
from station.types import QUANTITIES

MOST_BYTES = 1_000_000
SESSION_ID = re.compile(r"[0-9]{5,9}(-[0-9]{8})?-[0-9a-f]{4}", re.ASCII)
UTC = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", re.ASCII)
LARGEST = 1e4  # no quantity comes near


def order(session_id: str) -> tuple[int, str]:
    """What session ids are sorted by: the station's own count, whatever its clock said."""
    return int(session_id.partition("-")[0]), session_id


@dataclass(frozen=True, slots=True)
class Earlier:
    """One earlier session: measured quantities as (value, low, high)."""

    session_id: str
    started_utc: str  # "" when the station's clock was not set
    values: Mapping[str, tuple[float, float, float]]


def read_earlier(content: bytes) -> Earlier:
    """Raises ValueError when the content is not a session.json as the station writes it."""
    if len(content) > MOST_BYTES:
        raise ValueError(f"longer than {MOST_BYTES} bytes")
    try:
        document = json.loads(content.decode("utf-8"), parse_constant=_refuse)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise ValueError("not a session file")
    session_id, started = document.get("session_id"), document.get("started_utc")
    if not isinstance(session_id, str) or not SESSION_ID.fullmatch(session_id):
        raise ValueError("no session id")
    trusted = document.get("clock_trusted") is True and isinstance(started, str) and UTC.fullmatch(started)
    summary = document.get("summary")
    if not isinstance(summary, dict):
        raise ValueError("no summary")
    values = {name: _value(summary[name]) for name in QUANTITIES if name in summary and _is_measured(summary[name])}
    return Earlier(session_id, str(started) if trusted else "", values)


def _is_measured(entry: Any) -> bool:
    return isinstance(entry, dict) and entry.get("state") == "measured"


def _value(entry: dict[str, Any]) -> tuple[float, float, float]:
    interval = entry.get("ci95")
    if not isinstance(interval, list) or len(interval) != 2:
        raise ValueError("no interval")
    return _number(entry.get("value")), _number(interval[0]), _number(interval[1])


def _number(value: Any) -> float:
    # Not NaN either; and an integer of hundreds of digits is compared, never made a float.
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= LARGEST:
        raise ValueError("not a number that the station writes")
    return float(value)


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is not JSON")
