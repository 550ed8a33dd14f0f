"""Where exactly the corners of a tag are: its whole picture is fitted, not its outline.

Blur and threshold shrink an outline, by 0.4 px a side at 20 px, and by how much hangs on lens, light and shirt. In the tag's
picture as a whole there are as many edges from black to white as the other way round, so that a shrink of one shows in the other.
The fit is Gauss-Newton with the derivatives of the drawn tag (S. Baker, I. Matthews: Lucas-Kanade 20 years on, IJCV 56, 2004,
section 3.2): a homography, one term for the bend round the hip, and the light.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from station.pose.tag_code import CORNERS, MODULES, homographies, patterns, to_px

Array = NDArray[np.float64]

SAMPLES = 20  # along each side: a sample a pixel, up to 30 px
OUTSIDE = 0.05  # how far beyond the tag is looked at: the white round it may be 5 mm, 0.2, and blur brings the shirt in
BLUR_PX = 0.65  # of lens and pixel; between 0.5 and 0.9 a side comes out right to 0.15 px
STEPS = 3
MOST_STEP = 0.25  # tag coordinates
MOST_BEND = 0.2


@dataclass(frozen=True)
class Fitted:
    """`corners_px` (N, 4, 2); `explained` (N,): share of the picture's variance that the drawn tag explains, up to 1."""

    corners_px: Array
    explained: Array


def fit(grey: NDArray[np.uint8], ids: NDArray[np.int64], corners_px: Array) -> Fitted:
    """Better corners of tags `ids` (N,) whose corners (N, 4, 2) are known to half a module. Pixel centres are whole numbers."""
    picture = grey.astype(np.float32)
    steps = np.linspace(-1 - OUTSIDE, 1 + OUTSIDE, SAMPLES)
    v, u = (axis.ravel() for axis in np.meshgrid(steps, steps, indexing="ij"))
    bulge = 1 - u * u
    light, motion = _columns(ids, corners_px, steps, u, v, bulge)
    columns = np.concatenate([light, motion], axis=1)
    solver = np.linalg.solve(columns @ columns.transpose(0, 2, 1), columns)
    corners, bend = corners_px, np.zeros(len(ids))
    for _ in range(STEPS):
        homography = homographies(corners)
        place = to_px(homography, np.stack([u + bend[:, None] * bulge, np.broadcast_to(v, (len(ids), len(v)))], axis=2))
        place = place.astype(np.float32)
        seen = cv2.remap(picture, place[..., 0], place[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        solved = (solver @ seen[..., None].astype(np.float64))[..., 0]
        moved = solved[:, light.shape[1] :] / solved[:, 1:2]
        corners = to_px(homography, CORNERS - np.clip(_at_corners(moved), -MOST_STEP, MOST_STEP))
        bend = np.clip(bend - moved[:, 8], -MOST_BEND, MOST_BEND)
    left = seen - (solved[:, None] @ columns)[:, 0]
    return Fitted(corners, 1 - left.var(1) / np.maximum(seen.var(1), 1e-9))


def _columns(ids: NDArray[np.int64], corners_px: Array, steps: Array, u: Array, v: Array, bulge: Array) -> tuple[Array, Array]:
    """What a pixel may follow, each (N, columns, samples): the light, and how the picture changes when the tag moves.

    Light: an offset, the tag (this column's share is the contrast, so that it can be divided by), what a camera's tone curve
    does to blurred edges, and shade along u.
    """
    tag, along_u, along_v = _drawn(ids, corners_px, steps)
    light = [np.ones_like(tag), tag, tag * (1 - tag), np.broadcast_to(u, tag.shape), tag * u]
    inwards = along_u * u + along_v * v
    motion = [along_u, along_u * u, along_u * v, along_v, along_v * u, along_v * v, inwards * u, inwards * v, along_u * bulge]
    return np.stack(light, axis=1), np.stack(motion, axis=1)


def _at_corners(moved: Array) -> Array:
    """(N, 4, 2) by how much the fitted motion shifts the corners, in tag coordinates. The bend leaves them where they are."""
    u, v = CORNERS[:, 0], CORNERS[:, 1]
    part = moved[:, :, None]
    inwards = part[:, 6] * u + part[:, 7] * v
    along_u = part[:, 0] + part[:, 1] * u + part[:, 2] * v + inwards * u
    along_v = part[:, 3] + part[:, 4] * u + part[:, 5] * v + inwards * v
    return np.stack([along_u, along_v], axis=2)


def _drawn(ids: NDArray[np.int64], corners_px: Array, steps: Array) -> tuple[Array, Array, Array]:
    """The blurred tags at steps x steps, 0 black to 1 white, and their derivatives along u and v; each (N, samples)."""
    white_round_it = np.pad(patterns()[ids], ((0, 0), (1, 1), (1, 1)), constant_values=1.0)
    diagonals = corners_px[:, 2:] - corners_px[:, :2]
    area = np.abs(diagonals[:, 0, 0] * diagonals[:, 1, 1] - diagonals[:, 0, 1] * diagonals[:, 1, 0]) / 2
    sides = np.linalg.norm(corners_px - np.roll(corners_px, -1, axis=1), axis=2)
    weights_u, slopes_u = _blurred(steps, BLUR_PX * (sides[:, 1] + sides[:, 3]) / area)
    weights_v, slopes_v = _blurred(steps, BLUR_PX * (sides[:, 0] + sides[:, 2]) / area)
    rows = weights_v @ white_round_it
    shape = (len(ids), len(steps) ** 2)
    return (
        (rows @ weights_u.transpose(0, 2, 1)).reshape(shape),
        (rows @ slopes_u.transpose(0, 2, 1)).reshape(shape),
        (slopes_v @ white_round_it @ weights_u.transpose(0, 2, 1)).reshape(shape),
    )


def _blurred(steps: Array, sigma: Array) -> tuple[Array, Array]:
    """Weight of each module, the white ring's included, at each step, and its slope: (N, steps, MODULES + 2). `sigma` (N,)."""
    borders = np.linspace(-1, 1, MODULES + 1)
    away = (steps[None, :, None] - borders) / sigma[:, None, None]
    passed = np.ones((len(sigma), len(steps), MODULES + 3))
    passed[..., 1:-1] = 1 / (1 + np.exp(-1.702 * away))  # a logistic curve is within 0.01 of the normal distribution's
    passed[..., -1] = 0
    slope = np.zeros_like(passed)
    slope[..., 1:-1] = 1.702 * passed[..., 1:-1] * (1 - passed[..., 1:-1]) / sigma[:, None, None]
    return passed[..., :-1] - passed[..., 1:], slope[..., :-1] - slope[..., 1:]
