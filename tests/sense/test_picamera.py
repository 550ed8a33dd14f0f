"""The camera source against a strict stand-in for picamera2: modes, pixels, times, life cycle, the
way back.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import ModuleType

import numpy as np
import pytest

from station.config import CameraSection, parse
from station.errors import CameraLost, ConfigError, HardwareError
from station.sense.camera import turned
from station.sense.picamera import PicameraSource, choose_mode, unpadded
from station.testing.fake_picamera2 import CALLS, SENSORS, FakeLibrary, FakePicamera2, Opening
from station.types import NS, Frame
from tests.made_film import corner_letters, corners, number_of, numbered
from tests.manual_clock import ManualClock

CLOSE_S = 0.02


class Rig:
    """A source on a fake camera with a clock that moves only when somebody waits."""

    def __init__(self, config: CameraSection | None = None, scene: np.ndarray | None = None, **library: object) -> None:
        self.clock = ManualClock(1_000 * NS)
        picture = corners(300, 200) if scene is None else scene
        self.library = FakeLibrary(self.clock, lambda _: picture, **library)  # type: ignore[arg-type]
        self.source = PicameraSource(config or CameraSection(), self.clock, self.library, self.library.boottime_ns, CLOSE_S)

    def frames(self, n: int, timeout_s: float = 0.5) -> list[Frame]:
        """n frames; a time-out on the way would be a failure."""
        frames = []
        for _ in range(n):
            frame = self.source.read(timeout_s)
            assert frame is not None
            frames.append(frame)
        return frames

    def until_frame(self, timeout_s: float = 0.5, limit: int = 60) -> Frame:
        for _ in range(limit):
            if (frame := self.source.read(timeout_s)) is not None:
                return frame
        raise AssertionError("no frame came back")

    @property
    def camera(self) -> FakePicamera2:
        return self.library.cameras[-1]


@pytest.fixture
def rig() -> Iterator[type[Rig]]:
    made: list[Rig] = []

    class Kept(Rig):
        def __init__(self, *args: object, **more: object) -> None:
            super().__init__(*args, **more)  # type: ignore[arg-type]
            made.append(self)

    yield Kept
    for one in made:
        one.library.let_go.set()


# --- frames ---


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_the_world_comes_upright_and_never_mirrored(rig: type[Rig], turned: int) -> None:
    # A camera turned clockwise sees the world turned counter-clockwise.
    seen = np.rot90(corners(300, 200), turned // 90)
    one = rig(CameraSection(turned_deg=turned), scene=seen)  # type: ignore[arg-type]
    with one.source:
        frame = one.frames(1)[0]
        assert corner_letters(frame.image) == "RGBK"
        assert frame.image.shape == (one.source.info.height_px, one.source.info.width_px, 3)
        assert (frame.image.shape[0] > frame.image.shape[1]) == (turned in (90, 270))
        assert frame.image.flags.c_contiguous
        assert frame.image.dtype == np.uint8


@pytest.mark.parametrize("padding", [0, 1, 64, 1000])
def test_row_padding_is_cut_off(rig: type[Rig], padding: int) -> None:
    one = rig(CameraSection(turned_deg=0), scene=numbered(37, 600, 400), padding=padding)
    with one.source:
        image = one.frames(1)[0].image
        assert number_of(image) == 37
        assert set(np.unique(image)) == {16, 220}, "rubbish of the padding shows"


def test_a_camera_that_swaps_red_and_blue_is_refused(rig: type[Rig]) -> None:
    one = rig(delivers="RGB888")
    with pytest.raises(HardwareError, match="RGB888"), one.source:
        pass
    assert one.camera.closed


def test_the_picture_outlives_its_buffer(rig: type[Rig]) -> None:
    one = rig()
    with one.source:
        first = one.frames(1)[0]
        before = first.image.copy()
        one.frames(10)
        np.testing.assert_array_equal(first.image, before)


def test_buffers_that_cannot_hold_the_picture_are_refused() -> None:
    with pytest.raises(HardwareError, match="buffer"):
        unpadded(np.zeros(10, np.uint8), (4, 4), 12)
    with pytest.raises(HardwareError, match="stride"):
        unpadded(np.zeros(1000, np.uint8), (4, 4), 11)
    assert unpadded(np.arange(44, dtype=np.uint8), (4, 3), 16)[2, 3].tolist() == [41, 42, 43]


def test_turning_back_four_times_is_nothing() -> None:
    image = np.random.default_rng(0).integers(0, 255, (6, 4, 3), np.uint8)
    for turn_deg in (90, 270):
        back = image
        for _ in range(4):
            back = turned(back, turn_deg)
        np.testing.assert_array_equal(back, image)
    np.testing.assert_array_equal(turned(image, 90), np.rot90(image, -1))
    np.testing.assert_array_equal(turned(turned(image, 90), 270), image)


# --- modes and settings ---


def modes(model: str) -> list[dict]:
    return [{"size": s, "bit_depth": b, "fps": f, "crop_limits": v} for s, b, f, v in SENSORS[model]]


@pytest.mark.parametrize(
    ("model", "rates", "size", "fps"),
    [
        ("imx296", (50.0, 25.0), (1456, 1088), 50),
        ("imx296", (60.0, 30.0), (1456, 1088), 60),
        ("imx708", (50.0, 25.0), (2304, 1296), 50),
        ("imx708", (60.0, 30.0), (2304, 1296), 30),  # 120 fps would be a crop
        ("imx708", (56.0,), (2304, 1296), 56),
        ("imx500", (50.0, 25.0), (2028, 1520), 25),
        ("imx500", (60.0, 30.0), (2028, 1520), 30),
        ("imx500", (100.0,), (2028, 1520), 30.02),  # as fast as it can
    ],
)
def test_the_full_view_comes_before_the_rate(model: str, rates: tuple[float, ...], size: tuple[int, int], fps: float) -> None:
    mode, chosen = choose_mode(modes(model), rates)
    assert (mode["size"], chosen) == (size, fps)


def test_no_mode_is_an_error() -> None:
    with pytest.raises(HardwareError, match="no sensor mode"):
        choose_mode([], (50.0,))


@pytest.mark.parametrize(("hz", "frame_us"), [(50, 20000), (60, 16667)])
def test_short_exposure_free_gain_and_the_rate_of_the_lamps(rig: type[Rig], hz: int, frame_us: int) -> None:
    one = rig(CameraSection(mains_hz=hz, exposure_us=2500))  # type: ignore[arg-type]
    with one.source:
        controls = one.camera.controls
        assert controls["FrameDurationLimits"] == (frame_us, frame_us)
        assert controls["ExposureTime"] == 2500
        assert "AnalogueGain" not in controls
        assert "LensPosition" not in controls, "a lens that cannot focus has no such control"
        assert one.source.info.fps == hz


def test_a_lens_that_can_focus_is_set_once(rig: type[Rig]) -> None:
    one = rig(CameraSection(focus_m=2.5), model="imx708")
    with one.source:
        assert one.camera.controls["LensPosition"] == pytest.approx(0.4)
        assert one.camera.controls["AfMode"] == 0


def test_what_the_camera_cannot_do_is_said(rig: type[Rig]) -> None:
    one = rig(CameraSection(mains_hz=60), model="imx708")
    with one.source:
        assert "30 frames a second instead of 60" in one.source.notes[0]
        assert one.source.info.fps == 30


def test_the_picture_has_the_shape_of_the_sensor_and_the_asked_size(rig: type[Rig]) -> None:
    with (one := rig(CameraSection(long_side_px=960), model="imx708")).source:
        assert (one.source.info.width_px, one.source.info.height_px) == (540, 960)
    with (one := rig(CameraSection(long_side_px=2304, turned_deg=0))).source:
        assert (one.source.info.width_px, one.source.info.height_px) == (1456, 1088), "never enlarged"


def test_white_balance_is_fixed_once_it_has_settled(rig: type[Rig]) -> None:
    one = rig()
    with one.source:
        one.frames(50)
        assert "AwbEnable" not in one.camera.controls
        one.frames(60)
        assert one.camera.controls["AwbEnable"] is False
        assert one.camera.controls["ColourGains"] == (1.7, 1.4)


@pytest.mark.parametrize(
    "bad", [{"turned_deg": 45}, {"mains_hz": 55}, {"exposure_us": 50_000}, {"fps": 0}, {"number": -1}, {"iso": 100}]
)
def test_impossible_settings_are_refused(bad: dict) -> None:
    with pytest.raises(ConfigError, match="camera"):
        parse({"camera": bad})


# --- times ---


def test_times_are_mid_exposure_on_the_monotonic_clock(rig: type[Rig]) -> None:
    one = rig(CameraSection(exposure_us=4000))
    with one.source:
        frame = one.frames(1)[0]
        # The fake sensor ends its exposures at whole frames after its start, and the clock stands
        # there now.
        assert one.clock.now_ns() == 1_000 * NS + 20_000_000
        assert frame.t_ns == one.clock.now_ns() - 2_000_000


def test_every_frame_of_a_fast_reader_comes_once(rig: type[Rig]) -> None:
    one = rig()
    with one.source:
        frames = one.frames(200)
    assert np.diff([f.t_ns for f in frames]).tolist() == [20_000_000] * 199
    assert [f.seq for f in frames] == list(range(200))


def test_a_slow_reader_gets_new_frames(rig: type[Rig]) -> None:
    one = rig()
    with one.source:
        one.frames(1)
        one.clock.push(0.333)
        assert one.clock.now_ns() - one.frames(1)[0].t_ns < 0.04 * NS


def test_a_sleep_of_the_machine_moves_the_two_clocks_apart(rig: type[Rig]) -> None:
    one = rig()
    ahead = one.library.boottime_ns
    with one.source:
        one.frames(3)
        slept_ns = 3600 * NS
        one.source._door._boottime_ns = lambda: ahead() + slept_ns
        shifted = one.camera.metadata
        one.camera.metadata = lambda end: shifted(end) | {"SensorTimestamp": shifted(end)["SensorTimestamp"] + slept_ns}
        frame = one.frames(1)[0]
        assert abs(one.clock.now_ns() - frame.t_ns) < 0.01 * NS


def test_an_exposure_that_comes_twice_is_delivered_once(rig: type[Rig]) -> None:
    one = rig(openings=[Opening(repeats=True)])
    with one.source:
        got = [one.source.read(0.5) for _ in range(40)]
    times = [frame.t_ns for frame in got if frame]
    assert 15 <= len(times) <= 25
    assert (np.diff(times) > 0).all()


# --- life cycle ---


def test_every_buffer_is_handed_back(rig: type[Rig]) -> None:
    one = rig()
    with one.source:
        one.frames(30)
        assert not one.camera.held
    assert one.camera.closed
    assert not one.camera.started


def test_a_buffer_is_handed_back_when_reading_it_fails(rig: type[Rig]) -> None:
    one = rig(openings=[Opening(fails={"buffer": OSError(5, "Input/output error")}), Opening()])
    with one.source:
        assert one.source.read(0.5) is None
        assert not one.camera.held
        assert one.until_frame().seq == 0


def test_a_short_wait_keeps_its_place(rig: type[Rig]) -> None:
    one = rig()
    with one.source:
        assert one.source.read(0.001) is None
        assert one.source.read(0.001) is None
        frame = one.source.read(0.5)
        assert frame is not None
        assert frame.seq == 0
        assert len(one.camera._jobs) == 0


def test_leaving_while_a_capture_waits_closes_cleanly(rig: type[Rig]) -> None:
    one = rig()
    with one.source:
        assert one.source.read(0.001) is None
    assert one.camera.closed
    assert not one.camera.held


def test_it_can_be_opened_again(rig: type[Rig]) -> None:
    one = rig()
    for _ in range(2):
        with one.source:
            one.frames(2)
    assert [camera.closed for camera in one.library.cameras] == [True, True]


def test_it_must_be_open(rig: type[Rig]) -> None:
    with pytest.raises(RuntimeError, match="not open"):
        rig().source.read(0.1)


# --- what goes wrong ---


def test_no_camera(rig: type[Rig]) -> None:
    with pytest.raises(HardwareError, match="no camera is connected"), rig(openings=[Opening(absent=True)]).source:
        pass


def test_not_so_many_cameras(rig: type[Rig]) -> None:
    with pytest.raises(HardwareError, match="no camera 1, only 1"), rig(CameraSection(number=1)).source:
        pass


def test_in_use(rig: type[Rig]) -> None:
    busy = Opening(fails={"open": RuntimeError("Failed to acquire camera: Device or resource busy")})
    with pytest.raises(HardwareError, match="another program"), rig(openings=[busy]).source:
        pass


def test_it_does_not_start(rig: type[Rig]) -> None:
    one = rig(openings=[Opening(fails={"start": RuntimeError("dma heap")})])
    with pytest.raises(HardwareError, match="cannot be started"), one.source:
        pass
    assert one.camera.closed


@pytest.mark.parametrize("frames", [0, 1, 70])
def test_a_stall_is_noticed_and_mended(rig: type[Rig], frames: int) -> None:
    one = rig(openings=[Opening(frames=frames), Opening()])
    with one.source:
        before = one.frames(frames)
        started = one.clock.now_ns()
        frame = one.until_frame()
        assert (one.clock.now_ns() - started) / NS < (7 if frames == 0 else 4)
        assert one.source.reopened == 1
        assert one.library.cameras[0].closed
        assert frame.seq == frames
        assert all(frame.t_ns > earlier.t_ns for earlier in before)


def test_silence_is_reported_while_it_lasts(rig: type[Rig]) -> None:
    """Each call returns within its time-out, so that the view is known to be lost."""
    one = rig(openings=[Opening(frames=5), Opening()])
    with one.source:
        one.frames(5)
        for _ in range(8):
            start = one.clock.now_ns()
            one.source.read(0.25)
            assert one.clock.now_ns() - start <= 0.26 * NS


def test_an_unplugged_camera_that_comes_back(rig: type[Rig]) -> None:
    gone = Opening(absent=True)
    one = rig(openings=[Opening(frames=10), gone, gone, Opening()])
    with one.source:
        one.frames(10)
        assert one.until_frame().seq == 10
        assert one.source.reopened == 1


def test_an_unplugged_camera_that_stays_away_is_lost(rig: type[Rig]) -> None:
    one = rig(openings=[Opening(frames=10), Opening(absent=True)])
    with one.source:
        one.frames(10)
        started = one.clock.now_ns()
        with pytest.raises(CameraLost, match="no camera is connected and could not be reopened in 5 attempts") as caught:
            one.until_frame()
        assert (one.clock.now_ns() - started) / NS < 20
        assert "ribbon" in caught.value.remedy
        assert caught.value.exit_code == 3


def test_a_camera_that_opens_but_never_delivers_is_lost(rig: type[Rig]) -> None:
    one = rig(openings=[Opening(frames=10), Opening(frames=0)])
    with one.source:
        one.frames(10)
        with pytest.raises(CameraLost, match="stopped delivering"):
            one.until_frame(limit=200)
        assert one.source.reopened == 5


def test_a_camera_that_cannot_be_closed_is_lost_at_once(rig: type[Rig]) -> None:
    one = rig(openings=[Opening(frames=3, close_hangs=True), Opening()])
    with one.source:
        one.frames(3)
        with pytest.raises(CameraLost, match="cannot be closed"):
            one.until_frame()


def test_stalls_hours_apart_are_each_mended(rig: type[Rig]) -> None:
    one = rig(openings=[Opening(frames=4)] * 6 + [Opening()])
    with one.source:
        for i in range(6):
            one.until_frame()
            one.frames(3)
            assert one.source.reopened == i
        one.until_frame()
        assert one.source.reopened == 6


# --- one door: whatever the library raises, wherever ---

RAISED = (
    OSError(12, "Cannot allocate memory"),
    OSError(16, "Device or resource busy"),
    IndexError("list index out of range"),
    KeyError("size"),
    TypeError("'NoneType' object is not subscriptable"),
    ValueError("cannot reshape array"),
    AttributeError("no attribute"),
    RuntimeError("libcamera"),
    MemoryError(),
    AssertionError(),
)


@pytest.mark.parametrize("error", RAISED, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("call", CALLS[:6])
def test_what_goes_wrong_while_opening_is_one_error_with_its_remedy(rig: type[Rig], call: str, error: Exception) -> None:
    one = rig(openings=[Opening(fails={call: error})])
    with pytest.raises(HardwareError) as caught, one.source:
        pass
    assert caught.value.where == "camera"
    assert caught.value.remedy
    assert all(camera.closed for camera in one.library.cameras)


@pytest.mark.parametrize("error", RAISED, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("call", CALLS)
def test_what_goes_wrong_while_running_is_got_over(rig: type[Rig], call: str, error: Exception) -> None:
    """The camera goes silent, the next opening fails in that way, and the one after it is well."""
    frames = 0 if call in CALLS[-3:] else None
    one = rig(openings=[Opening(frames=5), Opening(fails={call: error}, frames=frames), Opening()])
    with one.source:
        one.frames(5)
        assert one.until_frame(limit=120).seq == 5
        assert not one.source.trouble


def test_no_camera_memory_has_its_own_remedy(rig: type[Rig]) -> None:
    one = rig(openings=[Opening(fails={"configure": OSError(12, "Cannot allocate memory")})])
    with pytest.raises(HardwareError, match="Restart the Pi"), one.source:
        pass


def test_waits_between_attempts_grow_and_the_screen_says_so(rig: type[Rig]) -> None:
    one = rig(openings=[Opening(frames=3), *[Opening(fails={"start": KeyError("x")})] * 4, Opening()])
    opened_s: list[float] = []
    with one.source:
        one.frames(3)
        while not opened_s or one.source._failures:
            before = len(one.library.cameras)
            one.source.read(0.25)
            if len(one.library.cameras) > before:
                opened_s.append(one.clock.now_ns() / NS)
                if one.source._failures:
                    assert "trying again" in one.source.trouble[0][0]
                    assert one.source.trouble[0][1]
    assert np.round(np.diff(opened_s), 1).tolist() == [1.0, 2.0, 4.0, 8.0]


def test_short_buffers_are_no_frames(rig: type[Rig]) -> None:
    one = rig(openings=[Opening(short_by=100_000), Opening()])
    with one.source:
        assert one.source.read(0.5) is None
        assert "buffer" in one.source.trouble[0][0]
        assert one.until_frame().seq == 0


def test_modes_that_do_not_tell_their_view_are_passed_over(rig: type[Rig]) -> None:
    with (one := rig()).source:
        assert one.source.info.width_px != 640
    with pytest.raises(HardwareError, match="no sensor mode"), rig(openings=[Opening(bare_modes=True)]).source:
        pass


def test_only_a_webcam_is_said(rig: type[Rig]) -> None:
    with pytest.raises(HardwareError, match="only a USB webcam") as caught, rig(openings=[Opening(usb_only=True)]).source:
        pass
    assert "--source webcam" in caught.value.remedy


# --- only a fresh frame counts as life ---

HOUR_NS = 3600 * NS
SICK = {
    "no time": lambda t_ns: None,
    "the same time for ever": lambda t_ns: 1_000 * NS + 12_345_678_901 + NS // 50,
    "an hour ahead": lambda t_ns: t_ns + HOUR_NS,
    "three seconds late": lambda t_ns: t_ns - 3 * NS,
}


@pytest.mark.parametrize("name", SICK)
def test_frames_without_a_time_of_now_are_silence(rig: type[Rig], name: str) -> None:
    one = rig(openings=[Opening(stamp=SICK[name]), Opening()])
    with one.source:
        started = one.clock.now_ns()
        frames = [one.source.read(0.25) for _ in range(600)]
        assert (one.clock.now_ns() - started) / NS > 5
        assert one.source.reopened == 1
        fresh = [frame for frame in frames if frame is not None]
        assert len(fresh) > 200
        assert all(abs(frame.t_ns - started) < 60 * NS for frame in fresh)
        if name in ("an hour ahead", "three seconds late"):
            assert one.source.misdated > 100
            assert "more than 1 s" in one.source.notes[-1]


def test_a_single_time_an_hour_ahead_costs_one_frame(rig: type[Rig]) -> None:
    stamps = iter([0, 0, HOUR_NS])
    one = rig(openings=[Opening(stamp=lambda t_ns: t_ns + next(stamps, 0))])
    with one.source:
        got = [one.source.read(0.5) for _ in range(20)]
    assert [frame is None for frame in got] == [False, False, True, *[False] * 17]
    assert (one.source.misdated, one.source.reopened) == (1, 0)


def test_a_camera_whose_times_stay_wrong_is_lost_with_that_reason(rig: type[Rig]) -> None:
    one = rig(openings=[Opening(stamp=SICK["three seconds late"])])
    with one.source, pytest.raises(CameraLost, match="not of now"):
        one.until_frame(limit=10_000)


# --- without the library ---


def test_without_picamera2_the_remedy_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "picamera2", None)
    with pytest.raises(HardwareError, match="apt install python3-picamera2"), PicameraSource(CameraSection(), ManualClock()):
        pass


def test_a_library_built_for_another_numpy_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "picamera2":
                raise ValueError("numpy.dtype size changed, may indicate binary incompatibility")

    monkeypatch.delitem(sys.modules, "picamera2", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Broken(), *sys.meta_path])
    with pytest.raises(HardwareError, match="simplejpeg"), PicameraSource(CameraSection(), ManualClock()):
        pass


def test_the_real_module_is_imported_only_when_entered(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = ManualClock()
    library = FakeLibrary(clock, lambda _: corners())
    module = ModuleType("picamera2")
    module.Picamera2 = library.Picamera2  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "picamera2", module)
    with PicameraSource(CameraSection(), clock, boottime_ns=library.boottime_ns) as source:
        assert source.read(0.5) is not None
