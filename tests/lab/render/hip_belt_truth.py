"""What is exactly so in a clip with a hip belt: the pelvis, every tag, and where the camera sees
it. Needs only NumPy.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from . import skeleton as sk
from .camera import eye_m, project_px
from .clip import exposure_middles_s, runner_of
from .curves import curves_of
from .hip_belt import HipBelt, is_covered, outline_m, tag_corners_m, tag_ids
from .motion import Pose
from .spec import Camera, ClipSpec

FACING = 0.08
"""Cosine between a patch and the ray to the camera below which the body's own edge may hide it."""
ARM_M = (("upper_arm", "forearm", 0.052), ("forearm", "hand", 0.042), ("hand", "fist", 0.048))
"""Segments of an arm and their radius: what hides tags."""
FIST_M = 0.085
"""From the wrist to the middle of the fist."""


@dataclass(frozen=True)
class HipBeltTruth:
    """T frames at the middle of their exposures, N tags.

    `rotation` takes the pelvis' axes (x forward, y up, z right, as the body stands at rest) to the
    world's; it is turn about the vertical (+ = right side forward), then list (+ = right side up),
    then tilt (+ = front down).
    """

    t_s: np.ndarray
    """(T,)"""
    stride_phase: np.ndarray
    """(T,) strides since the first right contact."""
    turn_deg: np.ndarray
    list_deg: np.ndarray
    tilt_deg: np.ndarray
    slip_deg: np.ndarray
    """(T,) turn of the belt on the pelvis, not contained in `turn_deg`."""
    rotation: np.ndarray
    """(T, 3, 3)"""
    place_m: np.ndarray
    """(T, 3) mid-hip."""
    ids: np.ndarray
    """(N,)"""
    tags_m: np.ndarray
    """(N, 4, 3) corners in the pelvis' axes without slip: own top left, top right, bottom right,
    bottom left.
    """
    corners_px: np.ndarray
    """(T, N, 4, 2); the middle of the first pixel is (0.5, 0.5)."""
    visible: np.ndarray
    """(T, N) turned to the camera, inside the picture, not behind an arm or cloth, not folded."""

    def save(self, path: Path) -> None:
        np.savez_compressed(path, **{f.name: getattr(self, f.name) for f in fields(self)})


def hip_belt_truth(spec: ClipSpec) -> HipBeltTruth:
    """Raises ValueError when the runner of `spec` wears no belt."""
    belt = spec.look.hip_belt
    if belt is None:
        raise ValueError("the runner of this clip wears no hip belt: set Look.hip_belt")
    runner, t_s = runner_of(spec), exposure_middles_s(spec)
    angles, pose = runner.angles(t_s), runner.pose(t_s)
    rotation, place = pose[0]["pelvis"], pose[1]["pelvis"]
    ring = outline_m(spec.look.body)
    tags = tag_corners_m(belt, ring)
    slip = slip_deg(spec, runner.phase(t_s), t_s)
    on_pelvis = np.einsum("tij,nkj->tnki", sk.about_y(slip), tags)
    world = np.einsum("tij,tnkj->tnki", rotation, on_pelvis) + place[:, None, None]
    px = project_px(spec.camera, world)
    hidden = behind_arms(spec.camera, pose, world, px) | is_covered(belt, tags)
    visible = facing(spec.camera, world) & inside(spec.camera, px) & ~hidden
    return HipBeltTruth(t_s, runner.phase(t_s), angles["turn"], angles["list"], angles["tilt"], slip, rotation, place,
                        tag_ids(belt, ring), tags, px, visible)


def slip_deg(spec: ClipSpec, phase: np.ndarray, t_s: np.ndarray) -> np.ndarray:
    """(T,) turn of the belt on the pelvis; + = right side forward, which for either near side is
    with the near thigh.
    """
    belt = spec.look.hip_belt or HipBelt()
    if spec.motion.slow_turn or not belt.slip_deg:
        return np.zeros(len(t_s))
    speed_mps = spec.motion.parameter("speed_mps", t_s)
    return belt.slip_deg * curves_of(spec.motion.runner).first_harmonic("thigh_deg", phase, speed_mps)


def facing(camera: Camera, corners_m: np.ndarray) -> np.ndarray:
    """(T, N) whether the camera sees the front of each patch (T, N, 4, 3)."""
    right, up = corners_m[..., 1, :] - corners_m[..., 0, :], corners_m[..., 0, :] - corners_m[..., 3, :]
    outwards, ray = np.cross(right, up), eye_m(camera) - corners_m.mean(axis=-2)
    cosine = (outwards * ray).sum(axis=-1) / (np.linalg.norm(outwards, axis=-1) * np.linalg.norm(ray, axis=-1))
    return cosine > FACING


def inside(camera: Camera, px: np.ndarray) -> np.ndarray:
    """(T, N) whether all corners (T, N, 4, 2) lie in the picture."""
    return ((px > 0) & (px < [camera.width_px, camera.height_px])).all(axis=(-1, -2))


def behind_arms(camera: Camera, pose: Pose, corners_m: np.ndarray, px: np.ndarray) -> np.ndarray:
    """(T, N) whether a corner or the middle of an edge lies behind an arm, arms being rounded rods
    in the picture.
    """
    points = np.concatenate([px, (px + np.roll(px, -1, axis=2)) / 2], axis=2)
    eye = eye_m(camera)
    away = np.linalg.norm(corners_m.mean(axis=2) - eye, axis=-1)
    focal = camera.height_px / 2 / np.tan(np.radians(camera.fov_deg) / 2)
    hidden = np.zeros(px.shape[:2], bool)
    for start, stop, radius_m in rods_m(pose):
        near = np.linalg.norm((start + stop) / 2 - eye, axis=-1)
        a, b = project_px(camera, start)[:, None, None], project_px(camera, stop)[:, None, None]
        along = ((points - a) * (b - a)).sum(-1) / np.maximum(((b - a) ** 2).sum(-1), 1e-9)
        gap = np.linalg.norm(points - a - np.clip(along, 0, 1)[..., None] * (b - a), axis=-1)
        radius_px = (radius_m * focal / near)[:, None, None]
        hidden |= (gap < radius_px).any(axis=2) & (near[:, None] < away)
    return hidden


def rods_m(pose: Pose) -> list[tuple[np.ndarray, np.ndarray, float]]:
    """Both arms as (start (T, 3), stop (T, 3), radius)."""
    position, out = dict(pose[1]), []
    for side in ("right", "left"):
        elbow, wrist = position[f"forearm_{side}"], position[f"hand_{side}"]
        position[f"fist_{side}"] = wrist + FIST_M * (wrist - elbow) / np.linalg.norm(wrist - elbow, axis=-1, keepdims=True)
        out += [(position[f"{a}_{side}"], position[f"{b}_{side}"], radius) for a, b, radius in ARM_M]
    return out


def h1(phase: np.ndarray, y: np.ndarray) -> complex:
    """Complex stride-frequency amplitude of y (T,) over the whole strides in it: the wave is Re(h1
    e^(2 pi i phase)).
    """
    whole = (phase >= np.ceil(phase[0])) & (phase < np.floor(phase[-1]))
    p = 2 * np.pi * phase[whole]
    design = np.stack([np.ones_like(p), *(f(k * p) for k in (1, 2, 3) for f in (np.cos, np.sin))], axis=1)
    c = np.linalg.lstsq(design, y[whole], rcond=None)[0]
    return complex(c[1], -c[2])


def scale_for_turn(amplitude_deg: float, runner: str, speed_mps: float) -> float:
    """`Gait.pelvic_turn_scale` that gives the turn this amplitude (half of peak to peak) at stride
    frequency.
    """
    phase = np.linspace(0, 1, 200, endpoint=False)
    turn = curves_of(runner).at("pelvis_turn_deg", phase, np.full(200, speed_mps))
    return amplitude_deg / abs(2 * np.mean(turn * np.exp(-2j * np.pi * phase)))
