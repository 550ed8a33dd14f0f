"""Within how much two methods have to agree, and how a wrong unit gives itself away."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from station.types import KMH_PER_MPS, QUANTITIES

# What the station claims of itself (export/wording.py, HOW_TO_READ) where it claims something; all
# others are a choice.
CLAIMED: Mapping[str, float] = {"cadence_spm": 1.0}
TOLERANCE: Mapping[str, float] = {
    **CLAIMED,
    "speed_kmh": 0.3,  # 3 % at 10 km/h
    "contact_time_ms": 20.0,
    "contact_s": 0.02,
    "step_length_m": 0.03,
    "overstride_near_cm": 3.0,
    "step_time_near_s": 0.02,
    "step_time_far_s": 0.02,
    "duration_s": 0.01,
    "speed_mps": 0.1,
    "tle_share_near": 0.03,
    "retraction_near_pct": 2.0,
    "pelvic_turn_deg": 3.0,  # a locked waist and the usual one are that far apart at 2.5 to 3.5 m/s
    "pelvic_turn_quadrature_deg": 3.0,
    "pelvic_in_phase_deg": 3.0,
    "pelvic_quadrature_deg": 3.0,
    "pelvic_lead_deg": 20.0,
    "pelvis_thigh_ratio": 0.05,
    "thigh_shank_phase_deg": 10.0,
}
BY_UNIT: Mapping[str, float] = {
    "_deg": 5.0,
    "_spm": 1.0,
    "_pct": 3.0,
    "_ms": 20.0,
    "_s": 0.02,
    "_cm": 1.0,
    "_m": 0.03,
    "_mps": 0.1,
    "_kmh": 0.3,
}
ELSE = 0.05  # ratios and shares
UNITS: Mapping[str, str] = {
    "_deg": "deg",
    "_spm": "steps/min",
    "_pct": "%",
    "_ms": "ms",
    "_s": "s",
    "_cm": "cm",
    "_m": "m",
    "_mps": "m/s",
    "_kmh": "km/h",
}

# unit -> (reference divided by station, what that looks like)
FACTORS: Mapping[str, tuple[tuple[float, str], ...]] = {
    "_deg": ((math.pi / 180, "radians"),),
    "_spm": (
        (0.5, "strides of one foot instead of steps of both"),
        (2.0, "every step counted twice"),
        (1 / 60, "steps a second"),
    ),
    "_kmh": ((1 / KMH_PER_MPS, "metres a second"), (1 / 1.609344, "miles an hour")),
    "_mps": ((KMH_PER_MPS, "kilometres an hour"), (KMH_PER_MPS / 1.609344, "miles an hour")),
    "_ms": ((0.001, "seconds"),),
    "_s": ((1000.0, "milliseconds"),),
    "_cm": ((0.01, "metres"), (10.0, "millimetres"), (1 / 2.54, "inches")),
    "_m": ((100.0, "centimetres"), (1 / 0.3048, "feet"), (2.0, "strides instead of steps")),
    "_pct": ((0.01, "shares instead of per cent"),),
}
NEAR = 0.12  # of the factor; no two factors of one unit, and none and 1, are so close to each other


def suffix(name: str) -> str:
    """The unit at the end of the name, "" for a ratio."""
    end = "_" + name.rsplit("_", 1)[-1]
    return end if end in UNITS else ""


def unit(name: str) -> str:
    return QUANTITIES[name].unit if name in QUANTITIES else UNITS.get(suffix(name), "1")


def tolerance(name: str) -> float:
    return TOLERANCE.get(name, BY_UNIT.get(suffix(name), ELSE))


def suspected_unit(name: str, station: NDArray[np.float64], reference: NDArray[np.float64]) -> str:
    """What the reference (n,) looks like beside the station's values (n,), "" when its unit seems
    to be the right one.

    Sizes are compared about zero, because angles have both signs.
    """
    own, other = (float(np.sqrt((values**2).mean())) for values in (station, reference))
    if not (own > 0 and other > 0):
        return ""
    for factor, looks_like in FACTORS.get(suffix(name), ()):
        if abs(math.log(other / own / factor)) < NEAR:
            return looks_like
    return ""


def is_reversed(station: NDArray[np.float64], reference: NDArray[np.float64]) -> bool:
    """Whether a curve (n,) goes up where the other goes down."""
    if len(station) < 30 or not (station.std() > 3 and reference.std() > 0):
        return False
    return float(np.corrcoef(station, reference)[0, 1]) < -0.8
