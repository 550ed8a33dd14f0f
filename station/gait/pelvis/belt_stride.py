"""What a hip belt saw in one stride: turn, list and tilt of the pelvis at stride frequency.

Frames are not missing at random: the near arm swings over the belt at the same phase of every
stride. So every frame has a weight by how well its pose is known, and the fit carries the mean and
the next two harmonics, which would otherwise leak into the first through the hole.
"""

from __future__ import annotations

from math import cos, nan, radians, sin
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from station.gait.pelvis.belt_pose import Array, BeltPose
from station.gait.pelvis.belt_shape import TAGS, UNKNOWNS
from station.types import Side

FEWEST = 8  # frames with a pose in a stride
HOLE_RAD = 2.3  # a third of a stride without a frame is too much
# SD of the turn, peak to peak, by what errs alike in every stride: more is not reported.
TOO_FEW_DEG = 2.0
# Second and third harmonic between runners; public marker data has 1 to 3 deg.
HIGHER_SD_DEG = np.array([3.0, 3.0, 2.0, 2.0])
FRAME_SD_DEG = 0.3  # what frames with many tags err all the same: blur, the model of the camera
LONE_SD_DEG = 1.5  # bias of a single flat tag
# Shadow of the arm, blur and half hidden tags move corners alike in every stride, for a share of
# the stride at a time.
# Rendered frames of one runner: 0.1 to 0.2; real light is a guess.
LOCKED_PX, LOCKED_SHARE = 0.2, 0.1
LONE_LOCKED = 0.5  # chosen: share of a single tag's bias that is alike in every stride


class Sample(NamedTuple):
    """One frame. `rotation` (3, 3) belt to camera; `gain` (3, UNKNOWNS) turn of the belt (rotation
    vector, belt axes, rad) per change of shape; `cov` (3, 3) of that rotation vector, rad^2;
    `lone_deg` further SD of the turn, of a single tag; `place_m` (3,); `height_m` of the belt over
    the hips."""

    t_s: float
    tags: int
    rotation: Array
    gain: Array
    cov: Array
    lone_deg: float
    place_m: Array
    height_m: float


class Stride(NamedTuple):
    """Complex H1, peak to peak in degrees against the thigh's phase, of turn, list and tilt:
    `angles` (3,); `gains` (3, UNKNOWNS) their change with the shape; `locked` (3,) their SD by what
    errs alike in every stride; `thigh_deg` H1 of the near thigh, peak to peak."""

    angles: NDArray[np.complex128]
    gains: NDArray[np.complex128]
    locked: Array
    thigh_deg: float


def runner_axes(side: Side, azimuth_deg: float) -> tuple[Array, Array]:
    """Rows forward, up, right of a runner who faces `side` in the frame, in camera axes (3, 3); and
    the signs (3,) that make turn, list and tilt of `cardan` those of types.HipBelt."""
    c, s = cos(radians(azimuth_deg)), sin(radians(azimuth_deg))
    facing = 1.0 if side == "right" else -1.0
    axes = np.array([[facing * c, 0.0, s], [0.0, -1.0, 0.0], [s, 0.0, -facing * c]])
    return axes, np.array([facing, -facing, -1.0])


def cardan(rotation: Array, mean: Array, axes: Array) -> Array:
    """(n, 3) degrees about up, forward, right of (n, 3, 3) against `mean` (3, 3)."""
    m = axes @ rotation @ (mean.T @ axes.T)
    about_up = np.arctan2(m[:, 0, 2], m[:, 2, 2])
    about_forward = -np.arcsin(np.clip(m[:, 1, 2], -1.0, 1.0))
    about_right = np.arctan2(m[:, 1, 0], m[:, 1, 1])
    return np.degrees(np.stack([about_up, about_forward, about_right], axis=1))


ABOUT = [1, 0, 2]  # up, forward, right among the rows of `axes`


def mean_rotation(rotation: Array) -> Array:
    """(3, 3) nearest to the mean of (n, 3, 3)."""
    u, _, v = np.linalg.svd(rotation.mean(axis=0))
    return np.asarray(u @ np.diag([1.0, 1.0, np.linalg.det(u @ v)]) @ v)


def gain_of(pose: BeltPose, ids: NDArray[np.intp], outward: Array) -> tuple[Array, Array]:
    """How the belt's rotation follows the shape, (3, UNKNOWNS), and its covariance (3, 3)."""
    cov = np.asarray(np.linalg.inv(pose.information), np.float64)
    gain, per_tag = np.zeros((3, UNKNOWNS)), np.zeros((3, TAGS, 6))
    per_tag[:, ids] = -np.swapaxes(cov[:3] @ pose.tags, 0, 1)
    gain[:, :-1] = per_tag.reshape(3, 6 * TAGS)
    gain[:, -1] = cov[:3] @ np.einsum("kij,ki->j", pose.slope, outward.reshape(-1, 8))
    return gain, cov[:3, :3]


def locked_in(phase: Array, sd: Array) -> tuple[NDArray[np.complex128], float]:
    """Weights (n,) whose sum with values y at `phase` (n,) rad is H1 of y; `sd` (n,) of y, deg.

    Also the variance that higher harmonics, known only by HIGHER_SD_DEG, leave in each part of it
    through holes.
    """
    waves = [f(k * phase) for k in (1, 2, 3) for f in (np.cos, np.sin)]
    design = np.stack([np.ones_like(phase), *waves])
    weighted = design / sd**2
    normal = weighted @ design.T
    normal[range(3, 7), range(3, 7)] += HIGHER_SD_DEG**-2
    rows = np.linalg.solve(normal, weighted)[1:3]
    leaked = rows @ design[3:].T * HIGHER_SD_DEG
    return rows[0] - 1j * rows[1], float((leaked * leaked).sum()) / 2.0


def hole_rad(samples: list[Sample], start_s: float, end_s: float) -> float:
    """The longest stretch of the stride without a frame."""
    t_s = [samples[-1].t_s - (end_s - start_s), *(s.t_s for s in samples)]
    return float(np.diff(t_s).max()) * 2.0 * np.pi / (end_s - start_s)


def stride_of(samples: list[Sample], sd_px: float, axes: Array, signs: Array, start_s: float, end_s: float) -> Stride | None:
    """H1 of the stride [start, end) with its own phase; `thigh_deg` is not filled in."""
    if len(samples) < FEWEST or hole_rad(samples, start_s, end_s) > HOLE_RAD:
        return None
    rotation = np.array([s.rotation for s in samples])
    y = cardan(rotation, mean_rotation(rotation), axes) * signs
    phase = (np.array([s.t_s for s in samples]) - start_s) * (2.0 * np.pi / (end_s - start_s))
    # (n, 3, 3): turn, list and tilt per rotation vector
    turning = (axes @ rotation)[:, ABOUT] * signs[:, None]
    cov = np.array([s.cov for s in samples])
    sd_deg_per_px = np.degrees(np.sqrt(np.einsum("nij,njk,nik->ni", turning, cov, turning)))
    lone = np.array([s.lone_deg for s in samples])
    gain = turning @ np.array([s.gain for s in samples])
    angles, gains, locked = np.zeros(3, complex), np.zeros((3, UNKNOWNS), complex), np.zeros(3)
    for i in range(3):
        weights, leaked = locked_in(phase, np.sqrt((sd_px * sd_deg_per_px[:, i]) ** 2 + FRAME_SD_DEG**2 + lone**2))
        angles[i], gains[i] = 2.0 * (weights @ y[:, i]), 2.0 * np.degrees(1.0) * (weights @ gain[:, i])
        alone = np.abs(weights) ** 2 @ ((LOCKED_PX * sd_deg_per_px[:, i]) ** 2 + (LONE_LOCKED * lone) ** 2) / 2.0
        locked[i] = 2.0 * np.sqrt(alone * max(LOCKED_SHARE * len(samples), 1.0) + leaked)
    return Stride(angles, gains, locked, nan) if locked[0] < TOO_FEW_DEG else None
