"""Less push than in the own silent baseline, through session, judge and words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from station.coach import Coach
from station.cues import Plan
from station.faults.thigh_only_drive import FALL_DEG, INCLINE_PCT, LESS_PUSH, LITTLE_PUSH, OTHER_INCLINE
from station.types import NAN, Fault, Gait, Speed, View
from tests.made_gait import MadeRunner

BASELINE_S = 190.0
OPENS_DEG = 24.0  # more than the mean at 2.5 m/s: a fall stays within what others do


def fault_after(runner: MadeRunner, then: Iterator[Gait], coach: Coach | None = None) -> Fault:
    coach = coach or Coach(View(1280, 720), Plan())
    for gait in runner.run(BASELINE_S):
        coach.answer(gait)
    for gait in then:
        step = coach.answer(gait)
    return next(fault for fault in step.faults if fault.rule == "thigh_only_drive")


@pytest.mark.parametrize(("falls_deg", "state"), [(FALL_DEG + 0.5, "on"), (FALL_DEG - 0.5, "ok"), (0.0, "ok")])
def test_a_fall_against_the_own_baseline_is_seen_where_the_norms_show_nothing(falls_deg: float, state: str) -> None:
    runner = MadeRunner(2.5, tle_near_deg=OPENS_DEG)
    fault = fault_after(runner, runner.run(60, tle_near_deg=OPENS_DEG - falls_deg))
    assert fault.state == state
    if state == "on":
        assert fault.reason == LESS_PUSH


def test_without_a_baseline_the_same_runner_is_left_alone() -> None:
    coach = Coach(View(1280, 720), Plan.offline())
    for gait in MadeRunner(2.5, tle_near_deg=OPENS_DEG - FALL_DEG - 0.5).run(90):
        step = coach.answer(gait)
    assert all(fault.state != "on" for fault in step.faults)


def test_little_by_the_norms_is_said_as_such() -> None:
    runner = MadeRunner(2.5, tle_near_deg=OPENS_DEG)
    assert fault_after(runner, runner.run(60, tle_near_deg=11.0)).reason == LITTLE_PUSH


@pytest.mark.parametrize(("speed_mps", "opens_deg", "state"), [(2.5, 22.0, "ok"), (3.5, 28.0, "ok"), (3.5, 23.0, "on")])
def test_a_belt_at_another_speed_is_taken_into_account(speed_mps: float, opens_deg: float, state: str) -> None:
    """Baseline at 3 m/s: the leg opens less where the belt is slower, and should open more where it
    is faster."""
    runner = MadeRunner(3.0, tle_near_deg=25.5, thigh_forward_near_deg=32.0)
    then = (replace(gait, speed=Speed(speed_mps, "given")) for gait in runner.run(90, tle_near_deg=opens_deg))
    assert fault_after(runner, then).state == state


@pytest.mark.parametrize(
    ("incline_pct", "state"), [(0.9 + INCLINE_PCT, "on"), (NAN, "on"), (4.0, "cannot_tell"), (-4.0, "cannot_tell")]
)
def test_a_belt_at_another_incline_is_not_compared(incline_pct: float, state: str) -> None:
    """Baseline at 1 %."""
    runner = MadeRunner(2.5, tle_near_deg=OPENS_DEG)
    runner.speed = Speed(2.5, "ftms", incline_pct=1.0)
    then = runner.run(60, tle_near_deg=OPENS_DEG - FALL_DEG - 0.5)
    fault = fault_after(runner, (replace(gait, speed=Speed(2.5, "ftms", incline_pct=incline_pct)) for gait in then))
    assert fault.state == state
    assert (fault.reason == OTHER_INCLINE) == (state == "cannot_tell")


def test_a_fault_that_was_seen_waits_while_the_belt_is_tilted() -> None:
    """Neither said again nor praised away; back on the level it is on at once."""
    runner, coach = MadeRunner(2.5, tle_near_deg=OPENS_DEG), Coach(View(1280, 720), Plan())
    states = []
    runner.speed = Speed(2.5, "ftms", incline_pct=0.0)
    assert fault_after(runner, runner.run(60, tle_near_deg=OPENS_DEG - FALL_DEG - 0.5), coach).state == "on"
    for incline_pct in (5.0, 0.0):
        runner.speed = Speed(2.5, "ftms", incline_pct=incline_pct)
        for gait in runner.run(20):
            step = coach.answer(gait)
        states.append(next(fault.state for fault in step.faults if fault.rule == "thigh_only_drive"))
    assert states == ["cannot_tell", "on"]


def test_a_baseline_at_an_unknown_speed_is_no_yardstick() -> None:
    runner = MadeRunner(NAN, tle_near_deg=OPENS_DEG)
    assert fault_after(runner, runner.run(60, tle_near_deg=OPENS_DEG - 7)).state != "on"
