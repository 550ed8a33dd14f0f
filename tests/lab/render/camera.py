"""Pinhole camera: where a point in the gym lands in the picture. One matrix serves the truth and
the renderer.
"""

from __future__ import annotations

import numpy as np

from .spec import Camera

NEAR_M, FAR_M = 0.3, 30.0
DECK_M = 0.19
"""Height of the belt above the floor: the runner's coordinates have y = 0 on the belt, the floor is
at -DECK_M.
"""


def eye_m(camera: Camera) -> np.ndarray:
    """Lens position (3,) in the runner's coordinates."""
    sign = 1.0 if camera.side == "right" else -1.0
    azimuth = np.radians(camera.azimuth_deg)
    aim = _aim_m(camera)
    return np.array([
        aim[0] - camera.distance_m * np.sin(azimuth),
        camera.height_m - DECK_M,
        sign * camera.distance_m * np.cos(azimuth),
    ])


def view_matrix(camera: Camera) -> np.ndarray:
    """(4, 4), world -> camera with x right, y up, looking along -z."""
    eye = eye_m(camera)
    back = eye - _aim_m(camera)
    back /= np.linalg.norm(back)
    right = np.cross([0.0, 1.0, 0.0], back)
    right /= np.linalg.norm(right)
    up = np.cross(back, right)
    roll = np.radians(camera.roll_deg)
    right, up = np.cos(roll) * right + np.sin(roll) * up, np.cos(roll) * up - np.sin(roll) * right
    out = np.eye(4)
    out[:3, :3] = [right, up, back]
    out[:3, 3] = -out[:3, :3] @ eye
    return out


def projection_matrix(camera: Camera) -> np.ndarray:
    """(4, 4), camera -> clip space, as OpenGL wants it."""
    f = 1 / np.tan(np.radians(camera.fov_deg) / 2)
    depth = NEAR_M - FAR_M
    return np.array([
        [f * camera.height_px / camera.width_px, 0, 0, 0],
        [0, f, 0, 0],
        [0, 0, (FAR_M + NEAR_M) / depth, 2 * FAR_M * NEAR_M / depth],
        [0, 0, -1, 0],
    ])


def project_px(camera: Camera, points_m: np.ndarray) -> np.ndarray:
    """(..., 3) metres -> (..., 2) pixels, x right, y down; the centre of the first pixel is (0.5,
    0.5).
    """
    homogeneous = np.concatenate([points_m, np.ones((*points_m.shape[:-1], 1))], axis=-1)
    clip = homogeneous @ (projection_matrix(camera) @ view_matrix(camera)).T
    x, y = clip[..., 0] / clip[..., 3], clip[..., 1] / clip[..., 3]
    return np.stack([(x + 1) / 2 * camera.width_px, (1 - y) / 2 * camera.height_px], axis=-1)


def _aim_m(camera: Camera) -> np.ndarray:
    return np.array([camera.aim_forward_m, camera.aim_height_m - DECK_M, 0.0])
