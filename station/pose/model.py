"""What a pose model has to offer, and the words for it: squares of the frame, people found,
landmarks of one person.

A new model is one file with a class that fits `PoseModel`, one line in `estimator.MODELS` and one
card in `models/`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from station.types import ModelInfo

MAX_SIDE_PX = 16_384  # cv2 refuses frames from 32768 pixels a side


@dataclass(frozen=True, slots=True)
class Square:
    """A square around a body: centre, side, and its turn clockwise to set the body upright."""

    x_px: float
    y_px: float
    side_px: float
    turn_rad: float = 0.0

    @classmethod
    def around(cls, body_px: NDArray, margin: float) -> Square:
        """From a body's centre and a point on the circle around it, head end: `body_px` (2, 2)."""
        (x, y), (rim_x, rim_y) = np.asarray(body_px, np.float64).tolist()
        side = 2 * math.hypot(rim_x - x, rim_y - y) * margin
        return cls(x, y, side, math.pi / 2 - math.atan2(y - rim_y, rim_x - x))

    @classmethod
    def of_frame(cls, image: NDArray) -> Square:
        """The smallest upright square that holds the whole frame."""
        height, width = image.shape[:2]
        return cls(width / 2, height / 2, max(width, height))

    def matrix(self) -> NDArray[np.float64]:
        """(2, 3): takes (u, v, 1) with u, v in 0..1 across the square to frame pixels."""
        right, down = self.side_px * math.cos(self.turn_rad), self.side_px * math.sin(self.turn_rad)
        return np.array([[right, -down, self.x_px - (right - down) / 2], [down, right, self.y_px - (down + right) / 2]])

    def to_frame(self, uv: NDArray) -> NDArray[np.float64]:
        """Points (N, 2) given in 0..1 across the square, in frame pixels."""
        matrix = self.matrix()
        return uv @ matrix[:, :2].T + matrix[:, 2]

    def cut(self, image: NDArray[np.uint8], size: int, border: int) -> NDArray[np.uint8]:
        """The square as (size, size, 3) uint8; the cost depends on `size`, not on the frame.

        Corners map to corners: no half-pixel shift, as the weights were published to be used.
        `border` is a cv2.BORDER_*. (warpPerspective and not warpAffine, because it rounds its 1/32
        pixels as MediaPipe's crop does.)
        """
        step = -(-max(image.shape[:2]) // MAX_SIDE_PX)
        crop_to_frame = np.vstack([self.matrix() / [size, size, 1] / step, [0, 0, 1]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        picture = image[::step, ::step]
        return cv2.warpPerspective(picture, crop_to_frame, (size, size), flags=flags, borderMode=border)  # type: ignore[return-value]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody the detector found: the square to look for landmarks in, and how sure (0..1)."""

    square: Square
    score: float


@dataclass(frozen=True, slots=True, eq=False)
class Landmarks:
    """One person, measured in one square: `xy_px` (33, 2), `score` (33,) 0..1, `presence` 0..1 that
    somebody is in there at all.

    `body_px` (2, 2) is the body's centre and a point on the circle around it: where the next frame
    is to be cut.
    """

    xy_px: NDArray[np.float64]
    score: NDArray[np.float64]
    presence: float
    body_px: NDArray[np.float64]


class PoseModel(Protocol):
    """`find` looks over the whole frame for people, `measure` takes the landmarks of the one in the
    square.

    `margin` is how much wider than the body's circle the model wants its square. `many_at_once`:
    frames may be measured in several threads at once, and in any order. `stage_ms` gathers what the
    parts of the work took, in milliseconds, until it is cleared.
    """

    info: ModelInfo
    margin: float
    many_at_once: bool
    stage_ms: dict[str, float]

    def find(self, image: NDArray[np.uint8]) -> list[Person]: ...

    def measure(self, image: NDArray[np.uint8], square: Square) -> Landmarks: ...

    def close(self) -> None: ...
