"""A store after years: how long opening it, listing it and exporting from it take.

    python -m tests.lab.store.years [SESSIONS]

Makes one session of 40 seconds, copies it SESSIONS times (5000 unless given) with rows and
checksums of its own, and prints CPU seconds of this process for each: opening, `sessions`, `export
last`, and `export all` of 20 and of 40 sessions of the full store (twice as many should take twice
as long).
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from station.export.bundle import write_all
from station.record.archive import DATABASE, Archive
from station.record.log import LogHeader
from station.record.schema import COLUMNS, SESSION_COLUMNS, insertion
from station.record.sealed import sealed
from station.record.store import SqliteStore
from tests.made_run import MODEL, SOURCE, VIEW, run

SECONDS = 40.0
SESSIONS = 5000


def fill(folder: Path, sessions: int) -> None:
    """A folder with so many sessions, alike but for their number."""
    store = SqliteStore(folder)
    steps = list(run(SECONDS, 30))
    first = store.begin(LogHeader(SOURCE, MODEL, VIEW), steps[0][0].t_ns)
    for given, step in steps:
        store.add(given, step)
    store.finish(steps[-1][0].t_ns)
    store.close()
    with closing(sqlite3.connect(folder / DATABASE)) as database, database:
        row = database.execute(f"SELECT {', '.join(SESSION_COLUMNS)} FROM session").fetchone()
        parts = {
            table: database.execute(f"SELECT {', '.join(columns)} FROM {table} WHERE session = ?", (first,)).fetchall()
            for table, (*columns, _) in COLUMNS.items()
        }
        for number in range(2, sessions + 1):
            name = f"{number:05d}-{number % 65536:04x}"
            values = sealed((name, number, *row[2:]))
            columns = (*SESSION_COLUMNS, "crc", "state", "finished_utc")
            database.execute(insertion("session", columns), (*values, "finished", "2026-03-01T18:30:00Z"))
            for table, rows in parts.items():
                database.executemany(insertion(table, COLUMNS[table]), [sealed((name, *one[1:])) for one in rows])


def cpu_s(work: Callable[[], object]) -> float:
    before = time.process_time()
    work()
    return time.process_time() - before


def export(archive: Archive, session_ids: tuple[str, ...], folder: Path) -> None:
    for session_id in session_ids:
        row = archive.session(session_id)
        write_all(archive.recording(session_id), folder / session_id, core_version=row.core_version, created_utc=row.finished_utc)


def main(sessions: int) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder, out = Path(place) / "data", Path(place) / "out"
        fill(folder, sessions)
        archive = Archive(folder)
        print(f"{sessions} sessions, {(folder / DATABASE).stat().st_size / 1e6:.0f} MB")
        print(f"opening       {cpu_s(lambda: SqliteStore(folder).close()):6.2f} s CPU")
        print(f"sessions      {cpu_s(archive.sessions):6.2f}")
        print(f"export last   {cpu_s(lambda: export(archive, archive.choose('last'), out)):6.2f}")
        everything = archive.choose("all")
        for count in (20, 40):
            print(f"export of {count:2}  {cpu_s(lambda some=everything[:count]: export(archive, some, out)):6.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else SESSIONS)
