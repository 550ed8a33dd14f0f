"""When a recorded item may be delivered: at once, or at its own time as a camera would."""

from __future__ import annotations

from station.ports import Clock
from station.types import NS


class Pacer:
    """Maps media time to delivery time.

    As fast as it goes, items keep their own times (from the first item). In real time they are
    stamped on the clock, like a camera's: one monotonic time base for poses, ticks and readings.
    """

    def __init__(self, clock: Clock | None, realtime: bool) -> None:
        """`clock` may be missing only where nothing is paced; raises ValueError otherwise."""
        if realtime and clock is None:
            raise ValueError("real time needs a clock")
        self._clock = clock if realtime else None
        self._start_ns: int | None = None

    def stamp_ns(self, media_ns: int) -> int:
        """The time to put on an item."""
        if self._clock is None:
            return media_ns
        if self._start_ns is None:
            self._start_ns = self._clock.now_ns() - media_ns
        return self._start_ns + media_ns

    def wait(self, media_ns: int, timeout_s: float) -> bool:
        """Sleep until that item is due, `timeout_s` at most; whether it is due."""
        if self._clock is None:
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
        return 0.0 if self._clock is None else (self._clock.now_ns() - self.stamp_ns(media_ns)) / NS
