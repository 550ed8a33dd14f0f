"""run.fit, read back by a decoder that is not ours."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import fitdecode
import numpy as np
import pytest

from station.record.collect import Collector
from station.record.fit_file import Field, FitWriter, Kind, crc16
from station.record.run_fit import run_fit
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


def test_checksum_is_the_known_one() -> None:
    assert crc16(b"123456789") == 0xBB3D  # check value of CRC-16/ARC


def test_a_number_that_does_not_fit_is_not_measured() -> None:
    fit = FitWriter()
    fit.write(fit.define(20, (Field(253, Kind.UINT32), Field(4, Kind.UINT8), Field(41, Kind.UINT16, 10))), (1, 300, -5.0))
    (record,) = decode(fit.content())["record"]
    assert (record["cadence"], record["stance_time"]) == (None, None)


def test_seventeen_definitions_are_too_many() -> None:
    fit = FitWriter()
    for _ in range(16):
        fit.define(20, (Field(253, Kind.UINT32),))
    with pytest.raises(ValueError, match="16"):
        fit.define(20, (Field(253, Kind.UINT32),))
