"""The runner's own landmark network: how heat maps are read, and what it sees on clips whose truth
is known.
"""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import av
import numpy as np
import pytest

from station.config import PoseSection
from station.pose.estimator import open_estimator
from station.pose.model import Square
from station.pose.runner import CELL_PX, CIRCLE_TRUNKS, HEIGHT_PX, ROWS, WIDTH_PX, RunnerPose, read, trunk
from station.pose.store import models_dir
from station.types import NS, Frame, Joint

NAME = "pose_runner"
DEMO = Path(__file__).resolve().parents[2] / "station" / "demo"
MOST_THIGH_DEG, MOST_BIAS_DEG = 4.0, 2.0
CELLS = (HEIGHT_PX // CELL_PX, WIDTH_PX // CELL_PX)


@pytest.fixture(scope="module")
def model() -> RunnerPose:
    return RunnerPose(models_dir(), NAME, threads=1)


def heat_of(*places: tuple[float, float], width_cells: float = 0.8) -> np.ndarray:
    """One heat map (1, rows, columns) with like bumps at places (x, y) in pixels of the crop."""
    y, x = np.mgrid[: CELLS[0], : CELLS[1]]
    bumps = [np.exp(-((x - px / CELL_PX + 0.5) ** 2 + (y - py / CELL_PX + 0.5) ** 2) / (2 * width_cells**2)) for px, py in places]
    return np.log(np.sum(bumps, axis=0) + 1e-12)[None].astype(np.float32)


@pytest.mark.parametrize("place", [(80.0, 112.0), (97.3, 60.9), (14.0, HEIGHT_PX - 15.5), (WIDTH_PX - 12.0, 20.0)])
def test_a_joint_is_read_finer_than_a_cell(place):
    xy, sure = read(heat_of(place))
    assert xy[0] == pytest.approx(place, abs=0.05)
    assert sure[0] > 0.99


def test_a_peak_at_the_edge_is_read_there():
    xy, _ = read(heat_of((1.0, HEIGHT_PX - 1.0)))
    assert np.hypot(*(xy[0] - [1.0, HEIGHT_PX - 1.0])) < CELL_PX


def test_doubt_between_two_places_halves_how_sure_it_is_and_lies_at_one_of_them():
    xy, sure = read(heat_of((60.0, 100.0), (130.0, 100.0)))
    assert min(abs(xy[0, 0] - 60.0), abs(xy[0, 0] - 130.0)) < 0.1
    assert sure[0] == pytest.approx(0.5, abs=0.02)


def test_a_map_without_a_place_is_not_sure():
    assert read(np.zeros((1, *CELLS), np.float32))[1][0] < 0.02


@pytest.mark.parametrize("size", [(1, 1), (1, 2000), (479, 641), (2, 40_000)])
def test_any_size_of_picture_is_survived(model, size):
    image = np.full((*size, 3), 128, np.uint8)
    seen = model.measure(image, Square(size[1] / 2, size[0] / 2, 100.0, 0.3))
    rows = [int(joint) for joint in ROWS]
    assert np.isfinite(seen.xy_px[rows]).all()
    assert np.isnan(np.delete(seen.xy_px, rows, axis=0)).all()
    assert (np.delete(seen.score, rows) == 0).all()
    assert seen.presence < 0.5


@pytest.fixture(scope="module")
def demo() -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Landmarks (T, 33, 2) of the first three seconds of the bundled runner, who faces right, and
    the truth of the same frames.
    """
    estimator = open_estimator(PoseSection(model=NAME, threads=1, stay_s=0.0))
    found = []
    with av.open(str(DEMO / "demo_runner.webm")) as container:
        for i, frame in enumerate(islice(container.decode(video=0), 90)):
            found.append(estimator.estimate(Frame(round(i * NS / 30), i, frame.to_ndarray(format="rgb24"))).xy_px)
    with np.load(DEMO / "demo_runner.truth.npz") as truth:
        kept = {name: truth[name][: len(found)] for name in ("thigh_right_deg", "trunk_lean_deg", "px")}
        px = dict(zip(truth["names"].tolist(), np.moveaxis(kept.pop("px"), 1, 0), strict=True))
    return np.array(found, float), kept | {name: at - 0.5 for name, at in px.items()}


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_frame_on_its_side_or_head_gives_the_same_joints_turned(quarters):
    with av.open(str(DEMO / "demo_runner.webm")) as container:
        image = next(islice(container.decode(video=0), 20, None)).to_ndarray(format="rgb24")
    found = []
    for turns in (0, quarters):
        estimator = open_estimator(PoseSection(model=NAME, threads=1, stay_s=0.0))
        frame = np.ascontiguousarray(np.rot90(image, turns))
        poses = [estimator.estimate(Frame(round(i * NS / 3), i, frame)) for i in range(4)]
        found.append(poses[-1].xy_px[list(ROWS)].astype(float))
        estimator.close()
    height, width = image.shape[:2]
    expected, seen = found
    for _ in range(quarters):  # as np.rot90 turns a frame, counter-clockwise
        expected = np.stack([expected[:, 1], width - 1 - expected[:, 0]], axis=1)
        height, width = width, height
    assert np.nanmedian(np.hypot(*(seen - expected).T)) < 0.02 * image.shape[0]


def test_the_near_thigh_is_where_it_is(demo):
    xy, truth = demo
    d = xy[:, Joint.RIGHT_KNEE] - xy[:, Joint.RIGHT_HIP]
    error_deg = np.degrees(np.arctan2(d[:, 0], d[:, 1])) - truth["thigh_right_deg"]
    assert np.sqrt(np.mean(error_deg**2)) < MOST_THIGH_DEG
    assert abs(error_deg.mean()) < MOST_BIAS_DEG


def test_the_trunk_leans_as_it_does(demo):
    xy, truth = demo
    shoulders, hips = (xy[:, [left, left + 1]].mean(axis=1) for left in (Joint.LEFT_SHOULDER, Joint.LEFT_HIP))
    d = shoulders - hips
    error_deg = np.degrees(np.arctan2(d[:, 0], -d[:, 1])) - truth["trunk_lean_deg"]
    assert abs(error_deg.mean()) < MOST_BIAS_DEG


def test_feet_are_found_and_legs_are_not_exchanged(demo):
    xy, truth = demo
    thigh_px = np.hypot(*(truth["knee_right"] - truth["hip_right"]).T).max()
    straight = sum(np.hypot(*(xy[:, Joint[f"{s}_ANKLE".upper()]] - truth[f"ankle_{s}"]).T) for s in ("left", "right"))
    crossed = sum(np.hypot(*(xy[:, Joint[f"{s}_ANKLE".upper()]] - truth[f"ankle_{o}"]).T)
                  for s, o in (("left", "right"), ("right", "left")))  # fmt: skip
    apart = np.hypot(*(truth["ankle_left"] - truth["ankle_right"]).T) > 0.6 * thigh_px
    assert (straight < crossed)[apart].mean() > 0.98
    for part, name in (("HEEL", "heel"), ("FOOT_INDEX", "toe")):
        off = np.hypot(*(xy[:, Joint[f"RIGHT_{part}"]] - truth[f"{name}_right"]).T)
        assert np.median(off) < 0.08 * thigh_px


def test_the_square_holds_the_runner_and_hardly_more(demo):
    xy, truth = demo
    points = np.stack([at for name, at in truth.items() if at.ndim == 2], axis=1)
    for i in range(0, len(xy), 7):
        hips, length = trunk(xy[i])
        away = np.abs(points[i] - hips) / length
        assert away[:, 0].max() < 1.6
        assert away[:, 1].max() < 2.2
        assert np.hypot(*away.T).max() > 0.8 * CIRCLE_TRUNKS
