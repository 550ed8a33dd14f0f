"""The page while somebody runs: BASELINE, COACH, REST, RETENTION. One dial to look at, the rest beside it.

With a hip belt the pelvis takes the place of the strides' curves."""

from __future__ import annotations

import math
from typing import NamedTuple

from station.present.screen import dial as hip_dial
from station.present.screen import figure, headline, pelvis, plot, strings, tiles
from station.present.screen.box import Box
from station.present.screen.dial import Dial
from station.present.screen.ink import Ink
from station.present.screen.theme import BIG, BODY_SIZE, EDGE, HERO, OWN, QUIET, TEXT, TICK
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
        said, page = page.cut_top(108, 20)
        below, dial_area = page.cut_bottom(500, 18)
        legend, dial_area = dial_area.cut_bottom(30, 4)
        row, plot_box = below.cut_top(208, 18)
        cadence, turn = row.columns(2, 20)
        side = 208.0
    else:
        said, page = page.cut_top(104, 20)
        time, said = said.cut_right(376, 32)
        column, dial_area = page.cut_right(376, 32)
        cadence, column = column.cut_top(104, 14)
        turn, plot_box = column.cut_top(158, 14)
        legend = dial_area.cut_bottom(62)[0]
        side = 220.0
    left = Box(dial_area.x, dial_area.y, side, 190)
    right = Box(dial_area.right - side, dial_area.y, side, 190)
    return Layout(said, time, dial_area, left, right, legend, cadence, turn, plot_box)


def paint(ink: Ink, live: Snapshot, read: Snapshot) -> None:
    """Draw `live`; numbers come from `read`."""
    where = layout(ink)
    dial = Dial.within(where.dial)
    ink.static(_stands_still(live), lambda: _backdrop(ink, where, dial, live))
    headline.draw(ink, where.headline, read)
    ink.text(strings.clock(read.session_s), where.time, BIG, TEXT, weight="SemiBold", align="right")
    hip_dial.draw_live(ink, dial, live)
    _swing(ink, where, read)
    tiles.cadence(ink, where.cadence, read)
    tiles.pelvic_turn(ink, where.turn, read)
    title, area = _plot_boxes(where.plot)
    if live.gait.hip_belt is not None:
        pelvis.draw_title(ink, title, read)
        pelvis.draw(ink, area, live, read)
        return
    plot.draw_title(ink, title, read)
    plot.draw_strides(ink, area, live)


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
    if snapshot.gait.hip_belt is None:
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
    belted = snapshot.gait.hip_belt is not None
    return "live", figure.forward(snapshot), belted, tuple(ends), norm, None if math.isnan(speed) else round(speed * 36)
