"""Roll, azimuth and scale from straight lines, on frames of which everything is known."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from station.calibrate.deck import Deck, Ruler, deck_of
from station.calibrate.lines import ImageLine, find_lines, ordered, traced
from station.calibrate.orientation import DISAGREE, NO_LINES, Known, place_of
from tests.made_deck import DISTANCE_M, FOCAL_PX, LENGTH_M, SIZE, WIDTH_M, Drawn, drawn

RULER = Ruler(LENGTH_M, WIDTH_M, DISTANCE_M, True)


def reported(picture: Drawn, known: Known | None = None, ruler: Ruler = RULER) -> Deck:
    return deck_of(picture.grey, find_lines(picture.grey), known or Known(), ruler)


@pytest.mark.parametrize(("roll_deg", "azimuth_deg"), [(0.0, 0.0), (3.0, 0.0), (-4.0, 5.0), (2.0, -10.0), (0.0, 12.0)])
def test_a_deck_before_doors_tells_roll_azimuth_and_scale(roll_deg: float, azimuth_deg: float) -> None:
    picture = drawn(roll_deg, azimuth_deg)
    deck = reported(picture)
    assert deck.place.roll.measured
    assert deck.place.roll.value == pytest.approx(roll_deg, abs=0.3)
    assert deck.place.azimuth.value == pytest.approx(azimuth_deg, abs=1.5)
    assert deck.px_per_m.measured
    assert deck.px_per_m.value == pytest.approx(picture.scale, rel=0.015)
    assert deck.px_per_m.low < picture.scale < deck.px_per_m.high
    assert deck.focal.value == pytest.approx(FOCAL_PX, rel=0.03)
    assert deck.edge is not None
    ends = [[deck.edge.x0, deck.edge.y0], [deck.edge.x1, deck.edge.y1]]
    np.testing.assert_allclose(ends, picture.edge_px, atol=5)


def test_without_a_plumb_line_the_deck_alone_tells_the_roll_roughly() -> None:
    deck = reported(drawn(roll_deg=2.0, doors=False))
    assert deck.place.plumb == ()
    assert deck.place.roll.value == pytest.approx(2.0, abs=0.5)
    assert deck.place.roll.high - deck.place.roll.low > reported(drawn(roll_deg=2.0)).place.roll.high * 0.2


def test_the_runner_is_farther_away_than_the_edge() -> None:
    """Taking the near edge's scale for the runner's would be 13 % too large here."""
    picture = drawn()
    edge_scale = float(np.ptp(picture.edge_px[:, 0])) / LENGTH_M
    assert edge_scale / picture.scale == pytest.approx(1.136, abs=0.01)
    assert reported(picture).px_per_m.value / picture.scale == pytest.approx(1.0, abs=0.01)


def test_a_guessed_distance_widens_the_interval_and_tells_no_lens() -> None:
    sure, guessed = reported(drawn()), reported(drawn(), ruler=Ruler(LENGTH_M, WIDTH_M, DISTANCE_M, False))
    assert guessed.px_per_m.high - guessed.px_per_m.low > 1.5 * (sure.px_per_m.high - sure.px_per_m.low)
    assert not guessed.focal.measured


def test_a_known_lens_needs_no_distance_and_notices_a_wrong_length() -> None:
    picture = drawn()
    deck = reported(picture, Known(focal_px=FOCAL_PX), Ruler(LENGTH_M, WIDTH_M, 2.4, False))
    assert deck.px_per_m.value == pytest.approx(picture.scale, rel=0.015)
    assert deck.distance_m == pytest.approx(DISTANCE_M, rel=0.02)
    wrong = reported(picture, Known(focal_px=FOCAL_PX), Ruler(1.2 * LENGTH_M, WIDTH_M, DISTANCE_M, True))
    assert wrong.distance_m == pytest.approx(1.2 * DISTANCE_M, rel=0.05)


def test_lens_and_distance_are_enough_where_no_length_was_reported() -> None:
    deck = reported(drawn(), Known(focal_px=FOCAL_PX), Ruler(None, WIDTH_M, DISTANCE_M, True))
    assert deck.by_lens
    assert deck.px_per_m.value == pytest.approx(FOCAL_PX / DISTANCE_M)
    assert deck.reach is not None
    whole = reported(drawn()).reach
    assert whole is not None
    np.testing.assert_allclose([deck.reach[1], deck.reach[3]], [whole[1], whole[3]], atol=0.03)


def test_points_that_a_person_names_win() -> None:
    picture = drawn(azimuth_deg=5.0)
    (x0, y0), (x1, y1) = picture.edge_px
    third = ordered(x0, y0, x0 + (x1 - x0) / 2, y0 + (y1 - y0) / 2)
    deck = reported(picture, Known(deck=third), Ruler(LENGTH_M / 2, WIDTH_M, DISTANCE_M, True))
    assert deck.given
    assert deck.edge == third
    assert deck.px_per_m.value == pytest.approx(picture.scale, rel=0.04)
    assert deck.zone is not None
    assert (deck.zone[0], deck.zone[2]) == (0.0, 1.0), "a rule laid on the deck says nothing of the deck's ends"
    plumb = ordered(640.0, 100.0, 640.0 - 300 * np.tan(np.radians(3.0)), 400.0)
    assert place_of([], *SIZE, Known(plumb=plumb)).roll.value == pytest.approx(3.0, abs=0.2)


def test_the_zone_is_where_a_tall_runner_can_be() -> None:
    zone = reported(drawn()).zone
    assert zone is not None
    left, top, right, bottom = zone
    half = (LENGTH_M * 1.1) / 2 * FOCAL_PX / DISTANCE_M / SIZE[0]
    assert (left, right) == (pytest.approx(0.5 - half, abs=0.02), pytest.approx(0.5 + half, abs=0.02))
    assert top == 0.0, "at 3 m this lens cuts a tall runner's head off: the zone ends at the frame's border"
    assert 0.8 < bottom < 1.0


@pytest.mark.parametrize("level", [0, 128, 255])
def test_an_empty_picture_tells_nothing(level: int) -> None:
    grey = np.full((480, 640), level, np.uint8)
    deck = deck_of(grey, find_lines(grey), Known(), RULER)
    assert deck.place.roll.reason == NO_LINES
    assert not deck.px_per_m.measured
    assert deck.zone is None


def test_a_deck_cut_off_by_the_picture_has_no_length() -> None:
    whole = drawn()
    cut = np.ascontiguousarray(whole.grey[:, 400:])
    deck = deck_of(cut, find_lines(cut), Known(), RULER)
    assert deck.edge is not None
    assert "ends are not in the frame" in deck.px_per_m.reason


def test_a_deck_at_the_lower_border_may_hide_its_near_edge() -> None:
    whole = drawn()
    cut = np.ascontiguousarray(whole.grey[: int(whole.edge_px[0, 1]) + 20])
    assert "floor in front" in deck_of(cut, find_lines(cut), Known(), RULER).px_per_m.reason


def test_lines_that_lean_two_ways_are_not_averaged() -> None:
    left = [ordered(x, 50.0, x - 300 * np.tan(np.radians(2.5)), 350.0) for x in (150.0, 300.0, 450.0, 600.0)]
    right = [ordered(x, 50.0, x - 300 * np.tan(np.radians(-2.5)), 350.0) for x in (700.0, 850.0, 1000.0, 1150.0, 220.0, 380.0)]
    place = place_of([*left, *right], 1280, 720)
    assert place.roll.reason.startswith(DISAGREE)


def test_bars_that_lean_in_one_place_do_not_outvote_doors_everywhere() -> None:
    doors = [ordered(x, 100.0, x, 400.0) for x in (100.0, 350.0, 700.0, 1000.0, 1200.0)]
    bars = [ordered(x, 200.0, x + 60.0, 620.0) for x in (900.0, 908.0, 916.0, 924.0, 932.0, 940.0)]
    place = place_of([*doors, *bars], 1280, 720)
    assert place.roll.measured
    assert place.roll.value == pytest.approx(0.0, abs=0.2)


def test_an_edge_is_followed_across_what_stands_before_it_to_its_ends() -> None:
    grey = np.full((400, 800), 160, np.uint8)
    cv2.fillConvexPoly(grey, np.array([[100, 200], [700, 220], [700, 300], [100, 300]], np.int32), 40)
    grey[150:300, 380:388] = 90  # a post, narrower than what may be hidden
    line = traced(grey, ImageLine(450.0, 211.7, 650.0, 218.3))
    np.testing.assert_allclose([line.x0, line.y0, line.x1, line.y1], [100, 200, 700, 220], atol=3)


def test_the_longest_line_comes_first_and_the_faint_are_left_out() -> None:
    grey = np.full((400, 800), 100, np.uint8)
    grey[100:110, 50:750] = 160
    grey[200:210, 50:350] = 160
    grey[300:310, 50:750] = 103
    lines = find_lines(grey)
    lengths = [line.length_px for line in lines]
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[0] == pytest.approx(700, abs=6)
    assert all(line.middle[1] < 250 for line in lines)
