"""The Raspberry Pi camera, through picamera2: newest frame, short exposure, mid-exposure times.

Facts about picamera2 and libcamera that this file rests on:
- format "BGR888" is red, green, blue in memory ("RGB888" is the other way round);
- rows are padded to the driver's stride;
- libcamera that loses its sensor cancels all requests and tells nobody: a capture without a time
  limit waits for ever;
- SensorTimestamp counts on CLOCK_BOOTTIME; like picamera2 itself we read it as the end of the
  exposure;
- a set ExposureTime leaves the gain automatic;
- USB webcams are listed behind the cameras on the ribbon, with "/usb" in their Id.
"""

from __future__ import annotations

import contextlib
import errno
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from station.config import CameraSection
from station.errors import HardwareError
from station.ports import Clock
from station.sense.camera import CLOSE_S, CameraSource, Shot, guarded, turned
from station.types import NS, SourceInfo

SETTLE_S = 2.0  # white balance is fixed after that: later colour steps would disturb the pose model
WIDE = 0.8  # a sensor mode that shows less of the widest view than this is a crop
FORMAT = "BGR888"  # red, green, blue in memory
BUFFERS = 4  # chosen
MODE_KEYS = ("size", "fps", "bit_depth", "crop_limits")
REFIT = "switch off, check the ribbon cable at both ends, switch on"
IN_USE = "stop the other program (sudo systemctl stop station), or restart the Pi"
NO_MEMORY = "restart the Pi; if it comes back, set camera.long_side_px lower or close other programs that use the camera"
UPDATE = "update the system and picamera2: sudo apt update && sudo apt full-upgrade"


class Library(Protocol):
    """The part of the picamera2 module that is used; fake_picamera2 is another."""

    Picamera2: Any


class PicameraSource(CameraSource):
    """The camera on the ribbon, as a `Source[Frame]`."""

    def __init__(
        self,
        config: CameraSection,
        clock: Clock,
        library: Library | None = None,
        boottime_ns: Callable[[], int] | None = None,
        close_s: float = CLOSE_S,
    ) -> None:
        super().__init__(PicameraDoor(config, clock, library, boottime_ns), clock, close_s)


class PicameraDoor:
    """The one door round picamera2: see CameraDoor."""

    name, remedy = "camera", REFIT

    def __init__(
        self, config: CameraSection, clock: Clock, library: Library | None, boottime_ns: Callable[[], int] | None
    ) -> None:
        self._config, self._clock, self._library = config, clock, library
        self._boottime_ns = boottime_ns or _boottime_ns
        self._camera: Any = None
        self._job: Any = None
        self._stream: Mapping[str, Any] = {}
        self._opened_ns = 0
        self._offset_ns: int | None = None
        self._balance_fixed = False
        self.notes: tuple[str, ...] = ()

    # --- opening and closing ----------------------------------------------------------------------

    def open(self) -> SourceInfo:
        self._library = self._library or _import_picamera2()
        with guarded("cannot be opened", self.name, _remedy):
            self._camera = camera = _camera_of(self._library, self._config.number)
        with guarded("cannot be started", self.name, _remedy):
            mode, fps = choose_mode(camera.sensor_modes, wanted_rates(self._config))
            camera.configure(
                camera.create_video_configuration(
                    main={"size": _frame_size(mode["size"], self._config.long_side_px), "format": FORMAT},
                    sensor={"output_size": mode["size"], "bit_depth": mode["bit_depth"]},
                    controls=self._controls(camera, fps),
                    buffer_count=BUFFERS,
                    queue=False,
                )
            )
            self._stream = camera.stream_configuration("main")
            if self._stream["format"] != FORMAT:
                raise HardwareError(f"delivers {self._stream['format']} instead of {FORMAT}", self.name, UPDATE)
            camera.start()
            self._opened_ns, self._balance_fixed = self._clock.now_ns(), False
            return self._described(camera, mode, fps)

    def _controls(self, camera: Any, fps: float) -> dict[str, Any]:
        frame_us = round(1e6 / fps)
        controls: dict[str, Any] = {
            "FrameDurationLimits": (frame_us, frame_us),
            "ExposureTime": min(self._config.exposure_us, frame_us),
        }
        if "LensPosition" in camera.camera_controls:
            # Manual, in dioptres: a lens that hunts blurs.
            controls |= {"AfMode": 0, "LensPosition": 1 / self._config.focus_m}
        return controls

    def _described(self, camera: Any, mode: Mapping[str, Any], fps: float) -> SourceInfo:
        width, height = self._stream["size"]
        if self._config.turned_deg in (90, 270):
            width, height = height, width
        model = camera.camera_properties.get("Model", "camera")
        rate = wanted_rates(self._config)[0]
        size = "x".join(str(side) for side in mode["size"])
        slow = f"{fps:g} frames a second instead of {rate:g}: {model} shows its full view ({size}) no faster"
        self.notes = () if fps == rate else (slow,)
        return SourceInfo(f"camera {self._config.number} ({model})", "camera", width, height, fps)

    def close(self) -> None:
        """All that picamera2 needs to let a camera go; when a step fails the next is tried."""
        job, self._job = self._job, None
        camera, self._camera = self._camera, None
        if job is not None:
            # A capture that came true unnoticed holds a buffer.
            with contextlib.suppress(Exception):
                job.get_result(timeout=0).release()
        for step in ("cancel_all_and_flush", "stop", "close") if camera is not None else ():
            with contextlib.suppress(Exception):
                getattr(camera, step)()

    # --- frames -----------------------------------------------------------------------------------

    def take(self, timeout_s: float) -> Shot | None:
        with guarded("cannot be read", self.name, _remedy):
            request = self._request(timeout_s)
            if request is None:
                return None
            try:
                return self._shot(request)
            finally:
                request.release()

    def _request(self, timeout_s: float) -> Any:
        """The next completed request, or None. A job is kept for the next call, like its buffer."""
        if self._job is None:
            self._job = self._camera.capture_request(wait=False)
        try:
            request = self._job.get_result(timeout=max(timeout_s, 0.0))
        except TimeoutError:
            return None
        except CancelledError:  # libcamera gave up on it: silence will be noticed
            self._job = None
            return None
        self._job = None
        return request

    def _shot(self, request: Any) -> Shot | None:
        metadata = request.get_metadata()
        if "SensorTimestamp" not in metadata:
            return None  # a frame of no known time is silence
        # Us / 2 in ns.
        t_ns = self._monotonic_ns(metadata["SensorTimestamp"]) - metadata.get("ExposureTime", 0) * 500
        self._fix_balance(metadata)
        image = unpadded(request.make_buffer("main"), self._stream["size"], self._stream["stride"])
        return Shot(t_ns, turned(image, self._config.turned_deg))

    def _monotonic_ns(self, boottime_ns: int) -> int:
        """CLOCK_BOOTTIME to the clock's time; small changes are jitter, not sleep."""
        offset_ns = self._clock.now_ns() - self._boottime_ns()
        if self._offset_ns is None or abs(offset_ns - self._offset_ns) > NS // 1000:
            self._offset_ns = offset_ns
        return int(boottime_ns) + self._offset_ns

    def _fix_balance(self, metadata: Mapping[str, Any]) -> None:
        settled = self._clock.now_ns() - self._opened_ns > SETTLE_S * NS
        if settled and not self._balance_fixed and "ColourGains" in metadata:
            self._balance_fixed = True
            # Colours that go on changing are worth no lost frame.
            with contextlib.suppress(Exception):
                self._camera.set_controls({"AwbEnable": False, "ColourGains": metadata["ColourGains"]})


# --- choices --------------------------------------------------------------------------------------


def wanted_rates(config: CameraSection) -> tuple[float, ...]:
    """Frame rates by preference: every frame meets the lamps at the same phase."""
    return (config.fps,) if config.fps else (float(config.mains_hz), config.mains_hz / 2)


def choose_mode(modes: Sequence[Mapping[str, Any]], rates: Sequence[float]) -> tuple[Mapping[str, Any], float]:
    """(Sensor mode, frame rate): full view before higher rate, for some fast modes are crops.

    A mode that does not say all of its size, rate, depth and view is passed over. Raises
    HardwareError when none can be used.
    """
    usable = [mode for mode in modes if all(mode.get(key) for key in MODE_KEYS)]
    if not usable:
        raise HardwareError("reports no sensor mode that can be used", "camera", UPDATE)
    views = [mode["crop_limits"][2] * mode["crop_limits"][3] for mode in usable]
    full = [mode for mode, view in zip(usable, views, strict=True) if view >= WIDE * max(views)]
    for rate in rates:
        # Makers print 60 for 60.38 and for 59.9: half a frame is within what the sensor's clock can
        # do.
        able = [mode for mode in full if mode["fps"] >= rate - 0.5]
        if able:
            return max(able, key=lambda mode: (mode["size"][0] * mode["size"][1], mode["bit_depth"])), rate
    fastest = max(full, key=lambda mode: mode["fps"])
    return fastest, float(fastest["fps"])


def _frame_size(sensor: tuple[int, int], long_side_px: int) -> tuple[int, int]:
    """Whole view at the sensor's shape, never larger than it, even sides."""
    scale = min(1.0, long_side_px / max(sensor))
    width, height = (2 * round(side * scale / 2) for side in sensor)
    return width, height


# --- frames in memory -----------------------------------------------------------------------------


def unpadded(buffer: NDArray[np.uint8], size: tuple[int, int], stride: int) -> NDArray[np.uint8]:
    """(H, W, 3) view of a flat buffer whose rows are `stride` bytes apart; `size` is (W, H).

    Raises HardwareError when the buffer cannot hold such a frame.
    """
    width, height = size
    if stride < 3 * width or buffer.size < stride * (height - 1) + 3 * width:
        raise HardwareError(f"buffer of {buffer.size} bytes for {width}x{height}, stride {stride}", "camera", UPDATE)
    return np.lib.stride_tricks.as_strided(buffer.reshape(-1), (height, width, 3), (stride, 3, 1), writeable=False)



# --- the library ----------------------------------------------------------------------------------


def _remedy(error: Exception) -> str:
    """By what libcamera and picamera2 are known to raise."""
    if isinstance(error, MemoryError) or getattr(error, "errno", None) == errno.ENOMEM or "dma heap" in str(error):
        return NO_MEMORY
    if getattr(error, "errno", None) == errno.EBUSY or "busy" in str(error) or "did not complete" in str(error):
        return IN_USE
    return REFIT



def _import_picamera2() -> Library:
    try:
        import picamera2
    except ImportError as error:
        remedy = "on a Raspberry Pi: sudo apt install python3-picamera2, and a virtual environment that sees system packages"
        raise HardwareError(f"picamera2 cannot be imported ({error})", "camera", remedy) from None
    except ValueError as error:  # "numpy.dtype size changed": the system's simplejpeg was built for another NumPy
        raise HardwareError(f"picamera2 cannot be imported ({error})", "camera", "pip install 'simplejpeg>=1.9'") from None
    except Exception as error:  # libcamera's own modules may raise anything while they load
        raise HardwareError(f"picamera2 cannot be imported ({error})", "camera", UPDATE) from error
    return picamera2


def _camera_of(library: Any, number: int) -> Any:
    found = library.Picamera2.global_camera_info()
    on_ribbon = [one for one in found if "/usb" not in str(one.get("Id", ""))]
    if found and not on_ribbon:
        remedy = "connect a Raspberry Pi camera to the ribbon connector, or use the webcam: --source webcam"
        raise HardwareError("only a USB webcam is connected", "camera", remedy)
    if number >= len(on_ribbon):
        what = "no camera is connected" if not found else f"there is no camera {number}, only {len(on_ribbon)}"
        raise HardwareError(what, "camera", REFIT)
    try:
        return library.Picamera2(number)
    # Of a camera that another program has picamera2 says little: it is the likely reason.
    except RuntimeError as error:
        what = f"cannot be opened, probably because another program uses it ({error})"
        raise HardwareError(what, "camera", IN_USE) from error


def _boottime_ns() -> int:
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)
