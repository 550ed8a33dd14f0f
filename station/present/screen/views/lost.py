"""LOST: the runner is not seen. What to do, and that nothing is over."""

from __future__ import annotations

from station.present.screen import strings
from station.present.screen.ink import Ink
from station.present.screen.theme import BIG, CUE, LEAD, QUIET, TEXT
from station.types import Snapshot


def paint(ink: Ink, live: Snapshot, read: Snapshot) -> None:
    ink.static(("lost",), lambda: None)
    time, words = ink.page.inset(64, 44).cut_top(100, 90)
    ink.glance(strings.clock(read.session_s), time, BIG, QUIET)
    head, rest = words.cut_top(230 if ink.portrait else 140, 40)
    ink.glance(strings.LOST_HEADLINE, head, CUE, TEXT, lines=2)
    upright = ink.portrait
    for box, line in zip(rest.cut_top(340 if upright else 220)[0].rows(2, 6), strings.LOST_STEPS, strict=True):
        colour = TEXT if line is strings.LOST_STEPS[0] else QUIET
        ink.glance(line, box, LEAD, colour, weight="Medium", lines=2 if upright else 1)
