"""The window: means over the last strides with their 95 % intervals."""

from __future__ import annotations

from collections.abc import Mapping
from math import nan, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from station.gait.pelvis.landmarks import student
from station.types import Measure

STRIDES = 36
FEWEST = 3
OUTLIER_MAD = 4.0  # strides farther from the median than this are left out

COVERED = 0.7  # share of the time between first and last stride of the window that its strides must fill. Engineering choice

VAGUE_SPM = 10.0  # half of an interval of cadence: beyond it the strides are not of one gait. Engineering choice

NO_STRIDES = "no strides of a run yet"
NOT_SEEN = "not seen in enough strides"
TOO_SLOW_CAMERA = "needs at least 50 pictures a second"
MIXED_UP = "too many strides are lost: the legs cannot be told apart, or are hidden"
UNLIKE = "the strides differ too much: legs exchanged, or the pace changed"
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
        self._rows = np.full((STRIDES, len(_NAMES)), nan)
        self._start_s = np.full(STRIDES, nan)
        self.forget()

    def forget(self) -> None:
        self._count = 0
        self._rows[:] = nan

    def add(self, row: Mapping[str, float]) -> None:
        near_deg, far_deg, near_s, far_s = (row.get(name, nan) for name in _BOTH_LEGS)
        taken = (factor * row.get(column, nan) for column, factor in _COLUMNS.values())
        asymmetries = (near_deg - far_deg, 200.0 * (near_s - far_s) / (near_s + far_s))
        self._start_s[self._count % STRIDES] = row.get("start_s", nan)
        self._rows[self._count % STRIDES] = [row.get("duration_s", nan), *taken, *asymmetries]
        self._count += 1

    def measures(self) -> dict[str, Measure]:
        if self._count >= FEWEST and self._covered() < COVERED:
            return {name: Measure.cannot_tell(MIXED_UP, min(self._count, STRIDES)) for name in ("cadence_spm", *_NAMES[1:])}
        found = dict(zip(_NAMES, means(self._rows[: min(self._count, STRIDES)]), strict=True))
        told = {name: _measure(spread, _REASONS.get(name, NOT_SEEN)) for name, spread in found.items()}
        return {"cadence_spm": _cadence(told.pop("duration_s")), **told}

    def _covered(self) -> float:
        """What is left of many lost strides is no fair sample of them."""
        durations_s = self._rows[: min(self._count, STRIDES), 0]
        starts_s = self._start_s[: len(durations_s)]
        last = int(starts_s.argmax())
        return float(durations_s.sum() / (starts_s[last] + durations_s[last] - starts_s.min()))


_BOTH_LEGS = ("tle_near_deg", "tle_far_deg", "step_time_near_s", "step_time_far_s")
_NAMES = ("duration_s", *_COLUMNS, "tle_asymmetry_deg", "step_time_asymmetry_pct")


class Spread(NamedTuple):
    """Mean, half-width of its 95 % interval by Student's t, and number of the values without outliers; NaN under FEWEST."""

    mean: float
    half: float
    n: int


def means(columns: NDArray[np.float64]) -> list[Spread]:
    """Spread of each column (n, K), NaN = missing; values farther than OUTLIER_MAD from the column's median are left out."""
    seen = np.isfinite(columns)
    count = seen.sum(axis=0)
    off = np.abs(columns - _median(columns, count))
    with np.errstate(invalid="ignore", divide="ignore"):
        keep = seen & (off <= OUTLIER_MAD * 1.4826 * _median(off, count) + 1e-9)
        n = keep.sum(axis=0)
        mean = np.where(keep, columns, 0.0).sum(axis=0) / n
        sd = np.sqrt((np.where(keep, columns - mean, 0.0) ** 2).sum(axis=0) / (n - 1))
    spreads = zip(mean.tolist(), sd.tolist(), n.tolist(), strict=True)
    return [Spread(m, student(k) * s / sqrt(k), k) if k >= FEWEST else Spread(nan, nan, k) for m, s, k in spreads]


def _median(columns: NDArray[np.float64], count: NDArray[np.intp]) -> NDArray[np.float64]:
    """Median of the `count` finite values of each column."""
    ordered = np.sort(columns, axis=0)  # NaN goes last
    low, high = np.maximum(count - 1, 0) // 2, np.minimum(count // 2, len(columns) - 1)
    across = np.arange(columns.shape[1])
    return 0.5 * (ordered[low, across] + ordered[high, across])


def _measure(spread: Spread, reason: str) -> Measure:
    if spread.n < FEWEST:
        return Measure.cannot_tell(reason, spread.n)
    return Measure(spread.mean, spread.mean - spread.half, spread.mean + spread.half, spread.n)


def _cadence(duration_s: Measure) -> Measure:
    """120 / mean duration: the mean over time, not the mean of the strides' cadences."""
    if not duration_s.measured:
        return duration_s
    told = Measure(120.0 / duration_s.value, 120.0 / duration_s.high, 120.0 / max(duration_s.low, 1e-9), duration_s.n)
    return told if told.high - told.low <= 2.0 * VAGUE_SPM else Measure.cannot_tell(UNLIKE, told.n)


def rounded(measure: Measure) -> Measure:
    """As it leaves the room: 0.01, shares and metres 0.001."""
    return Measure(round(measure.value, 3), round(measure.low, 3), round(measure.high, 3), measure.n, measure.reason)
