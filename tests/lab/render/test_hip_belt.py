"""The hip belt's geometry and truth; NumPy only."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from tests.lab.render.hip_belt import OUTLINES, HipBelt, length_m, outline_m, tag_corners_m, tag_ids
from tests.lab.render.hip_belt_truth import h1, hip_belt_truth
from tests.made_hip_belt import PORTRAIT, made, run_spec, slow_turn_spec, true_turn

BODIES = (*sorted(json.loads(OUTLINES.read_text(encoding="utf-8"))), "0.90/1.3")


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("curved", [False, True])
def test_tags_are_squares_in_order_round_the_body(body: str, curved: bool) -> None:
    belt, ring = HipBelt(first_id=16, mount_sd_m=0.0, curved=curved), outline_m(body)
    tags = tag_corners_m(belt, ring)
    assert 13 <= len(tags) <= 16
    np.testing.assert_array_equal(tag_ids(belt, ring), 16 + np.arange(len(tags)))
    across = np.linalg.norm(tags[:, 1] - tags[:, 0], axis=1)
    np.testing.assert_allclose(across, 0.05, atol=0.0025 if curved else 1e-9)
    middle = tags.mean(axis=1)
    around = np.unwrap(np.arctan2(-middle[:, 2], middle[:, 0]))
    assert (np.diff(around) > 0).all(), "front, left, back, right"
    outwards = np.cross(tags[:, 1] - tags[:, 0], tags[:, 0] - tags[:, 3])
    assert ((outwards * middle)[:, [0, 2]].sum(axis=1) > 0).all()


@pytest.mark.parametrize("body", BODIES)
def test_belt_lies_on_the_body(body: str) -> None:
    ring = outline_m(body)
    assert 0.85 < length_m(ring) < 1.15
    assert 1.25 < np.ptp(ring[:, 1]) / np.ptp(ring[:, 0]) < 1.6
    tags = tag_corners_m(HipBelt(mount_sd_m=0.0), ring).mean(axis=1)[:, [0, 2]]
    gap = np.linalg.norm(tags[:, None] - ring, axis=-1).min(axis=1)
    assert gap.max() < 0.012


@pytest.mark.parametrize("amplitude_deg", [0.0, 2.0, 8.0])
def test_turn_is_as_asked(amplitude_deg: float) -> None:
    spec = run_spec(amplitude_deg, seconds=12.0)
    truth = hip_belt_truth(replace(spec, motion=replace(spec.motion, unsteadiness=0.0)))
    assert abs(h1(truth.stride_phase, truth.turn_deg)) == pytest.approx(amplitude_deg, abs=0.02)


def test_turned_pelvis_carries_its_tags() -> None:
    """The right side goes forward with a positive turn, up with a positive list; the front goes
    down with a positive tilt.
    """
    truth = hip_belt_truth(run_spec(8.0, seconds=3.0))
    right, front = truth.rotation[:, :, 2], truth.rotation[:, :, 0]
    np.testing.assert_allclose(np.degrees(np.arctan2(right[:, 0], right[:, 2])), truth.turn_deg, atol=1e-6)
    np.testing.assert_allclose(np.degrees(np.arcsin(right[:, 1])), truth.list_deg, atol=0.5)
    np.testing.assert_allclose(np.degrees(np.arcsin(front[:, 1])), -truth.tilt_deg, atol=0.5)


def test_camera_on_either_side_sees_tags_upright_and_unmirrored() -> None:
    for side in ("right", "left"):
        m = made(run_spec(4.0, camera=replace(PORTRAIT, side=side), seconds=2.0))
        seen = m.corners_px[m.found]
        assert len(seen) > 60
        assert (seen[:, 1, 0] > seen[:, 0, 0]).all()
        assert (seen[:, 3, 1] > seen[:, 0, 1]).all()


def test_belt_upside_down_shows_its_tags_so() -> None:
    m = made(run_spec(4.0, belt=HipBelt(upside_down=True), seconds=2.0))
    seen = m.corners_px[m.found]
    assert len(seen) > 60
    assert (seen[:, 3, 1] < seen[:, 0, 1]).all()


def test_slow_turn_shows_every_tag() -> None:
    m = made(slow_turn_spec(run_spec(4.0)))
    assert (m.found.sum(axis=0) > 40).all()
    assert m.truth.turn_deg[0] == 0
    assert m.truth.turn_deg[-1] == pytest.approx(360)


@pytest.mark.parametrize(("covered", "share"), [("rear half", 0.5), ("front half", 0.5), ("upper half", 0.0)])
def test_clothes_hide_tags(covered: str, share: float) -> None:
    bare = made(slow_turn_spec(run_spec(4.0))).found.sum()
    clothed = made(slow_turn_spec(run_spec(4.0, belt=HipBelt(covered=covered)))).found.sum()
    assert clothed / bare == pytest.approx(share, abs=0.15)


def test_slip_is_not_in_the_pelvis() -> None:
    fast, still = (hip_belt_truth(run_spec(4.0, belt=HipBelt(slip_deg=s))) for s in (1.5, 0.0))
    np.testing.assert_array_equal(fast.rotation, still.rotation)
    assert abs(h1(fast.stride_phase, fast.slip_deg)) == pytest.approx(1.5, abs=0.02)
    assert abs(fast.corners_px - still.corners_px).max() > 1.0


def test_inputs_are_in_order_and_the_lead_is_a_quarter_stride() -> None:
    m = made(run_spec(4.0, seconds=10.0))
    times = [given.t_ns for given in m.inputs()]
    assert times == sorted(times)
    assert len(times) == 2 * len(m.truth.t_s)
    turn = true_turn(m)
    assert abs(turn) == pytest.approx(8.0, abs=0.6)
    assert 60 < np.degrees(np.angle(turn)) < 125
