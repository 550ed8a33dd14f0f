"""session.xlsx as openpyxl reads it: what is a number stays one, whatever the reader's country."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
import openpyxl
import pytest

from station.export.session_xlsx import session_xlsx
from station.record.collect import Collector
from station.types import QUANTITIES, STRIDE, Cue, Recording, SourceInfo, View
from tests.made_run import collected

UTC = "2026-11-22T19:00:00Z"
Sheets = dict[str, list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def recording() -> Recording:
    return collected(20.0).recording("00001-a3f9", "2026-11-22T18:30:00Z", clock_trusted=True, time_zone="Europe/Berlin")


def sheets(recording: Recording) -> Sheets:
    book = openpyxl.load_workbook(io.BytesIO(session_xlsx(recording, UTC)))
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in book}


def test_one_sheet_each_with_a_header(recording: Recording) -> None:
    book = openpyxl.load_workbook(io.BytesIO(session_xlsx(recording, UTC)))
    assert book.sheetnames == ["summary", "strides", "events", "notes"]
    for sheet in book:
        assert sheet.freeze_panes == "A2"
        assert all(isinstance(cell.value, str) for cell in sheet[1])


def test_the_summary_holds_every_measure_as_a_number_with_its_unit(recording: Recording) -> None:
    header, *rows = sheets(recording)["summary"]
    table = {row[8]: dict(zip(header, row, strict=True)) for row in rows}
    assert [row[8] for row in rows] == [*QUANTITIES, *(fault.rule for fault in recording.faults)]
    cadence = table["cadence_spm"]
    assert cadence["value"] == pytest.approx(recording.summary["cadence_spm"].value, abs=0.001)
    assert (cadence["unit"], cadence["state"]) == ("steps/min", "measured")
    assert cadence["low (95 %)"] < cadence["value"] < cadence["high (95 %)"]
    turn = table["pelvic_turn_deg"]
    assert (turn["value"], turn["state"], turn["note"]) == (None, "cannot tell", "loose clothing hides the hip")
    assert (table["sitting"]["kind"], table["sitting"]["state"]) == ("rule", "seen")
    assert table["sitting"]["note"].endswith("of the time it was judged")


def test_the_strides_are_numbers_with_units_in_the_header(recording: Recording) -> None:
    header, *rows = sheets(recording)["strides"]
    assert [title.partition(" [")[0] for title in header] == list(STRIDE.names)
    assert {"start_s [s]", "cadence_spm [steps/min]", "tle_near_deg [deg]", "speed_mps [m/s]", "tle_share_near"} < set(header)
    assert len(rows) == len(recording.strides)
    for place, name in enumerate(STRIDE.names):
        cells = [row[place] for row in rows]
        assert all(cell is None or isinstance(cell, (int, float)) for cell in cells)
        np.testing.assert_array_equal(np.array(cells, float), recording.strides[name])


def test_events_have_the_time_of_day_where_it_is_known(recording: Recording) -> None:
    header, *rows = sheets(recording)["events"]
    assert header[:2] == ("t_s [s]", "time (Europe/Berlin)")
    assert rows[0][1] == datetime(2026, 11, 22, 19, 30)
    feet = [row for row in rows if row[2] == "foot"]
    assert len(feet) == len(recording.events)
    assert all(isinstance(row[6], float) for row in feet)
    outcome = next(row for row in rows if row[2] == "outcome")
    assert outcome[6] == 1
    undated = sheets(replace(recording, clock_trusted=False))["events"]
    assert undated[0][:2] == ("t_s [s]", "what")


def test_the_notes_say_where_it_is_from_and_what_is_missing(recording: Recording) -> None:
    notes = {row[0]: row[1] for row in sheets(recording)["notes"]}
    assert notes["started"] == datetime(2026, 11, 22, 19, 30)
    assert notes["belt speed"] == 2.5
    assert notes["session"] == "00001-a3f9"
    assert "note" not in notes
    reported = [row[1] for row in sheets(replace(recording, notes=("slow motion, 4 times",)))["notes"] if row[0] == "note"]
    assert reported == ["slow motion, 4 times"]
    undated = {row[0]: row[1] for row in sheets(replace(recording, clock_trusted=False))["notes"]}
    assert undated["started"] == "not known: the clock was not set"


@pytest.mark.parametrize("text", ["=1+1", "+SUM(A1)", "@x", "http://example.org", "0:20", "1,5", "-"])
def test_text_is_always_text(recording: Recording, text: str) -> None:
    cue = Cue(recording.cues[0].t_ns, 9, "odd", "sitting", "start", (), text)
    book = openpyxl.load_workbook(io.BytesIO(session_xlsx(replace(recording, cues=(cue,)), UTC)))
    (cell,) = (row[7] for row in book["events"].iter_rows(min_row=2) if row[2].value == "cue")
    assert (cell.value, cell.data_type, cell.hyperlink) == (text, "s", None)


def test_the_same_recording_gives_the_same_bytes(recording: Recording) -> None:
    first = session_xlsx(recording, UTC)
    assert session_xlsx(recording, UTC) == first
    with zipfile.ZipFile(io.BytesIO(first)) as packed:
        assert {info.date_time for info in packed.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert b"2026-11-22T19:00:00Z" in packed.read("docProps/core.xml")


def test_nothing_recorded_is_a_workbook_with_headers_alone() -> None:
    empty = Collector(SourceInfo("a.npz", "poses", 0, 0), None, View()).recording()
    reported = sheets(empty)
    assert len(reported["strides"]) == len(reported["events"]) == 1
    assert {row[6] for row in reported["summary"][1:]} == {"cannot tell"}
