"""LOST: the runner is not seen. What to do, and that nothing is over."""

from __future__ import annotations

from station.present.screen import dial as hip_dial
from station.present.screen import strings
from station.present.screen.dial import Dial
from station.present.screen.ink import Ink
from station.present.screen.theme import BIG, CUE, LEAD, QUIET, TEXT
from station.types import Snapshot


def paint(ink: Ink, live: Snapshot, read: Snapshot) -> None:
    page = ink.page.inset(64, 44)
    if ink.portrait:
        art, words = page.cut_bottom(page.h * 0.5, 24)
    else:
        art, words = page.cut_right(430, 16)
    time, words = words.cut_top(100, 100 if not ink.portrait else 60)
    ink.static(("lost",), lambda: hip_dial.draw_ghost(ink, Dial.within(art), anybody=False))
    ink.text(strings.clock(read.session_s), time, BIG, QUIET, weight="SemiBold")
    head, rest = words.cut_top(220 if ink.portrait else 110, 30)
    ink.text(strings.LOST_HEADLINE, head, CUE, TEXT, weight="SemiBold", lines=2, at="top")
    for box, line in zip(rest.cut_top(150)[0].rows(2, 6), strings.LOST_STEPS, strict=True):
        ink.text(line, box, LEAD, TEXT if line is strings.LOST_STEPS[0] else QUIET)
