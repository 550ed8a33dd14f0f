"""A pose as one history row: forward positive, near and far in place of left and right."""

from __future__ import annotations

from collections.abc import Sequence
from math import nan, radians, sin
from typing import NamedTuple

from station.gait.body import ANKLE, HEEL, HIP, SHOULDER, TOE, Points
from station.gait.facing import mean
from station.gait.hands import hides_hip
from station.gait.legs import LengthGate
from station.types import Side


class Seen(NamedTuple):
    """One pose, a row of Body: see there."""

    segment_deg: Sequence[float]
    segment_px: Sequence[float]
    points: Points

    @property
    def hips_px(self) -> tuple[float, float]:
        """Middle of the hips in the straightened frame."""
        left, right = self.points[HIP], self.points[HIP + 1]
        return mean(left[0], right[0]), mean(left[1], right[1])


# How far below the lens the belt is, as a share of their distance: 1.1 m above the floor and 2.4 to
# 2.8 m away, as hardware/README.md says (chosen)
LOOKS_DOWN = 0.35


class RowMaker:
    """`row` per pose; a thigh of another length than usual was not seen right.

    Seen from the rear, a foot that goes forward goes away from the camera and so rises in the
    frame; from the front it sinks. That is taken off the ankles' height.
    """

    def __init__(self, azimuth_deg: float = 0.0) -> None:
        self._rise = LOOKS_DOWN * sin(radians(azimuth_deg))
        self._near, self._far = LengthGate(), LengthGate()

    def reset(self) -> None:
        self._near.reset()
        self._far.reset()

    def row(self, t_s: float, seen: Seen, side: Side, exchanged: bool) -> list[float]:
        """The columns of history.py. Who faces right has the right leg near."""
        sign = 1.0 if side == "right" else -1.0
        n, f = (1, 0) if (side == "right") != exchanged else (0, 1)
        angle, length, points = seen.segment_deg, seen.segment_px, seen.points
        near_ok, far_ok = self._near.passes(t_s, length[n]), self._far.passes(t_s, length[f])
        hip_n, hip_f = points[HIP + n], points[HIP + f]
        hips_y, shoulders_y = mean(hip_n[1], hip_f[1]), mean(points[SHOULDER][1], points[SHOULDER + 1][1])
        return [
            t_s,
            sign * angle[n] if near_ok else nan,
            sign * angle[f] if far_ok else nan,
            sign * angle[2 + n] if near_ok else nan,
            sign * angle[2 + f] if far_ok else nan,
            sign * angle[4],
            sign * mean(hip_n[0], hip_f[0]),
            -hips_y,
            -0.5 * (hips_y + shoulders_y),
            sign * (hip_n[0] - hip_f[0]),
            sign * points[HEEL + n][0],
            sign * points[HEEL + f][0],
            sign * points[TOE + n][0],
            sign * points[TOE + f][0],
            sign * (points[ANKLE + n][0] - hip_n[0]),
            sign * (points[ANKLE + f][0] - hip_f[0]),
            -points[ANKLE + n][1] - self._rise * sign * points[ANKLE + n][0],
            -points[ANKLE + f][1] - self._rise * sign * points[ANKLE + f][0],
            length[n] if near_ok else nan,
            length[f] if far_ok else nan,
            float(hides_hip(points, hip_n, length[n])),
            float(exchanged),
        ]
