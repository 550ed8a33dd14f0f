from __future__ import annotations

from station.coach import Coach
from station.cues import Plan
from station.faults import BY_NAME, norms
from station.faults.rule import Scene
from station.types import Gait, Snapshot, View
from tests.made_gait import MadeRunner

VIEW = View(1280, 720)


def after(runner: MadeRunner, seconds: float, coach: Coach | None = None) -> Snapshot:
    coach = coach or Coach(VIEW, Plan())
    for gait in runner.run(seconds):
        shown = coach.answer(gait).snapshot
    return shown


def test_a_zone_begins_where_a_rule_comes_on_and_ends_where_healthy_runners_do() -> None:
    shown = after(MadeRunner(3.5), 20)
    band = shown.bands["cadence_spm"]
    enter = BY_NAME["low_cadence"].levels(Scene(3.5)).enter
    assert (band.low, band.high) == (enter, norms.at("cadence_spm", 3.5).p95)
    assert shown.aim_cadence_spm == norms.at("cadence_spm", 3.5).p25
    assert shown.view is VIEW


def test_a_baseline_of_bad_strides_makes_them_no_target() -> None:
    """Who takes slow steps from the start is not shown that these are good."""
    band = after(MadeRunner(3.5, cadence_spm=150.0), 190).bands["cadence_spm"]
    assert band.low > 150.0


def test_a_new_speed_brings_new_norms() -> None:
    coach, runner = Coach(VIEW, Plan()), MadeRunner(2.5)
    slow = after(runner, 20, coach).bands["tle_near_deg"]
    faster = MadeRunner(4.5, start_ns=runner.t_ns)
    assert after(faster, 5, coach).bands["tle_near_deg"].low > slow.low


def test_without_a_speed_there_are_no_norms_to_show() -> None:
    shown = after(MadeRunner(float("nan")), 20)
    assert shown.bands == {}


def test_standing_is_prompted() -> None:
    coach = Coach(VIEW, Plan())
    for gait in MadeRunner().stand(8):
        shown = coach.answer(gait).snapshot
    assert shown.prompt == "drill.offer"
    assert shown.progress == 0.0
    assert isinstance(shown.gait, Gait)
