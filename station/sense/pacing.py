"""When a recorded item may be delivered: at once, or at its own time as a camera would."""

from __future__ import annotations

import time

from station.ports import Clock
from station.types import NS


class SystemClock:
    """The machine's monotonic clock, for sources that are opened without one."""

    def now_ns(self) -> int:
        return time.monotonic_ns()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class Pacer:
    """Maps media time to delivery time.

    As fast as it goes, items keep their own times (from the first item). In real time they are stamped on the clock, like a
    camera's: one monotonic time base for poses, ticks and readings.
    """

    def __init__(self, clock: Clock | None, realtime: bool) -> None:
        self._clock = clock or SystemClock()
        self._realtime = realtime
        self._start_ns: int | None = None

    def stamp_ns(self, media_ns: int) -> int:
        """The time to put on an item."""
        if not self._realtime:
            return media_ns
        if self._start_ns is None:
            self._start_ns = self._clock.now_ns() - media_ns
        return self._start_ns + media_ns

    def wait(self, media_ns: int, timeout_s: float) -> bool:
        """Sleep until that item is due, `timeout_s` at most; whether it is due."""
        if not self._realtime:
            return True
        early_s = (self.stamp_ns(media_ns) - self._clock.now_ns()) / NS
        if early_s > timeout_s:
            self._clock.sleep(max(timeout_s, 0.0))
            return False
        if early_s > 0:
            self._clock.sleep(early_s)
        return True

    def late_s(self, media_ns: int) -> float:
        """By how much an item missed its time; 0 when not paced."""
        return (self._clock.now_ns() - self.stamp_ns(media_ns)) / NS if self._realtime else 0.0
