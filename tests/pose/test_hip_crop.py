"""Where the crop round the hips lies, and what the cut shows."""

from __future__ import annotations

import numpy as np
import pytest

from station.pose.hip_crop import SIZE_PX, TRUNK_M, WIDTH_M, cut, hip_crop, px_per_m, trunk_px


def mapped(matrix: np.ndarray, x: float, y: float) -> np.ndarray:
    return (matrix @ [x, y, 1.0])[:2]


def test_the_trunk_is_the_scale() -> None:
    hips, shoulders = np.array([[100.0, 200.0], [110.0, 200.0]]), np.array([[100.0, 100.0], [110.0, 100.0]])
    assert trunk_px(hips, shoulders) == pytest.approx(100.0)
    assert px_per_m(100.0) == pytest.approx(100.0 / TRUNK_M)


def test_mid_hip_is_the_middle_and_the_width_is_in_metres() -> None:
    matrix = hip_crop(np.array([300.0, 400.0]), 200.0, mirrored=False)
    assert mapped(matrix, 300, 400) == pytest.approx([SIZE_PX / 2] * 2)
    assert mapped(matrix, 300 + 100 * WIDTH_M, 400) == pytest.approx([SIZE_PX, SIZE_PX / 2])
    assert mapped(matrix, 300, 400 + 100 * WIDTH_M) == pytest.approx([SIZE_PX / 2, SIZE_PX])


def test_who_faces_left_is_mirrored() -> None:
    matrix = hip_crop(np.array([300.0, 400.0]), 200.0, mirrored=True)
    assert mapped(matrix, 300 - 100 * WIDTH_M, 400) == pytest.approx([SIZE_PX, SIZE_PX / 2])


def test_roll_turns_the_crop_clockwise_for_both_directions() -> None:
    for mirrored in (False, True):
        above = mapped(hip_crop(np.zeros(2), 100.0, mirrored=mirrored, roll_rad=0.1), 0, -10) - SIZE_PX / 2
        assert np.linalg.norm(above) == pytest.approx(10 * SIZE_PX / WIDTH_M / 100)


@pytest.mark.parametrize("fine", [1, 3, 8])
@pytest.mark.parametrize("mirrored", [False, True])
def test_a_cut_shows_the_same_place_at_any_resolution(fine: int, mirrored: bool) -> None:
    y, x = np.mgrid[: 300 * fine, : 400 * fine] / fine
    picture = np.round(np.stack([x / 2, y / 2, 0 * x], axis=-1)).astype(np.uint8)
    got = cut(picture, hip_crop(np.array([200.0, 150.0]) * fine, 150.0 * fine, mirrored=mirrored))
    side = 150.0 * WIDTH_M / SIZE_PX
    across = (np.arange(SIZE_PX) + 0.5 - SIZE_PX / 2) * side
    assert abs(got[:, :, 0].mean(axis=0) - (200 + (-across if mirrored else across)) / 2).max() < 1.2
    assert abs(got[:, :, 1].mean(axis=1) - (150 + across) / 2).max() < 1.2


def test_beyond_the_edge_the_last_pixels_are_repeated() -> None:
    picture = np.full((60, 80, 3), 90, np.uint8)
    picture[:, -1] = 200
    for fine in (1, 6):
        big = np.repeat(np.repeat(picture, fine, 0), fine, 1)
        got = cut(big, hip_crop(np.array([85.0, 30.0]) * fine, 100.0 * fine, mirrored=False))
        assert (got[:, -20:] == 200).all()


def test_a_crop_wholly_outside_is_still_a_crop() -> None:
    picture = np.zeros((60, 80, 3), np.uint8)
    for centre in ([-900.0, 30.0], [5000.0, 9000.0]):
        for scale in (3.0, 100.0, 900.0):
            assert cut(picture, hip_crop(np.array(centre), scale, mirrored=False)).shape == (SIZE_PX, SIZE_PX, 3)
