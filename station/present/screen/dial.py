"""The live hip dial: how far the near thigh swings forward and behind, against the runner's own band and the norm.

The dial hangs below the hip, as the leg does, and faces the way the runner faces in the picture: forward is where the nose
points.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from station.present.screen import figure
from station.present.screen.box import Box
from station.present.screen.ink import Ink, Point, hang
from station.present.screen.theme import ACT, FAR, GROUND, NORM, OWN, PANEL, QUIET, RULE, TEXT, TICK
from station.types import Band, Snapshot

END_DEG = 62.0  # the scale reaches this far to both sides
LABELLED_DEG = (-40, -20, 0, 20, 40)


@dataclass(frozen=True)
class Dial:
    """Where the dial lies: hip, radii of the scale and the figure's body height, in page units."""

    hip: Point
    inner: float
    outer: float
    body: float

    @classmethod
    def within(cls, box: Box) -> Dial:
        """The largest dial that fits into the box with its figure."""
        unit = min(box.h, box.w / 1.13)
        hip = box.centre[0], box.y + (box.h - unit) / 2 + 0.355 * unit
        return cls(hip, 0.515 * unit, 0.58 * unit, 0.75 * unit)


def bands(snapshot: Snapshot, measure: str) -> tuple[Band | None, Band | None]:
    """(own, norm) for one end of the swing. The norm of the curve stands in where the bands hold only the runner's own."""
    given = snapshot.bands.get(measure)
    own = given if given is not None and given.origin == "own" else None
    if given is not None and given.origin == "norm":
        return own, given
    if snapshot.norm_curve is None or not np.isfinite(snapshot.norm_curve).all():
        return own, None
    low, _, high = snapshot.norm_curve
    if measure == "tle_near_deg":
        return own, Band(float(-high.min()), float(-low.min()), "norm")
    return own, Band(float(low.max()), float(high.max()), "norm")


def draw_scale(ink: Ink, dial: Dial, snapshot: Snapshot) -> None:
    """All of the dial that stands still: scale, norm, own band."""
    ahead = figure.forward(snapshot)
    ink.sector(dial.hip, dial.inner, dial.outer, -END_DEG, END_DEG, RULE)
    ink.sector(dial.hip, dial.inner + 2, dial.outer - 2, -END_DEG + 0.4, END_DEG - 0.4, GROUND)
    for measure, sign in (("thigh_forward_near_deg", 1), ("tle_near_deg", -1)):
        own, norm = bands(snapshot, measure)
        if norm is not None:
            ink.sector(dial.hip, dial.inner + 2, dial.outer - 2, *_span(norm, sign * ahead), NORM)
        if own is not None:
            ink.sector(dial.hip, dial.outer - 12, dial.outer + 2, *_span(own, sign * ahead), OWN)
    for degree in range(-60, 61, 10):
        start = dial.outer if degree % 20 == 0 else dial.outer - 4
        ink.line([hang(dial.hip, start - 2, degree), hang(dial.hip, start + 8, degree)], FAR, 2)
    for degree in LABELLED_DEG:
        x, y = hang(dial.hip, dial.outer + 25, degree)
        ink.text(f"{abs(degree)}°", Box(x - 30, y - 14, 60, 28), TICK, QUIET, align="centre")


def draw_live(ink: Ink, dial: Dial, snapshot: Snapshot) -> None:
    """What moves: the ends of the last strides, the figure, the needle."""
    ahead = figure.forward(snapshot)
    _ends(ink, dial, snapshot, ahead)
    figure.draw(ink, snapshot, dial.hip, dial.body)
    angles = snapshot.gait.drawn if snapshot.gait.drawn is not None else snapshot.gait.angles
    if angles is None or not np.isfinite(angles["thigh_near_deg"]):
        return
    at = ahead * float(np.clip(angles["thigh_near_deg"], -END_DEG, END_DEG))
    knee = figure.THIGH * dial.body
    ink.line([hang(dial.hip, knee, at), hang(dial.hip, dial.inner, at)], TEXT, 3)
    tip, base = dial.inner - 16, dial.outer + 2
    ink.polygon([hang(dial.hip, tip, at), hang(dial.hip, base, at - 2.1), hang(dial.hip, base, at + 2.1)], TEXT)


def _ends(ink: Ink, dial: Dial, snapshot: Snapshot, ahead: int) -> None:
    """A mark for each end of each of the last strides: filled inside the band that counts, hollow outside."""
    curves = snapshot.gait.curves
    if curves is None or not len(curves):
        return
    middle = (dial.inner + dial.outer) / 2 - 4
    for measure, sign, ends in (
        ("thigh_forward_near_deg", 1, curves.max(axis=1)),
        ("tle_near_deg", -1, -curves.min(axis=1)),
    ):
        own, norm = bands(snapshot, measure)
        band = own or norm
        for end in ends[np.isfinite(ends)]:
            spot = hang(dial.hip, middle, sign * ahead * float(min(end, END_DEG)))
            if band is None or band.low <= end <= band.high:
                ink.disc(spot, 6, TEXT if band is None else OWN)
            else:
                ink.ring(spot, 5, ACT, 3)


def _span(band: Band, sign: int) -> tuple[float, float]:
    low, high = (float(np.clip(sign * edge, -END_DEG, END_DEG)) for edge in (band.low, band.high))
    return min(low, high), max(low, high)


def swing(snapshot: Snapshot) -> tuple[float, float]:
    """(forward, behind) in degrees: the median end of the last strides, NaN when there are none."""
    curves = snapshot.gait.curves
    if curves is None or not len(curves):
        return float("nan"), float("nan")
    return float(np.median(curves.max(axis=1))), float(-np.median(curves.min(axis=1)))




def draw_ghost(ink: Ink, dial: Dial) -> None:
    """The dial with nobody on it: a figure in mid-stride, quiet."""
    ink.sector(dial.hip, dial.inner, dial.outer, -END_DEG, END_DEG, PANEL)
    for degree in range(-60, 61, 10):
        ink.line([hang(dial.hip, dial.outer - 6, degree), hang(dial.hip, dial.outer + 6, degree)], RULE, 2)
    figure.draw_ghost(ink, dial.hip, dial.body)
