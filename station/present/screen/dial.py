"""The arc below the hip: where the thigh should end its swing, and where the last strides ended.

It hangs below the hip, as the leg does, and faces the way the runner faces.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from station.present.screen import figure
from station.present.screen.box import Box
from station.present.screen.figure import Lit
from station.present.screen.ink import Ink, Point, hang
from station.present.screen.theme import OWN, RULE, TEXT, TRACK
from station.types import NAN, Band, Snapshot

Leg = Literal["near", "far"]

END_DEG = 62.0  # the scale reaches this far to both sides
LEAST_SWING_DEG = 5.0  # a thigh that ends its swing nearer to the vertical is drawn as it is (chosen)
NARROWEST_DEG = 1.5  # a band of less would not be seen from the belt
# Measures that are an end of the swing, and on which side of the hip.
ENDS = {"thigh_forward_near_deg": 1, "tle_near_deg": -1}


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
        unit = min(box.h, box.w / 1.14)
        hip = box.centre[0], box.y + (box.h - unit) / 2 + 0.388 * unit
        return cls(hip, 0.515 * unit, 0.585 * unit, 0.80 * unit)


def draw_scale(ink: Ink, dial: Dial, snapshot: Snapshot, measure: str = "") -> None:
    """What stands still: the arc and, where that measure is an end of the swing, its zone."""
    ahead = figure.forward(snapshot)
    if measure and measure not in ENDS:  # the treadmill's belt under the feet
        (x, y), half = dial.hip, 0.52 * dial.body
        under = y + (figure.THIGH + figure.SHANK + 0.055) * dial.body
        ink.line([(x - half, under), (x + half, under)], RULE, 14)
        return
    ink.sector(dial.hip, dial.inner, dial.outer, -END_DEG, END_DEG, TRACK)
    band = snapshot.bands.get(measure)
    if band is not None and measure in ENDS:
        low, high = _span(band, ahead * ENDS[measure])
        ink.sector(dial.hip, dial.inner, dial.outer, low, high, OWN)


def draw_live(
    ink: Ink, dial: Dial, snapshot: Snapshot, leg: Leg | None = "near", lit: Lit | None = None, mark_deg: float = NAN
) -> None:
    """What moves: figure, needle of that leg (None = none), mark on the arc at `mark_deg`."""
    figure.draw(ink, snapshot, dial.hip, dial.body, lit)
    ahead = figure.forward(snapshot)
    if leg is None:
        return
    if math.isfinite(mark_deg):
        at = ahead * min(max(mark_deg, -END_DEG), END_DEG)
        ink.line([hang(dial.hip, dial.inner - 8, at), hang(dial.hip, dial.outer + 8, at)], TEXT, 9)
    thigh_deg = thigh_now(snapshot, leg)
    if math.isnan(thigh_deg):
        return
    at = ahead * min(max(thigh_deg * _scale(snapshot, thigh_deg, leg, mark_deg), -END_DEG), END_DEG)
    tip, base = hang(dial.hip, dial.inner - 2, at), dial.inner - 30
    ink.polygon([tip, hang(dial.hip, base, at - 3.0), hang(dial.hip, base, at + 3.0)], TEXT)


def thigh_now(snapshot: Snapshot, leg: Leg) -> float:
    """That thigh's angle as it is drawn, deg forward +; NaN when unknown."""
    angles = snapshot.gait.drawn if snapshot.gait.drawn is not None else snapshot.gait.angles
    return NAN if angles is None else float(angles[f"thigh_{leg}_deg"])


def _span(band: Band, sign: int) -> tuple[float, float]:
    middle, half = (band.low + band.high) / 2, max(abs(band.high - band.low), NARROWEST_DEG) / 2
    low, high = (min(max(sign * edge, -END_DEG), END_DEG) for edge in (middle - half, middle + half))
    return min(low, high), max(low, high)


def _scale(snapshot: Snapshot, thigh_deg: float, leg: Leg, mark_deg: float) -> float:
    """What takes the needle to the mark where the thigh ends its swing: the mark is without the
    pose model's bias, the thigh as it is seen is not.
    """
    end = swing(snapshot)[0 if mark_deg > 0 else 1]
    ends = leg == "near" and thigh_deg * mark_deg > 0 and end > LEAST_SWING_DEG
    return abs(mark_deg) / end if ends else 1.0


def swing(snapshot: Snapshot) -> tuple[float, float]:
    """(forward, behind), deg: median end of the last strides as they are seen; NaN without any."""
    curves = snapshot.gait.curves
    if curves is None or not len(curves):
        return NAN, NAN
    return float(np.median(curves.max(axis=1))), float(-np.median(curves.min(axis=1)))


def draw_ghost(ink: Ink, dial: Dial) -> None:
    """The dial at rest, with a quiet figure in mid-stride."""
    ink.sector(dial.hip, dial.inner, dial.outer, -END_DEG, END_DEG, TRACK)
    ink.line([hang(dial.hip, dial.inner, 0), hang(dial.hip, dial.outer, 0)], RULE, 2)
    figure.draw_ghost(ink, dial.hip, dial.body)
