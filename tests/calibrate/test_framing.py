"""Light, sharpness, room for a person, and which way up."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from station.calibrate.framing import blind, focus, light, room, turn_remedy, turned_deg, upright
from station.calibrate.lines import find_lines
from station.testing.synthetic import RunnerSpec, SyntheticRunner
from station.types import Pose
from tests.made_deck import drawn

GREY = drawn().grey


def poses(quarters: int = 0, count: int = 20) -> list[Pose]:
    """A runner in a frame of 1280x1280 that was turned counter-clockwise so often."""
    out = []
    for pose, _ in zip(SyntheticRunner(RunnerSpec(), seconds=2).poses(), range(count), strict=False):
        xy = pose.xy_px - np.float32(640)
        for _ in range(quarters):
            xy = np.stack([xy[:, 1], -xy[:, 0]], axis=1)
        out.append(Pose(pose.t_ns, xy + np.float32(640), pose.score))
    return out


def test_a_well_lit_picture_is_well_lit() -> None:
    assert light([GREY]).state == "ok"


@pytest.mark.parametrize(
    ("greys", "word"),
    [
        ([(GREY * 0.1).astype(np.uint8)], "nothing to be seen"),
        ([np.full((480, 640), 120, np.uint8)], "nothing to be seen"),
        ([(GREY * 0.35).astype(np.uint8)], "dim"),
        ([np.where(np.arange(GREY.shape[1]) < 500, 255, GREY).astype(np.uint8)], "glaring"),
        ([(GREY * (1.0, 0.8)[i % 2]).astype(np.uint8) for i in range(10)], "flickers"),
        (
            [np.clip(GREY + np.random.default_rng(i).normal(0, 14, GREY.shape), 0, 255).astype(np.uint8) for i in range(8)],
            "grainy",
        ),
    ],
    ids=["dark", "covered", "dim", "glare", "flicker", "grain"],
)
def test_bad_light_is_named_with_a_remedy(greys: list[np.ndarray], word: str) -> None:
    finding = light(greys)
    assert finding.state == "bad"
    assert word in finding.evidence
    assert finding.remedy


def test_blind_is_dark_or_covered() -> None:
    assert not blind(GREY)
    assert blind((GREY * 0.1).astype(np.uint8))
    assert blind(np.full((48, 64), 200, np.uint8))


def test_a_lens_out_of_focus_is_noticed() -> None:
    assert focus(GREY, find_lines(GREY)).state == "ok"
    blurred = np.asarray(cv2.GaussianBlur(GREY, (0, 0), 4.0), np.uint8)
    assert focus(blurred, find_lines(blurred)).state == "bad"
    assert focus(np.full((480, 640), 90, np.uint8), []).state == "cannot_tell"


@pytest.mark.parametrize(("quarters", "turn"), [(0, 0), (1, 90), (2, 180), (3, 270)])
def test_which_way_up_people_are(quarters: int, turn: int) -> None:
    assert turned_deg(poses(quarters)) == turn
    finding = upright(poses(quarters), 90)
    assert finding.state == ("ok" if turn == 0 else "bad")
    if turn:
        assert finding.remedy == f"set camera.turned_deg = {(90 + turn) % 360}"


def test_too_few_people_say_nothing() -> None:
    assert turned_deg(poses(count=3)) is None
    assert turned_deg([Pose.nobody(i) for i in range(30)]) is None
    assert "film" in turn_remedy(180, None)


def test_room_by_the_scale() -> None:
    assert room((0.1, 0.05, 0.9, 0.95), [], 640, 480).state == "ok"
    high, low, both = (room((0.1, top, 0.9, bottom), [], 640, 480) for top, bottom in ((-0.1, 0.8), (0.2, 1.1), (-0.1, 1.1)))
    assert [finding.state for finding in (high, low, both)] == ["bad"] * 3
    assert "head" in high.evidence
    assert "up" in high.remedy
    assert "feet" in low.evidence
    assert "down" in low.remedy
    assert "back" in both.remedy


def test_room_by_whoever_was_seen() -> None:
    assert room(None, poses(), 1280, 1280).state == "ok"
    cut = [Pose(pose.t_ns, pose.xy_px - np.float32([0, 400]), pose.score) for pose in poses()]
    assert room(None, cut, 1280, 1280).state == "bad"
    assert room(None, [], 640, 480).state == "cannot_tell"
