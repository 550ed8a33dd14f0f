"""Which view a snapshot is shown in, and the pure function that draws it."""

from __future__ import annotations

from collections.abc import Callable

from station.present.screen import margin
from station.present.screen.ink import Ink
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


def paint(ink: Ink, snapshot: Snapshot, read: Snapshot | None = None) -> None:
    """Draw a snapshot. Numbers and words come from `read`, an older snapshot, so that they change
    more slowly than the body (see `pace`)."""
    read = snapshot if read is None else read
    if read.station.trouble and snapshot.mode in NOBODY_RUNS:
        trouble.paint(ink, snapshot, read)
        return
    VIEWS[snapshot.mode](ink, snapshot, read)
    if snapshot.mode is not Mode.IDLE:
        margin.draw(ink, read.station)
