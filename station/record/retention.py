"""What goes when space runs out: oldest input logs, then sessions beyond those to keep."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

LOG_SUFFIX = ".log"
MB = 1_000_000  # bytes


def reclaim_logs(folder: Path, quota_bytes: int, free_bytes: int, keep: Path | None = None) -> tuple[Path, ...]:
    """Deletes the oldest logs until they fit the quota and so much is free; returns what went.
    `keep` never goes.

    Raises OSError when the folder cannot be read or written.
    """
    logs = sorted((path for path in folder.glob(f"*{LOG_SUFFIX}") if path.is_file()), key=_number)
    total = sum(path.stat().st_size for path in logs)
    gone = []
    for path in logs:
        if total <= quota_bytes and shutil.disk_usage(folder).free >= free_bytes:
            break
        if path != keep:
            total -= path.stat().st_size
            path.unlink()
            gone.append(path)
    return tuple(gone)


def newest_number(folder: Path) -> int:
    """The number of the newest session that has a log, 0 when none has."""
    return max((_number(path)[0] for path in folder.glob(f"*{LOG_SUFFIX}")), default=0)


def _number(path: Path) -> tuple[int, str]:
    """A log's name begins with its session's number, which counts up whatever the clock did."""
    digits = path.name.partition("-")[0]
    return (int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else 0, path.name)


def surplus_sessions(connection: sqlite3.Connection, kept: int) -> tuple[str, ...]:
    """The ids of all but the newest `kept` sessions."""
    rows = connection.execute("SELECT id FROM session WHERE state != 'open' ORDER BY number DESC LIMIT -1 OFFSET ?", (kept,))
    return tuple(session_id for (session_id,) in rows)
