"""A damaged database is set aside with its evidence; what is whole moves to the new one."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from station.errors import StoreError
from station.files import held_lock
from station.record.schema import COLUMNS, SESSION, SESSION_COLUMNS, connect, insertion, reading, rows_of, selection
from station.record.sealed import intact

# A station may not start minutes late for its history; the rest stays in the file that was set
# aside.
SALVAGE_S = 20.0
# Looked for where the database cannot say how many there are; chosen: ten a day for five years.
MOST_SESSIONS = 20_000
# Of the file header: size of the database in pages (sqlite.org/fileformat.html, 1.3)
_PAGES_AT = slice(28, 32)
_PAGE_SIZE_AT = slice(16, 18)


def locked(path: Path) -> int:
    """A descriptor that holds the lock while open. Raises StoreError if another has it, OSError."""
    try:
        return held_lock(path)
    except BlockingIOError:
        remedy = "stop it, or give this one its own data_dir"
        raise StoreError("another station is writing here", str(path.parent), remedy) from None


def damage(path: Path) -> str:
    """What is wrong with the database, "" when nothing shows or it does not exist.

    Reads the file's size, its tables and every session's row, not every page: rows carry checksums,
    so damage elsewhere is found when the row is read. Raises sqlite3.OperationalError (no access).
    """
    if not path.exists():
        return ""
    short = _missing_bytes(path)
    if short:
        return f"the file lacks {short} bytes"
    try:
        with closing(connect(path)) as connection:
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
            if "session" in tables:
                connection.execute("SELECT count(*), max(number), sum(length(tally)) FROM session NOT INDEXED").fetchone()
                connection.execute("SELECT max(number) FROM session").fetchone()
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as error:
        return str(error)
    return ""


def _missing_bytes(path: Path) -> int:
    """How much shorter the file is than its header says; 0 while a write-ahead log has pages."""
    wal = path.with_name(path.name + "-wal")
    if wal.exists() and wal.stat().st_size:
        return 0
    with open(path, "rb") as file:
        head = file.read(100)
        if len(head) < 100:
            return 0
        page = int.from_bytes(head[_PAGE_SIZE_AT], "big")
        whole = int.from_bytes(head[_PAGES_AT], "big") * (65536 if page == 1 else page)
        is_database = head.startswith(b"SQLite format 3\0")
        return max(0, whole - file.seek(0, os.SEEK_END)) if is_database else 0


def set_aside(path: Path, evidence: str, utc: str, kind: str = "corrupt") -> Path:
    """Renames the database and what belongs to it, writes down why, and returns the new name."""
    number = 1
    while (aside := path.with_name(f"{path.name}.{kind}-{number}")).exists():
        number += 1
    for suffix in ("-wal", "-shm", ""):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    aside.with_name(aside.name + ".txt").write_text(f"{utc}\n{evidence}\n", encoding="utf-8")
    return aside


def any_aside(path: Path) -> bool:
    """Whether a database was set aside here: logs without a session may belong to that one."""
    return any(path.parent.glob(f"{path.name}.*-[0-9]*"))


def salvage(aside: Path, database: sqlite3.Connection, seconds: float = SALVAGE_S) -> int:
    """Copies whole sessions from a database set aside, newest first; returns how many."""
    end_s = time.monotonic() + seconds
    copied = 0
    with suppress(sqlite3.Error, OSError), _full_length(aside), closing(reading(aside)) as source:
        for rowid in range(_last_rowid(source), 0, -1):
            if time.monotonic() > end_s:
                break
            with suppress(sqlite3.DatabaseError):
                copied += _copy_session(source, database, rowid)
    return copied


def _last_rowid(source: sqlite3.Connection) -> int:
    try:
        return int(source.execute("SELECT max(rowid) FROM session NOT INDEXED").fetchone()[0] or 0)
    except sqlite3.DatabaseError:
        # The page that would say it is gone; looking for a row that is not there costs 10 us.
        return MOST_SESSIONS


@contextmanager
def _full_length(path: Path) -> Iterator[None]:
    """SQLite reads no file shorter than its header says: while it is read it ends in zeros."""
    size = path.stat().st_size
    missing = _missing_bytes(path)
    if missing:
        os.truncate(path, size + missing)
    try:
        yield
    finally:
        if missing:
            os.truncate(path, size)


def _copy_session(source: sqlite3.Connection, database: sqlite3.Connection, rowid: int) -> bool:
    """Raises sqlite3.DatabaseError when part of it is unreadable; then nothing was copied."""
    query = f"SELECT {selection(source, 'session', SESSION)} FROM session WHERE rowid = ?"
    row = source.execute(query, (rowid,)).fetchone()
    if row is None or not intact(row[: len(SESSION_COLUMNS) + 1]):
        return False
    parts = {table: rows_of(source, table, row[0]).fetchall() for table in COLUMNS}
    if not all(intact(one) for rows in parts.values() for one in rows):
        return False
    database.execute("BEGIN IMMEDIATE")
    try:
        database.execute(insertion("session", SESSION), row)
        for table, rows in parts.items():
            database.executemany(insertion(table, COLUMNS[table]), rows)
        database.execute("COMMIT")
    except sqlite3.Error:
        with suppress(sqlite3.Error):
            database.execute("ROLLBACK")
        raise
    return True
