"""A camera that was moved: the running station tells it and goes on without a scale."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

import cv2
import numpy as np

from station.calibrate.scene import Drift, scene_of
from station.calibrate.watch import PlaceWatch
from station.coach import Coach
from station.cues.plan import Plan
from station.ports import EndOfSource
from station.run.clock import SystemClock
from station.run.live import LiveStation
from station.run.station_parts import NoStore, StationParts
from station.run.station_state import StationState
from station.types import NS, Frame, ModelInfo, Pose, Snapshot, SourceInfo, View

STILLS = Path(__file__).with_name("stills")
VIEW = View(640, 480, roll_deg=1.5, px_per_m=162.0)


class Film:
    """A tenth of a second between frames; the next one only when the one before was looked at."""

    info = SourceInfo("film", "video", 640, 480)

    def __init__(self, image: np.ndarray, count: int) -> None:
        self._image, self._count, self._seq = image, count, 0
        self._start_ns = SystemClock().now_ns()
        self.looked_at = threading.Semaphore(1)

    def read(self, timeout_s: float) -> Frame | None:
        if not self.looked_at.acquire(timeout=timeout_s):
            return None
        if self._seq == self._count:
            raise EndOfSource
        self._seq += 1
        return Frame(self._start_ns + self._seq * NS // 10, self._seq, self._image)


class Nobody:
    model = ModelInfo("none", "")

    def __init__(self, film: Film) -> None:
        self._film = film

    def estimate(self, frame: Frame) -> Pose:
        self._film.looked_at.release()
        return Pose.nobody(frame.t_ns)

    def close(self) -> None: ...


class Shown:
    def __init__(self) -> None:
        self.last: Snapshot | None = None

    def show(self, snapshot: Snapshot) -> bool:
        self.last = snapshot
        return True

    def close(self) -> None: ...


def at_once(task: Callable[[], Drift]) -> Future[Drift]:
    future: Future[Drift] = Future()
    future.set_result(task())
    return future


def run(name: str, tmp_path: Path) -> tuple[list[View], Shown]:
    then = np.asarray(cv2.imread(str(STILLS / "deck.jpg"), cv2.IMREAD_GRAYSCALE), np.uint8)
    film = Film(np.ascontiguousarray(cv2.imread(str(STILLS / f"{name}.jpg"))[..., ::-1], np.uint8), 150)
    watch, shown = PlaceWatch(scene_of(then), None, at_once), Shown()
    views: list[View] = []

    def new_coach() -> Coach:
        views.append(watch.corrected(VIEW))
        return Coach(views[-1], Plan())

    state = StationState((), SystemClock(), False, None, also=(watch,))
    LiveStation(
        StationParts(
            source=film,
            estimator=Nobody(film),
            new_coach=new_coach,
            clock=SystemClock(),
            store=NoStore(),
            display=shown,
            place_watch=watch,
            station=state,
        )
    ).run()
    return views, shown


def test_a_moved_camera_costs_the_scale_and_shows_trouble(tmp_path: Path) -> None:
    views, shown = run("moved", tmp_path)
    assert views[0] == VIEW
    assert math.isnan(views[-1].px_per_m)
    assert views[-1].roll_deg > 3
    assert shown.last is not None
    assert "the camera was moved" in shown.last.station.trouble[0][0]
    assert not shown.last.station.healthy


def test_a_camera_in_its_place_changes_nothing(tmp_path: Path) -> None:
    views, shown = run("deck", tmp_path)
    assert set(views) == {VIEW}
    assert shown.last is not None
    assert shown.last.station.trouble == ()
