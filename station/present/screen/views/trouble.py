"""TROUBLE: what is wrong and what to do, while nobody runs."""

from __future__ import annotations

from station.present.screen import strings
from station.present.screen.box import Box
from station.present.screen.ink import LINE, Ink
from station.present.screen.theme import ACT, BIG, BODY_SIZE, LABEL, LEAD, ON_HUE, PANEL, QUIET, TEXT
from station.types import Snapshot

SHOWN = 3


def paint(ink: Ink, live: Snapshot, read: Snapshot) -> None:
    trouble = read.station.trouble
    ink.static(("trouble", trouble), lambda: _page(ink, trouble))


def _page(ink: Ink, trouble: tuple[tuple[str, str], ...]) -> None:
    page = ink.page.inset(64, 56)
    head, body = page.cut_top(100, 30)
    mark, words = head.cut_left(76, 28)
    warn(ink, Box(mark.x, mark.centre[1] - 36, 76, 72))
    ink.text(strings.TROUBLE_HEADLINE, words, BIG, TEXT, weight="SemiBold")
    for what, remedy in trouble[:SHOWN]:
        inner_width = body.w - 2 * 28
        title_rows = min(ink.rows(what, inner_width, LEAD, "SemiBold"), 2)
        rows = min(ink.rows(remedy, inner_width, BODY_SIZE), 3)
        title = title_rows * LINE * LEAD
        card, body = body.cut_top(title + rows * LINE * BODY_SIZE + 46, 16)
        ink.bar(card, PANEL, 16)
        top, below = card.inset(28, 18).cut_top(title, 8)
        ink.text(what, top, LEAD, TEXT, weight="SemiBold", lines=2)
        ink.text(remedy, below, BODY_SIZE, QUIET, lines=3)
    if len(trouble) > SHOWN:
        ink.text(strings.TROUBLE_MORE.format(count=len(trouble) - SHOWN), body.cut_top(40)[0], LABEL, QUIET)


def warn(ink: Ink, box: Box) -> None:
    """A triangle with an exclamation mark."""
    x = box.centre[0]
    ink.polygon([(x, box.y), (box.right, box.bottom), (box.x, box.bottom)], ACT)
    ink.line([(x, box.y + 0.36 * box.h), (x, box.y + 0.66 * box.h)], ON_HUE, 0.11 * box.h)
    ink.disc((x, box.y + 0.84 * box.h), 0.07 * box.h, ON_HUE)
