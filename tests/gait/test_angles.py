"""Angles from landmarks placed by hand."""

from __future__ import annotations

import numpy as np
import pytest

from station.gait.angles import angles, rounded_angles, straightening
from station.types import JOINTS, Joint, View


def person(
    thigh_left: float, thigh_right: float, shank_left: float, shank_right: float, lean: float, facing: int = 1
) -> np.ndarray:
    """(1, 33, 2) px of a stick figure, angles in degrees, forward positive; facing 1 right, -1 left
    in the frame.
    """
    xy = np.full((JOINTS, 2), np.nan)

    def below(top: np.ndarray, angle: float, length: float) -> np.ndarray:
        a = np.radians(angle)
        return top + length * np.array([facing * np.sin(a), np.cos(a)])

    hips = np.array([500.0, 400.0])
    for side, thigh, shank in (("LEFT", thigh_left, shank_left), ("RIGHT", thigh_right, shank_right)):
        xy[Joint[f"{side}_HIP"]] = hips
        xy[Joint[f"{side}_KNEE"]] = below(hips, thigh, 140)
        xy[Joint[f"{side}_ANKLE"]] = below(xy[Joint[f"{side}_KNEE"]], shank, 130)
        xy[Joint[f"{side}_SHOULDER"]] = below(hips, 180.0 - lean, 170)
    return xy[None]


def turned(xy: np.ndarray, clockwise_deg: float) -> np.ndarray:
    """The frame turned clockwise, as it looks (y down)."""
    c, s = np.cos(np.radians(clockwise_deg)), np.sin(np.radians(clockwise_deg))
    return xy @ np.array([[c, s], [-s, c]])


@pytest.mark.parametrize(("direction", "facing", "near"), [("right", 1, "right"), ("left", -1, "left")])
def test_signs_and_sides(direction: str, facing: int, near: str) -> None:
    reported = angles(person(30, -20, 10, -70, 8, facing), direction)[0]  # type: ignore[arg-type]
    left, right = ("near", "far") if near == "left" else ("far", "near")
    assert reported[f"thigh_{left}_deg"] == pytest.approx(30)
    assert reported[f"thigh_{right}_deg"] == pytest.approx(-20)
    assert reported[f"knee_flexion_{left}_deg"] == pytest.approx(20)
    assert reported[f"knee_flexion_{right}_deg"] == pytest.approx(50)
    assert reported["trunk_lean_deg"] == pytest.approx(8)
    assert reported[f"hip_flexion_{left}_deg"] == pytest.approx(38)


def test_roll_is_taken_out() -> None:
    level = person(30, -20, 10, -70, 8)
    reported = angles(turned(level, 12.0), "right", View(roll_deg=12.0))[0]
    assert list(reported) == pytest.approx(list(angles(level, "right")[0]))


def test_known_azimuth_is_taken_out() -> None:
    level = person(30, -20, 10, -70, 8)
    narrow = level * (np.cos(np.radians(20.0)), 1.0)
    assert angles(narrow, "right")[0]["thigh_far_deg"] < 29
    assert list(angles(narrow, "right", View(azimuth_deg=20.0))[0]) == pytest.approx(list(angles(level, "right")[0]))


def test_a_recording_is_its_poses() -> None:
    many = np.random.default_rng(1).uniform(0, 900, (300, JOINTS, 2)).astype(np.float32)
    many[::7, Joint.LEFT_KNEE] = np.nan
    view = View(roll_deg=3.0, azimuth_deg=-15.0)
    whole = angles(many, "left", view)
    single = np.concatenate([angles(one[None], "left", view) for one in many])
    np.testing.assert_array_equal(rounded_angles(whole.view("f8")), rounded_angles(single.view("f8")))


def test_what_was_not_seen_is_nan_and_nothing_else_is() -> None:
    xy = person(30, -20, 10, -70, 8)
    xy[0, Joint.RIGHT_ANKLE] = np.nan
    reported = angles(xy, "right")[0]
    unknown = {name for name in reported.dtype.names if np.isnan(reported[name])}
    assert unknown == {"shank_near_deg", "knee_flexion_near_deg"}


def test_one_hip_stands_in_for_the_middle() -> None:
    xy = person(30, -20, 10, -70, 8)
    xy[0, Joint.LEFT_HIP] = np.nan
    assert angles(xy, "right")[0]["trunk_lean_deg"] == pytest.approx(8)


@pytest.mark.parametrize("shape", [(33, 2), (4, 17, 2), (4, 33, 3)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="expected"):
        angles(np.zeros(shape), "right")


@pytest.mark.parametrize("view", [View(azimuth_deg=85.0), View(azimuth_deg=float("nan")), View(roll_deg=float("nan"))])
def test_impossible_views_are_refused(view: View) -> None:
    with pytest.raises(ValueError, match="straightened"):
        straightening(view)
