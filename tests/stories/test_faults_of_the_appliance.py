"""What a gym does to the box. Each story says what is shown (what, where, remedy), how it ends, and what still works.

The whole `station run` with its real threads, coach, store, screen and lights. Stand-ins: picamera2's shipped double for the
camera, remembered pins, a loudspeaker that renders into an array, the demo's short schedule, and a clock that the camera
pushes on as soon as its last picture was judged. The pose model gives way to somebody who sits while running, because the
double films noise.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import gpiozero
import numpy as np
import pytest

from station.cli import main
from station.config import Config
from station.errors import HardwareError, StationError
from station.pose.store import models_dir
from station.present.pins import mock_pin_factory
from station.present.screen.window import Screen
from station.present.sound import FakeSpeaker, fake_speaker, open_speaker
from station.record.live_session import OpenSession
from station.record.store import SqliteStore
from station.run import start
from station.run.clock import ManualClock
from station.run.demo import PLAN
from station.run.doctor import CHECKS
from station.run.outlet import Outlet
from station.run.wiring import estimator_for
from station.testing.fake_picamera2 import FakeLibrary, Opening
from station.testing.synthetic import SyntheticRunner
from station.testing.synthetic_body import Filming
from station.testing.synthetic_motion import RunnerSpec
from station.types import NS, Frame, Mode, ModelInfo, Pose, Snapshot

SITS = RunnerSpec(speed_mps=2.5, tle_deg=11.0, thigh_excursion_deg=38.0, trunk_lean_deg=-4.0)
SETTINGS = """
[station]
data_dir = "{data}"
[camera]
turned_deg = 0
fps = {fps:g}
long_side_px = 320
[session]
speed_kmh = 9.0
[screen]
width_px = 640
height_px = 360
"""
ON_SCREEN = 8  # so many snapshots of a state are enough
PATIENCE_S = 60.0  # of real time; what has not happened until then does not happen
MOST_S = 0.2  # of real time that the camera waits for its last picture to be judged
FPS = 25.0


class WorkClock(ManualClock):
    """Time goes on when the camera waits for its next picture, and it waits until the last one was judged: no picture is
    passed over, however slow or fast this machine is."""

    def __init__(self) -> None:
        super().__init__(1000 * NS)
        self.judged = threading.Event()

    def sleep(self, seconds: float) -> None:
        self.judged.wait(MOST_S)  # a camera that stalls has no picture to be judged
        self.judged.clear()
        super().sleep(seconds)


@cache
def sitting() -> list[Pose]:
    filming = Filming(fps=FPS, width_px=240, height_px=320)
    return list(SyntheticRunner([(3.0, RunnerSpec("standing")), (300.0, SITS)], filming=filming).poses())


class Sitter:
    """An estimator that sees the same runner on every picture, whatever is on it."""

    model = ModelInfo("sitter", "")

    def __init__(self) -> None:
        self._poses = sitting()
        self._start_ns: int | None = None

    def estimate(self, frame: Frame) -> Pose:
        self._start_ns = frame.t_ns if self._start_ns is None else self._start_ns
        number = min(round((frame.t_ns - self._start_ns) / NS * FPS), len(self._poses) - 1)
        return Pose(frame.t_ns, self._poses[number].xy_px, self._poses[number].score)

    def reset(self) -> None: ...

    def close(self) -> None: ...


def gym(level: float = 120.0, contrast: float = 60.0) -> Callable[[float], np.ndarray]:
    """What a living sensor sees: never twice the same."""
    random = np.random.default_rng(1)
    scene = level + contrast * np.tile(np.linspace(-1, 1, 320)[None, :, None], (240, 1, 3))
    grain = random.normal(0, 3, (7, 240, 320, 3))
    pictures = np.clip(scene + grain, 0, 255).astype(np.uint8)
    return lambda t_s: pictures[round(t_s * FPS) % len(pictures)]


class Appliance:
    """A station in a gym. `run` starts it as the service does and lets it live until `until` is true of what the screen gets."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.data, self.folder = folder / "data", folder
        self.patch, self._capsys = patch, capsys
        self.clock = WorkClock()
        self.pins = mock_pin_factory()
        self.speaker: FakeSpeaker = fake_speaker(Config().sound)
        self.shown: list[Snapshot] = []
        self.lit: list[tuple[float, ...]] = []  # red, green, blue while `sitting` is being cued
        self.more_settings = ""
        self.boots_with(FakeLibrary(self.clock, gym()))
        patch.setenv("SDL_VIDEODRIVER", "dummy")
        patch.setattr(start, "SystemClock", lambda: self.clock)
        patch.setattr(start, "estimator_for", lambda *_: Sitter())
        patch.setattr(start, "plan_of", lambda _: PLAN)
        patch.setattr("station.run.outputs.open_pin_factory", lambda _: self.pins)
        patch.setattr("station.run.outputs.open_speaker", lambda *_: self.speaker)

    def boots_with(self, library: FakeLibrary) -> None:
        self.patch.setitem(sys.modules, "picamera2", library)
        self.patch.setattr("station.sense.picamera._boottime_ns", library.boottime_ns)

    def settings(self) -> Path:
        file = self.folder / "station.toml"
        file.write_text(SETTINGS.format(data=self.data, fps=FPS) + self.more_settings, encoding="utf-8")
        return file

    def run(self, until: Callable[[Snapshot], bool] = lambda _: False, times: int = ON_SCREEN) -> int:
        """The exit code. SIGTERM, as systemd sends it, once `until` was true of so many snapshots."""
        left, end_s = times, time.monotonic() + PATIENCE_S

        def watch(snapshot: Snapshot) -> None:
            nonlocal left
            self.clock.judged.set()
            self.shown.append(snapshot)
            if cued(snapshot):
                self.lit.append(tuple(self.pins.pin(getattr(Config().pins, name)).state for name in ("red", "green", "blue")))
            if left < 0:
                return
            left -= until(snapshot)
            if left == 0 or time.monotonic() > end_s:
                left = -1  # one signal: a second one would end the test run
                os.kill(os.getpid(), signal.SIGTERM)

        class Watched(Outlet):
            def _show(self, snapshot: Snapshot) -> None:
                super()._show(snapshot)
                watch(snapshot)

        self.patch.setattr("station.run.live.Outlet", Watched)
        return self.command("run", "--config", self.settings())

    def command(self, *words: object) -> int:
        with pytest.raises(SystemExit) as left:
            main([str(word) for word in words])
        self.said = self._capsys.readouterr()
        assert "Traceback" not in self.said.err
        assert isinstance(left.value.code, int)
        return left.value.code

    @property
    def trouble(self) -> dict[str, str]:
        """What to do, by what is wrong, on any screen of this run."""
        return {what: remedy for snapshot in self.shown for what, remedy in snapshot.station.trouble}

    @property
    def amber(self) -> bool:
        """Whether the light of `sitting` was up: red, less green, no blue."""
        return any(red > green > 0 == blue for red, green, blue in self.lit)

    def coaches(self, _: Snapshot) -> bool:
        """The cue was on the screen, in the light and in the ear."""
        return self.amber and self.loudest > 0.05

    @property
    def loudest(self) -> float:
        """Of what the loudspeaker played, 0..1."""
        heard = self.speaker.mixer.heard()
        return float(np.abs(heard).max(initial=0)) / 32768

    def sessions(self) -> list[dict[str, Any]]:
        assert self.command("sessions", "--config", self.settings(), "--json", "-") == 0
        return list(json.loads(self.said.out)["sessions"])


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Appliance:
    return Appliance(tmp_path, monkeypatch, capsys)


STILL = gym()(0.0)


def no_chip(_: object) -> None:
    raise HardwareError("the chip of the 40-pin header was not found", "/sys/bus/gpio/devices", "run on a Raspberry Pi")


def cued(snapshot: Snapshot) -> bool:
    return snapshot.cue is not None and snapshot.cue.rule == "sitting"


def tells(word: str) -> Callable[[Snapshot], bool]:
    return lambda snapshot: any(word in what for what, _ in snapshot.station.trouble)


# --- nothing is wrong: what the stories below are compared with ---


def test_a_healthy_station_sees_a_sitter_and_says_it_three_ways(box: Appliance) -> None:
    assert box.run(until=box.coaches, times=1) == 0
    assert box.trouble == {}
    assert box.amber
    assert box.loudest > 0.05
    assert len(box.sessions()) == 1


# --- the camera ---


def test_no_camera_is_told_with_its_remedy_and_what_was_stored_can_still_be_had(box: Appliance) -> None:
    box.boots_with(FakeLibrary(box.clock, gym(), openings=[Opening(absent=True)]))
    assert box.run() == 3
    assert "station: camera: no camera is connected. Switch off, check the ribbon cable at both ends, switch on." in box.said.err
    assert box.sessions() == []


def test_a_camera_that_another_program_holds(box: Appliance) -> None:
    box.boots_with(FakeLibrary(box.clock, gym(), openings=[Opening(error="Camera __init__ sequence did not complete.")]))
    assert box.run() == 3
    assert "camera: cannot be opened, probably because another program uses it" in box.said.err
    assert "Stop the other program (sudo systemctl stop station), or restart the Pi." in box.said.err


def test_a_ribbon_pulled_in_the_middle_of_a_run_ends_with_the_run_stored(box: Appliance) -> None:
    box.boots_with(FakeLibrary(box.clock, gym(), openings=[Opening(frames=600), Opening(error="gone")]))
    assert box.run() == 3
    assert "station: camera: cannot be opened" in box.said.err or "could not be reopened in 5 attempts" in box.said.err
    assert "Switch off, check the ribbon cable at both ends, switch on." in box.said.err
    assert Mode.LOST in {snapshot.mode for snapshot in box.shown}, "meanwhile the runner hears that they are not seen"
    (session,) = box.sessions()
    assert session["state"] == "finished"


def test_a_camera_that_stalls_once_is_brought_back_and_the_run_goes_on(box: Appliance) -> None:
    box.boots_with(FakeLibrary(box.clock, gym(), openings=[Opening(frames=150), Opening()]))
    assert box.run(until=cued) == 0
    assert "cue.sitting" in {snapshot.cue.id for snapshot in box.shown if snapshot.cue}


class FirstBad:
    """A scene that is bad for six seconds from the first picture on."""

    def __init__(self, bad: Callable[[float], np.ndarray]) -> None:
        self._bad, self._good = bad, gym()
        self._since_s: float | None = None

    def __call__(self, t_s: float) -> np.ndarray:
        self._since_s = t_s if self._since_s is None else self._since_s
        return (self._bad if t_s - self._since_s < 6 else self._good)(t_s)


@pytest.mark.parametrize(
    ("bad", "word", "remedy"),
    [
        (gym(8, 5), "dark", "switch the light on, or aim the camera away from the window"),
        (gym(90, 0), "covered", "take away what is in front of the lens, and wipe it"),
        (lambda _: STILL, "frozen", "switch the station off and on; then check the camera's ribbon cable"),
    ],
    ids=["dark", "covered", "frozen"],
)
def test_a_picture_nobody_can_work_with_is_told_while_it_lasts(
    box: Appliance, bad: Callable[[float], np.ndarray], word: str, remedy: str
) -> None:
    what = f"the picture is {word}"
    box.boots_with(FakeLibrary(box.clock, FirstBad(bad)))
    assert box.run(until=lambda now: what in box.trouble and not tells(what)(now)) == 0
    assert box.trouble == {what: remedy}
    assert not tells(what)(box.shown[-1])


def test_a_camera_hung_upside_down_is_told_with_the_setting_that_rights_it(box: Appliance) -> None:
    class Hanging(Sitter):
        def estimate(self, frame: Frame) -> Pose:
            pose = super().estimate(frame)
            return Pose(pose.t_ns, np.float32([240, 320]) - pose.xy_px, pose.score)

    box.patch.setattr(start, "estimator_for", lambda *_: Hanging())
    assert box.run(until=tells("upside down")) == 0
    assert box.trouble["people are upside down in the picture"] == "set camera.turned_deg = 180"


# --- what tells the runner ---


def test_without_a_display_light_and_voice_still_coach(box: Appliance) -> None:
    box.patch.setenv("SDL_VIDEODRIVER", "unplugged")
    assert box.run(until=box.coaches, times=1) == 0
    (what,) = (what for what in box.trouble if "no display could be opened" in what)
    assert "Plug a display in before start-up" in what  # the screen's reason carries its remedy
    assert box.amber
    assert box.loudest > 0.05


def test_without_a_sound_card_light_and_screen_still_coach(box: Appliance) -> None:
    box.patch.setattr("station.run.outputs.open_speaker", open_speaker)
    box.more_settings = '[sound]\ncard = "Gone"\n'
    assert box.run(until=lambda now: cued(now) and box.amber) == 0
    assert box.trouble["Gone: there is no such sound card"].startswith("plug it in, or choose from")
    assert box.amber
    assert cued(box.shown[-1])


def test_with_a_pin_held_by_another_program_voice_and_screen_still_coach(box: Appliance) -> None:
    held = gpiozero.LED(Config().pins.green, pin_factory=box.pins)
    assert box.run(until=lambda now: cued(now) and box.loudest > 0.05, times=1) == 0
    held.close()
    (what,) = (what for what in box.trouble if what.startswith("GPIO 6: cannot be used for green"))
    assert box.trouble[what] == "stop the program that holds it (`gpioinfo` names it), or set pins.green to a free pin"
    assert box.loudest > 0.05
    assert cued(box.shown[-1])


def test_with_nothing_to_tell_the_runner_it_does_not_pretend_to_coach(box: Appliance) -> None:
    box.patch.setenv("SDL_VIDEODRIVER", "unplugged")
    box.patch.setattr("station.run.outputs.open_pin_factory", no_chip)
    box.patch.setattr("station.run.outputs.open_speaker", open_speaker)
    box.more_settings = '[sound]\ncard = "Gone"\n'
    assert box.run() == 3
    assert "there is no light, no loudspeaker and no screen. Connect one of them; `station doctor` says" in box.said.err


# --- the card ---


def test_a_full_card_is_told_while_coaching_goes_on(box: Appliance) -> None:
    class Full(SqliteStore):
        """From the first stride on the database may not grow: SQLite answers "database or disk is full"."""

        def _put_on_disk(self, session: OpenSession) -> None:
            (pages,) = self._database.execute("PRAGMA page_count").fetchone()
            self._database.execute(f"PRAGMA max_page_count={pages}")
            super()._put_on_disk(session)

    box.patch.setattr(start, "SqliteStore", Full)
    box.more_settings = "[record]\ninput_log = false\n"
    assert box.run(until=lambda now: tells("the disk takes nothing more")(now) and box.coaches(now), times=1) == 0
    assert box.trouble["the disk takes nothing more"] == "delete old sessions or use a larger card; coaching goes on"


@pytest.fixture
def read_only_card(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "card"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "ro,size=1m", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this machine does not let a file system be mounted")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_card_that_has_turned_read_only_is_told_and_coaching_goes_on(box: Appliance, read_only_card: Path) -> None:
    box.data = read_only_card / "station"
    assert box.run(until=box.coaches, times=1) == 0
    (what,) = (what for what in box.trouble if what.startswith(f"{box.data}: cannot be opened"))
    assert "Read-only file system" in what
    assert "space" in box.trouble[what]


def test_a_clock_that_says_1970_gives_sessions_a_number_and_no_date(box: Appliance) -> None:
    class Epoch(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:
            return datetime(1970, 1, 1, 0, 1, tzinfo=UTC)

    box.patch.setattr("station.wall_clock.datetime", Epoch)
    box.patch.setattr("station.wall_clock.CLOCK_SET", box.folder / "never")
    assert box.run(until=cued) == 0
    (session,) = box.sessions()
    assert re.fullmatch(r"00001-[0-9a-f]{4}", session["id"]), "numbered, and without a date that would be a lie"
    assert box.command("export", "--config", box.settings(), "--to", box.folder / "out") == 0
    assert len(list((box.folder / "out").rglob("SHA256SUMS"))) == 1
    box.patch.setattr("station.run.doctor.time.gmtime", lambda: time.struct_time((1970, 1, 1, 0, 1, 0, 3, 1, 0)))
    with pytest.raises(StationError, match=r"the clock says 1970\. Set it, or fit the battery of the real-time clock"):
        CHECKS["clock"](Config())


# --- the program ---


def test_a_damaged_model_is_named_and_never_used(box: Appliance) -> None:
    copy = shutil.copytree(models_dir(None), box.folder / "models")
    model = copy / "pose_landmark_full.onnx"
    model.write_bytes(model.read_bytes()[:-1000])
    box.patch.setattr(start, "estimator_for", estimator_for)
    box.more_settings = f'[pose]\nmodels_dir = "{copy}"\n'
    assert box.run() == 2
    assert f"station: {model}: the model file" in box.said.err
    assert "Install the station again, or run `station models build`." in box.said.err
    assert box.shown == []
    assert box.sessions() == []


def test_a_second_station_says_which_one_runs_and_the_first_goes_on(box: Appliance) -> None:
    second: list[subprocess.CompletedProcess[str]] = []
    order = [sys.executable, "-m", "station", "run", "--headless", "--config", str(box.settings())]

    def start_second() -> None:
        second.append(subprocess.run(order, capture_output=True, text=True, check=False))

    starting = threading.Thread(target=start_second)

    def both(now: Snapshot) -> bool:
        if not starting.ident:
            starting.start()
        return bool(second) and cued(now)

    assert box.run(until=both) == 0
    assert second[0].returncode == 2
    assert f"station: {box.data}: another station is running here (process {os.getpid()})." in second[0].stderr
    assert f"Stop that one first (sudo systemctl stop station, or kill {os.getpid()})" in second[0].stderr
    assert box.trouble == {}
    assert box.sessions()


def test_as_a_service_it_shows_why_it_cannot_start(box: Appliance) -> None:
    """In a gym nobody reads a log: the page for trouble and the status LED say it, and systemd is kept content meanwhile."""
    shown: list[Snapshot] = []

    class Seen(Screen):
        def show(self, snapshot: Snapshot) -> bool:
            shown.append(snapshot)
            box.clock.judged.set()
            return super().show(snapshot)

    box.boots_with(FakeLibrary(box.clock, gym(), openings=[Opening(absent=True)]))
    box.patch.setattr("station.run.start_failure.Screen", Seen)
    box.patch.setattr("station.run.start_failure.open_pin_factory", lambda _: box.pins)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(f"\0station-{os.getpid()}")
        box.patch.setenv("NOTIFY_SOCKET", f"@station-{os.getpid()}")
        heard: list[str] = []
        threading.Thread(target=lambda: heard.extend(iter(lambda: systemd.recv(1000).decode(), "end")), daemon=True).start()
        assert box.run() == 3
    assert heard[0].startswith("STATUS=camera: no camera is connected. Switch off")
    assert heard.count("WATCHDOG=1") > 20
    assert "no camera is connected" in box.said.err
    what = ("camera: no camera is connected", "switch off, check the ribbon cable at both ends, switch on")
    assert {snapshot.station.trouble for snapshot in shown} == {(what,)}
    assert (shown[-1].t_ns - shown[0].t_ns) / NS > 40
    levels = [level > 0.5 for _, level in box.pins.pin(Config().pins.status).changes]
    assert sum(now and not before for before, now in itertools.pairwise(levels)) >= 8, "double flashes"
