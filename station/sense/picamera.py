"""The Raspberry Pi camera, through picamera2: newest frame, short exposure, mid-exposure times, and a way back after a stall.

Facts about picamera2 and libcamera that this file rests on:
- format "BGR888" is red, green, blue in memory ("RGB888" is the other way round); rows are padded to the driver's stride;
- libcamera that loses its sensor cancels all requests and tells nobody: a capture without a time limit waits for ever;
- SensorTimestamp counts on CLOCK_BOOTTIME; like picamera2 itself we read it as the end of the exposure;
- a set ExposureTime leaves the gain automatic.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError
from types import TracebackType
from typing import Any, Protocol, Self

import cv2
import numpy as np
from numpy.typing import NDArray

from station.config import CameraSection
from station.errors import CameraLost, HardwareError
from station.ports import Clock
from station.types import NS, Frame, SourceInfo

STALL_S = 1.5  # no frame for this long: the sensor is lost (a frame takes 20 ms)
START_S = 5.0  # the first frame after opening may take this long
CLOSE_S = 3.0  # closing a dead camera can hang for good; then only a new process helps
RETRY_S = (0.5, 1.0, 2.0)  # pauses before the reopening attempts; after the last one the camera is lost
SETTLE_S = 2.0  # white balance is fixed after that: later colour steps would disturb the pose model
WIDE = 0.8  # a sensor mode that shows less of the widest view than this is a crop
FORMAT = "BGR888"  # red, green, blue in memory
BUFFERS = 4
TURNS = {90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}
REFIT = "switch off, check the ribbon cable at both ends, switch on"


class Library(Protocol):
    """The part of the picamera2 module that is used; fake_picamera2 is another."""

    Picamera2: Any


class PicameraSource:
    """The camera as a `Source[Frame]`, upright and never mirrored. `t_ns` is the middle of the exposure on the monotonic clock.

    When frames stop it is closed and opened again, one attempt per `read`; CameraLost when that does not help.
    `reopened` counts how often it did. `notes` says what the camera could not do as wished.
    """

    def __init__(
        self,
        config: CameraSection,
        clock: Clock,
        library: Library | None = None,
        boottime_ns: Callable[[], int] | None = None,
        close_s: float = CLOSE_S,
    ) -> None:
        self._config, self._clock = config, clock
        self._library = library
        self._boottime_ns = boottime_ns or _boottime_ns
        self._close_s = close_s
        self._camera: Any = None
        self._job: Any = None
        self._info: SourceInfo | None = None
        self._stream: Mapping[str, Any] = {}
        self._seq = 0
        self._last_t_ns = -1
        self._opened_ns = self._heard_ns = 0
        self._heard_since_open = False
        self._failures = 0
        self._retry_ns = 0
        self._offset_ns: int | None = None
        self._balance_fixed = False
        self.reopened = 0
        self.notes: tuple[str, ...] = ()

    # --- Source --------------------------------------------------------------------------------------------------

    @property
    def info(self) -> SourceInfo:
        if self._info is None:
            raise RuntimeError("the source is not open: use it in a `with` block")
        return self._info

    def __enter__(self) -> Self:
        """Raises HardwareError: no picamera2, no camera, camera in use."""
        self._library = self._library or _import_picamera2()
        self._open()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._close()
        self._info = None

    def read(self, timeout_s: float) -> Frame | None:
        """The next frame. None within `timeout_s` without one, or while the camera is being brought back."""
        self.info  # noqa: B018 (refuses a closed source)
        if self._camera is None:
            self._try_again(timeout_s)
            return None
        request = self._capture(timeout_s)
        if request is None:
            self._notice_silence()
            return None
        try:
            return self._frame(request)
        finally:
            request.release()

    # --- opening and closing -------------------------------------------------------------------------------------

    def _open(self) -> None:
        self._camera = camera = _camera_of(self._library, self._config.number)
        try:
            mode, fps = choose_mode(camera.sensor_modes, wanted_rates(self._config))
            size = _picture_size(mode["size"], self._config.long_side_px)
            camera.configure(
                camera.create_video_configuration(
                    main={"size": size, "format": FORMAT},
                    sensor={"output_size": mode["size"], "bit_depth": mode["bit_depth"]},
                    controls=self._controls(fps),
                    buffer_count=BUFFERS,
                    queue=False,
                )
            )
            self._stream = camera.stream_configuration("main")
            if self._stream["format"] != FORMAT:
                raise HardwareError(f"delivers {self._stream['format']} instead of {FORMAT}", "camera", "update picamera2")
            camera.start()
        except RuntimeError as error:
            self._close()
            raise HardwareError(f"cannot be started ({error})", "camera", REFIT) from None
        except HardwareError:
            self._close()
            raise
        self._describe(mode, fps)
        self._opened_ns = self._heard_ns = self._clock.now_ns()
        self._heard_since_open = self._balance_fixed = False

    def _controls(self, fps: float) -> dict[str, Any]:
        frame_us = round(1e6 / fps)
        controls: dict[str, Any] = {
            "FrameDurationLimits": (frame_us, frame_us),
            "ExposureTime": min(self._config.exposure_us, frame_us),
        }
        if "LensPosition" in self._camera.camera_controls:
            controls |= {"AfMode": 0, "LensPosition": 1 / self._config.focus_m}  # manual, in dioptres: a lens that hunts blurs
        return controls

    def _describe(self, mode: Mapping[str, Any], fps: float) -> None:
        width, height = self._stream["size"]
        if self._config.turned_deg in (90, 270):
            width, height = height, width
        model = self._camera.camera_properties.get("Model", "camera")
        self._info = SourceInfo(f"camera {self._config.number} ({model})", "camera", width, height, fps)
        rate = wanted_rates(self._config)[0]
        size = "x".join(str(side) for side in mode["size"])
        self.notes = (
            ()
            if fps == rate
            else (f"{fps:g} frames a second instead of {rate:g}: {model} shows its full view ({size}) no faster",)
        )

    def _close(self) -> bool:
        """Give the camera back; False when it hangs. A thread does it, because a dead camera may never answer."""
        self._drop_job()
        camera, self._camera = self._camera, None
        if camera is None:
            return True
        closer = threading.Thread(target=_shut, args=(camera,), name="close-camera", daemon=True)
        closer.start()
        closer.join(self._close_s)
        return not closer.is_alive()

    def _drop_job(self) -> None:
        """A capture that came true unnoticed holds a buffer: hand it back."""
        job, self._job = self._job, None
        if job is not None:
            with contextlib.suppress(TimeoutError, CancelledError, RuntimeError):
                job.get_result(timeout=0).release()

    # --- frames --------------------------------------------------------------------------------------------------

    def _capture(self, timeout_s: float) -> Any:
        """The next completed request, or None. The wait goes on in the next call: a job that is forgotten keeps its buffer."""
        if self._job is None:
            self._job = self._camera.capture_request(wait=False)
        try:
            request = self._job.get_result(timeout=max(timeout_s, 0.0))
        except TimeoutError:
            return None
        except (CancelledError, RuntimeError):  # libcamera gave up on it: silence will be noticed
            self._job = None
            return None
        self._job = None
        return request

    def _frame(self, request: Any) -> Frame | None:
        metadata = request.get_metadata()
        self._heard_ns, self._heard_since_open, self._failures = self._clock.now_ns(), True, 0
        t_ns = self._monotonic_ns(metadata["SensorTimestamp"]) - metadata.get("ExposureTime", 0) * 500  # us / 2 in ns
        if t_ns <= self._last_t_ns:
            return None  # the same exposure again
        self._last_t_ns = t_ns
        self._seq += 1
        self._fix_balance(metadata)
        picture = unpadded(request.make_buffer("main"), self._stream["size"], self._stream["stride"])
        return Frame(t_ns, self._seq - 1, turned_back(picture, self._config.turned_deg))

    def _monotonic_ns(self, boottime_ns: int) -> int:
        """CLOCK_BOOTTIME to the clock's time. They drift apart only while the machine sleeps, so small changes are jitter."""
        offset_ns = self._clock.now_ns() - self._boottime_ns()
        if self._offset_ns is None or abs(offset_ns - self._offset_ns) > NS // 1000:
            self._offset_ns = offset_ns
        return boottime_ns + self._offset_ns

    def _fix_balance(self, metadata: Mapping[str, Any]) -> None:
        if not self._balance_fixed and self._heard_ns - self._opened_ns > SETTLE_S * NS and "ColourGains" in metadata:
            self._camera.set_controls({"AwbEnable": False, "ColourGains": metadata["ColourGains"]})
            self._balance_fixed = True

    # --- the way back --------------------------------------------------------------------------------------------

    def _notice_silence(self) -> None:
        limit_s = STALL_S if self._heard_since_open else START_S
        if self._clock.now_ns() - self._heard_ns < limit_s * NS:
            return
        if not self._close():
            raise CameraLost(
                "stopped delivering and cannot be closed", "camera", f"restart the station; if it comes back: {REFIT}"
            )
        self._count_failure("stopped delivering")

    def _count_failure(self, what: str) -> None:
        if self._failures >= len(RETRY_S):
            raise CameraLost(f"{what} and could not be reopened in {self._failures} attempts", "camera", REFIT)
        self._retry_ns = self._clock.now_ns() + round(RETRY_S[self._failures] * NS)
        self._failures += 1

    def _try_again(self, timeout_s: float) -> None:
        early_s = (self._retry_ns - self._clock.now_ns()) / NS
        if early_s > 0:
            self._clock.sleep(min(early_s, max(timeout_s, 0.0)))
            return
        try:
            self._open()
            self.reopened += 1
        except CameraLost:
            raise
        except HardwareError as error:
            self._camera = None
            self._count_failure(error.what)


# --- choices ------------------------------------------------------------------------------------------------------


def wanted_rates(config: CameraSection) -> tuple[float, ...]:
    """Frame rates in order of preference: one with which every picture meets the lamps at the same phase."""
    return (config.fps,) if config.fps else (float(config.mains_hz), config.mains_hz / 2)


def choose_mode(modes: Sequence[Mapping[str, Any]], rates: Sequence[float]) -> tuple[Mapping[str, Any], float]:
    """The sensor mode and the frame rate: the full view before the higher rate, because fast modes of some sensors are crops.

    Raises HardwareError when no mode can be used.
    """
    if not modes:
        raise HardwareError("reports no sensor mode", "camera", "update the system and picamera2")
    views = [mode["crop_limits"][2] * mode["crop_limits"][3] for mode in modes]
    full = [mode for mode, view in zip(modes, views, strict=True) if view >= WIDE * max(views)]
    for rate in rates:
        # Makers print 60 for 60.38 and for 59.9: half a frame is within what the sensor's clock can do.
        able = [mode for mode in full if mode["fps"] >= rate - 0.5]
        if able:
            return max(able, key=lambda mode: (mode["size"][0] * mode["size"][1], mode["bit_depth"])), rate
    fastest = max(full, key=lambda mode: mode["fps"])
    return fastest, float(fastest["fps"])


def _picture_size(sensor: tuple[int, int], long_side_px: int) -> tuple[int, int]:
    """Whole view at the sensor's shape, never larger than it, even sides."""
    scale = min(1.0, long_side_px / max(sensor))
    width, height = (2 * round(side * scale / 2) for side in sensor)
    return width, height


# --- pictures -----------------------------------------------------------------------------------------------------


def unpadded(buffer: NDArray[np.uint8], size: tuple[int, int], stride: int) -> NDArray[np.uint8]:
    """(H, W, 3) view of a flat buffer whose rows are `stride` bytes apart; `size` is (W, H).

    Raises HardwareError when the buffer cannot hold such a picture.
    """
    width, height = size
    if stride < 3 * width or buffer.size < stride * (height - 1) + 3 * width:
        raise HardwareError(f"buffer of {buffer.size} bytes for {width}x{height}, stride {stride}", "camera", "update picamera2")
    return np.lib.stride_tricks.as_strided(buffer.reshape(-1), (height, width, 3), (stride, 3, 1), writeable=False)


def turned_back(picture: NDArray[np.uint8], turned_deg: int) -> NDArray[np.uint8]:
    """Undo the camera's turn: a camera turned clockwise sees the world turned counter-clockwise. Contiguous, never mirrored."""
    if turned_deg == 0:
        return np.ascontiguousarray(picture)
    return np.asarray(cv2.rotate(picture, TURNS[turned_deg]), np.uint8)


# --- the library --------------------------------------------------------------------------------------------------


def _import_picamera2() -> Library:
    try:
        import picamera2
    except ImportError as error:
        remedy = "on a Raspberry Pi: sudo apt install python3-picamera2, and a virtual environment that sees system packages"
        raise HardwareError(f"picamera2 cannot be imported ({error})", "camera", remedy) from None
    except ValueError as error:  # "numpy.dtype size changed": the system's simplejpeg was built for another NumPy
        raise HardwareError(f"picamera2 cannot be imported ({error})", "camera", "pip install 'simplejpeg>=1.9'") from None
    return picamera2


def _camera_of(library: Any, number: int) -> Any:
    found = library.Picamera2.global_camera_info()
    if number >= len(found):
        what = "no camera is connected" if not found else f"there is no camera {number}, only {len(found)}"
        raise HardwareError(what, "camera", REFIT)
    try:
        return library.Picamera2(number)
    except RuntimeError as error:
        remedy = "stop the other program (sudo systemctl stop station), or restart the Pi"
        raise HardwareError(f"cannot be opened, probably because another program uses it ({error})", "camera", remedy) from None


def _shut(camera: Any) -> None:
    """Everything picamera2 needs to let go of a camera, dead or alive."""
    for step in (camera.cancel_all_and_flush, camera.stop, camera.close):
        try:
            step()
        except RuntimeError:  # already stopped, already gone: the next step still has to be tried
            continue


def _boottime_ns() -> int:
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME)
