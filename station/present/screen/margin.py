"""The lower margin of a page: what is amiss with the station, and that pictures are kept. Discreet, never a page of its own."""

from __future__ import annotations

from station.present.screen import strings
from station.present.screen.box import Box
from station.present.screen.ink import Ink
from station.present.screen.theme import ACT, TICK
from station.types import Station

HEIGHT = 26.0


def draw(ink: Ink, station: Station) -> None:
    page = ink.page
    line = Box(36, page.bottom - HEIGHT - 5, page.w - 72, HEIGHT)
    if station.recording:
        width = ink.width(strings.RECORDING, TICK) + 26
        right, line = line.cut_right(width, 24)
        ink.disc((right.x + 8, right.centre[1]), 6, ACT)
        ink.text(strings.RECORDING, right, TICK, ACT, align="right")
    if station.trouble:
        mark, words = line.cut_left(22, 8)
        x = mark.centre[0]
        top, bottom = mark.y + 3, mark.bottom - 4
        ink.polygon([(x, top), (x + 11, bottom), (x - 11, bottom)], ACT)
        ink.text(station.trouble[0][0], words, TICK, ACT)
