"""Hands: on the rail, or in front of the hip where they hide what the pelvis does."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, hypot, isnan

from station.gait.body import WRIST, Points

MEMORY_S = 1.2  # time constant (chosen: two strides)
RAIL_S = 2.5  # so long a wrist must be still
# Standard deviation of a wrist's place, in thigh lengths; a swinging arm has 0.25 .. 0.4.
STILL = 0.12
AHEAD = 0.15  # in front of the hips, thigh lengths
HIDES = 0.35  # closer to the near hip than this, thigh lengths




class Rail:
    """True while a wrist is still in front, between hip and shoulder, for seconds."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._mean = [[float("nan")] * 2, [float("nan")] * 2]
        self._var = [1.0, 1.0]
        self._since_s: list[float | None] = [None, None]
        self._last_s = 0.0
        self.held = False

    def step(self, t_s: float, points: Points, hip: tuple[float, float], top_y: float, sign: float, unit: float) -> bool:
        """Takes Body.points, mid-hip and shoulder height (px), direction (+1 right), thigh px."""
        gap_s = min(max(t_s - self._last_s, 0.0), MEMORY_S)
        self._last_s = t_s
        weight = 1.0 - exp(-gap_s / MEMORY_S)
        self.held = False
        for i in (0, 1):
            x, y = points[WRIST + i]
            mean = self._mean[i]
            if isnan(x) or not unit > 0:
                continue
            if mean[0] != mean[0]:
                mean[0], mean[1] = x, y
            dx, dy = x - mean[0], y - mean[1]
            self._var[i] = (1.0 - weight) * (self._var[i] + weight * (dx * dx + dy * dy) / (unit * unit))
            mean[0], mean[1] = mean[0] + weight * dx, mean[1] + weight * dy
            placed = sign * (x - hip[0]) > AHEAD * unit and top_y < y < hip[1] + 0.3 * unit
            if not (placed and self._var[i] < STILL * STILL):
                self._since_s[i] = None
            elif self._since_s[i] is None:
                self._since_s[i] = t_s
            since_s = self._since_s[i]
            self.held |= since_s is not None and t_s - since_s >= RAIL_S
        return self.held


def hides_hip(points: Points, hip: Sequence[float], unit: float) -> bool:
    """Whether either wrist is in front of the near hip."""
    x, y = hip
    (x0, y0), (x1, y1) = points[WRIST : WRIST + 2]
    return hypot(x0 - x, y0 - y) < HIDES * unit or hypot(x1 - x, y1 - y) < HIDES * unit
