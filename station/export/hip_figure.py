"""The runner's own hip at its foremost and at its hindmost point, drawn from the session's angles,
beside what is usual there.

The near thigh stands at the angle that the summary reports; the other limbs hang as they did at
that moment of the mean stride. What is not known is not drawn.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

from station.export.plots import Say
from station.export.strides_mean import mean_curve
from station.export.written import number, span
from station.faults import norms
from station.types import QUANTITIES, Recording

Point = tuple[float, float]

WIDTH, HEIGHT = 200.0, 246.0  # units of the drawing
HIP: Point = (100.0, 118.0)  # in the drawing
# Lengths in units of the drawing, in the proportions of Winter (Biomechanics and Motor Control of
# Human Movement) for a body of 240; widths at both ends of a limb chosen by eye.
THIGH, SHANK, TRUNK, FOOT, NECK, HEAD = 58.8, 59.0, 69.0, 24.0, 27.0, 13.5
WIDE = {"thigh": (11.0, 7.0), "shank": (7.0, 4.0), "trunk": (11.5, 13.0), "foot": (4.5, 3.0)}
# Inner and outer radius of the usual range, beyond the knee, where the limbs leave it free.
ZONE = (74.0, 98.0)
CURVES = ("thigh_near_deg", "knee_flexion_near_deg", "thigh_far_deg", "knee_flexion_far_deg", "trunk_lean_deg")


@dataclass(frozen=True, slots=True)
class Turning:
    """`measure` is how far the thigh is from the vertical; `sign` +1 ahead of it, -1 behind."""

    title: str
    measure: str
    sign: int


FOREMOST = Turning("The thigh at its foremost point", "thigh_forward_near_deg", 1)
HINDMOST = Turning("The thigh at its hindmost point", "tle_near_deg", -1)


def hip_figures(recording: Recording, say: Say) -> list[str]:
    """A <figure> for each moment; none where the thigh's angle was not measured."""
    curves = {name: mean_curve(recording, name)[0] for name in CURVES}
    if not np.isfinite(curves["thigh_near_deg"]).any():
        return []
    known = [moment for moment in (FOREMOST, HINDMOST) if recording.summary[moment.measure].measured]
    return [_figure(recording, moment, curves, say) for moment in known]


def _figure(recording: Recording, moment: Turning, curves: dict[str, NDArray[np.float64]], say: Say) -> str:
    measure, quantity = recording.summary[moment.measure], QUANTITIES[moment.measure]
    at = int(np.nanargmax(moment.sign * curves["thigh_near_deg"]))
    # The whole body at that moment of the mean stride, deg, forward +; NaN where not known.
    _, knee_near, thigh_far, knee_far, lean = (float(curves[name][at]) for name in CURVES)
    thigh_near, usual = moment.sign * measure.value, norms.band(moment.measure, recording.speed.mps)
    ahead = -1 if recording.direction == "left" else 1
    parts = [
        *_leg(thigh_far, knee_far, ahead, "var(--far)"),
        *_trunk(lean, ahead),
        *_leg(thigh_near, knee_near, ahead, "var(--own)"),
        *_usual(moment, usual, ahead),
        *_pointer(thigh_near, ahead),
    ]
    degrees = number(measure.value, quantity.decimals)
    found = say(f"{degrees}° ahead of the vertical." if moment.sign > 0 else f"{degrees}° behind the vertical.")
    beside = "There is no usual range: the belt speed is not known, or none was measured at it."
    if math.isfinite(usual[0]):
        beside = f"Usual at this speed: {span(*usual, quantity.decimals)}°."
    title, beside = say(moment.title), say(beside)
    box, alt = f"0 0 {WIDTH:g} {HEIGHT:g}", escape(f"{title}: {found} {beside}")
    svg = f'<svg viewBox="{box}" role="img" aria-label="{alt}">{"".join(parts)}</svg>'
    text = f'<p class="quiet"><b>{escape(found)}</b> {escape(beside)}</p>'
    return f"<figure><figcaption>{escape(title)}</figcaption>{text}{svg}</figure>"


def _usual(moment: Turning, usual: tuple[float, float], ahead: int) -> Iterator[str]:
    """The vertical through the hip, and the sector that the thighs of healthy runners point to."""
    yield f'<path d="M{HIP[0]} {HIP[1] - 10}V{HEIGHT - 6}" stroke="var(--edge)" stroke-dasharray="3 4"/>'
    if not math.isfinite(usual[0]):
        return
    low, high = (ahead * moment.sign * angle for angle in usual)
    corners = [_hang(HIP, radius, angle) for radius, angle in ((ZONE[0], low), (ZONE[1], low), (ZONE[1], high), (ZONE[0], high))]
    sweep = int(high < low)  # angles grow against the clock as the drawing sees it
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = corners
    inner, outer = ZONE
    yield (
        f'<path d="M{ax:.1f} {ay:.1f}L{bx:.1f} {by:.1f}A{outer:g} {outer:g} 0 0 {sweep} {cx:.1f} {cy:.1f}'
        f'L{dx:.1f} {dy:.1f}A{inner:g} {inner:g} 0 0 {1 - sweep} {ax:.1f} {ay:.1f}Z"'
        ' fill="var(--other)" fill-opacity="0.45" stroke="var(--other)" stroke-width="2"/>'
    )


def _trunk(lean_deg: float, ahead: int) -> Iterator[str]:
    """With the head; upright where the lean is not known."""
    shoulder = _hang(HIP, TRUNK, 180 - ahead * (0.0 if math.isnan(lean_deg) else lean_deg))
    head = _hang(shoulder, NECK, 180 - ahead * 8)
    yield _limb(HIP, shoulder, "trunk", "var(--edge)")
    yield f'<circle cx="{head[0]:.1f}" cy="{head[1]:.1f}" r="{HEAD}" fill="var(--edge)"/>'
    # The face.
    yield f'<circle cx="{head[0] + ahead * 10:.1f}" cy="{head[1] + 1:.1f}" r="5" fill="var(--edge)"/>'


def _pointer(thigh_deg: float, ahead: int) -> Iterator[str]:
    """From the hip along the thigh to the usual range, as on a dial."""
    way = _hang(HIP, ZONE[1] + 5, ahead * thigh_deg)
    yield f'<path d="M{HIP[0]} {HIP[1]}L{way[0]:.1f} {way[1]:.1f}" stroke="var(--ink)" stroke-width="2"/>'
    yield f'<circle cx="{HIP[0]}" cy="{HIP[1]}" r="4.5" fill="var(--ground)" stroke="var(--ink)" stroke-width="2"/>'


def _leg(thigh_deg: float, knee_deg: float, ahead: int, colour: str) -> Iterator[str]:
    knee = _hang(HIP, THIGH, ahead * thigh_deg)
    shank_deg = thigh_deg - knee_deg
    ankle = _hang(knee, SHANK, ahead * shank_deg)
    yield _limb(HIP, knee, "thigh", colour)
    yield _limb(knee, ankle, "shank", colour)
    yield _limb(ankle, _hang(ankle, FOOT, ahead * (shank_deg + 82)), "foot", colour)


def _hang(start: Point, length: float, degrees: float) -> Point:
    """Where a rod ends that hangs from `start` at that angle from straight down, right +."""
    turn = math.radians(degrees)
    return start[0] + length * math.sin(turn), start[1] + length * math.cos(turn)


def _limb(start: Point, end: Point, kind: str, colour: str) -> str:
    """A limb that tapers from one round end to the other; nothing where it is not known."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = math.hypot(dx, dy)
    if not (math.isfinite(length) and length > 0):
        return ""
    wide, narrow = WIDE[kind]
    ax, ay = -dy / length, dx / length
    outline = [(start, wide), (end, narrow), (end, -narrow), (start, -wide)]
    path = "L".join(f"{x + w * ax:.1f} {y + w * ay:.1f}" for (x, y), w in outline)
    rounds = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r:g}"/>' for (x, y), r in ((start, wide), (end, narrow)))
    return f'<g fill="{colour}"><path d="M{path}Z"/>{rounds}</g>'
