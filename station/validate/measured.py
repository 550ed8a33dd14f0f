"""The station's side: a stored session, or a folder of exported files."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from station.errors import InputError
from station.export.session_json import SCHEMA
from station.types import ANGLES, NAN, QUANTITIES, STRIDE, FaultState, Measure, Recording
from station.wall_clock import utc_time

# Modes in which the clock on the screen stands still.
BEFORE_RUNNING = ("idle", "framing", "drill", "done", "lost")


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """What one recording holds; seconds from its first frame. `started` is None where the station's
    clock was not set.

    `screen_zero_s`: when the clock on the screen began, NaN when nobody ran. `speed_origin` as in
    types.Speed.
    """

    name: str
    started: datetime | None
    duration_s: float
    screen_zero_s: float
    speed_origin: str
    t_s: NDArray[np.float64]
    angles: NDArray[np.void]  # (N,) ANGLES
    strides: NDArray[np.void]  # (M,) STRIDE
    summary: Mapping[str, Measure]
    verdicts: Mapping[str, FaultState]  # by rule

    @classmethod
    def of(cls, recording: Recording) -> Measured:
        running = (start_s for start_s, mode in recording.modes if mode.value not in BEFORE_RUNNING)
        return cls(
            recording.session_id or Path(recording.source.path).name,
            utc_time(recording.started_utc) if recording.clock_trusted and recording.started_utc else None,
            _end(recording.t_s),
            next(running, NAN),
            recording.speed.origin,
            recording.t_s,
            recording.angles,
            recording.strides,
            recording.summary,
            {fault.rule: fault.state for fault in recording.faults},
        )


def read_folder(folder: Path) -> Measured:
    """Raises InputError when session.json, strides.csv or series.csv is missing or not ours."""
    try:
        document = json.loads((folder / "session.json").read_text(encoding="utf-8"))
        if not isinstance(document, dict) or document.get("schema") != SCHEMA:
            raise ValueError(f"session.json is not {SCHEMA}")
        strides, series = _table(folder / "strides.csv", STRIDE), _table(folder / "series.csv", ANGLES, "t_s")
        return _from_document(document, folder.resolve().name, strides[1], series)
    except OSError as error:
        missing = Path(error.filename or "").name or "a file"
        remedy = "make the folder with `station analyze FILE --out DIR`"
        raise InputError(f"{missing} cannot be read ({error.strerror})", str(folder), remedy) from None
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError, RecursionError, csv.Error) as error:
        remedy = "export or analyse it again"
        raise InputError(f"is not a folder as the station writes it ({error})", str(folder), remedy) from None


def _from_document(
    document: dict[str, Any], name: str, strides: NDArray[np.void], series: tuple[NDArray[np.float64], NDArray[np.void]]
) -> Measured:
    running = (float(mode["start_s"]) for mode in document["modes"] if mode["mode"] not in BEFORE_RUNNING)
    return Measured(
        document["session_id"] or name,
        utc_time(document["started_utc"]) if document["clock_trusted"] and document["started_utc"] else None,
        _end(series[0]),
        next(running, NAN),
        document["speed"]["origin"],
        *series,
        strides,
        {quantity: _measure(entry) for quantity, entry in document["summary"].items() if quantity in QUANTITIES},
        {fault["rule"]: fault["state"] for fault in document["faults"]},
    )


def _measure(entry: dict[str, Any]) -> Measure:
    if entry["state"] != "measured":
        return Measure.cannot_tell(str(entry["reason"]), int(entry["n"]))
    low, high = entry["ci95"]
    return Measure(float(entry["value"]), float(low), float(high), int(entry["n"]))


def _table(path: Path, dtype: np.dtype, time: str = "") -> tuple[NDArray[np.float64], NDArray[np.void]]:
    """(time column or nothing, rows as `dtype`): what the file lacks is NaN."""
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    table = np.full(len(rows), NAN, dtype)
    for name in dtype.names or ():
        if name in header:
            at = header.index(name)
            table[name] = [float(row[at] or NAN) for row in rows]
    times = [float(row[header.index(time)]) for row in rows] if time else []
    return np.array(times), table


def _end(t_s: NDArray[np.float64]) -> float:
    return float(t_s[-1]) if len(t_s) else 0.0
