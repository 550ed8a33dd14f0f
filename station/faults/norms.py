"""What healthy runners do at a belt speed, interpolated between the speeds that were measured."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import NamedTuple

from station.faults.norms_table import SPEEDS_MPS, TABLE
from station.types import KMH_PER_MPS, NAN

# Outside of these belt speeds nothing is judged by norms: runners were measured at 2.5 to 4.5 m/s.
SLOWEST_MPS, FASTEST_MPS = 2.2, 5.0


class Norm(NamedTuple):
    """Mean, standard deviation and percentiles between runners, in the measure's unit."""

    mean: float
    sd: float
    p5: float
    p25: float
    p75: float
    p95: float


UNKNOWN = Norm(NAN, NAN, NAN, NAN, NAN, NAN)
MEASURES = tuple(TABLE)


def judged(speed_mps: float) -> bool:
    """Whether norms hold at that belt speed; False for an unknown one."""
    return SLOWEST_MPS <= speed_mps <= FASTEST_MPS


def why_not(speed_mps: float) -> str:
    """Why nothing is judged at that belt speed, in words."""
    limit = f"under {SLOWEST_MPS * KMH_PER_MPS:.0f}" if speed_mps < SLOWEST_MPS else f"over {FASTEST_MPS * KMH_PER_MPS:.0f}"
    return f"{speed_mps * KMH_PER_MPS:.1f} km/h: no norms {limit} km/h"


@lru_cache(maxsize=512)
def at(measure: str, speed_mps: float) -> Norm:
    """The norm of a measure at a belt speed; all NaN where speed is unknown or outside 2.2..5 m/s.
    Raises KeyError for a measure without a norm. Linear between the measured speeds and along the
    nearest pair of them beyond."""
    rows = TABLE[measure]
    if not judged(speed_mps):
        return UNKNOWN
    i, share = _between(speed_mps)
    return Norm(*(round(a + share * (b - a), 4) for a, b in zip(rows[i], rows[i + 1], strict=True)))


def seen(measure: str, speed_mps: float, spread: float = 0.0) -> Norm:
    """The norm as a pose model of that spread between people would measure the same runners: every
    percentile farther out.

    A threshold at the 5th percentile then still has one healthy runner in twenty below it. Raises
    KeyError.
    """
    norm = at(measure, speed_mps)
    if not spread:
        return norm
    wider = math.hypot(1.0, spread / norm.sd)
    return Norm(norm.mean, norm.sd * wider, *(norm.mean + wider * (p - norm.mean) for p in norm[2:]))


def band(measure: str, speed_mps: float) -> tuple[float, float]:
    """P5 and P95 at a belt speed, NaN where nothing is judged or none were measured."""
    if measure not in MEASURES:
        return NAN, NAN
    norm = at(measure, speed_mps)
    return norm.p5, norm.p95


def lowest(measure: str, speed_mps: float, percentile: str, spread: float = 0.0) -> float:
    """That percentile as `seen` at a belt speed; at an unknown speed the lowest of all. Raises
    KeyError, AttributeError.
    """
    known = not math.isnan(speed_mps)
    return getattr(seen(measure, speed_mps, spread), percentile) if known else extreme(measure, percentile, spread)[0]


def highest(measure: str, speed_mps: float, percentile: str, spread: float = 0.0) -> float:
    """As `lowest`, but the highest of all at an unknown speed."""
    known = not math.isnan(speed_mps)
    return getattr(seen(measure, speed_mps, spread), percentile) if known else extreme(measure, percentile, spread)[1]


@lru_cache
def extreme(measure: str, percentile: str, spread: float = 0.0) -> tuple[float, float]:
    """Lowest and highest of that percentile over all judged speeds. Raises KeyError,
    AttributeError.
    """
    values = [getattr(seen(measure, speed, spread), percentile) for speed in (SLOWEST_MPS, *SPEEDS_MPS, FASTEST_MPS)]
    return min(values), max(values)


def _between(speed_mps: float) -> tuple[int, float]:
    """The lower of the two measured speeds, and how far beyond it as a share of their distance."""
    i = 0 if speed_mps < SPEEDS_MPS[1] else 1
    return i, (speed_mps - SPEEDS_MPS[i]) / (SPEEDS_MPS[i + 1] - SPEEDS_MPS[i])
