"""Pelvic turn from the pixels round the hips: gain and drag are taken out, and the interval says
what is not known of them.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from station.gait import GaitCore
from station.gait.pelvis.choice import Pelvis
from station.gait.pelvis.pixels import HIDDEN, NO_BAND, TOO_WIDE
from station.testing.synthetic import SyntheticRunner
from station.testing.synthetic_motion import RunnerSpec
from station.types import Gait, HipTurn, TurnBand

BAND = TurnBand(15.0, gain=0.6, gain_sd=0.05, drag=0.03, drag_sd=0.02, quadrature_sd=0.13, change_sd_deg=0.0, people=12)
WIDE = replace(BAND, most_azimuth_deg=45.0, gain=0.4, gain_sd=0.15, drag_sd=0.2)
TURN, QUADRATURE, LEAD = "pelvic_turn_deg", "pelvic_turn_quadrature_deg", "pelvic_lead_deg"
SECONDS = 30.0
RUN = ((SECONDS, RunnerSpec(speed_mps=3.0)),)
DRILL = (
    (2.0, RunnerSpec(activity="standing", speed_mps=0.0)),
    (12.0, RunnerSpec(activity="knee_lift", lifts_per_leg=3, speed_mps=0.0)),
    (SECONDS, RunnerSpec(speed_mps=3.0)),
)


def readings(
    runner: SyntheticRunner,
    turn_deg: float,
    lead_deg: float,
    band: TurnBand,
    drag: float,
    noise_deg: float,
    spread_deg: float = 3.0,
    bearing_deg: float = 3.0,
) -> list[HipTurn]:
    """What a pelvis model with that gain reads of a pelvis that turns so, peak to peak, and of the
    thighs with that drag.
    """
    t_ns = np.array([pose.t_ns for pose in runner.poses()])
    angles = runner.angles((t_ns - t_ns[0]) / 1e9)
    near, far = angles["thigh_near_deg"], angles["thigh_far_deg"]
    running = np.abs(near) + np.abs(far) > 0
    start = runner.truth.strides["start_s"][0] if len(runner.truth.strides) else 0.0
    duration = float(np.median(runner.truth.strides["duration_s"]))
    t_s = (t_ns - t_ns[0]) / 1e9
    stride = np.exp(2j * np.pi * (t_s - start) / duration)
    inside = (t_s >= start) & running
    legs = 2.0 * np.mean((near - far)[inside] * stride[inside].conj())
    own = 0.5 * turn_deg * (stride * legs / abs(legs) * np.exp(1j * np.radians(lead_deg))).real * (t_s >= start)
    thighs = drag * 0.5 * (near - far)
    noise = np.random.default_rng(1).laplace(0, noise_deg, len(t_s)) if noise_deg else 0.0
    read = band.gain * own + thighs + bearing_deg + noise
    return [HipTurn(int(t), float(v), spread_deg) for t, v in zip(t_ns, read, strict=True)]


def reported(
    turn_deg: float,
    lead_deg: float = 100.0,
    script: tuple[tuple[float, RunnerSpec], ...] = RUN,
    band: TurnBand = BAND,
    drag: float = BAND.drag,
    noise_deg: float = 3.0,
    azimuth_deg: float = 0.0,
    **seen: float,
) -> Gait:
    runner = SyntheticRunner(script)
    view = replace(runner.view, azimuth_deg=azimuth_deg)
    core = GaitCore(view, Pelvis(view, (band, WIDE)))
    for pose, turn in zip(runner.poses(), readings(runner, turn_deg, lead_deg, band, drag, noise_deg, **seen), strict=True):
        core.step(turn)
        gait = core.step(pose)
    return gait


@pytest.mark.parametrize("turn_deg", [0.0, 3.0, 8.0, 14.0])
def test_a_turn_that_leads_is_read_with_its_interval(turn_deg: float) -> None:
    gait = reported(turn_deg)
    assert gait.pelvic_source == "pixels"
    turn, quadrature = gait.measures[TURN], gait.measures[QUADRATURE]
    assert turn.low <= turn_deg <= turn.high
    true_quadrature = turn_deg * np.sin(np.radians(100.0))
    assert quadrature.low <= true_quadrature <= quadrature.high


@pytest.mark.parametrize("turn_deg", [0.0, 8.0, 14.0])
@pytest.mark.parametrize("lead_deg", [10.0, 60.0, 120.0])
def test_without_noise_the_known_gain_and_drag_leave_the_truth(turn_deg: float, lead_deg: float) -> None:
    measures = reported(turn_deg, lead_deg, noise_deg=0.0).measures
    assert measures[TURN].value == pytest.approx(turn_deg, abs=0.25)
    assert measures[QUADRATURE].value == pytest.approx(turn_deg * np.sin(np.radians(lead_deg)), abs=0.25)
    if turn_deg:
        assert measures[LEAD].value == pytest.approx(lead_deg, abs=3.0)


def test_a_locked_and_a_typical_pelvis_are_told_apart() -> None:
    assert reported(1.5).measures[QUADRATURE].high < reported(8.0).measures[QUADRATURE].low


def test_what_the_thighs_drag_along_beyond_what_people_do_leaves_the_quarter_stride_part_alone() -> None:
    usual, dragged = reported(8.0, noise_deg=0.0), reported(8.0, drag=0.15, noise_deg=0.0)
    assert dragged.measures[QUADRATURE].value == pytest.approx(usual.measures[QUADRATURE].value, abs=0.3)


def test_the_drill_shows_this_runners_own_drag() -> None:
    with_drill = reported(8.0, script=DRILL, drag=0.12, noise_deg=0.0)
    without = reported(8.0, drag=0.12, noise_deg=0.0)
    assert abs(with_drill.measures[TURN].value - 8.0) < 1.0
    assert abs(without.measures[TURN].value - 8.0) > 1.0


def test_the_band_of_the_azimuth_holds() -> None:
    oblique = reported(8.0, azimuth_deg=30.0)
    assert not oblique.measures[TURN].measured
    assert oblique.measures[TURN].reason == TOO_WIDE
    assert reported(8.0, azimuth_deg=60.0).pelvic_source == "landmarks"


def test_a_model_that_is_less_sure_widens_the_interval_but_not_that_of_a_change() -> None:
    sure, unsure = (reported(8.0, spread_deg=spread).measures[QUADRATURE] for spread in (3.0, 9.0))
    assert unsure.high - unsure.low > 1.5 * (sure.high - sure.low)
    assert unsure.ci95_change == pytest.approx(sure.ci95_change)
    assert sure.ci95_change[1] - sure.ci95_change[0] < 0.6 * (sure.high - sure.low)


def test_a_camera_that_stands_more_oblique_than_was_given_is_seen() -> None:
    gait = reported(8.0, bearing_deg=58.0)
    assert gait.pelvic_source == "pixels"
    assert gait.measures[QUADRATURE].reason == NO_BAND
    near, oblique = (reported(8.0, bearing_deg=bearing).measures[QUADRATURE] for bearing in (3.0, -30.0))
    assert oblique.high - oblique.low > near.high - near.low


def test_hidden_hips_are_no_measurement() -> None:
    runner = SyntheticRunner(RUN)
    core = GaitCore(runner.view, Pelvis(runner.view, (BAND,)))
    for pose in runner.poses():
        core.step(HipTurn(pose.t_ns, 2.0, 40.0))
        gait = core.step(pose)
    assert gait.measures[TURN].reason == HIDDEN


def test_without_a_pelvis_model_the_landmarks_are_asked() -> None:
    runner = SyntheticRunner(RUN)
    core = GaitCore(runner.view, Pelvis(runner.view))
    assert [core.step(pose) for pose in runner.poses()][-1].pelvic_source == "landmarks"
