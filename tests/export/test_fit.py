"""run.fit, read back by decoders that are not ours."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fit_tool import FitFile
from fit_tool.utils.crc import crc16

from station.export.fit_timer import timer
from station.export.run_fit import NATIVE, run_fit, serial_number, why_no_fit
from station.record.collect import Collector
from station.types import ANGLES, NAN, QUANTITIES, STRIDE, Recording, SourceInfo, Speed, View
from tests.export.fit_readers import Messages, by_fitdecode, by_fitparse
from tests.made_run import STRIDE_S, collected

UTC_START = "2026-11-22T18:30:00Z"
START = datetime(2026, 11, 22, 18, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def recording() -> Recording:
    return collected(30.0).recording("00001-a3f9", UTC_START, clock_trusted=True, time_zone="Europe/Berlin")


@pytest.fixture(scope="module", params=[by_fitdecode, by_fitparse])
def messages(recording: Recording, request: pytest.FixtureRequest) -> Messages:
    return request.param(run_fit(recording))


def decode(recording: Recording) -> Messages:
    return by_fitdecode(run_fit(recording))


def with_strides(recording: Recording, **values: float) -> Recording:
    strides = recording.strides.copy()
    for name, value in values.items():
        strides[name] = value
    return replace(recording, strides=strides)


# A recording made of stretches (from, to) in seconds in which somebody runs at a speed.
Run = tuple[float, float, float]


def made(
    recording: Recording, last_s: float, runs: Iterable[Run], hidden: Iterable[tuple[float, float]] = (), origin: str = "given"
) -> Recording:
    """Seen all the time but in the `hidden` stretches; strides of 0.75 s in the `runs`."""
    t_s = np.arange(int(last_s * 30) + 1) / 30
    angles = np.full(len(t_s), NAN, ANGLES)
    angles["thigh_near_deg"] = 4.0
    for start, end in hidden:
        angles["thigh_near_deg"][(t_s >= start) & (t_s < end)] = NAN
    rows = [(start + 0.75 * i, mps) for start, end, mps in runs for i in range(int((end - start) / 0.75))]
    strides = np.full(len(rows), NAN, STRIDE)
    strides["start_s"], strides["speed_mps"] = np.array(rows).T if rows else ([], [])
    strides["duration_s"], strides["cadence_spm"], strides["running"] = 0.75, 160.0, 1
    speed = Speed(3.0, origin)  # type: ignore[arg-type]
    source = replace(recording.source, duration_s=float(t_s[-1]))
    return replace(recording, t_s=t_s, angles=angles, strides=strides, speed=speed, source=source)


def consistent(messages: Messages) -> dict[str, Any]:
    """The session, after checking what must hold in every file: distance / timer = speed, events
    around every pause, no record within one, lap and activity of one mind with the session."""
    (session,), (lap,), (activity,) = messages["session"], messages["lap"], messages["activity"]
    timer_s = session["total_timer_time"]
    assert timer_s <= session["total_elapsed_time"]
    for name in ("total_timer_time", "total_elapsed_time", "total_distance", "enhanced_avg_speed", "sport", "sub_sport"):
        assert lap[name] == session[name], name
    assert activity["total_timer_time"] == timer_s
    times = [(event["event_type"], event["timestamp"]) for event in messages["event"]]
    assert [kind for kind, _ in times] == ["start", "stop_all"] * (len(times) // 2)
    assert [time for _, time in times] == sorted(time for _, time in times)
    spans = [(start, end) for (_, start), (_, end) in zip(times[::2], times[1::2], strict=True)]
    assert sum((end - start).total_seconds() for start, end in spans) == pytest.approx(timer_s, abs=0.999)
    records = messages["record"]
    inside = [start + timedelta(seconds=s) for start, end in spans for s in range(int((end - start).total_seconds()) + 1)]
    assert [record["timestamp"] for record in records] == inside
    if session["total_distance"] is not None:
        assert session["total_distance"] / timer_s == pytest.approx(session["enhanced_avg_speed"], abs=0.0005 + 0.005 / timer_s)
        metres = [record["distance"] for record in records]
        assert np.all(np.diff(metres) >= 0)
        assert 0 <= session["total_distance"] - metres[-1] <= session["enhanced_avg_speed"] * 1.5 + 0.01
    return session


def test_it_is_a_treadmill_run(messages: Messages) -> None:
    (file_id,) = messages["file_id"]
    assert (file_id["type"], file_id["manufacturer"]) == ("activity", "development")
    session = consistent(messages)
    assert (session["sport"], session["sub_sport"]) == ("running", "treadmill")
    assert session["start_time"] == START
    assert session["total_elapsed_time"] == pytest.approx(30.0, abs=0.05)
    assert session["total_timer_time"] == session["total_elapsed_time"]
    assert session["total_distance"] == pytest.approx(2.5 * 30, abs=0.1)
    assert session["enhanced_avg_speed"] == 2.5
    assert [event["event_type"] for event in messages["event"]] == ["start", "stop_all"]
    assert messages["activity"][0]["type"] == "manual"


def test_records_come_every_second_with_distance_and_cadence(messages: Messages) -> None:
    records = messages["record"]
    times = [record["timestamp"] for record in records]
    assert np.diff([time.timestamp() for time in times]).tolist() == [1.0] * 29
    late = records[-1]
    assert late["enhanced_speed"] == 2.5
    assert late["distance"] == pytest.approx(2.5 * 29)
    assert late["activity_type"] == "running"
    cadence = [record["cadence"] + record["fractional_cadence"] for record in records[2:]]
    assert np.mean(cadence) == pytest.approx(60 / STRIDE_S, abs=0.7)  # strides a minute, not steps
    assert late["stance_time"] == pytest.approx(250, abs=20)


def test_the_step_length_is_a_native_field(recording: Recording) -> None:
    # fitparse's profile is older than this field.
    assert decode(recording)["record"][-1]["step_length"] == pytest.approx(900)


def test_hip_angles_are_developer_fields(messages: Messages, recording: Recording) -> None:
    names = [description["field_name"] for description in messages["field_description"]]
    assert "tle_near_deg" in names
    assert {description["units"] for description in messages["field_description"]} == {"deg"}
    late = messages["record"][-1]
    assert late["tle_near_deg"] == pytest.approx(recording.strides["tle_near_deg"][-1])
    (session,) = messages["session"]
    assert session["tle_near_deg"] == pytest.approx(recording.summary["tle_near_deg"].value)


def test_the_means_stand_in_lap_and_session(recording: Recording) -> None:
    messages = decode(recording)
    for name in ("session", "lap"):
        assert messages[name][0]["avg_stance_time"] == pytest.approx(recording.summary["contact_time_ms"].value, abs=0.1)
        assert messages[name][0]["avg_step_length"] == pytest.approx(900)
        assert messages[name][0]["avg_vertical_oscillation"] == pytest.approx(90, abs=2)  # mm
        assert messages[name][0]["avg_vertical_ratio"] == pytest.approx(10, abs=0.2)
        assert messages[name][0]["avg_stance_time_percent"] == pytest.approx(
            recording.summary["duty_factor_pct"].value, abs=0.01
        )


def test_every_native_measure_names_a_column_and_a_quantity() -> None:
    for native in NATIVE:
        assert native.column in STRIDE.names
        assert native.measure in QUANTITIES


def test_what_was_not_measured_is_left_out(recording: Recording) -> None:
    messages = decode(recording)
    late = messages["record"][-1]
    assert "knee_flexion_swing_near_deg" not in late
    unscaled = decode(with_strides(recording, vertical_oscillation_cm=NAN))
    assert "vertical_oscillation" in late
    assert "vertical_oscillation" not in unscaled["record"][-1]
    (session,) = messages["session"]
    assert session["pelvic_turn_deg"] is None or np.isnan(session["pelvic_turn_deg"])


# --- what made it, and when ---


def test_the_station_is_reported_by_a_serial_number_that_stays(messages: Messages) -> None:
    (device,), (file_id,) = messages["device_info"], messages["file_id"]
    assert device["device_index"] in ("creator", 0)
    assert device["serial_number"] == file_id["serial_number"] == serial_number()
    assert device["product_name"] == file_id["product_name"] == "treadmill station"
    assert device["software_version"] > 0


def test_the_serial_number_is_the_machine_s_own_and_does_not_tell_its_id(tmp_path: Path) -> None:
    ids = [tmp_path / name for name in ("one", "two", "odd", "none")]
    for path, text in zip(ids, ("ab" * 16, "cd" * 16, "uninitialized\n"), strict=False):
        path.write_text(text)
    one, two, odd, none = map(serial_number, ids)
    assert one == serial_number(ids[0]) != two
    assert odd == none not in (one, two)
    assert f"{one:x}" not in "ab" * 16
    assert all(0 < number < 2**32 for number in (one, two, odd))


def test_the_time_zone_is_the_gym_s(messages: Messages) -> None:
    (activity,) = messages["activity"]
    assert (activity["local_timestamp"] - activity["timestamp"]) == timedelta(hours=1)
    assert messages["session"][0]["timestamp"] == activity["timestamp"]


@pytest.mark.parametrize(("zone", "hours"), [("Europe/Berlin", 2), ("America/New_York", -4), ("Asia/Kolkata", 5.5), ("UTC", 0)])
def test_summer_time_counts(recording: Recording, zone: str, hours: float) -> None:
    (activity,) = decode(replace(recording, started_utc="2026-07-01T23:30:00Z", time_zone=zone))["activity"]
    assert activity["local_timestamp"] - activity["timestamp"] == timedelta(hours=hours)


def test_without_a_date_there_is_no_file_but_a_word(recording: Recording) -> None:
    for started in ("", "1970-01-01T00:00:12Z", "2026-01-02T00:00:00Z"):
        undated = replace(recording, started_utc=started, clock_trusted=False)
        assert "the clock was not set" in why_no_fit(undated)
        with pytest.raises(ValueError, match="the clock was not set"):
            run_fit(undated)


@pytest.mark.parametrize("origin", ["film", "file", "given"])
def test_a_date_from_elsewhere_is_a_date(recording: Recording, origin: Any) -> None:
    messages = decode(replace(recording, clock_trusted=False, date_from=origin))
    assert messages["file_id"][0]["time_created"] == START


def test_a_film_whose_times_are_in_doubt_makes_no_file(recording: Recording) -> None:
    assert why_no_fit(replace(recording, time_doubt="slow motion? give --fps")) == "slow motion? give --fps"


# --- the timer ---


def test_a_hidden_stretch_counts_where_the_belt_surely_went_on(recording: Recording) -> None:
    hidden = made(recording, 119.98, [(0, 40, 2.778), (65, 119.98, 2.778)], hidden=[(40, 65)])
    for read in (by_fitdecode, by_fitparse):
        messages = read(run_fit(hidden))
        session = consistent(messages)
        assert session["total_timer_time"] == session["total_elapsed_time"] == pytest.approx(119.967)
        assert session["total_distance"] == pytest.approx(2.778 * 119.98, abs=0.2)
    unseen = [record for record in messages["record"] if START + timedelta(seconds=44) < record["timestamp"]][:15]
    assert all(record["cadence"] is None for record in unseen)
    assert all(record["enhanced_speed"] == 2.778 for record in unseen)


@pytest.mark.parametrize(
    ("hidden", "origin", "speed_after"),
    [
        ([], "given", 2.778),  # seen, but not running: stopped
        ([(40, 70)], "picture", 2.778),  # nobody says that the belt moved
        ([(40, 70)], "ftms", 3.5),  # it did not stay as it was
        ([(40, 52)], "given", 2.778),  # came back and stood
    ],
)
def test_an_unmeasured_stretch_is_a_pause(
    recording: Recording, hidden: list[tuple[float, float]], origin: str, speed_after: float
) -> None:
    paused = made(recording, 119.98, [(0, 40.0, 2.778), (70, 119.98, speed_after)], hidden, origin)
    for read in (by_fitdecode, by_fitparse):
        session = consistent(messages := read(run_fit(paused)))
        assert session["total_elapsed_time"] == pytest.approx(119.967)
        assert session["total_timer_time"] == pytest.approx(90, abs=1.0)
        assert session["total_distance"] == pytest.approx(40 * 2.778 + 50 * speed_after, abs=3)
    assert [(event["timestamp"] - START).total_seconds() for event in messages["event"]] == [0, 40, 70, 119]


def test_hidden_for_long_is_a_pause(recording: Recording) -> None:
    away = made(recording, 120, [(0, 40, 3.0), (75, 120, 3.0)], hidden=[(40, 75)])
    assert timer(away).stretches == [(0, 40), (75, 120)]


def test_a_film_without_frames_for_a_while_is_a_hidden_stretch(recording: Recording) -> None:
    run_on = made(recording, 60, [(0, 20, 3.0), (40, 60, 3.0)])
    kept = (run_on.t_s <= 20) | (run_on.t_s >= 40)
    cut = replace(run_on, t_s=run_on.t_s[kept], angles=run_on.angles[kept])
    assert consistent(decode(cut))["total_distance"] == pytest.approx(180, abs=0.1)


def test_standing_before_and_after_is_not_in_the_timer(recording: Recording) -> None:
    session = consistent(decode(made(recording, 100, [(20, 80, 3.0)])))
    assert (session["total_elapsed_time"], session["total_timer_time"]) == (100, 60)
    assert session["total_distance"] == pytest.approx(180)
    assert session["start_time"] == START


def test_a_short_gap_is_no_pause(recording: Recording) -> None:
    assert timer(made(recording, 60, [(1.5, 29.25, 3.0), (32, 58, 3.0)], origin="picture")).stretches == [(0, 60)]


def test_a_walk_before_and_after_the_run_is_a_pause(recording: Recording) -> None:
    session = made(recording, 100, [(0, 20, NAN), (20, 80, 3.0), (80, 100, NAN)])
    session.strides["running"][np.isnan(session.strides["speed_mps"])] = 0
    assert consistent(decode(session))["total_distance"] == pytest.approx(180, abs=3)
    assert timer(session).stretches == [(20, 80)]


def test_a_speed_known_only_later_is_taken_for_the_seconds_before(recording: Recording) -> None:
    late = made(recording, 60, [(0, 15, NAN), (15, 60, 3.0)], origin="picture")
    assert consistent(decode(late))["total_distance"] == pytest.approx(180)


def test_a_speed_missing_for_long_leaves_the_distance_out(recording: Recording) -> None:
    messages = decode(made(recording, 100, [(0, 60, NAN), (60, 100, 3.0)], origin="picture"))
    assert consistent(messages)["total_distance"] is None
    assert messages["session"][0]["enhanced_avg_speed"] is None
    assert "distance" not in messages["record"][-1]
    assert messages["record"][-1]["enhanced_speed"] == 3.0


def test_random_runs_keep_the_sums(recording: Recording) -> None:
    rng = np.random.default_rng(3)
    for _ in range(25):
        edges = np.sort(rng.uniform(0, 300, 6))
        runs = [(float(a), float(b), float(rng.uniform(2, 4))) for a, b in zip(edges[::2], edges[1::2], strict=True)]
        runs = [run for run in runs if run[1] - run[0] > 3]
        if runs:
            consistent(decode(made(recording, 300.4, runs)))


# --- nobody runs ---


def test_a_walk_is_walking_at_the_given_speed(recording: Recording) -> None:
    walk = made(recording, 60, [(0, 60, NAN)])
    walk.strides["running"] = 0
    for read in (by_fitdecode, by_fitparse):
        messages = read(run_fit(replace(walk, speed=Speed(1.4, "given"))))
        session = consistent(messages)
        assert (session["sport"], session["sub_sport"]) == ("walking", "indoor_walking")
        assert session["total_distance"] == pytest.approx(84)
        assert messages["record"][0]["activity_type"] == "walking"
    assert consistent(decode(replace(walk, speed=Speed())))["total_distance"] is None


def test_nobody_there_makes_no_file_but_a_word(recording: Recording) -> None:
    empty = Collector(SourceInfo("a.npz", "poses", 0, 0), None, View()).recording("", UTC_START, clock_trusted=True)
    assert why_no_fit(empty) == "nobody ran or walked for as long as a second"
    one = replace(recording, t_s=recording.t_s[:1], angles=recording.angles[:1], strides=recording.strides[:1])
    assert why_no_fit(one) == why_no_fit(empty)


# --- the file ---


def test_the_library_finds_nothing_wrong_with_it(recording: Recording) -> None:
    """fit-tool's own rules for an activity: what must be there, in which order, in which range."""
    for one in (recording, made(recording, 100, [(20, 50, 3.0), (60, 80, 3.0)])):
        assert [str(finding) for finding in FitFile.from_bytes(run_fit(one)).validate().findings] == []


def test_the_header_is_the_long_one_with_its_own_checksum(recording: Recording) -> None:
    content = run_fit(recording)
    assert content[0] == 14
    assert crc16(content[:12]) == int.from_bytes(content[12:14], "little") != 0


def test_the_same_recording_gives_the_same_bytes(recording: Recording) -> None:
    assert run_fit(recording) == run_fit(recording)


def test_numbers_that_do_not_fit_are_not_measured(recording: Recording) -> None:
    odd = {"cadence_spm": 600.0, "contact_s": -1.0, "step_length_m": np.inf, "tle_near_deg": 1e300}
    messages = decode(with_strides(recording, **odd))
    for record in messages["record"]:
        assert record["cadence"] is None
        assert record["stance_time"] is None
        assert "step_length" not in record
        assert record["tle_near_deg"] is None or np.isnan(record["tle_near_deg"])
    assert messages["record"][-1]["enhanced_speed"] == 2.5


def test_without_speed_there_is_no_distance(recording: Recording) -> None:
    messages = decode(with_strides(recording, speed_mps=np.nan, step_length_m=np.nan))
    assert {"distance", "enhanced_speed", "step_length"}.isdisjoint(messages["record"][-1])
    assert messages["session"][0]["total_distance"] is None
    assert messages["session"][0]["enhanced_avg_speed"] is None
    assert messages["record"][-1]["cadence"] > 0
