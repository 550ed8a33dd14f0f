"""Which runs the table of the hip belt is made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from tests.lab.render.hip_belt import HipBelt, Poster
from tests.lab.render.spec import Bystander, Camera, ClipSpec, Look
from tests.made_hip_belt import LANDSCAPE, PORTRAIT, run_spec, slow_turn_spec

TUNED, HELD = ("m_avg",), ("f_avg", "m_heavy")
MAIN_DEG, OBLIQUE_DEG = (0.0, 45.0), (20.0, -20.0)
"""Azimuths of the camera: those to use, and those between which the arm hides more."""
ALL_DEG, FEW_DEG = (0.0, 4.0, 8.0, 2.0, 10.0), (0.0, 4.0, 8.0)
"""Amplitudes."""
RUN_S = 9.0
"""Eleven to twelve strides; the reading after ten counts."""
TURN_FPS = 15.0
"""Enough pictures to learn from, and half the drawing."""

FilmOf = tuple[ClipSpec, tuple[int, int], Poster | None]


USUAL_BELT = HipBelt()


@dataclass(frozen=True)
class Case:
    """One run in front of one camera, and what was done before it."""

    name: str
    body: str
    amplitude_deg: float
    azimuth_deg: float = 0.0
    belt: HipBelt = USUAL_BELT
    camera: Camera = PORTRAIT
    fps: float = 30.0
    shutter_s: float = 0.003
    slow_turn: bool = True
    seconds: float = RUN_S
    seed: int = 1
    runner: str = "mean"
    """Whose stride."""
    size_px: tuple[int, int] = (240, 136)
    poster_ids: tuple[int, ...] = ()
    bystander_belt: HipBelt | None = None
    focal_off: float = 1.0
    """What the station believes of the focal length, as a share of the true one."""
    roll_off_deg: float = 0.0
    jpeg_quality: int = 0
    """0: the pictures are not compressed."""

    @property
    def run(self) -> ClipSpec:
        spec = run_spec(self.amplitude_deg, self.azimuth_deg, self.body, self.seconds, self.fps, self.seed, self.belt,
                        self.camera, self.runner)
        sensor = replace(spec.sensor, shutter_s=self.shutter_s, subframes=4 if self.shutter_s > 0.005 else 2)
        others = ()
        if self.bystander_belt is not None:
            look = Look(body="m_avg", shirt=(0.6, 0.2, 0.2), hip_belt=self.bystander_belt)
            x_m, z_m = self.behind_m(0.45)
            others = (Bystander(look, x_m=x_m, z_m=z_m, facing_deg=0.0),)
        return replace(spec, sensor=sensor, bystanders=others)

    @property
    def poster(self) -> Poster | None:
        """Tags on the wall beside the runner."""
        x_m, z_m = self.behind_m(-0.45)
        return Poster(self.poster_ids, middle_m=(x_m, 0.95, z_m)) if self.poster_ids else None

    def behind_m(self, beside_m: float) -> tuple[float, float]:
        """Forward and right: a place 0.9 m farther from the camera than the runner, `beside_m` to
        the right in the picture.
        """
        c, s = np.cos(np.radians(self.azimuth_deg)), np.sin(np.radians(self.azimuth_deg))
        return float(0.9 * s + beside_m * c), float(beside_m * s - 0.9 * c)

    @property
    def turn(self) -> ClipSpec:
        """The slow turn before: with the same belt and camera, alone, nothing over the belt."""
        usual = Case("", self.body, 0.0, self.azimuth_deg, replace(self.belt, slip_deg=0.0, covered="none"), self.camera)
        spec = slow_turn_spec(usual.run)
        return replace(spec, sensor=replace(spec.sensor, fps=TURN_FPS))

    def films(self) -> Iterator[FilmOf]:
        if self.slow_turn:
            yield self.turn, (240, 136), None
        yield self.run, self.size_px, self.poster


def grid(bodies: tuple[str, ...], azimuths_deg: tuple[float, ...] = MAIN_DEG,
         amplitudes_deg: tuple[float, ...] = ALL_DEG) -> list[Case]:
    """Every body, camera and amplitude."""
    return [Case("", body, amplitude, azimuth) for azimuth in azimuths_deg for body in bodies for amplitude in amplitudes_deg]


def worse() -> list[Case]:
    """What goes wrong, one thing at a time, on a body that nothing was tuned on; from the side and
    from the rear.
    """
    out = []
    for azimuth in (0.0, 45.0):
        base = Case("", "f_avg", 4.0, azimuth)
        out += [
            replace(base, name="belt slips 1.5 deg with the thigh", belt=HipBelt(slip_deg=1.5)),
            replace(base, name="belt slips 1.5 deg with the thigh", belt=HipBelt(slip_deg=1.5), amplitude_deg=0.0),
            replace(base, name="belt slips 1.5 deg against the thigh", belt=HipBelt(slip_deg=-1.5)),
            replace(base, name="shirt over the rear half", belt=HipBelt(covered="rear half")),
            replace(base, name="shutter 8 ms", shutter_s=0.008),
            replace(base, name="second person with a belt behind", bystander_belt=HipBelt(first_id=16), size_px=(420, 240)),
        ]
    return out + _worse_from_the_side()


def _worse_from_the_side() -> list[Case]:
    base = Case("", "f_avg", 4.0, 0.0)
    return [
        replace(base, name="landscape 1280x720, 3 m", camera=LANDSCAPE),
        replace(base, name="tags that follow the body, no stiff patches", belt=HipBelt(curved=True)),
        replace(base, name="put on 10 deg off centre, 4 deg tilted", belt=HipBelt(off_centre_deg=10.0, tilt_deg=4.0)),
        replace(base, name="printed at 94 %", belt=HipBelt(print_scale=0.94)),
        replace(base, name="camera looks 3 deg down more than thought",
                camera=replace(PORTRAIT, aim_height_m=PORTRAIT.aim_height_m - 0.131)),
        replace(base, name="shirt over the front half", belt=HipBelt(covered="front half")),
        replace(base, name="loose shirt over the upper half", belt=HipBelt(covered="upper half")),
        replace(base, name="upside down", belt=HipBelt(upside_down=True)),
        replace(base, name="two tags folded, one dirty", belt=HipBelt(folded=(8, 11), damaged=(9,))),
        replace(base, name="poster of tags behind", poster_ids=(33, 34, 35), size_px=(420, 160)),
        replace(base, name="patches mounted with 2 mm error", belt=HipBelt(mount_sd_m=0.002)),
        replace(base, name="shutter 2 ms", shutter_s=0.002),
        replace(base, name="25 fps", fps=25.0),
        replace(base, name="60 fps", fps=60.0),
    ]


def unfilmed() -> list[Case]:
    """Cases that use the pictures of others: no slow turn, pictures compressed, a camera that is
    not as the station believes.
    """
    out = []
    for azimuth in (0.0, 45.0):
        for amplitude in (0.0, 4.0):
            base = Case("", "f_avg", amplitude, azimuth)
            out += [
                replace(base, name="no slow turn before", slow_turn=False),
                replace(base, name="focal length told 10 % too long", focal_off=1.1),
                replace(base, name="focal length told 10 % too short", focal_off=0.9),
                replace(base, name="camera rolled 3 deg, not told", roll_off_deg=3.0),
                replace(base, name="pictures as JPEG, quality 70", jpeg_quality=70),
            ]
    return out


def all_films() -> Iterator[FilmOf]:
    """Films of the table; the most telling first."""
    for case in (*grid(TUNED, MAIN_DEG, FEW_DEG), *grid(HELD), *worse(), *grid(HELD, OBLIQUE_DEG, FEW_DEG)):
        yield from case.films()
