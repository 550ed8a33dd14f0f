"""The clock that asks the machine what time it is, and one that only moves when it is told to."""

from __future__ import annotations

import threading

from station.sense.pacing import SystemClock
from station.types import NS

__all__ = ["ManualClock", "SystemClock"]


class ManualClock:
    """A clock that only moves when somebody sleeps on it or pushes it: tests and faster-than-real-time runs."""

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
