"""The webcam source against a stand-in for OpenCV's capture: frames, times, and plain words when it
is in use or gone.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import numpy as np
import pytest

from station.config import Config
from station.errors import CameraLost, HardwareError, UsageError
from station.sense.film_reading import FilmReading
from station.sense.open import open_source
from station.sense.webcam import RATE_FRAMES, WebcamSource, webcam_number
from station.testing.fake_webcam import FakeWebcam, Plugged
from station.types import NS, Frame
from tests.made_film import corner_letters, corners, number_of, numbered
from tests.manual_clock import ManualClock


class Rig:
    def __init__(self, *openings: Plugged, turned_deg: int = 0, fps: float = 30.0, numbers: bool = False) -> None:
        self.clock = ManualClock(500 * NS)
        picture = np.ascontiguousarray(np.rot90(corners(300, 200), turned_deg // 90))
        scene = (lambda i: numbered(i % 64)) if numbers else (lambda _: picture)
        self.webcam = FakeWebcam(scene, self.clock.now_ns, self.clock.push, *openings, fps=fps)
        self.source = WebcamSource(2, self.clock, turned_deg, self.webcam.open, close_s=10.0)
        self.let(RATE_FRAMES)

    def let(self, frames: int) -> None:
        for _ in range(frames):
            self.webcam.wanted.release()

    def next(self) -> Frame | None:
        self.let(1)
        return self.source.read(5.0)


@pytest.fixture
def rig() -> Iterator[type[Rig]]:
    made: list[Rig] = []

    class Kept(Rig):
        def __init__(self, *args: object, **more: object) -> None:
            super().__init__(*args, **more)  # type: ignore[arg-type]
            made.append(self)

    yield Kept
    for one in made:
        one.webcam.let_go.set()


def leave(one: Rig) -> None:
    one.webcam.let_go.set()


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
def test_frames_are_red_green_blue_and_turned_as_given(rig: type[Rig], turned: int) -> None:
    one = rig(turned_deg=turned)
    with one.source:
        frame = one.source.read(5.0)
        assert frame is not None
        assert corner_letters(frame.image) == "RGBK"
        assert frame.image.shape == (one.source.info.height_px, one.source.info.width_px, 3) == (200, 300, 3)
        assert frame.image.flags.c_contiguous
        leave(one)


def test_its_rate_is_what_came_not_what_it_claims(rig: type[Rig]) -> None:
    one = rig(fps=20.0)
    with one.source:
        assert one.source.info.fps == pytest.approx(20)
        assert one.source.info.path == "webcam 2"
        assert any("only 20 frames a second" in note for note in one.source.notes)
        leave(one)


@pytest.mark.parametrize(("driver_s", "word"), [(None, "arrival"), (0.02, "driver"), (40_000.0, "arrival")])
def test_times_are_the_drivers_where_it_tells_them(rig: type[Rig], driver_s: float | None, word: str) -> None:
    one = rig(Plugged(driver_s=driver_s), numbers=True)
    with one.source:
        one.source.read(5.0)
        frames = [one.next() for _ in range(20)]
        late_s = [(one.clock.now_ns() - frames[-1].t_ns) / NS if frames[-1] else np.nan]
        times = [frame.t_ns for frame in frames if frame is not None]
        assert len(times) == 20
        assert (np.diff(times) > 0).all()
        assert late_s[0] == pytest.approx(driver_s if word == "driver" else 0.0, abs=1e-4)
        assert word in one.source.notes[0]
        assert [number_of(frame.image) for frame in frames if frame] == list(range(RATE_FRAMES, RATE_FRAMES + 20))
        leave(one)


def test_a_webcam_that_is_not_there_or_in_use_is_reported(rig: type[Rig], monkeypatch: pytest.MonkeyPatch) -> None:
    for platform, word in (("linux", "group video"), ("darwin", "Privacy & Security"), ("win32", "desktop apps")):
        monkeypatch.setattr(sys, "platform", platform)
        with (
            pytest.raises(HardwareError, match="is not there, or another program uses it") as caught,
            rig(Plugged(absent=True)).source,
        ):
            pass
        assert word in caught.value.remedy
        assert caught.value.exit_code == 3


@pytest.mark.parametrize("plugged", [Plugged(frames=0), Plugged(error=RuntimeError("driver")), Plugged(error=MemoryError())])
def test_a_webcam_that_delivers_nothing_is_reported(rig: type[Rig], plugged: Plugged) -> None:
    one = rig(plugged)
    with pytest.raises(HardwareError), one.source:
        pass
    assert one.webcam.captures[0].released


def test_a_webcam_that_was_pulled_and_plugged_in_comes_back(rig: type[Rig]) -> None:
    one = rig(Plugged(frames=RATE_FRAMES + 2), Plugged(absent=True), Plugged())
    with one.source:
        assert one.source.read(5.0) is not None
        assert one.next() is not None
        assert one.next() is not None
        one.let(RATE_FRAMES)
        troubles, frame = [], None
        for _ in range(60):
            frame = one.source.read(0.5)
            if frame is not None:
                break
            troubles += [what for what, _ in one.source.trouble]
        assert frame is not None
        assert one.source.reopened == 1
        assert any("gone" in what for what in troubles)
        leave(one)


def test_a_webcam_that_stays_away_is_lost(rig: type[Rig]) -> None:
    one = rig(Plugged(frames=RATE_FRAMES), Plugged(absent=True))

    def wait() -> None:
        for _ in range(200):
            one.source.read(0.5)

    with one.source, pytest.raises(CameraLost, match="could not be reopened"):
        wait()


def test_which_webcam() -> None:
    assert [webcam_number(text) for text in ("webcam", "webcam:0", "webcam:12")] == [0, 0, 12]
    assert [webcam_number(text) for text in ("webcams.mp4", "picamera", "my webcam")] == [None, None, None]
    with pytest.raises(UsageError, match="no webcam"):
        webcam_number("webcam:front")


def test_the_door_of_all_sources_knows_it() -> None:
    assert isinstance(open_source("webcam:1", Config(), ManualClock(), reading=FilmReading(turned_deg=90)), WebcamSource)
    with pytest.raises(UsageError, match="--fps"):
        open_source("webcam", Config(), ManualClock(), reading=FilmReading(fps=30))
