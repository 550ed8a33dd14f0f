"""Recorded poses played from arrays, and when a recorded item may be delivered."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray

from station.ports import Clock, EndOfSource
from station.types import NS, Pose, SourceInfo


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


class PosePlayer:
    """Plays poses: t_ns (N,) int64 increasing, xy_px (N, 33, 2), score (N, 33). A `Source[Pose]`.

    realtime: each comes at its time by `clock`, stamped on it. loop: again after the last, for
    ever.
    """

    def __init__(
        self,
        info: SourceInfo,
        t_ns: NDArray[np.int64],
        xy_px: NDArray[np.float32],
        score: NDArray[np.float32],
        clock: Clock | None = None,
        realtime: bool = False,
        loop: bool = False,
    ) -> None:
        self._info = info
        self._t_ns, self._xy_px, self._score = t_ns, xy_px, score
        self._clock, self._realtime, self._loop = clock, realtime, loop
        self._rewind()

    def _rewind(self) -> None:
        self._pacer = Pacer(self._clock, self._realtime)
        self._next = 0

    @property
    def info(self) -> SourceInfo:
        return self._info

    def read(self, timeout_s: float) -> Pose | None:
        rounds, i = divmod(self._next, len(self._t_ns))
        if rounds and not self._loop:
            raise EndOfSource
        media_ns = int(self._t_ns[i]) + rounds * self._round_ns
        if not self._pacer.wait(media_ns, timeout_s):
            return None
        self._next += 1
        return Pose(self._pacer.stamp_ns(media_ns), self._xy_px[i], self._score[i])

    @property
    def _round_ns(self) -> int:
        """From one start to the next when looping: the last pose stays as long as a usual one."""
        steps = np.diff(self._t_ns)
        return int(self._t_ns[-1] - self._t_ns[0] + (np.median(steps) if len(steps) else 1e9))

    def __enter__(self) -> Self:
        self._rewind()
        return self

    def __exit__(self, *_: object) -> None: ...
