"""TROUBLE: what is wrong and what to do, while nobody runs."""

from __future__ import annotations

from station.present.screen import strings
from station.present.screen.box import Box
from station.present.screen.ink import LINE, Ink
from station.present.screen.theme import ACT, BIG, BODY_SIZE, LABEL, LEAD, ON_HUE, PANEL, QUIET, TEXT
from station.types import Snapshot, Troubles

SHOWN = 3  # at most; fewer when they are long
PAD = 28.0  # design pixels (chosen)
MORE = 40.0  # room for "and 2 more"


def paint(ink: Ink, live: Snapshot, read: Snapshot) -> None:
    trouble = read.station.trouble
    ink.static(("trouble", trouble), lambda: _page(ink, trouble))


def _page(ink: Ink, trouble: Troubles) -> None:
    page = ink.page.inset(64, 56)
    head, body = page.cut_top(100, 30)
    mark, words = head.cut_left(76, 28)
    warn(ink, Box(mark.x, mark.centre[1] - 36, 76, 72))
    ink.text(strings.TROUBLE_HEADLINE, words, BIG, TEXT, weight="SemiBold")
    shown = 0
    for what, remedy in trouble[:SHOWN]:
        title = _rows(ink, what, body.w, LEAD, 2) * LINE * LEAD
        height = title + _rows(ink, remedy, body.w, BODY_SIZE, 3) * LINE * BODY_SIZE + 50
        if height > body.h - MORE:
            break
        card, body = body.cut_top(height, 16)
        ink.bar(card, PANEL, 16)
        top, below = card.inset(PAD, 18).cut_top(title, 8)
        ink.text(what, top, LEAD, TEXT, weight="SemiBold", lines=2)
        ink.text(remedy, below, BODY_SIZE, QUIET, lines=3)
        shown += 1
    if len(trouble) > shown:
        ink.text(strings.TROUBLE_MORE.format(count=len(trouble) - shown), body.cut_top(MORE)[0], LABEL, QUIET)


def _rows(ink: Ink, words: str, width: float, size: float, most: int) -> int:
    return min(ink.rows(words, width - 2 * PAD, size, "SemiBold" if size == LEAD else "Medium"), most)


def warn(ink: Ink, box: Box) -> None:
    """A triangle with an exclamation mark."""
    x = box.centre[0]
    ink.polygon([(x, box.y), (box.right, box.bottom), (box.x, box.bottom)], ACT)
    ink.line([(x, box.y + 0.36 * box.h), (x, box.y + 0.66 * box.h)], ON_HUE, 0.11 * box.h)
    ink.disc((x, box.y + 0.84 * box.h), 0.07 * box.h, ON_HUE)
