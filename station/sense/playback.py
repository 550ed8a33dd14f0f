"""A pose source over arrays: what the poses file and the synthetic runner share."""

from __future__ import annotations

from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from station.ports import Clock, EndOfSource
from station.sense.pacing import Pacer
from station.types import Pose, SourceInfo


class PosePlayer:
    """Plays poses: t_ns (N,) int64 increasing, xy_px (N, 33, 2), score (N, 33). A `Source[Pose]`.

    realtime: each pose comes at its time by `clock`, stamped on that clock. loop: start again after
    the last one, for ever.
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

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        return None
