"""The product's demo clip: one runner, four phases a coach can tell apart."""

from __future__ import annotations

from dataclasses import dataclass

from .spec import Camera, ClipSpec, Gait, Keyframe, Look, Motion, Sensor

SPEED_MPS = 2.8


@dataclass(frozen=True)
class Phase:
    """A stretch of the clip, and what is shown in it."""

    name: str
    start_s: float
    gait: Gait


FREE = Gait(SPEED_MPS, pelvic_turn_scale=1.3, thigh_forward_scale=1.12, trunk_lean_deg=6.5)
LOCKED = Gait(SPEED_MPS, pelvic_turn_scale=0.0, tle_scale=0.64, thigh_forward_scale=1.28, trunk_lean_deg=5.0)
SITTING = Gait(SPEED_MPS, pelvic_turn_scale=0.8, thigh_forward_scale=1.12, sitting=1.0)

PHASES = (
    Phase("free hip", 0.0, FREE),
    Phase("locked waist, thigh-only", 12.0, LOCKED),
    Phase("recovery", 22.0, FREE),
    Phase("sitting", 30.0, SITTING),
)
END_S = 41.0


def demo_spec() -> ClipSpec:
    """The committed clip's recipe."""
    return ClipSpec(
        duration_s=END_S,
        seed=7,
        motion=Motion(tuple(Keyframe(p.start_s, p.gait) for p in PHASES)),
        look=Look(body="f_slim", ponytail=True),
        camera=Camera(fov_deg=34.5, aim_height_m=0.98),
        sensor=Sensor(fps=30.0, shutter_s=0.003, subframes=3, noise_sd=0.8),
    )
