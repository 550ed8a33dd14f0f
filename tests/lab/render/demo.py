"""The product's demo clip: one runner, four phases a coach can tell apart, each with a stretch that
can be looped.

A rule wants some forty seconds of a fault before it speaks; in a small clip a phase lasts ten. So
the runner repeats herself: nine strides are 198 frames exactly, a loop begins and ends on a key
frame, and `loops.py` makes phases longer by repeating packets.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from .spec import Camera, ClipSpec, Gait, Keyframe, Look, Motion, Sensor

FPS = 30.0
STRIDE_FRAMES, LOOP_STRIDES = 22, 9
LOOP_FRAMES = STRIDE_FRAMES * LOOP_STRIDES


@dataclass(frozen=True)
class Phase:
    """A stretch of the clip, what is shown in it, and the first frame of its loop (LOOP_FRAMES
    long).
    """

    name: str
    start_s: float
    gait: Gait
    loop_frame: int


RUN = Gait(speed_mps=2.8, cadence_spm=120 * FPS / STRIDE_FRAMES)
FREE = replace(RUN, pelvic_turn_scale=1.3, thigh_forward_scale=1.12, trunk_lean_deg=6.5)
LOCKED = replace(RUN, pelvic_turn_scale=0.0, tle_scale=0.60, thigh_forward_scale=1.30, trunk_lean_deg=5.5)
SITTING = replace(RUN, pelvic_turn_scale=0.8, thigh_forward_scale=1.12, sitting=1.0)

PHASES = (
    Phase("free hip", 0.0, FREE, 88),
    Phase("locked waist, thigh-only", 12.0, LOCKED, 440),
    Phase("recovery", 22.0, FREE, 706),
    Phase("sitting", 30.2, SITTING, 990),
)
END_S = 41.0


def demo_spec() -> ClipSpec:
    """The committed clip's recipe."""
    loops = tuple(frame for p in PHASES for frame in (p.loop_frame, p.loop_frame + LOOP_FRAMES))
    return ClipSpec(
        duration_s=END_S,
        seed=7,
        motion=Motion(tuple(Keyframe(p.start_s, p.gait) for p in PHASES), repeat_strides=LOOP_STRIDES),
        look=Look(body="f_slim", ponytail=True),
        camera=Camera(fov_deg=34.5, aim_height_m=0.98),
        sensor=Sensor(fps=FPS, shutter_s=0.003, subframes=3, noise_sd=0.8),
        key_frames=loops,
    )
