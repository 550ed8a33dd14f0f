"""What a running station is made of, and what it says in the end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from station.calibrate.watch import PlaceWatch
from station.coach import Coach
from station.ports import Clock, Display, Estimator, FrameSource, MarkFinder, PoseSource, Sensor, Store, TurnReader
from station.run.presenter import Presenter
from station.run.slots import Inbox
from station.sense.frame_watch import FrameWatch
from station.types import NAN, Input, Press, Reading, Station, Step, Troubles


class NoStore:
    """A ports.Store that keeps nothing: the demo leaves no trace."""

    trouble: Troubles = ()

    def begin(self) -> None: ...

    def add(self, given: Input, step: Step) -> None: ...

    def finish(self) -> None: ...

    def close(self) -> None: ...


@dataclass
class StationParts:
    """`source` is entered already; `estimator` is None when it delivers poses."""

    source: FrameSource | PoseSource
    estimator: Estimator | None
    new_coach: Callable[[], Coach]
    clock: Clock
    store: Store
    mark_finder: MarkFinder | None = None
    turn_reader: TurnReader | None = None
    presenters: Sequence[Presenter] = ()
    display: Display | None = None
    sensors: Sequence[Sensor] = ()
    presses: Inbox[Press] | None = None
    frame_watch: FrameWatch | None = None  # for cameras
    place_watch: PlaceWatch | None = None  # its verdict changes the view that `new_coach` takes
    given: tuple[Reading, ...] = ()  # what a person gave beforehand, the first input of each coach
    # What is wrong, and what the stick does, apart from the parts above.
    station: Callable[[], Station] = Station
    # Called once, when the first frame was judged and drawn.
    ready: Callable[[], None] = lambda: None
    seconds: float | None = None  # stop after that long


@dataclass
class RunReport:
    """What happened, for the closing line and the exit code."""

    poses: int = 0
    frames_replaced: int = 0
    frames_skipped: int = 0  # the pose model failed on them
    sessions: int = 0  # in which somebody ran
    cues: int = 0
    frame_age_ms: tuple[float, float] = (NAN, NAN)  # median, 95th percentile when inference starts
