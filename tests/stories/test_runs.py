"""Stories of whole runs, told with made gait."""

from __future__ import annotations

from station.types import NS, Mode
from tests.made_gait import MadeRunner


def test_a_good_hip_is_left_alone_for_ten_minutes(hall) -> None:
    seen = hall().watch(MadeRunner().run(600))
    assert seen.corrections == []
    assert seen.praise == []
    assert [mode for _, mode in seen.modes] == [Mode.FRAMING, Mode.BASELINE, Mode.COACH, Mode.REST, Mode.COACH]


def test_a_sitting_runner_is_told_to_run_tall_and_praised_when_they_do(hall) -> None:
    runner = MadeRunner()
    seen = hall().watch(runner.run(200)).watch(runner.run(50, tle_near_deg=12.0, trunk_lean_deg=-3.0))
    assert seen.corrections == ["cue.sitting"]
    seen.watch(runner.run(40, tle_near_deg=22.0, trunk_lean_deg=5.0))
    assert seen.praise == ["praise.sitting"]
    assert [(o.rule, o.cleared) for o in seen.outcomes] == [("sitting", True)]


def test_a_tired_runner_whose_cadence_sinks_is_told_after_a_minute(hall) -> None:
    runner = MadeRunner()
    seen = hall().watch(runner.run(200)).watch(runner.run(90, cadence_spm=142.0))
    first = next(cue for cue in seen.spoken if cue.id == "cue.low_cadence")
    assert 40 < first.t_ns / NS - 200 < 75
