"""A stand-in for cv2.VideoCapture: frames at its own pace, and its failures on order."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Plugged:
    """How the webcam behaves from one opening to the next.

    frames: so many, then reads fail; None = no end. absent: it does not open. error: reading raises
    this. driver_s: how late the driver's time is; None: it tells none.
    """

    frames: int | None = None
    absent: bool = False
    error: Exception | None = None
    driver_s: float | None = None


class FakeWebcam:
    """`open(number)` is cv2.VideoCapture's; each takes the next of `openings`, the last for ever.

    `push` is called before each frame with the seconds since the last one: a manual clock goes on
    with it. A frame comes only when `wanted` is released for it; `let_go` ends a read that waits
    for that.
    """

    def __init__(
        self,
        scene: Callable[[int], NDArray[np.uint8]],
        now_ns: Callable[[], int],
        push: Callable[[float], None],
        *openings: Plugged,
        fps: float = 30.0,
    ) -> None:
        self.scene, self.now_ns, self.push, self.fps = scene, now_ns, push, fps
        self._openings = list(openings) or [Plugged()]
        self.captures: list[FakeCapture] = []
        self.wanted = threading.Semaphore(0)
        self.let_go = threading.Event()

    def open(self, number: int) -> FakeCapture:
        plugged = self._openings.pop(0) if len(self._openings) > 1 else self._openings[0]
        self.captures.append(FakeCapture(self, number, plugged))
        return self.captures[-1]


class FakeCapture:
    """One opened webcam, (H, W, 3) BGR as OpenCV delivers it."""

    def __init__(self, webcam: FakeWebcam, number: int, plugged: Plugged) -> None:
        self._webcam, self._plugged, self.number = webcam, plugged, number
        self._read = 0
        self.settings: dict[int, Any] = {}
        self.released = False

    def isOpened(self) -> bool:
        return not self._plugged.absent

    def set(self, what: int, value: Any) -> bool:
        self.settings[what] = value
        return True

    def get(self, what: int) -> float:
        late_s = self._plugged.driver_s
        if what != cv2.CAP_PROP_POS_MSEC or late_s is None:
            return 0.0
        return self._webcam.now_ns() / 1e6 - 1e3 * late_s

    def read(self) -> tuple[bool, NDArray[np.uint8] | None]:
        if self._plugged.error is not None:
            raise self._plugged.error
        if self._plugged.frames is not None and self._read >= self._plugged.frames:
            return False, None
        while not self._webcam.wanted.acquire(timeout=0.01):
            if self._webcam.let_go.is_set():
                return False, None
        self._webcam.push(1 / self._webcam.fps)
        self._read += 1
        return True, self._webcam.scene(self._read - 1)[..., ::-1]

    def release(self) -> None:
        self.released = True
