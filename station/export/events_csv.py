"""events.csv: what happened and when: foot contacts and toe-offs, modes, cues and whether they helped."""

from __future__ import annotations

import numpy as np

from station.export.csv_cells import csv_text, quoted
from station.export.series_csv import utc_texts
from station.types import NS, Recording

HEADER = ("t_s", "utc", "what", "kind", "side", "rule", "value", "text")


def events_csv(recording: Recording) -> bytes:
    """In time order. `value`: confidence of a contact, 1 or 0 for a cue that helped or did not; `utc` only with a set clock."""
    rows: list[tuple[float, str, str, str, str, str, str]] = [
        (event.t_ns / NS, "foot", event.kind, event.side, "", f"{event.confidence:.2f}", "") for event in recording.events
    ]
    rows += [(start_s, "mode", mode.value, "", "", "", "") for start_s, mode in recording.modes]
    rows += [(cue.t_ns / NS, "cue", cue.action, "", cue.rule, "", quoted(cue.text)) for cue in recording.cues]
    for outcome in recording.outcomes:
        kind, after = "cleared" if outcome.cleared else "not_cleared", f"after {outcome.strides} strides"
        rows.append((outcome.t_ns / NS, "outcome", kind, "", outcome.rule, str(int(outcome.cleared)), after))
    rows.sort(key=lambda row: row[0])
    times = [row[0] for row in rows]
    trusted = recording.clock_trusted and recording.started_utc
    utc = utc_texts(recording.started_utc, np.array(times)) if trusted else [""] * len(rows)
    cells = zip(*((f"{t:.4f}", stamp, *row[1:]) for t, stamp, row in zip(times, utc, rows, strict=True)), strict=True)
    return csv_text(dict(zip(HEADER, cells, strict=True)) if rows else dict.fromkeys(HEADER, ()))
