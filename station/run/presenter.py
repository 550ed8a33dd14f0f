"""A loudspeaker or light with its own thread: a dead one is reported and opened again."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from station.errors import StationError
from station.ports import Clock, CueSink
from station.run.slots import Inbox
from station.run.tolerated import described
from station.types import NS, Cue, Snapshot

log = logging.getLogger("station")

TICK_S = 0.02  # how often light patterns and fades move on
# Chosen: waits before opening again; the last one from then on.
RETRY_S = (1.0, 2.0, 5.0, 10.0, 15.0)
STEADY_S = 30.0  # chosen: after that long without a failure the waits begin anew
SILENT_S = 4.0  # a part that has not come back from a call for so long is reported
AGAIN = "it is tried again by itself; if this stays, switch the station off and on"


class Presenter:
    """`give` it cues and `show` it snapshots from any thread; it hands them to the sink that
    `open_sink` makes.

    Whatever the sink raises, it is closed and opened again with growing waits; cues of the meantime
    are dropped, because a late one is a wrong one. `trouble` is (what, remedy) as long as the part
    is dead. The first opening happens at once.
    """

    def __init__(self, name: str, open_sink: Callable[[], CueSink], clock: Clock) -> None:
        self.name = name
        self._open_sink, self._clock = open_sink, clock
        self._sink: CueSink | None = None
        self._trouble: tuple[str, str] | None = None
        self._cues: Inbox[Cue] = Inbox(64)
        self._snapshot: Snapshot | None = None
        self._failures = 0
        self._failed_ns = self._served_ns = clock.now_ns()
        self._stopping = threading.Event()
        self._open()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    @property
    def works(self) -> bool:
        return self._sink is not None

    @property
    def trouble(self) -> tuple[str, str] | None:
        if self._trouble is None and self._clock.now_ns() - self._served_ns > SILENT_S * NS and self._thread.is_alive():
            return f"the {self.name} does not answer", "switch the station off and on"
        return self._trouble

    @property
    def refused(self) -> int:
        """Cues that came faster than they could be taken."""
        return self._cues.refused

    def give(self, cue: Cue) -> None:
        if self.works:
            self._cues.put(cue)

    def show(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def close(self, timeout_s: float = 5.0) -> None:
        """Closes the sink, at most `timeout_s`: a dead one may never answer.

        Never raises; may be called twice.
        """
        self._stopping.set()
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            log.warning("the %s does not let itself be closed", self.name)

    # --- its thread ---

    def _work(self) -> None:
        while not self._stopping.is_set():
            if self._sink is not None:
                self._serve(self._sink)
            elif self._clock.now_ns() < self._failed_ns + self._wait_ns:
                self._stopping.wait(TICK_S)
            else:
                self._open()
        self._close()

    @property
    def _wait_ns(self) -> int:
        return round(RETRY_S[min(self._failures, len(RETRY_S)) - 1] * NS)

    def _open(self) -> None:
        try:
            self._sink = self._open_sink()
        except Exception as error:  # the part is missing; the others coach
            self._drop(error)
            return
        if self._trouble is not None:
            log.info("the %s works again", self.name)
        self._trouble = None
        self._served_ns = self._clock.now_ns()

    def _serve(self, sink: CueSink) -> None:
        cue = self._cues.take(TICK_S)
        snapshot, self._snapshot = self._snapshot, None
        try:
            if cue is not None:
                sink.present(cue)
            if snapshot is not None:
                sink.see(snapshot)
            sink.tick(self._clock.now_ns())
        except Exception as error:
            self._drop(error)
            return
        self._served_ns = self._clock.now_ns()
        if self._failures and self._served_ns - self._failed_ns > STEADY_S * NS:
            self._failures = 0

    def _drop(self, error: Exception) -> None:
        expected = isinstance(error, StationError)
        if self._trouble is None:
            log.warning("going on without the %s: %s", self.name, error, exc_info=None if expected else error)
        failed = StationError(f"the {self.name} failed ({described(error)})", "", AGAIN)
        self._trouble = (error if isinstance(error, StationError) else failed).trouble
        self._failures += 1
        self._failed_ns = self._clock.now_ns()
        self._close()
        self._cues.drain()

    def _close(self) -> None:
        sink, self._sink = self._sink, None
        if sink is None:
            return
        try:
            sink.close()
        except Exception as error:  # it is let go all the same
            log.warning("the %s could not be closed (%s)", self.name, described(error))
