"""The reference file, a CSV in one of two shapes.

Trials, one row each: what somebody counted or read off while a runner ran.
    session, or start_utc + seconds     which recording: its id, its folder's name, or when the counting began
    screen_from, screen_to              the window by the clock on the station's screen (m:ss);
    from_s, to_s                        or in seconds since the recording began; neither: the whole recording
    steps (both feet), speed_kmh, waist (stiff, free or natural: what the runner was asked to do), any name of types.QUANTITIES
    runner, trial, observer, note       labels; `runner` tells which rows are of one person

Values over time: `time_s`, and columns named as the station's own: types.ANGLES (every frame), types.STRIDE (one value a
stride, at any time within it), types.QUANTITIES, contact_time_ms. An empty cell is not measured. Lines that begin with #
are not read. Comma, or semicolon with decimal comma as spreadsheets write it in some countries.
"""

from __future__ import annotations

import csv
import difflib
import hashlib
import io
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from station.errors import InputError
from station.types import ANGLES, NAN, QUANTITIES, STRIDE

LARGEST = 1e10  # seconds since 1970 are the largest that make sense
LEAST_COUNTED_S = 5.0
MOST_BYTES = 64 << 20  # an hour at 200 values a second in ten columns
LABELS = ("trial", "runner", "session", "observer", "note", "waist", "start_utc", "screen_from", "screen_to")
WINDOW = ("from_s", "to_s", "seconds")
COUNTS = ("steps", "speed_kmh")
WAISTS = ("stiff", "free", "natural")
BOOKKEEPING = ("start_s", "seen_fraction", "swaps_repaired", "running")  # columns of STRIDE that are no measurement
PER_FRAME = tuple(ANGLES.names or ())
PER_STRIDE = (*(name for name in STRIDE.names or () if name not in BOOKKEEPING), "contact_time_ms")
TRIAL_COLUMNS = (*LABELS, *WINDOW, *COUNTS, *QUANTITIES)
SERIES_COLUMNS = ("time_s", *dict.fromkeys((*PER_FRAME, *PER_STRIDE, *QUANTITIES)))


@dataclass(frozen=True, slots=True)
class Trial:
    """One row of counts. Times are NaN and labels "" where not given; `values` by quantity, steps already as cadence_spm."""

    line: int
    trial: str
    runner: str
    session: str
    observer: str
    waist: str
    start_utc: datetime | None
    screen_s: tuple[float, float]
    window_s: tuple[float, float]
    seconds: float
    values: Mapping[str, float]
    count_off_spm: float  # one step in the time counted: a count does not say where between two steps it began and ended


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Values over time: `t_s` (N,) increasing on the reference's own clock, columns (N,), NaN = not measured."""

    t_s: NDArray[np.float64]
    columns: Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    path: Path
    sha256: str
    content: tuple[Trial, ...] | Series


def read_reference(path: Path) -> Reference:
    """Raises InputError, with line and column, for whatever is not one of the two shapes."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", str(path), "name a CSV file") from None
    if len(content) > MOST_BYTES:
        raise InputError(
            f"is larger than {MOST_BYTES >> 20} MB", str(path), "cut it into sessions, or give fewer values a second"
        )
    if content[:2] == b"PK" or b"\0" in content:
        raise InputError("is no CSV file", str(path), "save the table as CSV")
    table = _Table.of(content, str(path))
    found = _series(table) if "time_s" in table.header else tuple(_trials(table))
    return Reference(path, hashlib.sha256(content).hexdigest(), found)


@dataclass(frozen=True, slots=True)
class _Table:
    where: str
    header: tuple[str, ...]
    rows: tuple[tuple[int, dict[str, str]], ...]  # (line, cells by column)
    decimal_comma: bool

    @classmethod
    def of(cls, content: bytes, where: str) -> _Table:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("cp1252", errors="replace")  # names and notes from an older spreadsheet
        lines = [(n, line) for n, line in enumerate(text.splitlines(), 1) if line.strip(" ,;\t") and line.lstrip(' "')[:1] != "#"]
        if not lines:
            raise InputError("is empty", where, "put one trial, or one moment, into each row")
        delimiter = ";" if lines[0][1].count(";") > lines[0][1].count(",") else ","
        cells = [_cells(line, delimiter, f"{where}, line {n}") for n, line in lines]
        header = tuple(name.strip() for name in cells[0])
        _check_header(header, where)
        rows = []
        for (line, _), values in zip(lines[1:], cells[1:], strict=True):
            if len(values) > len(header):
                raise InputError(
                    f"has {len(values)} cells, the first row {len(header)}",
                    f"{where}, line {line}",
                    "put texts with a comma in quotes",
                )
            rows.append((line, {name: value.strip() for name, value in zip(header, values, strict=False)}))
        return cls(where, header, tuple(rows), delimiter == ";")

    def number(self, line: int, name: str, text: str) -> float:
        if not text:
            return NAN
        try:
            value = float(text.replace(",", ".") if self.decimal_comma else text)
        except ValueError:
            value = math.inf
        if not abs(value) <= LARGEST:
            raise InputError(
                f"{text!r} in column {name} is no number",
                f"{self.where}, line {line}",
                "leave the cell empty where nothing was measured",
            )
        return value


def _cells(line: str, delimiter: str, where: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(line), delimiter=delimiter, strict=False))
    except csv.Error as error:
        raise InputError(f"cannot be read ({error})", where, "save the table as CSV again") from None


def _check_header(header: tuple[str, ...], where: str) -> None:
    known = SERIES_COLUMNS if "time_s" in header else TRIAL_COLUMNS
    for name in header:
        if header.count(name) > 1:
            raise InputError(f"column {name!r} is there twice", where, "keep one of them")
        if name not in known:
            close = difflib.get_close_matches(name.lower(), known, 1, 0.5)
            hint = f"{close[0]} is known; " if close else ""
            raise InputError(f"column {name!r} is not known", where, f"{hint}see `station validate --columns` for all of them")


def _series(table: _Table) -> Series:
    columns = {
        name: np.array([table.number(line, name, cells.get(name, "")) for line, cells in table.rows]) for name in table.header
    }
    t_s = columns.pop("time_s")
    filled = {name: values for name, values in columns.items() if np.isfinite(values).any()}
    if not filled:
        raise InputError(
            "holds no value beside time_s", table.where, "see `station validate --columns` for the columns it may have"
        )
    for at in np.flatnonzero(~np.isfinite(t_s))[:1]:
        raise InputError("has no time_s", f"{table.where}, line {table.rows[at][0]}", "give every row its time in seconds")
    for at in np.flatnonzero(np.diff(t_s) <= 0)[:1]:
        raise InputError("time_s does not increase", f"{table.where}, line {table.rows[at + 1][0]}", "sort the rows by time")
    return Series(t_s, filled)


def _trials(table: _Table) -> Iterator[Trial]:
    any_row = False
    for line, cells in table.rows:
        if any(cells.get(name) for name in (*COUNTS, *QUANTITIES, "waist")):
            any_row = True
            yield _trial(table, line, cells)
    if not any_row:
        remedy = (
            f"fill in one of {', '.join(name for name in table.header if name not in (*LABELS, *WINDOW)) or 'steps, speed_kmh'}"
        )
        raise InputError("no row is filled in", table.where, remedy)


def _trial(table: _Table, line: int, cells: dict[str, str]) -> Trial:
    where = f"{table.where}, line {line}"
    numbers = {name: table.number(line, name, cells.get(name, "")) for name in (*WINDOW, *COUNTS, *QUANTITIES)}
    screen_s = (_clock(cells.get("screen_from", ""), where), _clock(cells.get("screen_to", ""), where))
    window_s = (numbers["from_s"], numbers["to_s"])
    seconds = numbers["seconds"]
    for start, end in (screen_s, window_s):
        if math.isnan(start) != math.isnan(end) or end <= start:
            raise InputError("the window does not end after it begins", where, "give both ends, or leave both empty")
        seconds = end - start if math.isnan(seconds) and not math.isnan(start) else seconds
    waist = cells.get("waist", "").lower()
    if waist and waist not in WAISTS:
        raise InputError(f"{waist!r} in column waist", where, f"write {', '.join(WAISTS)} or nothing")
    start_utc = _moment(cells.get("start_utc", ""), where)
    if start_utc is not None and math.isnan(seconds):
        raise InputError("start_utc without seconds", where, "say for how many seconds was counted")
    values = {name: numbers[name] for name in ("speed_kmh", *QUANTITIES) if math.isfinite(numbers[name])}
    count_off_spm = 0.0
    if math.isfinite(numbers["steps"]):
        if not seconds >= LEAST_COUNTED_S or "cadence_spm" in values:
            raise InputError(
                "steps need the time they were counted for, and no cadence beside them", where, "fill in seconds, or a window"
            )
        values["cadence_spm"], count_off_spm = 60.0 * numbers["steps"] / seconds, 60.0 / seconds
    trial, runner, session, observer = (cells.get(name, "") for name in ("trial", "runner", "session", "observer"))
    return Trial(line, trial, runner, session, observer, waist, start_utc, screen_s, window_s, seconds, values, count_off_spm)


def _clock(text: str, where: str) -> float:
    """Seconds of m:ss or h:mm:ss; NaN for ""."""
    if not text:
        return NAN
    parts = text.split(":")
    if not (2 <= len(parts) <= 3 and all(part.isdigit() for part in parts) and all(int(part) < 60 for part in parts[1:])):
        raise InputError(f"{text!r} is no time on the screen", where, "write minutes and seconds as in 12:30")
    return float(sum(int(part) * 60**power for power, part in enumerate(reversed(parts))))


def _moment(text: str, where: str) -> datetime | None:
    if not text:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise InputError(f"{text!r} is no moment", where, "write it as 2026-11-23T17:05:00Z") from None
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
