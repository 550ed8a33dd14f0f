"""People who always have a foot on the ground: the find-your-hip drill on the standing belt, and
somebody who walks past.
"""

from __future__ import annotations

import numpy as np

from . import skeleton as sk
from .camera import DECK_M
from .motion import HALF_STRIDE, HEIGHT_RATE_HZ, SIDES, Events, Pose, Runner
from .spec import Bystander, KneeLifts

WALK_STRIDE_LEGS = 1.55
"""Length of a walking stride in leg lengths."""
SWAY_HZ = np.array([0.23, 0.31, 0.4])
STILL = {"turn": 0.0, "list": 0.0, "tilt": 0.0, "thorax_turn": 0.0, "lean": 0.0, "forward_m": 0.0, "sway_m": 0.0}
HANGING = {"thigh": 0.0, "knee": 3.0, "pitch": 0.0, "thigh_out": 1.0, "shank_out": 0.0, "bend": 0.0,
           "arm": -6.0, "arm_out": 9.0, "elbow": 18.0, "hand_in": 4.0}


class Upright(Runner):
    """A body like the runner's; its lowest sole is on the belt at any time."""

    def __init__(self, skeleton: sk.Skeleton, duration_s: float) -> None:
        self.skeleton = skeleton
        self._grid_s = np.arange(-0.5, duration_s + 0.5, 1 / HEIGHT_RATE_HZ)
        self._height_grid = self._pelvis_height()

    def pose(self, t_s: np.ndarray) -> Pose:
        """Rotations and joint positions at `t_s` (T,), seconds."""
        angles = self.angles(t_s)
        rotation = self._rotations(angles)
        root = np.stack([angles["forward_m"], np.interp(t_s, self._grid_s, self._height_grid), angles["sway_m"]], axis=-1)
        return rotation, sk.joint_positions(self.skeleton, rotation, root)

    def phase(self, t_s: np.ndarray) -> np.ndarray:
        """No strides: 0 throughout."""
        return np.zeros(len(t_s))

    def events(self) -> Events:
        """None."""
        return Events({s: np.zeros(0) for s in SIDES}, {s: np.zeros(0) for s in SIDES})

    def _pelvis_height(self) -> np.ndarray:
        rotation = self._rotations(self.angles(self._grid_s))
        position = sk.joint_positions(self.skeleton, rotation, np.zeros((len(self._grid_s), 3)))
        return np.max([-self.sole_m(rotation, position, side) for side in SIDES], axis=0)


def _at_rest(t_s: np.ndarray) -> dict[str, np.ndarray]:
    sided = {f"{name}_{side}": value for name, value in HANGING.items() for side in SIDES}
    return {name: np.full(len(t_s), value) for name, value in (STILL | sided).items()}


class KneeLifter(Upright):
    """Lifts one knee after the other, first the right; pelvis and trunk are as good as still."""

    def __init__(self, lifts: KneeLifts, skeleton: sk.Skeleton, duration_s: float, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self._lifts = lifts
        self._size = 1 + 0.06 * lifts.unsteadiness * rng.standard_normal(2 * lifts.per_leg)
        self._sway = rng.uniform(0, 20 * np.pi, 3)
        super().__init__(skeleton, duration_s)

    def angles(self, t_s: np.ndarray) -> dict[str, np.ndarray]:
        """Every angle (degrees) and pelvis shift (metres) that makes the pose, (T,) each."""
        out, want = _at_rest(t_s), self._lifts
        number = np.floor((t_s - want.standing_s) / want.lift_s)
        within = (t_s - want.standing_s) / want.lift_s - number
        lifting = (number >= 0) & (number < 2 * want.per_leg)
        up = np.clip((within - 0.1) / 0.8, 0, 1)
        raised = np.where(lifting, 0.5 - 0.5 * np.cos(2 * np.pi * up), 0.0)
        raised *= self._size[np.clip(number, 0, 2 * want.per_leg - 1).astype(int)]
        for turn, side in enumerate(SIDES):
            mine = raised * (number % 2 == turn)
            out[f"thigh_{side}"] = out[f"thigh_{side}"] + want.lift_deg * mine
            out[f"knee_{side}"] = out[f"knee_{side}"] + 1.5 * want.lift_deg * mine
            out[f"pitch_{side}"] = -18.0 * mine
        slow = np.sin(np.add.outer(2 * np.pi * t_s, self._sway) * SWAY_HZ) * want.unsteadiness
        swayed = {"forward_m": 0.006 * slow[:, 1], "sway_m": 0.006 * slow[:, 2]}
        return out | {"lean": want.trunk_lean_deg + 0.7 * slow[:, 0]} | swayed


class Walker(Upright):
    """Somebody who walks straight on through the gym."""

    def __init__(self, person: Bystander, duration_s: float) -> None:
        self._person = person
        super().__init__(sk.skeletons()[person.look.body], duration_s)

    def angles(self, t_s: np.ndarray) -> dict[str, np.ndarray]:
        """Every angle (degrees) that makes the pose, (T,) each."""
        out = _at_rest(t_s)
        phase = self._person.walks_mps * t_s / (WALK_STRIDE_LEGS * self.skeleton.leg_m)
        for side in SIDES:
            wave = 2 * np.pi * (phase - HALF_STRIDE[side])
            out[f"thigh_{side}"] = 3.0 + 22.0 * np.cos(wave)
            out[f"knee_{side}"] = 8.0 + 50.0 * np.clip(np.cos(wave + 1.25), 0, None) ** 2
            out[f"pitch_{side}"] = 0.5 * (out[f"thigh_{side}"] - out[f"knee_{side}"])
            out[f"arm_{side}"] = out[f"arm_{side}"] - 18.0 * np.cos(wave)
        return out

    def pose(self, t_s: np.ndarray) -> Pose:
        """Rotations and joint positions at `t_s` (T,), turned and moved to where the person is."""
        rotation, position = super().pose(t_s)
        turn = sk.about_y(np.array([self._person.facing_deg]))[0]
        walked = self._person.walks_mps * t_s[:, None] * turn[:, 0]
        start = np.array([self._person.x_m, -DECK_M, self._person.z_m])
        moved = {s: p @ turn.T + walked + start for s, p in position.items()}
        return {s: turn @ r for s, r in rotation.items()}, moved
