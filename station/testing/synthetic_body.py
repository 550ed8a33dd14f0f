"""A body as 33 landmarks from joint angles, and its image in a camera.

Body axes in metres: x the way the runner faces, y up, z to the runner's right; the origin is the
middle between the hips.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from station.types import JOINTS, NAN, Joint, Side, View

Array = NDArray[np.float64]

# Metres, of a person 1.75 m tall. Thigh, shank and foot: means of the eight runners named in
# stride_curves; the rest by eye.
THIGH_M, SHANK_M, FOOT_M = 0.44, 0.415, 0.20
HIP_WIDTH_M = 0.165  # between the joint centres
# Chosen: usual for a person of 1.75 m.
SHOULDER_WIDTH_M, TRUNK_M, UPPER_ARM_M, FOREARM_M = 0.36, 0.50, 0.29, 0.25
HEIGHT_M = 1.75  # chosen
HEEL_BEHIND_M, HEEL_BELOW_M = 0.055, 0.06  # of the ankle, along and across the sole
RAIL_FORWARD_M, RAIL_UP_M = 0.38, 0.12  # where hands hold on

# Face landmarks relative to mid-shoulder: (forward, up, out to the left).
FACE = {
    Joint.NOSE: (0.12, 0.22, 0.0),
    Joint.LEFT_EYE_INNER: (0.10, 0.26, 0.015),
    Joint.LEFT_EYE: (0.10, 0.26, 0.03),
    Joint.LEFT_EYE_OUTER: (0.09, 0.26, 0.045),
    Joint.RIGHT_EYE_INNER: (0.10, 0.26, -0.015),
    Joint.RIGHT_EYE: (0.10, 0.26, -0.03),
    Joint.RIGHT_EYE_OUTER: (0.09, 0.26, -0.045),
    Joint.LEFT_EAR: (0.01, 0.23, 0.075),
    Joint.RIGHT_EAR: (0.01, 0.23, -0.075),
    Joint.MOUTH_LEFT: (0.10, 0.18, 0.02),
    Joint.MOUTH_RIGHT: (0.10, 0.18, -0.02),
}
# Finger landmarks beyond the wrist: (along the forearm, across it).
HAND = {"pinky": (0.08, -0.02), "index": (0.09, 0.01), "thumb": (0.04, 0.03)}


@dataclass(frozen=True)
class Posture:
    """Joint angles over N moments, deg, pairs (left, right); thigh and arms forward +."""

    thigh_deg: tuple[Array, Array]
    knee_flexion_deg: tuple[Array, Array]
    foot_pitch_deg: tuple[Array, Array]
    upper_arm_deg: tuple[Array, Array]
    elbow_flexion_deg: Array
    trunk_lean_deg: Array
    pelvic_turn_deg: Array  # left side forward +
    shoulder_turn_deg: Array  # left side forward +
    on_rail: Array  # 0 arms swing .. 1 both hands hold the rail


@dataclass(frozen=True)
class Filming:
    """The camera, fixed over a recording. Directions and angles as in types.View.

    fps: frame rate. jitter_ms: SD of the frame times about it. lost_fraction: frames that never
    arrive. distance_m: for perspective, infinity is a parallel view. hip_at: mid-hip at position 0,
    fractions of width and height.
    """

    fps: float = 50.0
    width_px: int = 720
    height_px: int = 1280
    px_per_m: float = 450.0
    direction: Side = "right"
    roll_deg: float = 0.0
    azimuth_deg: float = 0.0
    distance_m: float = float("inf")
    hip_at: tuple[float, float] = (0.5, 0.5)
    zone: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)
    jitter_ms: float = 0.0
    lost_fraction: float = 0.0

    @property
    def view(self) -> View:
        """What an installer would have entered for this camera."""
        return View(self.width_px, self.height_px, self.roll_deg, self.azimuth_deg, self.px_per_m, self.direction, self.zone)


def landmarks_m(posture: Posture, height_m: float = HEIGHT_M) -> Array:
    """(N, 33, 3) landmarks in body axes of a person `height_m` tall."""
    n = len(posture.trunk_lean_deg)
    points = np.full((n, JOINTS, 3), NAN)
    trunk = _sagittal(TRUNK_M, 180 - posture.trunk_lean_deg)
    for sign, (leg, name) in zip((-1.0, 1.0), enumerate(("LEFT", "RIGHT")), strict=True):
        hip = _turned(HIP_WIDTH_M, posture.pelvic_turn_deg, sign)
        _leg(points, posture, leg, name, hip)
        _arm(points, posture, leg, name, trunk + _turned(SHOULDER_WIDTH_M, posture.shoulder_turn_deg, sign))
    for joint, (forward, up, left) in FACE.items():
        points[:, joint] = trunk + np.array([forward, up, -left])
    return points * (height_m / HEIGHT_M)


def _sagittal(length_m: float, angle_deg: Array) -> Array:
    """(N, 3) a bone hanging from the origin, 0 straight down, forward +."""
    angle = np.radians(angle_deg)
    return length_m * np.stack([np.sin(angle), -np.cos(angle), np.zeros_like(angle)], axis=-1)


def _turned(width_m: float, turn_deg: Array, sign: float) -> Array:
    """(N, 3) an end of a cross bar turned about the vertical: -1 its left, +1 its right."""
    turn = np.radians(turn_deg)
    return sign * width_m / 2 * np.stack([-np.sin(turn), np.zeros_like(turn), np.cos(turn)], axis=-1)


def _leg(points: Array, posture: Posture, leg: int, name: str, hip: Array) -> None:
    knee = hip + _sagittal(THIGH_M, posture.thigh_deg[leg])
    ankle = knee + _sagittal(SHANK_M, posture.thigh_deg[leg] - posture.knee_flexion_deg[leg])
    pitch = np.radians(posture.foot_pitch_deg[leg])
    zero = np.zeros_like(pitch)
    along = np.stack([np.cos(pitch), np.sin(pitch), zero], axis=-1)
    across = np.stack([-np.sin(pitch), np.cos(pitch), zero], axis=-1)
    heel = ankle - HEEL_BEHIND_M * along - HEEL_BELOW_M * across
    for joint, place in (("HIP", hip), ("KNEE", knee), ("ANKLE", ankle), ("HEEL", heel), ("FOOT_INDEX", heel + FOOT_M * along)):
        points[:, Joint[f"{name}_{joint}"]] = place


def _arm(points: Array, posture: Posture, arm: int, name: str, shoulder: Array) -> None:
    upper = posture.upper_arm_deg[arm]
    elbow = shoulder + _sagittal(UPPER_ARM_M, upper)
    fore = elbow + _sagittal(FOREARM_M, upper + posture.elbow_flexion_deg) - elbow
    held = posture.on_rail[:, None]
    hold = shoulder * [0, 0, 1] + [RAIL_FORWARD_M, RAIL_UP_M, 0]
    wrist = (1 - held) * (elbow + fore) + held * hold
    elbow = (1 - held) * elbow + held * ((shoulder + hold) / 2 - [0, 0.08, 0])
    along = wrist - elbow
    along /= np.linalg.norm(along, axis=-1, keepdims=True)
    across = np.stack([-along[:, 1], along[:, 0], along[:, 2]], axis=-1)
    points[:, Joint[f"{name}_SHOULDER"]], points[:, Joint[f"{name}_ELBOW"]] = shoulder, elbow
    points[:, Joint[f"{name}_WRIST"]] = wrist
    for finger, (far, aside) in HAND.items():
        points[:, Joint[f"{name}_{finger.upper()}"]] = wrist + far * along + aside * across


def in_frame(points_m: Array, filming: Filming, forward_m: Array, up_m: Array) -> Array:
    """(N, 33, 2) pixels of points whose origin is `forward_m`, `up_m` off `filming.hip_at`.

    The camera stands on the side that the direction shows (a runner who faces right in the frame
    shows the right side), `azimuth_deg` round towards the rear. Positions along the belt move in
    the body's own direction.
    """
    near = 1.0 if filming.direction == "right" else -1.0
    azimuth = np.radians(filming.azimuth_deg)
    x, y, z = points_m[..., 0] + forward_m[:, None], points_m[..., 1] + up_m[:, None], points_m[..., 2]
    across = near * x * np.cos(azimuth) + z * np.sin(azimuth)
    towards = near * z * np.cos(azimuth) - x * np.sin(azimuth)
    scale = filming.px_per_m / (1 - towards / filming.distance_m)
    flat = np.stack([across * scale, -y * scale], axis=-1)
    offset = (np.array(filming.hip_at) - 0.5) * [filming.width_px, filming.height_px]
    roll = np.radians(filming.roll_deg)
    # y points down, so this matrix turns clockwise as the frame shows it.
    turn = np.array([[np.cos(roll), -np.sin(roll)], [np.sin(roll), np.cos(roll)]])
    return (flat + offset) @ turn.T + [filming.width_px / 2, filming.height_px / 2]
