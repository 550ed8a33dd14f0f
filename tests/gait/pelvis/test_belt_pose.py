"""Pose of a hip belt in one frame: the Jacobian, what is recovered, how sure it is."""

from __future__ import annotations

import numpy as np
import pytest

from station.gait.pelvis.belt_pose import BeltPose, angle_deg, mirrored, posed, rotation_vectors, seen_at, skew, turned, upright
from station.gait.pelvis.belt_shape import BeltShape

FOCAL_PX = 1000.0
SHAPE = BeltShape()
AWAY_M = np.array([0.1, -0.05, 2.5])


def seen(ids: list[int], rotation: np.ndarray, place_m: np.ndarray = AWAY_M) -> np.ndarray:
    return seen_at(SHAPE.corners_m[ids], SHAPE.skewed[ids], rotation, place_m, FOCAL_PX)[0]


def pose_of(ids: list[int], found: np.ndarray, sd_px: float = 0.1, before: np.ndarray | None = None) -> BeltPose:
    pose, _ = posed(SHAPE.corners_m[ids], SHAPE.skewed[ids], found, before, FOCAL_PX, sd_px)
    assert pose is not None
    return pose


def test_jacobian_is_the_change_with_a_twist() -> None:
    """Of the pose from the right, and of the tag itself: both move the corners alike."""
    ids, rotation = [3, 4], upright(0.3)
    _, jacobian = seen_at(SHAPE.corners_m[ids], SHAPE.skewed[ids], rotation, AWAY_M, FOCAL_PX)
    for k in range(6):
        twist = np.zeros(6)
        twist[k] = 1e-6
        by_pose = seen(ids, rotation @ turned(twist[:3]), AWAY_M + rotation @ twist[3:])
        moved = SHAPE.corners_m[ids] @ turned(twist[:3]).T + twist[3:]
        by_shape = seen_at(moved, skew(moved), rotation, AWAY_M, FOCAL_PX)[0]
        change = (by_pose - seen(ids, rotation)).reshape(2, 8) / 1e-6
        np.testing.assert_allclose(jacobian[:, :, k], change, atol=0.05)
        np.testing.assert_allclose(by_shape, by_pose, atol=1e-6)


def test_rotation_vectors_undo_turned() -> None:
    w = np.random.default_rng(1).normal(0, 0.8, (50, 3))
    np.testing.assert_allclose(rotation_vectors(turned(w)), w, atol=1e-12)
    np.testing.assert_allclose(rotation_vectors(turned(np.zeros(3))), 0.0)


@pytest.mark.parametrize("turn_deg", [0, 45, 100, 180, 260, 330])
def test_any_side_of_the_belt_is_found(turn_deg: float) -> None:
    """From the start that the tags themselves suggest, with a pelvis that lists and tilts."""
    true = upright(np.radians(turn_deg)) @ turned(np.radians([6.0, 0.0, -5.0]))
    towards = (true @ SHAPE.rotation[:14, :, 2, None])[:, 2, 0]
    ids = np.flatnonzero(towards < -0.5).tolist()
    assert len(ids) >= 3
    found = pose_of(ids, seen(ids, true))
    assert angle_deg(found.rotation, true) < 0.01
    np.testing.assert_allclose(found.place_m, AWAY_M, atol=1e-3)
    assert found.misfit_px.max() < 0.01


def test_scatter_is_as_large_as_given() -> None:
    rng, ids, true, sd_px = np.random.default_rng(2), [3, 4, 5], upright(0.2), 0.2
    off = []
    for _ in range(200):
        pose = pose_of(ids, seen(ids, true) + rng.normal(0, sd_px, (3, 4, 2)), sd_px)
        off.append(rotation_vectors(true.T @ pose.rotation))
    reported = sd_px * np.sqrt(np.diag(np.linalg.inv(pose.information))[:3])
    np.testing.assert_allclose(np.std(off, axis=0), reported, rtol=0.25)


def test_more_tags_tell_more() -> None:
    one, three = (pose_of(ids, seen(ids, upright(0.2))).information for ids in ([4], [3, 4, 5]))
    about_up = [np.linalg.inv(information)[1, 1] ** 0.5 for information in (one, three)]
    assert about_up[0] > 2.0 * about_up[1]


def test_a_lone_tag_can_be_turned_either_way() -> None:
    """The mirrored start leads to another pose that fits nearly as well."""
    true, ids = upright(0.35), [4]
    found = seen(ids, true)
    other = mirrored(true, SHAPE.corners_m[ids], found, FOCAL_PX)
    assert angle_deg(true, other) > 10.0
    middle = SHAPE.corners_m[ids].mean(axis=(0, 1))
    again = seen_at(SHAPE.corners_m[ids], SHAPE.skewed[ids], other, AWAY_M + (true - other) @ middle, FOCAL_PX)[0]
    assert np.abs(again - found).max() < 1.0


def test_a_half_hidden_tag_pulls_little() -> None:
    true, ids = upright(0.2), [2, 3, 4, 5]
    found = seen(ids, true)
    found[0, 1:3, 0] -= 3.0
    assert angle_deg(pose_of(ids, found).rotation, true) < 0.6
