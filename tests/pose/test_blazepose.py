"""The arithmetic around the networks, on numbers small enough to check by hand."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from station.pose.blazepose import HEATMAP_REACH, refine
from station.pose.detector import anchor_centres, merge, overlap
from station.pose.model import Square


def test_anchors_are_cell_centres_of_three_grids():
    centres = anchor_centres()
    assert centres.shape == (28 * 28 * 2 + 14 * 14 * 2 + 7 * 7 * 6, 2)
    assert centres[0] == pytest.approx([0.5 / 28, 0.5 / 28])
    assert centres[2] == pytest.approx([1.5 / 28, 0.5 / 28])  # two boxes a cell; x runs first
    assert centres[-1] == pytest.approx([6.5 / 7, 6.5 / 7])


def test_overlap_of_boxes():
    box = np.array([[0.0, 0.0], [2.0, 2.0]])
    others = np.array([[[0, 0], [2, 2]], [[1, 0], [3, 2]], [[5, 5], [6, 6]]], float)
    assert overlap(box, others) == pytest.approx([1, 1 / 3, 0])


def test_boxes_of_one_person_are_averaged_by_score_and_others_kept():
    def row(x: float):
        return np.array([[x, 0], [x + 1, 1], [x, 0], [x, -1], [0, 0], [0, 0]], float)

    scores = np.array([0.6, 0.9, 0.8])
    people = merge(scores, np.array([row(0.1), row(0.0), row(7.0)]))
    assert [score for score, _ in people] == [0.9, 0.8]
    assert people[0][1][2, 0] == pytest.approx(0.6 * 0.1 / 1.5)
    assert people[1][1] == pytest.approx(row(7.0))


def test_box_without_size_is_still_one_person():
    assert len(merge(np.array([0.7]), np.zeros((1, 6, 2)))) == 1


def heatmap(count: int, cells: int = 64):
    return np.full((count, cells, cells), -40.0, np.float32)


def test_landmark_moves_to_the_peak_of_its_heatmap():
    logits = heatmap(1)
    logits[0, 22, 33] = logits[0, 22, 34] = 30.0  # row, column
    assert refine(np.array([[32.2 / 64, 20.9 / 64]]), logits) == pytest.approx(np.array([[33.5 / 64, 22 / 64]]))


@pytest.mark.parametrize(
    ("column", "row", "logit"),
    [
        (32 + HEATMAP_REACH + 1, 20, 30.0),  # a peak out of reach
        (33, 20, -0.01),  # below 0.5
    ],
)
def test_landmark_without_a_clear_peak_stays(column, row, logit):
    logits = heatmap(1)
    logits[0, row, column] = logit
    uv = np.array([[32.2 / 64, 20.9 / 64]])
    assert np.array_equal(refine(uv, logits), uv)


def test_landmark_outside_the_square_stays_and_one_at_its_edge_uses_what_there_is():
    logits = heatmap(3)
    logits[:, 0, 0] = 30.0
    uv = np.array([[-0.1, 0.5], [0.001, 0.001], [1.0, 1.0]])
    refined = refine(uv, logits)
    assert np.array_equal(refined[[0, 2]], uv[[0, 2]])
    assert refined[1] == pytest.approx([0, 0])


@given(x=st.floats(-500, 2000), y=st.floats(-500, 2000), side=st.floats(5, 3000), turn=st.floats(-7, 7))
def test_square_is_where_its_body_is(x, y, side, turn):
    """Round trip: centre and head-end rim of a body make the square; the square maps its own middle
    and top to them.
    """
    square = Square(x, y, side, turn)
    body = square.to_frame(np.array([[0.5, 0.5], [0.5, 0.5 - 0.5 / 1.25]]))
    again = Square.around(body, 1.25)
    assert [again.x_px, again.y_px, again.side_px] == pytest.approx([x, y, side], abs=1e-6)
    assert np.cos(again.turn_rad - turn) == pytest.approx(1)


def test_cut_turns_the_body_upright_and_never_mirrors():
    """A lying body, head to the right, with a mark above it in the frame: upright, the mark is to
    the left.
    """
    image = np.zeros((200, 200, 3), np.uint8)
    image[95:105, 160:170] = [255, 0, 0]  # head end
    image[60:70, 95:105] = [0, 255, 0]
    square = Square.around(np.array([[100.0, 100.0], [165.0, 100.0]]), 1.25)
    picture = square.cut(image, 100, cv2.BORDER_REPLICATE).astype(float)
    head, mark = (np.argwhere(picture[..., channel] > 200).mean(axis=0) / 100 for channel in (0, 1))
    assert head == pytest.approx([0.1, 0.5], abs=0.02)  # row, column
    assert mark == pytest.approx([0.5, 0.5 - 35 / 162.5], abs=0.02)


def test_what_is_cut_is_where_to_picture_says():
    image = np.zeros((300, 400, 3), np.uint8)
    image[118:123, 198:203] = 255
    square = Square(180, 140, 200, 0.4)
    picture = square.cut(image, 256, cv2.BORDER_CONSTANT)[..., 0].astype(float)
    rows, columns = np.indices(picture.shape)
    centre = np.array([[(columns * picture).sum(), (rows * picture).sum()]]) / picture.sum() / 256
    assert square.to_frame(centre) == pytest.approx(np.array([[200, 120]]), abs=0.1)
