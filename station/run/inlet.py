"""From an item of a source to the core's inputs: the one place where a frame becomes landmarks,
tags of a hip belt and the pelvis model's reading.

The running station and `station analyze` both work through it, so that both judge the same inputs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial

from station.errors import StationError
from station.ports import Estimator, MarkFinder, TurnReader
from station.run.tolerated import Tolerated
from station.types import Frame, HipTurn, Marks, Pose, Troubles

FrameWatch = Callable[[Frame, Pose], object]
"""Looks at each frame with its pose, and tells nothing to the core."""


CoreInput = Pose | Marks | HipTurn


class Inlet:
    """`inputs(item)`: what the core gets for one item of a source. `estimator` is None where the
    source delivers poses.

    A frame on which the pose model fails is skipped and counted (`skipped`); ten in a row raise
    StationError. The hip belt's finder and the `watches`, by name, may fail as often without taking
    the coaching along: then `trouble` tells it. `stage(name)` is entered round each part, to time
    it.
    """

    def __init__(
        self,
        estimator: Estimator | None,
        finder: MarkFinder | None = None,
        watches: Sequence[tuple[str, FrameWatch]] = (),
        stage: Callable[[str], AbstractContextManager[None]] = lambda _: nullcontext(),
        turn_reader: TurnReader | None = None,
    ) -> None:
        remedy = "install the station again"
        self._estimator = estimator
        self._pose = Tolerated("the pose model", _called, remedy, (StationError,)) if estimator else None
        self._marks = Tolerated("the search for a hip belt", finder.find) if finder else None
        self._turn = Tolerated("the pelvis model", turn_reader.find) if turn_reader else None
        self._watches = [Tolerated(name, watch) for name, watch in watches]
        self._stage = stage

    @property
    def skipped(self) -> int:
        return self._pose.failed if self._pose is not None else 0

    @property
    def trouble(self) -> Troubles:
        optional = (self._marks, self._turn, *self._watches)
        return tuple(one for part in optional if part is not None for one in part.trouble)

    def inputs(self, item: Frame | Pose) -> tuple[CoreInput, ...]:
        """What was found in the frame, then its pose; nothing for a frame that is skipped."""
        pose = self.pose(item)
        return () if pose is None else self.found(item, pose)

    def pose(self, item: Frame | Pose, begun: Callable[[], Pose] | None = None) -> Pose | None:
        """The first half: the runner's landmarks. None for a frame that is skipped.

        `begun` gives the pose of a frame that the estimator has started before.
        """
        if isinstance(item, Pose):
            return item
        if self._pose is None or self._estimator is None:
            raise TypeError("a source of frames needs a pose estimator")
        with self._stage("pose"):
            pose = self._pose(begun or partial(self._estimator.estimate, item))
        if self._pose.error is not None:
            raise self._pose.error
        return pose

    def found(self, item: Frame | Pose, pose: Pose) -> tuple[CoreInput, ...]:
        """The second half, maybe in another thread: what is where the runner is, then the pose."""
        if isinstance(item, Pose):
            return (item,)
        for watch in self._watches:
            watch(item, pose)
        found: list[CoreInput] = []
        for name, finder in (("hip_belt", self._marks), ("pelvis", self._turn)):
            if finder is not None:
                with self._stage(name):
                    seen = finder(item, pose)
                if seen is not None:
                    found.append(seen)
        return (*found, pose)


def _called(work: Callable[[], Pose]) -> Pose:
    return work()
