"""Poses files, format `station.poses/1`: landmarks that somebody else measured, as an NPZ.

t_s (N,) float64 increasing          width_px, height_px    scalars: the frame
xy_px (N, 33, 2) float32             skeleton               "blazepose33"
score (N, 33) float32 in 0..1        px_per_m, direction    optional
"""

from __future__ import annotations

import contextlib
import lzma
import math
import os
import struct
import tokenize
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, Self, cast

import numpy as np
from numpy.typing import NDArray

from station.errors import InputError, StoreError, printable
from station.ports import Clock
from station.sense.opened import Opened
from station.sense.playback import PosePlayer
from station.types import JOINTS, NAN, NS, SKELETON, Pose, Side, SourceInfo

FORMAT = "station.poses/1"
REMEDY = f"write the file again as {FORMAT}"
REQUIRED = ("t_s", "xy_px", "score", "width_px", "height_px", "skeleton")
OPTIONAL = ("px_per_m", "direction")
MAX_BYTES = 400 << 20  # unpacked; three hours at 60 frames a second are 260 MB
MAX_MEMBERS = 100  # chosen
MAX_DURATION_S = 7 * 86400.0  # longer means that t_s does not count seconds
MAX_SIDE_PX = 65535  # chosen: no camera is larger


@dataclass(frozen=True, eq=False)
class Poses:
    """`t_ns` (N,) int64 from the first pose; not seen is NaN with score 0 in both arrays."""

    t_ns: NDArray[np.int64]
    xy_px: NDArray[np.float32]
    score: NDArray[np.float32]
    width_px: int
    height_px: int
    px_per_m: float = NAN
    direction: Side | None = None

    @property
    def fps(self) -> float:
        """Mean rate, NaN for a single pose."""
        return (len(self.t_ns) - 1) * NS / float(self.t_ns[-1]) if len(self.t_ns) > 1 else NAN


class PosesSource(Opened):
    """A poses file as a `Source[Pose]`; `px_per_m`, `direction`: the file's, or None."""

    def __init__(self, path: Path, clock: Clock | None = None, realtime: bool = False, loop: bool = False) -> None:
        self._path = path
        self._clock, self._realtime, self._loop = clock, realtime, loop
        self.px_per_m: float | None = None
        self.direction: Side | None = None

    def read(self, timeout_s: float) -> Pose | None:
        self.info  # noqa: B018 (refuses a closed source)
        return self._player.read(timeout_s)

    def __enter__(self) -> Self:
        """Raises InputError when the file cannot be read or is not what it should be."""
        poses = load_poses(self._path)
        n, seconds = len(poses.t_ns), float(poses.t_ns[-1]) / NS
        self._info = SourceInfo(printable(self._path), "poses", poses.width_px, poses.height_px, poses.fps, n, seconds)
        self._player = PosePlayer(self._info, poses.t_ns, poses.xy_px, poses.score, self._clock, self._realtime, self._loop)
        self.px_per_m = poses.px_per_m if math.isfinite(poses.px_per_m) else None
        self.direction = poses.direction
        return self


def load_poses(path: Path) -> Poses:
    """Read and check a poses file. Raises InputError naming the array and what is wrong with it."""
    arrays = _unpack(path)

    def wrong(what: str) -> NoReturn:
        raise InputError(what, str(path), REMEDY)

    missing = [name for name in REQUIRED if name not in arrays]
    if missing:
        wrong(f"lacks {', '.join(missing)}")
    if (skeleton := _text(arrays["skeleton"])) != SKELETON:
        wrong(f"skeleton is {skeleton!r}, only {SKELETON!r} is known")
    try:
        t_ns = _times_ns(_numbers(arrays, "t_s", (None,)))
        n = len(t_ns)
        xy_px = _numbers(arrays, "xy_px", (n, JOINTS, 2), np.float32)
        xy_px, score = _landmarks(xy_px, _numbers(arrays, "score", (n, JOINTS), np.float32))
        width, height = (_side_px(arrays, name) for name in ("width_px", "height_px"))
        px_per_m = _scale(arrays) if "px_per_m" in arrays else NAN
        direction = _direction(arrays["direction"]) if "direction" in arrays else None
    except ValueError as error:
        wrong(str(error))
    return Poses(t_ns, xy_px, score, width, height, px_per_m, direction)


def save_poses(path: Path, poses: Poses) -> None:
    """Write a poses file, whole or not at all. Raises StoreError when it cannot be written."""
    optional: dict[str, Any] = {}
    if math.isfinite(poses.px_per_m):
        optional["px_per_m"] = poses.px_per_m
    if poses.direction is not None:
        optional["direction"] = poses.direction
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            np.savez_compressed(
                file,
                t_s=poses.t_ns / NS,
                xy_px=poses.xy_px.astype(np.float32),
                score=poses.score.astype(np.float32),
                width_px=poses.width_px,
                height_px=poses.height_px,
                skeleton=SKELETON,
                **optional,
            )
        os.replace(part, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise StoreError(f"cannot be written ({error.strerror})", str(path), "check the folder and its free space") from None


def _unpack(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays that are known by name; no objects: unpickling runs whatever the file says.

    All headers are read before the first array, so that nothing is unpacked that is too large.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = {member.filename.removesuffix(".npy"): member for member in archive.infolist()[:MAX_MEMBERS]}
            wanted = {name: members[name] for name in (*REQUIRED, *OPTIONAL) if name in members}
            size = sum(max(member.file_size, _claimed_bytes(archive, member)) for member in wanted.values())
            if size > MAX_BYTES:
                raise InputError(f"unpacks to {size / 2**20:.0f} MB", str(path), f"split it: {MAX_BYTES >> 20} MB is the limit")
            return {name: _array(archive, member) for name, member in wanted.items()}
    except InputError:
        raise
    except OSError as error:
        reason = error.strerror or "damaged"
        raise InputError(f"cannot be read ({reason})", str(path), "check the path and its permissions") from None
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError):
        raise InputError("is no NPZ archive or is damaged", str(path), f"copy it again, or {REMEDY}") from None
    except (
        ValueError,
        KeyError,
        IndexError,
        TypeError,
        SyntaxError,
        RuntimeError,
        MemoryError,
        OverflowError,
        struct.error,
        tokenize.TokenError,
    ) as error:
        # What NumPy and zipfile raise for pickled objects, broken headers, unknown packing and
        # encrypted members.
        said = str(error).split(". ")[0][:120] or type(error).__name__
        raise InputError(f"holds something that is not a plain array ({said})", str(path), REMEDY) from None


def _claimed_bytes(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> int:
    """How large the array is by its own header."""
    with archive.open(member) as file:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(file)
    if dtype.hasobject:
        raise ValueError("Object arrays cannot be loaded")
    return math.prod(shape) * dtype.itemsize


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> NDArray[Any]:
    with archive.open(member) as file:
        return np.lib.format.read_array(file, allow_pickle=False)


def _numbers(arrays: dict[str, NDArray[Any]], name: str, shape: tuple[int | None, ...], dtype: type = np.float64) -> NDArray[Any]:
    array = arrays[name]
    if array.dtype.kind not in "fiu":
        raise ValueError(f"{name} is of type {array.dtype}, expected numbers")
    if array.ndim != len(shape) or any(want is not None and want != got for want, got in zip(shape, array.shape, strict=True)):
        wanted = str(shape).replace("None", "N")
        raise ValueError(f"{name} has shape {array.shape}, expected {wanted}")
    return array.astype(dtype, copy=False)


def _times_ns(t_s: NDArray[np.float64]) -> NDArray[np.int64]:
    if not len(t_s):
        raise ValueError("t_s is empty, expected at least one pose")
    if not np.isfinite(t_s).all():
        raise ValueError(f"t_s[{int(np.argmin(np.isfinite(t_s)))}] is not a finite number")
    since = t_s - t_s[0]
    if (span := float(np.abs(since).max())) > MAX_DURATION_S:
        raise ValueError(f"t_s spans {span:.3g} s, expected seconds of one recording")
    t_ns = np.round(since * NS).astype(np.int64)
    if not (np.diff(t_ns) > 0).all():
        i = int(np.argmax(np.diff(t_ns) <= 0)) + 1
        raise ValueError(f"t_s does not increase at [{i}]: {t_s[i - 1]:.9g} is followed by {t_s[i]:.9g}")
    return t_ns


def _landmarks(xy_px: NDArray[np.float32], score: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Both checked, and changed in place: not seen is NaN with score 0 in both."""
    if np.isinf(xy_px).any():
        raise ValueError("xy_px holds an infinite number; not seen is NaN")
    outside = ~((score >= 0) & (score <= 1))
    if outside.any():
        row, joint = np.unravel_index(int(np.argmax(outside)), outside.shape)
        raise ValueError(f"score[{row}, {joint}] is {score[row, joint]:.6g}, expected 0..1")
    unseen = np.isnan(xy_px).any(axis=2) | (score == 0)
    xy_px[unseen], score[unseen] = NAN, 0
    return xy_px, score


def _scalar(arrays: dict[str, NDArray[Any]], name: str) -> float:
    if arrays[name].size != 1:
        raise ValueError(f"{name} has shape {arrays[name].shape}, expected one number")
    return float(_numbers({name: arrays[name].reshape(())}, name, ()))


def _side_px(arrays: dict[str, NDArray[Any]], name: str) -> int:
    value = _scalar(arrays, name)
    if not (1 <= value <= MAX_SIDE_PX) or value != int(value):
        raise ValueError(f"{name} is {value:g}, expected a whole number of pixels")
    return int(value)


def _scale(arrays: dict[str, NDArray[Any]]) -> float:
    """NaN is the honest "not known" and the same as leaving it out."""
    value = _scalar(arrays, "px_per_m")
    if value <= 0 or math.isinf(value):
        raise ValueError(f"px_per_m is {value:g}, expected more than 0")
    return value


def _text(array: NDArray[Any]) -> str:
    value = array.reshape(-1)[0] if array.size == 1 else array
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _direction(array: NDArray[Any]) -> Side | None:
    text = _text(array)
    if text not in ("left", "right", ""):
        raise ValueError(f"direction is {text!r}, expected 'left' or 'right'")
    return cast("Side", text) if text else None
