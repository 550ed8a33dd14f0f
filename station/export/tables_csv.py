"""strides.csv, one row a stride; series.csv, the angles of every frame as measured (not smoothed);
events.csv, contacts and toe-offs, modes, cues and whether they helped, in time order.
"""

from __future__ import annotations

from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from station.export.csv_cells import csv_text, quoted, texts
from station.types import ANGLES, NS, STRIDE, Recording

EVENTS = ("t_s", "utc", "what", "kind", "side", "rule", "value", "text")
EventRow = tuple[float, str, str, str, str, float | None, str]


def strides_csv(recording: Recording) -> bytes:
    """The columns of types.STRIDE."""
    return csv_text({name: texts(recording.strides[name], 4) for name in STRIDE.names or ()})


def series_csv(recording: Recording) -> bytes:
    """Columns: t_s from the first frame, utc where the clock was set, then types.ANGLES."""
    columns = {"t_s": texts(recording.t_s, 4)}
    if recording.clock_trusted and recording.started_utc:
        columns["utc"] = utc_texts(recording.started_utc, recording.t_s)
    return csv_text(columns | {name: texts(recording.angles[name], 2) for name in ANGLES.names or ()})


def utc_texts(started_utc: str, t_s: NDArray[np.float64]) -> list[str]:
    """ISO 8601 to the millisecond for each time (N,). Raises ValueError."""
    start = np.datetime64(datetime.fromisoformat(started_utc).replace(tzinfo=None), "ms")
    stamps = np.datetime_as_string(start + np.round(t_s * 1000).astype("timedelta64[ms]"))
    return [stamp + "Z" for stamp in stamps.tolist()]


def event_rows(recording: Recording) -> list[EventRow]:
    """(t_s, what, kind, side, rule, value, text) in time order.

    `value`: confidence of a contact, 1 or 0 for a cue that helped or did not, else None.
    """
    rows: list[EventRow] = [
        (event.t_ns / NS, "foot", event.kind, event.side, "", event.confidence, "") for event in recording.events
    ]
    rows += [(start_s, "mode", mode.value, "", "", None, "") for start_s, mode in recording.modes]
    rows += [(cue.t_ns / NS, "cue", cue.action, "", cue.rule, None, cue.text) for cue in recording.cues]
    for outcome in recording.outcomes:
        kind, after = "cleared" if outcome.cleared else "not_cleared", f"after {outcome.strides} strides"
        rows.append((outcome.t_ns / NS, "outcome", kind, "", outcome.rule, int(outcome.cleared), after))
    rows.sort(key=lambda row: row[0])
    return rows


def events_csv(recording: Recording) -> bytes:
    """The rows of `event_rows`; `utc` only with a set clock."""
    rows = event_rows(recording)
    times = np.array([row[0] for row in rows])
    trusted = recording.clock_trusted and recording.started_utc
    utc = utc_texts(recording.started_utc, times) if trusted else [""] * len(rows)
    lines = [
        (f"{t_s:.4f}", stamp, what, kind, side, rule, _number(value), quoted(text))
        for stamp, (t_s, what, kind, side, rule, value, text) in zip(utc, rows, strict=True)
    ]
    return csv_text(dict(zip(EVENTS, zip(*lines, strict=True), strict=True)) if rows else dict.fromkeys(EVENTS, ()))


def _number(value: float | None) -> str:
    if value is None or not np.isfinite(value):
        return ""
    return str(value) if isinstance(value, int) else f"{value:.2f}"
