"""How a person moves, as a script: standing, walking, running, knee lifts, gone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from station.testing import stride_curves
from station.testing.synthetic_body import HEEL_BEHIND_M, HEEL_BELOW_M, HEIGHT_M, SHANK_M, THIGH_M, Posture
from station.testing.synthetic_flaws import Flaws
from station.types import Side

Array = NDArray[np.float64]

GRID_HZ = 500.0  # of the phase integral; frames may come at any time
Doing = Literal["running", "walking", "standing", "knee_lift", "absent"]
MOVES: tuple[Doing, ...] = ("running", "walking", "standing", "knee_lift")

# Means over 26 runners at 2.5, 3.5, 4.5 m/s (data of stride_curves): what a spec leaves open.
NORM_SPEEDS_MPS = (2.5, 3.5, 4.5)
NORMS = {
    "cadence_spm": (162.0, 171.0, 184.0),
    "thigh_excursion_deg": (51.0, 64.0, 75.0),
    "tle_deg": (21.6, 28.2, 33.2),
    "knee_flexion_stance_deg": (39.0, 40.0, 41.0),
    "knee_flexion_swing_deg": (90.0, 105.0, 114.0),
    "pelvic_turn_deg": (6.8, 9.5, 12.5),
}
# Comfortable walking, textbook values.
WALK_NORMS = {
    "cadence_spm": 110.0,
    "thigh_excursion_deg": 41.0,
    "tle_deg": 17.0,
    "knee_flexion_stance_deg": 18.0,
    "knee_flexion_swing_deg": 60.0,
    "pelvic_turn_deg": 8.0,
}
# Stride-to-stride SD at variability 1. Pelvic turn: 1.4 deg measured on the same runners; the
# others are guesses.
VARIES = {"cadence_spm": 1.5, "thigh_excursion_deg": 1.5, "tle_deg": 1.0, "pelvic_turn_deg": 1.4, "trunk_lean_deg": 0.5}
VARIES_EVERY_S = 0.7  # chosen: a stride
STANDING_KNEE_DEG, STANDING_SWAY_M = 4.0, 0.01  # chosen
LIFTED_KNEE_DEG = 80.0  # chosen
MID_STANCE = 0.45  # of the contact
FLAT_FOOT = (0.2, 0.65)  # of the contact: the foot neither lands nor leaves
GLIDE_LIMIT_M = 0.03  # chosen
ELBOW_DEG = {"running": 90.0, "walking": 25.0, "standing": 12.0, "knee_lift": 12.0}
ARM_PER_THIGH = {"running": 0.55, "walking": 0.6, "standing": 0.0, "knee_lift": 0.0}
SHOULDER_PER_PELVIS = -0.9  # shoulders turn against the pelvis


@dataclass(frozen=True)
class RunnerSpec:
    """What the person does. None means the mean of real runners at that speed (or of walkers).

    pelvic_turn_deg: peak to peak of its first harmonic; pelvic_lead_deg: ahead of the thigh,
    degrees of the stride. tle_deg: trailing-limb extension, -min(thigh). duty: share of the stride
    that one foot is on the belt. tle_asymmetry_deg: near minus far; step_asymmetry_pct: near minus
    far step time, of the mean (near: near to far contact). position_m: mid-hip along the belt,
    forward +. on_rail: both hands hold on.
    lift_deg, lift_period_s, lifts_per_leg: of the knee-lift drill, near leg first, then the legs
    take turns. variability: 1 = strides differ as much as real ones do, 0 = each is alike.
    """

    activity: Doing = "running"
    speed_mps: float = 3.0
    cadence_spm: float | None = None
    thigh_excursion_deg: float | None = None
    tle_deg: float | None = None
    knee_flexion_stance_deg: float | None = None
    knee_flexion_swing_deg: float | None = None
    pelvic_turn_deg: float | None = None
    pelvic_lead_deg: float = 80.0
    pelvic_yaw_deg: float = 0.0
    trunk_lean_deg: float = 6.0
    duty: float | None = None
    tle_asymmetry_deg: float = 0.0
    step_asymmetry_pct: float = 0.0
    position_m: float = 0.0
    on_rail: bool = False
    lift_deg: float = 45.0
    lift_period_s: float = 2.0
    lifts_per_leg: int = 7
    height_m: float = HEIGHT_M
    variability: float = 0.0
    flaws: Flaws = field(default_factory=Flaws)

    def resolved(self) -> RunnerSpec:
        """The same spec with every open value filled in."""
        if self.activity == "walking":
            norms, duty = WALK_NORMS, float(stride_curves.walking().duty[0])
        else:
            norms = {name: float(np.interp(self.speed_mps, NORM_SPEEDS_MPS, row)) for name, row in NORMS.items()}
            shapes = stride_curves.running()
            duty = float(np.interp(self.speed_mps, shapes.speeds_mps, shapes.duty))
        given = {name: value for name in norms if (value := getattr(self, name)) is not None}
        return replace(self, **{**norms, **given}, duty=duty if self.duty is None else self.duty)


Script = Sequence[tuple[float, RunnerSpec]]

_STRIDE_NUMBERS = ("thigh_excursion_deg", "tle_deg", "knee_flexion_stance_deg", "knee_flexion_swing_deg")


class Motion:
    """Posture at any moment of a script; all randomness is drawn when it is made."""

    def __init__(self, script: Script, near_side: Side, blend_s: float, random: np.random.Generator) -> None:
        """Raises ValueError for an empty script or a segment that does not last."""
        if not script or any(seconds <= 0 for seconds, _ in script):
            raise ValueError("a script needs at least one segment, and each must last longer than 0 s")
        self.duration_s = float(sum(seconds for seconds, _ in script))
        self.specs = [spec.resolved() for _, spec in script]
        self.near_side = near_side
        self._blend_s = blend_s
        self._starts = np.concatenate([[0.0], np.cumsum([seconds for seconds, _ in script])[:-1]])
        self._shown = [self._stand_in(i) for i in range(len(self.specs))]
        self._glide_m = np.array([_glide_m(spec) for spec in self._shown])
        knots = int(self.duration_s / VARIES_EVERY_S) + 3
        self._wander = {name: random.standard_normal(knots) for name in (*VARIES, "position_m", "turn_quadrature")}
        self.grid_s = np.arange(-GRID_HZ * 0.5, GRID_HZ * (self.duration_s + 2)) / GRID_HZ
        moving = self.weight("running", self.grid_s) + self.weight("walking", self.grid_s)
        self.phase_grid = self._integral(moving * self.value("cadence_spm", self.grid_s) / 120)
        self._lift_grid = self._integral(self.weight("knee_lift", self.grid_s) / self.value("lift_period_s", self.grid_s))

    # --- the script, blended ----------------------------------------------------------------------

    def _stand_in(self, i: int) -> RunnerSpec:
        """For an absent person: whoever comes next (or was last) is already in position."""
        here = [spec for spec in (*self.specs[i:], *reversed(self.specs[:i])) if spec.activity != "absent"]
        return here[0] if here else replace(self.specs[i], activity="standing")

    def segment(self, t_s: Array) -> NDArray[np.intp]:
        return np.clip(np.searchsorted(self._starts, t_s, side="right") - 1, 0, len(self._starts) - 1)

    def _mixed(self, per_segment: Array, t_s: Array) -> Array:
        """A value per segment over time, eased in over the first `blend_s` of a segment."""
        i = self.segment(t_s)
        x = np.clip((t_s - self._starts[i]) / max(self._blend_s, 1e-9), 0, 1)
        ease = x * x * (3 - 2 * x)
        before = per_segment[np.maximum(i - 1, 0)]
        return before + (per_segment[i] - before) * ease

    def weight(self, activity: Doing, t_s: Array) -> Array:
        """(N,) 0..1, how much of the posture is that activity."""
        return self._mixed(np.array([float(spec.activity == activity) for spec in self._shown]), t_s)

    def value(self, name: str, t_s: Array) -> Array:
        """(N,) a number of the spec over time, with its stride-to-stride variation."""
        plain = self._mixed(np.array([float(getattr(spec, name)) for spec in self._shown]), t_s)
        if name not in VARIES or not any(spec.variability for spec in self._shown):
            return plain
        return plain + VARIES[name] * self._wandering(name, t_s)

    def _wandering(self, name: str, t_s: Array) -> Array:
        knots = self._wander[name]
        at = np.clip(t_s / VARIES_EVERY_S + 1, 0, len(knots) - 1)
        return np.interp(at, np.arange(len(knots)), knots) * self._mixed(np.array([s.variability for s in self._shown]), t_s)

    def present(self, t_s: Array) -> NDArray[np.bool_]:
        return np.array([spec.activity != "absent" for spec in self.specs])[self.segment(t_s)]

    def flaw(self, name: str, t_s: Array) -> Array:
        return np.array([float(getattr(spec.flaws, name)) for spec in self.specs])[self.segment(t_s)]

    # --- phases -----------------------------------------------------------------------------------

    def _integral(self, rate: Array) -> Array:
        return np.concatenate([[0.0], np.cumsum((rate[1:] + rate[:-1]) / 2)]) / GRID_HZ

    def phase(self, t_s: Array, near: bool) -> Array:
        """(N,) strides of that leg since the start; whole numbers are its ground contacts."""
        phase = np.interp(t_s, self.grid_s, self.phase_grid)
        # The far foot lands 1/2 + a/4 of a stride after the near one, and 1/2 - a/4 before its next
        # contact.
        return phase if near else phase + 0.5 - self.value("step_asymmetry_pct", t_s) / 400

    # --- posture ----------------------------------------------------------------------------------

    def posture(self, t_s: Array) -> Posture:
        near, far = self.leg(t_s, near=True), self.leg(t_s, near=False)
        order = (near, far) if self.near_side == "left" else (far, near)
        turn = self.pelvic_turn_deg(t_s) * (1 if self.near_side == "left" else -1)
        lean = self.value("trunk_lean_deg", t_s)
        elbow, swing = (np.sum([self.weight(a, t_s) * table[a] for a in MOVES], axis=0) for table in (ELBOW_DEG, ARM_PER_THIGH))
        middle = (near[0] + far[0]) / 2
        # An arm swings against its own leg and hangs from the leaning trunk a little behind it.
        arms = tuple(-8 - swing * (leg[0] - middle) for leg in order)
        return Posture(
            (order[0][0], order[1][0]),
            (order[0][1], order[1][1]),
            (order[0][2], order[1][2]),
            (arms[0], arms[1]),
            elbow,
            lean,
            turn,
            SHOULDER_PER_PELVIS * turn,
            self.value("on_rail", t_s),
        )

    def leg(self, t_s: Array, near: bool) -> tuple[Array, Array, Array]:
        """Thigh angle, knee flexion and foot pitch of one leg, (N,) degrees each."""
        phase, speed = self.phase(t_s, near), self.value("speed_mps", t_s)
        parts = {
            "running": lambda: self._striding(stride_curves.running(), t_s, phase, speed, near),
            "walking": lambda: self._striding(stride_curves.walking(), t_s, phase, speed, near),
            "standing": lambda: self._standing(t_s),
            "knee_lift": lambda: self._lifting(t_s, near),
        }
        out = np.zeros((3, len(t_s)))
        for activity in MOVES:
            weight = self.weight(activity, t_s)
            if weight.any():
                out += weight * np.array(parts[activity]())
        return out[0], out[1], out[2]

    def _striding(self, shapes: stride_curves.Shapes, t_s: Array, phase: Array, speed: Array, near: bool) -> tuple[Array, ...]:
        values = {name: self.value(name, t_s) for name in _STRIDE_NUMBERS}
        values["tle_deg"] = values["tle_deg"] + (0.5 if near else -0.5) * self.value("tle_asymmetry_deg", t_s)
        return striding(shapes, values, phase, speed)

    def _standing(self, t_s: Array) -> tuple[Array, ...]:
        knee = np.full_like(t_s, STANDING_KNEE_DEG)
        return knee / 2, knee, np.zeros_like(t_s)

    def _lifting(self, t_s: Array, near: bool) -> tuple[Array, ...]:
        up = self.lift(t_s, near)
        thigh, knee, foot = self._standing(t_s)
        return (
            thigh + up * (self.value("lift_deg", t_s) - thigh),
            knee + up * (LIFTED_KNEE_DEG - knee),
            foot - 20 * up,
        )

    def lift(self, t_s: Array, near: bool) -> Array:
        """(N,) 0..1, how far that knee is lifted: a raised cosine a period, legs in turn."""
        count = np.interp(t_s, self.grid_s, self._lift_grid)
        per_leg = np.array([spec.lifts_per_leg for spec in self._shown])[self.segment(t_s)]
        own = (np.floor(count / per_leg) % 2 == 0) == near
        return own * (1 - np.cos(2 * np.pi * count)) / 2

    def pelvic_turn_deg(self, t_s: Array) -> Array:
        """(N,) near side forward +: first harmonic of the near stride, ahead of its thigh."""
        phase, speed = self.phase(t_s, near=True), self.value("speed_mps", t_s)
        run, walk = self.weight("running", t_s), self.weight("walking", t_s)
        shapes = stride_curves.running()
        h1 = shapes.level(shapes.thigh_h1_rad, speed)
        if walk.any():
            h1 = np.where(run >= walk, h1, stride_curves.walking().thigh_h1_rad[0])
        angle = 2 * np.pi * phase + h1 + np.radians(self.value("pelvic_lead_deg", t_s))
        half = self.value("pelvic_turn_deg", t_s) / 2 * np.cos(angle)
        if any(spec.variability for spec in self._shown):
            half -= VARIES["pelvic_turn_deg"] / 2 * self._wandering("turn_quadrature", t_s) * np.sin(angle)
        return self.value("pelvic_yaw_deg", t_s) + (run + walk) * half

    def rise_m(self, t_s: Array) -> Array:
        """(N,) height of the hips over their mean."""
        walk, walking = stride_curves.walking(), self.weight("walking", t_s)
        walked_m = walk.at(walk.height_m, self.value("speed_mps", t_s), self.phase(t_s, near=True))
        return self.weight("running", t_s) * self._run_rise_m(t_s) + walking * walked_m

    def _run_rise_m(self, t_s: Array) -> Array:
        """So high that the ankle of the foot on the belt is as high as recorded; in flight the feet
        hand over.
        """
        run, speed, duty = stride_curves.running(), self.value("speed_mps", t_s), self.value("duty", t_s)
        taller, out = self.specs[0].height_m / HEIGHT_M, np.zeros_like(t_s)
        for near in (True, False):
            phase, (thigh, knee, _) = self.phase(t_s, near) % 1.0, self.leg(t_s, near)
            leg_m = THIGH_M * np.cos(np.radians(thigh)) + SHANK_M * np.cos(np.radians(thigh - knee))
            away = np.abs(phase - duty / 2 - np.round(phase - duty / 2)) - duty / 2  # from the stance, in strides
            out += np.clip(1 - away / np.maximum(0.5 - duty, 0.01), 0, 1) * (leg_m + run.at(run.height_m, speed, phase))
        return taller * out

    def forward_m(self, t_s: Array) -> Array:
        """(N,) mid-hip along the belt; a standing person sways a little."""
        sway = STANDING_SWAY_M * np.sin(2 * np.pi * 0.3 * t_s) * self.weight("standing", t_s)
        drift = 0.02 * self._wandering("position_m", t_s)
        stepping = np.sin(4 * np.pi * (self.phase(t_s, near=True) - MID_STANCE * self.value("duty", t_s)))
        return self.value("position_m", t_s) + sway + drift + self._mixed(self._glide_m, t_s) * stepping


def striding(
    shapes: stride_curves.Shapes, values: Mapping[str, Array], phase: Array, speed_mps: Array
) -> tuple[Array, Array, Array]:
    """Thigh, knee flexion, foot pitch, (N,) deg: mean curves stretched to `values`."""
    thigh = -values["tle_deg"] + values["thigh_excursion_deg"] * shapes.at(shapes.thigh, speed_mps, phase)
    floor = shapes.level(shapes.knee_floor_deg, speed_mps)
    stance = (values["knee_flexion_stance_deg"] - floor) * shapes.at(shapes.knee_stance, speed_mps, phase)
    swing = (values["knee_flexion_swing_deg"] - floor) * shapes.at(shapes.knee_swing, speed_mps, phase)
    return thigh, floor + stance + swing, shapes.at(shapes.foot_pitch_deg, speed_mps, phase)


def _glide_m(spec: RunnerSpec) -> float:
    """How far the hips glide at step rate for the standing foot to move with the belt.

    Mean curves of several people do not add up to any one speed by themselves; real hips glide by
    about as much.
    """
    if spec.activity not in ("running", "walking"):
        return 0.0
    shapes = stride_curves.running() if spec.activity == "running" else stride_curves.walking()
    duty, stride_s = float(spec.duty or 0), 120 / float(spec.cadence_spm or 1)
    phase = np.linspace(*FLAT_FOOT, 21) * duty
    thigh, knee, pitch = striding(shapes, vars(spec), phase, np.full_like(phase, spec.speed_mps))
    ankle = THIGH_M * np.sin(np.radians(thigh)) + SHANK_M * np.sin(np.radians(thigh - knee))
    pitch = np.radians(pitch)
    heel_m = (ankle - HEEL_BEHIND_M * np.cos(pitch) + HEEL_BELOW_M * np.sin(pitch)) * spec.height_m / HEIGHT_M
    too_fast_mps = -np.median(np.gradient(heel_m, phase * stride_s)) - spec.speed_mps
    hips_mps = 4 * np.pi / stride_s * np.median(np.cos(4 * np.pi * (phase - MID_STANCE * duty)))
    return float(np.clip(too_fast_mps / hips_mps, -GLIDE_LIMIT_M, GLIDE_LIMIT_M))
