"""What is stored, for reading: beside a running station too, and from another process."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from station.errors import InputError, StoreError
from station.record.belt_pairs import pairs_path
from station.record.chunks import unpack
from station.record.collect import assemble
from station.record.log import read_log
from station.record.plain import revive
from station.record.retention import LOG_SUFFIX
from station.record.schema import BUSY_MS, connect
from station.record.tally import Tally
from station.types import ANGLES, JOINTS, NAN, STRIDE, Cue, Event, ModelInfo, Outcome, Pose, Recording, SourceInfo, View

DATABASE = "station.db"
LOGS = "logs"


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One line of `station sessions`. `state`: finished, recovered (cut off by a power cut) or open (still running)."""

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
    """The sessions in a data folder. Raises StoreError when the database cannot be read; an empty folder holds no sessions."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def sessions(self) -> tuple[SessionRow, ...]:
        """All sessions, oldest first."""
        rows = self._rows(
            "SELECT id, number, state, started_utc, finished_utc, clock_trusted, tally,"
            " (SELECT count(*) FROM cue WHERE session = session.id), note, exported_utc, core_version"
            " FROM session ORDER BY number"
        )
        return tuple(_session_row(row) for row in rows)

    def session(self, session_id: str) -> SessionRow:
        """Raises StoreError when there is no such session."""
        for row in self.sessions():
            if row.id == session_id:
                return row
        raise self._unknown(session_id)

    def _unknown(self, which: str) -> StoreError:
        return StoreError(f"there is no session {which!r}", str(self.folder), "see `station sessions`")

    def choose(self, which: str) -> tuple[str, ...]:
        """Session ids for "last", "new" (on no stick yet), "all" or one id. A session that still runs is in none of them.

        Raises StoreError when there is no such session.
        """
        closed = [row for row in self.sessions() if row.state != "open"]
        chosen = {
            "last": closed[-1:],
            "all": closed,
            "new": [row for row in closed if not row.exported_utc],
        }.get(which, [row for row in closed if row.id == which])
        if not chosen and which not in ("new", "all"):
            raise self._unknown(which)
        return tuple(row.id for row in chosen)

    def recording(self, session_id: str, landmarks: bool = False) -> Recording:
        """Everything stored of one session; `landmarks` also from its input log, where that still exists.

        Raises StoreError when there is no such session or what is stored cannot be understood.
        """
        row = self._rows(
            "SELECT source, model, view, tally, started_utc, clock_trusted, series_columns FROM session WHERE id = ?", session_id
        )
        if not row:
            raise self._unknown(session_id)
        try:
            return self._assembled(session_id, row[0], landmarks)
        except (KeyError, TypeError, ValueError) as error:
            raise StoreError(
                f"session {session_id} cannot be understood ({error})", str(self.folder), "export another one"
            ) from None

    def _assembled(self, session_id: str, row: tuple[Any, ...], landmarks: bool) -> Recording:
        source, model, view, tally, started_utc, trusted, columns = row
        t_ns, angles = self._series(session_id, tuple(json.loads(columns)))
        model_values = json.loads(model)
        return assemble(
            Tally.from_plain(json.loads(tally)),
            session_id=session_id,
            source=revive(SourceInfo, json.loads(source)),
            model=model_values and revive(ModelInfo, model_values),
            view=revive(View, json.loads(view)),
            t_ns=t_ns,
            angles=angles,
            xy_px=self._landmarks(session_id, t_ns) if landmarks else None,
            strides=self._strides(session_id),
            events=tuple(
                Event(t, kind, side, NAN if confidence is None else confidence)
                for t, kind, side, confidence in self._rows(
                    "SELECT t_ns, kind, side, confidence FROM event WHERE session = ? ORDER BY row", session_id
                )
            ),
            cues=tuple(
                Cue(t, seq, name, rule, action, tuple(channels.split()), text)
                for t, seq, name, rule, action, channels, text in self._rows(
                    "SELECT t_ns, seq, id, rule, action, channels, text FROM cue WHERE session = ? ORDER BY row", session_id
                )
            ),
            outcomes=tuple(
                Outcome(t, seq, rule, bool(cleared), strides)
                for t, seq, rule, cleared, strides in self._rows(
                    "SELECT t_ns, cue_seq, rule, cleared, strides FROM outcome WHERE session = ? ORDER BY row", session_id
                )
            ),
            started_utc=started_utc,
            clock_trusted=bool(trusted),
        )

    def _series(self, session_id: str, columns: tuple[str, ...]) -> tuple[NDArray[np.int64], NDArray[np.void]]:
        chunks = [
            unpack(content, columns)
            for (content,) in self._rows("SELECT content FROM chunk WHERE session = ? ORDER BY row", session_id)
        ]
        if not chunks:
            return np.zeros(0, np.int64), np.zeros(0, ANGLES)
        return np.concatenate([t_ns for t_ns, _ in chunks]), np.concatenate([angles for _, angles in chunks])

    def _strides(self, session_id: str) -> NDArray[np.void]:
        names = STRIDE.names or ()
        rows = self._rows(f"SELECT {', '.join(names)} FROM stride WHERE session = ? ORDER BY row", session_id)
        return np.array([tuple(np.nan if value is None else value for value in row) for row in rows], STRIDE)

    def _landmarks(self, session_id: str, t_ns: NDArray[np.int64]) -> NDArray[np.float32] | None:
        """(N, 33, 2) beside the series; NaN where the log has no pose for a time, None where there is no log."""
        try:
            _, inputs = read_log(self.log_path(session_id))
        except InputError:
            return None
        row_at = {t: row for row, t in enumerate(t_ns.tolist())}
        xy_px = np.full((len(t_ns), JOINTS, 2), np.nan, np.float32)
        for given in inputs:
            if isinstance(given, Pose) and given.t_ns in row_at:
                xy_px[row_at[given.t_ns]] = given.xy_px
        return xy_px

    def log_path(self, session_id: str) -> Path:
        return self.folder / LOGS / f"{session_id}{LOG_SUFFIX}"

    def mark_exported(self, session_ids: Iterable[str], utc: str) -> None:
        """Remembers that a stick got them. Raises StoreError."""
        self._run("UPDATE session SET exported_utc = ? WHERE id = ?", [(utc, session_id) for session_id in session_ids])

    def forget(self, session_id: str) -> bool:
        """Deletes a closed session, its input log and its pairs; returns whether there was a log. What is on sticks stays there.

        The database's pages are overwritten; of a flash card's worn-out blocks nobody can promise that. Raises StoreError when
        there is no such session, when it still runs, or when it cannot be deleted.
        """
        if self.session(session_id).state == "open":
            raise StoreError(f"session {session_id} still runs", str(self.folder), "wait until it is over")
        try:
            with closing(connect(self.folder / DATABASE)) as connection:
                connection.execute("PRAGMA secure_delete=ON")
                connection.execute("DELETE FROM session WHERE id = ?", (session_id,))  # its rows go with it
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            log = self.log_path(session_id)
            had_log = log.exists()
            log.unlink(missing_ok=True)
            pairs_path(self.folder, session_id).unlink(missing_ok=True)
        except (sqlite3.Error, OSError) as error:
            what = f"session {session_id} cannot be deleted ({error})"
            raise StoreError(what, str(self.folder), "stop the station first") from None
        return had_log

    def _rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        path = self.folder / DATABASE
        if not path.exists():
            return []
        try:
            connection = sqlite3.connect(path, timeout=BUSY_MS / 1000)
            try:
                return connection.execute(query, values).fetchall()
            finally:
                connection.close()
        except sqlite3.Error as error:
            remedy = "start the station once, it sets a damaged one aside"
            raise StoreError(f"the database cannot be read ({error})", str(path), remedy) from None

    def _run(self, query: str, rows: list[tuple[Any, ...]]) -> None:
        path = self.folder / DATABASE
        try:
            connection = sqlite3.connect(path, timeout=BUSY_MS / 1000)
            try:
                with connection:
                    connection.executemany(query, rows)
            finally:
                connection.close()
        except sqlite3.Error as error:
            raise StoreError(f"the database cannot be written ({error})", str(path), "free some space") from None


def _session_row(row: tuple[Any, ...]) -> SessionRow:
    session_id, number, state, started, finished, trusted, tally, *rest = row
    sums = Tally.from_plain(json.loads(tally))
    return SessionRow(session_id, number, state, started, finished, bool(trusted), sums.duration_s, sums.strides, *rest)
