"""The last few strides as measures: the long window of the gait room decides that a fault is there,
this one that it has gone.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from station.stats import FEWEST
from station.types import NAN, Measure

RECENT_STRIDES = 12  # chosen: a cleared fault is noticed within the 20 strides of a cue's watch

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


PHASE = "thigh_shank_phase_deg"
BACKWARD = "running backward: the rules are for running forward"


def backward(phases_deg: Sequence[float]) -> bool:
    """Whether strides are run backward: the shank leads the thigh, which it follows by 40 to 75 deg
    in every recorded runner (Fukuchi 2017, eight of them); the same recordings played backward show
    the same angles with the other sign."""
    known = [phase for phase in phases_deg if math.isfinite(phase)]
    return len(known) >= FEWEST and median(known) < 0.0


IN_PHASE, QUADRATURE = "pelvic_in_phase_deg", "pelvic_quadrature_deg"


class Recent:
    """The last 12 strides. Slow to blame, quick to notice: a runner who obeys a cue should hear so
    within 20 strides.
    """

    def __init__(self) -> None:
        self._strides: deque[dict[str, float]] = deque(maxlen=RECENT_STRIDES)
        self._measures: Mapping[str, Measure] = {}
        self.measured = self._measures  # without those that cannot be told

    def add(self, strides: Iterable[np.void], pelvic_source: str) -> None:
        for stride in strides:
            self._strides.append({name: float(stride[name]) for name in (*COLUMNS, IN_PHASE, QUADRATURE)})
        full = len(self._strides) == RECENT_STRIDES
        self._measures = self._made(pelvic_source != "hip_belt") if full else {}
        self.measured = {name: measure for name, measure in self._measures.items() if measure.measured}

    def clear(self) -> None:
        self._strides.clear()
        self._measures = self.measured = {}

    @property
    def measures(self) -> Mapping[str, Measure]:
        """Keyed by QUANTITIES; empty until 12 strides are there."""
        return self._measures

    def _made(self, dragged: bool) -> dict[str, Measure]:
        found = {name: _median([stride[name] for stride in self._strides]) for name in COLUMNS}
        turn, quadrature = pelvic_turn([(stride[IN_PHASE], stride[QUADRATURE]) for stride in self._strides])
        found["pelvic_turn_quadrature_deg"] = quadrature
        # Without a belt only the quadrature part is surely free of what the thighs drag along.
        if dragged:
            return found
        found["pelvic_turn_deg"] = turn
        found["pelvis_thigh_ratio"] = ratio_of(turn, found["thigh_excursion_near_deg"].value)
        return found


def _median(values: list[float]) -> Measure:
    """Median; its interval is that of a mean of normal strides, good enough to look at and used by
    no rule.
    """
    known = [value for value in values if math.isfinite(value)]
    if len(known) < RECENT_STRIDES // 2:
        return Measure.cannot_tell("too few strides measured", len(known))
    middle = median(known)
    half = 1.96 * stdev(known) / math.sqrt(len(known))
    return Measure(middle, middle - half, middle + half, len(known))


def pelvic_turn(parts: list[tuple[float, float]]) -> tuple[Measure, Measure]:
    """Amplitude and quadrature part of the mean stride, deg peak to peak, freed of the noise that
    the mean of squares keeps.
    """
    known = [(i, q) for i, q in parts if math.isfinite(i + q)]
    n = len(known)
    if n < RECENT_STRIDES // 2:
        missing = Measure.cannot_tell("pelvic turn not measured", n)
        return missing, missing
    in_phase, quadrature = [i for i, _ in known], [q for _, q in known]
    mean_i, mean_q, sd_i, sd_q = fmean(in_phase), fmean(quadrature), stdev(in_phase), stdev(quadrature)
    spread = sd_i**2 + sd_q**2
    # E|mean|^2 = |true|^2 + spread / n: without this a locked waist could never read zero.
    turn = math.sqrt(max(mean_i**2 + mean_q**2 - spread / n, 0.0))
    half, half_q = 1.96 * math.sqrt(spread / 2 / n), 1.96 * sd_q / math.sqrt(n)
    return Measure(turn, max(turn - half, 0.0), turn + half, n), Measure(mean_q, mean_q - half_q, mean_q + half_q, n)


def ratio_of(turn: Measure, excursion_deg: float) -> Measure:
    """The turn as a share of the thigh's swing; its interval holds the turn's error alone."""
    scale = 1 / excursion_deg if excursion_deg > 0 else NAN
    return Measure(turn.value * scale, turn.low * scale, turn.high * scale, turn.n, turn.reason)


def fmean(values: list[float]) -> float:
    return math.fsum(values) / len(values)


def stdev(values: list[float]) -> float:
    """Of a sample. Plain arithmetic: twelve numbers are not worth an array, and it is the same on
    every machine.
    """
    mean = fmean(values)
    return math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1))


def median(values: list[float]) -> float:
    ordered, half = sorted(values), len(values) // 2
    return ordered[half] if len(values) % 2 else (ordered[half - 1] + ordered[half]) / 2
