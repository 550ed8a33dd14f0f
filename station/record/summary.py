"""What a recording says about each quantity: the mean over its strides with a 95 % interval, or why it cannot be told.

Strides follow one another and resemble one another, so n strides hold less than n independent values; the interval is
widened accordingly (stats.inflation). It is the interval of this runner's mean in this recording, not the
error of the method: see BIOMECHANICS section 7 for what the method itself can be off.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from station.stats import FEWEST, inflation, of_one_gait, student_t975, usual
from station.types import QUANTITIES, Measure

PELVIC_TURN = ("pelvic_turn_deg", "pelvic_turn_quadrature_deg", "pelvic_lead_deg", "pelvis_thigh_ratio")
BELT_ONLY = ("pelvic_list_deg", "pelvic_tilt_deg")
PELVIC = (*PELVIC_TURN, *BELT_ONLY)

# The far leg is half hidden: of an even runner its foot seems to land some 10 ms earlier. Half-widths that cover what the two
# tuning bodies of tests/lab/end_to_end show between near and far; scatter between strides says nothing of it.
NEAR_FAR_HALF = {"tle_asymmetry_deg": 3.0, "step_time_asymmetry_pct": 12.0}

NOT_SEEN = {
    "contact_time_ms": "foot contacts need at least 50 pictures a second and a visible foot",
    "step_length_m": "step length needs the belt speed",
    "tle_asymmetry_deg": "the far leg was not seen well enough",
    "step_time_asymmetry_pct": "the contacts of the far foot were not seen well enough",
    **dict.fromkeys(PELVIC_TURN, "the pelvic turn was not measured in this recording"),
    **dict.fromkeys(BELT_ONLY, "needs a hip belt"),
}


def summarise(strides: NDArray[np.void], pelvic: Mapping[str, Measure]) -> dict[str, Measure]:
    """Every name of QUANTITIES, over the strides that were run, or over those walked when nobody ran.

    `strides` (M,) STRIDE; `pelvic` as far as the core measured it, by name.
    """
    columns = stride_columns(main_strides(strides))
    summary = {name: over_strides(columns[name], NOT_SEEN.get(name, "not seen well enough")) for name in columns}
    for name, camera_half in NEAR_FAR_HALF.items():
        summary[name] = _widened(summary[name], camera_half)
    summary["cadence_spm"] = of_one_gait(summary["cadence_spm"])
    for name in PELVIC:
        summary[name] = pelvic.get(name, Measure.cannot_tell(NOT_SEEN[name]))
    return {name: summary[name] for name in QUANTITIES}


def _widened(measure: Measure, camera_half: float) -> Measure:
    half = math.hypot((measure.high - measure.low) / 2, camera_half)
    return replace(measure, low=measure.value - half, high=measure.value + half) if measure.measured else measure


def main_strides(strides: NDArray[np.void]) -> NDArray[np.void]:
    """The strides that the summary speaks of: a run is not averaged with the walk before it."""
    run = strides[strides["running"] == 1]
    return run if len(run) else strides


def stride_columns(strides: NDArray[np.void]) -> dict[str, NDArray[np.float64]]:
    """(M,) per quantity that has one value a stride, in the unit of QUANTITIES."""
    columns = {name: strides[name] for name in QUANTITIES if name in (strides.dtype.names or ())}
    columns["contact_time_ms"] = strides["contact_s"] * 1000.0
    columns["tle_asymmetry_deg"] = strides["tle_near_deg"] - strides["tle_far_deg"]
    near_s, far_s = strides["step_time_near_s"], strides["step_time_far_s"]
    columns["step_time_asymmetry_pct"] = 200.0 * (near_s - far_s) / (near_s + far_s)
    return columns


def over_strides(values: NDArray[np.float64], reason: str) -> Measure:
    """Mean and 95 % interval of one value per stride (M,), NaN where not measured, in time order.

    Cannot tell (with `reason`) when no stride measured it, or fewer than FEWEST did.
    """
    values = values[np.isfinite(values)]
    values = values[usual(values)]
    n = len(values)
    if n == 0:
        return Measure.cannot_tell(reason)
    if n < FEWEST:
        return Measure.cannot_tell(f"only {n} stride{'s' if n > 1 else ''} measured, at least {FEWEST} are needed", n)
    mean = float(values.mean())
    independent = n / inflation(values)
    half = student_t975(independent - 1) * float(values.std(ddof=1)) / math.sqrt(independent)
    return Measure(mean, mean - half, mean + half, n)
