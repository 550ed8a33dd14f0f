"""The tags of a hip belt: their patterns, and which of them is seen in a quadrilateral.

A tag is 6 x 6 modules, the outer ring black (OpenCV's DICT_4X4_50). Its own coordinates run from -1
to 1, u to the right and v down as printed.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

MODULES = 6  # along a side, the black border with it
IDS = 48  # three belts of 16
CORNERS = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], np.float64)
# A tag bends with the hip: its middle lies nearer to the camera than its edges, and when it is seen
# from one side that shifts the middle along u. So far, in tag coordinates: 0.12 is half a tag's
# width at 60 degrees on a hip of 15 cm radius.
BENDS = (-0.12, 0.0, 0.12)
# A contour runs through the black pixels at the edge, and blur and threshold eat from outside: px
# to the true edge.
OUTWARD_PX = 0.45
PER_MODULE = 2  # samples along each side of a module


@lru_cache(maxsize=1)
def patterns() -> NDArray[np.float64]:
    """(IDS, 6, 6): 1 where a tag is white, 0 where it is black."""
    dictionary = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50)
    return np.stack([cv2.aruco.generateImageMarker(dictionary, number, MODULES) / 255.0 for number in range(IDS)])


@lru_cache(maxsize=1)
def _turned() -> NDArray[np.float64]:
    """(36, 4 IDS) unit vectors without mean: patterns as seen turned left by 0, 90, 180, 270."""
    seen = np.stack([np.rot90(patterns(), turns, (1, 2)) for turns in range(4)], axis=1)
    return _unit(seen.reshape(4 * IDS, -1)).T


def _unit(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows without their mean, of length 1; a flat row stays 0."""
    rows = rows - rows.mean(-1, keepdims=True)
    length = np.linalg.norm(rows, axis=-1, keepdims=True)
    return rows / np.where(length > 0, length, 1.0)


def homographies(corners_px: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, 3, 3) from tag coordinates to pixels, by where the CORNERS lie in the frame (N, 4, 2)."""
    count = len(corners_px)
    ones, zeros = np.ones(4), np.zeros((4, 3))
    plane = np.column_stack([CORNERS, ones])
    equations = np.empty((count, 8, 8))
    equations[:, :4, :6] = np.hstack([plane, zeros])
    equations[:, 4:, :6] = np.hstack([zeros, plane])
    seen = np.concatenate([corners_px[..., 0], corners_px[..., 1]], axis=1)
    equations[:, :, 6:] = -seen[..., None] * np.vstack([CORNERS, CORNERS])
    entries = np.linalg.solve(equations, seen[..., None])[..., 0]
    return np.column_stack([entries, np.ones(count)]).reshape(count, 3, 3)


def to_px(homography: NDArray[np.float64], u: NDArray[np.float64], v: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, P, 2) pixels of tag coordinates `u`, `v`, each (N, P) or (P,)."""
    h = homography[..., None]
    far = h[:, 2, 0] * u + h[:, 2, 1] * v + h[:, 2, 2]
    x = h[:, 0, 0] * u + h[:, 0, 1] * v + h[:, 0, 2]
    y = h[:, 1, 0] * u + h[:, 1, 1] * v + h[:, 1, 2]
    return np.stack([x / far, y / far], axis=2)


def _samples() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """u and v, each (3 * 144,): where the modules are looked at, for the three BENDS."""
    count = MODULES * PER_MODULE
    steps = (2 * np.arange(count) + 1) / count - 1
    v, u = np.meshgrid(steps, steps, indexing="ij")
    return np.concatenate([(u + bend * (1 - u * u)).ravel() for bend in BENDS]), np.tile(v.ravel(), len(BENDS))


def read(
    grey: NDArray[np.uint8], quads_px: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """What quadrilaterals (N, 4, 2) found by a contour search show: ids (N,), corners (N, 4, 2) and
    likeness (N,) in -1..1.

    Each is the likest tag, however unlike; corners begin at the tag's own top left, `quads_px`
    moved out to the true edge. Likeness is the correlation of the 36 modules with the pattern. A
    mirrored tag is like none.
    """
    count = len(quads_px)
    away = quads_px - quads_px.mean(1, keepdims=True)
    quads_px = quads_px + OUTWARD_PX * np.sqrt(2) * away / np.linalg.norm(away, axis=2, keepdims=True)
    place = to_px(homographies(quads_px), *_samples()).astype(np.float32)
    seen = cv2.remap(grey, place[..., 0], place[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    modules = seen.reshape(count, len(BENDS), MODULES, PER_MODULE, MODULES, PER_MODULE).mean((3, 5), dtype=np.float64)
    likeness = (_unit(modules.reshape(count, len(BENDS), -1)) @ _turned()).max(1)
    best = likeness.argmax(1)
    ids, turns = np.divmod(best, 4)
    # Turned left, the tag's top left went to the bottom left, which is the last corner of four.
    order = (np.arange(4)[None] - turns[:, None]) % 4
    return ids, quads_px[np.arange(count)[:, None], order], likeness[np.arange(count), best]
