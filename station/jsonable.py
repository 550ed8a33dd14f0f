"""Values of the vocabulary as JSON has them, and back, by pydantic: NaN is null, a tuple a list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import cache
from math import nan
from typing import Any, TypeVar

import numpy as np
from pydantic import TypeAdapter
from pydantic_core import to_jsonable_python

Kind = TypeVar("Kind")


def jsonable(value: Any) -> Any:
    """As dict, list, str, int, float, bool or None. Raises TypeError for what has no such form."""
    return to_jsonable_python(value, inf_nan_mode="null", fallback=_of_numpy)


def _of_numpy(value: Any) -> Any:
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


_adapter: Callable[[Any], TypeAdapter[Any]] = cache(TypeAdapter)


def restored(kind: type[Kind], values: Any) -> Kind:
    """A flat dataclass from what `jsonable` made of it, each field checked against its annotation.

    Raises TypeError for anything but a mapping with known keys, ValueError for another value.
    """
    if not isinstance(values, Mapping):
        raise TypeError(f"{kind.__name__} is {type(values).__name__}, expected an object")
    # Annotations are strings here (`from __future__ import annotations` in types.py).
    is_float = {entry.name: entry.type == "float" for entry in fields(kind)}  # type: ignore[arg-type]
    unknown = [name for name in values if name not in is_float]
    if unknown:
        raise TypeError(f"{kind.__name__} has no field {unknown[0]!r}")
    given = {name: nan if value is None and is_float[name] else value for name, value in values.items()}
    made: Kind = _adapter(kind).validate_python(given)
    return made
