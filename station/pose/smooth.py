"""The One-Euro filter: smooths still things much, fast ones little (Casiez 2012, CHI)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from station.types import NS


class OneEuro:
    """Filters an array of values that arrive at any times; one filter state per element.

    Speeds are divided by the `scale` given with each value, so that the same constants fit near and
    far people.
    """

    def __init__(self, min_cutoff_hz: float, beta: float, speed_cutoff_hz: float) -> None:
        self.min_cutoff_hz, self.beta, self.speed_cutoff_hz = min_cutoff_hz, beta, speed_cutoff_hz
        self.reset()

    def reset(self) -> None:
        self._t_ns: int | None = None

    def __call__(self, t_ns: int, value: NDArray[np.float64], scale: float) -> NDArray[np.float64]:
        """The filtered value. A time that does not advance restarts it: the clip began again."""
        if self._t_ns is None or t_ns <= self._t_ns:
            self._filtered, self._raw, self._speed = value, value, np.zeros_like(value)
        else:
            dt_s = (t_ns - self._t_ns) / NS
            speed = (value - self._raw) / (max(scale, 1e-6) * dt_s)
            self._speed = self._speed + _weight(self.speed_cutoff_hz, dt_s) * (speed - self._speed)
            cutoff_hz = self.min_cutoff_hz + self.beta * np.abs(self._speed)
            self._filtered = self._filtered + _weight(cutoff_hz, dt_s) * (value - self._filtered)
            self._raw = value
        self._t_ns = t_ns
        return self._filtered


def _weight(cutoff_hz: NDArray | float, dt_s: float) -> NDArray | float:
    """The share of the new value in a first-order low pass."""
    return 1 / (1 + 1 / (2 * math.pi * cutoff_hz * dt_s))
