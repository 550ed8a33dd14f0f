"""The lower margin: what is amiss with the station, discreet while somebody runs."""

from __future__ import annotations

from station.present.screen.box import Box
from station.present.screen.ink import Ink
from station.present.screen.theme import ACT, TICK
from station.types import Station

HEIGHT = 26.0  # design pixels (chosen)


def draw(ink: Ink, station: Station) -> None:
    if not station.trouble:
        return
    page = ink.page
    mark, words = Box(36, page.bottom - HEIGHT - 5, page.w - 72, HEIGHT).cut_left(22, 8)
    x, top, bottom = mark.centre[0], mark.y + 3, mark.bottom - 4
    ink.polygon([(x, top), (x + 11, bottom), (x - 11, bottom)], ACT)
    ink.text(station.trouble[0][0], words, TICK, ACT)
