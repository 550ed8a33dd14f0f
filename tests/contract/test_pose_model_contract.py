"""What every pose model promises: any frame, nobody where nobody is, and the runner of the demo
clip where they are.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest

import station
from station.config import PoseSection
from station.errors import ModelError
from station.pose import mediapipe_pose
from station.pose.estimator import MODELS, open_estimator
from station.pose.model import PoseModel, Square
from station.pose.store import models_dir
from station.types import JOINTS, NS, Frame, Joint

CLIP = Path(station.__file__).parent / "demo" / "demo_runner.webm"
BODY = [Joint[f"{side}_{part}"] for side in ("LEFT", "RIGHT") for part in ("SHOULDER", "HIP", "KNEE", "ANKLE")]


def missing(name: str) -> str:
    """Why a model cannot be tried here, "" where it can."""
    if name != mediapipe_pose.NAME:
        return ""
    try:
        mediapipe_pose.package()
    except ModelError as error:
        return error.what
    return ""


@pytest.fixture(params=MODELS)
def name(request: pytest.FixtureRequest) -> str:
    why = missing(request.param)
    if why:
        pytest.skip(why)
    return str(request.param)


@pytest.fixture
def model(name: str) -> Iterator[PoseModel]:
    opened = MODELS[name](models_dir(), name, 1)
    yield opened
    opened.close()


@pytest.mark.parametrize("size", [(1, 1), (3, 5), (479, 641), (720, 1280)])
def test_a_frame_without_anybody(model: PoseModel, size: tuple[int, int]) -> None:
    image = np.full((*size, 3), 90, np.uint8)
    assert model.find(image) == []
    seen = model.measure(image, Square.of_frame(image))
    assert seen.xy_px.shape == (JOINTS, 2)
    assert seen.score.shape == (JOINTS,)
    assert seen.presence < 0.5


def test_it_names_its_weights(model: PoseModel, name: str) -> None:
    assert model.info.name.startswith(name)
    assert len(model.info.sha256) == 64


def test_the_runner_of_the_demo_is_followed(name: str) -> None:
    estimator = open_estimator(PoseSection(model=name, threads=1, stay_s=0.0))
    poses = []
    with av.open(str(CLIP)) as container:
        for seq, frame in zip(range(40), container.decode(video=0), strict=False):
            poses.append(estimator.estimate(Frame(round(frame.time * NS), seq, frame.to_ndarray(format="rgb24"))))
            height, width = frame.height, frame.width
    estimator.close()
    seen = np.array([pose.xy_px[BODY] for pose in poses if pose.seen])
    assert len(seen) > 30
    assert ((seen > 0) & (seen < (width, height))).all()
    shoulders, hips, knees = (seen[:, [i, i + 4], 1].mean(axis=1) for i in range(3))
    assert (shoulders < hips).all()
    assert (hips < knees).all()


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mediapipe", None)
    with pytest.raises(ModelError, match=r"the package mediapipe cannot be imported .*treadmill-station\[mediapipe\]"):
        open_estimator(PoseSection(model="mediapipe"))


def test_a_version_without_solutions_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class New:
        __version__ = "1.2.3"

    monkeypatch.setitem(sys.modules, "mediapipe", New())  # type: ignore[misc]
    with pytest.raises(ModelError, match=r"mediapipe 1\.2\.3 has no solutions\.pose any more"):
        open_estimator(PoseSection(model="mediapipe"))
