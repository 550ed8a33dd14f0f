"""Somebody who stands on the belt and turns once slowly round, arms a little away from the body."""

from __future__ import annotations

import numpy as np

from . import skeleton as sk
from .motion import SIDES, Events, Pose, standing_pose
from .spec import Motion

STILL_S = 1.0
"""Facing forward before and after."""
SHUFFLES = 14
"""Small steps that a turn takes; the pelvis hurries and lingers with them."""
ARM_OUT_DEG = 32.0
SWAY = {"x_m": 0.015, "z_m": 0.015, "list_deg": 1.5, "tilt_deg": 1.5}
"""SD of where the pelvis wanders and leans meanwhile."""


class SlowTurn:
    """A `Runner` that only turns: ask `pose(t_s)` and `angles(t_s)` at any times within the clip.
    """

    def __init__(self, motion: Motion, skeleton: sk.Skeleton, duration_s: float, seed: int) -> None:
        self.motion, self.skeleton = motion, skeleton
        self._turn_s = duration_s - 2 * STILL_S
        rng = np.random.default_rng(seed)
        self._waves = {n: (size, rng.uniform(0, 2 * np.pi, 3), rng.uniform(0.15, 0.6, 3)) for n, size in SWAY.items()}

    def phase(self, t_s: np.ndarray) -> np.ndarray:
        """No strides: 0 throughout."""
        return np.zeros(len(t_s))

    def events(self) -> Events:
        """No foot leaves the belt for long."""
        return Events({s: np.zeros(0) for s in SIDES}, {s: np.zeros(0) for s in SIDES})

    def angles(self, t_s: np.ndarray) -> dict[str, np.ndarray]:
        """The pelvis' turn (0 .. 360, right side forward +), list and tilt in degrees."""
        share = np.clip((t_s - STILL_S) / self._turn_s, 0, 1)
        hurry = np.sin(2 * np.pi * SHUFFLES * share) / (2 * np.pi * SHUFFLES)
        return {"turn": 360.0 * (share + 0.7 * hurry), "list": self._sway("list_deg", t_s), "tilt": self._sway("tilt_deg", t_s)}

    def pose(self, t_s: np.ndarray) -> Pose:
        """Rotations and joint positions at `t_s` (T,), seconds."""
        a = self.angles(t_s)
        lean = sk.about_y(a["turn"]) @ sk.about_x(-a["list"]) @ sk.about_z(-a["tilt"])
        rest, _ = standing_pose(self.skeleton, 0.0, 0.0, 0.0, arm_out_deg=ARM_OUT_DEG)
        rotation = {s: lean @ r for s, r in rest.items()}
        sole = self.skeleton.points["sole_ball_right"][1][1] - self.skeleton.joints["pelvis"][1]
        root = np.stack([self._sway("x_m", t_s), np.full(len(t_s), -sole), self._sway("z_m", t_s)], axis=1)
        return rotation, sk.joint_positions(self.skeleton, rotation, root)

    def _sway(self, name: str, t_s: np.ndarray) -> np.ndarray:
        size, start, hz = self._waves[name]
        return size * np.sqrt(2 / 3) * np.sin(start + 2 * np.pi * np.multiply.outer(t_s, hz)).sum(axis=-1)
