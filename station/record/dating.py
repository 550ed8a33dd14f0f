"""Sessions recorded before the clock was trusted get their time later in the same boot."""

from __future__ import annotations

import json
import sqlite3
from contextlib import suppress

from station.record.schema import SESSION_COLUMNS
from station.record.sealed import intact, sealed
from station.types import NS
from station.wall_clock import Moment, dated, later

START, TRUSTED = SESSION_COLUMNS.index("started_utc"), SESSION_COLUMNS.index("clock_trusted")


def date_sessions(database: sqlite3.Connection, now: Moment) -> int:
    """Dates this boot's closed sessions that have no trusted time: now, minus what the monotonic
    clock counted since.

    Returns how many. A damaged row is left as it is. Raises sqlite3.Error.
    """
    if not now.trusted or not now.boot_id:
        return 0
    query = (
        f"SELECT {', '.join(SESSION_COLUMNS)}, crc FROM session"
        " WHERE clock_trusted = 0 AND boot_id = ? AND state IN ('finished', 'recovered')"
    )
    count = 0
    for row in database.execute(query, (now.boot_id,)).fetchall():
        with suppress(ValueError, KeyError, TypeError):
            count += _date(database, row, now)
    return count


def _date(database: sqlite3.Connection, row: tuple[object, ...], now: Moment) -> int:
    values = dict(zip(SESSION_COLUMNS, row, strict=False))
    started_ns = values["started_ns"]
    if not intact(row) or not isinstance(started_ns, int) or started_ns > now.monotonic_ns:
        return 0
    sums = json.loads(str(values["tally"]))
    duration_s = (sums["last_ns"] - sums["first_ns"]) / NS
    started_utc = dated(now, started_ns)
    new = list(row[:-1])
    new[START], new[TRUSTED] = started_utc, 1
    crc = None if row[-1] is None else sealed(new)[-1]
    database.execute(
        "UPDATE session SET started_utc = ?, clock_trusted = 1, crc = ?, finished_utc = ? WHERE id = ?",
        (started_utc, crc, later(started_utc, round(duration_s)), values["id"]),
    )
    return 1
