"""The store of the running station: SQLite for what people ask for later, and beside it the input
log of each session.

    <data_dir>/station.db          sessions, strides, events, cues, outcomes, series in chunks
    <data_dir>/logs/<id>.log       everything the coach consumed (log.py), bounded by a quota
    <data_dir>/pairs/<id>.csv      only on request (belt_pairs.py)
    <data_dir>/station.lock        held by the one station that writes here

Once a second everything new is committed (WAL, synchronous=FULL), so a power cut costs at most the
last second. A session begins on the disk when somebody runs: an empty belt writes nothing, and who
only stood there leaves nothing.
"""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path

from station import __version__, wall_clock
from station.config import RecordSection
from station.errors import InputError, StoreError
from station.files import write_atomic
from station.record.archive import DATABASE, LOCK, LOGS, SESSION_ID, UNREADABLE, Archive
from station.record.belt_pairs import PAIRS, pairs_path
from station.record.dating import date_sessions
from station.record.integrity import any_aside, damage, locked, salvage, set_aside
from station.record.live_session import OpenSession
from station.record.log import LogHeader, repair
from station.record.retention import LOG_SUFFIX, MB, newest_number, reclaim_logs, surplus_sessions
from station.record.schema import COLUMNS, SESSION_COLUMNS, NewerDatabase, connect, insertion, migrate
from station.record.tally import Tally
from station.types import NS, Activity, Input, Step, Troubles

# The file with the highest session number, and what an id can show.
HIGHEST, MOST_DIGITS = "highest", 9
DATING_NS = 60 * NS  # while nobody runs: whether earlier sessions can be dated by now
FLUSH_NS = NS  # the database is brought up to date so often
REFUSALS = (
    *(sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_CANTOPEN),
    *(sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB),
)
DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
RETRY_NS = 10 * NS  # after a failed write
# Inputs kept in memory before anybody runs: five and a half minutes at 60 a second.
MOST_EARLY = 20_000
MOST_PENDING = 40_000  # rows of series kept while the disk is full: eleven minutes


class SqliteStore:
    """ports.Store on a folder. Construct it anywhere, then use it from one thread; its `archive`
    from any.

    Opening repairs: a database that cannot be used is set aside with its evidence, what is whole of
    it moves to the new one (see `trouble`), and sessions that a power cut left open are closed as
    "recovered". Raises StoreError: folder not writable, another station writes here.
    """

    def __init__(
        self,
        folder: Path,
        settings: RecordSection | None = None,
        core_version: str = __version__,
        now: Callable[[], wall_clock.Moment] = wall_clock.now,
    ) -> None:
        self._folder = folder.expanduser()
        self._settings = settings or RecordSection()
        self._core_version = core_version
        self._now = now
        self.archive = Archive(self._folder)
        self._session: OpenSession | None = None
        self._ended: list[OpenSession] = []  # not written yet, because the disk was full
        self._early: list[tuple[Input, Step]] = []
        self._troubles: dict[str, tuple[str, str]] = {}
        with ExitStack() as opened:  # what was opened is let go again when something later fails
            try:
                (self._folder / LOGS).mkdir(parents=True, exist_ok=True)
                self._lock = locked(self._folder / LOCK)
                opened.callback(os.close, self._lock)
                self._database = self._opened()
                opened.callback(self._database.close)
                self._tidy()
                self._date()
            except (OSError, sqlite3.OperationalError) as error:
                raise StoreError(f"cannot be opened ({error})", str(self._folder), "check the folder's owner and space") from None
            opened.pop_all()

    # --- ports.Store ---

    def begin(self, header: LogHeader, t_ns: int) -> str:
        """Prepares a session of what `header` describes, in which the store fills in when and by
        whom; returns its id. Raises StoreError: one is open, or unreadable.
        """
        if self._session is not None:
            raise StoreError(f"session {self._session.id} is still open", str(self._folder), "finish it first")
        try:
            self._finish_late()
        except sqlite3.DatabaseError as error:  # the disk is still full: this session waits for space like the ones before it
            self._unwritable(error)
        number = self._next_number()
        now = self._now()
        date = f"-{now.utc[:10].replace('-', '')}" if now.trusted else ""
        # The random part keeps ids apart when the database had to be started anew, or when a stick
        # meets two stations.
        session_id = f"{number:05d}{date}-{secrets.token_hex(2)}"
        header = replace(
            header,
            session_id=session_id,
            station_version=__version__,
            core_version=self._core_version,
            started_utc=now.utc,
            clock_trusted=now.trusted,
            boot_id=now.boot_id,
            started_ns=t_ns,
        )
        self._session, self._early = OpenSession(session_id, number, header), []
        self._next_dating_ns = t_ns + DATING_NS
        return session_id

    def add(self, given: Input, step: Step) -> None:
        """One input with its step. Raises StoreError for a full disk; it is written later."""
        session = self._session
        if session is None:
            raise StoreError("no session is open", str(self._folder), "begin one first")
        if session.is_on_disk:
            self._add(session, given, step)
            return
        self._early.append((given, step))
        if given.t_ns >= self._next_dating_ns:
            self._next_dating_ns = given.t_ns + DATING_NS
            self._date()
        if step.gait.activity is Activity.RUNNING or len(self._early) >= MOST_EARLY:
            self._put_on_disk(session)

    def finish(self, t_ns: int) -> None:
        """Closes the session; one in which nobody ran is deleted. Raises StoreError."""
        session, self._session, self._early = self._session, None, []
        if session is None or not session.is_on_disk:
            return
        session.close_files(self._troubles)
        self._ended.append(session)
        try:
            self._finish_late()
        except sqlite3.DatabaseError as first:
            self._unwritable(first)
            self._make_room(None)
            try:
                self._finish_late()
            except sqlite3.DatabaseError as error:
                raise self._unwritable(error) from None

    def close(self) -> None:
        """Finishes what is open and lets the folder go. Raises StoreError like `finish`; a session
        that could not be written stays open in the database and is recovered when the store is
        opened again.
        """
        try:
            self.finish(0)
            self._finish_late()
        except sqlite3.DatabaseError as error:
            raise self._unwritable(error) from None
        finally:
            self._database.close()
            os.close(self._lock)

    # --- beyond the protocol ---

    def add_gap(self, lost: int) -> None:
        """So many inputs never arrived here: the log says so, because a replay will differ."""
        session = self._session
        if session is not None and session.is_on_disk:
            session.note(f"{lost} inputs were lost, the disk was too slow")
            session.log_gap(lost, self._troubles)

    @property
    def trouble(self) -> Troubles:
        """(what is wrong, what to do), for the screen."""
        return tuple(self._troubles.values())

    # --- opening ---

    def _opened(self) -> sqlite3.Connection:
        path = self._folder / DATABASE
        evidence = damage(path)
        if not evidence:
            database = connect(path)
            try:
                migrate(database, str(path))
                return database
            except NewerDatabase as error:
                database.close()
                return self._anew(error.what, "newer")
            except (sqlite3.OperationalError, OSError):
                database.close()
                raise
            except sqlite3.DatabaseError as error:
                database.close()
                evidence = str(error)
        return self._anew(evidence)

    def _anew(self, evidence: str, kind: str = "corrupt") -> sqlite3.Connection:
        """A new database for one set aside as unusable; what of that is whole moves over."""
        path = self._folder / DATABASE
        aside = set_aside(path, evidence, self._now().utc, kind)
        database = connect(path)
        try:
            migrate(database, str(path))
            saved = salvage(aside, database)
            text = f"{aside.name}: {evidence}; {saved} sessions were taken over"
            database.execute("INSERT INTO notice VALUES (?, ?)", (self._now().utc, text))
        except (StoreError, sqlite3.Error):
            database.close()
            raise
        why = "was written by a newer station" if kind == "newer" else "was damaged"
        what = f"the database {why} and set aside as {aside.name}; {saved} sessions were taken over"
        self._troubles["damaged"] = (what, "copy it to another machine: earlier sessions may be in it")
        return database

    def _tidy(self) -> None:
        """Recovers and sweeps; a full disk gets room once, else what is open waits for a start."""
        for attempt in (1, 2):
            try:
                self._sweep()
                self._recover()
                return
            except sqlite3.OperationalError as error:
                if attempt == 2:
                    self._unwritable(error)
                self._make_room(None)

    def _recover(self) -> None:
        """Closes what a power cut left open. Its log is cut back to whole records."""
        for (rowid,) in self._database.execute("SELECT rowid FROM session WHERE state = 'open'").fetchall():
            try:
                self._recover_one(rowid)
            except UNREADABLE:
                self._database.execute("UPDATE session SET state = 'damaged' WHERE rowid = ?", (rowid,))

    def _recover_one(self, rowid: int) -> None:
        query = "SELECT id, started_utc, tally FROM session WHERE rowid = ?"
        session_id, started_utc, tally = self._database.execute(query, (rowid,)).fetchone()
        # Written by this station or an earlier one, in one piece.
        sums = Tally.of_json(json.loads(tally))
        if sums.running_ns == 0:
            self._forget(session_id)
            return
        note = "ended without a finish; recovered up to its last second"
        path = self.archive.log_path(session_id)
        try:
            torn = repair(path) if path.exists() else 0
            note += f"; {torn} bytes of a torn record were cut from its log" if torn else ""
        except InputError as error:
            note += f"; its log is not usable ({error.what})"
        self._database.execute(
            "UPDATE session SET state = 'recovered', finished_utc = ?, note = ltrim(note || '; ' || ?, '; ') WHERE id = ?",
            (wall_clock.later(started_utc, round(sums.duration_s)), note, session_id),
        )

    def _date(self) -> None:
        """Dates earlier sessions of this boot, once the clock can; a full disk can wait."""
        with suppress(sqlite3.DatabaseError):
            date_sessions(self._database, self._now())

    def _sweep(self) -> None:
        """Deletes logs and pairs of no session: forgotten ones, or runs of less than a second."""
        if any_aside(self._folder / DATABASE):
            return  # they may belong to sessions in a database that was set aside
        known = {session_id for (session_id,) in self._database.execute("SELECT id FROM session")}
        for path in (*(self._folder / LOGS).glob(f"*{LOG_SUFFIX}"), *(self._folder / PAIRS).glob("*.csv")):
            if path.stem not in known and SESSION_ID.fullmatch(path.stem):
                with suppress(OSError):
                    path.unlink()

    def _finish_late(self) -> None:
        """Writes the sessions that ended; one a full disk refuses stays. Raises sqlite3.Error."""
        while self._ended:
            session = self._ended[0]
            if session.tally.running_ns == 0:
                self._forget(session.id)
            else:
                self._flush_or_replace(session, state="finished")
            self._ended.pop(0)
            for surplus in surplus_sessions(self._database, self._settings.sessions_kept):
                self._forget(surplus)
            self._date()
            self._database.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def _unwritable(self, error: sqlite3.DatabaseError) -> StoreError:
        """The error as the disk's refusal, for the screen too; what is none is raised as it is."""
        if error.sqlite_errorcode & 0xFF not in REFUSALS:
            raise error
        self._troubles["full"] = ("the disk takes nothing more", "delete old sessions or use a larger card; coaching goes on")
        return StoreError(f"the database cannot be written ({error})", str(self._folder), "free some space")

    def _next_number(self) -> int:
        try:
            (last,) = self._database.execute("SELECT coalesce(max(number), 0) FROM session").fetchone()
        except sqlite3.Error as error:
            raise StoreError(f"the database cannot be read ({error})", str(self._folder), "restart the station") from None
        logged = newest_number(self._folder / LOGS)  # of sessions whose database was set aside, too
        return 1 + max((int(last), logged, self._highest(), *(session.number for session in self._ended)))

    def _highest(self) -> int:
        """The highest number ever given: ids go up though sessions or databases go."""
        with suppress(OSError, ValueError):
            return int((self._folder / HIGHEST).read_text(encoding="ascii")[:MOST_DIGITS])
        return 0

    def _forget(self, session_id: str) -> None:
        self.archive.log_path(session_id).unlink(missing_ok=True)
        pairs_path(self._folder, session_id).unlink(missing_ok=True)
        self._database.execute("DELETE FROM session WHERE id = ?", (session_id,))

    # --- one session ---

    def _put_on_disk(self, session: OpenSession) -> None:
        """Somebody runs: from here on every second counts."""
        early, self._early = self._early, []
        session.is_on_disk = True
        with suppress(OSError):
            write_atomic(self._folder / HIGHEST, f"{session.number}\n".encode())
        if self._settings.input_log:
            self._make_room(None)
            session.open_log(self.archive.log_path(session.id), self._troubles)
        if self._settings.hip_belt_pairs:
            session.open_pairs(self._folder)
        for given, step in early:
            session.add(given, step, self._troubles)
        self._flush_or_tell(session)

    def _add(self, session: OpenSession, given: Input, step: Step) -> None:
        session.add(given, step, self._troubles)
        if given.t_ns >= session.next_flush_ns:
            self._flush_or_tell(session)

    def _flush_or_tell(self, session: OpenSession) -> None:
        now_ns = session.tally.last_ns
        try:
            self._flush_or_replace(session, state="open")
        except sqlite3.DatabaseError as error:
            refusal = self._unwritable(error)
            session.next_flush_ns = now_ns + RETRY_NS
            session.shed(MOST_PENDING)
            self._make_room(session.log_path)
            raise refusal from None
        session.next_flush_ns = now_ns + FLUSH_NS
        self._troubles.pop("full", None)

    def _make_room(self, keep: Path | None) -> None:
        settings = self._settings
        try:
            reclaim_logs(self._folder / LOGS, settings.logs_quota_mb * MB, settings.free_floor_mb * MB, keep)
        except OSError as error:
            self._troubles["logs"] = (f"old logs cannot be deleted ({error.strerror})", "check the owner of the data folder")

    def _flush_or_replace(self, session: OpenSession, state: str) -> None:
        """`_flush`; a database found damaged is replaced first. Raises sqlite3.Error."""
        try:
            self._flush(session, state)
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode & 0xFF not in DAMAGE:
                raise
            self._database.close()
            self._database = self._anew(str(error))
            there = self._database.execute("SELECT count(*) FROM session WHERE id = ?", (session.id,)).fetchone()[0]
            session.has_row = bool(there)
            session.note("its beginning may be missing: the database was damaged while it ran")
            self._flush(session, state)

    def _flush(self, session: OpenSession, state: str) -> None:
        """Everything new in one transaction, or nothing of it. Raises sqlite3.Error."""
        database = self._database
        database.execute("BEGIN IMMEDIATE")
        try:
            session.date(self._now())
            row = session.row()
            if not session.has_row:
                database.execute(insertion("session", (*SESSION_COLUMNS, "crc", "state")), (*row, state))
            for table, rows in session.pending_rows().items():
                database.executemany(insertion(table, COLUMNS[table]), rows)
            finished_utc = self._now().utc if state == "finished" else ""
            changing = ("tally", "started_utc", "clock_trusted")
            values = [row[SESSION_COLUMNS.index(name)] for name in changing]
            database.execute(
                f"UPDATE session SET {' = ?, '.join(changing)} = ?, crc = ?, note = ?, state = ?, finished_utc = ? WHERE id = ?",
                (*values, row[-1], "; ".join(session.notes), state, finished_utc, session.id),
            )
            database.execute("COMMIT")
        except sqlite3.Error:
            with suppress(sqlite3.Error):  # a full disk may have rolled back already
                database.execute("ROLLBACK")
            raise
        session.written()
