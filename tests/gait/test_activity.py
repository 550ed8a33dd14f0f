"""Absent, standing, walking, running; the drill; hands on the rail; the place on the belt."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from station.gait import GaitCore
from station.testing.synthetic import SyntheticRunner
from station.testing.synthetic_body import Filming
from station.testing.synthetic_motion import RunnerSpec
from station.types import NS, Activity, Joint, Tick
from tests.gait.conftest import film, noisy


@pytest.mark.parametrize("cadence_spm", [80.0, 100.0, 120.0, 135.0, 145.0])
@pytest.mark.parametrize("fps", [18.0, 30.0, 60.0])
def test_walking_is_never_running(cadence_spm: float, fps: float) -> None:
    walker = RunnerSpec("walking", speed_mps=1.6, cadence_spm=cadence_spm, flaws=noisy(), variability=1.0)
    reported = film((12.0, walker), fps=fps)
    assert reported.activities(from_s=3.0) == {"walking"}
    assert "running" not in reported.activities()
    assert (reported.strides["running"] == 0).all()
    assert np.isnan(reported.strides["contact_s"]).all()


@pytest.mark.parametrize("cadence_spm", [140.0, 150.0, 165.0])
@pytest.mark.parametrize("fps", [18.0, 30.0, 60.0])
def test_a_slow_jog_is_running(cadence_spm: float, fps: float) -> None:
    reported = film((10.0, RunnerSpec(speed_mps=1.9, cadence_spm=cadence_spm, flaws=noisy(), variability=1.0)), fps=fps)
    assert reported.activities(from_s=2.5) == {"running"}


def test_a_session_in_order() -> None:
    reported = film(
        (4.0, RunnerSpec("standing", flaws=noisy())),
        (8.0, RunnerSpec("walking", speed_mps=1.5, flaws=noisy())),
        (12.0, RunnerSpec(speed_mps=2.8, flaws=noisy())),
        (5.0, RunnerSpec("standing", flaws=noisy())),
        (3.0, RunnerSpec("absent")),
    )
    order = [reported.gaits[0].activity]
    for gait in reported.gaits:
        if gait.activity != order[-1]:
            order.append(gait.activity)
    assert order == [Activity.STANDING, Activity.WALKING, Activity.RUNNING, Activity.STANDING, Activity.ABSENT]
    assert reported.activities(2.0, 4.0) == {"standing"}
    assert reported.activities(15.0, 24.0) == {"running"}
    assert reported.activities(30.0) == {"absent"}
    assert reported.last.tracked_fraction == 0.0
    assert reported.last.angles is None
    assert reported.last.speed.origin == "unknown", "no feet on the belt, no speed in the frame"


def test_a_silent_camera_makes_the_runner_absent() -> None:
    reported = film((5.0, RunnerSpec(flaws=noisy())))
    core = GaitCore()
    poses = list(SyntheticRunner(RunnerSpec(), seconds=5.0).poses())
    for pose in poses:
        gait = core.step(pose)
    assert gait.activity == reported.last.activity == Activity.RUNNING
    assert core.step(Tick(poses[-1].t_ns + NS // 4)).activity == Activity.RUNNING
    lost = core.step(Tick(poses[-1].t_ns + NS))
    assert lost.activity == Activity.ABSENT
    assert np.isnan(lost.stride_phase)


@pytest.mark.parametrize("direction", ["left", "right"])
def test_knee_lifts_are_counted_and_are_no_running(direction: str) -> None:
    reported = film((30.0, RunnerSpec("knee_lift", flaws=noisy())), direction=direction)
    assert reported.activities(from_s=1.0) == {"standing"}
    far = "left" if direction == "right" else "right"
    for count, side in zip(reported.last.knee_lifts, (direction, far), strict=True):
        true = reported.truth.times_s("knee_lift", side)  # type: ignore[arg-type]
        found = [e.t_ns / NS for e in reported.events if e.kind == "knee_lift" and e.side == side]
        assert len(true) - 1 <= count == len(found) <= len(true)
        assert np.abs(np.subtract.outer(found, true)).min(axis=1).max() < 0.25
    assert len(reported.strides) == 0
    assert reported.last.pelvic_calibrated


@pytest.mark.parametrize("seed", range(12))
def test_knee_lifts_in_which_the_legs_are_exchanged_are_no_walking(seed: int) -> None:
    """Both thighs then seem to pass each other; hips seen too far ahead let them hang 4 deg behind
    the vertical."""
    runner = SyntheticRunner(RunnerSpec("knee_lift"), seconds=25.0, filming=Filming(fps=20), seed=seed)
    rng, core = np.random.default_rng(seed), GaitCore()
    seen = []
    for pose in runner.poses():
        xy = pose.xy_px.copy()
        for side in ("LEFT", "RIGHT"):
            thigh_px = np.hypot(*(xy[Joint[f"{side}_KNEE"]] - xy[Joint[f"{side}_HIP"]]))
            xy[Joint[f"{side}_HIP"], 0] += np.sin(np.radians(4.0)) * thigh_px
        if rng.random() < 0.25:
            for part in ("HIP", "KNEE", "ANKLE", "HEEL", "FOOT_INDEX"):
                pair = [Joint[f"LEFT_{part}"], Joint[f"RIGHT_{part}"]]
                xy[pair] = xy[pair[::-1]]
        seen.append(core.step(replace(pose, xy_px=xy)).activity)
    assert set(seen[20:]) == {Activity.STANDING}


def test_small_lifts_do_not_count() -> None:
    reported = film((12.0, RunnerSpec("knee_lift", lift_deg=25.0, flaws=noisy())))
    assert reported.last.knee_lifts == (0, 0)
    assert not reported.last.pelvic_calibrated


def test_lifts_are_forgotten_when_the_run_begins() -> None:
    reported = film((12.0, RunnerSpec("knee_lift", flaws=noisy())), (8.0, RunnerSpec(flaws=noisy())))
    assert max(g.knee_lifts[0] for g in reported.gaits) >= 2
    assert reported.last.knee_lifts == (0, 0)
    assert reported.last.pelvic_calibrated, "what they showed is kept"


def test_hands_on_the_rail() -> None:
    reported = film(
        (8.0, RunnerSpec(speed_mps=2.5, flaws=noisy())),
        (10.0, RunnerSpec(speed_mps=2.5, on_rail=True, flaws=noisy())),
        (8.0, RunnerSpec(speed_mps=2.5, flaws=noisy())),
    )
    held = np.array([g.hands_on_rail for g in reported.gaits])
    t_s = np.array([g.t_ns for g in reported.gaits]) / NS
    assert not held[t_s < 8].any()
    assert held[(t_s > 15) & (t_s < 18)].all()
    assert not held[t_s > 23].any()


@pytest.mark.parametrize("direction", ["left", "right"])
def test_place_on_the_belt_follows_the_runner(direction: str) -> None:
    places = [
        np.nanmean([g.zone_position for g in film((4.0, RunnerSpec(position_m=x, flaws=noisy())), direction=direction).gaits])
        for x in (-0.4, 0.0, 0.4)
    ]
    assert places[0] < places[1] - 0.05 < places[2] - 0.1
    assert 0.3 < places[1] < 0.7


def test_place_is_in_the_picture_also_when_the_camera_is_tilted() -> None:
    tilted = {"direction": "right", "roll_deg": 8.0, "hip_at": (0.5, 0.3)}
    runner = SyntheticRunner(RunnerSpec(), seconds=3.0, filming=Filming(**tilted))  # type: ignore[arg-type]
    hips_px = runner.xy_px[:, Joint.LEFT_HIP : Joint.RIGHT_HIP + 1, 0].mean()
    x0, _, x1, _ = runner.view.zone
    reported = np.nanmean([g.zone_position for g in film((3.0, RunnerSpec()), **tilted).gaits])
    assert reported == pytest.approx((hips_px / runner.view.width_px - x0) / (x1 - x0), abs=0.003)
    assert reported > 0.51


def test_a_wide_open_view_has_no_place() -> None:
    core = GaitCore()  # no picture size
    assert all(np.isnan(core.step(pose).zone_position) for pose in SyntheticRunner(RunnerSpec(), seconds=1.0).poses())
