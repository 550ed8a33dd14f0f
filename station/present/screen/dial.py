"""The live hip dial: how far the near thigh swings forward and behind, against the runner's own band and the norm.

The dial hangs below the hip, as the leg does, and faces the way the runner faces in the picture: forward is where the nose
points.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from station.present.screen import figure
from station.present.screen.box import Box
from station.present.screen.ink import Ink, Point, hang
from station.present.screen.theme import EDGE, OWN, QUIET, RULE, TEXT, TICK, TRACK
from station.types import Band, Snapshot

Leg = Literal["near", "far"]

END_DEG = 62.0  # the scale reaches this far to both sides
NARROWEST_DEG = 1.5  # a band of less would not be seen from the belt
LABELLED_DEG = (-40, -20, 0, 20, 40)


@dataclass(frozen=True)
class Dial:
    """Where the dial lies: hip, radii of the scale and the figure's body height, in page units."""

    hip: Point
    inner: float
    outer: float
    body: float

    @property
    def lane(self) -> float:
        """Between the strokes of the last strides (inside) and the runner's own band (outside)."""
        return self.inner + 0.48 * (self.outer - self.inner)

    @classmethod
    def within(cls, box: Box) -> Dial:
        """The largest dial that fits into the box with its figure."""
        unit = min(box.h, box.w / 1.13)
        hip = box.centre[0], box.y + (box.h - unit) / 2 + 0.352 * unit
        return cls(hip, 0.492 * unit, 0.57 * unit, 0.75 * unit)


def bands(snapshot: Snapshot, measure: str) -> tuple[Band | None, Band | None]:
    """(own, norm) for one end of the swing, None where unknown. The norm is that of the curve, so that dial and plot agree."""
    given = snapshot.bands.get(measure)
    own = given if given is not None and given.origin == "own" else None
    if snapshot.norm_curve is None or not np.isfinite(snapshot.norm_curve).all():
        return own, given if own is None else None
    low, _, high = snapshot.norm_curve
    if measure == "tle_near_deg":
        return own, Band(float(-high.min()), float(-low.min()), "norm")
    return own, Band(float(low.max()), float(high.max()), "norm")


def draw_scale(ink: Ink, dial: Dial, snapshot: Snapshot) -> None:
    """All of the dial that stands still: scale, norm, own band."""
    ahead = figure.forward(snapshot)
    ink.sector(dial.hip, dial.inner, dial.outer, -END_DEG, END_DEG, TRACK)
    _degrees(ink, dial)
    for measure, sign in (("thigh_forward_near_deg", ahead), ("tle_near_deg", -ahead)):
        own, norm = bands(snapshot, measure)
        if own is not None:
            ink.sector(dial.hip, dial.lane, dial.outer, *_span(own, sign), OWN)
        if norm is not None:
            ink.sector(dial.hip, dial.outer + 3, dial.outer + 13, *_span(norm, sign), EDGE)


def _degrees(ink: Ink, dial: Dial) -> None:
    for degree in range(-50, 51, 10):
        length = 14 if degree % 20 == 0 else 8
        ink.line([hang(dial.hip, dial.outer - length, degree), hang(dial.hip, dial.outer, degree)], RULE, 2)
    for degree in LABELLED_DEG:
        x, y = hang(dial.hip, dial.outer + 33, degree)
        ink.text(f"{abs(degree)}°", Box(x - 30, y - 15, 60, 30), TICK, QUIET, align="centre")


def draw_live(ink: Ink, dial: Dial, snapshot: Snapshot, leg: Leg = "near") -> None:
    """What moves: the ends of the near thigh's last strides, the figure, the needle of that leg."""
    _ends(ink, dial, snapshot)
    figure.draw(ink, snapshot, dial.hip, dial.body)
    thigh_deg = thigh_now(snapshot, leg)
    if math.isnan(thigh_deg):
        return
    at = figure.forward(snapshot) * min(max(thigh_deg, -END_DEG), END_DEG)
    ink.line([hang(dial.hip, figure.THIGH * dial.body, at), hang(dial.hip, dial.inner - 24, at)], TEXT, 4)
    tip, base = hang(dial.hip, dial.inner + 6, at), dial.inner - 30
    ink.polygon([tip, hang(dial.hip, base, at - 3.2), hang(dial.hip, base, at + 3.2)], TEXT)


def _ends(ink: Ink, dial: Dial, snapshot: Snapshot) -> None:
    """A stroke in the inner lane for each end of each of the last strides, the newest bold: it points at the bands outside."""
    curves = snapshot.gait.curves
    if curves is None:
        return
    ahead = figure.forward(snapshot)
    for i, curve in enumerate(curves):
        width, length = (6.0, dial.lane) if i == len(curves) - 1 else (2.0, dial.lane - 3)
        for end in (curve.max(), curve.min()):
            if math.isfinite(end):
                at = ahead * min(max(float(end), -END_DEG), END_DEG)
                ink.line([hang(dial.hip, dial.inner + 4, at), hang(dial.hip, length - 3, at)], TEXT, width)


def thigh_now(snapshot: Snapshot, leg: Leg) -> float:
    """That thigh's angle as it is drawn, deg forward +; NaN when unknown."""
    angles = snapshot.gait.drawn if snapshot.gait.drawn is not None else snapshot.gait.angles
    return float("nan") if angles is None else float(angles[f"thigh_{leg}_deg"])


def _span(band: Band, sign: int) -> tuple[float, float]:
    middle, half = (band.low + band.high) / 2, max(abs(band.high - band.low), NARROWEST_DEG) / 2
    low, high = (min(max(sign * edge, -END_DEG), END_DEG) for edge in (middle - half, middle + half))
    return min(low, high), max(low, high)


def swing(snapshot: Snapshot) -> tuple[float, float]:
    """(forward, behind) in degrees: the median end of the last strides, NaN when there are none."""
    curves = snapshot.gait.curves
    if curves is None or not len(curves):
        return float("nan"), float("nan")
    return float(np.median(curves.max(axis=1))), float(-np.median(curves.min(axis=1)))


def draw_ghost(ink: Ink, dial: Dial) -> None:
    """The dial at rest, with a quiet figure in mid-stride."""
    ink.sector(dial.hip, dial.inner, dial.outer, -END_DEG, END_DEG, TRACK)
    for degree in range(-60, 61, 10):
        ink.line([hang(dial.hip, dial.outer - 10, degree), hang(dial.hip, dial.outer, degree)], RULE, 2)
    figure.draw_ghost(ink, dial.hip, dial.body)
