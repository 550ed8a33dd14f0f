"""What a recording says about each quantity: the mean over its strides with a 95 % interval, or why
it is not known.

Strides follow one another and resemble one another, so n strides hold less than n independent
values; the interval is widened accordingly (stats.inflation). Where the pose model's own errors are
known they go into it as well (model_errors).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from station.model_errors import NOTHING_KNOWN, KnownErrors
from station.stats import FEWEST, STRIDE_SD, inflation, mean_half, of_one_gait, usual
from station.types import NAN, PELVIC_TURN, QUANTITIES, Measure

BELT_ONLY = ("pelvic_list_deg", "pelvic_tilt_deg")
PELVIC = (*PELVIC_TURN, *BELT_ONLY)

NOT_SEEN = {
    "knee_flexion_stance_near_deg": "the knee on the ground needs at least 25 frames a second and a visible leg",
    **dict.fromkeys(
        ("contact_time_ms", "flight_time_ms", "duty_factor_pct"),
        "foot contacts need at least 50 frames a second and a visible foot",
    ),
    **dict.fromkeys(("vertical_oscillation_cm", "overstride_near_cm"), "needs the scale of a calibrated camera"),
    "vertical_ratio_pct": "needs the scale of a calibrated camera, and a belt speed that is given or read",
    "shank_contact_near_deg": "the landing needs at least 25 frames a second and a visible foot",
    "step_length_m": "step length needs the belt speed",
    **dict.fromkeys(PELVIC_TURN, "the pelvic turn was not measured in this recording"),
    **dict.fromkeys(BELT_ONLY, "needs a hip belt"),
}


def summarise(
    strides: NDArray[np.void], pelvic: Mapping[str, Measure], known: KnownErrors = NOTHING_KNOWN
) -> dict[str, Measure]:
    """Every name of QUANTITIES, over the strides that were run, or over those walked when nobody
    ran.

    `strides` (M,) STRIDE, already without the model's bias; `pelvic` as far as the core measured
    it, by name; `known`: the errors of the model that saw them.
    """
    columns = stride_columns(main_strides(strides))
    summary = {name: over_strides(columns[name], NOT_SEEN.get(name, "not seen well enough"), name) for name in columns}
    summary["cadence_spm"] = of_one_gait(summary["cadence_spm"])
    summary = {name: known.widened(name, measure) for name, measure in summary.items()}
    for name in PELVIC:
        summary[name] = pelvic.get(name, Measure.cannot_tell(NOT_SEEN[name]))
    return {name: summary[name] for name in QUANTITIES}


def main_strides(strides: NDArray[np.void]) -> NDArray[np.void]:
    """The strides that the summary speaks of: a run is not averaged with the walk before it."""
    run = strides[strides["running"] == 1]
    return run if len(run) else strides


def stride_columns(strides: NDArray[np.void]) -> dict[str, NDArray[np.float64]]:
    """(M,) per quantity that has one value a stride, in the unit of QUANTITIES."""
    columns = {name: strides[name] for name in QUANTITIES if name in (strides.dtype.names or ())}
    columns["contact_time_ms"] = strides["contact_s"] * 1000.0
    return columns


def over_strides(values: NDArray[np.float64], reason: str, name: str = "") -> Measure:
    """Mean and 95 % interval of one value per stride (M,), NaN where not measured, in time order.

    Cannot tell (with `reason`) when no stride measured it, or fewer than FEWEST did. `name`: of the
    measure, for the spread that its strides usually have.
    """
    values = values[np.isfinite(values)]
    usual_sd = STRIDE_SD.get(name, NAN)
    values = values[usual(values, usual_sd=usual_sd)]
    n = len(values)
    if n == 0:
        return Measure.cannot_tell(reason)
    if n < FEWEST:
        return Measure.cannot_tell(f"measured in {n} strides, {FEWEST} are needed", n)
    mean = float(values.mean())
    half = mean_half(float(values.std(ddof=1)), n, usual_sd, inflation(values))
    return Measure(mean, mean - half, mean + half, n)
