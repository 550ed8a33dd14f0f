"""A clock that stands still until a test moves it."""

from __future__ import annotations

import threading

from station.types import NS


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
