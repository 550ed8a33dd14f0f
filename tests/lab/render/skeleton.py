"""The runner as a tree of rigid segments: rest positions of the joints, and forward kinematics.

Axes, as in the motion data: x = running direction, y = up, z = the runner's right; metres.
The rest pose is the body model's (arms held away from the trunk); a rotation is "from rest to
posed", global.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

TABLE = Path(__file__).with_name("skeletons.json")

PARENT = {
    "pelvis": None,
    "lumbar": "pelvis",
    "waist": "lumbar",
    "thorax": "waist",
    "neck": "thorax",
    "head": "neck",
    **{
        f"{part}_{side}": parent if parent == "thorax" or parent == "pelvis" else f"{parent}_{side}"
        for side in ("right", "left")
        for part, parent in (
            ("upper_arm", "thorax"),
            ("forearm", "upper_arm"),
            ("hand", "forearm"),
            ("thigh", "pelvis"),
            ("shank", "thigh"),
            ("foot", "shank"),
            ("toes", "foot"),
        )
    },
}
"""Segment -> the segment that carries its joint. A segment's joint is its upper end: `thigh_right`
is the right hip.
"""

SEGMENTS = tuple(PARENT)

LANDMARKS = {
    "hip": "thigh",
    "knee": "shank",
    "ankle": "foot",
    "heel": "heel",
    "toe": "toe",
    "shoulder": "upper_arm",
    "elbow": "forearm",
    "wrist": "hand",
}
"""Truth name -> the joint or point of the skeleton that it is, each with `_left` and `_right`."""


@dataclass(frozen=True)
class Skeleton:
    """Rest positions. `joints[segment]`: (3,); `points[name]`: (segment, (3,)), a place fixed to a
    segment.
    """

    name: str
    height_m: float
    joints: dict[str, np.ndarray]
    points: dict[str, tuple[str, np.ndarray]]

    @property
    def leg_m(self) -> float:
        """Hip to knee to ankle."""
        hip, knee, ankle = (self.joints[f"{s}_right"] for s in ("thigh", "shank", "foot"))
        return float(np.linalg.norm(knee - hip) + np.linalg.norm(ankle - knee))


@cache
def skeletons() -> dict[str, Skeleton]:
    """The phenotypes measured into `skeletons.json` (by `python -m tests.lab.render bodies`)."""
    raw = json.loads(TABLE.read_text())
    return {
        name: Skeleton(
            name,
            body["height_m"],
            {s: np.array(p) for s, p in body["joints"].items()},
            {n: (segment, np.array(p)) for n, (segment, p) in body["points"].items()},
        )
        for name, body in raw.items()
    }


def joint_positions(skeleton: Skeleton, rotation: dict[str, np.ndarray], root_m: np.ndarray) -> dict[str, np.ndarray]:
    """World position of every segment's joint. `rotation[segment]`: (T, 3, 3); `root_m`: (T, 3).
    Returns (T, 3) each.
    """
    position = {"pelvis": root_m}
    for segment in SEGMENTS[1:]:
        parent = PARENT[segment]
        arm = skeleton.joints[segment] - skeleton.joints[parent]
        position[segment] = position[parent] + rotation[parent] @ arm
    return position


def point_positions(
    skeleton: Skeleton, rotation: dict[str, np.ndarray], position: dict[str, np.ndarray], name: str
) -> np.ndarray:
    """World position (T, 3) of a point fixed to a segment."""
    segment, rest = skeleton.points[name]
    return position[segment] + rotation[segment] @ (rest - skeleton.joints[segment])


def landmarks_m(
    skeleton: Skeleton, rotation: dict[str, np.ndarray], position: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """The truth landmarks in the world, (T, 3) each."""
    out = {}
    for name, source in LANDMARKS.items():
        for side in ("left", "right"):
            key = f"{source}_{side}"
            known = key in position
            out[f"{name}_{side}"] = position[key] if known else point_positions(skeleton, rotation, position, key)
    out["nose"] = point_positions(skeleton, rotation, position, "nose")
    return out


# ---- rotations -----------------------------------------------------------------------------------


def about_x(deg: np.ndarray) -> np.ndarray:
    """(T, 3, 3) rotations about the forward axis."""
    return _plane_rotation(np.radians(deg), 1, 2)


def about_y(deg: np.ndarray) -> np.ndarray:
    """(T, 3, 3) rotations about the vertical; + brings the runner's right side forward."""
    return _plane_rotation(np.radians(deg), 2, 0)


def about_z(deg: np.ndarray) -> np.ndarray:
    """(T, 3, 3) rotations about the axis to the runner's right; + lifts what points forward."""
    return _plane_rotation(np.radians(deg), 0, 1)


def _plane_rotation(angle: np.ndarray, i: int, j: int) -> np.ndarray:
    """Rotation that turns axis i towards axis j."""
    angle = np.atleast_1d(angle)
    out = np.tile(np.eye(3), (len(angle), 1, 1))
    c, s = np.cos(angle), np.sin(angle)
    out[:, i, i], out[:, j, j] = c, c
    out[:, j, i], out[:, i, j] = s, -s
    return out


def frame(long_axis: np.ndarray, lateral_hint: np.ndarray) -> np.ndarray:
    """Right-handed frame (T, 3, 3), columns x, y, z: y against `long_axis` (which points down the
    limb), z near the hint.
    """
    y = -_unit(long_axis)
    z = _unit(lateral_hint - (lateral_hint * y).sum(-1, keepdims=True) * y)
    return np.stack([np.cross(y, z), y, z], axis=-1)


def direction(forward_deg: np.ndarray, out_deg: np.ndarray, side: str) -> np.ndarray:
    """Unit vectors (T, 3) hanging down, swung forward and away from the body."""
    a, o = np.radians(forward_deg), np.radians(out_deg)
    sign = 1.0 if side == "right" else -1.0
    a, o = np.broadcast_arrays(a, o)
    return np.stack([np.sin(a) * np.cos(o), -np.cos(a) * np.cos(o), sign * np.sin(o)], axis=-1)


def _unit(v: np.ndarray) -> np.ndarray:
    return v / np.linalg.norm(v, axis=-1, keepdims=True)
