"""What every adapter hands back, and how it is kept: one small file of quarter pixels and tenths of
a degree.

NumPy only, and no import of ours: the adapters run in environments of their own.
"""

from __future__ import annotations

import io
import json
import lzma
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

SIDES = ("left", "right")
PARTS = ("shoulder", "hip", "knee", "ankle", "heel", "toe")
JOINTS = tuple(f"{part}_{side}" for part in PARTS for side in SIDES)
ANGLES = tuple(f"{part}_{side}" for part in ("thigh", "hip") for side in SIDES)
PER_PX, PER_DEG = 4, 10
UNKNOWN = np.iinfo(np.int16).min


@dataclass
class Found:
    """One tool's view of one clip, a row for every frame; NaN where it reported nothing.

    t_s (N,); xy_px (N, 12, 2), x right and y down, in the order of JOINTS; angles_deg (N, 4) in the
    order of ANGLES: the thigh against the vertical and the hip as thigh against trunk, both forward
    +. contacts_s per side, None where contacts are not offered. `reported` holds the rest:
    versions, cadence_spm, cost, notes.
    """

    t_s: np.ndarray
    xy_px: np.ndarray
    angles_deg: np.ndarray
    contacts_s: dict[str, list[float]] | None = None
    reported: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def nothing(cls, frames: int, fps: float) -> Found:
        xy = np.full((frames, len(JOINTS), 2), np.nan)
        return cls(np.arange(frames) / fps, xy, np.full((frames, len(ANGLES)), np.nan))

    def joint(self, name: str) -> np.ndarray:
        return self.xy_px[:, JOINTS.index(name)]

    def angle(self, name: str) -> np.ndarray:
        return self.angles_deg[:, ANGLES.index(name)]

    def save(self, path: Path) -> None:
        reported = json.dumps(self.reported | {"contacts_s": self.contacts_s}).encode()
        xy, angles = self.xy_px.reshape(len(self.t_s), -1), self.angles_deg
        box = io.BytesIO()
        np.savez(
            box, t_s=self.t_s, xy=_packed(xy, PER_PX), angles=_packed(angles, PER_DEG), told=np.frombuffer(reported, np.uint8)
        )
        path.write_bytes(lzma.compress(box.getvalue(), preset=9 | lzma.PRESET_EXTREME))

    @classmethod
    def load(cls, path: Path) -> Found:
        with np.load(io.BytesIO(lzma.decompress(path.read_bytes()))) as kept:
            reported = json.loads(kept["told"].tobytes())
            contacts_s = reported.pop("contacts_s")
            t_s = kept["t_s"]
            xy = _unpacked(kept["xy"], PER_PX).reshape(len(t_s), len(JOINTS), 2)
            return cls(t_s, xy, _unpacked(kept["angles"], PER_DEG), contacts_s, reported)


def _packed(values: np.ndarray, per_unit: int) -> np.ndarray:
    """Whole steps; differences from row to row, column by column, low bytes before high ones: that
    compresses well.
    """
    whole = np.where(np.isfinite(values), np.rint(per_unit * np.nan_to_num(values)), UNKNOWN).astype(np.int16)
    steps = np.diff(whole, axis=0, prepend=np.int16(0)).T  # wraps around, and back again on reading
    return np.ascontiguousarray(steps).astype("<i2").view(np.uint8).reshape(*steps.shape, 2).transpose(2, 0, 1).copy()


def _unpacked(planes: np.ndarray, per_unit: int) -> np.ndarray:
    steps = np.ascontiguousarray(planes.transpose(1, 2, 0)).view("<i2")[..., 0]
    whole = np.cumsum(steps.T, axis=0, dtype=np.int16)
    return np.where(whole == UNKNOWN, np.nan, whole / per_unit)


@contextmanager
def measured(found_reported: dict[str, Any]) -> Iterator[None]:
    """Puts what the block cost into `found_told["cost"]`: wall and CPU seconds (user and system,
    all threads).
    """
    wall, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
    yield
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    found_reported["cost"] = {"wall_s": time.perf_counter() - wall, "cpu_s": cpu}


def down_deg(upper: np.ndarray, lower: np.ndarray, forward: float) -> np.ndarray:
    """Angle of a segment (N, 2 points in pixels) against the vertical, + when its lower end is in
    front.
    """
    limb = lower - upper
    return np.degrees(np.arctan2(forward * limb[:, 0], limb[:, 1]))


def forward_of(found: Found) -> float:
    """+1 for somebody who faces right in the picture, -1 for left: the way the toes point from the
    heels, on the whole.
    """
    feet = np.concatenate([found.joint(f"toe_{side}") - found.joint(f"heel_{side}") for side in SIDES])
    return 1.0 if np.nanmedian(feet[:, 0]) > 0 else -1.0


def plain_angles_deg(found: Found) -> np.ndarray:
    """ANGLES (N, 4) from the landmarks by the truth's own formula: the trunk is mid-shoulder over
    mid-hip.
    """
    forward = forward_of(found)
    hips, shoulders = (sum(found.joint(f"{part}_{side}") for side in SIDES) / 2 for part in ("hip", "shoulder"))
    lean = -down_deg(shoulders, hips, forward)
    thighs = [down_deg(found.joint(f"hip_{side}"), found.joint(f"knee_{side}"), forward) for side in SIDES]
    return np.column_stack([*thighs, *(thigh + lean for thigh in thighs)])
