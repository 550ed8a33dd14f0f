"""The whole `station run` in a gym that is made up: real threads, coach, store, screen and lights.

Stand-ins: picamera2's shipped double for the camera, remembered pins, a loudspeaker that renders
into an array, the demo's short schedule, and a clock on which camera and coach take turns. The
pose model gives way to somebody who sits while running, because the double films noise.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pytest

from station.cli import main
from station.config import Config
from station.present.pins import mock_pin_factory
from station.present.sound import FakeSpeaker, fake_speaker
from station.run import start
from station.run.demo import PLAN
from station.run.outlet import Outlet
from station.run.presenter import Presenter
from station.run.slots import LatestSlot
from station.testing.fake_picamera2 import FakeLibrary
from station.testing.synthetic import SyntheticRunner
from station.testing.synthetic_body import Filming
from station.testing.synthetic_motion import RunnerSpec
from station.types import NS, Frame, ModelInfo, Pose, Snapshot
from tests.manual_clock import ManualClock

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
PATIENCE_S = 300.0  # of the station's clock: the runner runs no longer
FPS = 25.0


class NeverCame(AssertionError):
    """What a run was to go on for did not happen while there was a runner."""


class WorkClock(ManualClock):
    """Time goes on when the camera sleeps, and it sleeps until the coach asks for the next frame.

    The threads that capture and think take turns, so no frame is passed over, however slow or busy
    this machine is. Without a frame the coach's turn is a tick. No light or loudspeaker gets more
    than a second behind, unless its thread is `hung` on purpose.
    """

    def __init__(self) -> None:
        super().__init__(1000 * NS)
        self._changed = threading.Condition()
        self._turn = "capture"
        self._met: set[str] = set()
        self.presenters: list[Presenter] = []
        self.hung: set[threading.Thread] = set()

    def sleep(self, seconds: float) -> None:
        if threading.current_thread().name == "capture":
            self.hand_over("capture", "think")
            while any(map(self._is_behind, self.presenters)):
                time.sleep(0.001)
        super().sleep(seconds)

    def hand_over(self, mine: str, other: str) -> None:
        """Returns when it is `mine` again, or when the other thread has ended."""
        with self._changed:
            self._turn = other
            self._changed.notify_all()
            while self._turn == other and self._is_to_come(other):
                self._changed.wait(0.05)
            self._turn = mine

    def _is_to_come(self, name: str) -> bool:
        """Whether that thread runs, or has not begun."""
        lives = any(thread.name == name for thread in threading.enumerate())
        self._met |= {name} if lives else set()
        return lives or name not in self._met

    def _is_behind(self, presenter: Presenter) -> bool:
        thread = presenter._thread
        serves = presenter.works and thread.is_alive() and thread not in self.hung
        return serves and self.now_ns() - presenter._served_ns > NS


@cache
def sitting() -> list[Pose]:
    filming = Filming(fps=FPS, width_px=240, height_px=320)
    return list(SyntheticRunner([(3.0, RunnerSpec("standing")), (300.0, SITS)], filming=filming).poses())


class Sitter:
    """An estimator that sees the same runner on every frame, whatever is on it."""

    model = ModelInfo("sitter", "")

    def __init__(self) -> None:
        self._poses = sitting()
        self._start_ns: int | None = None

    def estimate(self, frame: Frame) -> Pose:
        self._start_ns = frame.t_ns if self._start_ns is None else self._start_ns
        number = min(round((frame.t_ns - self._start_ns) / NS * FPS), len(self._poses) - 1)
        return Pose(frame.t_ns, self._poses[number].xy_px, self._poses[number].score)

    def close(self) -> None: ...


def gym(level: float = 120.0, contrast: float = 60.0) -> Callable[[float], np.ndarray]:
    """What a living sensor sees: never twice the same."""
    random = np.random.default_rng(1)
    scene = level + contrast * np.tile(np.linspace(-1, 1, 320)[None, :, None], (240, 1, 3))
    grain = random.normal(0, 3, (7, 240, 320, 3))
    pictures = np.clip(scene + grain, 0, 255).astype(np.uint8)
    return lambda t_s: pictures[round(t_s * FPS) % len(pictures)]


class Captured(Protocol):
    """pytest's capsys, or whatever else has what was printed since it was asked last."""

    def readouterr(self) -> Any: ...


class Appliance:
    """A station in a gym.

    `run` starts it as the service does and lets it live until `until` is true of what the screen
    gets.
    """

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch, capsys: Captured) -> None:
        self.data, self.folder = folder / "data", folder
        self.patch, self._capsys = patch, capsys
        self.clock = WorkClock()
        self.pins = mock_pin_factory()
        self.speaker: FakeSpeaker = fake_speaker(Config().sound)
        self.shown: list[Snapshot] = []
        self.lit: list[tuple[float, ...]] = []  # red, green, blue while `sitting` is being cued
        self.more_settings = ""
        self.with_a_bug = False
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
        """The exit code.

        SIGTERM, as systemd sends it, once `until` was true of so many snapshots. Raises NeverCame;
        KeyboardInterrupt where another signal, which was for the tests, ended the run.
        """
        clock, left, late = self.clock, times, False
        end_ns = clock.now_ns() + round(PATIENCE_S * NS)

        def watch(snapshot: Snapshot) -> None:
            nonlocal left, late
            self.shown.append(snapshot)
            if cued(snapshot):
                self.lit.append(tuple(self.pins.pin(getattr(Config().pins, name)).state for name in ("red", "green", "blue")))
            if left == 0 or late:
                return  # one signal: a second one would end the test run
            left -= until(snapshot)
            late = left > 0 and clock.now_ns() > end_ns
            if left == 0 or late:
                os.kill(os.getpid(), signal.SIGTERM)

        class Awaited(LatestSlot[Frame | Pose]):
            def take(self, timeout_s: float) -> Frame | Pose | None:
                clock.hand_over("think", "capture")
                return super().take(0.0)

        class Watched(Outlet):
            def _show(self, snapshot: Snapshot) -> None:
                super()._show(snapshot)
                watch(snapshot)

        def attended(*given: Any) -> Presenter:
            clock.presenters.append(Presenter(*given))
            return clock.presenters[-1]

        self.patch.setattr("station.run.outputs.Presenter", attended)
        self.patch.setattr("station.run.live.Outlet", Watched)
        self.patch.setattr("station.run.live.LatestSlot", Awaited)
        code = self.command("run", "--config", self.settings())
        if late:
            raise NeverCame(f"not within {PATIENCE_S:g} s of the station's clock")
        if code == 0 and left > 0:
            raise KeyboardInterrupt
        return code

    def command(self, *words: object) -> int:
        with pytest.raises(SystemExit) as left:
            main([str(word) for word in words])
        self.said = self._capsys.readouterr()
        assert self.with_a_bug or "this is a bug" not in self.said.err
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


def cued(snapshot: Snapshot) -> bool:
    return snapshot.cue is not None and snapshot.cue.rule == "sitting"


def tells(word: str) -> Callable[[Snapshot], bool]:
    return lambda snapshot: any(word in what for what, _ in snapshot.station.trouble)
