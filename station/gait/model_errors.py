"""What is known of the pose model's own errors, put to use: the bias leaves the strides, the rest goes into the intervals.

A pose model sees every joint a little off its centre, the same way in every stride, so the spread between strides says nothing
of it. How far it is off was measured on rendered people (the model's error table, `models/NAME.errors.json`).
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from station.stats import student_t975
from station.types import NAN, NS, ErrorBand, Gait, Measure, MeasureError

FRAMES = 31  # whose median distance is the frame rate
# What the stride calls otherwise than MEASURES: column, and how many of the measure's units one of it is.
COLUMNS = {"contact_time_ms": ("contact_s", 1000.0)}
SHARE, EXCURSION, FORWARD, TLE = "tle_share_near", "thigh_excursion_near_deg", "thigh_forward_near_deg", "tle_near_deg"
# Follow from others, and are worked out anew from those without their bias.
DERIVED = {SHARE, EXCURSION, "thigh_excursion_far_deg", "tle_asymmetry_deg", "cadence_spm", "step_length_m"}
FAR = {"tle_asymmetry_deg": ("tle_near_deg", "tle_far_deg")}

Rows = Mapping[str, MeasureError]


def band_of(errors: Sequence[ErrorBand], fps: float, azimuth_deg: float) -> Rows:
    """The rows for that frame rate and camera azimuth; empty where nothing was measured that slow or that far off the side."""
    fits = [b for b in errors if fps >= b.least_fps and abs(azimuth_deg) <= b.most_azimuth_deg]
    best = max(fits, key=lambda b: (b.least_fps, -b.most_azimuth_deg), default=None)
    return best.rows if best is not None else {}


def unbiased(stride: np.void, rows: Rows) -> np.void:
    """A STRIDE record without the model's bias; what follows from several columns follows from the new ones."""
    if not any(row.bias for row in rows.values()):
        return stride
    record = stride.copy()
    names = record.dtype.names or ()
    for name, row in rows.items():
        column, factor = COLUMNS.get(name, (name, 1.0))
        if column in names and name not in DERIVED:
            record[column] = round(float(record[column]) - row.bias / factor, 4)
    for side in ("near", "far"):
        both = float(record[f"tle_{side}_deg"] + record[f"thigh_forward_{side}_deg"])
        record[f"thigh_excursion_{side}_deg"] = round(both, 3)
    swing = float(record[EXCURSION])
    record[SHARE] = round(float(record[TLE]) / swing, 4) if swing > 0 else NAN
    record.flags.writeable = False
    return record


def widened(measure: Measure, row: MeasureError | None) -> Measure:
    """Both intervals of a measure whose low..high holds only the spread between strides. Unchanged without a row.

    The next person's error is a draw from what `people` showed: Student's t with people - 1 degrees, times sqrt(1 + 1/people).
    """
    if row is None or not measure.measured:
        return measure
    t = student_t975(row.people - 1) * math.sqrt(1.0 + 1.0 / row.people)
    below, above = measure.value - measure.low, measure.high - measure.value
    spread, change = t * row.spread, t * row.change / math.sqrt(2.0)  # a change has two ends
    return replace(
        measure,
        low=measure.value - math.hypot(below, spread),
        high=measure.value + math.hypot(above, spread),
        change_low=measure.value - math.hypot(below, change),
        change_high=measure.value + math.hypot(above, change),
    )


def corrected(measures: Mapping[str, Measure], rows: Rows) -> dict[str, Measure]:
    """Measures of the raw strides without the bias and with both intervals, rounded to 0.001."""
    found = {name: _shifted(measure, -_bias(name, rows)) for name, measure in measures.items()}
    if found.get(EXCURSION, Measure.cannot_tell("")).measured and found[SHARE].measured and found[TLE].measured:
        found[SHARE] = _shifted(found[SHARE], found[TLE].value / found[EXCURSION].value - found[SHARE].value)
    return {name: _rounded(widened(measure, rows.get(name))) for name, measure in found.items()}


def _bias(name: str, rows: Rows) -> float:
    def of(part: str) -> float:
        row = rows.get(part)
        return row.bias if row is not None else 0.0

    if name == EXCURSION:
        return of(TLE) + of(FORWARD)
    if name in FAR:
        near, far = FAR[name]
        return of(near) - of(far)
    return 0.0 if name in DERIVED else of(name)


def _shifted(measure: Measure, by: float) -> Measure:
    if not by or not measure.measured:
        return measure
    return replace(measure, value=measure.value + by, low=measure.low + by, high=measure.high + by)


def _rounded(measure: Measure) -> Measure:
    numbers = ("value", "low", "high", "change_low", "change_high")
    return replace(measure, **{name: round(getattr(measure, name), 3) for name in numbers})


class Correction:
    """Stands behind the core: the same gait without the model's bias. Without an error table it changes nothing."""

    def __init__(self, errors: Sequence[ErrorBand], azimuth_deg: float) -> None:
        self._errors, self._azimuth_deg = tuple(errors), azimuth_deg
        self._frames: deque[int] = deque(maxlen=FRAMES)
        self.rows: Rows = {}
        self._given: Mapping[str, Measure] | None = None
        self._made: Mapping[str, Measure] = {}

    def frame(self, t_ns: int) -> None:
        """A frame was seen: the error depends on how often."""
        if self._errors:
            self._frames.append(t_ns)

    def step(self, gait: Gait) -> Gait:
        if not self._errors:
            return gait
        if gait.measures is not self._given:  # once a stride: in between the core keeps its measures
            self.rows = band_of(self._errors, self._fps(), self._azimuth_deg)
            self._given, self._made = gait.measures, corrected(gait.measures, self.rows)
        strides = tuple(unbiased(stride, self.rows) for stride in gait.strides)
        return replace(gait, strides=strides, measures=self._made)

    def _fps(self) -> float:
        gaps = np.diff(np.fromiter(self._frames, np.int64, len(self._frames)))
        return NS / max(float(np.median(gaps)), 1.0) if len(gaps) else 0.0
