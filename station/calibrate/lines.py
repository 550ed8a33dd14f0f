"""Long straight lines in a still frame: edges of a treadmill's deck, door frames, plumb lines."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Coordinates = NDArray[np.float64]

WORK_PX = 1280  # long side of the frame that is searched
SHORTEST = 0.03  # of the long side: shorter pieces have no direction worth having
# Pieces of one edge: angle, distance apart, gap between (of the long side)
SAME_DEG, SAME_PX, GAP = 0.8, 2.0, 0.08
# How far to look aside while following an edge; longest piece hidden (of the long side)
TRACE_PX, TRACE_GAP = 3, 0.02
# A detected piece's end across its direction, SD; a guess, bars and people are thicker than that.
END_PX = 0.3
FAINT_LEVEL = 6.0  # of 255, difference of brightness across; a guess: less is the seam of two tiles


@dataclass(frozen=True)
class ImageLine:
    """A straight edge from (x, y) to (x, y), px of the frame: left to right, a steep one downwards.

    `contrast`: difference of brightness across it, of 255. `seen`: the share of its length on which
    an edge was found.
    """

    x0: float
    y0: float
    x1: float
    y1: float
    contrast: float = 255.0
    seen: float = 1.0

    @property
    def length_px(self) -> float:
        return float(np.hypot(self.x1 - self.x0, self.y1 - self.y0))

    @property
    def middle(self) -> tuple[float, float]:
        return (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2

    @property
    def slope_deg(self) -> float:
        """Clockwise against the frame's rows, -90..90."""
        return float(np.degrees(np.arctan2(self.y1 - self.y0, self.x1 - self.x0) + np.pi / 2) % 180 - 90)

    @property
    def tilt_deg(self) -> float:
        """Clockwise against the frame's columns, -90..90: 0 for an upright plumb line."""
        return float((self.slope_deg + 180) % 180 - 90)

    @property
    def tilt_sd_deg(self) -> float:
        """How well its direction is known: two ends END_PX off, a tenth of a degree at least."""
        return float(np.hypot(0.1, np.degrees(np.sqrt(2) * END_PX / max(self.length_px, 1.0))))


def ordered(x0: float, y0: float, x1: float, y1: float, contrast: float = 255.0, seen: float = 1.0) -> ImageLine:
    """A line through two points in any order."""
    steep = abs(y1 - y0) > abs(x1 - x0)
    swap = y1 < y0 if steep else x1 < x0
    return ImageLine(x1, y1, x0, y0, contrast, seen) if swap else ImageLine(x0, y0, x1, y1, contrast, seen)


def find_lines(grey: NDArray[np.uint8]) -> list[ImageLine]:
    """All straight edges of a grey frame (H, W), the longest first.

    Pieces come from OpenCV's line segment detector (von Gioi et al. 2012,
    doi:10.5201/ipol.2012.gjmr-lsd) and are joined where something stands in front of an edge.
    """
    height, width = grey.shape
    scale = min(1.0, WORK_PX / max(height, width))
    small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else grey
    long_side = max(small.shape)
    found = cv2.createLineSegmentDetector().detect(small)[0]
    if found is None:
        return []
    pieces = found.reshape(-1, 4).astype(np.float64)
    pieces = pieces[np.hypot(pieces[:, 2] - pieces[:, 0], pieces[:, 3] - pieces[:, 1]) > SHORTEST * long_side]
    smooth = cv2.GaussianBlur(small, (0, 0), 1.0).astype(np.float32)
    lines = [ordered(x0, y0, x1, y1, _contrast(smooth, np.array([x0, y0, x1, y1]))) for x0, y0, x1, y1 in pieces.tolist()]
    joined = _joined([line for line in lines if line.contrast >= FAINT_LEVEL], GAP * long_side)
    back = 1 / scale
    return [ImageLine(one.x0 * back, one.y0 * back, one.x1 * back, one.y1 * back, one.contrast, one.seen) for one in joined]


def traced(grey: NDArray[np.uint8], line: ImageLine) -> ImageLine:
    """The same edge to where it ends: the detector breaks off early, and at steps of pixel rows.

    From its middle on, the edge goes on as long as the brightness changes across it in the same
    direction and by half as much.
    """
    smooth = cv2.GaussianBlur(grey, (0, 0), 1.0).astype(np.float32)
    height, width = grey.shape
    for _ in range(2):
        middle = np.array(line.middle)
        along = np.array([line.x1 - line.x0, line.y1 - line.y0]) / line.length_px
        across = np.array([-along[1], along[0]])
        far = float(np.hypot(height, width))
        t = np.arange(-far, far)
        on = middle + t[:, None] * along
        inside = (on[:, 0] >= 1) & (on[:, 0] <= width - 2) & (on[:, 1] >= 1) & (on[:, 1] <= height - 2)
        t, on = t[inside], on[inside]
        own = np.abs(t) < line.length_px / 2
        if own.sum() < 0.5 * line.length_px:  # it runs along the frame's border
            return line
        at = (on[:, None] + np.arange(-TRACE_PX, TRACE_PX + 1)[:, None] * across).astype(np.float32)
        change = np.diff(cv2.remap(smooth, at[..., 0], at[..., 1], cv2.INTER_LINEAR), axis=1)
        change = change * np.sign(change[own].mean())
        peak, strength = change.argmax(axis=1), change.max(axis=1)
        good = strength > 0.5 * float(np.median(strength[own]))
        keep = good & _run(good, int(np.abs(t).argmin()), round(TRACE_GAP * max(height, width)))
        if keep.sum() < 0.5 * own.sum():
            return line
        points = on[keep] + (peak[keep] - TRACE_PX + 0.5)[:, None] * across
        centre = points.mean(axis=0)
        along = np.linalg.svd(points - centre, full_matrices=False)[2][0]
        reach = (points - centre) @ along
        a, b = centre + reach.min() * along, centre + reach.max() * along
        line = ordered(float(a[0]), float(a[1]), float(b[0]), float(b[1]), line.contrast, float(keep.sum() / np.ptp(reach)))
    return line


def _run(good: NDArray[np.bool_], start: int, gap: int) -> NDArray[np.bool_]:
    """Which samples belong to the stretch around `start` without a hole longer than `gap`."""
    marks = np.flatnonzero(good)
    if not len(marks):
        return good
    breaks = np.flatnonzero(np.diff(marks) > gap)
    groups = np.split(marks, breaks + 1)
    nearest = min(groups, key=lambda group: np.abs(group - start).min())
    run = np.zeros_like(good)
    run[nearest[0] : nearest[-1] + 1] = True
    return run


def _contrast(smooth: NDArray[np.float32], piece: Coordinates) -> float:
    """Median difference of brightness, two pixels to one side and to the other."""
    start, stop = piece[:2], piece[2:]
    along = stop - start
    across = np.array([-along[1], along[0]]) / np.hypot(*along) * 2.0
    at = start + np.linspace(0.1, 0.9, 15)[:, None] * along

    def level(points: Coordinates) -> NDArray[np.float32]:
        x = np.clip(np.rint(points[:, 0]).astype(int), 0, smooth.shape[1] - 1)
        y = np.clip(np.rint(points[:, 1]).astype(int), 0, smooth.shape[0] - 1)
        return smooth[y, x]

    return float(np.median(np.abs(level(at + across) - level(at - across))))


def _joined(lines: list[ImageLine], gap_px: float) -> list[ImageLine]:
    """Pieces of the same edge made one, longest first."""
    rest = sorted(lines, key=lambda line: -line.length_px)
    out: list[ImageLine] = []
    while rest:
        group, grown = [rest.pop(0)], True
        whole = group[0]
        while grown:
            mates = [one for one in rest if _belongs(whole, one, gap_px)]
            grown = bool(mates)
            group += mates
            rest = [one for one in rest if one not in mates]
            whole = _through(group)
        out.append(whole)
    return sorted(out, key=lambda line: -line.length_px)


def _belongs(whole: ImageLine, piece: ImageLine, gap_px: float) -> bool:
    turn = (whole.slope_deg - piece.slope_deg + 90) % 180 - 90
    if abs(turn) > SAME_DEG + piece.tilt_sd_deg:
        return False
    along = np.array([whole.x1 - whole.x0, whole.y1 - whole.y0]) / whole.length_px
    ends = np.array([[piece.x0 - whole.x0, piece.y0 - whole.y0], [piece.x1 - whole.x0, piece.y1 - whole.y0]])
    reach = ends @ along
    off = ends @ np.array([-along[1], along[0]])
    gap = max(reach.min() - whole.length_px, -reach.max())
    return bool(np.abs(off).max() < SAME_PX and gap < gap_px)


def _through(group: list[ImageLine]) -> ImageLine:
    """The line through all ends, weighted by length, from the first end to the last."""
    if len(group) == 1:
        return group[0]
    points = np.array([[(one.x0, one.y0), (one.x1, one.y1)] for one in group]).reshape(-1, 2)
    weight = np.repeat([one.length_px for one in group], 2)
    centre = np.average(points, axis=0, weights=weight)
    spread = (points - centre) * np.sqrt(weight)[:, None]
    along = np.linalg.svd(spread, full_matrices=False)[2][0]
    reach = (points - centre) @ along
    a, b = centre + reach.min() * along, centre + reach.max() * along
    covered = min(1.0, sum(one.length_px for one in group) / max(float(np.ptp(reach)), 1.0))
    contrast = float(np.average([one.contrast for one in group], weights=weight[::2]))
    return ordered(float(a[0]), float(a[1]), float(b[0]), float(b[1]), contrast, covered)
