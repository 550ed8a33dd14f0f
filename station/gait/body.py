"""What one pose says before direction and legs are known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from station.gait.angles import segments
from station.types import Joint

# A landmark below this score counts as not seen. Guess: models keep guessing hidden far-side
# landmarks at 0.1 .. 0.5 and these guesses are usable, so only the hopeless ones go.
MIN_SCORE = 0.1
FARTHEST_PX = 1e6  # no frame is that large: such a coordinate is a fault, not a place

# The points kept beside the segments, left and right in turn; their place in `Body.points`.
POINTS = (
    Joint.LEFT_HIP,
    Joint.RIGHT_HIP,
    Joint.LEFT_HEEL,
    Joint.RIGHT_HEEL,
    Joint.LEFT_FOOT_INDEX,
    Joint.RIGHT_FOOT_INDEX,
    Joint.LEFT_WRIST,
    Joint.RIGHT_WRIST,
    Joint.LEFT_SHOULDER,
    Joint.RIGHT_SHOULDER,
    Joint.LEFT_EAR,
    Joint.RIGHT_EAR,
    Joint.NOSE,
    Joint.LEFT_ANKLE,
    Joint.RIGHT_ANKLE,
)
# Of POINTS, the left one first.
HIP, HEEL, TOE, WRIST, SHOULDER, EAR, NOSE, ANKLE = 0, 2, 4, 6, 8, 10, 12, 13
# One pose: (x forward, y up) in px of each of POINTS.
Points = Sequence[Sequence[float]]
_ROWS = np.array(POINTS, dtype=np.intp)


class Body(NamedTuple):
    """Columns for N poses, in a frame straightened to gravity, as if the runner faced right.

    segment_deg, segment_px: (N, 5) in the order of angles.SEGMENTS. points: (N, 15, 2) px in the
    order of POINTS.
    """

    segment_deg: NDArray[np.float64]
    segment_px: NDArray[np.float64]
    points: NDArray[np.float64]


def bodies(xy_px: NDArray[np.floating], score: NDArray[np.floating], straighten: NDArray[np.float64]) -> Body:
    """Body of N poses: `xy_px` (N, 33, 2), `score` (N, 33), `straighten` as in angles."""
    seen = np.array(xy_px, float)
    seen[~(score >= MIN_SCORE)] = np.nan
    seen[np.abs(seen) >= FARTHEST_PX] = np.nan
    straight = seen.reshape(-1, 2).dot(straighten).reshape(seen.shape)
    return Body(*segments(straight), straight.take(_ROWS, axis=1))
