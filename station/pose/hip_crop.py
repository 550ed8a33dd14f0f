"""Where the crop round the hips lies that the pelvis model looks at: from landmarks alone, and the
same in training.

The crop is a square, `WIDTH_M` wide at the runner's own scale, centred on mid-hip (the middle of
the two hip landmarks), and not turned: the frame's up is up. What faces left is mirrored, so that
everybody in a crop faces right.

Scale: a person's stature is unknown, so a metre is what the trunk says: mid-hip to mid-shoulder is
taken as `TRUNK_M` for everybody. The trunk is seen at nearly its full length from every azimuth and
hardly changes over a stride; take the median over the last seconds. Both the centre's and the
scale's errors, and how hip landmarks follow the thighs, are part of training.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

WIDTH_M = 0.85
"""Side of the crop; chosen: waist to mid-thigh, with the forearms."""
TRUNK_M = 0.50
"""Mid-hip to mid-shoulder joint; the mean of the bodies in training is 0.50 (their SD is 0.03)."""
SIZE_PX = 112
"""Side of the crop as the pelvis model takes it."""


def trunk_px(hips_px: NDArray, shoulders_px: NDArray) -> NDArray[np.float64]:
    """Mid-hip to mid-shoulder in pixels (...,); both (..., 2 sides, 2)."""
    return np.linalg.norm(np.mean(shoulders_px, axis=-2) - np.mean(hips_px, axis=-2), axis=-1)


def px_per_m(trunk: NDArray | float) -> NDArray[np.float64]:
    """Frame pixels per metre of the runner, from the (median) length of the trunk in pixels."""
    return np.asarray(trunk, np.float64) / TRUNK_M


def hip_crop(centre_px: NDArray, scale_px_per_m: float, *, mirrored: bool, size_px: int = SIZE_PX,
             width_m: float = WIDTH_M, roll_rad: float = 0.0) -> NDArray[np.float64]:
    """(3, 3): takes frame pixels (x, y, 1) to crop pixels, corners to corners (the first pixel's
    middle is 0.5, 0.5).

    `centre_px` (2,) is mid-hip. `mirrored` is for a runner who faces left. `roll_rad` turns the
    crop clockwise; the station leaves it at 0.
    """
    zoom = size_px / (width_m * scale_px_per_m)
    cos, sin = zoom * np.cos(roll_rad), zoom * np.sin(roll_rad)
    across = -1.0 if mirrored else 1.0
    x, y = np.asarray(centre_px, np.float64)
    turn = np.array([[across * cos, across * sin], [-sin, cos]])
    shift = size_px / 2 - turn @ [x, y]
    return np.array([[*turn[0], shift[0]], [*turn[1], shift[1]], [0.0, 0.0, 1.0]])


def cut(picture: NDArray[np.uint8], to_crop: NDArray, size_px: int = SIZE_PX) -> NDArray[np.uint8]:
    """The crop (size, size, 3) uint8 of a frame (H, W, 3). Beyond the frame's edge its last pixels
    are repeated.

    A crop that is more than twice as fine in the frame is first averaged down, so that no detail
    turns into noise.
    """
    # cv2 counts from the middle of the first pixel
    middle = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1.0]])
    step = int(1 / np.sqrt(abs(np.linalg.det(to_crop[:2, :2]))))
    if step >= 2:
        picture, to_crop = _coarser(picture, to_crop, size_px, step)
    warp = np.linalg.inv(middle) @ to_crop @ middle
    return cv2.warpAffine(picture, warp[:2], (size_px, size_px), flags=cv2.INTER_LINEAR,  # type: ignore[return-value]
                          borderMode=cv2.BORDER_REPLICATE)


def _coarser(picture: NDArray[np.uint8], to_crop: NDArray, size_px: int, step: int) -> tuple[NDArray[np.uint8], NDArray]:
    """The part of the frame in the crop, averaged `step` x `step`, and the crop's matrix for it."""
    corners = np.array([[0, 0, 1], [size_px, 0, 1], [0, size_px, 1], [size_px, size_px, 1]], float)
    at = (corners @ np.linalg.inv(to_crop).T)[:, :2]
    height, width = picture.shape[:2]
    low = np.clip(np.floor(at.min(axis=0)).astype(int) - step, 0, [max(width - step, 0), max(height - step, 0)])
    high = np.clip(np.ceil(at.max(axis=0)).astype(int) + step, low + step, [max(width, step), max(height, step)])
    count = np.maximum((high - low) // step, 1)
    part = picture[low[1] : low[1] + count[1] * step, low[0] : low[0] + count[0] * step]
    small = cv2.resize(part, tuple(int(n) for n in count), interpolation=cv2.INTER_AREA)
    back = np.array([[step, 0, low[0]], [0, step, low[1]], [0, 0, 1]], float)
    return small, to_crop @ back  # type: ignore[return-value]
