"""The real model on frames that are not what it hopes for, and what the estimator promises around
it.
"""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from station.config import PoseSection
from station.errors import InputError
from station.pose.estimator import STAGES, TrackingEstimator, open_estimator
from station.pose.model import Square
from station.pose.who import Who
from station.types import Frame, Pose

from .scene import Actor, SceneModel

SIZES = [(1, 1), (1, 2000), (2000, 1), (3, 5), (479, 641), (1280, 720), (4320, 7680), (2, 40_000)]


@pytest.fixture
def estimator(blazepose) -> TrackingEstimator:
    return TrackingEstimator(blazepose, Who((0.0, 0.0, 1.0, 1.0), smallest=0.3, stay_s=0.0))


@pytest.mark.parametrize("size", SIZES)
def test_any_size_of_picture_is_survived(estimator, blazepose, size):
    image = np.full((*size, 3), 128, np.uint8)
    pose = estimator.estimate(Frame(0, 0, image))
    assert isinstance(pose, Pose)
    assert not pose.seen
    seen = blazepose.measure(image, Square(size[1] / 2, size[0] / 2, 100.0, 0.3))
    assert np.isfinite(seen.xy_px).all()


def test_huge_picture_costs_no_copy_of_itself(estimator):
    image = np.zeros((4320, 7680, 3), np.uint8)
    tracemalloc.start()
    estimator.estimate(Frame(0, 0, image))
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < image.nbytes / 10


def test_pictures_that_are_views_of_others_are_taken(estimator):
    base = np.random.default_rng(1).integers(0, 255, (120, 160, 3), np.uint8)
    for view in (base[::-1], np.rot90(base), base[..., ::-1], base[::3, ::2]):
        assert not estimator.estimate(Frame(0, 0, view)).seen


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((40, 40), np.uint8),
        np.zeros((40, 40, 1), np.uint8),
        np.zeros((40, 40, 4), np.uint8),
        np.zeros((40, 40, 3), np.float32),
        np.zeros((0, 40, 3), np.uint8),
    ],
)
def test_what_is_no_rgb_picture_is_refused(estimator, image):
    with pytest.raises(InputError, match="frame 7"):
        estimator.estimate(Frame(0, 7, image))


def test_size_that_changes_on_the_way_is_survived():
    model = SceneModel([Actor(lambda t_s: 0.5)])
    estimator = TrackingEstimator(model, Who((0.0, 0.0, 1.0, 1.0), smallest=0.3, stay_s=0.0))
    for seq, size in enumerate([(720, 1280), (72, 128), (720, 1280)]):
        estimator.estimate(Frame(seq * 33_000_000, seq, np.zeros((*size, 3), np.uint8)))


def test_stage_times_tell_what_was_done():
    estimator = open_estimator(PoseSection(threads=1, stay_s=0.0))
    blank = np.zeros((64, 64, 3), np.uint8)
    assert estimator.model.name == "pose_landmark_full"
    estimator.estimate(Frame(0, 0, blank))
    assert tuple(estimator.stage_ms) == STAGES
    assert estimator.stage_ms["detector"] > 0
    assert estimator.stage_ms["landmarks"] == 0
    estimator.estimate(Frame(1_000_000, 1, blank))  # too early to look again
    assert not any(estimator.stage_ms.values())
    estimator.close()


def test_reset_forgets_the_person():
    model = SceneModel([Actor(lambda t_s: 0.5)])
    estimator = TrackingEstimator(model, Who((0.0, 0.0, 1.0, 1.0), smallest=0.3, stay_s=0.0))
    image = np.zeros((720, 1280, 3), np.uint8)
    assert estimator.estimate(Frame(0, 0, image)).seen
    assert estimator.estimate(Frame(10_000_000, 1, image)).seen
    assert len(model.finds) == 1
    estimator.reset()
    assert estimator.estimate(Frame(20_000_000, 2, image)).seen
    assert len(model.finds) == 2
