"""events.csv: contacts and toe-offs, modes, cues and whether they helped, in time order."""

from __future__ import annotations

import numpy as np

from station.export.csv_cells import csv_text, quoted
from station.export.series_csv import utc_texts
from station.types import NS, Recording

HEADER = ("t_s", "utc", "what", "kind", "side", "rule", "value", "text")
EventRow = tuple[float, str, str, str, str, float | None, str]


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
    return csv_text(dict(zip(HEADER, zip(*lines, strict=True), strict=True)) if rows else dict.fromkeys(HEADER, ()))


def _number(value: float | None) -> str:
    if value is None or not np.isfinite(value):
        return ""
    return str(value) if isinstance(value, int) else f"{value:.2f}"
