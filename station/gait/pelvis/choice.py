"""The hip belt where one is worn, hip landmarks elsewhere."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from station.gait.pelvis.belt import HipBeltPelvis
from station.gait.pelvis.landmarks import LandmarkPelvis, PelvicStride
from station.types import HipBelt, Marks, Measure, PelvicPair, Reading, Side, View


class BeltOrLandmarks:
    """A PelvicSource that asks both. The two are never mixed: a new bout or another source begins its strides anew.

    Where both saw a stride, `pair` holds what they saw: what landmarks read of a turn that is known.
    """

    pair: PelvicPair | None = None

    def __init__(self, view: View) -> None:
        self._belt = HipBeltPelvis(view)
        self._landmarks = LandmarkPelvis(view.px_per_m)

    @property
    def _now(self) -> HipBeltPelvis | LandmarkPelvis:
        return self._belt if self._belt.worn else self._landmarks

    @property
    def name(self) -> str:
        return self._now.name

    @property
    def calibrated(self) -> bool:
        return self._now.calibrated

    def read(self, given: Reading) -> None:
        """Neither needs a reading."""

    def body(self, t_s: float, hips_px: tuple[float, float], thigh_px: float, side: Side | None) -> None:
        self._belt.body(t_s, hips_px, thigh_px, side)

    def mark(self, t_s: float, given: Marks) -> None:
        self._belt.mark(t_s, given)

    def hip_belt(self, t_s: float) -> HipBelt | None:
        return self._belt.hip_belt(t_s)

    def lift(self, rows: NDArray[np.float64], near: bool) -> None:
        self._landmarks.lift(rows, near)

    def close(self, rows: NDArray[np.float64], start_s: float, end_s: float) -> PelvicStride | None:
        by_belt = self._belt.close(rows, start_s, end_s)
        by_landmarks = self._landmarks.close(rows, start_s, end_s)
        self.pair = paired(by_belt, by_landmarks, start_s)
        return by_belt if self._belt.worn else by_landmarks

    def measures(self) -> Mapping[str, Measure]:
        return self._now.measures()

    def forget(self) -> None:
        self._belt.forget()
        self._landmarks.forget()

    def reset(self) -> None:
        self._belt.reset()
        self._landmarks.reset()


def paired(by_belt: PelvicStride | None, by_landmarks: PelvicStride | None, start_s: float) -> PelvicPair | None:
    """One stride by both, rounded as everything that leaves the room."""
    if by_belt is None or by_landmarks is None:
        return None
    belt, seen = by_belt.turn, by_landmarks.turn
    told = (belt.real, belt.imag, seen.real, seen.imag, abs(by_landmarks.drag), by_landmarks.thigh_deg)
    return PelvicPair(round(start_s, 3), *(round(value, 2) for value in told))
