"""The last few strides as measures: the long window of the gait room decides that a fault is there, this one that it has gone."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Mapping

import numpy as np

from station.types import NAN, Measure

RECENT_STRIDES = 12

# measures that are the median of one column of STRIDE
COLUMNS = (
    "cadence_spm",
    "tle_near_deg",
    "thigh_excursion_near_deg",
    "thigh_forward_near_deg",
    "tle_share_near",
    "trunk_lean_deg",
    "knee_flexion_stance_near_deg",
    "retraction_near_pct",
    "retraction_near_deg",
)


class Recent:
    """The last 12 strides. Slow to blame, quick to notice: a runner who obeys a cue should hear so within 20 strides."""

    def __init__(self) -> None:
        self._strides: deque[np.void] = deque(maxlen=RECENT_STRIDES)
        self._measures: Mapping[str, Measure] = {}

    def add(self, strides: Iterable[np.void], pelvic_source: str) -> None:
        self._strides.extend(strides)
        full = len(self._strides) == RECENT_STRIDES
        self._measures = _measures(np.array(self._strides), pelvic_source == "landmarks") if full else {}

    def clear(self) -> None:
        self._strides.clear()
        self._measures = {}

    @property
    def measures(self) -> Mapping[str, Measure]:
        """Keyed by MEASURES; empty until 12 strides are there."""
        return self._measures


def _measures(strides: np.ndarray, dragged: bool) -> dict[str, Measure]:
    found = {name: _median(strides[name]) for name in COLUMNS}
    turn, quadrature = _pelvic_turn(strides["pelvic_in_phase_deg"], strides["pelvic_quadrature_deg"])
    # The columns are as seen, before the calibration: of landmarks only the quadrature part is free of the thighs' drag.
    if dragged:
        return {**found, "pelvic_turn_quadrature_deg": quadrature}
    found["pelvic_turn_deg"], found["pelvic_turn_quadrature_deg"] = turn, quadrature
    excursion = found["thigh_excursion_near_deg"].value
    scale = 1 / excursion if excursion > 0 else NAN
    found["pelvis_thigh_ratio"] = Measure(turn.value * scale, turn.low * scale, turn.high * scale, turn.n, turn.reason)
    return found


def _median(column: np.ndarray) -> Measure:
    """Median; its interval is that of a mean of normal strides, good enough to look at and used by no rule."""
    known = column[~np.isnan(column)]
    if len(known) < RECENT_STRIDES // 2:
        return Measure.cannot_tell("too few strides measured", len(known))
    middle = float(np.median(known))
    half = 1.96 * float(np.std(known, ddof=1)) / math.sqrt(len(known))
    return Measure(middle, middle - half, middle + half, len(known))


def _pelvic_turn(in_phase: np.ndarray, quadrature: np.ndarray) -> tuple[Measure, Measure]:
    """Amplitude and quadrature part of the mean stride, deg peak to peak, freed of the noise that the mean of squares keeps."""
    known = ~(np.isnan(in_phase) | np.isnan(quadrature))
    n = int(known.sum())
    if n < RECENT_STRIDES // 2:
        missing = Measure.cannot_tell("pelvic turn not measured", n)
        return missing, missing
    i, q = in_phase[known], quadrature[known]
    spread = float(np.var(i, ddof=1) + np.var(q, ddof=1))
    # E|mean|^2 = |true|^2 + spread / n: without this a locked waist could never read zero.
    turn = math.sqrt(max(float(i.mean()) ** 2 + float(q.mean()) ** 2 - spread / n, 0.0))
    half = 1.96 * math.sqrt(spread / 2 / n)
    half_q = 1.96 * float(np.std(q, ddof=1)) / math.sqrt(n)
    mean_q = float(q.mean())
    return Measure(turn, max(turn - half, 0.0), turn + half, n), Measure(mean_q, mean_q - half_q, mean_q + half_q, n)
