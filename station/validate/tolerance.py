"""Within how much two methods have to agree, and how a wrong unit gives itself away."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from station.export.written import unit_of
from station.types import KMH_PER_MPS, QUANTITIES

# All are chosen but that of the cadence, which the station claims of itself (export/wording.py,
# HOW_TO_READ): one step a minute.
TOLERANCE: Mapping[str, float] = {
    "overstride_near_cm": 3.0,
    "duration_s": 0.01,
    "tle_share_near": 0.03,
    "retraction_near_pct": 2.0,
    "pelvic_turn_deg": 3.0,  # a locked waist and the usual one are that far apart at 2.5 to 3.5 m/s
    "pelvic_turn_quadrature_deg": 3.0,
    "pelvic_in_phase_deg": 3.0,
    "pelvic_quadrature_deg": 3.0,
    "pelvic_lead_deg": 20.0,
    "thigh_shank_phase_deg": 10.0,
}
# Of all others, by unit.
BY_UNIT: Mapping[str, float] = {
    "deg": 5.0,
    "steps/min": 1.0,
    "%": 3.0,
    "ms": 20.0,
    "s": 0.02,
    "cm": 1.0,
    "m": 0.03,
    "m/s": 0.1,
    "km/h": 0.3,  # 3 % at 10 km/h
    "": 0.05,  # ratios and shares
}

# By unit: (reference divided by station, what that looks like)
FACTORS: Mapping[str, tuple[tuple[float, str], ...]] = {
    "deg": ((math.pi / 180, "radians"),),
    "steps/min": (
        (0.5, "strides of one foot instead of steps of both"),
        (2.0, "every step counted twice"),
        (1 / 60, "steps a second"),
    ),
    "km/h": ((1 / KMH_PER_MPS, "metres a second"), (1 / 1.609344, "miles an hour")),
    "m/s": ((KMH_PER_MPS, "kilometres an hour"), (KMH_PER_MPS / 1.609344, "miles an hour")),
    "ms": ((0.001, "seconds"),),
    "s": ((1000.0, "milliseconds"),),
    "cm": ((0.01, "metres"), (10.0, "millimetres"), (1 / 2.54, "inches")),
    "m": ((100.0, "centimetres"), (1 / 0.3048, "feet"), (2.0, "strides instead of steps")),
    "%": ((0.01, "shares instead of per cent"),),
}
NEAR = 0.12  # of the factor; no two factors of one unit, and none and 1, are so close to each other


def unit(name: str) -> str:
    return QUANTITIES[name].unit if name in QUANTITIES else unit_of(name) or "1"


def tolerance(name: str) -> float:
    return TOLERANCE.get(name, BY_UNIT[unit_of(name)])


def suspected_unit(name: str, station: NDArray[np.float64], reference: NDArray[np.float64]) -> str:
    """What the reference (n,) looks like beside the station's values (n,), "" when its unit seems
    to be the right one.

    Sizes are compared about zero, because angles have both signs.
    """
    own, other = (float(np.sqrt((values**2).mean())) for values in (station, reference))
    if not (own > 0 and other > 0):
        return ""
    for factor, looks_like in FACTORS.get(unit_of(name), ()):
        if abs(math.log(other / own / factor)) < NEAR:
            return looks_like
    return ""


def is_reversed(station: NDArray[np.float64], reference: NDArray[np.float64]) -> bool:
    """Whether a curve (n,) goes up where the other goes down."""
    if len(station) < 30 or not (station.std() > 3 and reference.std() > 0):
        return False
    return float(np.corrcoef(station, reference)[0, 1]) < -0.8
