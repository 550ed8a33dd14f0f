"""Pelvic turn: lock-in, noise floor, intervals, the thighs' drag and the drill that takes it out.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from station.gait import GaitCore
from station.gait import history as h
from station.gait.pelvis.choice import Pelvis
from station.gait.pelvis.landmarks import (
    FEW_STRIDES,
    MEASURED,
    NEEDS_BELT,
    NOT_CALIBRATED,
    NOT_SEEN,
    TOO_NOISY,
    WIDTH_M,
    LandmarkPelvis,
    estimate,
    lock_in,
    thighs_lock_in,
)
from station.gait.pelvis.source import PelvicSource, PelvicStride, Thighs
from station.testing.synthetic import SyntheticRunner
from station.testing.synthetic_motion import RunnerSpec
from station.types import NAN, NS, PELVIC_TURN, Measure, PelvicPair, Pose, View
from tests.gait.conftest import film, noisy
from tests.made_hip_belt import made, run_spec, slow_turn_spec

RNG = np.random.default_rng(11)
TURN, QUADRATURE = "pelvic_turn_deg", "pelvic_turn_quadrature_deg"


def test_lock_in_reads_amplitude_and_phase_past_everything_else() -> None:
    """A mean offset, the step-rate part, uneven times and a hidden tenth of the stride do not
    matter.
    """
    t_s = np.sort(RNG.uniform(3.0, 3.7, 42))
    phase = 2 * np.pi * (t_s - 3.0) / 0.7
    y = 50.0 + 4.0 * np.cos(phase + np.radians(70)) + 6.0 * np.cos(2 * phase + 1.0)
    y[(phase > 2.0) & (phase < 2.6)] = np.nan
    found = lock_in(t_s, y, 3.0, 3.7)
    assert abs(found) == pytest.approx(4.0, rel=1e-9)
    assert np.degrees(np.angle(found)) == pytest.approx(70.0, rel=1e-9)


@pytest.mark.parametrize("hide", [slice(0, 18), slice(5, 40)])
def test_lock_in_does_not_guess_over_a_large_hole(hide: slice) -> None:
    t_s = np.linspace(0.0, 0.7, 42, endpoint=False)
    y = np.cos(2 * np.pi * t_s / 0.7)
    y[hide] = np.nan
    assert np.isnan(lock_in(t_s, y, 0.0, 0.7).real)


def strides_of(true: complex, sd: float, n: int, rng: np.random.Generator = RNG) -> np.ndarray:
    return true + sd * (rng.standard_normal(n) + 1j * rng.standard_normal(n))


def test_a_still_pelvis_reads_nothing() -> None:
    sizes = [estimate(strides_of(0j, 4.0, 50), 60.0, 0.0)[TURN].value for _ in range(400)]
    uncorrected = 4.0 * np.sqrt(np.pi / 2) / np.sqrt(50)
    assert np.median(sizes) < 0.75 * uncorrected
    assert np.sqrt(np.mean(np.square(sizes))) < uncorrected


@pytest.mark.parametrize("size", [0.0, 1.0, 3.0, 10.0])
def test_intervals_hold_the_truth(size: float) -> None:
    inside = {TURN: 0, QUADRATURE: 0}
    rng = np.random.default_rng(int(size))
    for _ in range(500):
        true = size * np.exp(1j * rng.uniform(0, 2 * np.pi))
        reported = estimate(strides_of(true, 3.0, 40, rng), 60.0, 0.0)
        inside[TURN] += reported[TURN].low <= size <= reported[TURN].high
        inside[QUADRATURE] += reported[QUADRATURE].low <= true.imag <= reported[QUADRATURE].high
    assert inside[TURN] / 500 >= 0.90
    assert 0.92 <= inside[QUADRATURE] / 500 <= 0.99


def test_too_much_noise_cannot_tell() -> None:
    few, many = (estimate(strides_of(8 + 0j, 12.0, n), 60.0) for n in (20, 60))
    assert {m.reason for m in few.values()} == {FEW_STRIDES}
    assert {m.reason for m in many.values()} == {TOO_NOISY}
    assert all(np.isnan(m.value) for m in (*few.values(), *many.values()))


def test_a_vanishing_turn_has_no_lead() -> None:
    reported = estimate(strides_of(0.1 + 0j, 2.0, 50), 60.0)
    assert reported[TURN].measured
    assert not reported["pelvic_lead_deg"].measured


def test_drag_that_the_drill_left_open_widens_the_turn_but_not_its_quadrature() -> None:
    turns = strides_of(6j + 1.0, 2.0, 50)
    sure, unsure = estimate(turns, 60.0), estimate(turns, 60.0, lifts_sd_deg=2.0)
    assert unsure[TURN].high - unsure[TURN].low > sure[TURN].high - sure[TURN].low
    assert unsure[QUADRATURE] == sure[QUADRATURE]


def test_without_the_drill_nothing_is_reported() -> None:
    reported = film((15.0, RunnerSpec(pelvic_turn_deg=12.0, flaws=noisy())))
    assert not reported.last.pelvic_calibrated
    assert {reported.last.measures[name].reason for name in PELVIC_TURN} == {NOT_CALIBRATED}
    assert {reported.last.measures[name].reason for name in MEASURED} == {NOT_CALIBRATED, NEEDS_BELT}
    assert all(np.isnan(reported.last.measures[name].value) for name in MEASURED)
    assert np.isfinite(reported.strides["pelvic_quadrature_deg"]).all(), "the rows keep the facts"


@pytest.mark.parametrize("drag", [0.0, 0.05])
def test_the_drill_takes_the_drag_out(drag: float) -> None:
    flaws = noisy(thigh_drag=drag)
    reported = film(
        (28.0, RunnerSpec("knee_lift", flaws=flaws)),
        (28.0, RunnerSpec(speed_mps=3.0, pelvic_turn_deg=10.0, pelvic_lead_deg=80.0, flaws=flaws)),
        direction="right",
    )
    assert reported.last.pelvic_calibrated
    turn, quadrature = reported.last.measures[TURN], reported.last.measures[QUADRATURE]
    assert turn.low <= 10.0 <= turn.high
    assert quadrature.value == pytest.approx(10.0 * np.sin(np.radians(80.0)), abs=1.5)
    raw = np.nanmean(reported.strides["pelvic_in_phase_deg"])
    assert raw > 8.0 if drag else raw < 5.0


def test_a_locked_waist_is_lower_than_a_free_one() -> None:
    stiff, free = (
        film((28.0, RunnerSpec("knee_lift", flaws=noisy())), (28.0, RunnerSpec(pelvic_turn_deg=turn, flaws=noisy())))
        for turn in (0.5, 10.0)
    )
    assert stiff.last.measures[QUADRATURE].high < free.last.measures[QUADRATURE].low


def stride_rows(hand: slice) -> np.ndarray:
    """History of one stride at 60 fps: thighs in anti-phase, hips 12 px peak to peak ahead by 80
    degrees, a hand over them.
    """
    rows = np.full((42, h.COLUMNS), 0.0)
    rows[:, h.T_S] = 5.0 + np.arange(42) / 60
    phase = 2 * np.pi * np.arange(42) / 42
    rows[:, h.THIGH_NEAR], rows[:, h.THIGH_FAR] = 30 * np.cos(phase), -30 * np.cos(phase)
    rows[:, h.LENGTH_NEAR] = rows[:, h.LENGTH_FAR] = 150.0
    rows[:, h.HIPS_D] = 20.0 + 6.0 * np.cos(phase + np.radians(80))
    rows[hand, h.HAND] = 1.0
    rows[hand, h.HIPS_D] += 25.0  # what a hand does to the landmark
    return rows


def closed(pelvis: LandmarkPelvis, rows: np.ndarray) -> PelvicStride | None:
    return pelvis.close(rows, thighs_lock_in(rows, 5.0, 5.7), 5.0, 5.7)


@pytest.mark.parametrize("hand", [slice(0, 0), slice(10, 18), slice(33, 42)])
def test_a_hand_over_the_hip_does_not_move_the_answer(hand: slice) -> None:
    found = closed(LandmarkPelvis(300.0), stride_rows(hand))
    assert found is not None
    expected = np.degrees(12.0 / (300.0 * WIDTH_M)) * np.exp(1j * np.radians(80))
    assert found.turn == pytest.approx(expected, abs=0.05)


class Fixed:
    """A source of another kind that sees three degrees."""

    name = "fixed"
    calibrated = True

    def __init__(self) -> None:
        self.closed = 0

    def close(self, rows: np.ndarray, thighs: Thighs, start_s: float, end_s: float) -> PelvicStride | None:
        self.closed += 1
        return None

    def measures(self) -> dict[str, Measure]:
        nothing = dict.fromkeys(MEASURED, Measure.cannot_tell("not its business", self.closed))
        return {**nothing, TURN: Measure(3.0, 2.5, 3.5, self.closed)}

    def forget(self) -> None:
        self.closed = 0

    def reset(self) -> None:
        self.closed = 0


def test_another_source_plugs_in() -> None:
    class WithFixed(Pelvis):
        fixed: PelvicSource = Fixed()

        @property
        def _best(self) -> PelvicSource:
            return self.fixed

        def close(self, rows: np.ndarray, start_s: float, end_s: float) -> PelvicStride | None:
            return self.fixed.close(rows, thighs_lock_in(rows, start_s, end_s), start_s, end_s)

    pelvis = WithFixed(View())
    core = GaitCore(pelvis=pelvis)
    for pose in SyntheticRunner(RunnerSpec(), seconds=8.0).poses():
        gait = core.step(pose)
    assert (gait.pelvic_source, gait.pelvic_calibrated) == ("fixed", True)
    assert gait.measures[TURN].value == 3.0
    assert gait.measures[TURN].n > 5


def test_unseen_hips_are_named_as_the_reason() -> None:
    pelvis = LandmarkPelvis(300.0)
    rows = stride_rows(slice(0, 0))
    rows[:, h.HIPS_D] = NAN
    assert [closed(pelvis, rows) for _ in range(8)] == [None] * 8
    assert {pelvis.measures()[name].reason for name in PELVIC_TURN} == {NOT_SEEN}


def test_one_stride_with_a_jumping_landmark_does_not_count() -> None:
    pelvis = LandmarkPelvis(300.0)
    for i in range(30):
        rows = stride_rows(slice(0, 0))
        rows[:, h.HIPS_D] += RNG.normal(0, 2, len(rows))
        if i == 20:
            rows[10:20, h.HIPS_D] += 400.0
        closed(pelvis, rows)
    for near in (True, False, True, False):
        lift = np.zeros((60, h.COLUMNS))
        lift[30:, h.THIGH_NEAR if near else h.THIGH_FAR] = 45.0
        lift[:, h.LENGTH_NEAR] = lift[:, h.LENGTH_FAR] = 150.0
        pelvis.lift(lift, near)
    closed(pelvis, stride_rows(slice(0, 0)))
    assert pelvis.measures()[TURN].value == pytest.approx(np.degrees(12.0 / (300.0 * WIDTH_M)), rel=0.03)


def pairs_of(belted: bool) -> list[PelvicPair]:
    """What the core pairs up of a made run with perfect landmarks after a slow turn."""
    spec = run_spec(4.0, seconds=14.0)
    films = (made(slow_turn_spec(spec, 10.0), landmark_sd_px=0.0), replace(made(spec, landmark_sd_px=0.0), start_ns=20 * NS))
    inputs = [given for stretch in films for given in stretch.inputs() if belted or isinstance(given, Pose)]
    core = GaitCore(films[0].view)
    return [pair for given in inputs if (pair := core.step(given).pelvic_pair) is not None]


def test_strides_that_belt_and_landmarks_saw_are_paired() -> None:
    pairs = pairs_of(belted=True)
    assert len(pairs) >= 10
    assert all(later.start_s > earlier.start_s for earlier, later in pairwise(pairs))
    belt = np.mean([complex(p.belt_in_phase_deg, p.belt_quadrature_deg) for p in pairs])
    landmarks = np.mean([complex(p.landmarks_in_phase_deg, p.landmarks_quadrature_deg) for p in pairs])
    assert abs(belt) == pytest.approx(8.0, abs=1.0)
    assert abs(landmarks - belt) < 2.0, "landmarks that are where the hips are read the same turn"


def test_without_a_belt_there_are_no_pairs() -> None:
    assert pairs_of(belted=False) == []
