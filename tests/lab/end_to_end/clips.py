"""The rendered set: who runs how, before which camera, in which light. Every clip is a value;
`CLIPS` is in order of use.

A clip is a lead-in and then a whole number of strides in a whole number of frames, after which
everything repeats: its poses can be played in a circle for as long as a rule wants to see somebody
run.
"""

from __future__ import annotations

import colorsys
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from tests.lab.render.body import STRANGERS
from tests.lab.render.curves import curves_of
from tests.lab.render.spec import Bystander, Camera, ClipSpec, Gait, Keyframe, KneeLifts, Light, Look, Motion, Sensor

LEAD_S = 1.2
DRILL_FPS = 20.0
TUNED = ("m_avg", "f_avg")
"""Bodies on which something of the product may be set; everything that is reported comes from the
others.
"""


BESIDE, STATION, FAST, WELL_LIT = Camera(), Sensor(fps=30.0), Sensor(fps=60.0), Light()


@dataclass(frozen=True)
class Person:
    """A body with clothes, and whose strides it runs with at which speed."""

    look: Look
    runner: str
    speed_mps: float


PEOPLE = {
    "m_avg": Person(Look("m_avg"), "rbds001", 3.0),
    "f_avg": Person(Look("f_avg", ponytail=True, hair=(0.35, 0.22, 0.12), shirt=(0.72, 0.18, 0.25)), "rbds012", 2.8),
    "m_tall": Person(Look("m_tall", skin=(0.45, 0.30, 0.22), hair=(0.05, 0.04, 0.04), shirt=(0.85, 0.85, 0.82),
                          shorts=(0.20, 0.24, 0.42)), "rbds016", 3.3),
    "m_heavy": Person(Look("m_heavy", shirt=(0.16, 0.17, 0.19), shorts=(0.33, 0.34, 0.36), shoes=(0.15, 0.15, 0.17)),
                      "rbds020", 2.6),
    "f_slim": Person(Look("f_slim", ponytail=True, skin=(0.86, 0.67, 0.56), hair=(0.75, 0.58, 0.30), shirt=(0.90, 0.60, 0.15),
                          shorts=(0.12, 0.12, 0.14), looseness=0.3), "rbds024", 3.1),
    "f_heavy": Person(Look("f_heavy", ponytail=True, skin=(0.60, 0.42, 0.32), shirt=(0.30, 0.50, 0.35), shorts=(0.10, 0.10, 0.12),
                           leg_share=1.9), "rbds03", 2.5),
}


def _stranger(number: int) -> Person:
    """One of the bodies on which the pose model's own errors are measured: clothes, colours and
    stride drawn once.
    """
    rng = np.random.default_rng(8200 + number)

    def colour(darkest: float) -> tuple[float, float, float]:
        return colorsys.hsv_to_rgb(*(float(rng.uniform(*span)) for span in ((0, 1), (0.1, 0.8), (darkest, 0.95))))

    light = float(rng.uniform(0.35, 0.9))
    look = Look(STRANGERS[number], skin=(light, 0.74 * light, 0.6 * light), ponytail=number % 4 == 1, shirt=colour(0.1),
                shorts=colour(0.05), shoes=colour(0.3), looseness=float(rng.uniform(0.3, 1.8)),
                leg_share=float(rng.choice([0.35, 0.5, 0.9, 1.9])))  # fmt: skip
    return Person(look, RUNNERS[number % len(RUNNERS)], round(float(rng.uniform(2.4, 3.9)), 1))


RUNNERS = ("rbds002", "rbds010", "rbds016", "rbds024", "rbds001", "rbds012", "rbds020", "rbds03")
PEOPLE |= {name: _stranger(number) for number, name in enumerate(STRANGERS)}


@dataclass(frozen=True)
class Clip:
    """One clip of the set. `group` is the table it belongs to, `row` its row there."""

    group: str
    row: str
    body: str
    spec: ClipSpec
    loop_frames: int = 0
    """Frames after the lead-in that repeat; 0: the clip is played once."""
    slower: tuple[int, ...] = ()
    """The clip is also seen by cameras that take only every second, third frame."""

    @property
    def name(self) -> str:
        return f"{self.body}.{self.row}"

    @property
    def tuned(self) -> bool:
        return self.body in TUNED

    @property
    def lead_frames(self) -> int:
        return round(LEAD_S * self.spec.sensor.fps)


def run(group: str, row: str, body: str, strides: int = 8, camera: Camera = BESIDE, sensor: Sensor = STATION,
        light: Light = WELL_LIT, look: dict | None = None, bystanders: tuple[Bystander, ...] = (), holds_rail: bool = False,
        drifts_m: float = 0.0, **gait: float) -> Clip:  # fmt: skip
    """A runner of the set; `gait` and `look` change what they name."""
    person = PEOPLE[body]
    chosen = Gait(speed_mps=person.speed_mps, **gait)
    stride_s = 120 / chosen.cadence_spm if np.isfinite(chosen.cadence_spm) else _own_stride_s(person)
    frames = round(strides * stride_s * sensor.fps)
    chosen = replace(chosen, cadence_spm=120 * strides * sensor.fps / frames)
    keys = [Keyframe(0.0, chosen)]
    if drifts_m:
        keys += [Keyframe(LEAD_S + 0.5, replace(chosen, forward_m=drifts_m)), Keyframe(LEAD_S + 4.0, chosen)]
    motion = Motion(tuple(keys), person.runner, transition_s=1.6 if drifts_m else 1.5, repeat_strides=strides,
                    holds_rail=holds_rail)  # fmt: skip
    duration_s = (round(LEAD_S * sensor.fps) + frames) / sensor.fps
    dressed = replace(person.look, **(look or {}))
    spec = ClipSpec(duration_s, _seed(body, row), motion, dressed, camera, sensor, light, bystanders)
    return Clip(group, row, body, spec, frames)


def drill(body: str, row: str = "drill", camera: Camera = BESIDE) -> Clip:
    """The same person before the same camera, doing knee lifts."""
    motion = KneeLifts(per_leg=3, lift_s=1.4)
    spec = ClipSpec(motion.duration_s, _seed(body, row), motion, PEOPLE[body].look, camera, Sensor(fps=DRILL_FPS))
    return Clip("drill", row, body, spec)


def _own_stride_s(person: Person) -> float:
    return float(curves_of(person.runner).stride_s(np.array([person.speed_mps]))[0])


def _seed(body: str, row: str) -> int:
    return 1 + sum(ord(c) * (i + 3) for i, c in enumerate(body + row)) % 9973


THIGH_ONLY = {"tle_scale": 0.6, "thigh_forward_scale": 1.5}
WALKS_BEHIND = Bystander(Look("m_heavy", shirt=(0.5, 0.2, 0.5)), x_m=-4.5, z_m=-1.1, facing_deg=0.0, walks_mps=1.1)
WALKS_IN_FRONT = Bystander(Look("f_avg", shirt=(0.2, 0.5, 0.3)), x_m=4.5, z_m=1.5, facing_deg=180.0, walks_mps=1.1)
STANDS = Bystander()
DIM = Sensor(fps=30.0, shutter_s=0.012, subframes=2, noise_sd=8.0)
BLACK_TIGHTS = {"looseness": 0.2, "leg_share": 1.9, "shirt": (0.07, 0.07, 0.08), "shorts": (0.07, 0.07, 0.08)}


def _first() -> Iterator[Clip]:
    """What peers are measured on as well: everybody as they run, and two faults."""
    for body in ("m_tall", "m_heavy", "f_slim", "f_heavy", "m_avg", "f_avg"):
        yield run("body", "side", body, strides=14)
    yield run("gait", "sitting", "f_slim", strides=14, sitting=1.0)
    yield run("gait", "thigh_only", "m_heavy", strides=10, **THIGH_ONLY)


def _second() -> Iterator[Clip]:
    """What every table needs."""
    yield run("gait", "sitting", "m_avg", sitting=1.0)
    yield run("gait", "sitting", "f_avg", sitting=1.0)
    yield run("gait", "upright", "m_avg", trunk_lean_deg=1.5)
    yield run("gait", "upright", "f_slim", trunk_lean_deg=1.5)
    for body, azimuth_deg in itertools.product(("m_tall", "f_heavy"), (20, -20, 45, -45)):
        yield run("azimuth", f"azimuth{azimuth_deg:+d}", body, camera=Camera(azimuth_deg=azimuth_deg))
    for body in ("m_tall", "m_heavy"):
        yield drill(body)
        yield run("pelvis", "locked", body, pelvic_turn_scale=0.1)
    yield drill("f_slim")
    yield run("pelvis", "locked", "f_slim", strides=6, pelvic_turn_scale=0.1)
    yield run("pelvis", "over_rotation", "f_slim", strides=6, pelvic_turn_scale=3.0)
    yield run("gait", "thigh_only", "f_slim", strides=6, **THIGH_ONLY)
    yield run("side", "left", "f_slim", strides=6, camera=Camera(side="left"))
    yield run("light", "window", "f_slim", strides=6, light=Light(exposure=0.45, window_behind=True))
    yield run("confusion", "passer_in_front", "m_tall", bystanders=(WALKS_IN_FRONT,))
    yield run("confusion", "passer_behind", "f_slim", bystanders=(WALKS_BEHIND, STANDS))
    yield run("confusion", "rail_held", "m_heavy", strides=6, holds_rail=True, forward_m=0.2)
    yield run("confusion", "drifts", "f_heavy", drifts_m=-0.45)
    yield run("clothes", "loose", "f_heavy", strides=4, look={"looseness": 2.0, "leg_share": 0.8})
    yield run("rate", "60fps", "f_slim", strides=4, sensor=Sensor(fps=60.0))
    yield run("light", "dim", "m_heavy", strides=4, light=Light(exposure=0.2), sensor=DIM)
    yield run("clothes", "all_black", "m_heavy", strides=4, look=BLACK_TIGHTS)
    yield run("light", "flicker", "m_tall", strides=4, light=Light(flicker=0.6))
    yield run("gait", "low_cadence", "m_tall", strides=4, cadence_spm=142.0)
    yield run("rate", "25fps", "f_slim", strides=5, sensor=Sensor(fps=25.0))


def _third() -> Iterator[Clip]:
    """What is good to have: more of the same, and the tuning bodies."""
    yield run("side", "left", "m_tall", strides=6, camera=Camera(side="left"))
    yield run("uneven", "uneven", "m_tall", strides=6, left_tle_scale=0.65)
    yield run("uneven", "uneven_left", "m_tall", strides=6, camera=Camera(side="left"), left_tle_scale=0.65)
    yield drill("f_heavy")
    yield run("pelvis", "locked", "f_heavy", strides=6, pelvic_turn_scale=0.1)
    yield run("rate", "50fps", "f_slim", strides=5, sensor=Sensor(fps=50.0))
    yield run("rate", "60fps", "m_tall", strides=5, sensor=Sensor(fps=60.0))
    yield run("gait", "sitting", "m_heavy", strides=6, sitting=1.0)
    for azimuth_deg in (10, -10):
        yield run("azimuth", f"azimuth{azimuth_deg:+d}", "m_tall", strides=6, camera=Camera(azimuth_deg=azimuth_deg))
    yield run("light", "window", "m_heavy", strides=6, light=Light(exposure=0.45, window_behind=True))
    yield run("light", "bright", "f_slim", strides=6, light=Light(exposure=1.9))
    yield run("clothes", "loose", "m_tall", strides=6, look={"looseness": 2.0, "leg_share": 0.8})
    yield run("gait", "low_cadence", "f_heavy", strides=6, cadence_spm=138.0)
    yield run("pelvis", "over_rotation", "m_tall", strides=6, pelvic_turn_scale=4.0)
    for body in ("m_avg", "f_avg"):
        yield drill(body)
        yield run("pelvis", "locked", body, strides=6, pelvic_turn_scale=0.1)
    yield run("side", "left", "f_heavy", strides=6, camera=Camera(side="left"))
    yield run("side", "left", "m_avg", strides=6, camera=Camera(side="left"))
    yield run("picture", "720p", "f_slim", strides=6, camera=Camera(width_px=720, height_px=960))


SMALL = Camera(width_px=360, height_px=480)
"""The pose model looks at 256 pixels: no more than that need be rendered."""
FAULTS = {
    "thigh_mild": {"tle_scale": 0.78, "thigh_forward_scale": 1.22},
    "thigh_strong": {"tle_scale": 0.6, "thigh_forward_scale": 1.45},
    "short_mild": {"tle_scale": 0.72},
    "short_strong": {"tle_scale": 0.5},
    "sits_mild": {"sitting": 0.6},
    "sits_strong": {"sitting": 1.0},
}
"""Faults pure and mixed: the leg drives in front instead of behind, does not open behind, sits."""


def _errors() -> Iterator[Clip]:
    """Strangers as they run, from other azimuths and with faults: whom the model's error table is
    made of.
    """
    for body in STRANGERS:
        yield replace(run("people", "own", body, strides=6, camera=SMALL, sensor=FAST), slower=(2, 3))
    for body, azimuth_deg in itertools.product(STRANGERS, (12, -12)):
        camera = replace(SMALL, azimuth_deg=azimuth_deg)
        yield replace(run("people", f"own{azimuth_deg:+d}", body, strides=4, camera=camera, sensor=FAST), slower=(2,))
    for row, body in itertools.product(FAULTS, STRANGERS):
        yield run("people", row, body, strides=4, camera=SMALL, **FAULTS[row])
    for body, azimuth_deg in itertools.product(STRANGERS[:5], (25, -25)):
        yield run("people", f"own{azimuth_deg:+d}", body, strides=4, camera=replace(SMALL, azimuth_deg=azimuth_deg))


def _pelvis() -> Iterator[Clip]:
    """The same strangers with a locked waist and at the drill: what the pixels round the hips show
    of it.
    """
    for body in STRANGERS:
        yield run("pelvis", "locked", body, strides=4, camera=SMALL, pelvic_turn_scale=0.1)
        yield drill(body, camera=SMALL)


CLIPS: tuple[Clip, ...] = (*_first(), *_second(), *_third(), *_errors(), *_pelvis())
BY_NAME = {clip.name: clip for clip in CLIPS}
