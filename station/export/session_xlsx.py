"""session.xlsx: the session as a workbook that opens the same in every country: numbers are
numbers, dates are dates.

Sheets: summary (measures and rules), strides, events, notes. What was not measured is an empty
cell. The series of every frame is in series.csv alone: an hour of it is 200,000 rows.
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import PurePath

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from station import __version__
from station.export import wording
from station.export.tables_csv import event_rows
from station.export.written import unit_of
from station.faults import BY_NAME
from station.types import QUANTITIES, STRIDE, FaultReport, Measure, Recording
from station.wall_clock import local

Cell = float | int | str | datetime | None
Row = Sequence[Cell]

SUMMARY = ("what", "value", "unit", "low (95 %)", "high (95 %)", "strides", "state", "note", "name", "kind", "meaning")
WIDEST = 60  # characters of a column
DATE = "yyyy-mm-dd hh:mm:ss.000"
DATES_FROM = {
    "clock": "the station's clock",
    "film": "the film",
    "file": "the file: when it was last changed",
    "given": "a person",
}


def session_xlsx(recording: Recording, created_utc: str) -> bytes:
    """The same arguments give the same bytes. Raises ValueError for another `created_utc`."""
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True}) as book:
        book.set_properties({"created": datetime.fromisoformat(created_utc).replace(tzinfo=None), "title": "treadmill session"})
        sheet = _writer(book)
        measures = [_measure(name, measure) for name, measure in recording.summary.items()]
        sheet("summary", SUMMARY, [*measures, *map(_rule, recording.faults)])
        sheet("strides", [_header(name) for name in STRIDE.names or ()], recording.strides.tolist())
        sheet("events", *_events(recording))
        sheet("notes", ("what", "value", "unit"), _notes(recording))
    return stream.getvalue()


def _writer(book: xlsxwriter.Workbook) -> Callable[..., None]:
    """A function that adds a sheet: a fixed header, cells by their type, fitting columns."""
    bold, date = book.add_format({"bold": True, "bottom": 1}), book.add_format({"num_format": DATE})

    def add(name: str, header: Sequence[str], rows: Sequence[Row]) -> None:
        sheet = book.add_worksheet(name)
        columns = [*zip(*rows, strict=True)] or [()] * len(header)
        for place, (title, column) in enumerate(zip(header, columns, strict=True)):
            sheet.write_string(0, place, title, bold)
            widest = max((len(cell) for cell in column if isinstance(cell, str)), default=10)
            sheet.set_column(place, place, min(WIDEST, max(10, len(title), widest)) + 2)
            for row, cell in enumerate(column, start=1):
                _put(sheet, row, place, cell, date)
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, len(rows), len(header) - 1)

    return add


def _put(sheet: Worksheet, row: int, column: int, cell: Cell, date: Format) -> None:
    """Text is always text: never a formula, a link or a number."""
    if isinstance(cell, str):
        sheet.write_string(row, column, cell)
    elif isinstance(cell, datetime):
        sheet.write_datetime(row, column, cell, date)
    elif cell is not None and math.isfinite(cell):
        sheet.write_number(row, column, cell)


def _header(name: str) -> str:
    unit = unit_of(name)
    return f"{name} [{unit}]" if unit else name


def _measure(name: str, measure: Measure) -> Row:
    quantity = QUANTITIES[name]
    unit = "" if quantity.unit == "1" else quantity.unit
    tail = (name, "measure", quantity.meaning)
    if not measure.measured:
        return (quantity.label, None, unit, None, None, measure.n, "cannot tell", measure.reason, *tail)
    value, low, high = (round(value, quantity.decimals + 2) for value in (measure.value, measure.low, measure.high))
    return (quantity.label, value, unit, low, high, measure.n, "measured", "", *tail)


def _rule(fault: FaultReport) -> Row:
    # A rule of an earlier version.
    title = BY_NAME[fault.rule].title if fault.rule in BY_NAME else fault.rule
    note = fault.reason
    if fault.state == "on":
        note = f"first after {fault.first_on_s:.0f} s, {fault.on_fraction:.0%} of the time it was judged"
    value = round(fault.value, 4) if math.isfinite(fault.value) else None
    unit = "" if fault.unit == "1" else fault.unit
    return (title, value, unit, None, None, None, wording.STATES[fault.state], note, fault.rule, "rule", "")


def _events(recording: Recording) -> tuple[Sequence[str], list[Row]]:
    """Header and rows; the time of day stands there where it is known."""
    rows: list[Row] = [(round(t_s, 4), *rest) for t_s, *rest in event_rows(recording)]
    header = ("t_s [s]", "what", "kind", "side", "rule", "value", "text")
    if not recording.dated:
        return header, rows
    start = _local(recording)
    with_time: list[Row] = [(row[0], start + timedelta(milliseconds=round(float(str(row[0])) * 1000)), *row[1:]) for row in rows]
    return (header[0], f"time ({recording.time_zone})", *header[1:]), with_time


def _notes(recording: Recording) -> list[Row]:
    source, speed, model = recording.source, recording.speed, recording.model
    dated = recording.dated
    rows: list[Row] = [
        ("session", recording.session_id, ""),
        ("source", PurePath(source.path).name, ""),
        ("started", _local(recording) if dated else "not known: the clock was not set", recording.time_zone if dated else ""),
        ("the date is by", DATES_FROM[recording.date_from] if dated else "", ""),
        ("duration", round(source.duration_s, 3), "s"),
        ("frames", source.frames, ""),
        ("frames a second", round(source.fps, 3), "1/s"),
        ("runner tracked", round(recording.tracked_fraction, 4), "share of the frames"),
        ("running", round(recording.running_fraction, 4), "share of the time"),
        ("belt speed", round(speed.mps, 3), "m/s"),
        ("the belt speed is", speed.origin, ""),
        ("near side", recording.near_side or "not known", ""),
        ("runner faces", recording.direction or "not known", ""),
        ("pelvic measures by", recording.pelvic_source, ""),
        ("pose model", model.name if model else "none: landmarks were given", ""),
        ("station version", __version__, ""),
    ]
    rows += [("note", note, "") for note in recording.notes]
    how = wording.HOW_TO_READ if model and model.errors else wording.HOW_TO_READ_STRIDES
    return rows + [("how to read it", text, "") for text in (how, wording.CANNOT, wording.PAIN)]


def _local(recording: Recording) -> datetime:
    """The start on the clock on the wall; a workbook knows no time zones."""
    return local(recording.started_utc, recording.time_zone).replace(tzinfo=None)
