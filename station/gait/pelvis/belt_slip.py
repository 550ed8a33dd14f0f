"""Whether the hip belt stays where it was put: on the runner, at one height, facing one way."""

from __future__ import annotations

import numpy as np

from station.gait.pelvis.belt_pose import Array, angle_deg
from station.gait.pelvis.belt_stride import Sample, mean_rotation
from station.stats import middle

FIRST_STRIDES, LAST_STRIDES = 6, 4  # chosen: what is compared with what
# Guesses: in a run the mean of the hips' height and heading over four strides keeps within half of
# this.
SLIP_M, SLIP_DEG = 0.035, 10.0
STILL_M, STILL_DEG, STILL_STRIDES = 0.006, 2.0, 3  # chosen: tags that move less are on no runner
# Hips that run move up and down by 4 to 10 cm; of who turns on the spot the legs may look like
# running.
BOB_M = 0.015


class BeltSlip:
    """`slipped`: the belt is elsewhere than in the first strides. `hangs`: no tag moves."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._first: list[tuple[float, Array]] = []
        self._last: list[tuple[float, Array]] = []
        self._still = 0

    def step(self, samples: list[Sample]) -> None:
        """Frames of one stride, one at least."""
        turned_deg = max((angle_deg(samples[0].rotation, s.rotation) for s in samples[1::3]), default=0.0)
        bob_m = float(np.ptp([s.place_m[1] for s in samples]))
        still = bob_m < STILL_M and turned_deg < STILL_DEG
        self._still = self._still + 1 if still else 0
        if bob_m < BOB_M:
            return
        best = [s for s in samples if s.tags > 1] or samples
        fit = (middle([s.height_m for s in best]), mean_rotation(np.array([s.rotation for s in best])))
        if len(self._first) < FIRST_STRIDES:
            self._first.append(fit)
        else:
            self._last = [*self._last, fit][-LAST_STRIDES:]

    @property
    def hangs(self) -> bool:
        return self._still >= STILL_STRIDES

    @property
    def slipped(self) -> bool:
        if len(self._last) < LAST_STRIDES:
            return False
        risen_m = abs(middle([s[0] for s in self._last]) - middle([s[0] for s in self._first]))
        headings = (mean_rotation(np.array([s[1] for s in part])) for part in (self._first, self._last))
        return risen_m > SLIP_M or angle_deg(*headings) > SLIP_DEG
