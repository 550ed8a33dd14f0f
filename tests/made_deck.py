"""A deck and a door drawn with a pinhole: frames of which everything is known."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from station.calibrate.orientation import directions

SIZE = (1280, 720)  # px
FOCAL_PX = 820.0
LENGTH_M, WIDTH_M, UNDER_M = 1.9, 0.72, 0.9  # of the deck; how far its top lies below the lens
DISTANCE_M = 3.0  # lens to the mid-line


@dataclass(frozen=True)
class Drawn:
    """`edge_px` (2, 2): the near edge's ends; `scale`: px per m at the mid-line's middle."""

    grey: np.ndarray
    edge_px: np.ndarray
    scale: float


def drawn(roll_deg: float = 0.0, azimuth_deg: float = 0.0, pitch_deg: float = 2.0, doors: bool = True) -> Drawn:
    down, belt = directions(*np.radians([roll_deg, pitch_deg, azimuth_deg]))
    across = np.cross(belt, down)
    # Level, away from the lens.
    ahead = np.cross(directions(*np.radians([roll_deg, pitch_deg, 0.0]))[1], down)
    middle = ahead * DISTANCE_M + down * UNDER_M

    def px(*points: np.ndarray) -> np.ndarray:
        at = np.array(points)
        return at[:, :2] / at[:, 2:] * FOCAL_PX + np.array(SIZE) / 2

    def corner(x: int, z: int, below_m: float = 0.0) -> np.ndarray:
        return middle + x * LENGTH_M / 2 * belt + z * WIDTH_M / 2 * across + below_m * down

    grey = np.full(SIZE[::-1], 150, np.uint8)
    if doors:
        for x_m in (-1.6, -0.9, 1.1, 1.8):
            top = ahead * 5.0 + belt * x_m - down * 0.9
            _fill(grey, px(top, top + belt * 0.3, top + belt * 0.3 + down * 1.4, top + down * 1.4), 210)
    _fill(grey, px(corner(-1, -1), corner(1, -1), corner(1, 1), corner(-1, 1)), 60)
    _fill(grey, px(corner(-1, -1), corner(1, -1), corner(1, -1, 0.1), corner(-1, -1, 0.1)), 20)
    noise = np.random.default_rng(0).normal(0, 1, grey.shape)
    grey = np.clip(cv2.GaussianBlur(grey, (0, 0), 0.8) + noise, 0, 255).astype(np.uint8)
    return Drawn(grey, px(corner(-1, -1), corner(1, -1)), float(FOCAL_PX / middle[2]))


def _fill(grey: np.ndarray, corners: np.ndarray, level: int) -> None:
    cv2.fillConvexPoly(grey, np.rint(corners * 16).astype(np.int32), level, cv2.LINE_AA, 4)
