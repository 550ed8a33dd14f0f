"""What can be asked of a rendered clip. Everything is a value; two equal specs give the same clip.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields

import numpy as np

from .hip_belt import HipBelt


@dataclass(frozen=True)
class Gait:
    """How the runner runs. Scales are 1.0 for the runner's recorded motion."""

    speed_mps: float = 2.9
    cadence_spm: float = float("nan")
    """Steps per minute; NaN: what the runner chose at this speed."""
    pelvic_turn_scale: float = 1.0
    """Transverse turn of the pelvis; 0 is a locked waist."""
    tle_scale: float = 1.0
    """Backward swing of the thigh (trailing-limb extension)."""
    thigh_forward_scale: float = 1.0
    """Forward swing of the thigh."""
    sitting: float = 0.0
    """0..1: the thigh opens little behind, the trunk leans back, the stance knee is bent, the hip
    is low.
    """
    trunk_lean_deg: float = 6.0
    """Mid-hip to mid-shoulder, forward +, before `sitting`."""
    arm_swing_scale: float = 1.0
    left_tle_scale: float = 1.0
    """Backward swing of the left thigh alone, on top of `tle_scale`: a runner who is not even."""
    forward_m: float = 0.0
    """Place along the belt, + = towards the console."""


@dataclass(frozen=True)
class Keyframe:
    """From `t_s` on the runner changes to `gait`, within `Motion.transition_s`."""

    t_s: float
    gait: Gait


@dataclass(frozen=True)
class Motion:
    """One runner's motion over a clip."""

    keyframes: tuple[Keyframe, ...] = (Keyframe(0.0, Gait()),)
    runner: str = "mean"
    """Whose stride curves: a name of `curves.runners()`."""
    transition_s: float = 1.5
    unsteadiness: float = 1.0
    """Stride-to-stride differences; 0 repeats one stride, 1 is a steady runner's 1-2 %."""
    repeat_strides: int = 0
    """After so many strides the differences come again, so that a stretch of so many can be looped;
    0 = never.
    """
    slow_turn: bool = False
    """No run: the person stands on the belt and turns once slowly round during the clip."""
    holds_rail: bool = False
    """Both hands lie on the side rails."""

    def __post_init__(self) -> None:
        times = [k.t_s for k in self.keyframes]
        if not times or times[0] != 0.0 or any(np.diff(times) < self.transition_s):
            raise ValueError(
                f"keyframes at {times} s: the first belongs at 0.0 and the others at least "
                f"{self.transition_s} s (transition_s) apart"
            )

    def parameter(self, name: str, t_s: np.ndarray) -> np.ndarray:
        """A field of `Gait` over time (T,), with smooth transitions."""
        value = np.full(len(t_s), getattr(self.keyframes[0].gait, name))
        for key in self.keyframes[1:]:
            x = np.clip((t_s - key.t_s) / self.transition_s, 0, 1)
            value = value + (getattr(key.gait, name) - value) * (x * x * (3 - 2 * x))
        return value

    def parameters(self, t_s: np.ndarray) -> dict[str, np.ndarray]:
        """Every field of `Gait` over time."""
        return {f.name: self.parameter(f.name, t_s) for f in fields(Gait)}


@dataclass(frozen=True)
class KneeLifts:
    """The find-your-hip drill in place of a run: the legs take turns, the pelvis is still, the belt
    stands.
    """

    per_leg: int = 4
    lift_s: float = 1.5
    """From one lift to the next."""
    lift_deg: float = 52.0
    standing_s: float = 1.2
    """Before the first lift."""
    trunk_lean_deg: float = 2.0
    unsteadiness: float = 1.0
    """Differences between the lifts."""

    @property
    def duration_s(self) -> float:
        """Of the whole drill, with half a second of standing after it."""
        return self.standing_s + 2 * self.per_leg * self.lift_s + 0.5

    def parameter(self, name: str, t_s: np.ndarray) -> np.ndarray:
        """As `Motion.parameter`: a field of `Gait`, of which this motion only knows that the belt
        stands.
        """
        return np.zeros(len(t_s)) if name == "speed_mps" else np.full(len(t_s), getattr(Gait(), name))


Colour = tuple[float, float, float]


@dataclass(frozen=True)
class Look:
    """The person: body shape (a name of `body.PHENOTYPES`) and colours (sRGB 0..1)."""

    body: str = "m_avg"
    skin: Colour = (0.78, 0.57, 0.45)
    hair: Colour = (0.16, 0.11, 0.08)
    ponytail: bool = False
    shirt: Colour = (0.10, 0.42, 0.62)
    shorts: Colour = (0.09, 0.10, 0.14)
    shoes: Colour = (0.86, 0.30, 0.16)
    socks: Colour = (0.92, 0.92, 0.92)
    looseness: float = 1.0
    """How far shirt and shorts stand off: 0.2 is tight, 2.5 wide."""
    leg_share: float = 0.42
    """Where the legs of the shorts end, in thigh lengths below the hip; 1.95 are tights to the
    ankle.
    """
    hip_belt: HipBelt | None = None


@dataclass(frozen=True)
class Camera:
    """A pinhole beside the treadmill, aimed at a point above the belt's middle."""

    side: str = "right"
    """Which side of the runner it stands on. From the right the runner faces right in the picture.
    """
    azimuth_deg: float = 0.0
    """0 = pure side view; + = moved to the rear of the runner."""
    distance_m: float = 3.4
    height_m: float = 1.05
    """Lens above the floor."""
    aim_height_m: float = 1.02
    aim_forward_m: float = 0.06
    roll_deg: float = 0.0
    width_px: int = 480
    height_px: int = 640
    fov_deg: float = 36.5
    """Vertical field of view."""


@dataclass(frozen=True)
class Sensor:
    """What the camera does to the light."""

    fps: float = 25.0
    shutter_s: float = 0.004
    """Exposure; motion blur is the mean of `subframes` pictures within it."""
    subframes: int = 1
    noise_sd: float = 1.5
    """Gaussian, grey levels of 255, after gamma."""


@dataclass(frozen=True)
class Light:
    """The gym's light. `exposure` 1 is a well set camera; lamps flicker with twice the mains."""

    exposure: float = 1.0
    window_behind: bool = False
    """A wall of daylight behind the runner, for a camera that sets itself by it."""
    flicker: float = 0.0
    """Share of the light that comes and goes, 0..1."""
    flicker_hz: float = 100.0


@dataclass(frozen=True)
class Bystander:
    """A second person in the gym: stands, or walks straight on."""

    look: Look = field(default_factory=lambda: Look(body="f_avg"))
    x_m: float = -0.9
    z_m: float = -1.9
    facing_deg: float = 200.0
    """0 faces the running direction."""
    walks_mps: float = 0.0
    """Along the way it faces, being at (x, z) at time 0."""


@dataclass(frozen=True)
class ClipSpec:
    """A whole clip."""

    duration_s: float = 10.0
    seed: int = 1
    motion: Motion | KneeLifts = Motion()
    look: Look = Look()
    camera: Camera = Camera()
    sensor: Sensor = Sensor()
    light: Light = Light()
    bystanders: tuple[Bystander, ...] = ()
    key_frames: tuple[int, ...] = ()
    """Frames at which decoding can start: where a loop begins or ends."""

    def frame_times_s(self) -> np.ndarray:
        """Start of every frame's exposure, (T,)."""
        return np.arange(round(self.duration_s * self.sensor.fps)) / self.sensor.fps
