"""The reference file: both shapes are read, and every mistake is named with its line."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from station.errors import InputError
from station.types import QUANTITIES
from station.validate.reference import PER_FRAME, PER_STRIDE, SERIES_COLUMNS, TRIAL_COLUMNS, Series, Trial, read_reference
from station.validate.tolerance import FACTORS, NEAR, suspected_unit, tolerance, unit


def trials(tmp_path: Path, text: str) -> tuple[Trial, ...]:
    path = tmp_path / "sheet.csv"
    path.write_bytes(text.encode("utf-8-sig"))
    content = read_reference(path).content
    assert isinstance(content, tuple)
    return content


def series(tmp_path: Path, text: str) -> Series:
    path = tmp_path / "series.csv"
    path.write_text(text, encoding="utf-8")
    content = read_reference(path).content
    assert isinstance(content, Series)
    return content


def test_steps_become_cadence_whatever_tells_the_time(tmp_path: Path) -> None:
    rows = trials(
        tmp_path,
        "# counted by hand\nrunner,session,screen_from,screen_to,from_s,to_s,start_utc,seconds,steps\n"
        "A,s1,5:00,6:00,,,,,165\nA,s1,,,300,330,,,84\nB,s2,,,,,2026-11-23T18:05:00+01:00,60,170\nB,s2,,,,,,30,80\n",
    )
    assert [row.values["cadence_spm"] for row in rows] == [165, 168, 170, 160]
    assert [row.count_off_spm for row in rows] == [1, 2, 1, 2]
    assert rows[0].screen_s == (300, 360)
    assert rows[2].start_utc == datetime(2026, 11, 23, 17, 5, tzinfo=UTC)
    assert [row.line for row in rows] == [3, 4, 5, 6]


def test_rows_that_nobody_filled_in_are_passed_over(tmp_path: Path) -> None:
    assert len(trials(tmp_path, "trial,runner,steps,seconds,waist\n1,A,,60,\n2,B,80,30,\n3,C,,,stiff\n")) == 2


def test_a_spreadsheet_of_another_country(tmp_path: Path) -> None:
    rows = trials(tmp_path, "runner;session;speed_kmh;tle_near_deg;note\nJürgen;s1;10,5;21,75;lief gut, sagt er\n")
    assert rows[0].values == {"speed_kmh": 10.5, "tle_near_deg": 21.75}
    (tmp_path / "old.csv").write_bytes("runner,session,steps,seconds\nJürgen,s1,80,30\n".encode("cp1252"))
    assert read_reference(tmp_path / "old.csv").content[0].runner == "Jürgen"  # type: ignore[index]


def test_values_over_time_with_gaps(tmp_path: Path) -> None:
    found = series(tmp_path, "time_s,thigh_near_deg,tle_near_deg\n0.00,1.5,\n0.01,,22\n0.02,2.5,\n")
    np.testing.assert_array_equal(found.columns["thigh_near_deg"], [1.5, np.nan, 2.5])
    np.testing.assert_array_equal(found.columns["tle_near_deg"], [np.nan, 22, np.nan])


@pytest.mark.parametrize(
    ("text", "reported"),
    [
        ("", "is empty"),
        ("# nothing\n\n", "is empty"),
        ("runner,steps,seconds\n", "no row is filled in"),
        ("runner,steps,seconds\nA,,\n", "no row is filled in.*Fill in one of steps"),
        ("runner,stepps\nA,5\n", "column 'stepps' is not known.*Steps is known"),
        ("runner,heart_rate_bpm\nA,5\n", "column 'heart_rate_bpm' is not known.*--columns"),
        ("steps,steps\n1,2\n", "there twice"),
        ("runner,steps,seconds\nA,1o5,60\n", "line 2: '1o5' in column steps is no number"),
        ("runner,steps,seconds\nA,nan,60\n", "no number"),
        ("runner,steps\nA,165\n", "line 2: steps need the time"),
        ("runner,steps,seconds\nA,1,0.001\n", "line 2: steps need the time"),
        ("runner,steps,seconds\nA,1e300,60\n", "no number"),
        ("runner,steps,seconds,cadence_spm\nA,165,60,165\n", "no cadence beside them"),
        ("steps,from_s,to_s\n165,60,\n", "does not end"),
        ("steps,from_s,to_s\n165,60,60\n", "does not end"),
        ("steps,screen_from,screen_to\n165,5:00,5:61\n", "no time on the screen"),
        ("steps,screen_from,screen_to\n165,500,560\n", "no time on the screen"),
        ("steps,start_utc\n165,2026-11-23T17:00:00Z\n", "start_utc without seconds"),
        ("steps,seconds,start_utc\n165,60,yesterday\n", "no moment"),
        ("waist\nfloppy\n", "'floppy' in column waist"),
        ("runner,note,steps,seconds\nA,good, very,165,60\n", "line 2: has 5 cells"),
        ("time_s\n1\n", "no value beside time_s"),
        ("time_s,thigh_near_deg\n", "no value beside time_s"),
        ("time_s,thigh_near_deg\n0,1\n0,2\n", "line 3: time_s does not increase"),
        ("time_s,thigh_near_deg\n0,1\n,2\n", "line 3: has no time_s"),
        ("time_s,thigh_left_deg\n0,1\n", "'thigh_left_deg' is not known"),
        ("time_s,steps\n0,1\n", "'steps' is not known"),
    ],
)
def test_every_mistake_is_named(tmp_path: Path, text: str, reported: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=rf"(?s).*{reported}"):
        read_reference(path)


def test_what_is_no_csv_is_reported(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(b"PK\x03\x04rest")
    with pytest.raises(InputError, match="Save the table as CSV"):
        read_reference(tmp_path / "a.xlsx")
    (tmp_path / "long.csv").write_text("runner,note,steps,seconds\nA," + 200_000 * "x" + ",165,60\n")
    with pytest.raises(InputError, match="line 2: cannot be read"):
        read_reference(tmp_path / "long.csv")
    with pytest.raises(InputError, match="cannot be read"):
        read_reference(tmp_path / "not there.csv")
    with pytest.raises(InputError, match="cannot be read"):
        read_reference(tmp_path)


def test_every_quantity_has_a_tolerance_and_a_unit() -> None:
    for name in (*SERIES_COLUMNS[1:], "speed_kmh"):
        assert tolerance(name) > 0
        assert unit(name)
    assert set(QUANTITIES) <= set(TRIAL_COLUMNS)
    assert set(PER_FRAME) | set(PER_STRIDE) <= set(SERIES_COLUMNS)


@pytest.mark.parametrize(
    ("name", "factor", "reported"),
    [
        ("thigh_near_deg", np.pi / 180, "radians"),
        ("cadence_spm", 0.5, "strides"),
        ("speed_kmh", 1 / 3.6, "metres a second"),
        ("contact_time_ms", 0.001, "seconds"),
        ("contact_s", 1000, "milliseconds"),
        ("step_length_m", 100, "centimetres"),
        ("thigh_near_deg", 0.8, ""),
        ("cadence_spm", 0.8, ""),
        ("tle_share_near", 0.5, ""),
    ],
)
def test_a_wrong_unit_gives_itself_away(name: str, factor: float, reported: str) -> None:
    station = np.array([20.0, -15.0, 22.0, 8.0])
    found = suspected_unit(name, station, factor * station)
    assert found.startswith(reported)
    assert bool(found) == bool(reported)


def test_no_right_value_is_taken_for_another_unit() -> None:
    for factors in FACTORS.values():
        around = sorted([0.0, *(float(np.log(factor)) for factor, _ in factors)])
        assert np.diff(around).min() > 2 * NEAR


WORDS = ("", "1", "60", "-3", "5:00", "A", "stiff", "2026-11-23", '"', "1,5", "#", "nan")
CELLS = st.one_of(st.sampled_from(WORDS), st.text(max_size=4))
HEADERS = st.lists(st.sampled_from((*TRIAL_COLUMNS[:14], "time_s", "thigh_near_deg")), min_size=1, max_size=6)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(HEADERS, st.lists(st.lists(CELLS, max_size=6), max_size=5))
def test_any_table_is_read_or_refused(tmp_path: Path, header: list[str], rows: list[list[str]]) -> None:
    path = tmp_path / "any.csv"
    path.write_text("\n".join(",".join(row) for row in [header, *rows]), encoding="utf-8", errors="replace")
    with contextlib.suppress(InputError):
        content = read_reference(path).content
        assert isinstance(content, Series) == ("time_s" in header)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "any.csv").write_bytes(content)
    with contextlib.suppress(InputError):
        read_reference(tmp_path / "any.csv")
