"""Whether the camera was moved, while the station runs."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

import cv2
import numpy as np
import pytest

from station.calibrate.scene import Drift, Surroundings, scene_of
from station.calibrate.watch import EMPTY_S, EVERY_S, PlaceWatch, in_thread
from station.testing.synthetic import RunnerSpec, SyntheticRunner
from station.types import NS, Frame, Pose, View

STILLS = Path(__file__).with_name("stills")
RATE_HZ = 10


def still(name: str) -> np.ndarray:
    return np.ascontiguousarray(cv2.imread(str(STILLS / f"{name}.jpg"))[..., ::-1], np.uint8)


@pytest.fixture(scope="module")
def scene() -> Surroundings:
    return scene_of(np.asarray(cv2.cvtColor(still("deck"), cv2.COLOR_RGB2GRAY), np.uint8))


class Counted:
    """Does the comparison at once, and counts."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, task: Callable[[], Drift]) -> Future[Drift]:
        self.count += 1
        future: Future[Drift] = Future()
        future.set_result(task())
        return future


def watched(
    scene: Surroundings | None, *shown: tuple[np.ndarray, float], person: tuple[float, float] = (-1, -1)
) -> tuple[PlaceWatch, int]:
    """Each frame for so many seconds on an empty belt; somebody is there from one second to
    another.
    """
    run = Counted()
    watch = PlaceWatch(scene, 90, run)
    runner = next(iter(SyntheticRunner(RunnerSpec(), seconds=1).poses()))
    number = 0
    for image, seconds in shown:
        for _ in range(round(seconds * RATE_HZ)):
            t_ns = number * NS // RATE_HZ
            here = person[0] <= number / RATE_HZ < person[1]
            watch.step(Frame(t_ns, number, image), Pose(t_ns, runner.xy_px, runner.score) if here else Pose.nobody(t_ns))
            number += 1
    return watch, run.count


def test_a_camera_that_stands_where_it_stood_is_no_trouble_and_is_looked_at_once_a_minute(scene: Surroundings) -> None:
    watch, count = watched(scene, (still("deck"), EVERY_S * 2))
    assert count == 2
    assert watch.drift is not None
    assert watch.drift.state == "same"
    assert watch.trouble == ()


def test_a_moved_camera_is_reported_once_it_is_sure(scene: Surroundings) -> None:
    watch, count = watched(scene, (still("moved"), EMPTY_S + 1.5))
    assert (count, watch.trouble) == (1, ()), "one look may err"
    watch, _ = watched(scene, (still("moved"), 12.0))
    (what, remedy) = watch.trouble[0]
    assert "the camera was moved" in what
    assert "turned by +" in what
    assert "station calibrate" in remedy


def test_a_moved_camera_has_no_scale_no_known_angle_and_its_own_roll(scene: Surroundings) -> None:
    view = View(640, 480, roll_deg=1.5, px_per_m=162.0, azimuth_deg=2.0, azimuth_given=True)
    watch, _ = watched(scene, (still("moved"), 12.0))
    corrected = watch.corrected(view)
    assert math.isnan(corrected.px_per_m)
    assert math.isnan(corrected.given_azimuth_deg)
    assert corrected.roll_deg == pytest.approx(3.5, abs=0.5)
    assert watched(scene, (still("deck"), 12.0))[0].corrected(view) == view
    assert watched(None, (still("deck"), 12.0))[0].corrected(view) == view


def test_a_camera_put_back_is_no_trouble_any_more(scene: Surroundings) -> None:
    watch, _ = watched(scene, (still("moved"), 12.0), (still("deck"), EVERY_S + 5))
    assert watch.trouble == ()


def test_another_scene_is_reported_as_moved(scene: Surroundings) -> None:
    watch, _ = watched(scene, (np.ascontiguousarray(still("upright")[::-1, ::-1]), 20.0))
    assert "nothing of the scene is recognised" in watch.trouble[0][0]
    assert math.isnan(watch.corrected(View(360, 640, px_per_m=100.0)).px_per_m)


def test_darkness_is_no_verdict(scene: Surroundings) -> None:
    watch, count = watched(scene, (np.zeros((480, 640, 3), np.uint8), 30.0))
    assert count >= 1
    assert watch.drift is None
    assert watch.trouble == ()


def test_nothing_is_compared_while_somebody_is_there_or_without_a_calibration(scene: Surroundings) -> None:
    assert watched(scene, (still("moved"), 20.0), person=(0, 20))[1] == 0
    assert watched(None, (still("moved"), 20.0))[1] == 0
    assert watched(scene, (still("moved"), EMPTY_S - 0.2))[1] == 0


@pytest.mark.parametrize(("turned_deg", "remedy"), [(90, "set camera.turned_deg = 270"), (None, "turn the film by 180")])
def test_people_upside_down_are_reported(turned_deg: int | None, remedy: str) -> None:
    watch = PlaceWatch(None, turned_deg, Counted())
    image = np.zeros((8, 8, 3), np.uint8)
    for number, pose in enumerate(SyntheticRunner(RunnerSpec(), seconds=3).poses()):
        flipped = np.float32([720, 1280]) - pose.xy_px
        watch.step(Frame(pose.t_ns, number, image), Pose(pose.t_ns, flipped, pose.score))
    assert watch.trouble[0][0] == "people are upside down in the frame"
    assert watch.trouble[0][1].startswith(remedy)


def test_people_on_their_feet_are_no_trouble() -> None:
    watch = PlaceWatch(None, 90, Counted())
    for number, pose in enumerate(SyntheticRunner(RunnerSpec(), seconds=3).poses()):
        watch.step(Frame(pose.t_ns, number, np.zeros((8, 8, 3), np.uint8)), pose)
    assert watch.trouble == ()


def test_a_comparison_that_breaks_is_not_hidden(scene: Surroundings) -> None:
    def broken() -> Drift:
        raise RuntimeError("unforeseen")

    future = in_thread(broken)
    with pytest.raises(RuntimeError, match="unforeseen"):
        future.result(timeout=10)
    assert in_thread(lambda: Drift("same")).result(timeout=10).state == "same"
