"""What a recording says about each quantity: the mean over its strides with a 95 % interval, or why it cannot be told.

Strides follow one another and resemble one another, so n strides hold less than n independent values. The interval is
widened accordingly: n is divided by 1 + 2 (r1 + r2 + ...), the autocorrelations up to the first that is not positive
(Bayley & Hammersley 1946; truncation as in Geyer 1992). It is the interval of this runner's mean in this recording, not the
error of the method: see BIOMECHANICS section 7 for what the method itself can be off.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from station.types import MEASURES, Measure

MIN_STRIDES = 3  # Student's t makes so few honest by width (4.3 standard errors); with two it is 12.7 and says nothing
# More than this many robust standard deviations off the median is a stride that was not one (missed peak, swapped legs).
OUTLIER_SIGMAS = 6.0
OUTLIER_STRIDES = 5  # of fewer the median absolute deviation is no measure: two that happen to agree would expel the third

PELVIC_TURN = ("pelvic_turn_deg", "pelvic_turn_quadrature_deg", "pelvic_lead_deg", "pelvis_thigh_ratio")
BELT_ONLY = ("pelvic_list_deg", "pelvic_tilt_deg")
VAGUE_SPM = 10.0  # half of an interval of cadence: a mean of strides so unlike tells of none of them. Engineering choice
UNLIKE = "the strides differ too much: legs exchanged, or the pace changed"

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
    """Every name of MEASURES, over the strides that were run, or over those walked when nobody ran.

    `strides` (M,) STRIDE; `pelvic` as far as the core measured it, by name.
    """
    columns = stride_columns(main_strides(strides))
    summary = {name: over_strides(columns[name], NOT_SEEN.get(name, "not seen well enough")) for name in columns}
    for name, camera_half in NEAR_FAR_HALF.items():
        summary[name] = _widened(summary[name], camera_half)
    cadence = summary["cadence_spm"]
    if cadence.high - cadence.low > 2.0 * VAGUE_SPM:
        summary["cadence_spm"] = Measure.cannot_tell(UNLIKE, cadence.n)
    for name in PELVIC:
        summary[name] = pelvic.get(name, Measure.cannot_tell(NOT_SEEN[name]))
    return {name: summary[name] for name in MEASURES}


def _widened(measure: Measure, camera_half: float) -> Measure:
    half = math.hypot((measure.high - measure.low) / 2, camera_half)
    return replace(measure, low=measure.value - half, high=measure.value + half) if measure.measured else measure


def main_strides(strides: NDArray[np.void]) -> NDArray[np.void]:
    """The strides that the summary speaks of: a run is not averaged with the walk before it."""
    run = strides[strides["running"] == 1]
    return run if len(run) else strides


def stride_columns(strides: NDArray[np.void]) -> dict[str, NDArray[np.float64]]:
    """(M,) per quantity that has one value a stride, in the unit of MEASURES."""
    columns = {name: strides[name] for name in MEASURES if name in (strides.dtype.names or ())}
    columns["contact_time_ms"] = strides["contact_s"] * 1000.0
    columns["tle_asymmetry_deg"] = strides["tle_near_deg"] - strides["tle_far_deg"]
    near_s, far_s = strides["step_time_near_s"], strides["step_time_far_s"]
    columns["step_time_asymmetry_pct"] = 200.0 * (near_s - far_s) / (near_s + far_s)
    return columns


def over_strides(values: NDArray[np.float64], reason: str) -> Measure:
    """Mean and 95 % interval of one value per stride (M,), NaN where not measured, in time order.

    Cannot tell (with `reason`) when no stride measured it, or fewer than MIN_STRIDES did.
    """
    values = _without_outliers(values[np.isfinite(values)])
    n = len(values)
    if n == 0:
        return Measure.cannot_tell(reason)
    if n < MIN_STRIDES:
        return Measure.cannot_tell(f"only {n} stride{'s' if n > 1 else ''} measured, at least {MIN_STRIDES} are needed", n)
    mean = float(values.mean())
    independent = n / _inflation(values - mean)
    half = t_quantile_975(independent - 1) * float(values.std(ddof=1)) / math.sqrt(independent)
    return Measure(mean, mean - half, mean + half, n)


def _without_outliers(values: NDArray[np.float64]) -> NDArray[np.float64]:
    if len(values) < OUTLIER_STRIDES:
        return values
    off = np.abs(values - np.median(values))
    sigma = 1.4826 * float(np.median(off))  # median absolute deviation of a normal distribution
    return values[off <= OUTLIER_SIGMAS * sigma] if sigma > 0 else values


def _inflation(centred: NDArray[np.float64]) -> float:
    """How many strides count as one, at least 1; so that at least 2 independent values remain."""
    n = len(centred)
    power = float(centred @ centred)
    if power == 0:
        return 1.0
    total = 1.0
    for lag in range(1, n // 2):
        r = float(centred[:-lag] @ centred[lag:]) / power
        if r <= 0:
            break
        total += 2.0 * r
    return min(total, n / 2)


def t_quantile_975(freedom: float) -> float:
    """97.5 % point of Student's t, from the normal one (Abramowitz & Stegun 26.7.5); within 0.3 % from 4 degrees of freedom on.

    Below 3 degrees the series is off, there the wider value of the next lower whole number is returned.
    """
    table = {1: 12.706, 2: 4.303, 3: 3.182}
    if freedom < 4:
        return table[max(1, int(freedom))]
    z, v = 1.959964, freedom
    return (
        z
        + (z**3 + z) / (4 * v)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * v**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * v**3)
    )
