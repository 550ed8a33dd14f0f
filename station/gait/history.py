"""The last seconds of samples in one block of memory that never grows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

# Columns. x forward and y up in px of the straightened frame; angles in degrees; NaN where not
# measured.
(
    T_S,
    THIGH_NEAR,
    THIGH_FAR,
    SHANK_NEAR,
    SHANK_FAR,
    LEAN,
    HIP_X,  # middle of the hips
    HIP_Y,
    TRUNK_Y,  # half-way between hips and shoulders
    HIPS_D,  # near hip ahead of far hip
    HEEL_NEAR,
    HEEL_FAR,
    TOE_NEAR,
    TOE_FAR,
    REACH_NEAR,  # ankle ahead of the hip of its own side
    REACH_FAR,
    ANKLE_NEAR,  # height above the belt, but for a constant
    ANKLE_FAR,
    LENGTH_NEAR,  # thigh, px
    LENGTH_FAR,
    HAND,  # 1 where a wrist hides the near hip
    EXCHANGED,  # 1 where the pose model's left and right were exchanged back
    COLUMNS,
) = range(23)
THIGHS, SHANKS = slice(THIGH_NEAR, THIGH_FAR + 1), slice(SHANK_NEAR, SHANK_FAR + 1)  # near, far

_OTHER_LEG = [T_S, THIGH_FAR, THIGH_NEAR, SHANK_FAR, SHANK_NEAR, LEAN, HIP_X, HIP_Y, TRUNK_Y, HIPS_D]
_OTHER_LEG += [HEEL_FAR, HEEL_NEAR, TOE_FAR, TOE_NEAR, REACH_FAR, REACH_NEAR, ANKLE_FAR, ANKLE_NEAR]
_OTHER_LEG += [LENGTH_FAR, LENGTH_NEAR, HAND, EXCHANGED]


class History:
    """Holds the last `keep` rows at least; a slice is one view, valid until the next `append`."""

    def __init__(self, keep: int = 768) -> None:
        self._keep = keep
        self._rows = np.full((2 * keep, COLUMNS), np.nan)
        self._end = 0

    def reset(self) -> None:
        self._end = 0

    def append(self, row: Sequence[float]) -> None:
        """Adds one row; times must not go back."""
        if self._end == len(self._rows):
            self._rows[: self._keep] = self._rows[self._keep :]
            self._end = self._keep
        self._rows[self._end] = row
        self._end += 1

    def between(self, start_s: float, end_s: float) -> NDArray[np.float64]:
        """Rows with start <= t < end, as a view (n, COLUMNS)."""
        times = self._rows[: self._end, T_S]
        first, last = times.searchsorted((start_s, end_s)).tolist()
        return self._rows[first:last]

    def exchange_legs(self, since_s: float) -> int:
        """Turns near and far over in the rows from `since_s`; how many more are exchanged then."""
        rows = self.between(since_s, np.inf)
        before = int(rows[:, EXCHANGED].sum())
        rows[:] = rows[:, _OTHER_LEG]
        rows[:, HIPS_D] *= -1.0
        rows[:, EXCHANGED] = 1.0 - rows[:, EXCHANGED]
        return len(rows) - 2 * before
