"""The page while somebody runs: BASELINE, COACH, REST, RETENTION. One dial to look at, the rest beside it."""

from __future__ import annotations

import math
from typing import NamedTuple

from station.present.screen import dial as hip_dial
from station.present.screen import figure, plot, strings, tiles
from station.present.screen.box import Box
from station.present.screen.dial import Dial
from station.present.screen.ink import Ink
from station.present.screen.theme import ACT, BIG, BODY_SIZE, CUE, CUE_NARROW, EDGE, HEAD, HERO, ON_HUE, OWN, QUIET, TEXT, TICK
from station.types import Snapshot


class Layout(NamedTuple):
    headline: Box
    time: Box
    dial: Box
    left: Box  # beside the figure's trunk: one number each
    right: Box
    legend: Box
    cadence: Box
    turn: Box
    plot: Box


def layout(ink: Ink) -> Layout:
    page = ink.page.inset(36, 28).cut_top(ink.page.h - 62)[0]
    if ink.portrait:
        time, page = page.cut_top(90, 8)
        headline, page = page.cut_top(108, 20)
        below, dial_area = page.cut_bottom(500, 18)
        legend, dial_area = dial_area.cut_bottom(30, 4)
        row, plot_box = below.cut_top(208, 18)
        cadence, turn = row.columns(2, 20)
        side = 208.0
    else:
        headline, page = page.cut_top(104, 20)
        time, headline = headline.cut_right(376, 32)
        column, dial_area = page.cut_right(376, 32)
        cadence, column = column.cut_top(104, 14)
        turn, plot_box = column.cut_top(158, 14)
        legend = dial_area.cut_bottom(62)[0]
        side = 220.0
    left = Box(dial_area.x, dial_area.y, side, 190)
    right = Box(dial_area.right - side, dial_area.y, side, 190)
    return Layout(headline, time, dial_area, left, right, legend, cadence, turn, plot_box)


def paint(ink: Ink, live: Snapshot, read: Snapshot) -> None:
    """Draw `live`; numbers come from `read`."""
    where = layout(ink)
    dial = Dial.within(where.dial)
    ink.static(_stands_still(live), lambda: _backdrop(ink, where, dial, live))
    headline(ink, where.headline, read)
    ink.text(strings.clock(read.session_s), where.time, BIG, TEXT, weight="SemiBold", align="right")
    hip_dial.draw_live(ink, dial, live)
    _swing(ink, where, read)
    tiles.cadence(ink, where.cadence, read)
    tiles.pelvic_turn(ink, where.turn, read)
    title, area = _plot_boxes(where.plot)
    plot.draw_title(ink, title, read)
    plot.draw_strides(ink, area, live)


def headline(ink: Ink, box: Box, snapshot: Snapshot) -> None:
    """The cue on a filled ground; without one, quietly, what this part of the session is."""
    cue = snapshot.cue
    if cue is not None:
        praise = cue.action == "praise"
        ink.bar(box, OWN if praise else ACT, 18)
        mark, beside = box.inset(24, 0).cut_left(52, 18)
        _mark(ink, mark, praise)
        ink.text(cue.text, beside, CUE_NARROW if ink.portrait else CUE, ON_HUE, weight="SemiBold")
        return
    words = strings.MODES.get(snapshot.mode)
    if words is not None:
        top, below = box.cut_top(HEAD * 1.2)
        ink.text(words.headline, top, HEAD, TEXT, weight="SemiBold")
        ink.text(words.detail, below, BODY_SIZE, QUIET)


def _mark(ink: Ink, box: Box, praise: bool) -> None:
    """A tick for praise, an arrow for a cue: the colours are not alone."""
    x, y = box.centre
    if praise:
        ink.line([(x - 22, y + 2), (x - 6, y + 18), (x + 24, y - 18)], ON_HUE, 9)
    else:
        ink.line([(x - 24, y), (x + 20, y)], ON_HUE, 9)
        ink.line([(x + 2, y - 20), (x + 22, y), (x + 2, y + 20)], ON_HUE, 9)


def _swing(ink: Ink, where: Layout, snapshot: Snapshot) -> None:
    """The two numbers, each on the side where that end of the swing is."""
    ahead, behind = hip_dial.swing(snapshot)
    sides = (where.left, where.right) if figure.forward(snapshot) > 0 else (where.right, where.left)
    for box, value, word in ((sides[0], behind, strings.BEHIND), (sides[1], ahead, strings.FORWARD)):
        align = "left" if box is where.left else "right"
        label, number = box.cut_top(40, 0)
        ink.text(word, label, BODY_SIZE, QUIET, align=align)  # type: ignore[arg-type]
        words = strings.UNKNOWN if math.isnan(value) else f"{value:.0f}{strings.DEGREE}"
        ink.text(words, number.cut_top(134)[0], HERO, TEXT, weight="SemiBold", align=align)  # type: ignore[arg-type]


def _backdrop(ink: Ink, where: Layout, dial: Dial, snapshot: Snapshot) -> None:
    hip_dial.draw_scale(ink, dial, snapshot)
    for box in (where.cadence, where.turn, where.plot):
        tiles.panel(ink, box)
    plot.draw_frame(ink, _plot_boxes(where.plot)[1], snapshot)
    _legend(ink, where.legend, snapshot)


def _legend(ink: Ink, box: Box, snapshot: Snapshot) -> None:
    """What the two bands are: below one another in the corner, or beside one another in a flat box."""
    own, norm = hip_dial.bands(snapshot, "tle_near_deg")
    speed = snapshot.gait.speed.mps
    norm_words = strings.NORM if math.isnan(speed) else strings.NORM_FOR_SPEED.format(kmh=speed * 3.6)
    entries = [(EDGE, 10, norm_words)] * (norm is not None) + [(OWN, 18, strings.YOURS)] * (own is not None)
    places = box.columns(2, 20) if box.h < 60 else box.rows(2, 2)
    for (colour, thick, words), place in zip(entries, places, strict=False):
        swatch, line = place.cut_left(28, 10)
        ink.bar(Box(swatch.x, swatch.centre[1] - thick / 2, 28, thick), colour, 2)
        ink.text(words, line, TICK, QUIET)


def _plot_boxes(box: Box) -> tuple[Box, Box]:
    inner = box.inset(20, 12)
    return inner.cut_top(32, 10)


def _stands_still(snapshot: Snapshot) -> tuple[object, ...]:
    """Everything that the backdrop is drawn from, to half a degree: it is redrawn when this changes."""
    ends = []
    for measure in ("thigh_forward_near_deg", "tle_near_deg"):
        ends += [(round(2 * band.low), round(2 * band.high)) if band else None for band in hip_dial.bands(snapshot, measure)]
    norm = None if snapshot.norm_curve is None else (2 * snapshot.norm_curve).round().tobytes()
    speed = snapshot.gait.speed.mps
    return "live", figure.forward(snapshot), tuple(ends), norm, None if math.isnan(speed) else round(speed * 36)


