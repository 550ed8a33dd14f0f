"""Stride clock, rows, events and belt speed against runners whose truth is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from station.gait import GaitCore
from station.sense.poses import load_poses
from station.testing.synthetic import SyntheticRunner
from station.testing.synthetic_motion import RunnerSpec
from station.types import NAN, NS, Joint, Pose, Reading, Side, View
from tests.analysed import analyse
from tests.gait.conftest import Reported, film, noisy


def worst_gap_ms(reported: Reported, kind: str, side: Side) -> tuple[float, float]:
    """(median signed, largest absolute) distance of the events from the nearest true one."""
    true = reported.truth.times_s(kind, side)
    off = [e.t_ns / NS - true[np.abs(true - e.t_ns / NS).argmin()] for e in reported.events if (e.kind, e.side) == (kind, side)]
    return 1000 * float(np.median(off)), 1000 * float(np.abs(off).max())


@pytest.mark.parametrize("fps", [18.0, 30.0, 60.0, 120.0])
@pytest.mark.parametrize("speed_mps", [1.9, 2.5, 3.5, 5.0])
def test_every_stride_is_found_once(speed_mps: float, fps: float) -> None:
    reported = film((12.0, RunnerSpec(speed_mps=speed_mps, flaws=noisy())), fps=fps)
    assert reported.activities(from_s=2.5) == {"running"}
    truth = reported.truth.strides
    assert len(reported.strides) in (len(truth) - 1, len(truth), len(truth) + 1)
    assert reported.last.measures["cadence_spm"].value == pytest.approx(truth["cadence_spm"].mean(), abs=0.5)
    starts = reported.strides["start_s"]
    assert np.abs(starts[:, None] - truth["start_s"][None]).min(axis=1).max() < 0.12
    assert (np.diff(starts) > 0.5).all()


@pytest.mark.parametrize(("jitter_ms", "lost"), [(8.0, 0.0), (0.0, 0.3), (8.0, 0.15)])
@pytest.mark.parametrize("fps", [30.0, 60.0])
def test_jittered_and_lost_frames(fps: float, jitter_ms: float, lost: float) -> None:
    reported = film((15.0, RunnerSpec(speed_mps=3.0, flaws=noisy())), fps=fps, jitter_ms=jitter_ms, lost_fraction=lost)
    assert reported.last.measures["cadence_spm"].value == pytest.approx(reported.truth.strides["cadence_spm"].mean(), abs=0.7)
    assert reported.last.measures["tle_near_deg"].value == pytest.approx(reported.truth.strides["tle_near_deg"].mean(), abs=1.2)
    assert len(reported.strides) >= 0.85 * len(reported.truth.strides)


def test_rows_tell_what_was_run() -> None:
    """Step times less closely: the core allows for what real feet move sideways while they land."""
    reported = film((25.0, RunnerSpec(speed_mps=3.5, trunk_lean_deg=7.0, flaws=noisy(), variability=1.0)))
    allowed = {
        "thigh_forward_near_deg": 1.5,
        "tle_near_deg": 1.0,
        "thigh_excursion_near_deg": 1.5,
        "tle_share_near": 0.02,
        "thigh_forward_far_deg": 1.5,
        "tle_far_deg": 1.0,
        "knee_flexion_stance_near_deg": 2.0,
        "knee_flexion_swing_near_deg": 2.0,
        "trunk_lean_deg": 0.5,
        "contact_s": 0.02,
        "step_time_near_s": 0.015,
        "step_time_far_s": 0.015,
        "speed_mps": 0.1,
        "step_length_m": 0.04,
        "vertical_oscillation_cm": 0.5,
        "flight_time_ms": 20.0,
        "duty_factor_pct": 2.5,
        "overstride_near_cm": 3.0,
        "shank_contact_near_deg": 3.0,
        "thigh_shank_phase_deg": 3.0,
    }
    for name, bar in allowed.items():
        assert np.nanmean(reported.strides[name]) == pytest.approx(np.nanmean(reported.truth.strides[name]), abs=bar), name
    assert (reported.strides["running"] == 1).all()
    assert (reported.strides["seen_fraction"] > 0.95).all()


def test_events_come_once_each_with_the_right_foot() -> None:
    reported = film((20.0, RunnerSpec(speed_mps=3.0, flaws=noisy())), fps=60.0)
    for kind, bias_ms, worst_ms in (("contact", 15, 35), ("toe_off", 20, 45)):
        for side in ("left", "right"):
            bias, worst = worst_gap_ms(reported, kind, side)  # type: ignore[arg-type]
            assert abs(bias) < bias_ms
            assert worst < worst_ms
            found = sum((e.kind, e.side) == (kind, side) for e in reported.events)
            assert found >= len(reported.truth.times_s(kind, side)) - 4  # type: ignore[arg-type]
    assert all(0.0 < e.confidence <= 1.0 for e in reported.events)
    assert all((e.t_ns - reported.gaits[0].t_ns) % 1_000_000 == 0 for e in reported.events), "rounded to 1 ms"


def test_contact_time_needs_fifty_pictures_a_second() -> None:
    slow, fast = (film((12.0, RunnerSpec(flaws=noisy())), fps=fps) for fps in (30.0, 60.0))
    assert np.isnan(slow.strides["contact_s"]).all()
    assert not slow.last.measures["contact_time_ms"].measured
    assert "50" in slow.last.measures["contact_time_ms"].reason
    assert fast.last.measures["contact_time_ms"].measured


@pytest.mark.parametrize("speed_mps", [2.5, 3.5, 4.5])
def test_belt_speed_is_seen_in_the_feet(speed_mps: float) -> None:
    reported = film((20.0, RunnerSpec(speed_mps=speed_mps, flaws=noisy())))
    assert reported.last.speed.origin == "picture"
    assert reported.last.speed.mps == pytest.approx(speed_mps, rel=0.05)


@pytest.mark.parametrize(
    ("far_slowed", "jump_every", "told"), [(1.0, 0, True), (0.95, 0, True), (0.8, 0, False), (1.0, 2, False)]
)
def test_belt_speed_is_unknown_where_the_feet_do_not_agree(far_slowed: float, jump_every: int, told: bool) -> None:
    """A pose model draws the far foot to the body, or misses it in every other stride."""
    runner = SyntheticRunner(RunnerSpec(speed_mps=3.0, flaws=noisy()), seconds=20.0)
    foot = [Joint.LEFT_HEEL, Joint.LEFT_FOOT_INDEX]
    stride_s = 120.0 / float(runner.truth.strides["cadence_spm"].mean())
    core, gait = GaitCore(runner.view), None
    for pose in runner.poses():
        xy = pose.xy_px.copy()
        hip = xy[[Joint.LEFT_HIP, Joint.RIGHT_HIP], 0].mean()
        lost = jump_every and int(pose.t_ns / NS / stride_s) % jump_every
        xy[foot, 0] = hip + (0.4 if lost else far_slowed) * (xy[foot, 0] - hip)
        gait = core.step(Pose(pose.t_ns, xy, pose.score))
    assert gait is not None
    assert gait.near_side == "right"
    assert (gait.speed.origin == "picture") == told
    if told:
        assert gait.speed.mps == pytest.approx(3.0, rel=0.06)


def test_belt_speed_without_scale_is_unknown() -> None:
    core = GaitCore()
    gaits = [core.step(pose) for pose in SyntheticRunner(RunnerSpec(), seconds=8.0).poses()]
    assert gaits[-1].speed.origin == "unknown"
    assert np.isnan(gaits[-1].speed.mps)
    assert np.isnan(gaits[-1].measures["step_length_m"].value)


def test_given_and_read_speed_come_before_the_picture() -> None:
    core = GaitCore()
    assert core.step(Reading(0, "speed_given_mps", 3.0)).speed.origin == "given"
    reported = core.step(Reading(NS, "speed_ftms_mps", 2.8)).speed
    assert (reported.mps, reported.origin, reported.steady) == (2.8, "ftms", False)
    for second in range(2, 16):
        reported = core.step(Reading(second * NS, "speed_ftms_mps", 2.8)).speed
    assert reported.steady
    assert core.step(Reading(22 * NS, "nothing_known", 1.0)).speed.origin == "given", (
        "a silent treadmill is not believed for ever"
    )
    assert core.step(Reading(23 * NS, "speed_given_mps", NAN)).speed.mps == 3.0


def test_the_treadmill_reports_its_incline_for_a_while() -> None:
    core = GaitCore()
    assert np.isnan(core.step(Reading(0, "speed_ftms_mps", 2.8)).speed.incline_pct)
    assert core.step(Reading(NS, "incline_ftms_pct", -1.5)).speed.incline_pct == -1.5
    assert core.step(Reading(3 * NS, "speed_ftms_mps", 2.8)).speed.incline_pct == -1.5
    assert np.isnan(core.step(Reading(9 * NS, "speed_ftms_mps", 2.8)).speed.incline_pct), "it has fallen silent"


def test_every_contact_of_a_thigh_with_two_forward_peaks_is_found(shared: Path) -> None:
    """A healthy runner whose thigh peaks before contact and again after it: either may be the
    higher one.
    """
    found = load_poses(shared / "data" / "field" / "double_peaked_thigh.npz")
    poses = [Pose(t, xy, s) for t, xy, s in zip(found.t_ns.tolist(), found.xy_px, found.score, strict=True)]
    reported = analyse(poses, View(found.width_px, found.height_px))
    for side in ("left", "right"):
        contacts = [e.t_ns / NS for e in reported.events if (e.kind, e.side) == ("contact", side)]
        assert len(contacts) == len(reported.strides) >= 11
        assert np.ptp(np.diff(contacts)) < 0.09, "one a stride"
    assert reported.last.measures["retraction_near_pct"].value == pytest.approx(17.0, abs=1.5)
    assert reported.last.measures["knee_flexion_stance_near_deg"].n >= 10
    assert reported.last.measures["contact_time_ms"].measured


@pytest.mark.parametrize(("fps", "reported"), [(18.0, ()), (30.0, ("stance",)), (60.0, ("stance", "contact"))])
def test_what_the_frames_are_too_slow_for_is_not_reported(fps: float, reported: tuple[str, ...]) -> None:
    measures = film((12.0, RunnerSpec(flaws=noisy())), fps=fps).last.measures
    for word, name, least in (("stance", "knee_flexion_stance_near_deg", 25), ("contact", "contact_time_ms", 50)):
        assert measures[name].measured == (word in reported)
        if word not in reported:
            assert measures[name].reason == f"needs at least {least} frames a second"
