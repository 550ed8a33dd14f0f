"""A runner's motion over time: stride curves -> segment rotations -> joint positions, with truth.

Angles follow the station's definitions: thigh and shank against the vertical in the plane of
running, forward +; knee flexion = thigh - shank; trunk lean from mid-hip to mid-shoulder, forward
+. The pelvis turns about the vertical, + = right side forward, and leads the thigh by about a
quarter stride because the real runners' does. Arms and trunk are added (the recordings have none):
the arms swing with the opposite leg, elbows near 90 degrees.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import skeleton as sk
from .curves import RunnerCurves, curves_of
from .spec import Motion

SIDES = ("right", "left")
HALF_STRIDE = {"right": 0.0, "left": 0.5}
NEUTRAL_TILT_DEG = 12.0
"""Anterior tilt of a standing pelvis in the recordings' marker frame; the body's rest pose stands
like this.
"""
HEIGHT_RATE_HZ = 200.0
"""Grid on which the pelvis is set so high that the foot stands on the belt."""
SMOOTH_S = 0.006
"""SD of what rounds off its height where a changed gait meets the recorded contact (chosen)."""

SITTING_TLE_LOSS = 0.48
SITTING_KNEE_DEG = 7.0
SITTING_SWING_KNEE_DEG = 5.0
SITTING_LEAN_DEG = -4.0
SITTING_TILT_DEG = -9.0
"""What `Gait.sitting` = 1 does: lost share of the backward swing, knee flexion added in stance and
everywhere, trunk lean, pelvis rolled back."""

UNSTEADINESS = {"timing": 0.006, "swing": 0.018, "turn": 0.08, "lean_deg": 0.5, "drift_m": 0.012}
"""SD between strides: contact time in strides, relative size of the thigh swing and of the pelvic
turn, lean, place.
"""

RAIL_HOLD_M = np.array([0.50, 0.92, 0.39])
"""Where a wrist lies that holds the right side rail."""

Pose = tuple[dict[str, np.ndarray], dict[str, np.ndarray]]
"""Rotations (T, 3, 3) and joint positions (T, 3) of every segment."""


@dataclass(frozen=True)
class Events:
    """Contacts and toe-offs in seconds, per side."""

    contact_s: dict[str, np.ndarray]
    toe_off_s: dict[str, np.ndarray]


class Runner:
    """A moving runner: ask `pose(t_s)` at any times within the clip."""

    def __init__(self, motion: Motion, skeleton: sk.Skeleton, duration_s: float, seed: int) -> None:
        self.motion, self.skeleton = motion, skeleton
        self.curves: RunnerCurves = curves_of(motion.runner)
        self._grid_s = np.arange(-0.5, duration_s + 0.5, 1 / HEIGHT_RATE_HZ)
        strides = motion.repeat_strides or int(duration_s * 2.5) + 16
        self._noise = StrideNoise(np.random.default_rng(seed), motion.unsteadiness, strides)
        self._phase_grid = self._integrate_phase()
        self._height_grid = self._pelvis_height()

    def phase(self, t_s: np.ndarray) -> np.ndarray:
        """Strides since the first right contact, (T,)."""
        return np.interp(t_s, self._grid_s, self._phase_grid)

    def pose(self, t_s: np.ndarray) -> Pose:
        """Rotations and joint positions at `t_s` (T,), seconds."""
        angles = self.angles(t_s)
        rotation = self._rotations(angles)
        root = np.stack([angles["forward_m"], np.interp(t_s, self._grid_s, self._height_grid), angles["sway_m"]], axis=-1)
        if self.motion.holds_rail:
            rotation = rotation | self._arms_on_rail(sk.joint_positions(self.skeleton, rotation, root))
        return rotation, sk.joint_positions(self.skeleton, rotation, root)

    def events(self) -> Events:
        """When each foot meets and leaves the belt, by the recorded runners' share of the stride.
        """
        contact, toe_off = {}, {}
        for side in SIDES:
            own = self._phase_grid - HALF_STRIDE[side]
            contact[side] = self._crossings(own)
            speed = self.motion.parameter("speed_mps", self._grid_s)
            toe_off[side] = self._crossings(own - self.curves.duty(speed))
        return Events(contact, toe_off)

    # ---- angles ----------------------------------------------------------------------------------

    def angles(self, t_s: np.ndarray) -> dict[str, np.ndarray]:
        """Every angle (degrees) and pelvis shift (metres) that makes the pose, (T,) each."""
        gait = self.motion.parameters(t_s)
        phase = self.phase(t_s)
        out = self._trunk(gait, phase)
        for side in SIDES:
            own = gait | {"tle_scale": gait["tle_scale"] * (gait["left_tle_scale"] if side == "left" else 1.0)}
            out |= {f"{n}_{side}": v for n, v in self._leg(own, phase - HALF_STRIDE[side]).items()}
            out |= {f"{n}_{side}": v for n, v in self._arm(gait, phase - HALF_STRIDE[side]).items()}
        surge, sway = (self.skeleton.leg_m * self.curves.at(f"pelvis_{n}", phase, gait["speed_mps"]) for n in ("surge", "sway"))
        out["forward_m"] = gait["forward_m"] + self._noise.at("drift_m", phase) + surge
        out["sway_m"] = sway
        return out

    def _leg(self, gait: dict[str, np.ndarray], phase: np.ndarray) -> dict[str, np.ndarray]:
        speed = gait["speed_mps"]
        thigh, knee, pitch, thigh_out, shank_out = (
            self.curves.at(n, phase, speed)
            for n in ("thigh_deg", "knee_flexion_deg", "foot_pitch_deg", "thigh_out_deg", "shank_out_deg")
        )
        size = 1 + self._noise.at("swing", phase)
        backward = size * gait["tle_scale"] * (1 - SITTING_TLE_LOSS * gait["sitting"])
        forward = size * gait["thigh_forward_scale"]
        thigh = thigh * _blend_at_zero(thigh, backward, forward)
        duty = self.curves.duty(speed)
        knee = knee + gait["sitting"] * (SITTING_KNEE_DEG * _plateau(phase, 0 * duty, duty, 0.14) + SITTING_SWING_KNEE_DEG)
        # The toes stay on the belt while the heel rises: bent against the foot around toe-off only.
        bend = np.clip(-pitch, 0, 35) * _hump(phase, duty - 0.02, 0.12)
        return {"thigh": thigh, "knee": knee, "pitch": pitch, "thigh_out": thigh_out, "shank_out": shank_out, "bend": bend}

    def _trunk(self, gait: dict[str, np.ndarray], phase: np.ndarray) -> dict[str, np.ndarray]:
        speed, sit = gait["speed_mps"], gait["sitting"]
        turn, tilt = (self.curves.at(f"pelvis_{n}_deg", phase, speed) for n in ("turn", "tilt"))
        list_ = self.curves.at("pelvis_list_deg", phase, speed)
        swing = self.curves.first_harmonic("thigh_deg", phase - 0.5, speed)
        return {
            "turn": turn * gait["pelvic_turn_scale"] * (1 + self._noise.at("turn", phase)),
            "list": list_,
            "tilt": tilt - NEUTRAL_TILT_DEG + SITTING_TILT_DEG * sit,
            "thorax_turn": 6.0 * gait["arm_swing_scale"] * swing,
            "lean": gait["trunk_lean_deg"] * (1 - sit) + SITTING_LEAN_DEG * sit + self._noise.at("lean_deg", phase),
        }

    def _arm(self, gait: dict[str, np.ndarray], phase: np.ndarray) -> dict[str, np.ndarray]:
        """The arm goes forward with the opposite leg, which is half a stride away."""
        swing = self.curves.first_harmonic("thigh_deg", phase - 0.5, gait["speed_mps"])
        size = gait["arm_swing_scale"] * (0.85 + 0.05 * gait["speed_mps"])
        return {
            "arm": -18.0 + 27.0 * size * swing + gait["sitting"] * 6,
            "arm_out": 13.0 - 3.0 * swing,
            "elbow": 100.0 + 9.0 * size * swing,
            "hand_in": 12.0 + 14.0 * swing,
        }

    # ---- rotations -------------------------------------------------------------------------------

    def _rotations(self, a: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        rotation = self._spine(a)
        for side in SIDES:
            rotation |= self._leg_rotations(a, side) | self._arm_rotations(a, side)
        return rotation

    def _spine(self, a: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Pelvis to head. The thorax is bent until mid-shoulder lies at the asked lean above
        mid-hip.
        """
        pitch = -a["lean"]
        for _ in range(4):
            rotation = self._bent_spine(a, pitch)
            pitch = pitch + 1.5 * (self._lean_deg(rotation) - a["lean"])
        return self._bent_spine(a, pitch)

    def _bent_spine(self, a: dict[str, np.ndarray], thorax_pitch: np.ndarray) -> dict[str, np.ndarray]:
        pelvis, thorax = (a["turn"], a["list"], -a["tilt"]), (a["thorax_turn"], -0.25 * a["list"], thorax_pitch)
        head = (0 * a["turn"], 0 * a["list"], -4.0 + 0.25 * thorax_pitch)
        shares = {"pelvis": 0.0, "lumbar": 0.35, "waist": 0.7, "thorax": 1.0}
        out = {s: _turn_list_pitch(*((1 - w) * p + w * t for p, t in zip(pelvis, thorax, strict=True)))
               for s, w in shares.items()}
        out["neck"] = _turn_list_pitch(*((t + h) / 2 for t, h in zip(thorax, head, strict=True)))
        out["head"] = _turn_list_pitch(*head)
        return out

    def _lean_deg(self, rotation: dict[str, np.ndarray]) -> np.ndarray:
        """Lean of the line from mid-hip to mid-shoulder (the pelvis' joint is mid-hip)."""
        j = self.skeleton.joints
        up = (
            rotation["pelvis"] @ (j["lumbar"] - j["pelvis"])
            + rotation["lumbar"] @ (j["waist"] - j["lumbar"])
            + rotation["waist"] @ (j["thorax"] - j["waist"])
            + rotation["thorax"] @ ((j["upper_arm_right"] + j["upper_arm_left"]) / 2 - j["thorax"])
        )
        return np.degrees(np.arctan2(up[:, 0], up[:, 1]))

    def _leg_rotations(self, a: dict[str, np.ndarray], side: str) -> dict[str, np.ndarray]:
        j = self.skeleton.joints
        right = np.array([[0.0, 0.0, 1.0]])
        thigh = sk.frame(sk.direction(a[f"thigh_{side}"], a[f"thigh_out_{side}"], side), right)
        shank_deg = a[f"thigh_{side}"] - a[f"knee_{side}"]
        shank = sk.frame(sk.direction(shank_deg, a[f"shank_out_{side}"], side), right)
        foot = sk.about_z(a[f"pitch_{side}"])
        toes = sk.about_z(a[f"pitch_{side}"] + a[f"bend_{side}"])
        straight = self._straighten_foot(side)
        return {
            f"thigh_{side}": thigh @ _rest(j[f"shank_{side}"] - j[f"thigh_{side}"], right),
            f"shank_{side}": shank @ _rest(j[f"foot_{side}"] - j[f"shank_{side}"], right),
            f"foot_{side}": foot @ straight,
            f"toes_{side}": toes @ straight,
        }

    def _straighten_foot(self, side: str) -> np.ndarray:
        """The rest pose turns the feet out; runners point them nearly ahead (6 degrees out)."""
        along = self.skeleton.joints[f"toes_{side}"] - self.skeleton.joints[f"foot_{side}"]
        out_deg = np.degrees(np.arctan2(along[2], along[0]))
        return sk.about_y(np.array([out_deg - (6.0 if side == "right" else -6.0)]))

    def _arm_rotations(self, a: dict[str, np.ndarray], side: str) -> dict[str, np.ndarray]:
        upper = sk.direction(a[f"arm_{side}"], a[f"arm_out_{side}"], side)
        lower = sk.direction(a[f"arm_{side}"] + a[f"elbow_{side}"], -a[f"hand_in_{side}"], side)
        return self._arm_frames(side, upper, lower)

    def _arm_frames(self, side: str, upper: np.ndarray, lower: np.ndarray) -> dict[str, np.ndarray]:
        """From the directions (T, 3) of upper arm and forearm."""
        j = self.skeleton.joints
        upper_rest, lower_rest = (j[f"forearm_{side}"] - j[f"upper_arm_{side}"], j[f"hand_{side}"] - j[f"forearm_{side}"])
        # The elbow is a hinge: its axis is square to both bones, posed and at rest.
        hinge, hinge_rest = np.cross(upper, lower), np.cross(upper_rest, lower_rest)[None]
        forearm = sk.frame(lower, hinge) @ _rest(lower_rest, hinge_rest)
        return {
            f"upper_arm_{side}": sk.frame(upper, hinge) @ _rest(upper_rest, hinge_rest),
            f"forearm_{side}": forearm,
            f"hand_{side}": forearm,
        }

    def _arms_on_rail(self, position: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Arms bent so that the wrists stay on the side rails: shoulder, elbow and wrist are a
        triangle with known sides.
        """
        j, out = self.skeleton.joints, {}
        for side, sign in (("right", 1.0), ("left", -1.0)):
            shoulder = position[f"upper_arm_{side}"]
            upper_m = np.linalg.norm(j[f"forearm_{side}"] - j[f"upper_arm_{side}"])
            lower_m = np.linalg.norm(j[f"hand_{side}"] - j[f"forearm_{side}"])
            reach = RAIL_HOLD_M * [1, 1, sign] - shoulder
            far = np.linalg.norm(reach, axis=1, keepdims=True)
            ahead, far = reach / far, np.clip(far, abs(upper_m - lower_m) + 0.01, upper_m + lower_m - 0.01)
            cosine = (upper_m**2 + far**2 - lower_m**2) / (2 * upper_m * far)
            aside = np.array([-0.6, -0.5, 0.5 * sign])
            aside = aside - (ahead @ aside)[:, None] * ahead
            upper = cosine * ahead + np.sqrt(1 - cosine**2) * aside / np.linalg.norm(aside, axis=1, keepdims=True)
            out |= self._arm_frames(side, upper, (far * ahead - upper_m * upper) / lower_m)
        return out

    # ---- time and height -------------------------------------------------------------------------

    def _integrate_phase(self) -> np.ndarray:
        t = self._grid_s
        speed, cadence = (self.motion.parameter(n, t) for n in ("speed_mps", "cadence_spm"))
        stride_hz = np.where(np.isnan(cadence), 1 / self.curves.stride_s(speed), cadence / 120)
        phase = np.concatenate([[0.0], np.cumsum((stride_hz[1:] + stride_hz[:-1]) / 2 * np.diff(t))])
        phase -= np.interp(0.0, t, phase)
        return phase + self._noise.at("timing", phase) - self._noise.at("timing", np.zeros(1))

    def _crossings(self, phase: np.ndarray) -> np.ndarray:
        whole = np.arange(np.ceil(phase[0]), np.floor(phase[-1]) + 1)
        return np.interp(whole, phase, self._grid_s)

    def _pelvis_height(self) -> np.ndarray:
        """Pelvis above the belt: in stance the ankle is as high as recorded, in flight the pelvis
        rises as recorded.
        """
        t = self._grid_s
        position = sk.joint_positions(self.skeleton, self._rotations(self.angles(t)), np.zeros((len(t), 3)))
        phase, speed, leg_m = self.phase(t), self.motion.parameter("speed_mps", t), self.skeleton.leg_m
        rise = leg_m * self.curves.at("pelvis_rise", phase, speed)
        duty = self.curves.duty(speed)
        needed = np.full(len(t), np.nan)
        for side in SIDES:
            own = phase - HALF_STRIDE[side]
            ankle_m = self._flat_ankle_m(side) + leg_m * self.curves.at("ankle_rise", own, speed)
            needed = np.where(own % 1.0 < duty, ankle_m - position[f"foot_{side}"][:, 1], needed)
        known = ~np.isnan(needed)
        correction = np.interp(t, t[known], (needed - rise)[known])
        return _smooth(rise + correction, SMOOTH_S * HEIGHT_RATE_HZ)

    def _flat_ankle_m(self, side: str) -> float:
        """Height of the ankle above the sole of a foot that lies flat."""
        return float(self.skeleton.joints[f"foot_{side}"][1] - self.skeleton.points[f"sole_ball_{side}"][1][1])

    def sole_m(self, rotation: dict[str, np.ndarray], position: dict[str, np.ndarray], side: str) -> np.ndarray:
        """Height (T,) of the lowest point of a shoe's sole."""
        points = [sk.point_positions(self.skeleton, rotation, position, f"sole_{p}_{side}")[:, 1]
                  for p in ("heel", "ball", "tip")]
        return np.min(points, axis=0)


class StrideNoise:
    """Slow, seeded differences between strides: one random value per stride, joined smoothly, in a
    circle of `strides`.
    """

    def __init__(self, rng: np.random.Generator, scale: float, strides: int) -> None:
        self._values = {n: scale * size * rng.standard_normal(strides) for n, size in UNSTEADINESS.items()}

    def at(self, name: str, phase: np.ndarray) -> np.ndarray:
        values = self._values[name]
        whole = np.floor(phase).astype(int)
        x = phase - whole
        x = x * x * (3 - 2 * x)
        return (1 - x) * values[whole % len(values)] + x * values[(whole + 1) % len(values)]


def _turn_list_pitch(turn: np.ndarray, list_: np.ndarray, pitch: np.ndarray) -> np.ndarray:
    """turn: right side forward +; list: right side up +; pitch: front up +."""
    return sk.about_y(turn) @ sk.about_x(-list_) @ sk.about_z(pitch)


def _rest(long_axis: np.ndarray, lateral: np.ndarray) -> np.ndarray:
    return sk.frame(long_axis[None], lateral).transpose(0, 2, 1)


def _blend_at_zero(angle_deg: np.ndarray, below: np.ndarray, above: np.ndarray) -> np.ndarray:
    """`below` where the angle is clearly negative, `above` where positive; smooth within some 6
    degrees.
    """
    share = 1 / (1 + np.exp(angle_deg / 2.5))
    return below * share + above * (1 - share)


def _hump(phase: np.ndarray, centre: np.ndarray, half_width: np.ndarray | float) -> np.ndarray:
    """A cosine hump of height 1 on the stride circle."""
    away = abs((phase - centre + 0.5) % 1.0 - 0.5)
    return np.where(away < half_width, 0.5 + 0.5 * np.cos(np.pi * away / half_width), 0.0)


def _plateau(phase: np.ndarray, start: np.ndarray, stop: np.ndarray, ramp: float) -> np.ndarray:
    """1 from `start` to `stop` on the stride circle, falling to 0 within `ramp` on either side."""
    away = abs((phase - (start + stop) / 2 + 0.5) % 1.0 - 0.5) - (stop - start) / 2
    x = np.clip(1 - away / ramp, 0, 1)
    return x * x * (3 - 2 * x)


def _smooth(x: np.ndarray, sd_samples: float) -> np.ndarray:
    reach = int(4 * sd_samples)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sd_samples) ** 2)
    return np.convolve(np.pad(x, reach, mode="edge"), kernel / kernel.sum(), mode="valid")


def standing_pose(skeleton: sk.Skeleton, x_m: float, z_m: float, facing_deg: float, arm_out_deg: float = 10.0) -> Pose:
    """Somebody who stands on the floor at (x, z); 0 faces the running direction, + turns the right
    side forward.
    """
    from .camera import DECK_M

    turn = sk.about_y(np.array([facing_deg]))
    rotation = dict.fromkeys(sk.SEGMENTS, turn)
    for side in SIDES:
        upper, lower = f"upper_arm_{side}", f"forearm_{side}"
        j = skeleton.joints
        rest = [j[f"forearm_{side}"] - j[upper], j[f"hand_{side}"] - j[lower]]
        hinge = np.cross(*rest)[None]
        for segment, bone, forward in ((upper, rest[0], 4.0), (lower, rest[1], 18.0)):
            hang = sk.direction(np.array([forward]), np.array([arm_out_deg]), side)
            rotation[segment] = turn @ sk.frame(hang, hinge) @ _rest(bone, hinge)
        rotation[f"hand_{side}"] = rotation[lower]
    sole = skeleton.points["sole_ball_right"][1][1] - skeleton.joints["pelvis"][1]
    return rotation, sk.joint_positions(skeleton, rotation, np.array([[x_m, -DECK_M - sole, z_m]]))
