"""Foot contact and toe-off of one leg within one stride, from how the leg moves.

Contact: the heel is farthest ahead of the hips CONTACT_AFTER_S before the foot lands. Toe-off: the trailing knee is straightest
TOE_OFF_BEFORE_S after the toe has left; that peak is looked for near the backward end of the thigh's swing. Both offsets are
medians against the force plate over the four tuning runners (tests/accuracy). Running only: in walking neither holds.
"""

from __future__ import annotations

from math import nan
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from station.gait import history as h
from station.gait.curve import bottom, top

CONTACT_AFTER_S = 0.027
TOE_OFF_BEFORE_S = 0.030


class Leg(NamedTuple):
    """Columns of one leg in the history."""

    thigh: int
    shank: int
    heel: int
    toe: int


NEAR = Leg(h.THIGH_NEAR, h.SHANK_NEAR, h.HEEL_NEAR, h.TOE_NEAR)
FAR = Leg(h.THIGH_FAR, h.SHANK_FAR, h.HEEL_FAR, h.TOE_FAR)


class Landing(NamedTuple):
    """Seconds, NaN when not seen; confidences 0..1."""

    contact_s: float
    toe_off_s: float
    contact_sure: float
    toe_off_sure: float


def landing(rows: NDArray[np.float64], leg: Leg, peak_s: float, stride_s: float) -> Landing:
    """The contact that follows the leg's forward peak at `peak_s` and the toe-off that ends it.

    `rows`: history from a fifth of a stride before the peak to the stride's end or later.
    """
    t_s = rows[:, h.T_S]
    half_s = 0.07 * stride_s
    contact_s, _ = top(t_s, rows[:, leg.heel] - rows[:, h.HIP_X], peak_s, peak_s + 0.34 * stride_s, half_s)
    back_s, _ = bottom(t_s, rows[:, leg.thigh], peak_s + 0.3 * stride_s, peak_s + 0.8 * stride_s, 0.09 * stride_s)
    flexion = rows[:, leg.thigh] - rows[:, leg.shank]
    straight_s = nan
    if back_s == back_s:
        straight_s, _ = bottom(t_s, flexion, back_s - 0.22 * stride_s, back_s + 0.05 * stride_s, half_s)
    return Landing(
        contact_s + CONTACT_AFTER_S,
        straight_s - TOE_OFF_BEFORE_S,
        _sure(t_s, rows[:, leg.heel], contact_s, half_s),
        _sure(t_s, flexion, straight_s, half_s),
    )


def _sure(t_s: NDArray[np.float64], y: NDArray[np.float64], when_s: float, half_s: float) -> float:
    """Share of the samples round an event that were measured, less where they are so few that the fit rests on three."""
    if when_s != when_s:
        return 0.0
    first, last = np.searchsorted(t_s, (when_s - half_s, when_s + half_s))
    seen = int(np.isfinite(y[first:last]).sum())
    return round(seen / max(last - first, 1) * min(1.0, seen / 5.0), 2)
