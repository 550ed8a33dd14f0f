"""Which of the tags in a frame are the runner's belt, and what is wrong with it."""

from __future__ import annotations

from math import exp, hypot, isfinite, isnan, nan
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from station.gait.pelvis.belt_pose import TAG_M, Array
from station.gait.pelvis.belt_shape import TAGS
from station.types import NEVER, Marks

BELTS = 3  # ids 0..47
FARTHEST_PX = 1e6  # no frame is that large
SMALLEST_PX = 4.0  # a side; less is no tag
ACROSS = 9.0  # tags of one belt lie within so many tag sides (45 cm)
FROM_HIPS = 10.0  # and within so many of the middle of the hips (50 cm)
ALIKE_SIZE = 1.7  # the far end of a belt is 1.2 times as far away
HIPS_STALE_S = 0.5  # chosen: less than a stride
OTHER_AFTER_S = 5.0  # unseen for so long, another belt may be the runner's
THIGH_M = 0.445  # hip to knee, mean of the tuning runners of data/rbds
# Ratio of scales; people differ by 8 %, a lifted knee shortens the thigh.
WRONG_BY_THIGH, WRONG_BY_SCALE = 1.45, 1.25
SCALE_S = 2.0  # time constant


class Body(NamedTuple):
    """Middle of the hips, px, and the thigh's scale in the last pose; NaN where not seen."""

    t_s: float = NEVER
    x_px: float = nan
    y_px: float = nan
    px_per_m: float = nan


class Suspicion:
    """A leaky budget: `step` per frame; true once it held for `rise_s` seconds on balance."""

    def __init__(self, rise_s: float, fall_s: float) -> None:
        self._rise_s, self._fall_s = rise_s, fall_s
        self.reset()

    def reset(self) -> None:
        self._full, self._t_s, self.on = 0.0, nan, False

    def step(self, t_s: float, present: bool) -> bool:
        dt_s = min(t_s - self._t_s, 0.2) if not isnan(self._t_s) else 0.0
        self._t_s = t_s
        self._full = min(max(self._full + (dt_s / self._rise_s if present else -dt_s / self._fall_s), 0.0), 1.0)
        self.on = self._full >= 1.0 or (self.on and self._full > 0.0)
        return self.on


class Wearer:
    """`sort` per frame: the tags of the runner's belt. Suspicions: `two_belts`, `upside_down`,
    `wrong_scale`, `elsewhere` (tags are there, but none near the runner's hips)."""

    def __init__(self, px_per_m: float) -> None:
        self._px_per_m = px_per_m
        self.two_belts = Suspicion(0.5, 2.0)
        self.upside_down = Suspicion(0.5, 1.0)
        self.wrong_scale = Suspicion(2.0, 2.0)
        self.elsewhere = Suspicion(2.0, 1.0)
        self.reset()

    def reset(self) -> None:
        for suspicion in (self.two_belts, self.upside_down, self.wrong_scale, self.elsewhere):
            suspicion.reset()
        self._belt = -1
        self._seen_s = NEVER
        self._ratio, self._ratio_s = nan, nan

    def sort(self, given: Marks, t_s: float, upright: Array, body: Body) -> tuple[NDArray[np.intp], Array]:
        """The runner's tags: ids within the belt (k,), corners (k, 4, 2) turned by `upright`.

        None while no pose tells where the runner's hips are. `body` is in pixels turned likewise.
        """
        corners = np.where(np.abs(given.corners_px) < FARTHEST_PX, given.corners_px, np.nan).astype(np.float64)
        sides = np.sqrt(((corners - np.roll(corners, 1, axis=1)) ** 2).sum(axis=2))
        ids = given.ids.astype(np.intp)
        # A NaN is not larger.
        known = (sides.min(axis=1, initial=np.inf) > SMALLEST_PX) & (ids >= 0) & (ids < BELTS * TAGS)
        ids, corners, size = ids[known], corners[known] @ upright, sides[known].max(axis=1, initial=0.0)
        if not t_s - body.t_s < HIPS_STALE_S:  # whose tags these are is not known
            return ids[:0], corners[:0]
        own = self._own(ids, corners.mean(axis=1), size, t_s, body)
        self.two_belts.step(t_s, len(own) > 0 and len(ids) - len(own) >= 2)
        self.elsewhere.step(t_s, len(own) == 0 and len(ids) >= 2)
        if len(own):
            self._look(t_s, corners[own], body)
        return ids[own] % TAGS, corners[own]

    def _own(self, ids: NDArray[np.intp], middle: Array, size: Array, t_s: float, body: Body) -> NDArray[np.intp]:
        """Rows of the runner's belt: those about as large as and near the tag nearest the hips."""
        if not len(ids):
            return np.zeros(0, np.intp)
        away = np.hypot(middle[:, 0] - body.x_px, middle[:, 1] - body.y_px) / size
        if self._belt >= 0 and t_s - self._seen_s < OTHER_AFTER_S:
            away = np.where(ids // TAGS == self._belt, away, np.inf)
        nearest = int(np.argmin(away))
        if not away[nearest] < FROM_HIPS:
            return np.zeros(0, np.intp)
        self._belt, self._seen_s = int(ids[nearest]) // TAGS, t_s
        off = np.hypot(*(middle - middle[nearest]).T)
        alike = (size < ALIKE_SIZE * size[nearest]) & (size > size[nearest] / ALIKE_SIZE)
        rows = np.flatnonzero((ids // TAGS == self._belt) & alike & (off < ACROSS * size[nearest]))
        rows = rows[np.lexsort((off[rows], ids[rows]))]
        # Of two with one id the nearer.
        return rows[np.concatenate([[True], ids[rows][1:] != ids[rows][:-1]])]

    def _look(self, t_s: float, corners: Array, body: Body) -> None:
        """How the belt is worn and how large its tags are against the body."""
        down = corners[:, 3] + corners[:, 2] - corners[:, 0] - corners[:, 1]
        self.upside_down.step(t_s, bool(2 * np.count_nonzero(down[:, 1] < 0.0) > len(down)))
        by_scale = isfinite(self._px_per_m)
        px_per_m = self._px_per_m if by_scale else body.px_per_m
        height_px = max(hypot(*row) / 2.0 for row in down.tolist())
        ratio = height_px / TAG_M / px_per_m if px_per_m > 0 else nan
        if isnan(ratio):
            return
        weight = 1.0 - exp(-max(t_s - self._ratio_s, 0.0) / SCALE_S) if not isnan(self._ratio) else 1.0
        self._ratio = ratio if isnan(self._ratio) else self._ratio + weight * (ratio - self._ratio)
        self._ratio_s = t_s
        limit = WRONG_BY_SCALE if by_scale else WRONG_BY_THIGH
        self.wrong_scale.step(t_s, not 1.0 / limit < self._ratio < limit)
