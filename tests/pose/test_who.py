"""Which person: the lock over little stories. Distances: one side of an actor's square is 600 px,
0.47 of the frame.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from station.pose.estimator import FILM_AT_ONCE

from . import scene
from .scene import WIDTH, Actor, watch, watch_at

BELT = (0.3, 0.0, 0.7, 1.0)


@pytest.fixture(params=[1, FILM_AT_ONCE], ids=["live", "film"], scope="module", autouse=True)
def at_once(request):
    """Every story twice: as the running station sees it, and as the analysis of a film."""
    scene.at_once = request.param
    yield
    scene.at_once = 1


def stands(x: float):
    return lambda t_s: x


def bobs(x: float):
    """A runner: stays within a few centimetres, up and down the belt within half a metre."""
    return lambda t_s: x + 0.05 * math.sin(0.7 * t_s) + 0.01 * math.sin(17 * t_s)


def crosses(start_s: float, from_x: float = -0.2, speed: float = 0.28):
    """Walks through the frame at 1.4 m/s (0.6 sides a second)."""

    def x(t_s: float) -> float | None:
        place = from_x + speed * (t_s - start_s)
        return place if t_s >= start_s and -0.2 <= place <= 1.2 else None

    return x


@pytest.mark.parametrize("fps", [8, 30, 60])
def test_runner_is_followed_from_the_second_look_on(fps):
    seen = watch([Actor(bobs(0.5))], 6, fps)
    assert np.isnan(seen.during(0, 0.25)).all()
    assert seen.during(0.6, 6) == pytest.approx(0.5, abs=0.061)
    assert len(seen.finds) <= 4


def test_the_large_and_central_person_is_chosen():
    near_the_edge, central = Actor(stands(0.9), 650), Actor(stands(0.5), 600)
    assert watch([near_the_edge, central], 3).x[-1] == pytest.approx(0.5)
    far_away, large = Actor(stands(0.5), 250), Actor(stands(0.7), 600)
    assert watch([far_away, large], 3).x[-1] == pytest.approx(0.7)


def test_somebody_in_the_background_is_nobody():
    assert np.isnan(watch([Actor(stands(0.5), 0.29 * 720)], 4).x).all()
    assert not np.isnan(watch([Actor(stands(0.5), 0.31 * 720)], 4).x).all()


def test_who_does_not_stay_is_not_locked():
    glimpse = Actor(lambda t_s: 0.5 if t_s < 0.3 else None)
    assert np.isnan(watch([glimpse], 3, stay_s=0.5).x).all()
    walker = Actor(crosses(0))
    assert np.isnan(watch([walker], 6, stay_s=1.5).x).all()


@pytest.mark.parametrize("fps", [8, 30, 60])
@pytest.mark.parametrize("behind", [True, False])
def test_passer_by_never_takes_over(fps, behind):
    """Behind the runner nobody sees them; in front, the landmarks may go along with them until they
    are clearly elsewhere.
    """
    seen = watch([Actor(bobs(0.5)), Actor(crosses(5), 650, in_front=not behind)], 14, fps)
    assert seen.during(1, 7) == pytest.approx(0.5, abs=0.08)
    assert seen.during(9, 14) == pytest.approx(0.5, abs=0.061)
    taken = np.abs(seen.during(7, 9) - 0.5) > 0.061
    assert not taken.any() if behind else taken.mean() < 0.4


def test_passer_by_does_not_take_over_an_unsettled_runner_either():
    seen = watch([Actor(stands(0.5)), Actor(crosses(1))], 8)
    assert seen.during(1, 8) == pytest.approx(0.5)


def test_large_person_right_in_front_is_sat_out():
    """Much nearer to the camera, so another size: those frames are thrown away and the runner is
    found again behind.
    """
    visitor = Actor(lambda t_s: 0.5 if 4 <= t_s < 5.5 else None, 1100, in_front=True)
    seen = watch([Actor(stands(0.5)), visitor], 9)
    assert np.isnan(seen.during(4, 5.5)).mean() > 0.9
    assert seen.during(5.8, 9) == pytest.approx(0.5)


def test_landmarks_that_jump_to_a_neighbour_are_thrown_away():
    neighbour = Actor(lambda t_s: 0.65 if 4 <= t_s < 4.3 else None, 600, in_front=True, reach=0.45)
    seen = watch([Actor(stands(0.5)), neighbour], 7)
    assert np.isnan(seen.during(4, 4.3)).all()
    assert seen.during(4.3, 7) == pytest.approx(0.5)


def test_runner_who_drifts_along_the_belt_is_followed_without_searching():
    drifting = Actor(lambda t_s: 0.4 + 0.2 * t_s / 40 + 0.002 * math.sin(17 * t_s))
    seen = watch([drifting], 40)
    assert seen.during(1, 40) == pytest.approx(0.4 + 0.2 * seen.t_s[seen.t_s >= 1] / 40, abs=0.003)
    assert len(seen.finds) <= 5


def test_lock_is_dropped_when_the_runner_steps_off():
    steps_off = Actor(lambda t_s: 0.5 if t_s < 5 else min(0.5 + 0.28 * (t_s - 5), 0.85))
    seen = watch([steps_off], 12, zone=BELT)
    assert seen.during(1, 5) == pytest.approx(0.5)
    assert np.isnan(seen.during(6, 12)).all()


def test_lock_is_dropped_when_somebody_walks_away_into_the_background():
    seen = watch([Actor(stands(0.5), 600, shrinks_px_s=60)], 9)
    # Down to 180 px, a quarter of the frame's height.
    assert seen.during(0.6, 7) == pytest.approx(0.5)
    assert np.isnan(seen.during(7.6, 9)).all()


def test_bystander_outside_the_zone_is_never_looked_at():
    seen = watch([Actor(stands(0.85), 700), Actor(lambda t_s: bobs(0.5)(t_s) if t_s > 4 else None)], 8, zone=BELT)
    assert np.isnan(seen.during(0, 4)).all()
    assert seen.during(5, 8) == pytest.approx(0.5, abs=0.061)


def test_runner_lost_for_a_moment_is_found_again_and_nobody_else_meanwhile():
    hidden = Actor(lambda t_s: None if 4 <= t_s < 5 else 0.4)
    seen = watch([hidden, Actor(stands(0.85))], 8)
    assert np.isnan(seen.during(4, 5)).all()
    assert seen.during(5.3, 8) == pytest.approx(0.4)


def test_next_runner_is_taken_after_the_last_one_left():
    first, second = Actor(lambda t_s: 0.4 if t_s < 4 else None), Actor(lambda t_s: 0.8 if t_s > 5 else None)
    assert watch([first, second], 9).during(7, 9) == pytest.approx(0.8)


def test_walk_across_the_picture_is_followed_to_its_end():
    seen = watch([Actor(crosses(0, from_x=0.05))], 3.3)
    assert seen.during(0.3, 3.3) == pytest.approx(crosses_at(seen.t_s[seen.t_s >= 0.3]))
    assert len(seen.finds) <= 2


def crosses_at(t_s):
    return 0.05 + 0.28 * t_s


@pytest.mark.parametrize("fps", [5, 30, 120])
def test_empty_belt_is_searched_at_a_bounded_rate(fps):
    seen = watch([], 10, fps)
    assert np.isnan(seen.x).all()
    assert 25 <= len(seen.finds) <= 41


def test_clock_that_runs_backwards_starts_afresh():
    times = np.concatenate([np.arange(0, 2, 0.05), np.arange(0, 2, 0.05)])
    seen = watch_at([Actor(stands(0.5))], times)
    assert np.isnan(seen.x[40:44]).all()
    assert seen.x[50:] == pytest.approx(0.5)


def test_pictures_missed_for_seconds_do_not_lose_the_runner():
    times = np.concatenate([np.arange(0, 3, 0.033), np.arange(8, 11, 0.033)])
    seen = watch_at([Actor(stands(0.5))], times)
    assert seen.during(8, 11) == pytest.approx(0.5)


def wanders(places: list[float | None]):
    """At each place for half a second, None = away; from one to the next in a straight line."""

    def x(t_s: float) -> float | None:
        i, part = divmod(2 * t_s, 1)
        here, following = places[int(i) % len(places)], places[int(i + 1) % len(places)]
        return None if here is None or following is None else here + (following - here) * part

    return x


PLACES = st.lists(st.one_of(st.none(), st.floats(-0.2, 1.2)), min_size=1, max_size=12)
ACTORS = st.builds(Actor, PLACES.map(wanders), st.floats(50, 1200), in_front=st.booleans(), reach=st.floats(0, 0.6))


@settings(max_examples=60, deadline=None)
@given(actors=st.lists(ACTORS, max_size=4), fps=st.sampled_from([7, 30]), left=st.floats(0, 0.5), width=st.floats(0.1, 0.5))
def test_whatever_people_do(actors, fps, left, width):
    """What comes out is always somebody in the zone or nobody, and the whole frame is searched at a
    bounded rate.
    """
    seen = watch(actors, 8, fps, zone=(left, 0.0, left + width, 1.0))
    for t_s, x in zip(seen.t_s, seen.x, strict=True):
        if not np.isnan(x):
            assert left - 1e-6 <= x <= left + width + 1e-6
            assert any((body := actor.body(t_s)) and body.x_px / WIDTH == pytest.approx(x, abs=1e-6) for actor in actors)
    assert len(seen.finds) <= 1 + 8 / 0.25 + 8 / 3
