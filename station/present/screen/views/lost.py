"""LOST: the runner is not seen. What to do, and that nothing is over."""

from __future__ import annotations

from station.present.screen import strings
from station.present.screen.ink import Ink
from station.present.screen.theme import BIG, CUE, LEAD, QUIET, TEXT
from station.types import Snapshot


def paint(ink: Ink, live: Snapshot, read: Snapshot) -> None:
    ink.static(("lost",), lambda: None)
    time, words = ink.page.inset(64, 44).cut_top(100, 90)
    ink.text(strings.clock(read.session_s), time, BIG, QUIET, weight="SemiBold")
    head, rest = words.cut_top(210 if ink.portrait else 120, 40)
    ink.text(strings.LOST_HEADLINE, head, CUE, TEXT, weight="SemiBold", lines=2)
    for box, line in zip(rest.cut_top(150)[0].rows(2, 6), strings.LOST_STEPS, strict=True):
        ink.text(line, box, LEAD, TEXT if line is strings.LOST_STEPS[0] else QUIET)
