"""Where a hip belt of known shape is, from its tags' corners in one frame, by Gauss-Newton steps.

Camera axes: x right, y down (gravity), z away; the frame is turned upright before. Belt axes: x
forward, y up, z to the right, about as the belt is worn. A pose (R, t) takes belt to camera, X_c =
R X + t. It is changed from the right, by a twist (w, v) in belt axes: R exp(w), t + R v. So a tag
that sits elsewhere on the belt by a twist and a belt that is elsewhere by that twist move the tag's
corners alike: one Jacobian serves pose and shape.
"""

from __future__ import annotations

from math import cos, sin, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

TAG_M = 0.050  # side of the black square
NEAREST_M = 0.3  # to the lens; nearer is no pose (chosen)
OTHER_RAD = 0.5  # chosen: starts so far apart lead to different poses
FAR_PX = 10.0  # a misfit beyond all doubt
TOLD_APART = 9.0  # chi square between two poses
STEP_SD_DEG = 8.0  # from one frame to the next
UP_SD_RAD = 0.1  # guess: how far a worn belt's axis may lean; settles what one flat tag leaves open
STEPS = 10  # chosen: the pose has settled by then
LARGEST_RAD = 0.25  # a step
SMALL = 5e-4  # rad and m: after so small a step the next is a tenth of it


class BeltPose(NamedTuple):
    """`rotation` (3, 3), `place_m` (3,); `slope` (k, 8, 6) px of the corners per twist, weighted;
    `tags` (k, 6, 6) information of each tag on the twist, for corners of 1 px error; `information`
    (6, 6) of all, what is known beforehand included; `misfit_px` (k,) rms of each tag's corners."""

    rotation: Array
    place_m: Array
    slope: Array
    tags: Array
    information: Array
    misfit_px: Array


def turned(w: Array) -> Array:
    """Rotation matrices (..., 3, 3) of rotation vectors (..., 3) (Rodrigues)."""
    angle = np.sqrt((w * w).sum(axis=-1))[..., None, None]
    k = skew(w)
    with np.errstate(invalid="ignore", divide="ignore"):
        a = np.where(angle > 1e-8, np.sin(angle) / angle, 1.0)
        b = np.where(angle > 1e-8, (1.0 - np.cos(angle)) / angle**2, 0.5)
    return np.eye(3) + a * k + b * (k @ k)


def turned_once(x: float, y: float, z: float) -> Array:
    """`turned` of one rotation vector, ten times quicker."""
    angle = sqrt(x * x + y * y + z * z)
    a, b = (sin(angle) / angle, (1.0 - cos(angle)) / angle**2) if angle > 1e-8 else (1.0, 0.5)
    return np.array(
        [
            [1.0 - b * (y * y + z * z), b * x * y - a * z, b * x * z + a * y],
            [b * x * y + a * z, 1.0 - b * (x * x + z * z), b * y * z - a * x],
            [b * x * z - a * y, b * y * z + a * x, 1.0 - b * (x * x + y * y)],
        ]
    )


def skew(x: Array) -> Array:
    """(..., 3, 3) with `skew(x) @ y` = x cross y."""
    out = np.zeros((*x.shape, 3))
    out[..., 0, 1], out[..., 0, 2], out[..., 1, 2] = -x[..., 2], x[..., 1], -x[..., 0]
    out[..., 1, 0], out[..., 2, 0], out[..., 2, 1] = x[..., 2], -x[..., 1], x[..., 0]
    return out


def rotation_vectors(rotation: Array) -> Array:
    """(..., 3) of rotations (..., 3, 3) by less than 180 degrees."""
    w = 0.5 * np.stack(
        [
            rotation[..., 2, 1] - rotation[..., 1, 2],
            rotation[..., 0, 2] - rotation[..., 2, 0],
            rotation[..., 1, 0] - rotation[..., 0, 1],
        ],
        axis=-1,
    )
    sine = np.sqrt((w * w).sum(axis=-1, keepdims=True))
    cosine = 0.5 * (np.trace(rotation, axis1=-2, axis2=-1)[..., None] - 1.0)
    return w * np.where(sine > 1e-8, np.arctan2(sine, cosine) / np.maximum(sine, 1e-8), 1.0)


def angle_deg(one: Array, other: Array) -> float:
    """Between two rotations (3, 3)."""
    w = rotation_vectors(one @ other.T)
    return float(np.degrees(np.sqrt(w @ w)))


def seen_at(corners_m: Array, skewed: Array, rotation: Array, place_m: Array, focal_px: float) -> tuple[Array, Array]:
    """Corners (k, 4, 2) px from the frame's middle, and their change (k, 8, 6) with a twist (w, v).

    Args:
        corners_m: (k, 4, 3) in belt axes. skewed: `skew` of them.
        rotation, place_m: one pose, or one per tag (k, 3, 3), (k, 3).
    """
    in_camera = corners_m @ np.swapaxes(rotation, -1, -2) + place_m[..., None, :]
    per_m = focal_px / in_camera[..., 2:]
    px = in_camera[..., :2] * per_m
    slope = per_m[..., None] * rotation[..., None, :2, :]
    slope -= (px / in_camera[..., 2:])[..., None] * rotation[..., None, 2:, :]
    jacobian = np.concatenate([slope @ np.swapaxes(skewed, -1, -2), slope], axis=-1)
    return px, jacobian.reshape(len(corners_m), 8, 6)


def usual_weights(misfit_px: Array) -> Array:
    """(k,) 1 for tags that fit as the others do, less for one half hidden or half in shadow."""
    limit = max(1.5 * float(np.sort(misfit_px)[len(misfit_px) // 2]), 0.2)
    return (limit / np.maximum(misfit_px, limit)) ** 2


def fitted(
    corners_m: Array, skewed: Array, found_px: Array, start: tuple[Array, Array], focal_px: float, sd_px: float
) -> BeltPose | None:
    """The pose from tags found at `found_px` (k, 4, 2), beginning at `start`; None where that leads
    nowhere. `sd_px`: error of a corner."""
    rotation, place_m = start
    weak = (sd_px / UP_SD_RAD) ** 2
    for _ in range(STEPS):
        px, jacobian = seen_at(corners_m, skewed, rotation, place_m, focal_px)
        off = (found_px - px).reshape(len(px), 8)
        misfit_px = np.sqrt((off * off).mean(axis=1))
        weighted = jacobian * usual_weights(misfit_px)[:, None, None]
        tags = np.swapaxes(weighted, 1, 2) @ jacobian
        information = tags.sum(axis=0)
        gradient = weighted.reshape(-1, 6).T @ off.ravel()
        # The belt's axis R e_y leans from the vertical by (x, z); w turns it by R (w x e_y).
        (x0, lean_x, x2), _, (z0, lean_z, z2) = rotation.tolist()
        # e_y x R_row, so that lean @ w is the change
        lean = np.array([[x2, 0.0, -x0], [z2, 0.0, -z0]])
        information[:3, :3] += weak * (lean.T @ lean)
        gradient[:3] -= weak * (lean_x * lean[0] + lean_z * lean[1])
        information.flat[::7] *= 1.0 + 1e-9
        try:
            step = np.linalg.solve(information, gradient)
        except np.linalg.LinAlgError:
            return None
        step *= min(1.0, LARGEST_RAD / max(float(np.abs(step[:3]).max()), 1e-12))
        place_m = place_m + rotation @ step[3:]
        rotation = rotation @ turned_once(*step[:3].tolist())
        if np.abs(step).max() < SMALL:
            break
    if not (np.isfinite(rotation).all() and place_m[2] > NEAREST_M):
        return None
    return BeltPose(rotation, place_m, weighted, tags, information, misfit_px)


def posed(
    corners_m: Array, skewed: Array, found_px: Array, before: tuple[Array, Array] | None, focal_px: float, sd_px: float
) -> tuple[BeltPose | None, float]:
    """The pose of one frame's tags (None: they make none), and how far another may be true, deg.

    A flat square looks nearly the same turned one way or the other past the camera (the planar
    ambiguity), so a lone tag, and any tags after a pause, are tried from several starts. `before`:
    rotation and place in a frame just before.
    """
    lone = len(corners_m) == 1
    if before is not None and not lone:
        return fitted(corners_m, skewed, found_px, before, focal_px, sd_px), 0.0
    start = facing(corners_m, found_px, focal_px) if before is None else before[0]
    starts = [start]
    if lone:
        starts.append(mirrored(start, corners_m, found_px, focal_px))
    elif before is None:
        starts += [turned(np.array([0.0, off, 0.0])) @ start for off in (-OTHER_RAD, OTHER_RAD)]
    poses: list[tuple[float, BeltPose]] = []
    for rotation in starts:
        place_m = placed(rotation, corners_m, found_px, focal_px)
        pose = fitted(corners_m, skewed, found_px, (rotation, place_m), focal_px, sd_px)
        if pose is not None:
            unlike = float((np.minimum(pose.misfit_px, FAR_PX) ** 2).sum()) * 8.0 / sd_px**2
            poses.append((unlike + (angle_deg(start, pose.rotation) / STEP_SD_DEG) ** 2, pose))
    if not poses:
        return None, 0.0
    best, pose = min(poses, key=lambda row: row[0])
    others = [angle_deg(p.rotation, pose.rotation) for unlike, p in poses if unlike - best < TOLD_APART]
    return pose, 0.5 * max(others) if lone else 0.0


def mirrored(rotation: Array, corners_m: Array, found_px: Array, focal_px: float) -> Array:
    """The belt turned so that its first tag faces the other way past the camera."""
    outwards = rotation @ np.cross(corners_m[0, 1] - corners_m[0, 0], corners_m[0, 0] - corners_m[0, 3])
    off = np.arctan2(outwards[0], -outwards[2]) + np.arctan2(float(found_px[..., 0].mean()), focal_px)
    return turned(np.array([0.0, 2.0 * off, 0.0])) @ rotation


def facing(corners_m: Array, found_px: Array, focal_px: float) -> Array:
    """A rotation (3, 3) to begin with: upright, the seen tags towards the camera."""
    right, up = corners_m[:, 1] - corners_m[:, 0], corners_m[:, 0] - corners_m[:, 3]
    outwards = np.cross(right, up).sum(axis=0)
    ray = np.arctan2(float(found_px[..., 0].mean()), focal_px)
    turn = np.arctan2(outwards[2], outwards[0]) - np.pi / 2 - ray
    return upright(float(turn))


def upright(turn_rad: float) -> Array:
    """Belt to camera axes: up is up, forward points right and `turn_rad` away."""
    c, s = np.cos(turn_rad), np.sin(turn_rad)
    return np.array([[c, 0.0, s], [0.0, -1.0, 0.0], [s, 0.0, -c]])


def placed(rotation: Array, corners_m: Array, found_px: Array, focal_px: float) -> Array:
    """A place (3,) m to begin with, from the height and the middle of the tags."""
    height_px = np.abs(found_px[:, 3] - found_px[:, 0] + found_px[:, 2] - found_px[:, 1]).max(axis=-1) / 2
    away_m = focal_px * TAG_M / max(float(height_px.mean()), 1e-3)
    x, y = found_px.mean(axis=(0, 1)) * (away_m / focal_px)
    return np.array([x, y, away_m]) - rotation @ corners_m.mean(axis=(0, 1))
