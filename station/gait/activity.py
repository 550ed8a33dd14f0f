"""Absent, standing, walking or running.

A stride is a swing of the near thigh that reaches behind the vertical and that the far thigh answers. Whether it is walked or run
is told by three independent signs, since each alone fails somewhere: in running the body is highest when the legs are
apart (flight), in walking when they pass each other; running steps are quicker; the swinging knee bends more.
"""

from __future__ import annotations

from math import isfinite

import numpy as np
from numpy.typing import NDArray

from station.gait import history as h
from station.types import Activity

ABSENT_S = 0.5
STILL_S = 1.8  # no stride for so long: standing
SMALLEST_SWING_DEG = 15.0
BEHIND = 0.12  # share of the swing behind the vertical: knee lifts have none
AGREE = 2  # of the last three strides


def rise(rows: NDArray[np.float64]) -> float:
    """Correlation over a stride of the hips' height with the opening of the thighs, -1..1: + in running, - in walking."""
    opening = np.abs(rows[:, h.THIGH_NEAR] - rows[:, h.THIGH_FAR])
    height = rows[:, h.HIP_Y]
    seen = np.isfinite(opening) & np.isfinite(height)
    if seen.sum() < 8 or seen.sum() < 0.6 * len(rows):
        return float("nan")
    x, y = opening[seen] - opening[seen].mean(), height[seen]
    t = rows[seen, h.T_S] - rows[seen, h.T_S].mean()
    y = y - y.mean() - t * (t @ y) / (t @ t)
    size = float(x @ x) * float(y @ y)
    return float(x @ y) / size**0.5 if size > 0 else float("nan")


def is_stride(forward_deg: float, tle_deg: float, far_swing_deg: float) -> bool:
    """Both thighs swing, and behind the vertical too; a far thigh that was not seen is believed."""
    swing_deg = forward_deg + tle_deg
    return swing_deg >= SMALLEST_SWING_DEG and tle_deg >= BEHIND * swing_deg and not far_swing_deg < 0.3 * swing_deg


def is_run(cadence_spm: float, knee_swing_deg: float, rise_share: float) -> bool:
    """Weighs the three signs; each runs from -1 (walk) to 1 (run). Middles: 142 steps/min, 72 deg; both guesses between the
    fastest usual walk (135, 65) and the slowest run of the norms (150, 77)."""
    signs = ((cadence_spm - 142.0) / 15.0, (knee_swing_deg - 72.0) / 12.0, 2.5 * rise_share)
    votes = [min(max(s, -1.0), 1.0) * w for s, w in zip(signs, (1.0, 0.7, 1.3), strict=True) if isfinite(s)]
    return sum(votes) > 0.0


class ActivityClock:
    """`see` per pose, `stride` per accepted stride, `now` for the verdict at a time."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._seen_s = -1e9
        self._stride_s = -1e9
        self._runs: list[bool] = []

    def see(self, t_s: float) -> None:
        self._seen_s = t_s

    def stride(self, t_s: float, run: bool) -> None:
        if t_s - self._stride_s > STILL_S:
            self._runs = []
        self._stride_s = t_s
        self._runs = [*self._runs, run][-3:]

    def now(self, t_s: float) -> Activity:
        if t_s - self._seen_s > ABSENT_S:
            return Activity.ABSENT
        if t_s - self._stride_s > STILL_S:
            return Activity.STANDING
        return Activity.RUNNING if sum(self._runs) >= min(AGREE, len(self._runs)) else Activity.WALKING
