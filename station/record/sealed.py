"""Rows with a checksum each: a flipped bit is found, and costs only its session."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np


def sealed(values: Iterable[Any]) -> tuple[Any, ...]:
    """The values as SQLite gives them back (NaN is NULL), and behind them their checksum."""
    row = tuple(map(_stored, values))
    return (*row, checksum(row))


def intact(row: Sequence[Any]) -> bool:
    """Whether a row that ends in its checksum is as it was written. Rows of stations that wrote
    none pass unchecked.

    The checksum of a station that knew fewer columns ends before them: NULLs at the end may be
    missing from it.
    """
    *values, crc = row
    while crc is not None and checksum(values) != crc:
        if not values or values.pop() is not None:
            return False
    return True


def checksum(row: Iterable[Any]) -> int:
    """CRC-32 over the values' types and texts; a float's shortest repr names it to the bit."""
    crc = 0
    for value in row:
        crc = zlib.crc32(value if isinstance(value, bytes) else repr(value).encode(errors="surrogatepass"), crc)
        crc = zlib.crc32(b"\x1f", crc)
    return crc


def _stored(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, float) and math.isnan(value):
        return None
    return value
