"""The only place that asks the machine what time it is."""

from __future__ import annotations

import threading
import time

from station.types import NS


class SystemClock:
    """CLOCK_MONOTONIC: the clock that camera time stamps are converted to."""

    def now_ns(self) -> int:
        return time.monotonic_ns()

    def sleep(self, seconds: float) -> None:
        if seconds > 0:
            time.sleep(seconds)


class ManualClock:
    """A clock that moves when somebody sleeps on it or pushes it."""

    def __init__(self, t_ns: int = 0) -> None:
        self._t_ns = t_ns
        self._lock = threading.Lock()

    def now_ns(self) -> int:
        with self._lock:
            return self._t_ns

    def sleep(self, seconds: float) -> None:
        if seconds > 0:
            self.push(seconds)

    def push(self, seconds: float) -> None:
        with self._lock:
            self._t_ns += round(seconds * NS)
