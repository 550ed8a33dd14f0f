"""The window: means over the last strides with their 95 % intervals."""

from __future__ import annotations

from collections.abc import Mapping
from math import nan

import numpy as np

from station.stats import FEWEST, STRIDE_SD, Spread, of_one_gait, spreads
from station.types import QUANTITIES, STRIDE, Measure

STRIDES = 36  # the window (chosen: half a minute of running)
# Share of the time between first and last stride of the window that its strides must fill (chosen)
COVERED = 0.7

NO_STRIDES = "no strides of a run yet"
NOT_SEEN = "not seen in enough strides"
MIXED_UP = "too many strides are lost: the legs cannot be told apart, or are hidden"
NO_SPEED = "belt speed unknown"
NO_SCALE = "needs the scale of a calibrated camera"
NO_RATIO = "needs the scale of a calibrated camera, and a belt speed that is given or read"

# measure -> (stride column, factor)
_COLUMNS: Mapping[str, tuple[str, float]] = {
    name: (name, 1.0) for name in QUANTITIES if name in (STRIDE.names or ()) and name != "cadence_spm"
} | {"contact_time_ms": ("contact_s", 1000.0)}
# Frames a second below which a measure is not reported: its curve turns faster than the frames
# follow (strides.py measures by it).
LEAST_FPS = {
    **dict.fromkeys(("contact_time_ms", "flight_time_ms", "duty_factor_pct"), 50.0),
    **dict.fromkeys(("knee_flexion_stance_near_deg", "overstride_near_cm", "shank_contact_near_deg"), 25.0),
}
# Why a measure is missing that needs more than to be seen.
MISSING = {
    "step_length_m": NO_SPEED,
    **dict.fromkeys(("vertical_oscillation_cm", "overstride_near_cm"), NO_SCALE),
    "vertical_ratio_pct": NO_RATIO,
}
SLACK = 0.96  # share of that which jittering time stamps may lack (chosen)


class Window:
    """The last STRIDES rows; `add` per stride, `measures` for the window as it stands."""

    def __init__(self) -> None:
        self._rows = np.full((STRIDES, len(_NAMES)), nan)
        self._start_s = np.full(STRIDES, nan)
        self.forget()

    def forget(self) -> None:
        self._count = 0
        self._frame_s = nan
        self._rows[:] = nan

    def add(self, row: Mapping[str, float]) -> None:
        taken = (factor * row.get(column, nan) for column, factor in _COLUMNS.values())
        self._frame_s = row.get("frame_s", nan)
        self._start_s[self._count % STRIDES] = row.get("start_s", nan)
        self._rows[self._count % STRIDES] = [row.get("duration_s", nan), *taken]
        self._count += 1

    def measures(self) -> dict[str, Measure]:
        if self._count >= FEWEST and self._covered() < COVERED:
            return {name: Measure.cannot_tell(MIXED_UP, min(self._count, STRIDES)) for name in ("cadence_spm", *_NAMES[1:])}
        found = dict(zip(_NAMES, spreads(self._rows[: min(self._count, STRIDES)], _USUAL_SDS), strict=True))
        measures = {name: _measure(spread, self._missing(name)) for name, spread in found.items()}
        return {"cadence_spm": _cadence(measures.pop("duration_s")), **measures}

    def _missing(self, name: str) -> str:
        """Why a measure is not known."""
        if not fast_enough(name, self._frame_s):
            return f"needs at least {LEAST_FPS[name]:.0f} frames a second"
        return MISSING.get(name, NOT_SEEN)

    def _covered(self) -> float:
        """What is left of many lost strides is no fair sample of them."""
        durations_s = self._rows[: min(self._count, STRIDES), 0]
        starts_s = self._start_s[: len(durations_s)]
        last = int(starts_s.argmax())
        return float(durations_s.sum() / (starts_s[last] + durations_s[last] - starts_s.min()))


_NAMES = ("duration_s", *_COLUMNS)
_USUAL_SDS = [STRIDE_SD.get(name, nan) for name in _NAMES]


def fast_enough(name: str, frame_s: float) -> bool:
    """Whether frames so far apart show this measure; an unknown rate shows all."""
    return not frame_s * LEAST_FPS.get(name, 0.0) * SLACK > 1.0


def _measure(spread: Spread, reason: str) -> Measure:
    if spread.n < FEWEST:
        return Measure.cannot_tell(reason, spread.n)
    return Measure(spread.mean, spread.mean - spread.half, spread.mean + spread.half, spread.n)


def _cadence(duration_s: Measure) -> Measure:
    """120 / mean duration: the mean over time, not the mean of the strides' cadences."""
    if not duration_s.measured:
        return duration_s
    shortest_s = max(duration_s.low, 1e-9)
    return of_one_gait(Measure(120.0 / duration_s.value, 120.0 / duration_s.high, 120.0 / shortest_s, duration_s.n))
