"""The reference file, a CSV in one of three shapes.

Trials, one row each: what somebody counted or read off while a runner ran.
    session, or start_utc + seconds  which recording: its id, its folder's name, or when it began
    screen_from, screen_to           the window by the clock on the station's screen (m:ss);
    from_s, to_s                     in seconds since the recording began; neither: all of it
    steps (both feet), speed_kmh, waist (stiff, free or natural: what the runner was asked to do),
    any name
    of types.QUANTITIES
    runner, trial, observer, note    labels; `runner` tells which rows are of one person

Values over time: `time_s`, and columns named as the station's own: types.ANGLES (every frame),
types.STRIDE (one value a stride, at any time within it), types.QUANTITIES, contact_time_ms. An
empty cell is not measured. Lines that begin with # are not read. As spreadsheets save them in any
country: see table.py.

Pairs of a hip belt: what the station keeps by `record.hip_belt_pairs` (record/belt_pairs.py), as it
is: it holds both sides.
"""

from __future__ import annotations

import difflib
import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from station.errors import InputError
from station.record.belt_pairs import COLUMNS as BELT_COLUMNS
from station.types import ANGLES, NAN, QUANTITIES, STRIDE
from station.validate.table import Table
from station.wall_clock import utc_time

LEAST_COUNTED_S = 5.0  # chosen: a shorter count is off by a step in ten
LEAST_SPM = 60.0  # fewer steps a minute are no run and no walk
MOST_BYTES = 64 << 20  # an hour at 200 values a second in ten columns
LABELS = ("trial", "runner", "session", "observer", "note", "waist", "start_utc", "screen_from", "screen_to")
WINDOW = ("from_s", "to_s", "seconds")
COUNTS = ("steps", "speed_kmh")
MOST_HOURS = 6  # of one run (chosen)
TIME_REMEDY = "format the column as text, then write minutes and seconds as in 12:30; or give from_s and to_s in seconds"
WAISTS = ("stiff", "free", "natural")
# Columns of STRIDE that are no measurement.
BOOKKEEPING = ("start_s", "seen_fraction", "swaps_repaired", "running")
PER_FRAME = tuple(ANGLES.names or ())
PER_STRIDE = (*(name for name in STRIDE.names or () if name not in BOOKKEEPING), "contact_time_ms")
BY_BELT = "belt_quadrature_deg"
TRIAL_COLUMNS = (*LABELS, *WINDOW, *COUNTS, *QUANTITIES)
SERIES_COLUMNS = ("time_s", *dict.fromkeys((*PER_FRAME, *PER_STRIDE, *QUANTITIES)))


@dataclass(frozen=True, slots=True)
class Trial:
    """One row of counts: times NaN, labels "" where not given; steps are cadence_spm."""

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
    # One step in the time counted: a count does not say where between two steps it began and ended.
    count_off_spm: float


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Over time: `t_s` (N,) increasing on the reference's own clock, columns (N,)."""

    t_s: NDArray[np.float64]
    columns: Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True, slots=True, eq=False)
class BeltStrides:
    """What hip belt and pelvis model read of the same strides, columns (N,)."""

    session: str
    columns: Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    path: Path
    sha256: str
    content: tuple[Trial, ...] | Series | BeltStrides


def read_reference(path: Path) -> Reference:
    """Raises InputError, with line and column, for whatever is not one of the three shapes."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", str(path), "name a CSV file") from None
    if len(content) > MOST_BYTES:
        remedy = "cut it into sessions, or give fewer values a second"
        raise InputError(f"is larger than {MOST_BYTES >> 20} MB", str(path), remedy)
    table = Table.of(content, str(path), {*TRIAL_COLUMNS, *SERIES_COLUMNS, *BELT_COLUMNS})
    known, read = _shape(table.header)
    _check_header(table.header, known, str(path))
    return Reference(path, hashlib.sha256(content).hexdigest(), read(table))


def _shape(header: Sequence[str]) -> tuple[Sequence[str], Callable[[Table], tuple[Trial, ...] | Series | BeltStrides]]:
    """The columns that such a table may have, and how it is read."""
    if BY_BELT in header:
        return BELT_COLUMNS, _belt_strides
    return (SERIES_COLUMNS, _series) if "time_s" in header else (TRIAL_COLUMNS, _trials)


def _check_header(header: Sequence[str], known: Sequence[str], where: str) -> None:
    for name in header:
        if header.count(name) > 1:
            raise InputError(f"column {name!r} is there twice", where, "keep one of them")
        if name not in known:
            close = difflib.get_close_matches(name.lower(), known, 1, 0.5)
            hint = f"{close[0]} is known; " if close else ""
            raise InputError(f"column {name!r} is not known", where, f"{hint}see `station validate --columns` for all of them")


def _series(table: Table) -> Series:
    columns = {
        name: np.array([table.number(line, name, cells.get(name, "")) for line, cells in table.rows]) for name in table.header
    }
    t_s = columns.pop("time_s")
    filled = {name: values for name, values in columns.items() if np.isfinite(values).any()}
    if not filled:
        remedy = "see `station validate --columns` for the columns it may have"
        raise InputError("holds no value beside time_s", table.where, remedy)
    for at in np.flatnonzero(~np.isfinite(t_s))[:1]:
        raise InputError("has no time_s", f"{table.where}, line {table.rows[at][0]}", "give every row its time in seconds")
    for at in np.flatnonzero(np.diff(t_s) <= 0)[:1]:
        raise InputError("time_s does not increase", f"{table.where}, line {table.rows[at + 1][0]}", "sort the rows by time")
    return Series(t_s, filled)


def _belt_strides(table: Table) -> BeltStrides:
    sessions = sorted({cells.get("session", "") for _, cells in table.rows})
    if len(sessions) != 1:
        raise InputError(f"holds {len(sessions)} sessions", table.where, "compare one session of pairs at a time")
    names = [name for name in table.header if name not in ("session", "near_side")]
    rows = [[table.number(line, name, cells.get(name, "")) for name in names] for line, cells in table.rows]
    return BeltStrides(sessions[0], dict(zip(names, np.array(rows).T, strict=True)))


def _trials(table: Table) -> tuple[Trial, ...]:
    wanted = (*COUNTS, *QUANTITIES, "waist")
    filled = [(line, cells) for line, cells in table.rows if any(cells.get(name) for name in wanted)]
    if not filled:
        known = ", ".join(name for name in table.header if name not in (*LABELS, *WINDOW)) or "steps, speed_kmh"
        raise InputError("no row is filled in", table.where, f"fill in one of {known}")
    return tuple(_trial(table, line, cells) for line, cells in filled)


def _trial(table: Table, line: int, cells: Mapping[str, str]) -> Trial:
    where = f"{table.where}, line {line}"
    numbers = {name: table.number(line, name, cells.get(name, "")) for name in (*WINDOW, *COUNTS, *QUANTITIES)}
    screen = (cells.get("screen_from", ""), cells.get("screen_to", ""))
    screen_s = (_clock(screen[0], where), _clock(screen[1], where))
    window_s = (numbers["from_s"], numbers["to_s"])
    seconds = numbers["seconds"]
    for start, end in (screen_s, window_s):
        if math.isnan(start) != math.isnan(end) or end <= start:
            raise InputError("the window does not end after it begins", where, "give both ends, or leave both empty")
        seconds = end - start if math.isnan(seconds) and not math.isnan(start) else seconds
    if _was_turned(screen, screen_s, numbers["steps"]):
        what = f"a spreadsheet took {_shown(screen[0])} for hours and made {screen[0]!r} of it"
        raise InputError(what, where, TIME_REMEDY)
    waist = cells.get("waist", "").lower()
    if waist and waist not in WAISTS:
        raise InputError(f"{waist!r} in column waist", where, f"write {', '.join(WAISTS)} or nothing")
    start_utc = _moment(cells.get("start_utc", ""), where)
    if start_utc is not None and math.isnan(seconds):
        raise InputError("start_utc without seconds", where, "say for how many seconds was counted")
    values = {name: numbers[name] for name in ("speed_kmh", *QUANTITIES) if math.isfinite(numbers[name])}
    count_off_spm = 0.0
    if math.isfinite(numbers["steps"]):
        if numbers["steps"] % 1:
            raise InputError(f"{cells['steps']!r} in column steps is no whole number", where, "count whole steps, of both feet")
        if not seconds >= LEAST_COUNTED_S or "cadence_spm" in values:
            remedy = "fill in seconds, or a window"
            raise InputError("steps need the time they were counted for, and no cadence beside them", where, remedy)
        values["cadence_spm"], count_off_spm = 60.0 * numbers["steps"] / seconds, 60.0 / seconds
    trial, runner, session, observer = (cells.get(name, "") for name in ("trial", "runner", "session", "observer"))
    return Trial(line, trial, runner, session, observer, waist, start_utc, screen_s, window_s, seconds, values, count_off_spm)


def _clock(text: str, where: str) -> float:
    """Seconds of m:ss or h:mm:ss; NaN for ""."""
    if not text:
        return NAN
    parts = text.split(":")
    if not (2 <= len(parts) <= 3 and all(part.isdigit() for part in parts) and all(int(part) < 60 for part in parts[1:])):
        raise InputError(f"{text!r} is no time on the screen", where, TIME_REMEDY)
    return float(sum(int(part) * 60**power for power, part in enumerate(reversed(parts))))


def _was_turned(texts: Sequence[str], ends_s: Sequence[float], steps: float) -> bool:
    """Whether a spreadsheet made hours and minutes of the minutes and seconds that were typed:
    00:20:00 of 0:20.

    The station's screen shows hours only after the first, and without a 0 before them; a run of
    many hours, or of fewer than LEAST_SPM, gives the rest away.
    """
    filled = [text for text in texts if text]
    if not filled or not all(text.count(":") == 2 and text.endswith(":00") for text in filled):
        return False
    many = any(text.startswith("0") or int(text.split(":")[0]) > MOST_HOURS for text in filled)
    return many or 60.0 * steps / (ends_s[1] - ends_s[0]) < LEAST_SPM


def _shown(text: str) -> str:
    """00:20:00 as it was typed: 0:20."""
    hours, minutes, _ = text.split(":")
    return f"{int(hours)}:{minutes}"


def _moment(text: str, where: str) -> datetime | None:
    try:
        return utc_time(text) if text else None
    except ValueError:
        raise InputError(f"{text!r} is no moment", where, "write it as 2026-11-23T17:05:00Z") from None
