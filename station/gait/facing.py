"""The way the runner faces, by legs and head, then held: nobody turns round in a stride."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, isnan

from station.gait.body import EAR, HEEL, NOSE, TOE, Points
from station.types import Side

MEMORY_S = 0.5  # evidence older than this fades
# Mean evidence (-1 left .. 1 right) that settles it. Guess; a runner in side view gives 0.6 .. 0.9.
ENOUGH = 0.25
LOOK_EVERY_S = 0.1  # once found
OPPOSITE_S = 1.5  # so long must the opposite be plain before a direction is given up




class Facing:
    """`step` per pose; `side` is None until found. A side given by the view is never doubted."""

    def __init__(self, given: Side | None) -> None:
        self._given = given
        self.reset()

    def reset(self) -> None:
        self.side: Side | None = self._given
        self._evidence = 0.0
        self._last_s = 0.0
        self._opposite_since_s: float | None = None

    def step(self, t_s: float, segment_deg: Sequence[float], segment_px: Sequence[float], points: Points) -> bool:
        """Takes one pose (a row of Body); True when the side was found or changed by it."""
        if self._given is not None or (self.side is not None and 0.0 <= t_s - self._last_s < LOOK_EVERY_S):
            return False
        now = _evidence(segment_deg, segment_px, points)
        if isnan(now):
            return False
        gap_s = min(max(t_s - self._last_s, 0.0), MEMORY_S)
        self._last_s = t_s
        self._evidence += (now - self._evidence) * (1.0 - exp(-gap_s / MEMORY_S))
        if abs(self._evidence) < ENOUGH:
            self._opposite_since_s = None
            return False
        seen: Side = "right" if self._evidence > 0 else "left"
        if self.side is None:
            self.side = seen
            return True
        if seen == self.side:
            self._opposite_since_s = None
            return False
        if self._opposite_since_s is None:
            self._opposite_since_s = t_s
        if t_s - self._opposite_since_s < OPPOSITE_S:
            return False
        self.side, self._opposite_since_s = seen, None
        return True


def _evidence(segment_deg: Sequence[float], segment_px: Sequence[float], points: Points) -> float:
    """Mean sign of knees (bend backwards), feet and head, -1 left .. 1 right; NaN unseen."""
    unit_px = segment_px[0] if segment_px[0] == segment_px[0] else segment_px[1]
    total, count = 0.0, 0
    for side in (0, 1):
        for sign in (
            (segment_deg[side] - segment_deg[2 + side]) / 40.0,
            (points[TOE + side][0] - points[HEEL + side][0]) / (0.3 * unit_px) if unit_px > 0 else unit_px,
        ):
            if not isnan(sign):
                total += min(max(sign, -1.0), 1.0)
                count += 1
    head = points[NOSE][0] - mean(points[EAR][0], points[EAR + 1][0])
    if not isnan(head) and unit_px > 0:
        total += min(max(head / (0.2 * unit_px), -1.0), 1.0)
        count += 1
    return total / count if count else float("nan")


def mean(a: float, b: float) -> float:
    """Of two, or the one that is not NaN."""
    if isnan(a):
        return b
    return a if isnan(b) else 0.5 * (a + b)
