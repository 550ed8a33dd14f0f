"""A stand-in for the picamera2 module: its calls, its life cycle of requests, failures on order.

Only what `picamera.py` uses is here, but that strictly: requests must be released once, a camera
that all buffers were taken from starves, a stalled sensor tells nobody, closing can hang. Time is
the clock that is handed in.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from station.ports import Clock
from station.types import NS

Sees = Callable[[float], NDArray[np.uint8]]
"""Seconds since the library was made -> what the sensor sees then, (H, W, 3) RGB."""

# CLOCK_BOOTTIME runs ahead of the monotonic clock by the time the machine slept.
BOOT_AHEAD_NS = 12_345_678_901
COLOUR_GAINS = (1.7, 1.4)  # chosen

# Modes as `Picamera2.sensor_modes` lists them: size, bits, frames a second, (x, y, width, height)
# of the view on the sensor.
SENSORS: dict[str, tuple[tuple[tuple[int, int], int, float, tuple[int, int, int, int]], ...]] = {
    "imx296": (((1456, 1088), 10, 60.38, (0, 0, 1456, 1088)),),
    "imx708": (
        ((1536, 864), 10, 120.13, (768, 432, 3072, 1728)),
        ((2304, 1296), 10, 56.03, (0, 0, 4608, 2592)),
        ((4608, 2592), 10, 14.35, (0, 0, 4608, 2592)),
    ),
    "imx500": (((2028, 1520), 10, 30.02, (0, 0, 4056, 3040)), ((4056, 3040), 10, 10.0, (0, 0, 4056, 3040))),
}
CAN_FOCUS = ("imx708",)


CALLS = (
    *("list", "open", "modes", "configure", "stream", "start"),  # while opening
    *("capture", "result", "metadata", "buffer", "release"),  # for each frame
    *("flush", "stop", "close"),
)


@dataclass(frozen=True)
class Opening:
    """How the camera behaves from one opening to the next.

    frames: so many, then silence; None = no end. absent: no camera is found. usb_only: what is
    found is a webcam. close_hangs: closing never returns. repeats: every frame comes twice, with
    one and the same time. fails: what a call raises, by the call's name in `CALLS`. stamp: the
    sensor's time as it should be -> as it is given, None to leave it out. short_by: bytes missing
    at the end of each buffer. bare_modes: modes do not tell their view.
    """

    frames: int | None = None
    absent: bool = False
    close_hangs: bool = False
    repeats: bool = False
    usb_only: bool = False
    fails: Mapping[str, Exception] = field(default_factory=dict)
    stamp: Callable[[int], int | None] = lambda t_ns: t_ns
    short_by: int = 0
    bare_modes: bool = False

    def call(self, name: str) -> None:
        """Raises what that call was set to raise."""
        assert name in CALLS
        if name in self.fails:
            raise self.fails[name]


class FakeLibrary:
    """In the module's place: `library.Picamera2(0)`. Openings come in turn, the last for ever."""

    def __init__(
        self,
        clock: Clock,
        scene: Sees,
        model: str = "imx296",
        openings: Sequence[Opening] = (Opening(),),
        padding: int = 64,
        delivers: str = "",
    ) -> None:
        self.clock, self.scene, self.model, self.padding, self.delivers = clock, scene, model, padding, delivers
        self.start_ns = clock.now_ns()
        self.cameras: list[FakePicamera2] = []
        self.let_go = threading.Event()  # ends a hanging close
        self.Picamera2 = _Door(self)
        self._openings = list(openings)

    @property
    def opening(self) -> Opening:
        return self._openings[0]

    def step(self) -> Opening:
        return self._openings.pop(0) if len(self._openings) > 1 else self._openings[0]

    def boottime_ns(self) -> int:
        return self.clock.now_ns() + BOOT_AHEAD_NS

    def pause(self, seconds: float) -> None:
        """`Future.result(timeout=...)` of the real one."""
        self.clock.sleep(seconds)


class _Door:
    """The class object `Picamera2`: called to open a camera, asked which there are."""

    def __init__(self, library: FakeLibrary) -> None:
        self._library = library

    def global_camera_info(self) -> list[dict[str, Any]]:
        opening = self._library.opening
        if opening.absent or opening.usb_only or "list" in opening.fails:
            self._library.step()
        opening.call("list")
        if opening.absent:
            return []
        if opening.usb_only:
            return [{"Model": "HD Webcam", "Num": 0, "Id": "/base/scb/pcie@7d500000/pci@0,0/usb@0,0-1.2:1.0-046d:0825"}]
        return [{"Model": self._library.model, "Num": 0, "Location": 2, "Rotation": 180, "Id": "/base/fake"}]

    def __call__(self, number: int = 0) -> FakePicamera2:
        opening = self._library.step()
        if any(not camera.closed for camera in self._library.cameras):
            raise RuntimeError("Camera __init__ sequence did not complete.")
        opening.call("open")
        camera = FakePicamera2(self._library, opening)
        self._library.cameras.append(camera)
        return camera


class FakePicamera2:
    """One opened camera."""

    def __init__(self, library: FakeLibrary, opening: Opening) -> None:
        self._library, self._opening = library, opening
        self._config: dict[str, Any] = {}
        self._jobs: list[FakeJob] = []
        self._delivered = 0
        self.started = self.closed = False
        self.held: set[FakeRequest] = set()
        self.controls: dict[str, Any] = {}
        self.camera_properties = {"Model": library.model, "Rotation": 180}
        names = ("FrameDurationLimits", "ExposureTime", "AnalogueGain", "AeEnable", "AwbEnable", "ColourGains")
        focus = ("AfMode", "LensPosition") if library.model in CAN_FOCUS else ()
        self.camera_controls = dict.fromkeys((*names, *focus), (None, None, None))

    @property
    def sensor_modes(self) -> list[dict[str, Any]]:
        self._opening.call("modes")
        modes = [
            {"size": size, "bit_depth": bits, "fps": fps, "crop_limits": view, "exposure_limits": (29, 0, None)}
            for size, bits, fps, view in SENSORS[self._library.model]
        ]
        bare = {"size": (640, 480), "bit_depth": 8, "fps": 200.0}
        return [bare, *([] if self._opening.bare_modes else modes)]

    def create_video_configuration(self, **config: Any) -> dict[str, Any]:
        return config

    def configure(self, config: dict[str, Any]) -> None:
        self._opening.call("configure")
        if self.started:
            raise RuntimeError("Camera must be stopped before configuring")
        if config["sensor"]["output_size"] not in [mode["size"] for mode in self.sensor_modes]:
            raise RuntimeError("no such sensor mode")
        width, height = config["main"]["size"]
        if width % 2 or height % 2:
            raise RuntimeError("width and height must be even")
        self._config = config
        self.set_controls(config.get("controls", {}))

    def stream_configuration(self, name: str = "main") -> dict[str, Any]:
        self._opening.call("stream")
        main = self._config[name]
        return {
            "size": main["size"],
            "format": self._library.delivers or main["format"],
            "stride": 3 * main["size"][0] + self._library.padding,
        }

    def set_controls(self, controls: dict[str, Any]) -> None:
        for name in controls:
            if name not in self.camera_controls:
                raise RuntimeError(f"Control {name} is not advertised by libcamera")
        self.controls |= controls

    def start(self) -> None:
        self._opening.call("start")
        if not self._config:
            raise RuntimeError("Camera has not been configured")
        self.started = True

    def capture_request(self, wait: bool | float | None = None) -> FakeJob:
        self._opening.call("capture")
        if wait is not False:
            raise AssertionError("a wait without an end: a stalled camera would never wake it")
        if not self.started:
            raise RuntimeError("Camera is not started")
        job = FakeJob(self, self._library.clock.now_ns())
        self._jobs.append(job)
        return job

    def cancel_all_and_flush(self) -> None:
        self._opening.call("flush")
        for job in self._jobs:
            job.cancelled = True
        self._jobs = []

    def stop(self) -> None:
        self._opening.call("stop")
        self.started = False

    def close(self) -> None:
        if "close" in self._opening.fails:
            self.closed = True
        self._opening.call("close")
        if self._opening.close_hangs:
            self._library.let_go.wait()
        self.closed = True

    # --- the sensor ---

    @property
    def _frame_ns(self) -> int:
        return int(self.controls["FrameDurationLimits"][0]) * 1000

    def next_exposure_ns(self, since_ns: int) -> int | None:
        """End of the first exposure after `since_ns`; None: silent, or no free buffer."""
        silent = self._opening.frames is not None and self._delivered >= self._opening.frames
        if silent or not self.started or len(self.held) >= self._config["buffer_count"]:
            return None
        start_ns = self._library.start_ns
        return start_ns + ((since_ns - start_ns) // self._frame_ns + 1) * self._frame_ns

    def deliver(self, job: FakeJob, end_ns: int) -> FakeRequest:
        self._jobs.remove(job)
        self._delivered += 1
        if self._opening.repeats:
            end_ns -= (end_ns - self._library.start_ns) // self._frame_ns % 2 * self._frame_ns
        request = FakeRequest(self, end_ns)
        self.held.add(request)
        return request

    def buffer(self, end_ns: int) -> NDArray[np.uint8]:
        """Flat bytes with padded rows; the padding is rubbish, as the driver leaves it."""
        self._opening.call("buffer")
        stream = self.stream_configuration()
        exposure_ns = int(self.controls["ExposureTime"]) * 1000
        seen = self._library.scene((end_ns - exposure_ns / 2 - self._library.start_ns) / NS)
        image = cv2.resize(seen, stream["size"], interpolation=cv2.INTER_NEAREST)
        # The names are backwards: this is blue, green, red in memory.
        if stream["format"] == "RGB888":
            image = image[..., ::-1]
        rows = np.full((image.shape[0], stream["stride"]), 0xA5, np.uint8)
        rows[:, : 3 * image.shape[1]] = image.reshape(image.shape[0], -1)
        return rows.reshape(-1)[: rows.size - self._opening.short_by]

    def metadata(self, end_ns: int) -> dict[str, Any]:
        self._opening.call("metadata")
        stamp_ns = self._opening.stamp(end_ns + BOOT_AHEAD_NS)
        stamp = {} if stamp_ns is None else {"SensorTimestamp": stamp_ns}
        return stamp | {
            "ExposureTime": self.controls["ExposureTime"],
            "ColourGains": COLOUR_GAINS,
            "FrameDuration": self._frame_ns // 1000,
        }


class FakeJob:
    """A capture that will come true when the sensor delivers."""

    def __init__(self, camera: FakePicamera2, asked_ns: int) -> None:
        self._camera, self._asked_ns = camera, asked_ns
        self.cancelled = False

    def get_result(self, timeout: float | None = None) -> FakeRequest:
        self._camera._opening.call("result")
        if self.cancelled:
            raise CancelledError
        assert timeout is not None, "a wait without an end: a stalled camera would never wake it"
        library = self._camera._library
        now_ns, end_ns = library.clock.now_ns(), self._camera.next_exposure_ns(self._asked_ns)
        if end_ns is None or end_ns - now_ns > timeout * NS:
            library.pause(timeout)
            raise TimeoutError
        library.pause(max(0, end_ns - now_ns) / NS)
        return self._camera.deliver(self, end_ns)


class FakeRequest:
    """One filled buffer, lent until it is released."""

    def __init__(self, camera: FakePicamera2, end_ns: int) -> None:
        self._camera, self._end_ns = camera, end_ns

    def make_buffer(self, name: str) -> NDArray[np.uint8]:
        self._must_be_held()
        if name != "main":
            raise RuntimeError(f"Stream {name!r} is not defined")
        return self._camera.buffer(self._end_ns)

    def get_metadata(self) -> dict[str, Any]:
        self._must_be_held()
        return self._camera.metadata(self._end_ns)

    def release(self) -> None:
        self._must_be_held()
        self._camera.held.remove(self)
        self._camera._opening.call("release")

    def _must_be_held(self) -> None:
        if self not in self._camera.held:
            raise RuntimeError("CompletedRequest: lock now has negative ref_count")
