"""The session that is being written: its sums, its log, and rows not in the database yet."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from station.jsonable import jsonable
from station.record.belt_pairs import PairsFile
from station.record.chunks import pack
from station.record.collect import NO_ANGLES
from station.record.log import LogHeader, LogWriter
from station.record.sealed import sealed
from station.record.tally import Tally
from station.types import ANGLES, Input, Pose, Step
from station.wall_clock import Moment, dated

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

ByTopic = dict[str, tuple[str, str]]  # topic -> (what is wrong, what to do)


class OpenSession:
    """Feed inputs to `add`; `pending_rows`: what the database lacks; `written`: it has it now."""

    def __init__(self, session_id: str, number: int, header: LogHeader) -> None:
        self.id, self.number, self.header = session_id, number, header
        self.tally = Tally()
        self.notes: list[str] = []
        self.is_on_disk = False
        self.has_row = False
        self.next_flush_ns = 0
        self._log: LogWriter | None = None
        self._pairs: PairsFile | None = None
        self._written = dict.fromkeys(("stride", "event", "cue", "outcome", "chunk"), 0)
        self._clear()

    def _clear(self) -> None:
        self._t_ns: list[int] = []
        self._angles: list[Any] = []
        self._rows: dict[str, list[tuple[Any, ...]]] = {"stride": [], "event": [], "cue": [], "outcome": []}

    @property
    def log_path(self) -> Path | None:
        return self._log.path if self._log is not None else None

    def row(self) -> tuple[Any, ...]:
        """Its row in the order of SESSION_COLUMNS, sealed."""
        header = self.header
        return sealed(
            (
                self.id,
                self.number,
                *(json.dumps(jsonable(part)) for part in (header.source, header.model, header.view)),
                json.dumps(self.tally.as_json()),
                header.station_version,
                header.core_version,
                header.started_utc,
                header.clock_trusted,
                header.boot_id,
                header.started_ns,
                json.dumps(ANGLES.names),
            )
        )

    def date(self, now: Moment) -> None:
        """A clock trusted by now dates the session; its log's header is written and stays."""
        header = self.header
        in_this_boot = now.boot_id == header.boot_id and header.started_ns <= now.monotonic_ns
        if now.trusted and not header.clock_trusted and in_this_boot:
            started_utc = dated(now, header.started_ns)
            self.header = replace(header, started_utc=started_utc, clock_trusted=True)

    def add(self, given: Input, step: Step, troubles: ByTopic) -> None:
        if self._log is not None:
            with self._or_stopped(self._log_failed, troubles):
                self._log.add(given, step.cues)
        if self._pairs is not None:
            with self._or_stopped(self._pairs_failed, troubles):
                self._pairs.add(step.gait)
        self.tally.add(given, step)
        if isinstance(given, Pose):
            self._t_ns.append(given.t_ns)
            self._angles.append(NO_ANGLES if step.gait.angles is None else step.gait.angles)
        rows, name = self._rows, self.id
        for stride in step.gait.strides:
            rows["stride"].append((name, self._number("stride"), *stride.item()))
        for event in step.gait.events:
            rows["event"].append((name, self._number("event"), event.t_ns, event.kind, event.side, event.confidence))
        for cue in step.cues:
            channels = " ".join(cue.channels)
            rows["cue"].append((name, self._number("cue"), cue.t_ns, cue.seq, cue.id, cue.rule, cue.action, channels, cue.text))
        for one in step.outcomes:
            rows["outcome"].append((name, self._number("outcome"), one.t_ns, one.cue_seq, one.rule, one.cleared, one.strides))

    def _number(self, table: str) -> int:
        return self._written[table] + len(self._rows[table])

    def pending_rows(self) -> dict[str, list[tuple[Any, ...]]]:
        """Sealed rows by table, only tables that have some."""
        tables = {table: list(map(sealed, rows)) for table, rows in self._rows.items() if rows}
        if self._t_ns:
            content = pack(np.array(self._t_ns, np.int64), np.array(self._angles, ANGLES))
            tables["chunk"] = [sealed((self.id, self._written["chunk"], content))]
        return tables

    def written(self) -> None:
        """What was pending is in the database now."""
        self.has_row = True
        for table, rows in self._rows.items():
            self._written[table] += len(rows)
        self._written["chunk"] += bool(self._t_ns)
        self._clear()

    def shed(self, most: int) -> None:
        """Lets the oldest series go on a full disk, and says so; strides, events and cues stay."""
        surplus = len(self._t_ns) - most
        if surplus > 0:
            del self._t_ns[:surplus], self._angles[:surplus]
            self.note("the series have a gap, the disk was full")

    def note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    # --- its log: without one a session is still a session ---

    def open_log(self, path: Path, troubles: ByTopic) -> None:
        with self._or_stopped(self._log_failed, troubles):
            self._log = LogWriter(path, self.header)

    def log_gap(self, lost: int, troubles: ByTopic) -> None:
        if self._log is not None:
            with self._or_stopped(self._log_failed, troubles):
                self._log.add_gap(self.tally.last_ns, lost)

    def close_files(self, troubles: ByTopic) -> None:
        if self._pairs is not None:
            with self._or_stopped(self._pairs_failed, troubles):
                self._pairs.close()
        log, self._log = self._log, None
        if log is not None:
            with self._or_stopped(self._log_failed, troubles):
                log.close()

    @staticmethod
    @contextmanager
    def _or_stopped(stopped: Callable[[OSError, ByTopic], None], troubles: ByTopic) -> Iterator[None]:
        """A file that the disk refuses is given up; the session goes on without it."""
        try:
            yield
        except OSError as error:
            stopped(error, troubles)

    def _log_failed(self, error: OSError, troubles: ByTopic) -> None:
        log, self._log = self._log, None
        if log is not None:
            # It has failed once and been reported; now it only has to be let go.
            with suppress(OSError):
                log.close()
        why = "the disk is full" if error.errno in FULL else (error.strerror or "unknown error")
        self.note(f"its log stops early: {why}")
        troubles["log"] = (f"the input log stopped: {why}", "free some space; sessions are still stored")

    # --- pairs of belt and landmarks, where the owner wants them ---

    def open_pairs(self, folder: Path) -> None:
        self._pairs = PairsFile(folder, self.id, self.header.view)

    def _pairs_failed(self, error: OSError, troubles: ByTopic) -> None:
        pairs, self._pairs = self._pairs, None
        if pairs is not None:
            with suppress(OSError):
                pairs.close()
        self.note(f"its pairs of belt and landmarks stop early: {error.strerror or 'unknown error'}")
        troubles["pairs"] = ("pairs of belt and landmarks are not written", "free some space; sessions are still stored")
