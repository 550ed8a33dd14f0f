"""A live camera as a source: only a fresh frame is life, and every failure has a way back.

What is behind it, a Pi camera or a webcam, is a `CameraDoor`: the one place where that library is
called.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from station.errors import CameraLost, HardwareError
from station.ports import Clock
from station.sense.opened import Opened
from station.types import NS, Frame, SourceInfo, Troubles

STALL_S = 1.5  # no fresh frame for this long: the sensor is lost (a frame takes 20 ms)
START_S = 5.0  # the first frame after opening may take this long
CLOSE_S = 3.0  # closing a dead camera can hang for good; then only a new process helps
# Pauses before the reopening attempts; after the last one the camera is lost.
RETRY_S = (0.5, 1.0, 2.0, 4.0, 8.0)
# A frame is delivered within 0.1 s: a time farther from now is no time of this frame (chosen)
OFF_S = 1.0
TURNS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}


@dataclass(frozen=True, eq=False)
class Shot:
    """One exposure: its middle on the station's clock, its pixels (H, W, 3) uint8 RGB, upright."""

    t_ns: int
    image: NDArray[np.uint8]


class CameraDoor(Protocol):
    """One way to one camera. Its methods raise HardwareError and nothing else."""

    name: str
    remedy: str

    @property
    def notes(self) -> tuple[str, ...]: ...  # what the camera could not do as wished

    def open(self) -> SourceInfo: ...

    def take(self, timeout_s: float) -> Shot | None:
        """The next exposure, None without one in time."""

    def close(self) -> None:
        """Give the camera back; may hang."""


@contextlib.contextmanager
def guarded(what: str, where: str, remedy: Callable[[Exception], str]) -> Iterator[None]:
    """Whatever a library raises in here becomes a HardwareError: what, why, remedy."""
    try:
        yield
    except HardwareError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        # Their texts alone say nothing.
        if isinstance(error, (KeyError, IndexError, AttributeError, TypeError)):
            reason = f"{type(error).__name__}: {reason}"
        raise HardwareError(f"{what} ({reason})", where, remedy(error)) from error


def turned(image: NDArray[np.uint8], turned_deg: int) -> NDArray[np.uint8]:
    """The image turned clockwise by so much, which undoes the camera's own turn. Contiguous."""
    return np.asarray(cv2.rotate(image, TURNS[turned_deg]), np.uint8) if turned_deg else np.ascontiguousarray(image)


class CameraSource(Opened):
    """A `Source[Frame]` over a door. `t_ns` of its frames is the middle of the exposure.

    When no fresh frame comes it is closed and opened again, with growing waits, one attempt per
    `read`; CameraLost when that does not help. Frames that come twice, or with a time more than a
    second from now, are dropped and are no sign of life. `reopened` and `misdated` count.
    `trouble`: (what, remedy) while it is silent. `notes`: what it could not do as wished.
    """

    def __init__(self, door: CameraDoor, clock: Clock, close_s: float = CLOSE_S) -> None:
        self._door, self._clock, self._close_s = door, clock, close_s
        self._open = False
        self._seq = 0
        self._last_t_ns: int | None = None
        self._heard_ns = 0
        self._heard_since_open = False
        self._misdated_since_heard = 0
        self._failures = 0
        self._failed: tuple[str, str] = ("", "")
        self._retry_ns = 0
        self.reopened = self.misdated = 0

    @property
    def notes(self) -> tuple[str, ...]:
        dropped = (f"{self.misdated} frames with a time more than {OFF_S:g} s from now were dropped",) if self.misdated else ()
        return (*self._door.notes, *dropped)

    @property
    def trouble(self) -> Troubles:
        what, remedy = self._failed
        return ((f"the {self._door.name} {what}; trying again", remedy),) if self._failures else ()

    def __enter__(self) -> Self:
        """Raises HardwareError: no library, no camera, camera in use."""
        self._enter_door()
        return self

    def __exit__(self, *_: object) -> None:
        self._shut()
        super().__exit__()

    def read(self, timeout_s: float) -> Frame | None:
        """The next frame. None without one in time, or while the camera is brought back."""
        self.info  # noqa: B018 (refuses a closed source)
        if not self._open:
            self._try_again(timeout_s)
            return None
        try:
            shot = self._door.take(timeout_s)
        except HardwareError as error:
            self._give_up(error.what, error.remedy)
            return None
        if shot is None or not self._is_fresh(shot):
            self._notice_silence()
            return None
        self._heard_ns, self._heard_since_open = self._clock.now_ns(), True
        self._failures = self._misdated_since_heard = 0
        self._last_t_ns = shot.t_ns
        self._seq += 1
        return Frame(shot.t_ns, self._seq - 1, shot.image)

    def _is_fresh(self, shot: Shot) -> bool:
        if abs(self._clock.now_ns() - shot.t_ns) > OFF_S * NS:
            self.misdated += 1
            self._misdated_since_heard += 1
            return False
        return self._last_t_ns is None or shot.t_ns > self._last_t_ns

    # --- the way back ---

    def _enter_door(self) -> None:
        try:
            self._info = self._door.open()
        except HardwareError:
            self._shut()
            raise
        self._open, self._heard_since_open = True, False
        self._heard_ns = self._clock.now_ns()

    def _shut(self) -> bool:
        """Close the door in a thread, since a dead camera may never answer; False when it hangs."""
        self._open = False
        closer = threading.Thread(target=self._close_door, name="close-camera", daemon=True)
        closer.start()
        closer.join(self._close_s)
        return not closer.is_alive()

    def _close_door(self) -> None:
        with contextlib.suppress(HardwareError):  # it is let go of anyway
            self._door.close()

    def _notice_silence(self) -> None:
        limit_s = STALL_S if self._heard_since_open else START_S
        if self._clock.now_ns() - self._heard_ns < limit_s * NS:
            return
        wrong_times = self._misdated_since_heard > 0
        what = "delivers frames with times that are not of now" if wrong_times else "stopped delivering"
        self._give_up(what, self._door.remedy)

    def _give_up(self, what: str, remedy: str) -> None:
        """Close, and wait before the next attempt."""
        if not self._shut():
            remedy = f"restart the station; if it comes back: {self._door.remedy}"
            raise CameraLost("stopped delivering and cannot be closed", self._door.name, remedy)
        self._count_failure(what, remedy)

    def _count_failure(self, what: str, remedy: str) -> None:
        if self._failures >= len(RETRY_S):
            what = f"{what} and could not be reopened in {self._failures} attempts"
            raise CameraLost(what, self._door.name, self._door.remedy)
        self._retry_ns = self._clock.now_ns() + round(RETRY_S[self._failures] * NS)
        self._failures += 1
        self._failed = (what, remedy)

    def _try_again(self, timeout_s: float) -> None:
        early_s = (self._retry_ns - self._clock.now_ns()) / NS
        if early_s > 0:
            self._clock.sleep(min(early_s, max(timeout_s, 0.0)))
            return
        try:
            self._enter_door()
            self.reopened += 1
        except HardwareError as error:
            self._count_failure(error.what, error.remedy)
