"""Whether the camera still stands where it stood: corners of the empty scene, found again later.

No frame is kept. ORB (Rublee et al. 2011, doi:10.1109/ICCV.2011.6126544) describes a corner by 256
comparisons of brightness, so that a brighter or darker room reads alike. A few hundred of them are
no picture of the room, and nobody is in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from station.sense.frame_watch import BRIGHTEST_PCT, DARK_LEVEL

Box = tuple[float, float, float, float]  # x0, y0, x1, y1 px of the frame: where somebody is

WORK_PX = 640  # long side of the frame that is described
CORNERS, CORNERS_KEPT = 3000, 512  # looked for; kept
# The strongest of each cell of the frame are kept, so that no corner of the room outvotes the
# others.
CELLS = (8, 8)
BITS = 32  # bytes of an ORB descriptor
FEW = 40  # corners in the present frame: fewer, and it is too dark or too empty to compare
# Corners found again that agree on one movement, at least; share of all that look alike.
MATCHED, MATCHED_SHARE = 14, 0.12
SURE = 25  # so many before "same" is said
CLOSE_BITS = 64  # of 256 that may differ
RATIO = 0.85  # the next best must be that much worse (Lowe 2004)
AGREE_PX = 1.5  # chosen: a corner is found again to about a pixel
# Shift over the long side; turn; change of size.
MOVED_SIDES, MOVED_DEG, MOVED_ZOOM = 0.008, 0.6, 0.015
LARGEST_ZOOM = 1.5  # chosen: a camera that moved farther shows another scene


@dataclass(frozen=True, eq=False)
class Surroundings:
    """Corners of an empty scene: `xy` (N, 2) in long sides of the frame, `bits` (N, 32) uint8."""

    xy: NDArray[np.float32]
    bits: NDArray[np.uint8]


@dataclass(frozen=True)
class Drift:
    """What became of the scene; "unknown": much to see, nothing of it known.

    Of "same" and "moved": `shift_px` (right, down) of the frame's middle, `roll_deg` clockwise and
    `zoom`, as the frame shows.
    """

    state: Literal["same", "moved", "unknown", "cannot_tell"]
    matched: int = 0
    shift_px: tuple[float, float] = (np.nan, np.nan)
    roll_deg: float = np.nan
    zoom: float = np.nan

    @property
    def evidence(self) -> str:
        if self.state in ("same", "moved"):
            right, down = self.shift_px
            shift = f"the frame shifted by {round(right):+d}, {round(down):+d} px"
            return f"{shift} and turned by {self.roll_deg:+.1f} deg ({self.matched} points)"
        return "nothing of the scene is recognised" if self.state == "unknown" else "too little can be seen to compare"


def scene_of(grey: NDArray[np.uint8], people: Box | None = None) -> Surroundings:
    """Describes a grey frame (H, W) to be kept, without the box where somebody is."""
    return _described(grey, people, CORNERS_KEPT)


def _described(grey: NDArray[np.uint8], people: Box | None, count: int) -> Surroundings:
    scale = WORK_PX / max(grey.shape)
    small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    mask = np.full(small.shape, 255, np.uint8)
    if people is not None:
        x0, y0, x1, y1 = (round(value * scale) for value in people)
        mask[max(y0, 0) : max(y1, 0), max(x0, 0) : max(x1, 0)] = 0
    even = cv2.createCLAHE(clipLimit=3.0, tileGridSize=(8, 8)).apply(cv2.GaussianBlur(small, (0, 0), 0.7))
    finder = cv2.ORB.create(CORNERS, fastThreshold=8, nlevels=4)
    corners, bits = finder.compute(even, _spread(finder.detect(even, mask), small.shape, count))
    if bits is None:
        return Surroundings(np.zeros((0, 2), np.float32), np.zeros((0, BITS), np.uint8))
    xy = np.array([corner.pt for corner in corners]) / WORK_PX
    return Surroundings(xy.astype(np.float32), np.asarray(bits, np.uint8))


def _spread(corners: Sequence[cv2.KeyPoint], shape: tuple[int, ...], count: int) -> list[cv2.KeyPoint]:
    """The strongest of each cell of the frame, about `count` in all."""
    kept: dict[tuple[int, int], list[cv2.KeyPoint]] = {}
    for corner in sorted(corners, key=lambda one: -one.response):
        cell = int(corner.pt[0] / shape[1] * CELLS[0]), int(corner.pt[1] / shape[0] * CELLS[1])
        mine = kept.setdefault(cell, [])
        if len(mine) < count // (CELLS[0] * CELLS[1]):
            mine.append(corner)
    return [corner for mine in kept.values() for corner in mine]


def drift_of(then: Surroundings, grey: NDArray[np.uint8], people: Box | None = None) -> Drift:
    """How a grey frame (H, W) differs from the one described then, people left out."""
    height_px, width_px = grey.shape
    if np.percentile(grey[::4, ::4], BRIGHTEST_PCT) < DARK_LEVEL:
        return Drift("cannot_tell")
    now = _described(grey, people, CORNERS)
    if len(now.xy) < FEW or len(then.xy) < FEW:
        return Drift("cannot_tell")
    pairs = cv2.BFMatcher(cv2.NORM_HAMMING).knnMatch(then.bits, now.bits, k=2)
    good = [a for a, b in pairs if a.distance < CLOSE_BITS and a.distance < RATIO * b.distance]
    if len(good) < MATCHED:
        return Drift("unknown", len(good))
    side = max(width_px, height_px)
    before = np.array([then.xy[one.queryIdx] for one in good]) * side
    after = np.array([now.xy[one.trainIdx] for one in good]) * side
    cv2.setRNGSeed(0)
    limit_px = AGREE_PX * max(1.0, side / WORK_PX)
    change, agreeing = cv2.estimateAffinePartial2D(before, after, method=cv2.RANSAC, ransacReprojThreshold=limit_px)
    matched = 0 if agreeing is None else int(agreeing.sum())
    zoom = 0.0 if change is None else float(np.hypot(change[0, 0], change[1, 0]))
    if matched < max(MATCHED, MATCHED_SHARE * len(good)) or not 1 / LARGEST_ZOOM < zoom < LARGEST_ZOOM:
        return Drift("unknown", matched)
    middle = np.array([width_px / 2, height_px / 2])
    shift = change[:, :2] @ middle + change[:, 2] - middle
    roll_deg = float(np.degrees(np.arctan2(change[1, 0], change[0, 0])))
    moved = np.hypot(*shift) > MOVED_SIDES * side or abs(roll_deg) > MOVED_DEG or abs(zoom - 1) > MOVED_ZOOM
    if not moved and matched < SURE:
        return Drift("cannot_tell", matched)
    return Drift("moved" if moved else "same", matched, (float(shift[0]), float(shift[1])), roll_deg, zoom)
