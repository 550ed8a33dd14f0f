"""The sources of pelvic turn together: the best one that sees the runner is believed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from station.gait.pelvis.belt import HipBeltPelvis
from station.gait.pelvis.landmarks import LandmarkPelvis, thighs_lock_in
from station.gait.pelvis.pixels import PixelPelvis
from station.gait.pelvis.source import PelvicSource, PelvicStride
from station.types import NAN, HipBelt, HipTurn, Marks, Measure, PelvicPair, Side, TurnBand, View


class Pelvis:
    """The hip belt where one is worn, else a pelvis model's pixels, else hip landmarks.

    Sources are never mixed: a new bout or another source begins its strides anew. To add a source:
    construct it here, hand it what it needs by a method, close, forget and reset it with the
    others, and give it its rank in `_best`.
    """

    def __init__(self, view: View, turn_bands: Sequence[TurnBand] = ()) -> None:
        """`turn_bands`: how the pelvis model errs."""
        self.belt = HipBeltPelvis(view)
        self.pixels = PixelPelvis(turn_bands, view.azimuth_deg)
        self.landmarks = LandmarkPelvis(view.px_per_m)
        # The stride closed last, where belt and landmarks both saw it.
        self.pair: PelvicPair | None = None

    @property
    def _best(self) -> PelvicSource:
        if self.belt.worn:
            return self.belt
        return self.pixels if self.pixels.present and self.pixels.calibrated else self.landmarks

    @property
    def name(self) -> str:
        return self._best.name

    @property
    def calibrated(self) -> bool:
        return self._best.calibrated

    def measures(self) -> Mapping[str, Measure]:
        """Every name of landmarks.MEASURED, by the best source."""
        return self._best.measures()

    def hip_belt(self, t_s: float) -> HipBelt | None:
        """How the hip belt is seen now; None while none is."""
        return self.belt.hip_belt(t_s)

    def body(self, t_s: float, hips_px: tuple[float, float], thigh_px: float, side: Side | None) -> None:
        """Every pose: the middle of the hips and a thigh's length in the straightened frame, NaN
        where not seen, and the runner's near side as far as known."""
        self.belt.body(t_s, hips_px, thigh_px, side)

    def mark(self, t_s: float, given: Marks) -> None:
        """Tags of a hip belt in one frame, before its `body`; `t_s` as in the history rows."""
        self.belt.mark(t_s, given)

    def see(self, t_s: float, given: HipTurn) -> None:
        """What the pelvis model read of one frame. Comes before the frame's `body`."""
        self.pixels.see(t_s, given)

    def lift(self, rows: NDArray[np.float64], near: bool) -> None:
        """One knee lift of the drill, pelvis still: its history rows and the standing before."""
        self.landmarks.lift(rows, near)
        self.pixels.lift(rows, near)

    def close(self, rows: NDArray[np.float64], start_s: float, end_s: float) -> PelvicStride | None:
        """Every source reads the stride; what the best one made of it."""
        thighs = thighs_lock_in(rows, start_s, end_s)
        by_belt = self.belt.close(rows, thighs, start_s, end_s)
        by_pixels = self.pixels.close(rows, thighs, start_s, end_s)
        by_landmarks = self.landmarks.close(rows, thighs, start_s, end_s)
        self.pair = paired(by_belt, by_landmarks, by_pixels, start_s)
        return {"hip_belt": by_belt, "pixels": by_pixels, "landmarks": by_landmarks}[self.name]

    def forget(self) -> None:
        for source in (self.belt, self.pixels, self.landmarks):
            source.forget()

    def reset(self) -> None:
        self.pair = None
        for source in (self.belt, self.pixels, self.landmarks):
            source.reset()


def paired(
    by_belt: PelvicStride | None, by_landmarks: PelvicStride | None, by_pixels: PelvicStride | None, start_s: float
) -> PelvicPair | None:
    """One stride by the belt and by what must do without it, rounded."""
    if by_belt is None or by_landmarks is None:
        return None
    belt, seen = by_belt.turn, by_landmarks.turn
    pixels = by_pixels.turn if by_pixels is not None else complex(NAN, NAN)
    found = (belt.real, belt.imag, seen.real, seen.imag, abs(by_landmarks.drag), by_landmarks.thigh_deg, pixels.real, pixels.imag)
    return PelvicPair(round(start_s, 3), *(round(value, 2) for value in found))
