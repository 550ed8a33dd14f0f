"""run.fit, read back by a decoder that is not ours."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import fitdecode
import numpy as np
import pytest
from fit_tool import FitFile
from fit_tool.utils.crc import crc16

from station.export.run_fit import run_fit
from station.record.collect import Collector
from station.types import Recording, SourceInfo, View
from tests.made_run import MODEL, SOURCE, STRIDE_S, VIEW, run

UTC_START = "2026-11-22T18:30:00Z"


@pytest.fixture(scope="module")
def recording() -> Recording:
    collector = Collector(SOURCE, MODEL, VIEW)
    for given, step in run(30.0):
        collector.add(given, step)
    return collector.recording("00001-a3f9", UTC_START, clock_trusted=True)


def decode(content: bytes) -> dict[str, list[dict[str, Any]]]:
    messages: dict[str, list[dict[str, Any]]] = {}
    with fitdecode.FitReader(
        io.BytesIO(content), check_crc=fitdecode.CrcCheck.RAISE, error_handling=fitdecode.ErrorHandling.RAISE
    ) as reader:
        for frame in reader:
            if isinstance(frame, fitdecode.FitDataMessage):
                messages.setdefault(frame.name, []).append({field.name: field.value for field in frame.fields})
    return messages


@pytest.fixture(scope="module")
def messages(recording: Recording) -> dict[str, list[dict[str, Any]]]:
    return decode(run_fit(recording, "2000-01-01T00:00:00Z"))


def test_it_is_a_treadmill_run(messages: dict[str, list[dict[str, Any]]]) -> None:
    (file_id,) = messages["file_id"]
    assert (file_id["type"], file_id["manufacturer"]) == ("activity", "development")
    (session,) = messages["session"]
    assert (session["sport"], session["sub_sport"]) == ("running", "treadmill")
    assert session["start_time"] == datetime(2026, 11, 22, 18, 30, tzinfo=UTC)
    assert session["total_elapsed_time"] == pytest.approx(30.0, abs=0.05)
    assert len(messages["lap"]) == len(messages["activity"]) == 1
    assert [event["event_type"] for event in messages["event"]] == ["start", "stop_all"]


def test_records_come_every_second_with_distance_and_cadence(messages: dict[str, list[dict[str, Any]]]) -> None:
    records = messages["record"]
    times = [record["timestamp"] for record in records]
    assert np.diff([time.timestamp() for time in times]).tolist() == [1.0] * 29
    late = records[-1]
    assert late["enhanced_speed"] == 2.5
    assert late["distance"] == pytest.approx(2.5 * 29, abs=2.5)
    assert np.all(np.diff([record["distance"] for record in records]) >= 0)
    cadence = [record["cadence"] + record["fractional_cadence"] for record in records[2:]]
    assert np.mean(cadence) == pytest.approx(60 / STRIDE_S, abs=0.7)  # strides a minute, not steps
    assert late["stance_time"] == pytest.approx(250, abs=20)
    assert late["step_length"] == pytest.approx(900)


def test_hip_angles_are_developer_fields(messages: dict[str, list[dict[str, Any]]], recording: Recording) -> None:
    names = [description["field_name"] for description in messages["field_description"]]
    assert "tle_near_deg" in names
    assert {description["units"] for description in messages["field_description"]} == {"deg"}
    late = messages["record"][-1]
    assert late["tle_near_deg"] == pytest.approx(recording.strides["tle_near_deg"][-1])
    (session,) = messages["session"]
    assert session["tle_near_deg"] == pytest.approx(recording.summary["tle_near_deg"].value)
    assert session["avg_stance_time"] == pytest.approx(recording.summary["contact_time_ms"].value, abs=0.1)


def test_what_was_not_measured_is_left_out(messages: dict[str, list[dict[str, Any]]]) -> None:
    late = messages["record"][-1]
    assert "knee_flexion_swing_near_deg" not in late
    assert "vertical_oscillation" not in late
    (session,) = messages["session"]
    assert session["pelvic_turn_deg"] is None or np.isnan(session["pelvic_turn_deg"])


def test_nobody_ran() -> None:
    empty = Collector(SourceInfo("a.npz", "poses", 0, 0), None, View()).recording()
    messages = decode(run_fit(empty, UTC_START))
    assert messages["session"][0]["start_time"] == datetime(2026, 11, 22, 18, 30, tzinfo=UTC)
    assert messages["session"][0]["avg_running_cadence"] is None
    assert list(messages["record"][0]) == ["timestamp"]


def test_the_library_finds_nothing_wrong_with_it(recording: Recording) -> None:
    """fit-tool's own rules for an activity: what must be there, in which order, in which range."""
    report = FitFile.from_bytes(run_fit(recording, UTC_START)).validate()
    assert [str(finding) for finding in report.findings] == []


def test_the_header_is_the_long_one_with_its_own_checksum(recording: Recording) -> None:
    content = run_fit(recording, UTC_START)
    assert content[0] == 14
    assert crc16(content[:12]) == int.from_bytes(content[12:14], "little") != 0


def test_the_same_recording_gives_the_same_bytes(recording: Recording) -> None:
    assert run_fit(recording, UTC_START) == run_fit(recording, UTC_START)


def test_two_sessions_with_the_same_wrong_clock_can_be_told_apart(recording: Recording) -> None:
    numbers = {
        decode(run_fit(replace(recording, session_id=session_id), UTC_START))["file_id"][0]["serial_number"]
        for session_id in ("00001-a3f9", "00002-a3f9")
    }
    assert len(numbers) == 2
    assert None not in numbers


def with_strides(recording: Recording, **values: float) -> Recording:
    strides = recording.strides.copy()
    for name, value in values.items():
        strides[name] = value
    return replace(recording, strides=strides)


def test_numbers_that_do_not_fit_are_not_measured(recording: Recording) -> None:
    odd = {"cadence_spm": 600.0, "contact_s": -1.0, "step_length_m": np.inf, "tle_near_deg": 1e300}
    messages = decode(run_fit(with_strides(recording, **odd), UTC_START))
    for record in messages["record"]:
        assert record["cadence"] is None
        assert record["stance_time"] is None
        assert "step_length" not in record
        assert record["tle_near_deg"] is None or np.isnan(record["tle_near_deg"])
    assert messages["record"][-1]["enhanced_speed"] == 2.5


def test_without_speed_there_is_no_distance(recording: Recording) -> None:
    messages = decode(run_fit(with_strides(recording, speed_mps=np.nan, step_length_m=np.nan), UTC_START))
    assert {"distance", "enhanced_speed", "step_length"}.isdisjoint(messages["record"][-1])
    assert messages["session"][0]["total_distance"] is None
    assert messages["session"][0]["enhanced_avg_speed"] is None
    assert messages["record"][-1]["cadence"] > 0


def test_one_picture_is_one_record(recording: Recording) -> None:
    one = replace(recording, t_s=recording.t_s[:1], angles=recording.angles[:1], strides=recording.strides[:0])
    messages = decode(run_fit(one, UTC_START))
    assert [list(record) for record in messages["record"]] == [["timestamp"]]
    assert messages["session"][0]["sub_sport"] == "treadmill"


@pytest.mark.parametrize("started", ["1970-01-01T00:00:12Z", "1989-12-31T00:00:00Z", "2199-01-01T00:00:00Z"])
def test_a_clock_that_was_not_set_gives_a_date_that_fit_can_hold(recording: Recording, started: str) -> None:
    messages = decode(run_fit(replace(recording, started_utc=started, clock_trusted=False), UTC_START))
    times = [record["timestamp"] for record in messages["record"]]
    assert all(isinstance(time, datetime) for time in times)  # a number would be seconds since some unknown moment
    assert (times[-1] - times[0]).total_seconds() == 29
    assert messages["session"][0]["start_time"] == messages["file_id"][0]["time_created"] == times[0]


def test_neither_start_nor_date_is_refused(recording: Recording) -> None:
    with pytest.raises(ValueError, match="isoformat"):
        run_fit(replace(recording, started_utc=""), "yesterday")
