"""A webcam, through OpenCV: for a coach with a laptop (Linux, macOS, Windows) to try it live.

What a webcam cannot do, and the Pi camera can: a short exposure (fast legs smear) and the time of
the exposure itself. A frame's time here is the driver's where it counts on the station's clock
(Linux), else that of its arrival: some ms late and uneven.
"""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from station.errors import HardwareError, UsageError
from station.ports import Clock
from station.sense.camera import CLOSE_S, CameraSource, Shot, guarded, turned
from station.types import NS, SourceInfo

WEBCAM = re.compile(r"webcam(?::(\d{1,2}))?")
WANTED = (
    (cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG")),
    (cv2.CAP_PROP_FRAME_WIDTH, 1280),
    (cv2.CAP_PROP_FRAME_HEIGHT, 720),
    (cv2.CAP_PROP_FPS, 60),
    (cv2.CAP_PROP_BUFFERSIZE, 1),
)
FIRST_S = 5.0  # a webcam takes up to 3 s to deliver its first frame
RATE_FRAMES = 10  # after so many frames its rate is known
FAILED_READS = 5  # in a row: it was pulled
SLOW_FPS = 25.0  # below, contacts and swing cannot be measured
DRIVER_S = 0.5  # a driver's time this close to now is on the station's clock
REMEDIES = {
    "linux": "plug it in, close other programs that use it, and see that you may read /dev/video* (group video)",
    "darwin": "close other programs that use it, and allow your terminal in System Settings > Privacy & Security > Camera",
    "win32": "close other programs that use it, and allow desktop apps in Settings > Privacy & security > Camera",
}
Capture = Callable[[int], Any]
"""Opens the camera of that number: a cv2.VideoCapture or a stand-in."""


def webcam_number(text: str) -> int | None:
    """0 for "webcam", N for "webcam:N", None for anything else. Raises UsageError."""
    found = WEBCAM.fullmatch(text)
    if found is None:
        if text.startswith("webcam:") and not Path(text).exists():
            raise UsageError(f"{text!r} names no webcam", "", "say webcam, or webcam:1 for the second one")
        return None
    return int(found[1] or 0)


class WebcamSource(CameraSource):
    """A webcam as a `Source[Frame]`. turned_deg: how far its frames are turned clockwise."""

    def __init__(
        self, number: int, clock: Clock, turned_deg: int = 0, capture: Capture | None = None, close_s: float = CLOSE_S
    ) -> None:
        super().__init__(WebcamDoor(number, clock, turned_deg, capture or _opencv), clock, close_s)


class WebcamDoor:
    """The one door round OpenCV's capture. See CameraDoor.

    A thread takes every frame as it comes, since `grab` knows no time limit and a frame that waits
    is an old one.
    """

    name = "webcam"

    def __init__(self, number: int, clock: Clock, turned_deg: int, capture: Capture) -> None:
        self._number, self._clock, self._turned_deg, self._capture = number, clock, turned_deg, capture
        self.remedy = REMEDIES.get(sys.platform, REMEDIES["linux"])
        self._grabber: _Grabber | None = None
        self.notes: tuple[str, ...] = ()

    def open(self) -> SourceInfo:
        where = f"webcam {self._number}"
        with guarded("cannot be opened", where, lambda _: self.remedy):
            capture = self._capture(self._number)
            if not capture.isOpened():
                capture.release()
                raise HardwareError(f"is not there, or another program uses it{_others(self._number)}", where, self.remedy)
            for what, value in WANTED:
                capture.set(what, value)
            self._grabber = grabber = _Grabber(capture, self._clock)
            first = grabber.begin(FIRST_S)
        if first is None:
            raise HardwareError("opens but delivers no frame: another program uses it, or it is blocked", where, self.remedy)
        height, width = turned(first, self._turned_deg).shape[:2]
        fps = grabber.fps
        driver = "its driver's" if grabber.driver_times else "those of arrival, some ms late and uneven"
        slow = (f"only {fps:.0f} frames a second: more light, or a better camera",) if fps < SLOW_FPS else ()
        self.notes = (f"times are {driver}; the exposure is the webcam's own, so give it light", *slow)
        return SourceInfo(where, "webcam", width, height, round(fps, 2))

    def take(self, timeout_s: float) -> Shot | None:
        grabber = self._grabber
        if grabber is None:
            raise HardwareError("is closed", self.name, self.remedy)
        with guarded("cannot be read", self.name, lambda _: self.remedy):
            taken = grabber.next(timeout_s)
            if taken is None:
                return None
            t_ns, image = taken
            return Shot(t_ns, np.ascontiguousarray(cv2.cvtColor(turned(image, self._turned_deg), cv2.COLOR_BGR2RGB)))

    def close(self) -> None:
        grabber, self._grabber = self._grabber, None
        if grabber is not None:
            with guarded("cannot be closed", self.name, lambda _: self.remedy):
                grabber.end()


class _Grabber:
    """The thread that owns the capture: the newest frame (H, W, 3) BGR, until it fails."""

    def __init__(self, capture: Any, clock: Clock) -> None:
        self._capture, self._clock = capture, clock
        self._news = threading.Condition()
        self._newest: tuple[int, NDArray[np.uint8]] | None = None
        self._arrivals_ns: list[int] = []
        self._error: Exception | None = None
        self._stop = False
        self.driver_times = False
        self._thread = threading.Thread(target=self._run, name="webcam", daemon=True)

    @property
    def fps(self) -> float:
        """As frames came, not as the camera claims."""
        steps = [later - earlier for earlier, later in zip(self._arrivals_ns, self._arrivals_ns[1:], strict=False)]
        return NS / median(steps) if steps and median(steps) > 0 else float("nan")

    def begin(self, timeout_s: float) -> NDArray[np.uint8] | None:
        """Start, and wait until the rate is known: a frame, or None when none came."""
        self._thread.start()
        with self._news:
            self._news.wait_for(lambda: len(self._arrivals_ns) >= RATE_FRAMES or self._error is not None, timeout_s)
            return None if self._newest is None else self._newest[1]

    def next(self, timeout_s: float) -> tuple[int, NDArray[np.uint8]] | None:
        """The newest frame, once. Raises what the capture raised."""
        with self._news:
            self._news.wait_for(lambda: self._newest is not None or self._error is not None, max(timeout_s, 0.0))
            if self._newest is None and self._error is not None:
                raise self._error
            taken, self._newest = self._newest, None
            return taken

    def end(self) -> None:
        self._stop = True
        if self._thread.ident is not None:
            self._thread.join()
        self._capture.release()

    def _run(self) -> None:
        failed = 0
        try:
            while not self._stop:
                works, image = self._capture.read()
                if not works or image is None:
                    failed += 1
                    if failed >= FAILED_READS:
                        raise HardwareError("is gone: it was pulled, or its driver gave up", "webcam", "plug it in again")
                    continue
                failed = 0
                with self._news:
                    arrived_ns = self._clock.now_ns()
                    self._newest = (self._time_ns(arrived_ns), np.asarray(image, np.uint8))
                    self._arrivals_ns = [*self._arrivals_ns[-RATE_FRAMES:], arrived_ns]
                    self._news.notify_all()
        except Exception as error:
            with self._news:
                self._error = error
                self._news.notify_all()

    def _time_ns(self, arrived_ns: int) -> int:
        """The driver's time where it is on our clock and not ahead, else that of arrival."""
        driver_ns = round(float(self._capture.get(cv2.CAP_PROP_POS_MSEC)) * 1e6)
        self.driver_times = 0 <= arrived_ns - driver_ns < DRIVER_S * NS
        return driver_ns if self.driver_times else arrived_ns


def _opencv(number: int) -> Any:
    # Its own lines would stand between ours.
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    return cv2.VideoCapture(number)


def _others(number: int) -> str:
    """Which cameras Linux lists instead."""
    found = sorted(int(path.name[5:]) for path in Path("/dev").glob("video*") if path.name[5:].isdigit())
    return f" (found: {', '.join(f'webcam:{one}' for one in found)})" if found and number not in found else ""
