"""Stories told with landmarks: the angle core and all that follows it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from station.coach import Coach
from station.cues import Plan
from station.testing.synthetic import SyntheticRunner
from station.testing.synthetic_body import Filming
from station.testing.synthetic_motion import RunnerSpec
from station.types import NS, Input, Mode, Pose, Reading, Step, Tick, View

# A session in two minutes instead of twenty.
QUICK = Plan(baseline_s=45, quiet_start_s=20, cue_block_s=180, planned_s=600, contrast_part_s=30)
SITS = RunnerSpec(speed_mps=2.5, tle_deg=11.0, thigh_excursion_deg=38.0, trunk_lean_deg=-4.0)


def steps(plan: Plan, view: View, inputs: Iterable[Input], speed_mps: float = 3.0) -> list[Step]:
    coach = Coach(view, plan)
    return [coach.step(given) for given in (Reading(0, "speed_given_mps", speed_mps), *inputs)]


def spoken(reported: list[Step]) -> list[str]:
    return [cue.id for step in reported for cue in step.cues if "audio" in cue.channels]


def modes(reported: list[Step]) -> list[Mode]:
    found: list[Mode] = []
    for step in reported:
        if not found or found[-1] is not step.mode:
            found.append(step.mode)
    return found


def test_the_drill_and_then_a_waist_that_locks_and_lets_go() -> None:
    script = [
        (8.0, RunnerSpec("standing")),
        (24.0, RunnerSpec("knee_lift", lifts_per_leg=6)),
        (2.0, RunnerSpec("standing")),
        (95.0, RunnerSpec(pelvic_turn_deg=10.0)),
        (50.0, RunnerSpec(pelvic_turn_deg=0.5)),
        (30.0, RunnerSpec(pelvic_turn_deg=10.0)),
    ]
    runner = SyntheticRunner(script, filming=Filming(fps=20))
    reported = steps(QUICK, runner.view, runner.poses())
    assert modes(reported) == [Mode.IDLE, Mode.FRAMING, Mode.DRILL, Mode.CONTRAST, Mode.BASELINE, Mode.COACH]
    said = spoken(reported)
    assert said[:4] == ["drill.offer", "drill.near", "drill.far", "drill.done"]
    assert [text for text in said if text.startswith(("cue.", "praise."))] == ["cue.locked_waist", "praise.locked_waist"]
    assert max(step.snapshot.progress for step in reported if step.mode is Mode.DRILL) > 0.9


def test_the_contrast_trial_teaches_the_runners_own_scale() -> None:
    script = [
        (8.0, RunnerSpec("standing")),
        (24.0, RunnerSpec("knee_lift", lifts_per_leg=6)),
        (10.0, RunnerSpec("standing")),
        (4.0, RunnerSpec("knee_lift", lifts_per_leg=1)),
        (2.0, RunnerSpec("standing")),
        (38.0, RunnerSpec(pelvic_turn_deg=8.0)),
        (30.0, RunnerSpec(pelvic_turn_deg=1.0)),
        (32.0, RunnerSpec(pelvic_turn_deg=14.0)),
        (60.0, RunnerSpec(pelvic_turn_deg=8.0)),
    ]
    runner = SyntheticRunner(script, filming=Filming(fps=20))
    reported = steps(QUICK, runner.view, runner.poses())
    trial = ["contrast.natural", "contrast.stiff", "contrast.free", "contrast.done", "mode.baseline", "mode.coach"]
    assert [text for text in spoken(reported) if text in trial] == trial
    row = next(fault for fault in reported[-1].faults if fault.rule == "locked_waist")
    assert row.state == "ok"
    assert row.level == pytest.approx(1.0 + (14.0 - 1.0) / 3, abs=1.5), "a third of the way from stiff to free"


def test_a_machine_that_faces_left_is_as_good_as_one_that_faces_right() -> None:
    reported = []
    for direction in ("left", "right"):
        runner = SyntheticRunner([(3.0, RunnerSpec("standing")), (100.0, SITS)], filming=Filming(fps=20, direction=direction))
        reported.append(steps(QUICK, runner.view, runner.poses(), speed_mps=2.5))
    left, right = ([(cue.t_ns, cue.id, cue.action) for step in one for cue in step.cues] for one in reported)
    assert left == right
    assert "cue.sitting" in [text for _, text, _ in left]
    assert {step.gait.near_side for step in reported[0][-10:]} == {"left"}


def test_a_second_person_who_leans_in_is_not_heard_about() -> None:
    """For two seconds in ten the landmarks are those of somebody who stands there."""
    runner = SyntheticRunner(RunnerSpec(), seconds=110, filming=Filming(fps=20))
    other = SyntheticRunner(RunnerSpec("standing", height_m=1.6, position_m=0.5), seconds=110, filming=Filming(fps=20))
    mixed = (b if a.t_ns / NS % 10 > 8 else a for a, b in zip(runner.poses(), other.poses(), strict=True))
    reported = steps(QUICK, runner.view, mixed)
    assert modes(reported) == [Mode.IDLE, Mode.FRAMING, Mode.BASELINE, Mode.COACH]
    assert spoken(reported) == ["mode.baseline", "mode.coach"]


def test_it_starts_within_ten_seconds_and_ends_fifteen_after_leaving() -> None:
    runner = SyntheticRunner([(40.0, RunnerSpec()), (30.0, RunnerSpec("absent"))], filming=Filming(fps=20))
    reported = steps(QUICK, runner.view, runner.poses())
    began = next(step.t_ns for step in reported if step.mode is Mode.BASELINE)
    ended = next(step.t_ns for step in reported if step.mode is Mode.DONE)
    assert began < 10 * NS
    assert 55 * NS < ended < 57 * NS


def test_a_dead_camera_is_noticed_without_a_pose() -> None:
    runner = SyntheticRunner(RunnerSpec(), seconds=30, filming=Filming(fps=20))
    last = int(runner.t_ns[-1])
    reported = steps(QUICK, runner.view, [*runner.poses(), *(Tick(last + i * NS // 2) for i in range(1, 20))])
    assert reported[-1].mode is Mode.LOST
    assert "mode.lost" in spoken(reported)


def test_offline_judges_from_the_first_strides_and_without_a_schedule() -> None:
    runner = SyntheticRunner(SITS, seconds=32, filming=Filming(fps=30))
    reported = steps(Plan.offline(), runner.view, runner.poses(), speed_mps=2.5)
    assert modes(reported) == [Mode.IDLE, Mode.COACH]
    # Who sits has little push behind the hip too: that is what thigh-only drive says; sitting has
    # the higher rank.
    assert {fault.rule for fault in reported[-1].faults if fault.state == "on"} == {"sitting", "thigh_only_drive"}
    assert spoken(reported) == ["cue.sitting"]


def test_offline_a_usual_runner_has_no_fault() -> None:
    runner = SyntheticRunner(RunnerSpec(variability=1.0), seconds=60, filming=Filming(fps=30))
    reported = steps(Plan.offline(), runner.view, runner.poses())
    assert all(fault.state != "on" for step in reported for fault in step.faults)
    assert spoken(reported) == []


def test_nobody_and_a_walker_are_not_coached() -> None:
    script = [(5.0, RunnerSpec("absent")), (40.0, RunnerSpec("walking", speed_mps=1.3)), (5.0, RunnerSpec("absent"))]
    runner = SyntheticRunner(script, filming=Filming(fps=20))
    reported = steps(QUICK, runner.view, runner.poses(), speed_mps=1.3)
    assert modes(reported) == [Mode.IDLE, Mode.FRAMING]
    assert spoken(reported) == []


def test_the_same_inputs_give_the_same_steps() -> None:
    runner = SyntheticRunner(replace(SITS, variability=1.0), seconds=40, filming=Filming(fps=20))
    shifted = (Pose(pose.t_ns + 10**15, pose.xy_px, pose.score) for pose in runner.poses())
    one, two, later = (steps(QUICK, runner.view, poses, speed_mps=2.5) for poses in (runner.poses(), runner.poses(), shifted))
    assert [repr((s.cues, s.faults, s.outcomes)) for s in one] == [repr((s.cues, s.faults, s.outcomes)) for s in two]
    assert [[cue.id for cue in s.cues] for s in one] == [[cue.id for cue in s.cues] for s in later]
