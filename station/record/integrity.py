"""Before the database is used: one writer only, and a damaged file is set aside with what is known about the damage."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from pathlib import Path

from station.errors import StoreError
from station.record.schema import connect


def locked(path: Path) -> int:
    """The descriptor that holds the lock until it is closed. Raises StoreError when another process has it, OSError."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        remedy = "stop it, or give this one its own data_dir"
        raise StoreError("another station is writing here", str(path.parent), remedy) from None
    return handle


def damage(path: Path) -> str:
    """What is wrong with the database, "" when it is whole or does not exist. Raises sqlite3.OperationalError (no access)."""
    if not path.exists():
        return ""
    try:
        connection = connect(path)
        try:
            verdicts = [str(row[0]) for row in connection.execute("PRAGMA quick_check(5)")]
        finally:
            connection.close()
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as error:
        return str(error)
    return "" if verdicts == ["ok"] else "; ".join(verdicts)


def set_aside(path: Path, evidence: str, utc: str) -> Path:
    """Renames the damaged database and what belongs to it, writes down why, and returns the new name."""
    number = 1
    while (aside := path.with_name(f"{path.name}.corrupt-{number}")).exists():
        number += 1
    for suffix in ("-wal", "-shm", ""):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    aside.with_name(aside.name + ".txt").write_text(f"{utc}\n{evidence}\n", encoding="utf-8")
    return aside
