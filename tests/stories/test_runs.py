"""Stories of whole runs, told with made gait."""

from __future__ import annotations

from dataclasses import replace

import pytest

from station.types import NS, Mode, Speed, View
from tests.made_gait import MadeRunner

SITTING = {"tle_near_deg": 12.0, "trunk_lean_deg": -3.0}
UPRIGHT = {"tle_near_deg": 22.0, "trunk_lean_deg": 5.0}
IN_COACH = 190  # seconds of running that bring a session into its first coached block


def test_a_good_hip_is_left_alone_for_ten_minutes(hall) -> None:
    seen = hall().watch(MadeRunner().run(600))
    assert seen.corrections == []
    assert seen.praise == []
    assert [mode for _, mode in seen.modes] == [Mode.FRAMING, Mode.BASELINE, Mode.COACH, Mode.REST, Mode.COACH]
    assert [cue.id for cue in seen.spoken] == ["mode.baseline", "mode.coach", "mode.rest", "mode.coach"]


def test_who_locks_the_waist_at_minute_five_gets_one_cue_and_praise(hall) -> None:
    runner = MadeRunner(pelvic_turn_deg=10.0)
    runner.now["pelvic_calibrated"] = True
    seen = hall().watch(runner.run(300))
    assert seen.corrections == []
    seen.until("cue.locked_waist", runner.run(60, pelvic_turn_deg=0.8))
    cued_s = runner.t_ns / NS
    assert 300 < cued_s < 345
    seen.watch(runner.run(3)).until("praise.locked_waist", runner.run(30, pelvic_turn_deg=10.0))
    assert runner.t_ns / NS - cued_s < 20
    seen.watch(runner.run(120))
    assert seen.corrections == ["cue.locked_waist"]
    assert [(o.rule, o.cleared, o.strides <= 20) for o in seen.outcomes] == [("locked_waist", True, True)]


def test_without_the_drill_a_locked_waist_is_not_reported_but_said_to_be_unknown(hall) -> None:
    runner = MadeRunner(pelvic_turn_deg=10.0)
    seen = hall().watch(runner.run(300)).watch(runner.run(60, pelvic_turn_deg=0.8))
    assert seen.corrections == []
    assert seen.row("locked_waist").state == "cannot_tell"
    assert "find-your-hip drill" in seen.row("locked_waist").reason


def test_a_sitting_runner_is_cued_to_run_tall_and_praised_when_they_do(hall) -> None:
    runner = MadeRunner()
    seen = hall().watch(runner.run(IN_COACH)).until("cue.sitting", runner.run(60, **SITTING))
    seen.watch(runner.run(3)).until("praise.sitting", runner.run(30, **UPRIGHT))
    assert [(o.rule, o.cleared) for o in seen.outcomes] == [("sitting", True)]
    seen.watch(runner.run(40))
    assert seen.corrections == ["cue.sitting"]


def test_who_goes_on_sitting_is_cued_again_but_not_at_once(hall) -> None:
    runner = MadeRunner()
    seen = hall().watch(runner.run(IN_COACH)).watch(runner.run(120, **SITTING))
    times = [cue.t_ns / NS for cue in seen.spoken if cue.id == "cue.sitting"]
    assert len(times) == 2
    assert times[1] - times[0] >= 60
    assert [o.cleared for o in seen.outcomes] == [False, False]


def test_a_tired_runner_whose_cadence_sinks_is_cued_after_a_minute(hall) -> None:
    runner = MadeRunner()
    hall().watch(runner.run(IN_COACH)).until("cue.low_cadence", runner.run(120, cadence_spm=142.0))
    assert 45 < runner.t_ns / NS - IN_COACH < 75


def test_two_faults_at_once_are_reported_one_per_block(hall) -> None:
    runner = MadeRunner(cadence_spm=142.0, **SITTING)
    seen = hall().watch(runner.run(360))
    assert set(seen.corrections) == {"cue.sitting"}
    assert {seen.row("sitting").state, seen.row("low_cadence").state} == {"on"}
    seen.watch(runner.run(20)).watch(runner.run(200, **UPRIGHT))
    assert seen.corrections[-1] == "cue.low_cadence", "the next block has another fault"


def test_over_rotation_breaks_into_a_block_that_asked_for_more(hall) -> None:
    runner = MadeRunner(pelvic_turn_deg=8.0)
    runner.now["pelvic_source"] = "hip_belt"
    seen = hall().watch(runner.run(IN_COACH)).until("cue.locked_waist", runner.run(60, pelvic_turn_deg=0.5))
    seen.until("cue.over_rotation", runner.run(90, pelvic_turn_deg=24.0))


def test_the_silent_parts_are_silent(hall) -> None:
    seen = hall(planned_s=600.0).watch(MadeRunner(**SITTING).run(700))
    silent = [(start, mode) for start, mode in seen.modes if mode in (Mode.BASELINE, Mode.REST, Mode.RETENTION)]
    assert len(silent) == 3
    for cue in seen.spoken:
        if cue.id.startswith(("cue.", "praise.")):
            assert seen.mode_at(cue.t_ns) is Mode.COACH
    assert seen.row("sitting").state == "on", "what is not spoken about is still judged"


def test_a_runner_below_8_km_h_is_not_judged(hall) -> None:
    seen = hall().watch(MadeRunner(2.0, cadence_spm=140.0, **SITTING).run(400))
    assert seen.corrections == []
    assert all(fault.state == "cannot_tell" and "7.2 km/h" in fault.reason for fault in seen.faults)


def test_without_a_given_speed_the_coach_still_helps_and_says_what_by(hall) -> None:
    runner = MadeRunner(float("nan"))
    seen = hall().watch(runner.run(IN_COACH)).until("cue.sitting", runner.run(60, **SITTING))
    assert "belt speed unknown" in seen.row("sitting").reason


@pytest.mark.parametrize(
    "trouble",
    [
        {"hands_on_rail": True},
        {"tracked_fraction": 0.3},
        {"speed": Speed(2.5, "given", steady=False)},
        {"zone_position": 0.2},
    ],
    ids=lambda trouble: next(iter(trouble)),
)
def test_no_correction_while(trouble, hall) -> None:
    runner = MadeRunner()
    seen = hall(view=View(zone=(0.1, 0.0, 0.9, 1.0))).watch(runner.run(IN_COACH)).watch(runner.run(20, **SITTING))
    assert seen.corrections == []
    runner.now |= trouble
    seen.watch(runner.run(40))
    assert seen.corrections == []
    runner.now |= {"hands_on_rail": False, "tracked_fraction": 1.0, "speed": runner.speed, "zone_position": 0.6}
    seen.until("cue.sitting", runner.run(40))


def test_who_drifts_back_is_called_forward_once_and_only_where_the_belt_is_known(hall) -> None:
    for zone, lines in (((0.1, 0.0, 0.9, 1.0), 1), ((0.0, 0.0, 1.0, 1.0), 0)):
        runner = MadeRunner()
        seen = hall(view=View(zone=zone)).watch(runner.run(60))
        runner.now["zone_position"] = 0.2
        seen.watch(runner.run(20))
        assert [cue.id for cue in seen.spoken].count("safety.rear") == lines


def test_steps_off_the_belt(hall) -> None:
    runner = MadeRunner()
    seen = hall().watch(runner.run(400)).watch(runner.walk(14))
    assert seen.mode is Mode.REST
    seen.watch(runner.walk(2))
    assert seen.mode is Mode.DONE
    seen.watch(runner.away(10))
    assert seen.cues[-1].action == "stop"
    assert seen.spoken[-1].id in ("mode.done", "mode.done_short")
    seen.watch(runner.away(60))
    assert seen.mode is Mode.IDLE


def test_a_disappearance_of_five_seconds_changes_nothing(hall) -> None:
    runner = MadeRunner()
    seen = hall().watch(runner.run(100)).watch(runner.away(5)).watch(runner.run(20))
    assert [mode for _, mode in seen.modes] == [Mode.FRAMING, Mode.BASELINE]
    assert [cue.id for cue in seen.spoken] == ["mode.baseline"]


def test_the_light_goes_out_and_comes_back(hall) -> None:
    runner = MadeRunner()
    seen = hall().watch(runner.run(IN_COACH)).watch(runner.away(10))
    assert seen.mode is Mode.LOST
    seen.watch(runner.run(20))
    assert seen.mode is Mode.COACH
    assert [cue.id for cue in seen.spoken][-2:] == ["mode.lost", "mode.found"]
    assert seen.snapshots[-1].session_s == pytest.approx(IN_COACH + 10 + 20 - 6, abs=1), "the clock went on"


def test_the_light_stays_out(hall) -> None:
    runner = MadeRunner()
    seen = hall().watch(runner.run(IN_COACH)).watch(runner.away(16))
    assert seen.mode is Mode.DONE


def test_the_next_runner_starts_from_nothing(hall) -> None:
    runner = MadeRunner(**SITTING)
    seen = hall().watch(runner.run(300)).watch(runner.away(20))
    first = len(seen.corrections)
    assert first
    seen.watch(replace(gait, t_ns=gait.t_ns) for gait in runner.run(170, **UPRIGHT))
    assert seen.mode is Mode.BASELINE
    assert len(seen.corrections) == first
    assert seen.snapshots[-1].page is None


def test_a_whole_session_ends_with_retention_and_a_page_that_compares(hall) -> None:
    runner = MadeRunner(tle_near_deg=18.0)
    seen = hall().watch(runner.run(1000)).watch(runner.run(300, tle_near_deg=23.0)).watch(runner.away(20))
    modes = [mode for _, mode in seen.modes]
    blocks = [Mode.COACH, Mode.REST] * 3
    assert modes == [Mode.FRAMING, Mode.BASELINE, *blocks, Mode.RETENTION, Mode.LOST, Mode.DONE]
    page = seen.snapshots[-1].page
    rows = {name: (before.value, after.value) for name, before, after in page.rows}
    assert rows["tle_near_deg"] == pytest.approx((18.0, 23.0))
    assert [cue.id for cue in seen.spoken][-3:] == ["mode.over", "mode.lost", "mode.done"]


def test_who_stops_early_is_compared_by_the_last_free_block_or_reported_why_not(hall) -> None:
    for run_s, measured in ((480, True), (300, False)):
        runner = MadeRunner()
        seen = hall().watch(runner.run(run_s)).watch(runner.walk(20))
        rows = seen.snapshots[-1].page.rows
        assert rows
        assert all(after.measured is measured for name, before, after in rows if before.measured)
        assert measured or "stopped before 60 s" in rows[0][2].reason
        assert seen.spoken[-1].id == ("mode.done" if measured else "mode.done_short")
