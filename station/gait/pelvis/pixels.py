"""Pelvic turn from the pixels round the hips: a network's reading of each frame, locked in.

A frame's reading follows the pelvis with a gain below one, and with it a little of the thighs'
swing. Both are known from people whom the network never saw (types.TurnBand); the gain is divided
out, the thighs' part is taken off, and how much either differs between people goes into the
interval. What the thighs drag along lies in phase with them, so the part of the turn that is a
quarter stride ahead, where most pelvises turn, is free of it. After the find-your-hip drill the
runner's own drag is known.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import hypot, isfinite, sqrt
from statistics import fmean, median, variance
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from station.gait import history as h
from station.gait.pelvis.landmarks import (
    BELT_ONLY,
    DRIFT_OF_DRAG,
    FEW_STRIDES,
    FEWEST,
    MEASURED,
    NOT_SEEN,
    STRIDES,
    estimate,
    lifted,
    lock_in,
)
from station.gait.pelvis.source import PelvicStride, Thighs
from station.stats import student_t975, usual
from station.types import PELVIC_TURN, HipTurn, Measure, TurnBand

KEPT_S = 4.0  # more than the slowest stride, and what the clock needs to close it
QUADRATURE = "pelvic_turn_quadrature_deg"
# A frame that says so of itself shows a coat, a hand or half a person (chosen)
WIDEST_SPREAD_DEG = 12.0
WIDEST_HALF_DEG = 8.0  # of the turn, peak to peak: a typical pelvis turns by 8 to 10 (chosen)
FEWEST_LIFTS = 2  # of each leg (chosen)
# The mean reading of a stride is the camera's bearing, with this SD between people (the ground's
# films, tests/lab/eye).
BEARING_SD_DEG = 4.0
NO_BAND = "the camera stands too oblique for what is known of the pelvis model"
HIDDEN = "the hips are hidden: a coat, hands, somebody in front, or too small a runner"
TOO_WIDE = "how much the pixels round the hips follow the thighs is not known well enough: do the find-your-hip drill"


class _Read(NamedTuple):
    """One stride as the model reads it. `turn`: complex, against the legs' phase, deg."""

    turn: complex
    thigh_deg: float
    spread_deg: float
    bearing_deg: float


class PixelPelvis:
    """A PelvicSource over HipTurn. `bands`: the model's errors; without them nothing is measured.

    `azimuth_deg`: the camera's as far as given; the readings themselves show one that is larger.
    """

    name = "pixels"

    def __init__(self, bands: Sequence[TurnBand], azimuth_deg: float) -> None:
        self._bands = sorted(bands, key=lambda band: band.most_azimuth_deg)
        self._azimuth_deg = abs(azimuth_deg)
        self.reset()

    def reset(self) -> None:
        self._samples: deque[tuple[float, float, float]] = deque()
        # Degrees read per degree of the lifted thigh, by leg: near, far.
        self._lifts: tuple[list[float], list[float]] = ([], [])
        self._present = False
        self.forget()

    def forget(self) -> None:
        self._ring: list[_Read] = []
        self._unseen = 0
        self._cached: Mapping[str, Measure] = self._nothing(FEW_STRIDES)

    @property
    def present(self) -> bool:
        """Whether the station has a pelvis model at all: its frames have come."""
        return self._present

    @property
    def calibrated(self) -> bool:
        return self._band_at(self._azimuth_deg) is not None

    def see(self, t_s: float, given: HipTurn) -> None:
        """One frame, `t_s` on the clock of the history rows. Comes before the frame's pose."""
        self._present = True
        while self._samples and t_s - self._samples[0][0] > KEPT_S:
            self._samples.popleft()
        if isfinite(given.turn_deg) and given.spread_deg <= WIDEST_SPREAD_DEG:
            self._samples.append((t_s, given.turn_deg, given.spread_deg))

    def lift(self, rows: NDArray[np.float64], near: bool) -> None:
        """One knee lift of the drill, pelvis still: what is read comes from the thigh alone."""
        thigh = rows[:, h.THIGH_NEAR if near else h.THIGH_FAR]
        share = lifted(thigh, thigh, self._at(rows[:, h.T_S]))
        if share is not None:
            lifts = self._lifts[0 if near else 1]
            lifts.append(share)
            del lifts[:-8]

    def close(self, rows: NDArray[np.float64], thighs: Thighs, start_s: float, end_s: float) -> PelvicStride | None:
        inside = [sample for sample in self._samples if start_s <= sample[0] < end_s]
        t_s, turn_deg, spread_deg = np.array(inside).T if inside else np.zeros((3, 0))
        turn = lock_in(t_s, turn_deg, start_s, end_s)
        thigh, legs, _ = thighs
        if not (isfinite(turn.real + thigh.real + legs.real) and abs(thigh) > 0 and abs(legs) > 0):
            self._unseen += 1
            self._cached = self._estimate()
            return None
        # In phase is what the thighs do, also with legs of unequal swing.
        back = (legs / abs(legs)).conjugate()
        read = _Read(2.0 * turn * back, 2.0 * abs(thigh), median(spread_deg.tolist()), float(turn_deg.mean()))
        self._ring = [*self._ring, read][-STRIDES:]
        self._cached = self._estimate()
        return PelvicStride(self._freed(read, self._band), complex(read.thigh_deg, 0.0), read.thigh_deg)

    def measures(self) -> Mapping[str, Measure]:
        return self._cached

    def _at(self, t_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N,) the readings at the rows' times, NaN where there is none."""
        by_time = {t: turn for t, turn, _ in self._samples}
        return np.array([by_time.get(t, np.nan) for t in t_s.tolist()])

    def _band_at(self, azimuth_deg: float) -> TurnBand | None:
        return next((band for band in self._bands if azimuth_deg <= band.most_azimuth_deg), None)

    @property
    def _band(self) -> TurnBand | None:
        seen = abs(fmean(read.bearing_deg for read in self._ring)) - BEARING_SD_DEG if self._ring else 0.0
        return self._band_at(max(self._azimuth_deg, seen))

    def _nothing(self, reason: str) -> Mapping[str, Measure]:
        return {**dict.fromkeys(MEASURED, Measure.cannot_tell(reason, len(self._ring))), **BELT_ONLY}

    def _estimate(self) -> Mapping[str, Measure]:
        band = self._band
        if band is None:
            return self._nothing(NO_BAND)
        if len(self._ring) < FEWEST:
            return self._nothing((HIDDEN if self._present else NOT_SEEN) if self._unseen > FEWEST else FEW_STRIDES)
        thigh_deg = fmean(read.thigh_deg for read in self._ring)
        _, lifts_sd_deg, drag_sd_deg = self._drag(band, thigh_deg)
        turns = np.array([self._freed(read, band) for read in self._ring])
        turns = turns[usual(turns)]
        angle_cov = np.eye(2) * (band.quadrature_sd * fmean(read.spread_deg for read in self._ring) / band.gain) ** 2
        measures = estimate(
            turns, thigh_deg, band.gain_sd / band.gain, lifts_sd_deg / band.gain, drag_sd_deg / band.gain, angle_cov
        )
        measures = {**measures, QUADRATURE: _with_change(measures[QUADRATURE], turns.imag, band.change_sd_deg)}
        turn = measures["pelvic_turn_deg"]
        if turn.measured and turn.high - turn.low > 2 * WIDEST_HALF_DEG:
            size_only = (name for name in PELVIC_TURN if name != QUADRATURE)
            measures = {**measures, **dict.fromkeys(size_only, Measure.cannot_tell(TOO_WIDE, turn.n))}
        return {**measures, **BELT_ONLY}

    def _freed(self, read: _Read, band: TurnBand | None) -> complex:
        """The turn without the model's gain and the thigh's drag, where both are known."""
        if band is None:
            return read.turn
        return (read.turn - self._drag(band, read.thigh_deg)[0] * read.thigh_deg) / band.gain

    def _drag(self, band: TurnBand, thigh_deg: float) -> tuple[float, float, float]:
        """Degrees read per degree of the thigh; what lifts leave of it, what people differ by, deg.

        A run swings the thighs against each other, so what the far one drags along counts with the
        other sign.
        """
        near, far = self._lifts
        if min(len(near), len(far)) < FEWEST_LIFTS:
            return band.drag, 0.0, band.drag_sd * thigh_deg
        drag = fmean(near) - fmean(far)
        error = sqrt(sum(variance(lifts) / len(lifts) for lifts in self._lifts))
        return drag, error * thigh_deg, min(DRIFT_OF_DRAG * abs(drag), band.drag_sd) * thigh_deg


def _with_change(measure: Measure, values: NDArray[np.float64], change_sd_deg: float) -> Measure:
    """With the interval of a change: how people differ is the same in both of its ends. The
    strides' scatter is left, and the model's own part of a difference, of which each end has half
    of the variance."""
    if not measure.measured:
        return measure
    strides = student_t975(len(values) - 1) * float(values.std(ddof=1)) / sqrt(len(values))
    return replace(measure, change_half=hypot(strides, 1.96 * change_sd_deg / sqrt(2.0)))
