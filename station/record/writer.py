"""The writer thread: the coach hands over and goes on; the disk takes its time."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable

from station.errors import StoreError
from station.record.log import LogHeader
from station.record.store import SqliteStore
from station.types import Input, Step, Troubles

log = logging.getLogger("station")

CAPACITY = 3600  # a minute of frames: longer than any pause that a card takes to tidy itself up


class Writer:
    """ports.Store: every call returns at once, a bounded inbox and one thread do the rest.

    `describe` is asked for what a session's log and row say of its source when it begins. Owns the
    store: `close` closes it. A full inbox loses inputs (never a begin or a finish), counts
    them in `dropped` and has the log say so. What the disk refuses is said by `trouble` and goes to
    the system log; coaching goes on. A bug in the store is raised by `close`.
    """

    def __init__(self, store: SqliteStore, describe: Callable[[], LogHeader], capacity: int = CAPACITY) -> None:
        self._store, self._describe, self._capacity = store, describe, capacity
        self._inbox: deque[tuple[Input, Step] | str] = deque()
        self._wake = threading.Condition()
        self._lost = 0
        self._failed_before = False
        self._last_ns = 0
        self._begin_due = False  # a session begins with its first input, whose time it takes
        self._bug: BaseException | None = None
        self.dropped = 0
        self._thread = threading.Thread(target=self._work, name="writer", daemon=True)
        self._thread.start()

    def begin(self) -> None:
        self._tell("begin")

    def add(self, given: Input, step: Step) -> None:
        if len(self._inbox) >= self._capacity:
            self.dropped += 1
            self._lost += 1
            return
        if self._lost:
            self._inbox.append(f"gap {self._lost}")
            self._lost = 0
        self._inbox.append((given, step))
        # Without the lock: waking the thread costs a switch, and it looks by itself often enough.

    def finish(self) -> None:
        self._tell("finish")

    def close(self) -> None:
        """Writes what is left, closes the store. Raises StoreError, or a bug in the store."""
        self._tell("close")
        self._thread.join()
        if self._bug is not None:
            # Then the thread died before it came to closing.
            if not isinstance(self._bug, StoreError):
                self._store.close()
            raise self._bug

    @property
    def waiting(self) -> int:
        """How many items the disk has not taken yet."""
        return len(self._inbox)

    @property
    def trouble(self) -> Troubles:
        if self._bug is not None and not isinstance(self._bug, StoreError):
            return (("recording stopped", "restart the station and keep its system log"), *self._store.trouble)
        return self._store.trouble

    def _tell(self, word: str) -> None:
        with self._wake:
            self._inbox.append(word)
            self._wake.notify()

    def _work(self) -> None:
        try:
            while True:
                while not self._inbox:
                    with self._wake:
                        self._wake.wait(0.1)
                item = self._inbox.popleft()
                if item == "close":
                    self._store.close()
                    return
                self._take(item)
        except BaseException as error:  # the thread must not die unnoticed: `close` raises it, `trouble` tells it
            self._bug = error
            log.error("the writer stopped: %s", error)

    def _take(self, item: tuple[Input, Step] | str) -> None:
        try:
            self._hand_over(item)
            self._failed_before = False
        except StoreError as error:
            if not self._failed_before:
                log.warning("not stored: %s", error)
            self._failed_before = True

    def _hand_over(self, item: tuple[Input, Step] | str) -> None:
        if isinstance(item, tuple):
            given, step = item
            self._last_ns = given.t_ns
            if self._begin_due:
                self._begin_due = False
                self._store.begin(self._describe(), given.t_ns)
            self._store.add(given, step)
        elif item == "finish":
            self._store.finish(self._last_ns)
        elif item == "begin":
            self._begin_due = True
        else:
            self._store.add_gap(int(item.removeprefix("gap ")))
