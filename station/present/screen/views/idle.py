"""IDLE: nobody there. How to start, what is kept, whether the station is well."""

from __future__ import annotations

from station.present.screen import dial as hip_dial
from station.present.screen import strings
from station.present.screen.box import Box
from station.present.screen.dial import Dial
from station.present.screen.ink import Ink
from station.present.screen.theme import ACT, BIG, LABEL, LEAD, OWN, PANEL, QUIET, TEXT
from station.types import Snapshot


def paint(ink: Ink, live: Snapshot, read: Snapshot) -> None:
    station = read.station
    kept = strings.PRIVACY_RECORDING if station.recording else strings.PRIVACY_NOTHING_KEPT
    foot = kept if station.stick == "none" else strings.stick(station)
    ink.static(("idle", foot, station.healthy), lambda: _page(ink, foot, station.healthy))


def _page(ink: Ink, words_below: str, healthy: bool) -> None:
    page = ink.page.inset(64, 56)
    foot, body = page.cut_bottom(76 if ink.portrait else 40, 24)
    if ink.portrait:
        art, words = body.cut_bottom(body.h * 0.48, 24)
    else:
        art, words = body.cut_right(520, 16)
    head, steps = words.cut_top(180 if ink.portrait else 100, 30 if ink.portrait else 56)
    headline = head if ink.portrait else Box(head.x, head.y, body.w, head.h)
    ink.text(strings.IDLE_HEADLINE, headline, BIG, TEXT, weight="SemiBold", lines=2)
    for number, (box, step) in enumerate(zip(steps.cut_top(300)[0].rows(3, 20), strings.IDLE_STEPS, strict=True), start=1):
        badge, line = box.cut_left(64, 24)
        ink.disc(badge.centre, 30, PANEL)
        ink.text(str(number), badge, LEAD, OWN, weight="SemiBold", align="centre")
        ink.text(step, line, LEAD, TEXT)
    _foot(ink, foot, words_below, healthy)
    hip_dial.draw_ghost(ink, Dial.within(art if ink.portrait else art.cut_bottom(art.h - 40)[0]))


def _foot(ink: Ink, box: Box, words: str, healthy: bool) -> None:
    state = strings.READY if healthy else strings.NOT_READY
    wide = ink.width(state, LABEL) + 40
    right, left = box.cut_right(wide, 20)
    colour = OWN if healthy else ACT
    if healthy:
        ink.disc((right.x + 14, right.centre[1]), 10, colour)
    else:
        ink.ring((right.x + 14, right.centre[1]), 9, colour, 4)
    ink.text(state, right, LABEL, TEXT, align="right")
    ink.text(words, left, LABEL, QUIET, lines=2 if ink.portrait else 1)
