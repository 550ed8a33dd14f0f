"""Whether a camera's frames can be used: dark, covered or frozen, once it lasts."""

from __future__ import annotations

from typing import Literal

import numpy as np

from station.types import NS, Frame

Unfit = Literal["", "dark", "covered", "frozen"]

EVERY_PX = 16  # a coarse grid is enough to tell, and costs nothing
AFTER_S = 2.0  # somebody may walk past the lens
DARK_LEVEL = 40  # of 255; a guess: where even the brightest part stays below, no body stands out
FLAT_LEVEL = 4.0  # SD of 255; a guess: sensor noise alone, as behind a hand or a lens cap
BRIGHTEST_PCT = 99  # percentile: a lamp in view is not the room


class FrameWatch:
    """Feed it every frame (or some a second); `step` returns what has been wrong for 2 s, or "".

    Frozen means equal to the bit: the noise of a living sensor never repeats. That holds for
    cameras, not for films.
    """

    def __init__(self) -> None:
        self._before: np.ndarray | None = None
        self._seen: Unfit = ""
        self._since_ns = 0

    def step(self, frame: Frame) -> Unfit:
        now = self._look(frame)
        if now != self._seen:
            self._seen, self._since_ns = now, frame.t_ns
        return now if now and frame.t_ns - self._since_ns >= AFTER_S * NS else ""

    def _look(self, frame: Frame) -> Unfit:
        sample = frame.image[::EVERY_PX, ::EVERY_PX].copy()
        before, self._before = self._before, sample
        if before is not None and np.array_equal(before, sample):
            return "frozen"
        grey = sample.mean(axis=2)
        if np.percentile(grey, BRIGHTEST_PCT) < DARK_LEVEL:
            return "dark"
        return "covered" if grey.std() < FLAT_LEVEL else ""
