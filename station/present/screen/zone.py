"""One number and the zone where it should lie: its mark says whether it is good."""

from __future__ import annotations

import math
from typing import NamedTuple

from station.faults import BY_NAME
from station.present.screen import strings
from station.present.screen.box import Box
from station.present.screen.ink import Ink
from station.present.screen.theme import ACT, OWN, QUIET, TEXT, TRACK, ZONE_NUMBER, Colour
from station.types import NAN, QUANTITIES, Band, Measure, Snapshot

# With nothing to correct: the turn of the pelvis where it is measured, else how far the leg opens
# behind the hip; but what lies outside of its zone first.
USUAL = ("pelvic_turn_deg", "tle_near_deg")
WATCHED = (*USUAL, "cadence_spm")
AROUND = 1.0  # widths of the zone shown to each side of it


class Shown(NamedTuple):
    """The number of the moment: measure, value (NaN = not known), zone, and why it is not known."""

    measure: str
    value: float
    band: Band | None
    reason: str = ""

    @property
    def side(self) -> int:
        """-1 below the zone, +1 above, 0 inside or where there is none."""
        if self.band is None or not math.isfinite(self.value + self.band.low + self.band.high):
            return 0
        return -1 if self.value < self.band.low else 1 if self.value > self.band.high else 0

    @property
    def colour(self) -> Colour:
        return TEXT if self.band is None or math.isnan(self.value) else ACT if self.side else OWN


def shown(snapshot: Snapshot) -> Shown:
    """What a cue is about; else what lies outside of its zone, else the usual number."""
    cue = snapshot.cue
    rule = BY_NAME.get(cue.rule) if cue is not None else None
    if rule is not None and rule.coaching is not None:
        fault = next((fault for fault in snapshot.faults if fault.rule == rule.name), None)
        name = (fault.shown if fault is not None else "") or rule.measure
        # The rule has decided: its zone is drawn however wide the interval is.
        return _of(snapshot, name)._replace(band=snapshot.bands.get(name))
    watched = [_of(snapshot, name) for name in WATCHED]
    first = [one for one in watched if one.side] or [one for one in watched[: len(USUAL)] if math.isfinite(one.value)]
    return first[0] if first else watched[len(USUAL) - 1]


def anything_outside(snapshot: Snapshot) -> bool:
    """Whether a value that the page could show lies outside its zone."""
    return any(_of(snapshot, name).side for name in WATCHED)


def everything_inside(snapshot: Snapshot) -> bool:
    """Whether every value that the page could show lies in its zone, and none is too uncertain to
    say so: only then does silence mean good.
    """
    return not anything_outside(snapshot) and not any(_vague(snapshot, name) for name in WATCHED)


def _of(snapshot: Snapshot, name: str) -> Shown:
    # The last strides follow the runner: a cue goes out by them.
    measure = snapshot.recent.get(name) or snapshot.gait.measures.get(name) or Measure.cannot_tell(strings.MEASURING)
    band = None if _vague(snapshot, name) else snapshot.bands.get(name)
    return Shown(name, measure.value if measure.measured else NAN, band, measure.reason)


def _vague(snapshot: Snapshot, name: str) -> bool:
    """Whether the interval is wider than the zone: it cannot place the value there."""
    measure, band = snapshot.gait.measures.get(name), snapshot.bands.get(name)
    return measure is not None and band is not None and measure.measured and measure.high - measure.low > band.high - band.low


def draw(ink: Ink, box: Box, one: Shown) -> None:
    """Label, number and zone below one another; what could not be read from there is left out."""
    quantity = QUANTITIES[one.measure]
    label, rest = box.cut_top(max(78.0, 1.3 * ink.least), 0)
    ink.glance(quantity.short, label, 46, QUIET, weight="Medium", align="centre")
    number, bar = rest.cut_bottom(min(96.0, 0.26 * rest.h), 8)[::-1]
    if math.isnan(one.value):
        head, why = number.cut_top(0.36 * number.h)
        ink.glance(strings.CANNOT_TELL, head, 54, TEXT, align="centre")
        ink.glance(strings.reason(ink.said(one.reason)), why, 40, QUIET, weight="Medium", align="centre", lines=3, at="top")
        return
    mark = quantity.mark if len(quantity.mark) == 1 else ""
    size = min(ZONE_NUMBER, 0.92 * number.h)
    ink.glance(f"{one.value:.0f}{mark}", number, size, one.colour, align="centre")
    if one.band is not None:
        draw_bar(ink, bar, one)


def draw_bar(ink: Ink, box: Box, one: Shown) -> None:
    """The zone in the middle of a line, the value as a mark above it."""
    band = one.band
    assert band is not None
    width = max(band.high - band.low, 1e-6)
    start, span = band.low - AROUND * width, (1 + 2 * AROUND) * width

    def x(value: float) -> float:
        return box.x + 24 + (box.w - 48) * min(max((value - start) / span, 0.0), 1.0)

    y, thick = box.y + 0.68 * box.h, 0.30 * box.h
    ink.bar(Box(box.x, y - thick / 2, box.w, thick), TRACK, thick / 2)
    ink.bar(Box(x(band.low), y - thick / 2, x(band.high) - x(band.low), thick), OWN, 6)
    at, tip = x(one.value), y - thick / 2 + 4
    half = 0.24 * box.h
    ink.polygon([(at, tip), (at + half, tip - 1.5 * half), (at - half, tip - 1.5 * half)], one.colour)
    ink.line([(at, tip), (at, y + thick / 2 + 6)], TEXT, 5)
