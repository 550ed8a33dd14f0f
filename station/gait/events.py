"""Foot contact and toe-off of one leg within one stride, from how the leg moves.

Contact: the ankle has come down to LOW above where it is while the foot lies flat,
`down_after_s` after the foot has landed. Against the force plate this holds from runner to
runner within 6 to 7 ms (SD) and moves with no fault, where the heel farthest ahead of the hips
scatters by 12 ms; the heel stands in where the ankle is not seen. Toe-off: the trailing knee is
straightest STRAIGHT_AFTER_S after the toe has left; that peak is looked for near the backward end
of the thigh's swing. The constants are medians over the four tuning runners of
data/rbds; `python -m tests.lab.accuracy --tuned` prints what is left of them. Running only: in
walking neither holds.
"""

from __future__ import annotations

from math import isfinite, nan
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from station.gait import history as h
from station.gait.curve import bottom, falls_through, median_between, top

DOWN_FROM_S, DOWN_TO_S = -0.03, 0.13  # of the ankle, from when the heel was farthest ahead (chosen)
FLAT_FROM_S, FLAT_TO_S = 0.03, 0.11  # after it came down the foot lies flat (chosen)
LOW = 0.025  # of the thigh's length (chosen on the tuning runners)
# Seen from above, what a foot moves sideways while it lands looks like height, the near one's the
# other way round than the far one's. Medians over the tuning runners, as above
NEAR_DOWN_AFTER_S = 0.012
FAR_DOWN_AFTER_S = 0.028  # likewise
HEEL_AHEAD_BEFORE_S = 0.029  # likewise
STRAIGHT_AFTER_S = 0.016  # likewise
CROSSING_HALF_S = 0.035  # of the line fitted round the passage (chosen: four frames at 60 a second)
USUAL_AHEAD = 0.17  # of a stride from the forward peak to the heel farthest ahead: the norms' mean


class Leg(NamedTuple):
    """Columns of one leg in the history."""

    thigh: int
    shank: int
    heel: int
    toe: int
    ankle: int
    length: int
    down_after_s: float  # from contact to when the ankle has come down


NEAR = Leg(h.THIGH_NEAR, h.SHANK_NEAR, h.HEEL_NEAR, h.TOE_NEAR, h.ANKLE_NEAR, h.LENGTH_NEAR, NEAR_DOWN_AFTER_S)
FAR = Leg(h.THIGH_FAR, h.SHANK_FAR, h.HEEL_FAR, h.TOE_FAR, h.ANKLE_FAR, h.LENGTH_FAR, FAR_DOWN_AFTER_S)


class Landing(NamedTuple):
    """Seconds, NaN when not seen; confidences 0..1."""

    contact_s: float
    toe_off_s: float
    ahead_s: float  # heel farthest ahead of the hips
    contact_sure: float
    toe_off_sure: float


def landing(rows: NDArray[np.float64], leg: Leg, peak_s: float, stride_s: float) -> Landing:
    """The contact round the leg's forward peak at `peak_s` and the toe-off that ends it.

    A thigh may have two forward peaks, one before contact and one after it, and either may be the
    higher one; the heel is farthest ahead of the hips once a stride. So the contact is looked for
    near that, the toe-off from there.

    `rows`: history from 0.85 of a stride before the stride's start to its end or later.
    """
    t_s, half_s = rows[:, h.T_S], 0.07 * stride_s
    ahead_s, _ = top(t_s, rows[:, leg.heel] - rows[:, h.HIP_X], peak_s - 0.3 * stride_s, peak_s + 0.34 * stride_s, half_s)
    near_s = ahead_s if isfinite(ahead_s) else peak_s + USUAL_AHEAD * stride_s
    contact_s, contact_sure = _contact(rows, leg, near_s, stride_s, ahead_s)
    back_s, _ = bottom(t_s, rows[:, leg.thigh], near_s + 0.13 * stride_s, near_s + 0.63 * stride_s, 0.09 * stride_s)
    flexion = rows[:, leg.thigh] - rows[:, leg.shank]
    straight_s = nan
    if isfinite(back_s):
        straight_s, _ = bottom(t_s, flexion, back_s - 0.22 * stride_s, back_s + 0.05 * stride_s, half_s)
    toe_off_s = straight_s - STRAIGHT_AFTER_S
    return Landing(contact_s, toe_off_s, ahead_s, contact_sure, _sure(t_s, flexion, straight_s, half_s))


def _contact(rows: NDArray[np.float64], leg: Leg, near_s: float, stride_s: float, ahead_s: float) -> tuple[float, float]:
    """Time and confidence, from the ankle or else from the heel."""
    t_s, half_s, height = rows[:, h.T_S], 0.07 * stride_s, rows[:, leg.ankle]
    first_s, last_s = near_s + DOWN_FROM_S, near_s + DOWN_TO_S
    low = LOW * median_between(t_s, rows[:, leg.length], first_s, last_s)
    down_s = near_s + HEEL_AHEAD_BEFORE_S + leg.down_after_s
    for _ in range(2):
        flat = median_between(t_s, height, down_s + FLAT_FROM_S, down_s + FLAT_TO_S)
        down_s = falls_through(t_s, height, flat + low, first_s, last_s, CROSSING_HALF_S, last=False)
    if isfinite(down_s):
        return down_s - leg.down_after_s, _sure(t_s, height, down_s, half_s)
    return ahead_s + HEEL_AHEAD_BEFORE_S, 0.5 * _sure(t_s, rows[:, leg.heel], ahead_s, half_s)


def _sure(t_s: NDArray[np.float64], y: NDArray[np.float64], when_s: float, half_s: float) -> float:
    """Share of the samples round an event that were measured, less where the fit rests on three."""
    if not isfinite(when_s):
        return 0.0
    first, last = t_s.searchsorted((when_s - half_s, when_s + half_s)).tolist()
    seen = int(np.count_nonzero(np.isfinite(y[first:last])))
    return round(seen / max(last - first, 1) * min(1.0, seen / 5.0), 2)
