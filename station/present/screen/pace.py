"""Numbers at a readable rate: the body moves with every frame, figures and words at most four times a second."""

from __future__ import annotations

from station.types import NS, Snapshot

HOLD_NS = NS // 4


class Pace:
    """Keeps the snapshot that numbers are read from. It changes after a quarter of a second by the snapshots' own time,
    at once when the page changes (mode, cue or prompt), and when time jumps back (another source)."""

    def __init__(self) -> None:
        self._read: Snapshot | None = None

    def read(self, live: Snapshot) -> Snapshot:
        """The snapshot to read numbers from while `live` is being drawn."""
        kept = self._read
        if kept is None or _page(kept) != _page(live) or not 0 <= live.t_ns - kept.t_ns < HOLD_NS:
            self._read = live
            return live
        return kept


def _page(snapshot: Snapshot) -> tuple[object, ...]:
    cue = snapshot.cue
    return snapshot.mode, snapshot.prompt, None if cue is None else (cue.seq, cue.action)
