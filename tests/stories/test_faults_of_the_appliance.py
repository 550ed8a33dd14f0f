"""What a gym does to the box. Each story says what is shown (what, where, remedy), how it ends, and
what still works.

The whole `station run` with its real threads, coach, store, screen and lights. Stand-ins:
picamera2's shipped double for the camera, remembered pins, a loudspeaker that renders into an
array, the demo's short schedule, and a clock on which camera and coach take turns. The pose model
gives way to somebody who sits while running, because the double films noise.
"""

from __future__ import annotations

import itertools
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import gpiozero
import numpy as np
import pytest

from station import wall_clock
from station.config import Config
from station.errors import HardwareError, StationError
from station.pose.store import models_dir
from station.present.screen.window import Screen
from station.present.sound import open_speaker
from station.record.live_session import OpenSession
from station.record.store import SqliteStore
from station.run import start
from station.run.doctor import CHECKS
from station.run.wiring import estimator_for
from station.testing.fake_picamera2 import FakeLibrary, Opening
from station.types import NS, Frame, Mode, Pose, Snapshot
from tests.made_appliance import Appliance, Sitter, cued, gym, tells


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Appliance:
    return Appliance(tmp_path, monkeypatch, capsys)


STILL = gym()(0.0)


def no_chip(_: object) -> None:
    raise HardwareError("the chip of the 40-pin header was not found", "/sys/bus/gpio/devices", "run on a Raspberry Pi")


# --- nothing is wrong: what the stories below are compared with ---


def test_a_healthy_station_sees_a_sitter_and_says_it_three_ways(box: Appliance) -> None:
    assert box.run(until=box.coaches, times=1) == 0
    assert box.trouble == {}
    assert box.amber
    assert box.loudest > 0.05
    assert len(box.sessions()) == 1


# --- the camera ---


def test_no_camera_is_reported_with_its_remedy_and_what_was_stored_can_still_be_had(box: Appliance) -> None:
    box.boots_with(FakeLibrary(box.clock, gym(), openings=[Opening(absent=True)]))
    assert box.run() == 3
    assert "station: camera: no camera is connected. Switch off, check the ribbon cable at both ends, switch on." in box.said.err
    assert box.sessions() == []


def test_a_camera_that_another_program_holds(box: Appliance) -> None:
    taken = RuntimeError("Camera __init__ sequence did not complete.")
    box.boots_with(FakeLibrary(box.clock, gym(), openings=[Opening(fails={"open": taken})]))
    assert box.run() == 3
    assert "camera: cannot be opened, probably because another program uses it" in box.said.err
    assert "Stop the other program (sudo systemctl stop station), or restart the Pi." in box.said.err


def test_a_ribbon_pulled_in_the_middle_of_a_run_ends_with_the_run_stored(box: Appliance) -> None:
    box.boots_with(FakeLibrary(box.clock, gym(), openings=[Opening(frames=600), Opening(fails={"open": RuntimeError("gone")})]))
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
    """A scene that is bad for six seconds from the first frame on."""

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
def test_a_picture_nobody_can_work_with_is_reported_while_it_lasts(
    box: Appliance, bad: Callable[[float], np.ndarray], word: str, remedy: str
) -> None:
    what = f"the picture is {word}"
    box.boots_with(FakeLibrary(box.clock, FirstBad(bad)))
    assert box.run(until=lambda now: what in box.trouble and not tells(what)(now)) == 0
    assert box.trouble == {what: remedy}
    assert not tells(what)(box.shown[-1])


def test_a_camera_hung_upside_down_is_reported_with_the_setting_that_rights_it(box: Appliance) -> None:
    class Hanging(Sitter):
        def estimate(self, frame: Frame) -> Pose:
            pose = super().estimate(frame)
            return Pose(pose.t_ns, np.float32([240, 320]) - pose.xy_px, pose.score)

    box.patch.setattr(start, "estimator_for", lambda *_: Hanging())
    assert box.run(until=tells("upside down")) == 0
    assert box.trouble["people are upside down in the frame"] == "set camera.turned_deg = 180"


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


def test_a_full_card_is_reported_while_coaching_goes_on(box: Appliance) -> None:
    class Full(SqliteStore):
        """From the first stride on the database may not grow: SQLite answers "database or disk is
        full".
        """

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


def test_a_card_that_has_turned_read_only_is_reported_and_coaching_goes_on(box: Appliance, read_only_card: Path) -> None:
    box.data = read_only_card / "station"
    assert box.run(until=box.coaches, times=1) == 0
    (what,) = (what for what in box.trouble if what.startswith(f"{box.data}: cannot be opened"))
    assert "Read-only file system" in what
    assert "space" in box.trouble[what]


def test_a_clock_that_says_1970_gives_sessions_a_number_and_no_date(box: Appliance) -> None:
    box.patch.setattr(wall_clock.now, "_now_s", lambda: 60.0)
    box.patch.setattr(wall_clock.now, "_was_set", False)
    assert box.run(until=cued) == 0
    (session,) = box.sessions()
    assert re.fullmatch(r"00001-[0-9a-f]{4}", session["id"]), "numbered, and without a date that would be a lie"
    assert box.command("export", "--config", box.settings(), "--to", box.folder / "out") == 0
    assert len(list((box.folder / "out").rglob("SHA256SUMS"))) == 1
    with pytest.raises(StationError, match=r"the clock says 1970\. Set it, or fit the battery of the real-time clock"):
        CHECKS["clock"](Config())


# --- the program ---


def test_a_damaged_model_is_named_and_never_used(box: Appliance) -> None:
    copy = shutil.copytree(models_dir(None), box.folder / "models")
    model = copy / "pose_runner.onnx"
    model.write_bytes(model.read_bytes()[:-1000])
    box.patch.setattr(start, "estimator_for", estimator_for)
    box.more_settings = f'[pose]\nmodels_dir = "{copy}"\n'
    assert box.run() == 2
    assert f"station: {model}: the model file" in box.said.err
    assert "Install the station again." in box.said.err
    assert box.shown == []
    assert box.sessions() == []


def test_a_second_station_says_which_one_runs_and_the_first_goes_on(box: Appliance) -> None:
    second: list[subprocess.CompletedProcess[str]] = []
    order = [sys.executable, "-m", "station", "run", "--headless", "--config", str(box.settings())]

    def start_second() -> None:
        second.append(subprocess.run(order, capture_output=True, text=True, check=False))

    starting = threading.Thread(target=start_second)

    def both(now: Snapshot) -> bool:
        if cued(now) and not second:
            starting.start()
            starting.join()  # the station's clock stands still meanwhile
        return bool(second)

    assert box.run(until=both) == 0
    assert second[0].returncode == 2
    assert f"station: {box.data}: another station is running here (process {os.getpid()})." in second[0].stderr
    assert f"Stop that one first (sudo systemctl stop station, or kill {os.getpid()})" in second[0].stderr
    assert box.trouble == {}
    assert box.sessions()


def test_as_a_service_it_shows_why_it_cannot_start(box: Appliance) -> None:
    """In a gym nobody reads a log: the page for trouble and the status LED say it, and systemd is
    kept content meanwhile.
    """
    shown: list[Snapshot] = []

    class Seen(Screen):
        def show(self, snapshot: Snapshot) -> bool:
            shown.append(snapshot)
            return super().show(snapshot)

    box.boots_with(FakeLibrary(box.clock, gym(), openings=[Opening(absent=True)]))
    box.patch.setattr("station.run.start_failure.Screen", Seen)
    box.patch.setattr("station.run.start_failure.open_pin_factory", lambda _: box.pins)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(f"\0station-{os.getpid()}")
        box.patch.setenv("NOTIFY_SOCKET", f"@station-{os.getpid()}")
        heard: list[str] = []

        def listen() -> None:
            with suppress(OSError):  # the socket is closed at the end
                while True:
                    heard.append(systemd.recv(1000).decode())

        threading.Thread(target=listen, daemon=True).start()
        assert box.run() == 3
    assert heard[0].startswith("STATUS=camera: no camera is connected. Switch off")
    assert heard.count("WATCHDOG=1") > 20
    assert "no camera is connected" in box.said.err
    what = ("camera: no camera is connected", "switch off, check the ribbon cable at both ends, switch on")
    assert {snapshot.station.trouble for snapshot in shown} == {(what,)}
    assert (shown[-1].t_ns - shown[0].t_ns) / NS > 40
    levels = [level > 0.5 for _, level in box.pins.pin(Config().pins.status).changes]
    assert sum(now and not before for before, now in itertools.pairwise(levels)) >= 8, "double flashes"
