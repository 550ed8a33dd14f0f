"""A pose model's own errors, put to use: the bias leaves the strides, the rest widens intervals.

A pose model sees every joint a little off its centre, the same way in every stride, so the spread
between strides says nothing of it. How far it is off was measured on rendered people: the model's
error table, `models/NAME.errors.json`.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from station.stats import student_t975
from station.types import NAN, NS, SEEN_SPEED_HALF, ErrorBand, Gait, Measure, MeasureError, Speed

FRAMES = 31  # whose median distance is the frame rate (chosen)
SHARE, EXCURSION, FORWARD, TLE = "tle_share_near", "thigh_excursion_near_deg", "thigh_forward_near_deg", "tle_near_deg"
# These follow from other columns, and are worked out anew from those without their bias.
DERIVED = {SHARE, EXCURSION, "thigh_excursion_far_deg"}
TIMED = {"cadence_spm", "step_length_m"}  # need only the stride clock, which no camera angle upsets
# Measure: stride column, the measure's unit in one of the column's.
COLUMNS = {"contact_time_ms": ("contact_s", 1000.0)}
# What the core itself is off on markers: `python tests/lab/makers/method_errors.py`. A model's
# table holds it already.
METHOD: Mapping[str, MeasureError] = {
    # bias, spread, change, people, reach, change_reach
    "knee_flexion_stance_near_deg": MeasureError(0.0, 0.69, 0.608, 8, 1.87, 2.51),
    "knee_flexion_swing_near_deg": MeasureError(0.0, 0.636, 0.623, 8, 2.42, 2.03),
    "contact_time_ms": MeasureError(0.0, 15.425, 13.792, 8, 2.41, 2.35),
    "retraction_near_pct": MeasureError(0.0, 0.376, 0.365, 8, 1.93, 2.31),
    "flight_time_ms": MeasureError(0.0, 15.443, 13.892, 8, 2.38, 2.34),
    "duty_factor_pct": MeasureError(0.0, 2.155, 1.909, 8, 2.51, 2.13),
    "vertical_oscillation_cm": MeasureError(0.0, 0.119, 0.095, 8, 1.64, 2.51),
    "vertical_ratio_pct": MeasureError(0.0, 0.113, 0.093, 8, 1.52, 2.51),
    "overstride_near_cm": MeasureError(0.0, 1.014, 0.728, 8, 2.3, 2.17),
    "shank_contact_near_deg": MeasureError(0.0, 1.732, 1.029, 8, 2.48, 2.32),
}
OUTSIDE = "the pose model's error is not known for this frame rate and camera angle"


def bands_of(values: Sequence[Mapping[str, Any]]) -> tuple[ErrorBand, ...]:
    """Bands from plain values, as in a log header. Raises KeyError, TypeError, ValueError."""
    return tuple(
        ErrorBand(
            float(band["least_fps"]),
            NAN if band["most_azimuth_deg"] is None else float(band["most_azimuth_deg"]),
            {str(name): MeasureError(**row) for name, row in band["rows"].items()},
        )
        for band in values
    )


class KnownErrors:
    """The rows of an error table for one frame rate and camera azimuth (NaN: not given); else of
    the core alone.
    """

    def __init__(
        self, errors: Sequence[ErrorBand], fps: float, azimuth_deg: float, method: Mapping[str, MeasureError] = METHOD
    ) -> None:
        # Timestamps are rounded: 29.97 and 60 frames a second belong to their bands.
        fits = [b for b in _at(errors, azimuth_deg) if fps >= 0.95 * b.least_fps]
        best = max(fits, key=lambda b: (b.least_fps, -b.most_azimuth_deg), default=None)
        self.rows: Mapping[str, MeasureError] = best.rows if best is not None else method
        self._outside = frozenset(name for band in errors for name in band.rows) - TIMED if best is None else frozenset()

    def widened(self, name: str, measure: Measure) -> Measure:
        """Both intervals of a measure whose low..high holds only the spread between strides.

        The model's error is taken `reach` spreads wide, see `reach`. "Cannot tell" where there is a
        table, but none for this frame rate or camera angle.
        """
        if not measure.measured:
            return measure
        if name in self._outside:
            return Measure.cannot_tell(OUTSIDE, measure.n)
        row = self.rows.get(name)
        if row is None:
            return measure
        below, above = measure.value - measure.low, measure.high - measure.value
        most = reach(row.people)
        spread = row.spread * (row.reach or most)
        change = row.change * (row.change_reach or most) / math.sqrt(2.0)  # a change has two ends
        return replace(
            measure,
            low=measure.value - math.hypot(below, spread),
            high=measure.value + math.hypot(above, spread),
            change_half=math.hypot(max(below, above), change),
        )

    def unbiased(self, stride: np.void) -> np.void:
        """A STRIDE record without the model's bias."""
        if not any(row.bias for row in self.rows.values()):
            return stride
        record = stride.copy()
        for name, row in self.rows.items():
            column, factor = COLUMNS.get(name, (name, 1.0))
            if column in (record.dtype.names or ()) and name not in DERIVED:
                record[column] = round(float(record[column]) - row.bias / factor, 4)
        for side in ("near", "far"):
            both = float(record[f"tle_{side}_deg"] + record[f"thigh_forward_{side}_deg"])
            record[f"thigh_excursion_{side}_deg"] = round(both, 3)
        swing = float(record[EXCURSION])
        record[SHARE] = round(float(record[TLE]) / swing, 4) if swing > 0 else NAN
        return record

    def corrected(self, measures: Mapping[str, Measure]) -> dict[str, Measure]:
        """The core's measures of raw strides, unbiased, with both intervals; rounded to 0.001."""
        found = {name: _shifted(measure, -self._bias(name)) for name, measure in measures.items()}
        if all(name in found and found[name].measured for name in (SHARE, EXCURSION, TLE)):
            share = found[TLE].value / found[EXCURSION].value
            found[SHARE] = _shifted(found[SHARE], share - found[SHARE].value)
        return {name: self.widened(name, measure).rounded() for name, measure in found.items()}

    def _bias(self, name: str) -> float:
        parts = (TLE, FORWARD) if name == EXCURSION else () if name in DERIVED else (name,)
        return sum(self.rows[part].bias for part in parts if part in self.rows)


def _at(errors: Sequence[ErrorBand], azimuth_deg: float) -> list[ErrorBand]:
    """Bands of that camera azimuth. A table without bands for one that is not given takes it for
    the side view.
    """
    if math.isnan(azimuth_deg):
        not_given = [band for band in errors if math.isnan(band.most_azimuth_deg)]
        return not_given or _at(errors, 0.0)
    return [band for band in errors if abs(azimuth_deg) <= band.most_azimuth_deg]


def reach(people: int) -> float:
    """How many standard deviations between `people` the next person's error may be off: one more
    draw from what they showed, Student's t with people - 1 degrees of freedom, times sqrt(1 +
    1/people).
    """
    return student_t975(people - 1) * math.sqrt(1.0 + 1.0 / people)


def by_feet(measures: Mapping[str, Measure], speed: Speed) -> dict[str, Measure]:
    """A step length that rests on a speed read from the feet is as rough as that speed."""
    step = measures.get("step_length_m")
    if speed.origin != "picture" or step is None or not step.measured:
        return dict(measures)
    rough = SEEN_SPEED_HALF * step.value
    low, high = (step.value + sign * math.hypot(step.value - end, rough) for sign, end in ((-1, step.low), (1, step.high)))
    change_half = math.hypot(step.ci95_change[1] - step.value, rough)
    return {**measures, "step_length_m": replace(step, low=low, high=high, change_half=change_half).rounded()}


NOTHING_KNOWN = KnownErrors((), NAN, NAN)


class Correction:
    """Stands behind the core: the gait without the model's bias, its error in the intervals.
    `azimuth_deg`: of the camera, NaN where not given.
    """

    def __init__(self, errors: Sequence[ErrorBand], azimuth_deg: float) -> None:
        self._errors, self._azimuth_deg = tuple(errors), azimuth_deg
        self._frames: deque[int] = deque(maxlen=FRAMES)
        self.known = NOTHING_KNOWN
        self._given: Mapping[str, Measure] | None = None
        self._made: Mapping[str, Measure] = {}

    def frame(self, t_ns: int) -> None:
        """A frame was seen: the error depends on how many a second."""
        if self._errors:
            self._frames.append(t_ns)

    def step(self, gait: Gait) -> Gait:
        # Once a stride: in between the core keeps its measures.
        if gait.measures is not self._given:
            self.known = KnownErrors(self._errors, self._fps(), self._azimuth_deg)
            self._given, self._made = gait.measures, by_feet(self.known.corrected(gait.measures), gait.speed)
        strides = tuple(self.known.unbiased(stride) for stride in gait.strides)
        return replace(gait, strides=strides, measures=self._made)

    def _fps(self) -> float:
        gaps = np.diff(np.fromiter(self._frames, np.int64, len(self._frames)))
        return NS / max(float(np.median(gaps)), 1.0) if len(gaps) else 0.0


def _shifted(measure: Measure, by: float) -> Measure:
    if not by or not measure.measured:
        return measure
    return replace(measure, value=measure.value + by, low=measure.low + by, high=measure.high + by)
