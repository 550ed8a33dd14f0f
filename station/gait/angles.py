"""Sagittal angles from landmarks: one vectorised implementation for a single pose and for a whole
recording.

Signs: x is positive the way the runner faces, y is up; an angle is positive when the lower end of a
segment lies in front of its upper end (trunk: the upper end in front of the lower). All against
gravity, so a camera roll is undone first.

A camera that stands `azimuth_deg` off the side view sees every fore-aft distance shortened by its
cosine; that is undone too. What the sideways parts of the segments add at such an azimuth cannot be
known from one camera and stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, isfinite, pi, radians, sin
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from station.types import ANGLES, Joint, Side, View

SEGMENTS = ("thigh_left", "thigh_right", "shank_left", "shank_right", "trunk")
_LEGS = slice(Joint.LEFT_HIP, Joint.RIGHT_ANKLE + 1)  # hips, knees, ankles, left and right in turn
# Of the trunk: shoulder, hip.
_LEFT_ENDS = slice(Joint.LEFT_SHOULDER, Joint.LEFT_HIP + 1, Joint.LEFT_HIP - Joint.LEFT_SHOULDER)
_RIGHT_ENDS = slice(Joint.RIGHT_SHOULDER, Joint.RIGHT_HIP + 1, Joint.RIGHT_HIP - Joint.RIGHT_SHOULDER)
_DEG = 180.0 / pi

Column = TypeVar("Column", float, NDArray[np.float64])  # of one pose or of many


def straightening(view: View) -> NDArray[np.float64]:
    """The (2, 2) matrix A for `xy_px @ A`: camera roll turned back, fore-aft distances stretched by
    1 / cos(azimuth).

    Raises ValueError when the azimuth is not finite or not below 80 degrees, or the roll not
    finite.
    """
    if not (isfinite(view.roll_deg) and abs(view.azimuth_deg) < 80.0):
        raise ValueError(f"view with roll {view.roll_deg} and azimuth {view.azimuth_deg} deg cannot be straightened")
    roll, stretch = radians(view.roll_deg), 1.0 / cos(radians(view.azimuth_deg))
    return np.array([[cos(roll) * stretch, -sin(roll)], [sin(roll) * stretch, cos(roll)]])


def middle(a: NDArray[np.floating], b: NDArray[np.floating]) -> NDArray[np.floating]:
    """Mid-point of two landmarks; the one that was seen where the other is NaN."""
    between = np.fmin(a, b)
    between += np.fmax(a, b)
    between *= 0.5
    return between


def segments(straight_px: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Angle and length of the five SEGMENTS in a frame of a runner who faces right: (N, 5) deg and
    (N, 5) px.

    Args:
        straight_px: (N, 33, 2), straightened, NaN where not seen.
    """
    legs, middles = straight_px[:, _LEGS], middle(straight_px[:, _LEFT_ENDS], straight_px[:, _RIGHT_ENDS])
    vectors = np.empty((len(straight_px), 5, 2))
    np.subtract(legs[:, 2:], legs[:, :-2], out=vectors[:, :4])
    np.subtract(middles[:, 0], middles[:, 1], out=vectors[:, 4])
    dx, dy = vectors[..., 0], vectors[..., 1]
    np.negative(dy[:, 4], out=dy[:, 4])  # the trunk points up
    return np.arctan2(dx, dy) * _DEG, np.hypot(dx, dy)


def oriented(segment_deg: Sequence[Column], facing: Side, exchanged: bool = False) -> tuple[Column, ...]:
    """The nine ANGLES from the five segment angles, which `segments` gave for a runner who faces
    right.

    Of a runner who faces right the near leg is the right one: the camera stands on that side.
    `exchanged`: unless the pose model has mixed them up.
    """
    sign = 1.0 if facing == "right" else -1.0
    n, f = (1, 0) if (facing == "right") != exchanged else (0, 1)
    near, far, near_shank, far_shank, trunk = (sign * segment_deg[i] for i in (n, f, 2 + n, 2 + f, 4))
    return near, far, near_shank, far_shank, near - near_shank, far - far_shank, near + trunk, far + trunk, trunk


def angles(xy_px: NDArray[np.floating], direction: Side, view: View | None = None) -> NDArray[np.void]:
    """Sagittal angles of every pose as an (N,) ANGLES array in degrees, unrounded, landmarks taken
    as they are labelled.

    Args:
        xy_px: (N, 33, 2), x right and y down, NaN where not seen.
        direction: the way the runner faces in the frame.
        view: camera roll and azimuth; None is a level camera in pure side view.

    Raises ValueError on another shape or an impossible view.
    """
    xy_px = np.asarray(xy_px)
    if xy_px.ndim != 3 or xy_px.shape[1:] != (len(Joint), 2):
        raise ValueError(f"xy_px has shape {xy_px.shape}, expected (N, {len(Joint)}, 2)")
    segment_deg, _ = segments(xy_px @ straightening(view or View()))
    return np.column_stack(oriented([*segment_deg.T], direction)).view(ANGLES)[:, 0]


def rounded_angles(angles_deg: NDArray[np.float64]) -> NDArray[np.float64]:
    """To 0.01 degree, without negative zeros."""
    whole = np.rint(angles_deg * 100.0)
    whole /= 100.0
    whole += 0.0
    return whole
