"""How often the service was started of late, and why the last run ended: a box that cannot go on
says so on its screen.

systemd starts a station that ended again, eight times in five minutes, and then lets it rest in
silence. So before that the station itself holds on, with the reason on the screen, until enough
time has passed.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from station.errors import StationError
from station.files import json_bytes, write_atomic
from station.ports import Clock
from station.run.health import as_a_service
from station.run.tolerated import described
from station.types import NS, Troubles

log = logging.getLogger("station")

NAME = "starts"  # in systemd's runtime folder, which is empty after each boot, as the clock is then
WINDOW_S = 300.0  # StartLimitIntervalSec of station.service
# Starts in it that go ahead at once; of StartLimitBurst, 8, the others are for a person who
# restarts it.
MOST = 5
SHOWN_S = 60.0  # for so long a new run says why the last one ended
NO_WORD = "it hung or was killed"
REMEDY = "switch off and on; if it stays, keep the system log (journalctl -u station)"


class Restarts:
    """The starts of the last five minutes.

    Without a folder, as for `station run` in a terminal, there are none.
    """

    def __init__(self, clock: Clock, folder: Path | None = None) -> None:
        runtime = os.environ.get("RUNTIME_DIRECTORY", "").split(":")[0] if as_a_service() else ""
        folder = folder or (Path(runtime) if runtime else None)
        self._clock, self._path = clock, folder / NAME if folder else None
        self._starts_ns: list[int] = []
        self._now_ns = clock.now_ns()
        self.reason = ""  # why the last run ended, "" when it ended in order or there was none

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Round a run: its start counts, and no more once it has ended in order."""
        self._begin()
        try:
            yield
        except Exception as error:
            self._write(error.trouble[0] if isinstance(error, StationError) else described(error))
            raise
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    @property
    def rest_s(self) -> float:
        """How long to hold on before this run, or systemd would give up; 0: starts are few."""
        if len(self._starts_ns) <= MOST:
            return 0.0
        oldest_ns = self._starts_ns[-MOST - 1]
        return max(0.0, WINDOW_S - (self._now_ns - oldest_ns) / NS)

    @property
    def error(self) -> StationError:
        what = f"the station was started {len(self._starts_ns)} times in five minutes; the last run ended: {self.reason}"
        return StationError(what, "", REMEDY)

    @property
    def trouble(self) -> Troubles:
        """Why the last run ended, for the first minute of this one."""
        if not self.reason or self._clock.now_ns() - self._now_ns > SHOWN_S * NS:
            return ()
        return ((f"the station has restarted: {self.reason}", "nothing, if it does not come back"),)

    def _begin(self) -> None:
        if self._path is None:
            return
        try:
            values = json.loads(self._path.read_bytes())
            starts_ns, reason = [int(one) for one in values["starts_ns"]], str(values["reason"])
        except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
            starts_ns, reason = [], ""
        recent = [one for one in starts_ns if 0 <= self._now_ns - one < WINDOW_S * NS]
        self.reason = (reason or NO_WORD) if starts_ns else ""
        self._starts_ns = [*recent, self._now_ns]
        self._write("")

    def _write(self, reason: str) -> None:
        if self._path is None:
            return
        try:
            write_atomic(self._path, json_bytes({"starts_ns": self._starts_ns, "reason": reason}))
        except OSError as error:
            log.warning("this start cannot be counted: %s", error)
