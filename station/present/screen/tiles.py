"""The side panels of the live page: cadence, and the pelvic turn with its interval or the reason why it cannot be told."""

from __future__ import annotations

import math

from station.present.screen import strings
from station.present.screen.box import Box
from station.present.screen.ink import Ink
from station.present.screen.theme import BIG, BODY_SIZE, LABEL, LEAD, NORM, OWN, PANEL, QUIET, RULE, TEXT, TICK
from station.types import Band, Measure, Snapshot

TURN_END_DEG = 20.0  # the scale of the pelvic turn: the 95th percentile of runners at 4.5 m/s


def panel(ink: Ink, box: Box) -> None:
    ink.bar(box, PANEL, 14)


def cadence(ink: Ink, box: Box, snapshot: Snapshot) -> None:
    inner = box.inset(22, 14)
    head, rest = inner.cut_top(32)
    ink.text(strings.CADENCE, head, LABEL, QUIET)
    measure = snapshot.gait.measures.get("cadence_spm")
    known = measure is not None and math.isfinite(measure.value)
    number = f"{measure.value:.0f}" if known and measure is not None else strings.UNKNOWN
    ink.text(number, rest, BIG, TEXT, weight="SemiBold")
    wide = ink.width("188", BIG, "SemiBold")
    ink.text(strings.CADENCE_UNIT, Box(rest.x + wide + 14, rest.y + 8, rest.w - wide - 14, rest.h), LABEL, QUIET)


def pelvic_turn(ink: Ink, box: Box, snapshot: Snapshot) -> None:
    inner = box.inset(22, 14)
    head, rest = inner.cut_top(32, 2)
    ink.text(strings.PELVIC_TURN, head, LABEL, QUIET)
    measure = snapshot.gait.measures.get("pelvic_turn_deg", Measure.cannot_tell(strings.MEASURING))
    if not measure.measured or not math.isfinite(measure.value):
        top, below = rest.cut_top(46, 4)
        ink.text(strings.CANNOT_TELL, top, LEAD, TEXT, weight="SemiBold")
        ink.text(measure.reason, below, LABEL, QUIET, lines=2, at="top")
        return
    top, scale = rest.cut_top(rest.h - 40, 4)
    ink.text(f"{measure.value:.1f}{strings.DEGREE}", top, BIG, TEXT, weight="SemiBold")
    wide = ink.width("18.8°", BIG, "SemiBold")
    half = (measure.high - measure.low) / 2
    ink.text(f"± {half:.1f}{strings.DEGREE}", Box(top.x + wide + 14, top.y + 8, top.w - wide - 14, top.h), BODY_SIZE, QUIET)
    _interval(ink, scale, measure, snapshot.bands.get("pelvic_turn_deg"))


def _interval(ink: Ink, box: Box, measure: Measure, band: Band | None) -> None:
    """A line of 0 to 20 degrees: the band, the interval as a bar, the value as a dot."""
    track, words = box.cut_top(12, 2)

    def x(degree: float) -> float:
        return track.x + track.w * min(max(degree, 0.0), TURN_END_DEG) / TURN_END_DEG

    ink.bar(Box(track.x, track.y + 4, track.w, 4), RULE, 2)
    if band is not None:
        ink.bar(Box(x(band.low), track.y, x(band.high) - x(band.low), 12), NORM, 3)
    ink.bar(Box(x(measure.low), track.y + 3, x(measure.high) - x(measure.low), 6), OWN, 3)
    ink.disc((x(measure.value), track.y + 6), 8, TEXT)
    ink.text("0°", words, TICK, QUIET, at="bottom")
    ink.text(f"{TURN_END_DEG:.0f}°", words, TICK, QUIET, at="bottom", align="right")
