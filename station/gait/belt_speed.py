"""Belt speed: read from the treadmill, given by a person, or seen in the standing feet; and the
incline, which only the treadmill knows."""

from __future__ import annotations

from math import isfinite, isnan, nan

import numpy as np
from numpy.typing import NDArray

from station.gait import history as h
from station.gait.curve import frame_s
from station.gait.events import FAR, NEAR, Landing, Leg
from station.stats import FEWEST, mean_half, usual
from station.types import NEVER, Reading, Speed

STALE_S = 5.0  # feet land more often
FTMS_STALE_S = 3.0  # a treadmill sends about once a second
STEADY_S = 10.0  # so long after a change the speed counts as changing
CHANGE_MPS = 0.1  # chosen: 0.36 km/h
SEEN_CHANGE_MPS = 0.25  # the mean of two dozen strides scatters by less
SEEN_STRIDES = 24  # chosen: some fifteen seconds
SLOWEST_FRAME_S = 1.0 / 23.0  # below 24 fps mid-stance holds less than two frames
# What feet must show to be believed, as shares of their speed. Recorded runners with landmark
# errors of 16 mm reach 0.04 in both; a pose model that guesses the far foot, or exchanges the legs,
# goes beyond (chosen between: tests/lab/end_to_end/RESULTS.md).
FEET_DIFFER = 0.10  # near foot against far one
FOOT_HALF = 0.08  # half-width of the 95 % interval of one foot's mean
FEET_AGREE = 0.6  # of the strides: so many are no outliers
FOOT_SIGMAS = 3.0  # an outlier (chosen)
AFTER_CONTACT_S, BEFORE_TOE_OFF_S = 0.05, 0.08  # mid-stance; against the force plate, data/rbds


def planted_px_s(rows: NDArray[np.float64], leg: Leg, foot: Landing) -> float:
    """Backward speed of heel and toe in mid-stance, px/s of the straightened frame; NaN when not
    seen.

    Heel and toe share one slope: each is taken from its own mean, then one least-squares line
    through both.
    """
    t_s = rows[:, h.T_S]
    if not frame_s(t_s) <= SLOWEST_FRAME_S:
        return nan
    first, last = t_s.searchsorted((foot.contact_s + AFTER_CONTACT_S, foot.toe_off_s - BEFORE_TOE_OFF_S)).tolist()
    xt = tt = 0.0
    for column in (leg.heel, leg.toe):
        x = rows[first:last, column]
        seen = np.isfinite(x)
        if np.count_nonzero(seen) >= 2:
            t = t_s[first:last][seen]
            t -= t.mean()
            xt, tt = xt + float(t @ x[seen]), tt + float(t @ t)
    return -xt / tt if tt > 0 else nan


class BeltSpeed:
    """`read` per reading, `stride` per stride; `speed` at a time."""

    def __init__(self, px_per_m: float) -> None:
        self._px_per_m = px_per_m
        self.reset()

    def reset(self) -> None:
        self._given_mps = self._ftms_mps = nan
        self._ftms_s = self._incline_s = NEVER
        self._incline_pct = nan
        self._anchor_mps, self._changed_s = nan, NEVER
        self._feet: list[tuple[float, float]] = []  # near, far px/s
        self._seen_mps, self._seen_s = nan, NEVER

    def read(self, t_s: float, given: Reading) -> None:
        if not isfinite(given.value):
            return
        if given.channel == "incline_ftms_pct":
            self._incline_pct, self._incline_s = given.value, t_s
        elif given.value < 0.0:
            return
        elif given.channel == "speed_ftms_mps":
            self._ftms_mps, self._ftms_s = given.value, t_s
        elif given.channel == "speed_given_mps":
            self._given_mps = given.value

    def stride(self, t_s: float, rows: NDArray[np.float64], near: Landing, far: Landing) -> None:
        self._feet = [*self._feet, (planted_px_s(rows, NEAR, near), planted_px_s(rows, FAR, far))][-SEEN_STRIDES:]
        self._seen_mps, self._seen_s = self._by_feet(), t_s

    def forget(self) -> None:
        self._feet.clear()
        self._seen_mps, self._seen_s = nan, NEVER

    def speed(self, t_s: float) -> Speed:
        """The best source there is: read, given, seen; `steady` after STEADY_S without change."""
        mps, origin, step_mps = nan, "unknown", CHANGE_MPS
        if t_s - self._ftms_s <= FTMS_STALE_S:
            mps, origin = self._ftms_mps, "ftms"
        elif isfinite(self._given_mps):
            mps, origin = self._given_mps, "given"
        elif isfinite(self._seen_mps) and t_s - self._seen_s <= STALE_S:
            mps, origin, step_mps = self._seen_mps, "picture", SEEN_CHANGE_MPS
        if not isnan(mps) and not abs(mps - self._anchor_mps) <= step_mps:
            if not isnan(self._anchor_mps):
                self._changed_s = t_s
            self._anchor_mps = mps
        incline_pct = self._incline_pct if t_s - self._incline_s <= FTMS_STALE_S else nan
        return Speed(mps, origin, t_s - self._changed_s > STEADY_S, incline_pct)  # type: ignore[arg-type]

    def _by_feet(self) -> float:
        """Mean of both feet, NaN where they do not show it. The near foot is closer than the plane
        of the scale and the far one farther: together they are right to first order.
        """
        if len(self._feet) < FEWEST:
            return nan
        near, far = (_agreed(side) for side in np.array(self._feet).T)
        both = (near + far) / 2
        return both / self._px_per_m if abs(near - far) <= FEET_DIFFER * both else nan


def _agreed(speeds: NDArray[np.float64]) -> float:
    """Mean of one foot's speeds without outliers; NaN where too few were seen or they differ too
    much.
    """
    seen = speeds[np.isfinite(speeds)]
    kept = seen[usual(seen, FOOT_SIGMAS)]
    if len(kept) < max(FEWEST, FEET_AGREE * len(seen)):
        return nan
    mean = float(kept.mean())
    return mean if mean_half(float(kept.std(ddof=1)), len(kept)) <= FOOT_HALF * mean else nan
