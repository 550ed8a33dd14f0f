"""Where exactly the corners of a tag are: its whole image is fitted, not its outline.

Blur and threshold shrink an outline, by 0.4 px a side at 20 px, and by how much hangs on lens,
light and shirt. In the tag's image as a whole there are as many edges from black to white as the
other way round, so that a shrink of one shows in the other. The fit is Gauss-Newton with the
derivatives of the drawn tag (S. Baker, I. Matthews: Lucas-Kanade 20 years on, IJCV 56, 2004,
section 3.2): a homography, one term for the bend round the hip, and the light.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from station.pose.tag_code import CORNERS, MODULES, homographies, patterns, to_px

Array = NDArray[np.float64]

SAMPLES = 20  # along each side: a sample a pixel at 20 px
# How far beyond the tag is looked at: the white round it may be 5 mm, 0.2, and blur brings the
# shirt in.
OUTSIDE = 0.05
BLUR_PX = 0.65  # of lens and pixel, to begin with
STEPS = 3  # chosen: the fit has settled by then
LOGISTIC = 1.702  # a logistic curve this steep is within 0.01 of the normal distribution's
MOST_STEP = 0.25  # tag coordinates
MOST_BEND = 0.2  # tag coordinates (chosen)


@dataclass(frozen=True)
class Fitted:
    """`corners_px` (N, 4, 2); `explained` (N,): share of what a smooth image leaves that the drawn
    tag explains, up to 1.

    `blur_px` (N,): standard deviation of the blur of lens, motion and pixel together; good to a
    fifth.
    """

    corners_px: Array
    explained: Array
    blur_px: Array


def fit(grey: NDArray[np.uint8], ids: NDArray[np.int64], corners_px: Array) -> Fitted:
    """Better corners of tags `ids` (N,) whose corners (N, 4, 2) are known to half a module. Pixel
    centres are whole numbers.
    """
    picture = grey.astype(np.float32)
    grid = _grid()
    columns, lights = _columns(ids, corners_px, grid)
    inverse = np.linalg.inv((columns @ columns.transpose(0, 2, 1)).astype(np.float64))
    corners, bend = corners_px, np.zeros(len(ids))
    for _ in range(STEPS):
        homography = homographies(corners)
        place = to_px(homography, grid.u + bend[:, None] * grid.bulge, grid.v).astype(np.float32)
        seen = cv2.remap(picture, place[..., 0], place[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        solved = (inverse @ (columns @ seen[..., None]))[..., 0]
        along_u, along_v = _at_corners(solved[:, lights:] / solved[:, 1:2])
        corners = to_px(homography, CORNERS[:, 0] - along_u, CORNERS[:, 1] - along_v)
        bend = np.clip(bend - solved[:, -1] / solved[:, 1], -MOST_BEND, MOST_BEND)
    left = seen - (solved[:, None] @ columns)[:, 0]
    rough = seen - seen @ grid.smooth @ grid.smooth.T
    blur_px = BLUR_PX * np.exp(np.clip(solved[:, 2] / solved[:, 1], -1, 1.5))
    return Fitted(corners, 1 - left.var(1) / np.maximum(rough.var(1), 1e-9), blur_px)


@dataclass(frozen=True)
class _Grid:
    """Where a tag's image is sampled: `steps` along each side, and functions of the samples."""

    steps: Array
    u: Array
    v: Array
    bulge: Array  # how the bend shifts along u
    shadows: Array  # (9, samples) the cubics
    smooth: Array  # (samples, 10) orthonormal: the cubics and a constant


@lru_cache(maxsize=1)
def _grid() -> _Grid:
    steps = np.linspace(-1 - OUTSIDE, 1 + OUTSIDE, SAMPLES)
    v, u = (axis.ravel() for axis in np.meshgrid(steps, steps, indexing="ij"))
    cubics = np.stack([u**i * v**j for i in range(4) for j in range(4 - i)])
    return _Grid(steps, u, v, 1 - u * u, cubics[1:], np.linalg.qr(cubics.T)[0])


def _columns(ids: NDArray[np.int64], corners_px: Array, grid: _Grid) -> tuple[NDArray[np.float32], int]:
    """What a pixel may follow, (N, columns, samples), the light first, then how the image changes
    when the tag moves.

    Light: an offset, the tag (this column's share is the contrast, so that it can be divided by),
    more blur, what a camera's tone curve does to blurred edges, and shadow: on the tag's white it
    may follow any cubic; black stays black.
    """
    u, v = grid.u, grid.v
    tag, along_u, along_v, blurrier = _drawn(ids, corners_px, grid.steps)
    light = [np.ones_like(tag), tag, blurrier, tag * (1 - tag), *(tag * shadow for shadow in grid.shadows)]
    inwards = along_u * u + along_v * v
    motion = [
        along_u,
        along_u * u,
        along_u * v,
        along_v,
        along_v * u,
        along_v * v,
        inwards * u,
        inwards * v,
        along_u * grid.bulge,
    ]
    return np.stack(light + motion, axis=1).astype(np.float32), len(light)


def _at_corners(moved: Array) -> tuple[Array, Array]:
    """Shift of the corners along u and v by the fitted motion, (N, 4) each; a bend gives none."""
    u, v = CORNERS[:, 0], CORNERS[:, 1]
    part = moved[:, :, None]
    inwards = part[:, 6] * u + part[:, 7] * v
    along_u = part[:, 0] + part[:, 1] * u + part[:, 2] * v + inwards * u
    along_v = part[:, 3] + part[:, 4] * u + part[:, 5] * v + inwards * v
    return np.clip(along_u, -MOST_STEP, MOST_STEP), np.clip(along_v, -MOST_STEP, MOST_STEP)


def _drawn(ids: NDArray[np.int64], corners_px: Array, steps: Array) -> tuple[Array, Array, Array, Array]:
    """Blurred tags, steps x steps, 0 black to 1 white; gain along u, v, blur; each (N, samples)."""
    white_round_it = np.pad(patterns()[ids], ((0, 0), (1, 1), (1, 1)), constant_values=1.0)
    diagonals = corners_px[:, 2:] - corners_px[:, :2]
    area = np.abs(diagonals[:, 0, 0] * diagonals[:, 1, 1] - diagonals[:, 0, 1] * diagonals[:, 1, 0]) / 2
    sides = np.linalg.norm(corners_px - np.roll(corners_px, -1, axis=1), axis=2)
    rows, rows_slope, rows_spread = _blurred(steps, BLUR_PX * (sides[:, 0] + sides[:, 2]) / area)
    places, places_slope, places_spread = (
        part.transpose(0, 2, 1) for part in _blurred(steps, BLUR_PX * (sides[:, 1] + sides[:, 3]) / area)
    )
    across = white_round_it @ places
    spread = rows @ white_round_it @ places_spread + rows_spread @ across
    parts = (rows @ across, rows @ white_round_it @ places_slope, rows_slope @ across, spread)
    tag, along_u, along_v, blurrier = (part.reshape(len(ids), -1) for part in parts)
    return tag, along_u, along_v, blurrier


def _blurred(steps: Array, sigma: Array) -> tuple[Array, Array, Array]:
    """Weight of each module, the white ring's included, at each step, its slope there, and its gain
    with log `sigma`.

    Each (N, steps, MODULES + 2); `sigma` (N,) in tag coordinates. The ring goes on for ever.
    """
    away = (steps[None, :, None] - np.linspace(-1, 1, MODULES + 1)) / sigma[:, None, None]
    # Farther out nothing changes any more, but the exponential overflows.
    away = np.clip(away, -30, 30)
    passed = np.ones((len(sigma), len(steps), MODULES + 3))
    passed[..., 1:-1] = 1 / (1 + np.exp(-LOGISTIC * away))
    passed[..., -1] = 0
    slope, spread = np.zeros_like(passed), np.zeros_like(passed)
    slope[..., 1:-1] = LOGISTIC * passed[..., 1:-1] * (1 - passed[..., 1:-1])
    spread[..., 1:-1] = -away * slope[..., 1:-1]
    slope /= sigma[:, None, None]
    weight, slope, spread = (part[..., :-1] - part[..., 1:] for part in (passed, slope, spread))
    return weight, slope, spread
