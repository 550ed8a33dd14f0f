"""Random poses of one person: recorded strides, with pelvis, trunk, arms and thighs drawn on top of
them, frame by frame.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tests.lab.render import skeleton as sk
from tests.lab.render.curves import curves_of
from tests.lab.render.motion import HALF_STRIDE, SIDES, Pose, Runner, StrideNoise
from tests.lab.render.spec import Gait
from tests.lab.render.upright import HANGING, STILL

from . import ranges

PER_FRAME = ("turn", "list", "tilt", "thorax_turn", "lean")
PER_LIMB = ("thigh", "knee", "pitch", "thigh_out", "arm", "arm_out", "elbow", "hand_in")
ARM_STYLES = {
    "swing": {},
    "hang": {"arm": -4.0, "arm_out": 10.0, "elbow": 20.0, "hand_in": 4.0},
    "hands on hips": {"arm": -32.0, "arm_out": 42.0, "elbow": 70.0, "hand_in": 62.0},
    "in front": {"arm": 4.0, "arm_out": 8.0, "elbow": 85.0, "hand_in": 38.0},
}
FAST_KNEE_DEG = 25.0
"""More knee flexion in swing at 6 m/s than at 4.5, the fastest that was recorded."""


@dataclass(frozen=True)
class Style:
    """What one person keeps over the frames: their row of `ranges.MOTION`, what they do, whose
    strides, and how the arms go.
    """

    motion: dict[str, float]
    act: str
    runner: str
    arms: str


def drawn_style(split_runners: tuple[str, ...], rng: np.random.Generator, act: str | None = None) -> Style:
    """A random person's; what they do is drawn too unless it is given."""
    motion = {n: float(v) for n, v in ranges.drawn(ranges.MOTION, rng).items()}
    act = act or ranges.chosen(ranges.ACTS, rng)
    return Style(motion, act, str(rng.choice(split_runners)), ranges.chosen(ranges.ARMS, rng))


class Poser(Runner):
    """Poses of one body at any phases of the stride, without a time line."""

    def __init__(self, style: Style, skeleton: sk.Skeleton) -> None:
        self.style, self.skeleton = style, skeleton
        self.curves = curves_of(style.runner)
        self._noise = StrideNoise(np.random.default_rng(0), 0.0, 1)

    def base_angles(self, phase: np.ndarray) -> dict[str, np.ndarray]:
        """The angles (degrees, (T,) each) of what the person does, before anything is drawn on top.
        """
        return {"run": self._running, "walk": self._walking, "knee lifts": self._lifting}.get(
            self.style.act, self._standing)(phase)

    def disturbed(self, angles: dict[str, np.ndarray], rng: np.random.Generator) -> dict[str, np.ndarray]:
        """What each frame draws on top, independent of the phase, and the person's own bearing."""
        n, own, out = len(angles["turn"]), self.style.motion, dict(angles)
        for name in PER_FRAME:
            out[name] = out[name] + ranges.MOTION[f"{name}_deg"].draw(rng, n)
        for name in PER_LIMB:
            for side in SIDES:
                out[f"{name}_{side}"] = out[f"{name}_{side}"] + ranges.MOTION[f"{name}_deg"].draw(rng, n)
        for side in SIDES:
            out[f"knee_{side}"] = np.maximum(out[f"knee_{side}"], -4.0)
            out[f"twist_{side}"] = own["thigh_twist_share"] * out["turn"] + ranges.MOTION["thigh_twist_deg"].draw(rng, n)
        for name in ("rise_m", "forward_m", "aside_m", "heading_deg"):
            out[name] = ranges.MOTION[name].draw(rng, n)
        return out

    def steady(self, angles: dict[str, np.ndarray], rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Nothing on top: the recorded stride with the person's own bearing, and no flight."""
        n, out = len(angles["turn"]), dict(angles)
        for side in SIDES:
            out[f"twist_{side}"] = self.style.motion["thigh_twist_share"] * out["turn"]
        held = {name: np.full(n, float(ranges.MOTION[name].draw(rng))) for name in ("forward_m", "aside_m")}
        return out | held | {"rise_m": np.zeros(n), "heading_deg": np.zeros(n)}

    def pose_of(self, angles: dict[str, np.ndarray]) -> Pose:
        """Rotations and joint positions. The lowest sole is on the belt, or `rise_m` above it in a
        run.
        """
        rotation = self._twisted(self._rotations(angles), angles)
        n = len(angles["turn"])
        position = sk.joint_positions(self.skeleton, rotation, np.zeros((n, 3)))
        sole = np.min([self.sole_m(rotation, position, side) for side in SIDES], axis=0)
        up = -sole + (angles["rise_m"] if self.style.act == "run" else 0.0)
        root = np.stack([angles["forward_m"], up, angles["aside_m"]], axis=-1)
        if self.style.arms == "rails":
            rotation = rotation | self._arms_on_rail(sk.joint_positions(self.skeleton, rotation, root))
        if self.style.act == "slow turn":
            heading = sk.about_y(angles["heading_deg"])
            rotation = {name: heading @ r for name, r in rotation.items()}
        return rotation, sk.joint_positions(self.skeleton, rotation, root)

    # ---- what people do --------------------------------------------------------------------------

    def _running(self, phase: np.ndarray) -> dict[str, np.ndarray]:
        own, n = self.style.motion, len(phase)
        gait = {name: np.full(n, own.get(name, getattr(Gait(), name))) for name in Gait.__dataclass_fields__}
        out = self._trunk(gait, phase)
        fast = np.clip((own["speed_mps"] - 4.5) / 1.5, 0, 1) * FAST_KNEE_DEG
        for side in SIDES:
            leg = self._leg(gait, phase - HALF_STRIDE[side])
            leg["knee"] = leg["knee"] + fast * np.clip((leg["knee"] - 30.0) / 60.0, 0, 1)
            out |= {f"{name}_{side}": v for name, v in leg.items()}
        return self._with_person(out, phase, gait)

    def _walking(self, phase: np.ndarray) -> dict[str, np.ndarray]:
        """Plain cosines, as `upright.Walker` walks, with the pelvis of the recorded stride."""
        own, out = self.style.motion, self._upright(len(phase))
        slow = np.full(len(phase), 2.5)
        out["turn"] = 0.8 * own["pelvic_turn_scale"] * self.curves.at("pelvis_turn_deg", phase, slow)
        out["list"] = self.curves.at("pelvis_list_deg", phase, slow)
        for side in SIDES:
            wave = 2 * np.pi * (phase - HALF_STRIDE[side])
            swing = 22.0 * 0.5 * (own["tle_scale"] + own["thigh_forward_scale"])
            out[f"thigh_{side}"] = 3.0 + swing * np.cos(wave)
            out[f"knee_{side}"] = 8.0 + 50.0 * np.clip(np.cos(wave + 1.25), 0, None) ** 2
            out[f"pitch_{side}"] = 0.5 * (out[f"thigh_{side}"] - out[f"knee_{side}"])
            out[f"arm_{side}"] = out[f"arm_{side}"] - 18.0 * own["arm_swing_scale"] * np.cos(wave)
        return self._with_person(out, phase)

    def _lifting(self, phase: np.ndarray) -> dict[str, np.ndarray]:
        """One knee after the other."""
        out = self._upright(len(phase))
        for side in SIDES:
            up = np.clip(np.sin(2 * np.pi * (phase - HALF_STRIDE[side])), 0, 1)
            out[f"thigh_{side}"] = out[f"thigh_{side}"] + self.style.motion["lift_deg"] * up
            out[f"knee_{side}"] = out[f"knee_{side}"] + 1.5 * self.style.motion["lift_deg"] * up
            out[f"pitch_{side}"] = -18.0 * up
        return self._with_person(out, phase)

    def _standing(self, phase: np.ndarray) -> dict[str, np.ndarray]:
        return self._with_person(self._upright(len(phase)), phase)

    @staticmethod
    def _upright(n: int) -> dict[str, np.ndarray]:
        sided = {f"{name}_{side}": value for name, value in HANGING.items() for side in SIDES}
        return {name: np.full(n, value) for name, value in (STILL | sided).items()}

    def _with_person(self, out: dict[str, np.ndarray], phase: np.ndarray,
                     gait: dict[str, np.ndarray] | None = None) -> dict[str, np.ndarray]:
        """The person's bearing and arms."""
        own, n = self.style.motion, len(phase)
        out["turn"] = out["turn"] + own["person_turn_deg"]
        out["tilt"] = out["tilt"] + own["person_tilt_deg"]
        out["thorax_turn"] = out["thorax_turn"] * own["thorax_turn_scale"]
        for side in SIDES:
            if gait is not None:
                out |= {f"{name}_{side}": v for name, v in self._arm(gait, phase - HALF_STRIDE[side]).items()}
            out |= {f"{name}_{side}": np.full(n, v) for name, v in ARM_STYLES.get(self.style.arms, {}).items()}
        return out

    def _twisted(self, rotation: dict[str, np.ndarray], angles: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The thighs turned about their own length: how far they follow the pelvis differs between
        people.
        """
        out = dict(rotation)
        for side in SIDES:
            j, thigh = self.skeleton.joints, rotation[f"thigh_{side}"]
            up = thigh @ (j[f"thigh_{side}"] - j[f"shank_{side}"])
            out[f"thigh_{side}"] = _about(up, angles[f"twist_{side}"]) @ thigh
        return out


def _about(axis: np.ndarray, deg: np.ndarray) -> np.ndarray:
    """(T, 3, 3) rotations about axes (T, 3), by Rodrigues' formula."""
    x, y, z = (axis / np.linalg.norm(axis, axis=-1, keepdims=True)).T
    zero = np.zeros_like(x)
    cross = np.array([[zero, -z, y], [z, zero, -x], [-y, x, zero]]).transpose(2, 0, 1)
    a = np.radians(deg)[:, None, None]
    return np.eye(3) + np.sin(a) * cross + (1 - np.cos(a)) * cross @ cross
