"""The pelvis model at run time: where it looks, when it does not, and what its error table must
say.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from station.errors import ModelError
from station.pose import pelvis_model
from station.pose.pelvis_model import PelvisModel, read_bands
from station.pose.store import Card
from station.types import JOINTS, NS, Frame, Joint, Pose, TurnBand

BAND = TurnBand(15.0, gain=0.6, gain_sd=0.05, drag=0.03, drag_sd=0.02, quadrature_sd=0.4, change_sd_deg=0.0, people=12)


class Asked:
    """Stands for the ONNX session: keeps what it was shown, answers 5 deg with a spread of 2."""

    size_px = 112

    def __init__(self, *_: object, **__: object) -> None:
        self.shown: list[np.ndarray] = []

    def run(self, picture: np.ndarray, low: float, high: float) -> list[np.ndarray]:
        self.shown.append(picture.copy())
        return [np.array([[5.0, np.log(2.0)]], np.float32)]


def card(folder: Path) -> Card:
    return Card("pelvis_turn", folder / "pelvis_turn.md", "ab" * 32, "Apache-2.0", None, {"turn": "turn"})


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PelvisModel:
    monkeypatch.setattr(pelvis_model, "Session", Asked)
    return PelvisModel(card(tmp_path))


def runner(t_ns: int = 0, facing: int = 1, trunk_px: float = 100.0) -> Pose:
    """Upright at (300, 200), the hips marked; facing 1 is to the right."""
    xy = np.full((JOINTS, 2), np.nan, np.float32)
    score = np.zeros(JOINTS, np.float32)
    places = {
        Joint.LEFT_HIP: (300, 200),
        Joint.RIGHT_HIP: (300, 200),
        Joint.LEFT_SHOULDER: (300, 200 - trunk_px),
        Joint.RIGHT_SHOULDER: (300, 200 - trunk_px),
        Joint.LEFT_HEEL: (300, 390),
        Joint.LEFT_FOOT_INDEX: (300 + 40 * facing, 390),
    }
    for joint, at in places.items():
        xy[joint], score[joint] = at, 0.9
    return Pose(t_ns, xy, score)


def frame(t_ns: int = 0) -> Frame:
    """Black, with a white mark 30 px to the right of the hips."""
    image = np.zeros((400, 600, 3), np.uint8)
    image[195:205, 325:335] = 255
    return Frame(t_ns, 0, image)


def mark_x(picture: np.ndarray) -> float:
    return float(np.argwhere(picture[..., 0] > 128)[:, 1].mean() + 0.5)


def test_everybody_in_the_crop_faces_right(model: PelvisModel) -> None:
    turn = model.find(frame(), runner(facing=1))
    assert turn is not None
    assert (turn.turn_deg, round(turn.spread_deg, 3)) == (5.0, 2.0)
    later_ns = 60 * NS
    model.find(frame(later_ns), runner(later_ns, facing=-1))
    right, left = (mark_x(shown) for shown in model._session.shown)  # type: ignore[attr-defined]
    assert right > 56 + 10
    assert left == pytest.approx(112 - right, abs=0.6)


def test_the_given_direction_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pelvis_model, "Session", Asked)
    model = PelvisModel(card(tmp_path), direction="left")
    model.find(frame(), runner(facing=1))
    assert mark_x(model._session.shown[0]) < 56  # type: ignore[attr-defined]


def test_the_scale_is_the_usual_trunks_not_that_of_one_frame(model: PelvisModel) -> None:
    for number in range(20):
        model.find(frame(number * 33_000_000), runner(number * 33_000_000))
    model.find(frame(660_000_000), runner(660_000_000, trunk_px=60.0))
    shown = [mark_x(picture) for picture in model._session.shown]  # type: ignore[attr-defined]
    assert shown[-1] == pytest.approx(shown[0], abs=0.1)


@pytest.mark.parametrize("spoil", ["nobody", "hips", "direction", "small"])
def test_nothing_is_read_where_the_hips_are_not_seen_well(model: PelvisModel, spoil: str) -> None:
    pose = runner()
    score = pose.score.copy()
    if spoil == "nobody":
        pose = Pose.nobody(0)
    elif spoil == "small":
        pose = runner(trunk_px=30.0)
    else:
        score[[Joint.LEFT_HIP] if spoil == "hips" else [Joint.LEFT_HEEL, Joint.LEFT_FOOT_INDEX]] = 0.1
        pose = replace(pose, score=score)
    assert model.find(frame(), pose) is None


def test_the_error_table_belongs_to_its_weights(tmp_path: Path) -> None:
    one, path = card(tmp_path), tmp_path / "pelvis_turn.errors.json"
    assert read_bands(one) == ()
    band = {name: getattr(BAND, name) for name in TurnBand.__slots__}
    path.write_text(json.dumps({"sha256": one.sha256, "bands": [band]}))
    assert read_bands(one) == (BAND,)
    path.write_text(json.dumps({"sha256": "cd" * 32, "bands": [band]}))
    assert read_bands(one) == ()
    for content in ("{", "[]", json.dumps({"sha256": one.sha256, "bands": [{"gain": 1}]})):
        path.write_text(content)
        with pytest.raises(ModelError, match="damaged"):
            read_bands(one)
