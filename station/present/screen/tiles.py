"""The side panels of the live page: cadence, and the pelvic turn with its interval or the reason why it cannot be told."""

from __future__ import annotations

import math

from station.present.screen import strings
from station.present.screen.box import Box
from station.present.screen.ink import Ink
from station.present.screen.theme import LABEL, NORM, NUMBER, OWN, PANEL, QUIET, RULE, TEXT, TICK
from station.types import Band, Measure, Snapshot

TURN_END_DEG = 20.0  # the scale of the pelvic turn: the 95th percentile of runners at 4.5 m/s


def panel(ink: Ink, box: Box) -> None:
    ink.bar(box, PANEL, 14)


def cadence(ink: Ink, box: Box, snapshot: Snapshot) -> None:
    measure = snapshot.gait.measures.get("cadence_spm")
    number = strings.UNKNOWN if measure is None or math.isnan(measure.value) else f"{measure.value:.0f}"
    _number(ink, box.inset(22, 12), number, strings.CADENCE, strings.CADENCE_UNIT)


def pelvic_turn(ink: Ink, box: Box, snapshot: Snapshot) -> None:
    inner = box.inset(22, 14)
    measure = snapshot.gait.measures.get("pelvic_turn_deg", Measure.cannot_tell(strings.MEASURING))
    if not measure.measured or math.isnan(measure.value):
        _cannot_tell(ink, inner, measure.reason)
        return
    top, scale = inner.cut_top(inner.h - 46, 4)
    half = (measure.high - measure.low) / 2
    _number(ink, top, f"{measure.value:.1f}{strings.DEGREE}", strings.PELVIC_TURN, f"± {half:.1f}{strings.DEGREE}")
    _interval(ink, scale, measure, snapshot.bands.get("pelvic_turn_deg"))


def _cannot_tell(ink: Ink, box: Box, reason: str) -> None:
    head, rest = box.cut_top(34, 4)
    ink.text(strings.PELVIC_TURN, head, LABEL, QUIET)
    if box.w > 300:
        ink.text(strings.CANNOT_TELL, head, LABEL, TEXT, weight="SemiBold", align="right")
    else:
        verdict, rest = rest.cut_top(34, 2)
        ink.text(strings.CANNOT_TELL, verdict, LABEL, TEXT, weight="SemiBold")
    ink.text(strings.reason(ink.said(reason)), rest, TICK, QUIET, lines=4)


def _number(ink: Ink, box: Box, number: str, label: str, unit: str) -> None:
    """A number, what it is and its unit: beside it in a wide box, above it in a narrow one."""
    if box.w > 300:
        upper, lower = box.inset(0, max((box.h - 74) / 2, 0)).rows(2)
        ink.text(label, upper, LABEL, QUIET)
        ink.text(unit, lower, LABEL, QUIET)
        ink.text(number, box, NUMBER, TEXT, weight="SemiBold", align="right")
        return
    head, below = box.cut_top(34, 0)
    ink.text(label, head, LABEL, QUIET)
    ink.text(unit, head, LABEL, QUIET, align="right")
    ink.text(number, below, NUMBER, TEXT, weight="SemiBold")


def _interval(ink: Ink, box: Box, measure: Measure, band: Band | None) -> None:
    """A line of 0 to 20 degrees: the band, the interval as a bar, the value as a dot."""
    track, words = box.cut_top(12, 2)

    def x(degree: float) -> float:
        return track.x + track.w * min(max(degree, 0.0), TURN_END_DEG) / TURN_END_DEG

    ink.bar(Box(track.x, track.y + 4, track.w, 4), RULE, 2)
    if band is not None:
        ink.bar(Box(x(band.low), track.y, x(band.high) - x(band.low), 12), NORM, 3)
    ink.line([(x(measure.low), track.y + 6), (x(measure.high), track.y + 6)], OWN, 7)
    ink.disc((x(measure.value), track.y + 6), 8, TEXT)
    ink.text("0°", words, TICK, QUIET, at="bottom")
    ink.text(f"{TURN_END_DEG:.0f}°", words, TICK, QUIET, at="bottom", align="right")
