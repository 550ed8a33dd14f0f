"""The window: means over the last strides with their 95 % intervals."""

from __future__ import annotations

from collections.abc import Mapping
from math import nan, sqrt

import numpy as np
from numpy.typing import NDArray

from station.gait.pelvis import student
from station.types import STRIDE, Measure

STRIDES = 36
FEWEST = 3
OUTLIER_MAD = 4.0  # strides farther from the median than this are left out

NO_STRIDES = "no strides yet"
NOT_SEEN = "not seen in enough strides"
TOO_SLOW_CAMERA = "needs at least 50 pictures a second"
NO_SPEED = "belt speed unknown"

# measure -> (stride column, factor)
_COLUMNS: Mapping[str, tuple[str, float]] = {
    "tle_near_deg": ("tle_near_deg", 1.0),
    "thigh_excursion_near_deg": ("thigh_excursion_near_deg", 1.0),
    "thigh_forward_near_deg": ("thigh_forward_near_deg", 1.0),
    "tle_share_near": ("tle_share_near", 1.0),
    "trunk_lean_deg": ("trunk_lean_deg", 1.0),
    "knee_flexion_stance_near_deg": ("knee_flexion_stance_near_deg", 1.0),
    "knee_flexion_swing_near_deg": ("knee_flexion_swing_near_deg", 1.0),
    "retraction_near_pct": ("retraction_near_pct", 1.0),
    "retraction_near_deg": ("retraction_near_deg", 1.0),
    "contact_time_ms": ("contact_s", 1000.0),
    "step_length_m": ("step_length_m", 1.0),
}
_REASONS = {"contact_time_ms": TOO_SLOW_CAMERA, "step_length_m": NO_SPEED}


class Window:
    """The last STRIDES rows; `add` per stride, `measures` for the window as it stands."""

    def __init__(self) -> None:
        self._rows = np.full((STRIDES, len(STRIDE.names or ())), nan)
        self.forget()

    def forget(self) -> None:
        self._count = 0
        self._rows[:] = nan

    def add(self, row: Mapping[str, float]) -> None:
        at = self._count % STRIDES
        self._rows[at] = [row.get(name, nan) for name in STRIDE.names or ()]
        self._count += 1

    def measures(self) -> dict[str, Measure]:
        columns = dict(zip(STRIDE.names or (), self._rows[: min(self._count, STRIDES)].T, strict=True))
        found = {"cadence_spm": _cadence(columns["duration_s"])}
        for name, (column, factor) in _COLUMNS.items():
            found[name] = mean_of(columns[column] * factor, _REASONS.get(name, NOT_SEEN))
        found["tle_asymmetry_deg"] = mean_of(columns["tle_near_deg"] - columns["tle_far_deg"], NOT_SEEN)
        near, far = columns["step_time_near_s"], columns["step_time_far_s"]
        found["step_time_asymmetry_pct"] = mean_of(200.0 * (near - far) / (near + far), NOT_SEEN)
        return found


def _cadence(duration_s: NDArray[np.float64]) -> Measure:
    """120 / mean duration: the mean over time, not the mean of the strides' cadences."""
    mean = mean_of(duration_s, NOT_SEEN)
    if not mean.measured:
        return mean
    return Measure(120.0 / mean.value, 120.0 / mean.high, 120.0 / max(mean.low, 1e-9), mean.n)


def mean_of(values: NDArray[np.float64], reason: str) -> Measure:
    """Mean of the finite values without outliers, and its 95 % interval by Student's t; `reason` when there are under FEWEST."""
    values = values[np.isfinite(values)]
    if len(values) < FEWEST:
        return Measure.cannot_tell(reason, len(values))
    off = np.abs(values - np.median(values))
    values = values[off <= OUTLIER_MAD * 1.4826 * np.median(off) + 1e-9]
    n = len(values)
    mean = float(values.mean())
    half = student(n) * float(values.std(ddof=1)) / sqrt(n) if n > 1 else nan
    return Measure(mean, mean - half, mean + half, n)


def rounded(measure: Measure) -> Measure:
    """As it leaves the room: 0.01, shares and metres 0.001."""
    return Measure(round(measure.value, 3), round(measure.low, 3), round(measure.high, 3), measure.n, measure.reason)
