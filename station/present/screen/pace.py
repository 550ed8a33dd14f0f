"""What the eye needs over time: numbers at a readable rate, no flicker when a frame is missed.

The pages themselves are pure functions of what comes out of here.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from station.types import ANGLES, JOINTS, NS, Gait, Pose, Snapshot

HOLD_NS = NS // 4  # numbers and words change at most four times a second
# A limb that is not seen stays where it was for so long; longer, and it would lie.
LINGER_NS = 3 * NS // 10


class Pace:
    """Turns each snapshot into two: what is drawn now, and the older one numbers are read from."""

    def __init__(self) -> None:
        self._read: Snapshot | None = None
        self._angles = _Linger((len(ANGLES.names or ()),))
        self._landmarks = _Linger((JOINTS, 2))

    def step(self, snapshot: Snapshot) -> tuple[Snapshot, Snapshot]:
        """(live, read). `read` changes after a quarter of a second by the snapshots' own time, at
        once when the page changes (mode, cue or prompt), and when time jumps back (another source).
        """
        live = self._steady(snapshot)
        kept = self._read
        if kept is None or _page(kept) != _page(live) or not 0 <= live.t_ns - kept.t_ns < HOLD_NS:
            self._read = kept = live
        return live, kept

    def _steady(self, snapshot: Snapshot) -> Snapshot:
        gait, pose = snapshot.gait, snapshot.pose
        drawn = gait.drawn if gait.drawn is not None else gait.angles
        angles = self._angles.fill(snapshot.t_ns, None if drawn is None else np.array(drawn.tolist()))
        xy = self._landmarks.fill(snapshot.t_ns, None if pose is None else pose.xy_px)
        score = np.ones(JOINTS, np.float32) if pose is None else pose.score
        return replace(snapshot, gait=_with_drawn(gait, angles), pose=Pose(snapshot.t_ns, xy.astype(np.float32), score))


class _Linger:
    """Values of which each may be unknown for a moment."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._values = np.full(shape, np.nan)
        self._seen_ns = np.zeros(shape, np.int64)

    def fill(self, t_ns: int, values: NDArray | None) -> NDArray[np.float64]:
        """The values, where they are NaN those of the last moments, if they are not too old."""
        if values is not None:
            known = np.isfinite(values)
            self._values[known] = values[known]
            self._seen_ns[known] = t_ns
        age_ns = t_ns - self._seen_ns
        return np.where((age_ns >= 0) & (age_ns <= LINGER_NS), self._values, np.nan)


def _with_drawn(gait: Gait, angles: NDArray[np.float64]) -> Gait:
    if np.isnan(angles).all():
        return replace(gait, drawn=None, angles=None)
    return replace(gait, drawn=np.array([tuple(angles)], ANGLES)[0])


def _page(snapshot: Snapshot) -> tuple[object, ...]:
    cue = snapshot.cue
    return snapshot.mode, snapshot.prompt, None if cue is None else (cue.seq, cue.action)
