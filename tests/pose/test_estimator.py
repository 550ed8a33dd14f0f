"""The real model on frames that are not what it hopes for, and what the estimator promises around
it.
"""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from station.config import Config, PoseSection
from station.errors import InputError
from station.pose.estimator import FILM_AT_ONCE, STAGES, TrackingEstimator, open_estimator
from station.pose.model import Square
from station.pose.runner import ROWS
from station.pose.who import Who
from station.run.clock import SystemClock
from station.run.demo_clip import CLIP
from station.run.pipeline import begun
from station.sense.open import open_source
from station.sense.opened import frames
from station.types import NS, Frame, Joint, Pose

from .scene import Actor, SceneModel, image_at, time_of

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
    assert estimator.model.name == "pose_runner"
    estimator.estimate(Frame(0, 0, blank))
    assert tuple(estimator.stage_ms) == STAGES
    assert estimator.stage_ms["detector"] > 0
    assert estimator.stage_ms["landmarks"] == 0
    estimator.estimate(Frame(1_000_000, 1, blank))  # too early to look again
    assert not any(estimator.stage_ms.values())
    estimator.close()


def film(actor: Actor, frames: int, threads: int, at_once: int = FILM_AT_ONCE) -> tuple[SceneModel, list[Pose]]:
    """A model and the poses of frames 33 ms apart."""
    model = SceneModel([actor])
    estimator = TrackingEstimator(model, Who((0.0, 0.0, 1.0, 1.0), smallest=0.3, stay_s=0.0), at_once, threads)
    images = (Frame(33_000_000 * seq, seq, image_at(0.033 * seq)) for seq in range(frames))
    poses = [end() for _, end in begun(images, estimator.start, at_once)]
    estimator.close()
    return model, poses


def test_in_a_film_each_frame_is_cut_where_the_runner_was_two_frames_before():
    model, poses = film(Actor(lambda t_s: 0.4 + 0.1 * t_s), 20, threads=2)
    squares = dict(model.measured)
    live, live_poses = film(Actor(lambda t_s: 0.4 + 0.1 * t_s), 20, threads=1, at_once=1)
    live_squares = dict(live.measured)
    for seq in range(3, 20):
        now, before = 0.033 * seq, 0.033 * (seq - 1)
        assert squares[now].x_px == pytest.approx(live_squares[before].x_px, abs=0.01)
    np.testing.assert_array_equal([pose.xy_px for pose in poses], [pose.xy_px for pose in live_poses])


def test_film_gives_the_same_poses_with_any_number_of_threads():
    with open_source(str(CLIP), Config(), SystemClock(), realtime=False) as source:
        clip = list(islice(frames(source, 60.0), 40))
    poses = []
    for threads in (1, 2):
        estimator = open_estimator(PoseSection(threads=threads), film=True)
        poses.append([end().xy_px for _, end in begun(clip, estimator.start, estimator.at_once)])
        estimator.close()
    np.testing.assert_array_equal(*poses)
    assert np.isfinite(poses[0][-1][list(ROWS)]).all()


def test_runner_in_a_film_from_the_hand_is_followed_as_in_a_still_one():
    with open_source(str(CLIP), Config(), SystemClock(), realtime=False) as source:
        still = list(islice(frames(source, 60.0), 60))
    rng, (height, width) = np.random.default_rng(1), still[0].image.shape[:2]
    sway = 0.12 * height * np.sin(np.pi * np.array([frame.t_ns for frame in still]) / NS)[:, None] * [1.0, 0.5]
    moved_px = np.round(sway + rng.normal(0.0, 0.02 * height, (60, 2))).astype(int)
    padded = [np.pad(frame.image, ((height // 2,) * 2, (height // 2,) * 2, (0, 0)), "reflect") for frame in still]
    cut = [image[height // 2 - y :, height // 2 - x :][:height, :width] for image, (x, y) in zip(padded, moved_px, strict=True)]
    shaken = [replace(frame, image=image) for frame, image in zip(still, cut, strict=True)]
    found = []
    for film in (still, shaken):
        estimator = open_estimator(PoseSection(threads=2), film=True)
        found.append(np.array([end().xy_px for _, end in begun(film, estimator.start, estimator.at_once)]))
        estimator.close()
    off_px = np.linalg.norm(found[1] - moved_px[:, None] - found[0], axis=2)[:, list(ROWS)]
    trunk_px = np.nanmedian(found[0][:, Joint.LEFT_HIP, 1] - found[0][:, Joint.LEFT_SHOULDER, 1])
    assert np.isfinite(off_px).mean() == np.isfinite(found[0][:, 0, 0]).mean()
    assert np.nanmedian(off_px) < 0.04 * trunk_px  # 2 cm


def test_frame_begun_before_somebody_else_was_picked_out_is_measured_where_they_are():
    """Away for half a second, back elsewhere: what was begun in the old square does not count."""
    actor = Actor(lambda t_s: 0.3 if t_s < 0.5 else None if t_s < 3.0 else 0.7)
    model, poses = film(actor, 120, threads=2)
    again = next(i for i, pose in enumerate(poses) if i > 20 and pose.seen)
    squares = [square.x_px for t_s, square in model.measured if t_s == 0.033 * (again + 1)]
    assert poses[again + 1].seen
    assert squares[-1] == pytest.approx(0.7 * 1280)


def test_frame_that_fails_costs_that_frame_alone():
    class Failing(SceneModel):
        def measure(self, image, square):
            if time_of(image) == 5.0:
                raise ZeroDivisionError
            return super().measure(image, square)

    model = Failing([Actor(lambda t_s: 0.5)])
    estimator = TrackingEstimator(model, Who((0.0, 0.0, 1.0, 1.0), smallest=0.3, stay_s=0.0), 2, threads=2)
    seen = []
    for _, end in begun([Frame(33_000_000 * i, i, image_at(float(i))) for i in range(10)], estimator.start, 2):
        try:
            seen.append(end().seen)
        except ZeroDivisionError:
            seen.append(None)
    estimator.close()
    assert seen == [True] * 5 + [None] + [True] * 4
