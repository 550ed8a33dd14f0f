"""The only place that asks the machine what time it is."""

from __future__ import annotations

import time


class SystemClock:
    """CLOCK_MONOTONIC: the clock that camera time stamps are converted to."""

    def now_ns(self) -> int:
        return time.monotonic_ns()

    def sleep(self, seconds: float) -> None:
        if seconds > 0:
            time.sleep(seconds)
