"""A recording in memory says what was fed to it."""

from __future__ import annotations

import json

import numpy as np
import pytest

from station.faults import BY_NAME
from station.record.collect import Collector
from station.record.tally import FaultTally, Tally, WindowTally
from station.types import (
    NAN,
    NS,
    QUANTITIES,
    STRIDE,
    Fault,
    Gait,
    Measure,
    Mode,
    Pose,
    Recording,
    Snapshot,
    SourceInfo,
    Step,
    Tick,
    View,
)
from tests.made_run import PAGE, SOURCE, STRIDE_S, collected, run

SECONDS = 20.0


@pytest.fixture(scope="module")
def recording() -> Recording:
    return collected(SECONDS).recording("00001-a3f9", "2026-11-22T18:30:00Z", clock_trusted=True)


def test_series_have_one_row_a_pose(recording: Recording) -> None:
    poses = [(given, step) for given, step in run(SECONDS) if isinstance(given, Pose)]
    assert len(recording.t_s) == len(recording.angles) == len(poses)
    assert recording.xy_px is not None
    np.testing.assert_array_equal(recording.xy_px, np.array([given.xy_px for given, _ in poses]))
    np.testing.assert_array_equal(recording.angles["thigh_near_deg"], [step.gait.angles["thigh_near_deg"] for _, step in poses])
    assert recording.t_s[0] == pytest.approx(1 / 60)  # the first input was the speed, at 0


def test_times_count_from_the_first_input(recording: Recording) -> None:
    assert recording.modes[0] == (0.0, Mode.DRILL)
    assert [mode for _, mode in recording.modes] == [Mode.DRILL, Mode.BASELINE, Mode.COACH, Mode.RETENTION, Mode.DONE]
    assert recording.cues[0].t_ns / NS == pytest.approx(0.45 * SECONDS, abs=0.02)
    assert recording.events[0].t_ns / NS == pytest.approx(STRIDE_S - 0.1, abs=0.02)
    assert recording.outcomes[0].t_ns == recording.cues[1].t_ns


def test_source_is_completed(recording: Recording) -> None:
    assert (recording.source.frames, recording.source.fps) == (len(recording.t_s), 60.0)
    assert recording.source.duration_s == pytest.approx(SECONDS, abs=0.02)
    unknown = Collector(SourceInfo("clip.npz", "poses", 0, 0), None, View())
    for given, step in run(2.0, fps=50):
        unknown.add(given, step)
    assert unknown.recording().source.fps == pytest.approx(50, rel=0.02)


def test_rules_are_all_reported(recording: Recording) -> None:
    reports = {report.rule: report for report in recording.faults}
    assert tuple(reports) == tuple(BY_NAME)
    assert reports["sitting"].state == "on"
    assert reports["sitting"].first_on_s == pytest.approx(0.4 * SECONDS, abs=0.02)
    assert reports["sitting"].on_fraction == pytest.approx(0.1, abs=0.005)
    assert reports["sitting"].value == 18.0
    assert reports["low_cadence"].state == "ok"
    assert reports["low_cadence"].on_fraction == 0
    assert reports["locked_waist"].state == "cannot_tell"
    assert "loose clothing" in reports["locked_waist"].reason


def test_summary_names_everything_and_says_why_not(recording: Recording) -> None:
    assert tuple(recording.summary) == tuple(QUANTITIES)
    assert recording.summary["contact_time_ms"].value == pytest.approx(250, abs=3)
    assert recording.summary["cadence_spm"].low < 120 / STRIDE_S < recording.summary["cadence_spm"].high
    assert recording.summary["pelvic_turn_deg"].reason == "loose clothing hides the hip"
    for measure in recording.summary.values():
        assert measure.measured == np.isfinite(measure.value)


def test_page_swaps_and_sides(recording: Recording) -> None:
    assert recording.page is PAGE
    assert (recording.direction, recording.near_side, recording.leg_swaps_repaired) == ("left", "left", 1)
    assert (recording.tracked_fraction, recording.running_fraction) == (1.0, 1.0)
    assert (recording.speed.mps, recording.speed.origin) == (2.5, "given")


def test_nothing_fed_is_a_recording_too() -> None:
    empty = Collector(SOURCE, None, View()).recording()
    assert len(empty.t_s) == 0
    assert {report.state for report in empty.faults} == {"cannot_tell"}
    assert not any(measure.measured for measure in empty.summary.values())
    assert empty.tracked_fraction == empty.running_fraction == 0


def test_a_silence_counts_as_one_second_at_most() -> None:
    tally = Tally()
    steps = list(run(2.0))
    tally.add(*steps[0])
    given, step = steps[-1]
    late = Pose(given.t_ns + 60 * NS, given.xy_px, given.score)  # type: ignore[union-attr]
    tally.add(late, step)
    assert tally.running_ns == NS


def test_tally_survives_json() -> None:
    tally = Tally()
    for given, step in run(SECONDS):
        tally.add(given, step)
    back = Tally.of_json(json.loads(json.dumps(tally.as_json())))
    assert repr(back) == repr(tally)  # repr, because NaN is not equal to itself
    assert repr(back.fault_reports()[2]) == repr(tally.fault_reports()[2])


def test_pelvic_windows_do_not_overlap_and_do_not_narrow() -> None:
    window = WindowTally()
    for strides in range(1, 101):
        window.add(Measure(6.0 if strides < 50 else 8.0, 5.0, 9.0, 40), strides)
    assert window.windows == 3  # after strides 1, 41, 81
    assert window.measure() == Measure(pytest.approx(20 / 3), 5.0, 9.0, 120)


def by(source: str, *values: float) -> Tally:
    """A tally of one window per value, by that source."""
    tally = Tally()
    return watched(tally, source, *values)


def watched(tally: Tally, source: str, *values: float) -> Tally:
    stride = np.zeros(1, STRIDE)[0]
    for value in values:
        reported = Measure(value, value - 1, value + 1, 1) if value == value else Measure.cannot_tell("hidden by a shirt")
        gait = Gait(NS, pelvic_source=source, strides=(stride,), measures={"pelvic_turn_deg": reported})
        tally.add(Tick(NS), Step(NS, gait, (), Mode.COACH, (), (), Snapshot(NS, Mode.COACH, 0.0, 0.0, gait)))
    return tally


def test_two_sources_of_the_pelvic_turn_are_never_averaged() -> None:
    tally = watched(by("landmarks", 20.0, 20.0), "hip_belt", 8.0)
    assert (tally.pelvic_source, tally.pelvic_measures()["pelvic_turn_deg"].value) == ("hip_belt", 8.0)
    again = Tally.of_json(tally.as_json())
    assert (again.pelvic_source, again.pelvic_measures()) == (tally.pelvic_source, tally.pelvic_measures())


def test_a_hip_belt_that_was_hidden_all_along_leaves_what_landmarks_saw_before() -> None:
    tally = watched(by("landmarks", 12.0), "hip_belt", NAN)
    assert (tally.pelvic_source, tally.pelvic_measures()["pelvic_turn_deg"].value) == ("landmarks", 12.0)
    hidden = by("hip_belt", NAN)
    assert (hidden.pelvic_source, hidden.pelvic_measures()["pelvic_turn_deg"].reason) == ("hip_belt", "hidden by a shirt")


def test_the_reason_reported_is_the_one_that_cost_most_running_time() -> None:
    tally = FaultTally("sitting")
    reported = (("speed unknown", 60, True), ("first two minutes", 90, True), ("nobody is running", 300, False))
    for reason, seconds, running in reported:
        tally.add(Fault("sitting", "cannot_tell", NAN, "deg", 0.0, NAN, reason), seconds * NS, 0.0, running)
    assert tally.report().reason == "first two minutes"


def test_fault_that_was_on_without_time_still_counts() -> None:
    tally = FaultTally("sitting")
    tally.add(Fault("sitting", "on", 3.0, "deg", 1.0, 2.0), 0, 4.5, running=True)
    assert (tally.report().state, tally.report().first_on_s, tally.report().on_fraction) == ("on", 4.5, 1.0)
