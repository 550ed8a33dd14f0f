"""What every ports.MarkFinder promises: for the reader of frames and for the shipped stand-in that
knows where the belt is.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from station.ports import MarkFinder
from station.pose.drawn_belt import DrawnBelt, DrawnBeltFinder, worn
from station.pose.hip_belt import HipBeltFinder
from station.types import JOINTS, NS, Frame, Joint, Marks, Pose

HIPS = (160.0, 120.0)
BELT = DrawnBelt()
MAKE: dict[str, Callable[[], MarkFinder]] = {"reader": HipBeltFinder, "drawn": lambda: DrawnBeltFinder(BELT)}


def runner(t_ns: int) -> Pose:
    xy = np.full((JOINTS, 2), np.nan, np.float32)
    xy[[Joint.LEFT_HIP, Joint.RIGHT_HIP]] = HIPS
    xy[[Joint.LEFT_SHOULDER, Joint.RIGHT_SHOULDER]] = HIPS[0], HIPS[1] - 190
    return Pose(t_ns, xy, np.isfinite(xy[:, 0]).astype(np.float32))


@pytest.fixture(scope="module")
def picture() -> NDArray[np.uint8]:
    return worn(np.full((240, 320, 3), 90, np.uint8), BELT, HIPS)


@pytest.fixture(params=MAKE.values(), ids=MAKE)
def finder(request: pytest.FixtureRequest) -> MarkFinder:
    return request.param()


def test_a_worn_belt_is_reported_at_the_time_of_its_picture(finder: MarkFinder, picture: NDArray[np.uint8]) -> None:
    for number in range(3):
        t_ns = 7 + number * NS // 30
        marks = finder.find(Frame(t_ns, number, picture), runner(t_ns))
        assert isinstance(marks, Marks)
        assert marks.t_ns == t_ns
        assert len(set(marks.ids.tolist())) == len(marks.ids) >= 3
        truth = BELT.corners_px(HIPS)
        for one, corners in zip(marks.ids.tolist(), marks.corners_px, strict=True):
            assert corners == pytest.approx(truth[one], abs=0.6)


def test_a_belt_that_goes_is_hidden_first_and_then_nothing(finder: MarkFinder, picture: NDArray[np.uint8]) -> None:
    grey = np.full_like(picture, 90)
    assert finder.find(Frame(0, 0, picture), runner(0)) is not None
    reported = [finder.find(Frame(t_ns, 1, grey), Pose.nobody(t_ns)) for t_ns in range(NS // 5, 4 * NS, NS // 5)]
    empty = [marks is not None for marks in reported]
    assert all(len(marks.ids) == 0 for marks in reported if marks is not None)
    assert empty == sorted(empty, reverse=True)
    assert empty[0]
    assert not empty[-1]


def test_without_a_runner_there_is_nothing_to_tell(finder: MarkFinder, picture: NDArray[np.uint8]) -> None:
    assert finder.find(Frame(0, 0, picture), Pose.nobody(0)) is None
