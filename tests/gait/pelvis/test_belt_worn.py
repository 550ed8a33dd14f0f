"""Which tags are the runner's belt, and how it is worn."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from station.gait.pelvis.belt_worn import Body, Suspicion, Wearer
from station.types import NAN, Marks

UPRIGHT = np.eye(2)
SIDE_PX = 20.0
HIPS = Body(0.0, 360.0, 640.0, 400.0)


def square(x_px: float, y_px: float, side_px: float = SIDE_PX) -> np.ndarray:
    unit = np.array([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]])
    return side_px * unit + np.array([x_px, y_px])


def marks(ids: list[int], corners: list[np.ndarray]) -> Marks:
    return Marks(0, np.array(ids, np.int16), np.array(corners, np.float32).reshape(-1, 4, 2))


def belt(x_px: float, first: int = 0, side_px: float = SIDE_PX, y_px: float = 600.0) -> tuple[list[int], list[np.ndarray]]:
    return [first, first + 1, first + 2], [square(x_px + 1.3 * side_px * k, y_px, side_px) for k in range(3)]


def sorted_over(wearer: Wearer, given: Marks, seconds: float = 3.0, body: Body = HIPS) -> list[int]:
    ids: list[int] = []
    for t_s in np.arange(0.0, seconds, 0.033):
        ids = wearer.sort(given, t_s, UPRIGHT, body._replace(t_s=t_s))[0].tolist()
    return ids


def test_a_suspicion_needs_its_time_and_forgives() -> None:
    suspicion = Suspicion(rise_s=0.5, fall_s=1.0)
    reported = [suspicion.step(t, present=0.2 < t < 1.5) for t in np.arange(0.0, 4.0, 0.1)]
    assert reported.index(True) == pytest.approx(8, abs=1)
    assert not reported[-1]


def test_the_belt_at_the_hips_is_taken_and_another_reported() -> None:
    wearer = Wearer(NAN)
    own, other = belt(340.0, first=16), belt(100.0, first=0)
    given = marks(own[0] + other[0], own[1] + other[1])
    assert sorted_over(wearer, given) == [0, 1, 2]
    corners = wearer.sort(given, 3.0, UPRIGHT, HIPS._replace(t_s=3.0))[1]
    assert corners[:, :, 0].min() > 300.0
    assert wearer.two_belts.on
    assert not wearer.wrong_scale.on


def test_the_same_ids_on_two_bodies() -> None:
    wearer = Wearer(NAN)
    own, other = belt(340.0), belt(60.0, side_px=14.0)
    given = marks(other[0] + own[0], other[1] + own[1])
    assert sorted_over(wearer, given) == [0, 1, 2]
    assert wearer.sort(given, 3.0, UPRIGHT, HIPS._replace(t_s=3.0))[1][:, :, 0].min() > 300.0
    assert wearer.two_belts.on


def test_another_belt_does_not_step_in_while_an_arm_hides_the_own() -> None:
    wearer = Wearer(NAN)
    sorted_over(wearer, marks(*belt(340.0, first=0)))
    passing = marks(*belt(380.0, first=32))
    assert not len(wearer.sort(passing, 3.2, UPRIGHT, HIPS._replace(t_s=3.2))[0])
    assert len(wearer.sort(passing, 20.0, UPRIGHT, HIPS._replace(t_s=20.0))[0]) == 3


def test_without_hips_nobody_wears_them() -> None:
    assert sorted_over(Wearer(NAN), marks(*belt(340.0)), body=Body()._replace(t_s=0.0)) == []
    assert not len(Wearer(NAN).sort(marks(*belt(340.0)), 5.0, UPRIGHT, HIPS)[0]), "a pose of long ago"


def test_tags_far_from_the_hips_are_not_worn() -> None:
    wearer = Wearer(NAN)
    assert sorted_over(wearer, marks(*belt(40.0, y_px=200.0))) == []
    assert wearer.elsewhere.on


def test_upside_down() -> None:
    wearer = Wearer(NAN)
    ids, corners = belt(340.0)
    sorted_over(wearer, marks(ids, [c[[2, 3, 0, 1]] for c in corners]))
    assert wearer.upside_down.on


@pytest.mark.parametrize(("side_px", "wrong"), [(20.0, False), (24.0, False), (16.0, False), (34.0, True), (11.0, True)])
def test_size_against_the_thigh(side_px: float, wrong: bool) -> None:
    wearer = Wearer(NAN)
    sorted_over(wearer, marks(*belt(340.0, side_px=side_px)), seconds=6.0)
    assert wearer.wrong_scale.on == wrong


def test_size_against_a_known_scale_is_stricter() -> None:
    wearer = Wearer(400.0)
    sorted_over(wearer, marks(*belt(340.0, side_px=27.0)), seconds=6.0)
    assert wearer.wrong_scale.on


@pytest.mark.parametrize(
    "spoil",
    [
        lambda ids, c: ([], []),
        lambda ids, c: ([-1, 48, 200], c),
        lambda ids, c: (ids, [np.full((4, 2), NAN)] * 3),
        lambda ids, c: (ids, [np.full((4, 2), np.inf)] * 3),
        lambda ids, c: (ids, [np.zeros((4, 2))] * 3),
        lambda ids, c: (ids, [np.full((4, 2), 3e38)] * 3),
    ],
)
def test_what_is_no_tag_is_passed_over(spoil: Callable) -> None:
    wearer = Wearer(NAN)
    ids, corners = wearer.sort(marks(*spoil(*belt(340.0))), 0.0, UPRIGHT, HIPS)
    assert (len(ids), corners.shape) == (0, (0, 4, 2))


def test_order_of_the_tags_does_not_matter() -> None:
    ids, corners = belt(340.0)
    one = Wearer(NAN).sort(marks(ids, corners), 0.0, UPRIGHT, HIPS)
    other = Wearer(NAN).sort(marks(ids[::-1], corners[::-1]), 0.0, UPRIGHT, HIPS)
    np.testing.assert_array_equal(one[0], other[0])
    np.testing.assert_array_equal(one[1], other[1])


def test_of_two_tags_with_one_id_the_nearer_stays() -> None:
    ids, corners = belt(340.0)
    twice = marks([*ids, 1], [*corners, square(480.0, 600.0)])
    found, places = Wearer(NAN).sort(twice, 0.0, UPRIGHT, HIPS)
    assert found.tolist() == [0, 1, 2]
    assert places[:, :, 0].max() < 410.0
