"""About a second of angles as one compressed value: what the database keeps of the series.

The core rounds angles to 0.01 deg, so whole hundredths are exact. Neighbouring frames are alike:
differences, sorted by the significance of their bytes, leave long runs of zeros for zlib.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

from station.types import ANGLES

_COUNT = struct.Struct("<I")
_NAN = np.int32(-(2**31))
PER_DEG = 100  # the core rounds to 0.01 deg


def pack(t_ns: NDArray[np.int64], angles: NDArray[np.void]) -> bytes:
    """`t_ns` (n,), `angles` (n,) ANGLES rounded to 0.01 deg and below 21 million deg."""
    columns = np.array([angles[name] for name in ANGLES.names or ()])
    hundredths = np.full(columns.shape, _NAN, np.int32)
    known = np.isfinite(columns)
    hundredths[known] = np.rint(columns[known] * PER_DEG).astype(np.int32)
    body = _planes(t_ns.reshape(1, -1).astype("<u8")) + _planes(hundredths.astype("<u4"))
    return _COUNT.pack(len(t_ns)) + zlib.compress(body, 6)


def unpack(content: bytes, columns: tuple[str, ...]) -> tuple[NDArray[np.int64], NDArray[np.void]]:
    """What `pack` was given; `columns`: names of ANGLES as of then. Raises ValueError."""
    try:
        (count,) = _COUNT.unpack_from(content)
        body = zlib.decompress(content[_COUNT.size :])
    except (struct.error, zlib.error) as error:
        raise ValueError(f"a chunk of the series is damaged ({error})") from None
    t_ns = _values(body[: 8 * count], 1, count, np.dtype("<u8"))[0].astype(np.int64)
    hundredths = _values(body[8 * count :], len(columns), count, np.dtype("<u4")).astype(np.int32)
    angles = np.full(count, np.nan, ANGLES)
    for name, column in zip(columns, hundredths, strict=True):
        if name in (ANGLES.names or ()):
            angles[name] = np.where(column == _NAN, np.nan, column / PER_DEG)
    return t_ns, angles


def _planes(values: NDArray) -> bytes:
    """(k, n) unsigned: differences along n, then all lowest bytes, all second lowest, ..."""
    steps = values.copy()
    steps[:, 1:] -= values[:, :-1]
    return steps.view(np.uint8).reshape(values.size, values.itemsize).T.tobytes()


def _values(body: bytes, rows: int, count: int, kind: np.dtype) -> NDArray:
    planes = np.frombuffer(body, np.uint8).reshape(kind.itemsize, rows * count)
    return np.cumsum(np.ascontiguousarray(planes.T).view(kind).reshape(rows, count), axis=1, dtype=kind)
