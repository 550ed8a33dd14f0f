"""Which view a snapshot is shown in, and the pure function that draws it."""

from __future__ import annotations

from collections.abc import Callable

from station.present.screen.ink import Ink
from station.present.screen.views import idle, live
from station.types import Mode, Snapshot

View = Callable[[Ink, Snapshot, Snapshot], None]

VIEWS: dict[Mode, View] = {
    Mode.IDLE: idle.paint,
    Mode.BASELINE: live.paint,
    Mode.COACH: live.paint,
    Mode.REST: live.paint,
    Mode.RETENTION: live.paint,
}


def paint(ink: Ink, snapshot: Snapshot, read: Snapshot | None = None) -> None:
    """Draw a snapshot. Numbers and words come from `read`, an older snapshot, so that they change more slowly than the body."""
    VIEWS[snapshot.mode](ink, snapshot, snapshot if read is None else read)
