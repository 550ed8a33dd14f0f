"""Types of the vocabulary as plain JSON values and back: NaN is null, a tuple is a list, an unknown key is an error."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import StrEnum
from typing import Any, TypeVar

import numpy as np

from station.types import NAN

Kind = TypeVar("Kind")


def plain(value: Any) -> Any:
    """A value of the vocabulary as dict, list, str, int, float, bool or None. Raises TypeError for anything else."""
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, (float, np.floating)):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, str):
        return value.value if isinstance(value, StrEnum) else value
    if isinstance(value, np.integer):
        return int(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {entry.name: plain(getattr(value, entry.name)) for entry in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(entry) for entry in value]
    if isinstance(value, np.ndarray):
        return [plain(entry) for entry in value.tolist()]
    raise TypeError(f"{type(value).__name__} has no plain form")


def revive(kind: type[Kind], values: Mapping[str, Any]) -> Kind:
    """A flat dataclass from what `plain` made of it: null in a float field is NaN, a list is a tuple.

    Raises TypeError for missing or unknown keys.
    """
    # Annotations are strings here (`from __future__ import annotations` in types.py).
    is_float = {entry.name: entry.type == "float" for entry in fields(kind)}  # type: ignore[arg-type]
    return kind(**{name: _revived(value, is_float.get(name, False)) for name, value in values.items()})


def _revived(value: Any, is_float: bool) -> Any:
    if is_float:
        return NAN if value is None else float(value)
    return tuple(value) if isinstance(value, list) else value
