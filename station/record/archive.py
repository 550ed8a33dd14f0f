"""What is stored, for reading: beside a running station too, and from another process."""

from __future__ import annotations

import itertools
import json
import os
import re
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from station.errors import InputError, StoreError
from station.jsonable import restored
from station.record.belt_pairs import pairs_path
from station.record.chunks import unpack
from station.record.collect import assemble
from station.record.dating import date_sessions
from station.record.integrity import locked
from station.record.log import read_log
from station.record.retention import LOG_SUFFIX
from station.record.schema import SESSION, SESSION_COLUMNS, connect, reading, rows_of, selection
from station.record.sealed import intact
from station.record.tally import Tally
from station.types import ANGLES, JOINTS, NAN, NS, STRIDE, Cue, Event, ModelInfo, Outcome, Pose, Recording, SourceInfo, View
from station.wall_clock import Moment, zone_name

DATABASE = "station.db"
LOGS = "logs"
SESSION_ID = re.compile(r"[0-9]{5,9}(-[0-9]{8})?-[0-9a-f]{4}", re.ASCII)


LOCK = "station.lock"
DAMAGED = "damaged"
STATES = ("open", "finished", "recovered", DAMAGED)
FORGET_WAIT_S = 10.0  # for another program that reads the database
# What reading a row may raise when its bytes are not what was written.
UNREADABLE = (sqlite3.DatabaseError, AttributeError, KeyError, TypeError, ValueError, RecursionError)


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One line of `station sessions`.

    `state`: finished, recovered (cut off by a power cut), open (still running) or damaged (what is
    stored is not what was written).
    """

    id: str
    number: int
    state: str
    started_utc: str
    finished_utc: str
    clock_trusted: bool
    duration_s: float
    strides: int
    cues: int
    note: str
    exported_utc: str
    core_version: str


class Archive:
    """The sessions in a data folder, none in an empty one. Raises StoreError."""

    def __init__(self, folder: Path, time_zone: str = "") -> None:
        """`time_zone`: of the dates in exports, as in the settings; "" is the machine's own."""
        self.folder, self._time_zone = folder, time_zone

    # --- the list ---

    def sessions(self) -> tuple[SessionRow, ...]:
        """All sessions, oldest first."""
        return tuple(self._listed("SELECT rowid FROM session ORDER BY number"))

    def session(self, session_id: str) -> SessionRow:
        """Raises StoreError when there is no such session."""
        for row in self._listed("SELECT rowid FROM session WHERE id = ?", session_id):
            return row
        for row in self._listed("SELECT rowid FROM session WHERE rowid = ?", _rowid(session_id)):
            if row.id == session_id:
                return row
        raise self._unknown(session_id)

    def choose(self, which: str) -> tuple[str, ...]:
        """Session ids for "last", "new" (on no stick yet), "all" or one id.

        A session that still runs, and one that is damaged, is in none of them. Raises StoreError
        when there is no such session.
        """
        if which == "last":
            newest = self._listed("SELECT rowid FROM session ORDER BY number DESC")
            rows: Iterable[SessionRow] = itertools.islice(filter(_whole, newest), 1)
        elif which == "new":
            rows = self._listed("SELECT rowid FROM session WHERE exported_utc = '' ORDER BY number")
        else:
            rows = self.sessions() if which == "all" else (self.session(which),)
        chosen = [*filter(_whole, rows)]
        if not chosen and which not in ("new", "all"):
            raise self._unknown(which)
        return tuple(row.id for row in chosen)

    def damaged(self) -> tuple[str, ...]:
        """The ids of the sessions that `choose` leaves out because they are damaged."""
        return tuple(row.id for row in self.sessions() if row.state == DAMAGED)

    def _unknown(self, which: str) -> StoreError:
        what = "there is no session yet" if which == "last" else f"there is no session {which!r}"
        return StoreError(what, str(self.folder), "see `station sessions`")

    def _listed(self, query: str, *values: object) -> Iterator[SessionRow]:
        """A line for each rowid of the query; one that is damaged is a line that says so."""
        with self._reading() as database:
            if database is None:
                return
            for (rowid,) in database.execute(query, values).fetchall():
                try:
                    row = _session_row(database, rowid)
                except UNREADABLE:
                    row = _damaged_row(database, rowid)
                if row is not None:
                    yield row

    # --- one session ---

    def recording(self, session_id: str, landmarks: bool = False) -> Recording:
        """Everything stored of one session; `landmarks` also from its input log, where that still
        exists.

        Raises StoreError when there is no such session, DamagedSession when what is stored is not
        what was written.
        """
        with self._reading() as database:
            try:
                row = _sealed_row(database, "id = ?", session_id) if database else None
                if database and row:
                    return self._assembled(database, row, landmarks)
            except UNREADABLE as error:
                what = f"session {session_id} is damaged ({str(error).partition(chr(10))[0]})"
                raise DamagedSession(what, str(self.folder), "export another one; its log may still be replayed") from None
        raise self._unknown(session_id)

    def _assembled(self, database: sqlite3.Connection, row: dict[str, Any], landmarks: bool) -> Recording:
        session_id = str(row["id"])
        t_ns, angles = _series(database, session_id, tuple(json.loads(row["series_columns"])))
        model = json.loads(row["model"])
        return assemble(
            Tally.of_json(json.loads(row["tally"])),
            session_id=session_id,
            source=restored(SourceInfo, json.loads(row["source"])),
            model=model and restored(ModelInfo, model),
            view=restored(View, json.loads(row["view"])),
            t_ns=t_ns,
            angles=angles,
            xy_px=self._landmarks(session_id, t_ns) if landmarks else None,
            strides=_strides(database, session_id),
            events=tuple(
                Event(t, kind, side, NAN if confidence is None else confidence)
                for t, kind, side, confidence in _rows(database, "event", session_id)
            ),
            cues=tuple(
                Cue(t, seq, name, rule, action, tuple(channels.split()), text)
                for t, seq, name, rule, action, channels, text in _rows(database, "cue", session_id)
            ),
            outcomes=tuple(
                Outcome(t, seq, rule, bool(cleared), strides)
                for t, seq, rule, cleared, strides in _rows(database, "outcome", session_id)
            ),
            started_utc=row["started_utc"],
            clock_trusted=bool(row["clock_trusted"]),
            time_zone=zone_name(self._time_zone),
            notes=tuple(note for note in row["note"].split("; ") if note),
        )

    def _landmarks(self, session_id: str, t_ns: NDArray[np.int64]) -> NDArray[np.float32] | None:
        """(N, 33, 2) beside the series; NaN without a pose of that time, None without a log."""
        row_at = {t: row for row, t in enumerate(t_ns.tolist())}
        xy_px = np.full((len(t_ns), JOINTS, 2), np.nan, np.float32)
        try:
            _, inputs = read_log(self.log_path(session_id))
            for given in inputs:
                if isinstance(given, Pose) and given.t_ns in row_at:
                    xy_px[row_at[given.t_ns]] = given.xy_px
        except InputError:
            return None
        return xy_px

    def log_path(self, session_id: str) -> Path:
        return self.folder / LOGS / f"{session_id}{LOG_SUFFIX}"

    # --- changes ---

    def mark_exported(self, session_ids: Iterable[str], utc: str) -> None:
        """Remembers that a stick got them. Raises StoreError."""
        self._run("UPDATE session SET exported_utc = ? WHERE id = ?", [(utc, session_id) for session_id in session_ids])

    def date_sessions(self, now: Moment) -> None:
        """Gives sessions of this boot their time where it was not known. Raises StoreError."""
        if now.trusted and (self.folder / DATABASE).exists():
            with self._writing() as database:
                date_sessions(database, now)

    def mark_damaged(self, session_ids: Iterable[str]) -> None:
        """Remembers that they could not be read: listed as such, and exported no more."""
        self._run("UPDATE session SET state = 'damaged' WHERE id = ?", [(session_id,) for session_id in session_ids])

    def forget(self, session_id: str) -> bool:
        """Deletes a session, its input log and its pairs, and returns whether there was a log.

        The files go first, so that what a power cut leaves can be forgotten again.
        The database's pages are overwritten; of a flash card's worn-out blocks nobody can promise
        that, and what is on sticks stays there. Raises StoreError: no such session, it still runs,
        it cannot be deleted, or another program reads the database, which keeps old pages alive
        (then forgetting it again finishes the work).
        """
        try:
            row = self.session(session_id)
        except StoreError:
            self._overwrite(session_id)
            raise
        with self._still(row):
            try:
                had_log = _unlink(self.log_path(row.id))
                _unlink(pairs_path(self.folder, row.id))
                with closing(connect(self.folder / DATABASE)) as database:
                    database.execute("PRAGMA secure_delete=ON")
                    column, value = ("rowid", _rowid(row.id)) if _rowid(row.id) else ("id", row.id)
                    # Its rows go with it.
                    database.execute(f"DELETE FROM session WHERE {column} = ?", (value,))
            except (sqlite3.Error, OSError) as error:
                what = f"session {session_id} cannot be deleted ({error})"
                raise StoreError(what, str(self.folder), "check the owner of the data folder and its free space") from None
        self._overwrite(session_id)
        return had_log

    @contextmanager
    def _still(self, row: SessionRow) -> Iterator[None]:
        """Makes sure that nobody writes this session: an open one belongs to who holds the lock."""
        if row.state != "open":
            yield
            return
        try:
            lock = locked(self.folder / LOCK)
        except StoreError:
            raise StoreError(f"session {row.id} still runs", str(self.folder), "wait until it is over") from None
        try:
            yield
        finally:
            os.close(lock)

    def _overwrite(self, session_id: str) -> None:
        """Empties the write-ahead log into the database, so that no old page is left in either."""
        path = self.folder / DATABASE
        if not path.exists():
            return
        end_s = time.monotonic() + FORGET_WAIT_S
        try:
            with closing(connect(path)) as database:
                database.execute("PRAGMA busy_timeout=200")
                while database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                    if time.monotonic() > end_s:
                        what = f"session {session_id} is deleted, but not yet overwritten: another program reads the database"
                        raise StoreError(what, str(path), "end that program, then forget the session again")
        except sqlite3.Error as error:
            what = f"session {session_id} is not yet overwritten ({error})"
            raise StoreError(what, str(path), "stop the station first, then forget the session again") from None

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection | None]:
        """A connection for reading, None where nothing is stored yet."""
        path = self.folder / DATABASE
        try:
            if not path.exists():
                yield None
                return
            with closing(reading(path)) as database:
                # The power may have gone between the making of the file and of its tables.
                has_tables = database.execute("SELECT 1 FROM sqlite_master").fetchone()
                yield database if has_tables else None
        except sqlite3.OperationalError as error:
            raise StoreError(f"the database cannot be read ({error})", str(path), "check its owner and permissions") from None
        except sqlite3.DatabaseError as error:
            remedy = "start the station once: it sets a damaged database aside and keeps what is whole"
            raise StoreError(f"the database cannot be read ({error})", str(path), remedy) from None
        except OSError as error:
            raise StoreError(f"cannot be read ({error.strerror})", str(path), "check its owner and permissions") from None

    def _run(self, query: str, rows: list[tuple[Any, ...]]) -> None:
        with self._writing() as database:
            database.execute("BEGIN IMMEDIATE")
            database.executemany(query, rows)
            database.execute("COMMIT")

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        path = self.folder / DATABASE
        try:
            with closing(connect(path)) as database:
                yield database
        except sqlite3.Error as error:
            raise StoreError(f"the database cannot be written ({error})", str(path), "free some space") from None


class DamagedSession(StoreError):
    """One session cannot be read; the others can."""


def _whole(row: SessionRow) -> bool:
    return row.state not in ("open", DAMAGED)


def _unlink(path: Path) -> bool:
    """Deletes the file for good, its folder synced; whether there was one. Raises OSError."""
    if not path.exists():
        return False
    path.unlink()
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return True


# --- rows ---


def _sealed_row(database: sqlite3.Connection, where: str, *values: object) -> dict[str, Any] | None:
    """The session's row by column, or None. Raises ValueError for a wrong checksum."""
    query = f"SELECT {selection(database, 'session', SESSION)} FROM session WHERE {where}"
    row = database.execute(query, values).fetchone()
    if row is None:
        return None
    if not intact(row[: len(SESSION_COLUMNS) + 1]):
        raise ValueError("its row's checksum is wrong")
    return dict(zip(SESSION, row, strict=True))


def _rows(database: sqlite3.Connection, table: str, session_id: str) -> Iterator[tuple[Any, ...]]:
    """A session's rows without session, number and checksum. Raises ValueError for damage."""
    for row in rows_of(database, table, session_id):
        if not intact(row):
            raise ValueError(f"the checksum of {table} {row[1]} is wrong")
        yield row[2:-1]


def _series(
    database: sqlite3.Connection, session_id: str, columns: tuple[str, ...]
) -> tuple[NDArray[np.int64], NDArray[np.void]]:
    chunks = [unpack(content, columns) for (content,) in _rows(database, "chunk", session_id)]
    if not chunks:
        return np.zeros(0, np.int64), np.zeros(0, ANGLES)
    return np.concatenate([t_ns for t_ns, _ in chunks]), np.concatenate([angles for _, angles in chunks])


def _strides(database: sqlite3.Connection, session_id: str) -> NDArray[np.void]:
    rows = _rows(database, "stride", session_id)
    return np.array([tuple(np.nan if value is None else value for value in row) for row in rows], STRIDE)


def _session_row(database: sqlite3.Connection, rowid: int) -> SessionRow | None:
    row = _sealed_row(database, "rowid = ?", rowid)
    if row is None:
        return None
    if row["state"] not in STATES:
        raise ValueError(f"its state is {row['state']!r}")
    sums = json.loads(row["tally"])
    first_ns, last_ns = sums["first_ns"], sums["last_ns"]
    cues = database.execute("SELECT count(*) FROM cue WHERE session = ?", (row["id"],)).fetchone()[0]
    as_stored = ("id", "number", "state", "started_utc", "finished_utc", "note", "exported_utc", "core_version")
    return SessionRow(
        **{name: row[name] for name in as_stored},
        clock_trusted=bool(row["clock_trusted"]),
        duration_s=(last_ns - first_ns) / NS if first_ns is not None else 0.0,
        strides=int(sums["strides"]),
        cues=cues,
    )


_DAMAGED_ROW = "damaged-row-"
_NOTE = "what is stored is not what was written; `station forget` deletes it"


def _damaged_row(database: sqlite3.Connection, rowid: int) -> SessionRow:
    """A line for a session that cannot be read, under its own id where that makes sense."""
    session_id, number = f"{_DAMAGED_ROW}{rowid}", 0
    with suppress(sqlite3.DatabaseError):
        found = database.execute("SELECT id, number FROM session WHERE rowid = ?", (rowid,)).fetchone()
        if found and isinstance(found[0], str) and SESSION_ID.fullmatch(found[0]):
            same = database.execute("SELECT rowid FROM session WHERE id = ?", (found[0],)).fetchone()
            if same == (rowid,):  # the index knows it by that name too
                session_id, number = found[0], found[1] if isinstance(found[1], int) else 0
    return SessionRow(session_id, number, DAMAGED, "", "", False, 0.0, 0, 0, _NOTE, "", "")


def _rowid(session_id: str) -> int:
    """The row that a damaged session without an id is named by, 0 for an ordinary id."""
    digits = session_id.removeprefix(_DAMAGED_ROW)
    return int(digits) if digits != session_id and digits.isascii() and digits.isdigit() and len(digits) < 18 else 0
