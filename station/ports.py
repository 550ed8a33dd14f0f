"""The seams: what a room needs from the outside, as protocols.

Fakes of each ship with the package.
"""

from __future__ import annotations

from typing import Protocol, Self, TypeVar

from station.types import Cue, Frame, HipTurn, Input, Marks, ModelInfo, Pose, Reading, Snapshot, SourceInfo, Step, Troubles

Item = TypeVar("Item", Frame, Pose, covariant=True)


class EndOfSource(Exception):
    """A file source has delivered its last item. Not an error."""


class Source(Protocol[Item]):
    """Frames (camera, video) or poses (poses file, synthetic runner), one at a time, in time order.

    Opened by entering it (`with source:`). `read` returns None when nothing came within
    `timeout_s`, raises EndOfSource after the last item, InputError for a file that turns out
    unreadable, HardwareError/CameraLost for a dead device.
    """

    @property
    def info(self) -> SourceInfo: ...  # valid once entered

    def read(self, timeout_s: float) -> Item | None: ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


FrameSource = Source[Frame]
PoseSource = Source[Pose]


class Estimator(Protocol):
    """Pixels to the landmarks of one runner, frame after frame. Nobody there is `Pose.nobody`."""

    @property
    def model(self) -> ModelInfo: ...

    def estimate(self, frame: Frame) -> Pose: ...

    def close(self) -> None: ...


class MarkFinder(Protocol):
    """Pixels to the tags of a hip belt.

    None: nothing to tell; no belt was seen lately, and it is not yet time to look again.
    """

    def find(self, frame: Frame, pose: Pose) -> Marks | None: ...


class TurnReader(Protocol):
    """Pixels to the turn of the runner's pelvis; None: the hips are not seen well enough to look.
    """

    def find(self, frame: Frame, pose: Pose) -> HipTurn | None: ...


class Sensor(Protocol):
    """A device that yields readings; `poll` never blocks. Channels are named in types.CHANNELS."""

    channels: tuple[str, ...]

    def poll(self, t_ns: int) -> tuple[Reading, ...]: ...

    def close(self) -> None: ...


class CueSink(Protocol):
    """Loudspeaker, light: obeys cues and decides nothing. One thread makes all calls.

    `see` brings what it needs besides cues (the cadence to beat, the state of the station); `tick`
    lets patterns and fades move on. Any exception means that the part is dead: it is closed, and
    opened anew later.
    """

    def present(self, cue: Cue) -> None: ...

    def see(self, snapshot: Snapshot) -> None: ...

    def tick(self, t_ns: int) -> None: ...

    def close(self) -> None: ...


class Display(Protocol):
    """Draws snapshots. `show` returns False when the person closed the window."""

    def show(self, snapshot: Snapshot) -> bool: ...

    def close(self) -> None: ...


class Clock(Protocol):
    def now_ns(self) -> int: ...

    def sleep(self, seconds: float) -> None: ...


class Store(Protocol):
    """Takes every input with the step it led to, in order; a session counts once somebody runs.

    No call waits for a disk or raises because of one: `trouble` says what cannot be kept, as (what,
    remedy). Only `close` raises: StoreError when something was lost, anything else as the bug it
    is.
    """

    def begin(self) -> None: ...

    def add(self, given: Input, step: Step) -> None: ...

    def finish(self) -> None: ...

    def close(self) -> None: ...

    @property
    def trouble(self) -> Troubles: ...
