"""The hip belt being learnt: a ring that closes while the runner turns round."""

from __future__ import annotations

from station.present.screen import strings
from station.present.screen.box import Box
from station.present.screen.ink import Ink
from station.present.screen.theme import HEAD, LABEL, OWN, QUIET, TEXT, TRACK
from station.types import Snapshot


def draw_learnt(ink: Ink, box: Box, live: Snapshot) -> None:
    """The belt from above as a ring that closes while the runner turns round."""
    share = min(live.progress, 1.0) if live.progress > 0 else 0.0
    radius = 0.3 * min(box.w, box.h)
    ink.sector(box.centre, radius, 1.3 * radius, -180, 180, TRACK)
    if share > 0:
        ink.sector(box.centre, radius, 1.3 * radius, -180, -180 + 360 * share, OWN)
    middle = Box(box.centre[0] - radius, box.centre[1] - 50, 2 * radius, 100)
    number, label = middle.cut_top(68)
    ink.text(f"{100 * share:.0f} %", number, HEAD, TEXT, weight="SemiBold", align="centre")
    ink.text(strings.LEARNT, label, LABEL, QUIET, align="centre")
