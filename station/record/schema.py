"""The database: its tables, and how an older one becomes the present one.

A migration is never changed once released: a new table or column is a new entry at the end of
MIGRATIONS. The number of entries applied stands in `PRAGMA user_version`. Times `t_ns` are of the
monotonic clock of the boot in which they were taken.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from station.errors import StoreError
from station.types import STRIDE

MIGRATIONS = (
    """
    CREATE TABLE session (
        id TEXT PRIMARY KEY,
        number INTEGER NOT NULL UNIQUE,
        state TEXT NOT NULL,              -- open, finished, recovered (was open when the power went)
        source TEXT NOT NULL,             -- these four are JSON
        model TEXT NOT NULL,
        view TEXT NOT NULL,
        tally TEXT NOT NULL,
        station_version TEXT NOT NULL,
        core_version TEXT NOT NULL,
        started_utc TEXT NOT NULL,
        finished_utc TEXT NOT NULL DEFAULT '',
        clock_trusted INTEGER NOT NULL,
        boot_id TEXT NOT NULL,
        started_ns INTEGER NOT NULL,
        series_columns TEXT NOT NULL,     -- JSON: the columns of its chunks
        note TEXT NOT NULL DEFAULT '',    -- what went wrong, for people
        exported_utc TEXT NOT NULL DEFAULT ''
    );
    CREATE TABLE stride (
        session TEXT NOT NULL REFERENCES session(id) ON DELETE CASCADE,
        row INTEGER NOT NULL,
        start_s REAL, duration_s REAL, cadence_spm REAL, contact_s REAL, step_length_m REAL, speed_mps REAL,
        thigh_forward_near_deg REAL, tle_near_deg REAL, thigh_excursion_near_deg REAL, tle_share_near REAL,
        knee_flexion_stance_near_deg REAL, knee_flexion_swing_near_deg REAL, retraction_near_pct REAL, retraction_near_deg REAL,
        thigh_forward_far_deg REAL, tle_far_deg REAL, thigh_excursion_far_deg REAL, step_time_near_s REAL, step_time_far_s REAL,
        trunk_lean_deg REAL, thigh_shank_phase_deg REAL, pelvic_in_phase_deg REAL, pelvic_quadrature_deg REAL,
        seen_fraction REAL, swaps_repaired REAL, running REAL,
        PRIMARY KEY (session, row)
    ) WITHOUT ROWID;
    CREATE TABLE event (
        session TEXT NOT NULL REFERENCES session(id) ON DELETE CASCADE,
        row INTEGER NOT NULL,
        t_ns INTEGER NOT NULL, kind TEXT NOT NULL, side TEXT NOT NULL, confidence REAL,
        PRIMARY KEY (session, row)
    ) WITHOUT ROWID;
    CREATE TABLE cue (
        session TEXT NOT NULL REFERENCES session(id) ON DELETE CASCADE,
        row INTEGER NOT NULL,
        t_ns INTEGER NOT NULL, seq INTEGER NOT NULL, id TEXT NOT NULL, rule TEXT NOT NULL, action TEXT NOT NULL,
        channels TEXT NOT NULL, text TEXT NOT NULL,
        PRIMARY KEY (session, row)
    ) WITHOUT ROWID;
    CREATE TABLE outcome (
        session TEXT NOT NULL REFERENCES session(id) ON DELETE CASCADE,
        row INTEGER NOT NULL,
        t_ns INTEGER NOT NULL, cue_seq INTEGER NOT NULL, rule TEXT NOT NULL, cleared INTEGER NOT NULL, strides INTEGER NOT NULL,
        PRIMARY KEY (session, row)
    ) WITHOUT ROWID;
    CREATE TABLE chunk (                  -- about one second of series each, see chunks.py
        session TEXT NOT NULL REFERENCES session(id) ON DELETE CASCADE,
        row INTEGER NOT NULL,
        content BLOB NOT NULL,
        PRIMARY KEY (session, row)
    ) WITHOUT ROWID;
    CREATE TABLE notice (
        utc TEXT NOT NULL,
        text TEXT NOT NULL
    );
    """,
    # NULL in rows that an earlier station wrote: those are read unchecked.
    """
    ALTER TABLE session ADD COLUMN crc INTEGER;
    ALTER TABLE stride ADD COLUMN crc INTEGER;
    ALTER TABLE event ADD COLUMN crc INTEGER;
    ALTER TABLE cue ADD COLUMN crc INTEGER;
    ALTER TABLE outcome ADD COLUMN crc INTEGER;
    ALTER TABLE chunk ADD COLUMN crc INTEGER;
    """,
    # NULL in strides that an earlier station measured; their checksums end before these
    # (sealed.intact).
    """
    ALTER TABLE stride ADD COLUMN vertical_oscillation_cm REAL;
    ALTER TABLE stride ADD COLUMN vertical_ratio_pct REAL;
    ALTER TABLE stride ADD COLUMN flight_time_ms REAL;
    ALTER TABLE stride ADD COLUMN duty_factor_pct REAL;
    ALTER TABLE stride ADD COLUMN overstride_near_cm REAL;
    ALTER TABLE stride ADD COLUMN shank_contact_near_deg REAL;
    """,
)

# What the checksum of a session's row covers: all that is not changed by other programs once the
# session has ended.
SESSION_COLUMNS = (
    *("id", "number", "source", "model", "view", "tally", "station_version", "core_version"),
    *("started_utc", "clock_trusted", "boot_id", "started_ns", "series_columns"),
)
# Those, their checksum, and what changes later.
SESSION = (*SESSION_COLUMNS, "crc", "state", "finished_utc", "note", "exported_utc")
# The columns of the tables that belong to a session; each row ends in its checksum.
COLUMNS = {
    "stride": ("session", "row", *(STRIDE.names or ()), "crc"),
    "event": ("session", "row", "t_ns", "kind", "side", "confidence", "crc"),
    "cue": ("session", "row", "t_ns", "seq", "id", "rule", "action", "channels", "text", "crc"),
    "outcome": ("session", "row", "t_ns", "cue_seq", "rule", "cleared", "strides", "crc"),
    "chunk": ("session", "row", "content", "crc"),
}


def insertion(table: str, names: Sequence[str]) -> str:
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"


def selection(connection: sqlite3.Connection, table: str, columns: Sequence[str]) -> str:
    """Columns of a table for a SELECT. NULL stands for what the table of an earlier station lacks:
    one that is only read, from a card or out of a damaged file, is not migrated."""
    there = {name for _, name, *_ in connection.execute(f"PRAGMA table_info({table})")}
    return ", ".join(name if name in there else f"NULL AS {name}" for name in columns)


def rows_of(connection: sqlite3.Connection, table: str, session_id: str) -> sqlite3.Cursor:
    """A session's rows of a table, with all its COLUMNS."""
    query = f"SELECT {selection(connection, table, COLUMNS[table])} FROM {table} WHERE session = ? ORDER BY row"
    return connection.execute(query, (session_id,))


BUSY_MS = 5000  # chosen: longer than any transaction
WAL = "-wal"  # what SQLite adds to the name for its write-ahead log
CACHE_KB = 512  # chosen: the station appends; what it wrote an hour ago need not stay in memory
FIRST_LOOK = "SELECT name FROM sqlite_master"  # opens the file and what lies beside it
FILE_SIZE_IN_WAL = 4 << 20  # the WAL file is cut back to this after it was copied into the database


def connect(path: Path) -> sqlite3.Connection:
    """A connection in autocommit: transactions are begun in so many words. Commits are on the disk
    when they return.

    Raises sqlite3.Error: OperationalError when it cannot be opened, DatabaseError when it is no
    database.
    """
    connection = sqlite3.connect(path, timeout=BUSY_MS / 1000, isolation_level=None, check_same_thread=False)
    with _opening(connection):
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(f"PRAGMA journal_size_limit={FILE_SIZE_IN_WAL}")
        connection.execute(f"PRAGMA cache_size=-{CACHE_KB}")
        connection.execute("PRAGMA foreign_keys=ON")
    return connection


def reading(path: Path) -> sqlite3.Connection:
    """A connection that writes nothing, also on a read-only card. Raises sqlite3.Error."""
    log = path.with_name(path.name + WAL)
    if log.exists() and os.statvfs(path).f_flag & os.ST_RDONLY:
        return _copied(path, log)
    connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_MS / 1000)
    try:
        with _opening(connection):
            connection.execute(FIRST_LOOK).fetchone()
    except sqlite3.OperationalError:
        if log.exists() or os.access(path.parent, os.W_OK):
            raise
        # A WAL database needs a file beside it, which a read-only folder does not take; nobody can
        # be writing there either.
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
        connection.text_factory = _text
    return connection


def _copied(path: Path, log: Path) -> sqlite3.Connection:
    """A connection to a copy that goes when it is closed.

    What a power cut left in the write-ahead log of a card that is mounted read-only cannot always
    be read in place: SQLite tries for ten seconds and says "locking protocol". Raises
    sqlite3.Error, OSError.
    """
    with TemporaryDirectory() as folder:
        copy = Path(folder) / path.name
        for file in (path, log):
            shutil.copyfile(file, copy.with_name(file.name))
        connection = sqlite3.connect(copy)
        with _opening(connection):
            connection.execute(FIRST_LOOK).fetchone()
        return connection


@contextmanager
def _opening(connection: sqlite3.Connection) -> Iterator[None]:
    """Its first statements; the connection is closed again when one of them fails."""
    connection.text_factory = _text
    try:
        yield
    except UnicodeDecodeError:  # what SQLite says of a damaged schema quotes it
        connection.close()
        raise sqlite3.DatabaseError("malformed database schema") from None
    except sqlite3.Error:
        connection.close()
        raise


def _text(content: bytes) -> str:
    """A flipped bit may have broken the UTF-8; the checksum finds it, so the reading goes on."""
    return content.decode("utf-8", "surrogateescape")


def migrate(connection: sqlite3.Connection, where: str) -> None:
    """Brings the tables up to date, each step whole or not at all.

    The tables say which version they are; the number beside them may have suffered. Raises
    NewerDatabase, sqlite3.Error.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version != len(MIGRATIONS):
        version = _version_by_tables(connection)
        if version is None:
            raise NewerDatabase("the database was written by a newer station", where, "install the newer station again")
        connection.execute(f"PRAGMA user_version={version}")
    for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
        connection.executescript(f"BEGIN IMMEDIATE; {script}; PRAGMA user_version={number}; COMMIT;")


class NewerDatabase(StoreError):
    """Its tables hold what this version does not know."""


def _version_by_tables(connection: sqlite3.Connection) -> int | None:
    """After how many migrations the tables look so; None for tables that none makes."""
    seen = _tables(connection)
    model = sqlite3.connect(":memory:")
    try:
        for version, script in enumerate(("", *MIGRATIONS)):
            model.executescript(script)
            if _tables(model) == seen:
                return version
    finally:
        model.close()
    return None


def _tables(connection: sqlite3.Connection) -> set[tuple[str, str]]:
    query = "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'"
    return set(connection.execute(query))
