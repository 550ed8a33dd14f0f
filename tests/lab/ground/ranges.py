"""What the training ground varies, and how far: the one table. `python -m tests.lab.ground ranges`
prints it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Range:
    """A random quantity: uniform from `low` to `high`, or normal with `sd` round their middle and
    cut off there.

    With `share` below 1 it is only drawn so often and is `other` in the rest.
    """

    low: float
    high: float
    sd: float = 0.0
    share: float = 1.0
    other: float = 0.0
    unit: str = ""

    def draw(self, rng: np.random.Generator, n: int | None = None) -> np.ndarray:
        """(n,) values, or one."""
        if self.sd:
            value = np.clip((self.low + self.high) / 2 + self.sd * rng.standard_normal(n), self.low, self.high)
        else:
            value = rng.uniform(self.low, self.high, n)
        return np.where(rng.random(n) < self.share, value, self.other)

    def __str__(self) -> str:
        text = f"{self.low:g} .. {self.high:g}{' ' * bool(self.unit)}{self.unit}"
        text += f", SD {self.sd:g}" if self.sd else ""
        return text + (f", in {100 * self.share:g} %, else {self.other:g}" if self.share < 1 else "")


def _even(low: float, high: float, unit: str = "", share: float = 1.0, other: float = 0.0) -> Range:
    return Range(low, high, 0.0, share, other, unit)


def _bell(sd: float, cut: float, unit: str = "deg", middle: float = 0.0, share: float = 1.0) -> Range:
    return Range(middle - cut, middle + cut, sd, share, 0.0, unit)


BODY = {
    "gender": _even(0, 1),
    "age": _even(0.5, 0.85),
    "muscle": _even(0.25, 0.85),
    "weight": _even(0.12, 0.9),
    "height": _even(0.2, 0.7),
    "proportions": _even(0.25, 0.95),
    "hip_medial": _even(0.6, 0.9),
    "skinning_power": _even(0.7, 1.6),
}
"""Phenotype (0..1 on anny's scales; three quarters of the bodies have a gender near 0 or 1), hip
joint against the rig's (measured from the middle), and how sharply the skin follows the nearest
bone."""

SHAPES = {
    name: _bell(0.4, 0.9, "")
    for name in (
        "hip-scale-horiz-incr", "hip-scale-depth-incr", "hip-trans-forward", "buttocks-volume-incr", "stomach-tone-incr",
        "pelvis-tone-incr", "torso-scale-depth-incr", "torso-vshape-incr", "measure-waist-circ-incr", "measure-thigh-circ-incr",
    )
}
"""Local changes of anny's body, -1..1."""

CLOTHES = {
    "shorts_looseness": _even(0.15, 2.3),
    "shirt_looseness": _even(0.1, 2.6),
    "leg_share": _even(0.15, 0.95, "thigh lengths", 0.8, 1.95),
    "waist_m": _even(0.03, 0.15, "m"),
    "hem_m": _even(-0.13, 0.10, "m"),
    "bare_chest": _even(1, 1, "", 0.12),
    "tucked": _even(1, 1, "", 0.22),
    "coat": _even(1, 1, "", 0.04),
    "sleeve_share": _even(0.15, 1.9, "upper arms", 0.9, -0.3),
    "fold_m": _even(0.0, 0.009, "m", 0.85),
    "fold_per_m": _even(14, 75, "rad/m"),
    "pattern": _even(0.1, 0.7, "", 0.6),
    "pattern_per_m": _even(20, 180, "rad/m"),
    "side_stripe_m": _even(0.006, 0.05, "m", 0.3),
    "side_stripe_forward_m": _bell(0.035, 0.09, "m"),
    "hem_band_m": _even(0.005, 0.04, "m", 0.4),
    "waistband_m": _even(0.01, 0.05, "m", 0.45),
    "belt_m": _even(0.015, 0.09, "m", 0.18),
    "ponytail": _even(1, 1, "", 0.25),
    "clothes_power": _even(0.5, 1.5),
}
"""Per person. A coat reaches half down the thigh. Colours of clothes, hair and skin are drawn
freely.
"""

MOTION = {
    "speed_mps": _even(1.8, 6.0, "m/s"),
    "pelvic_turn_scale": _even(0, 2),
    "tle_scale": _even(0.4, 1.35),
    "thigh_forward_scale": _even(0.6, 1.6),
    "sitting": _even(0, 1, "", 0.5),
    "arm_swing_scale": _even(0, 2.2),
    "trunk_lean_deg": _even(-4, 14, "deg"),
    "thorax_turn_scale": _even(-0.3, 2.5),
    "person_tilt_deg": _bell(4, 10),
    "person_turn_deg": _bell(3, 9),
    "turn_deg": _bell(9, 27),
    "list_deg": _bell(3, 9),
    "tilt_deg": _bell(4, 12),
    "thorax_turn_deg": _bell(6, 18),
    "lean_deg": _bell(2, 6),
    "thigh_deg": _bell(4, 12),
    "knee_deg": _bell(6, 18),
    "pitch_deg": _bell(6, 18),
    "thigh_out_deg": _bell(2, 6),
    "arm_deg": _bell(12, 36),
    "arm_out_deg": _bell(7, 20),
    "elbow_deg": _bell(14, 40),
    "hand_in_deg": _bell(12, 36),
    "thigh_twist_share": _even(0, 1),
    "thigh_twist_deg": _bell(5, 15),
    "rise_m": _even(0, 0.08, "m"),
    "forward_m": _bell(0.15, 0.4, "m"),
    "aside_m": _bell(0.05, 0.12, "m"),
    "heading_deg": _even(-60, 60, "deg"),
    "lift_deg": _even(10, 80, "deg"),
}
"""The scales and `person_*` per person, the rest anew in every frame and added to the recorded
stride: what the pelvis and the arms do tells nothing about the phase, nor the phase about them. A
runner's knee also bends up to 25 deg more when fast."""

FILMS = {
    "pelvic_turn_share": _even(0, 0.12, "", 0.4, 1.0),
}
"""In steady films: of the runner's pelvic turn that is left; four in ten films show a locked waist.
"""

ACTS = {"run": 0.72, "walk": 0.12, "stand": 0.05, "knee lifts": 0.07, "slow turn": 0.04}
ARMS = {"swing": 0.80, "hang": 0.05, "hands on hips": 0.05, "rails": 0.06, "in front": 0.04}
"""Share of the frames (acts), of the people (arms)."""

CAMERA = {
    "azimuth_deg": _bell(7, 20),
    "wide_azimuth_deg": _even(-45, 45, "deg", 0.40),
    "beyond_azimuth_deg": _even(-70, 70, "deg", 0.04),
    "distance_m": _even(1.5, 4.8, "m"),
    "height_m": _even(0.5, 1.7, "m"),
    "aim_aside_deg": _bell(9, 28),
    "aim_up_deg": _bell(6, 18),
    "roll_deg": _bell(2, 6),
}
"""The aim is against the runner: off-axis, as at the edge of a wide lens."""

LIGHT = {
    "lamp_strength": _even(0.25, 1.4),
    "lamp_above": _even(0.3, 2.2),
    "lamp_ahead": _even(-1.5, 1.5),
    "lamp_towards_camera": _even(-0.6, 2.0),
    "shadows": _even(1, 1, "", 0.45),
    "sky": _even(0.15, 0.6),
    "floor": _even(0.06, 0.35),
    "fill": _even(0.0, 0.3),
    "between_legs": _even(0.3, 1.0),
}

SCENE = {
    "gym": _even(1, 1, "", 0.45),
    "still": _even(1, 1, "", 0.6),
    "second_person": _even(1, 1, "", 0.06),
    "nobody": _even(1, 1, "", 0.025),
    "bar": _even(0.01, 0.06, "m", 0.22),
    "thing": _even(0.06, 0.3, "m", 0.18),
    "picture_edge": _even(0.05, 0.45, "of the tile", 0.07),
    "subframes": _even(3, 3, "", 0.06, 1),
    "shutter_s": _even(0.002, 0.012, "s"),
}
"""Behind the person: the gym, else a frame of the open footage (`still`), else coloured noise. A
thing is a phone, a bottle or a towel before the hips."""

OPTICS = {
    "exposure": _even(0.55, 1.6),
    "gamma": _even(0.8, 1.25),
    "channel_gain": _even(0.88, 1.14),
    "saturation": _even(0.0, 1.3),
    "coarse": _even(0.35, 1.0, "of the pixels", 0.35, 1.0),
    "blur_px": _even(0.3, 1.2, "px", 0.35),
    "streak_px": _even(1.5, 4.0, "px", 0.2),
    "noise_sd": _even(0.0, 7.0, "of 255"),
    "jpeg_quality": _even(25, 90, "", 0.35, 100),
}
"""Drawn when a picture is taken out of a shard, so that every epoch sees other pictures."""

HIP_CUT = {
    "offset_m": _bell(0.03, 0.09, "m"),
    "thigh_drag": _bell(0.06, 0.18, ""),
    "scale": _bell(0.07, 0.2, ""),
    "roll_deg": _bell(2.5, 7),
}
"""How a crop round the hips differs from the one that the true joints would give. `thigh_drag`:
share of the mid-knee's place that the hip landmarks take on."""

TABLES = {
    "Body": BODY, "Local shape": SHAPES, "Clothes": CLOTHES, "Motion": MOTION, "Films": FILMS, "Camera": CAMERA, "Light": LIGHT,
    "Scene": SCENE, "Optics": OPTICS, "Cut of the hips": HIP_CUT,
}


def drawn(table: dict[str, Range], rng: np.random.Generator, n: int | None = None) -> dict[str, np.ndarray]:
    """One value (or n) of every entry."""
    return {name: entry.draw(rng, n) for name, entry in table.items()}


def chosen(shares: dict[str, float], rng: np.random.Generator) -> str:
    """One of the names by its share."""
    return str(rng.choice(list(shares), p=list(shares.values())))


def as_markdown() -> str:
    """The tables as they stand in the README."""
    rows = ["| | what | range |", "|---|---|---|"]
    for title, table in TABLES.items():
        rows += [f"| {title if i == 0 else ''} | {name} | {entry} |" for i, (name, entry) in enumerate(table.items())]
    for title, shares in (("Acts", ACTS), ("Arms", ARMS)):
        rows.append(f"| {title} | | {', '.join(f'{name} {100 * share:g} %' for name, share in shares.items())} |")
    return "\n".join(rows)
