"""The shape of a hip belt: what is known before, what frames teach, how sure it is afterwards."""

from __future__ import annotations

import numpy as np

from station.gait.pelvis.belt_learning import KEPT, Album, Keyframe, Learner, learn, outward
from station.gait.pelvis.belt_pose import TAG_M, facing, placed, posed, seen_at, skew, turned, upright
from station.gait.pelvis.belt_shape import PITCH_M, TAGS, UNKNOWNS, BeltShape

FOCAL_PX = 1000.0
SD_PX = 0.1


def worn(seed: int = 0) -> np.ndarray:
    """Corners (14, 4, 3) of a belt on a body that is no ellipse: the start's tags, bent and
    shifted.
    """
    rng, shape = np.random.default_rng(seed), BeltShape()
    angle = np.arange(TAGS) / 14 * 2 * np.pi
    twists = np.zeros((TAGS, 6))
    twists[:, 1] = 0.12 * np.sin(2 * angle + 0.5) + 0.06 * np.cos(3 * angle)
    twists[:, 3:] = rng.normal(0, 0.003, (TAGS, 3)) - np.cross(twists[:, :3], shape.place_m)
    shape.twist(np.append(twists.ravel(), 0.0))
    return shape.corners_m[:14]


def picture(corners_m: np.ndarray, turn_rad: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Ids and corners of the tags that face the camera."""
    rotation = upright(turn_rad) @ turned(rng.normal(0, 0.03, 3))
    px, _ = seen_at(corners_m, skew(corners_m), rotation, np.array([0.0, 0.0, 2.5]) + rng.normal(0, 0.02, 3), FOCAL_PX)
    right, up = corners_m[:, 1] - corners_m[:, 0], corners_m[:, 0] - corners_m[:, 3]
    towards = (np.cross(right, up) @ rotation.T)[:, 2] / TAG_M**2
    ids = np.flatnonzero(towards < -0.4)
    return ids, px[ids] + rng.normal(0, SD_PX, (len(ids), 4, 2))


def taught(corners_m: np.ndarray, turns_rad: np.ndarray, seed: int = 1, spoil: int = -1) -> Learner:
    learner, rng = Learner(), np.random.default_rng(seed)
    for i, turn in enumerate(turns_rad):
        ids, found = picture(corners_m, turn, rng)
        found[ids == spoil, 0] += 4.0
        shape = learner.shape
        pose, _ = posed(shape.corners_m[ids], shape.skewed[ids], found, None, FOCAL_PX, 0.2)
        assert pose is not None
        learner.take(i / 15, Keyframe(ids, found, pose.rotation, pose.place_m), FOCAL_PX)
    return learner


def bends_deg(corners_m: np.ndarray) -> np.ndarray:
    """How each tag is turned against its neighbour before, about the upright axis."""
    right = corners_m[:, 1] - corners_m[:, 0]
    return np.degrees(np.diff(np.unwrap(np.arctan2(right[:, 0], right[:, 2]))))


def test_the_start_is_a_closed_belt() -> None:
    shape = BeltShape()
    steps = np.linalg.norm(np.diff(shape.place_m, axis=0), axis=1)
    assert np.all((steps > 0.9 * PITCH_M) & (steps <= PITCH_M))
    outwards = shape.rotation[:, :, 2]
    assert np.all((outwards * shape.place_m).sum(axis=1) > 0.05), "tags look away from the middle"
    assert shape.place_m[0, 0] > 0.0 > shape.place_m[7, 0], "the buckle is in front"
    assert shape.place_m[3, 2] < 0.0 < shape.place_m[10, 2], "ids rise round the left side"


def test_what_is_known_beforehand_pulls_back_to_the_start() -> None:
    """The gradient is that of the bends and shifts, and zero where the belt has moved as a whole.
    """
    shape = BeltShape()
    whole = np.tile([0.01, -0.02, 0.03, 0.005, 0.002, -0.004], TAGS)
    shape.twist(np.append(whole, 0.0))
    information, gradient = shape.beforehand(np.ones(TAGS))
    bent = np.random.default_rng(3).normal(0, 1e-4, UNKNOWNS)
    bent[-1] = 0.02
    bent[:-1] -= np.tile(bent[:-1].reshape(TAGS, 6).mean(axis=0), TAGS)
    assert np.abs(gradient).max() < 1e-2 * np.abs(information @ bent).max()
    shape.twist(bent)
    pulled = -information @ bent
    np.testing.assert_allclose(shape.beforehand(np.ones(TAGS))[1], pulled, atol=0.02 * np.abs(pulled).max())


def test_a_slow_turn_teaches_the_whole_belt() -> None:
    true = worn()
    learner = taught(true, np.linspace(0.0, 2 * np.pi, 180))
    off = bends_deg(learner.shape.corners_m[:14]) - bends_deg(true)
    assert np.abs(off).max() < 1.0
    assert learner.share() == 1.0
    within = np.abs(off) < 2.0 * learner.shape.bend_sd_deg()[:13]
    assert within.sum() >= 12
    assert learner.shape.bend_sd_deg()[:13].max() < 0.5
    assert learner.shape.bend_sd_deg()[14] > 5.0, "a tag that was never seen stays unknown"
    assert not learner.bad.any()


def test_a_view_from_one_side_leaves_the_rest_open() -> None:
    true, rng = worn(), np.random.default_rng(4)
    learner = taught(true, 0.15 * np.sin(np.arange(90) / 3) + rng.normal(0, 0.02, 90))
    seen = np.flatnonzero(learner.ids_seen)
    known = learner.shape.bend_sd_deg()
    assert known[seen[0] : seen[-1]].max() < 2.0
    assert known[seen[-1] + 1 :].min() > 3.0
    assert learner.share() < 0.6


def test_pictures_that_were_taken_elsewhere_are_forgotten() -> None:
    learner = taught(worn(), np.linspace(0.0, 2 * np.pi, 90))
    before = learner.shape.corners_m.copy()
    learner.forget()
    assert learner.share() == 0.0
    np.testing.assert_array_equal(learner.shape.corners_m, before)


def test_edges_that_were_found_too_far_in_are_pushed_out() -> None:
    """Blur shrinks every tag by the same fraction of a pixel; turned tags would look more turned.
    """
    true, rng = worn(), np.random.default_rng(5)
    shape, album = BeltShape(), Album()
    for turn in np.linspace(0.0, 2 * np.pi, 120):
        ids, found = picture(true, turn, rng)
        found -= 0.15 * outward(found)
        start = facing(true[ids], found, FOCAL_PX)
        album.add(Keyframe(ids, found, start, placed(start, true[ids], found, FOCAL_PX)))
    for _ in range(8):
        learn(shape, album, FOCAL_PX)
    assert 0.08 < shape.push_px < 0.2


def test_a_damaged_tag_is_left_out() -> None:
    learner = taught(worn(), np.linspace(0.0, 4 * np.pi, 300), spoil=5)
    assert np.flatnonzero(learner.bad).tolist() == [5]
    assert learner.share() == 1.0
    assert not learner.spoilt


def test_the_album_is_bounded_and_keeps_all_directions() -> None:
    album = Album()
    corners = np.zeros((2, 4, 2))
    for turn in (*np.linspace(0.0, 6.2, 60), *np.full(500, 1.0)):
        album.add(Keyframe(np.array([0, 1]), corners, upright(turn), np.zeros(3)))
    assert len(album.frames) == KEPT
    turns = {round(float(np.arctan2(f.rotation[2, 0], f.rotation[0, 0])), 1) for f in album.frames}
    assert len(turns) > 50
