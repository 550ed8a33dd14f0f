"""A hip belt as a camera would see it, with its true corners, when no runner wears one."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, isfinite, pi, radians

import cv2
import numpy as np
from numpy.typing import NDArray

from station.pose.tag_code import MODULES, patterns
from station.types import NS, Frame, Joint, Marks, Pose

TAG_M, PITCH_M, STRIP_M = 0.05, 0.065, 0.06  # as the sheets are printed
FINE = 5  # samples a pixel, along each side
FORGOTTEN_NS = 2 * NS
EDGE_ON_DEG = 65.0  # a tag turned farther away is not counted as seen


@dataclass(frozen=True)
class DrawnBelt:
    """Tags `ids` side by side round an upright hip, seen from `distance_m` at its own height;
    `side_px` is a tag's height.

    `turn_deg` turns the wearer to the frame's right; at 0 the first tag faces the camera. Light and
    shirt are shares of white.
    """

    ids: tuple[int, ...] = tuple(range(14))
    side_px: float = 19.0
    distance_m: float = 2.6
    turn_deg: float = 0.0
    black: float = 0.04
    white: float = 0.75
    shirt: float = 0.15
    blur_px: float = 0.5

    @property
    def radius_m(self) -> float:
        return len(self.ids) * PITCH_M / (2 * pi)

    @property
    def _focal_px(self) -> float:
        return self.side_px / TAG_M * (self.distance_m - self.radius_m)

    def corners_px(self, centre_px: tuple[float, float]) -> dict[int, NDArray[np.float64]]:
        """Corners (4, 2) of visible tags by id; axis at `centre_px`. Pixel centres are whole."""
        seen = {}
        for place, number in enumerate(self.ids):
            middle = self._start(place) + TAG_M / self.radius_m / 2
            if cos(middle) < cos(radians(EDGE_ON_DEG)):
                continue
            angle = self._start(place) + np.array([0, 1, 1, 0]) * TAG_M / self.radius_m
            scale = self._focal_px / (self.distance_m - self.radius_m * np.cos(angle))
            across, down = self.radius_m * np.sin(angle), np.array([-1, -1, 1, 1]) * TAG_M / 2
            seen[number] = np.stack([across * scale, down * scale], axis=1) + centre_px
        return seen

    def _start(self, place: int) -> float:
        """Where a tag's left edge lies round the hip, radians, 0 = towards the camera."""
        return radians(self.turn_deg) + (place * PITCH_M - TAG_M / 2) / self.radius_m

    def light(self, width: int, height: int, centre_px: tuple[float, float]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Light on an image (height, width), 0..1, and which of its pixels show the wearer."""
        fine_x = (np.arange(width * FINE) + 0.5) / FINE - 0.5 - centre_px[0]
        fine_y = (np.arange(height * FINE) + 0.5) / FINE - 0.5 - centre_px[1]
        slant = fine_x / self._focal_px
        inside = self.radius_m**2 * (1 + slant**2) - (slant * self.distance_m) ** 2
        hit = inside > 0
        away = (self.distance_m - np.sqrt(np.maximum(inside, 0))) / (1 + slant**2)
        angle = np.arctan2(slant * away, self.distance_m - away)
        along = ((angle - self._start(0)) * self.radius_m) % (len(self.ids) * PITCH_M)
        down = np.outer(fine_y / self._focal_px, away)
        place = np.minimum(along // PITCH_M, len(self.ids) - 1).astype(int)
        column = np.floor((along - place * PITCH_M) / TAG_M * MODULES).astype(int)
        row = np.floor((down / TAG_M + 0.5) * MODULES).astype(int)
        on_tag = (row >= 0) & (row < MODULES) & (column < MODULES)
        bits = patterns()[np.array(self.ids)[place], np.clip(row, 0, MODULES - 1), np.clip(column, 0, MODULES - 1)]
        seen = np.where(np.abs(down) < STRIP_M / 2, self.white, self.shirt)
        seen = np.where(on_tag & (bits == 0), self.black, seen) * hit
        coarse = seen.reshape(height, FINE, width, FINE).mean((1, 3))
        wearer = np.broadcast_to(hit.reshape(width, FINE).mean(1) > 0.5, coarse.shape)
        return cv2.GaussianBlur(coarse, (0, 0), self.blur_px), wearer


def encoded(light: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Grey values of that light by the sRGB curve (IEC 61966-2-1)."""
    curve = np.where(light <= 0.0031308, 12.92 * light, 1.055 * np.maximum(light, 0.0031308) ** (1 / 2.4) - 0.055)
    return np.clip(255 * curve, 0, 255).round().astype(np.uint8)


def worn(image: NDArray[np.uint8], belt: DrawnBelt, centre_px: tuple[float, float]) -> NDArray[np.uint8]:
    """A copy of the frame (H, W, 3) with a wearer of that belt, its axis at `centre_px`."""
    half = round(1.2 * belt.side_px)
    left, right = np.clip([centre_px[0] - 6 * belt.side_px, centre_px[0] + 6 * belt.side_px], 0, image.shape[1]).astype(int)
    top, bottom = np.clip([centre_px[1] - half, centre_px[1] + half], 0, image.shape[0]).astype(int)
    light, wearer = belt.light(right - left, bottom - top, (centre_px[0] - left, centre_px[1] - top))
    pasted = image.copy()
    window = pasted[top:bottom, left:right]
    window[wearer] = encoded(light)[wearer][:, None]
    return pasted


class DrawnBeltFinder:
    """Stands in for `hip_belt.HipBeltFinder` and looks at no picture: the drawn belt lies round the
    middle of the runner's hips.

    Where no hips are seen it is hidden, and forgotten after two seconds.
    """

    def __init__(self, belt: DrawnBelt) -> None:
        self._belt = belt
        self.reset()

    def reset(self) -> None:
        self._seen_ns: int | None = None

    def find(self, frame: Frame, pose: Pose) -> Marks | None:
        x, y = pose.xy_px[[Joint.LEFT_HIP, Joint.RIGHT_HIP]].mean(0).tolist()
        if isfinite(x) and isfinite(y):
            self._seen_ns = frame.t_ns
            seen = self._belt.corners_px((x, y))
            return Marks(frame.t_ns, np.array(list(seen), np.int16), np.array(list(seen.values()), np.float32))
        if self._seen_ns is None or frame.t_ns - self._seen_ns > FORGOTTEN_NS:
            return None
        return Marks(frame.t_ns, np.zeros(0, np.int16), np.zeros((0, 4, 2), np.float32))
