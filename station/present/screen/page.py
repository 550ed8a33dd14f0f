"""Which view a snapshot is shown in, and the pure function that draws it."""

from __future__ import annotations

from collections.abc import Callable

from station.present.screen.box import Box
from station.present.screen.ink import Ink
from station.present.screen.theme import ACT, TICK
from station.present.screen.views import done, exercise, framing, idle, live, lost, trouble
from station.types import Mode, Snapshot

View = Callable[[Ink, Snapshot, Snapshot], None]

VIEWS: dict[Mode, View] = {
    Mode.IDLE: idle.paint,
    Mode.FRAMING: framing.paint,
    Mode.DRILL: exercise.paint,
    Mode.CONTRAST: exercise.paint,
    Mode.BASELINE: live.paint,
    Mode.COACH: live.paint,
    Mode.REST: live.paint,
    Mode.RETENTION: live.paint,
    Mode.DONE: done.paint,
    Mode.LOST: lost.paint,
}
# Trouble takes the whole page only while nobody is served by another one.
NOBODY_RUNS = (Mode.IDLE, Mode.FRAMING)
MARGIN = 26.0  # design pixels (chosen)


def paint(ink: Ink, snapshot: Snapshot, read: Snapshot | None = None) -> None:
    """Draw a snapshot. Numbers and words come from `read`, an older snapshot, so that they change
    more slowly than the body (see `pace`)."""
    read = snapshot if read is None else read
    if read.station.trouble and snapshot.mode in NOBODY_RUNS:
        trouble.paint(ink, snapshot, read)
        return
    VIEWS[snapshot.mode](ink, snapshot, read)
    if read.station.trouble and snapshot.mode is not Mode.IDLE:
        _margin(ink, read.station.trouble[0][0])


def _margin(ink: Ink, amiss: str) -> None:
    """The lower margin: what is amiss with the station, discreet while somebody runs."""
    mark, words = Box(36, ink.page.bottom - MARGIN - 5, ink.page.w - 72, MARGIN).cut_left(22, 8)
    x, top, bottom = mark.centre[0], mark.y + 3, mark.bottom - 4
    ink.polygon([(x, top), (x + 11, bottom), (x - 11, bottom)], ACT)
    ink.text(amiss, words, TICK, ACT)
