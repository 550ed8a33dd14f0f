"""Types of the vocabulary as plain JSON values and back: NaN is null, a tuple is a list, an unknown
key is an error.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar

import numpy as np
from pydantic import TypeAdapter

from station.types import NAN

Kind = TypeVar("Kind")


def plain(value: Any) -> Any:
    """A value of the vocabulary as dict, list, str, int, float, bool or None. Raises TypeError for
    anything else.
    """
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


@cache
def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def revive(kind: type[Kind], values: Any) -> Kind:
    """A flat dataclass from what `plain` made of it, each field checked against its annotation:
    null in a float field is NaN.

    Raises TypeError for anything but a mapping with the right keys, ValueError for a value of
    another type.
    """
    if not isinstance(values, Mapping):
        raise TypeError(f"{kind.__name__} is {type(values).__name__}, expected an object")
    # Annotations are strings here (`from __future__ import annotations` in types.py).
    is_float = {entry.name: entry.type == "float" for entry in fields(kind)}  # type: ignore[arg-type]
    unknown = [name for name in values if name not in is_float]
    if unknown:
        raise TypeError(f"{kind.__name__} has no field {unknown[0]!r}")
    given = {name: NAN if value is None and is_float[name] else value for name, value in values.items()}
    revived: Kind = _adapter(kind).validate_python(given)  # type: ignore[arg-type]
    return revived
