"""Which person: one lock on the runner, that nobody who walks by can take. Knows squares and times,
no model and no pixels.

A body is given as the square around it. Distances are in sides of that square (about 2.3 m for an
adult), so that near and far cameras need no tuning. The numbers are guesses from walking pace (1.4
m/s is 0.6 sides/s) and belt length (1.5 m is 0.65 sides), held to the behaviour in
tests/pose/test_who.py.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from station.pose.model import Square
from station.types import NS

Zone = tuple[float, float, float, float]  # x0, y0, x1, y1 as fractions of the frame
Spot = tuple[Square, int]  # where, and a time in ns

LOOK_EVERY_S = 0.25  # the detector costs as much as the landmarks: never more often than this
NEAR = 0.35  # closer than this to a place is "there"
LIKE_SIZE = 1.6  # ratio up to which two sizes are the same person
SHRUNK = 0.7  # share of the least size at which somebody locked has walked away into the background
# A body moves no further between two frames; beyond, the landmarks sit on somebody else.
JUMP, JUMP_PER_S = 0.1, 3.0
HOLD_S = 0.4  # how long jumps are sat out before the person counts as lost
SETTLED_S = 3.0  # somebody who stayed in one place this long has a home there
WAIT_S = 2.0  # how long only the same person may be found again
STRAY_PER_S = 0.5  # how fast a lost person may have moved on meanwhile


class Who:
    """The lock, for frames of any size that come in time order.

    zone: the treadmill; the body's centre must be in it. smallest: least side of a body, as a share
    of the frame's height. stay_s: how long somebody must be seen in about one place before the lock
    takes them.
    """

    def __init__(self, zone: Zone, smallest: float, stay_s: float) -> None:
        self.zone, self.smallest, self.stay_s = zone, smallest, stay_s
        self.reset()

    def reset(self) -> None:
        self.locked = False
        # The locked person's last good measurement; kept when lost, to find them again.
        self._last: Spot | None = None
        self._home: Spot | None = None  # where the locked person stays, and since when
        self._left: Square | None = None  # the home they went away from last
        self._waiting: Spot | None = None  # who may be locked next, and since when
        self._looked_ns: int | None = None
        self._now_ns, self._since_frame_s, self._width_px, self._height_px = 0, 0.0, 1, 1

    def begin(self, t_ns: int, width_px: int, height_px: int) -> None:
        """Call first with every frame. A clock that ran backwards (a clip again) forgets all."""
        if t_ns < self._now_ns:
            self.reset()
        self._since_frame_s = (t_ns - self._now_ns) / NS
        self._now_ns, self._width_px, self._height_px = t_ns, width_px, height_px

    # --- nobody locked ----------------------------------------------------------------------------

    def may_look(self) -> bool:
        """Whether it is time to search the whole frame; a yes counts as having looked."""
        due = self._looked_ns is None or self._seconds_since(self._looked_ns) >= LOOK_EVERY_S
        if due:
            self._looked_ns = self._now_ns
        return due

    def choose(self, bodies: Sequence[Square]) -> int | None:
        """Which of the bodies found is locked now, if any."""
        able = [i for i, body in enumerate(bodies) if self._here(body)]
        if self._last is not None:
            place, since_ns = self._last
            reach = NEAR + STRAY_PER_S * self._seconds_since(since_ns)
            again = [i for i in able if _there(bodies[i], place, reach)]
            if again:
                return self._lock(bodies, min(again, key=lambda i: _distance(bodies[i], place)))
            if self._seconds_since(since_ns) < WAIT_S:
                return None
            self._last = self._home = None
        return self._choose_new(bodies, able)

    def _choose_new(self, bodies: Sequence[Square], able: list[int]) -> int | None:
        """The one who already waits, else the largest and most central who stayed long enough."""
        if not able:
            return None  # the detector misses people now and then: who waits goes on waiting
        if self._waiting is not None and self._seconds_since(self._waiting[1]) < WAIT_S + self.stay_s:
            place, since_ns = self._waiting
            stayed = [i for i in able if _there(bodies[i], place, NEAR)]
            if stayed:
                best = min(stayed, key=lambda i: _distance(bodies[i], place))
                return self._lock(bodies, best) if self._seconds_since(since_ns) >= self.stay_s else None
        best = max(able, key=lambda i: self._prominence(bodies[i]))
        self._waiting = (bodies[best], self._now_ns)
        return self._lock(bodies, best) if self.stay_s == 0 else None

    def _prominence(self, body: Square) -> float:
        middle, half = (self.zone[0] + self.zone[2]) / 2, (self.zone[2] - self.zone[0]) / 2
        return body.side_px * (1 - abs(body.x_px / self._width_px - middle) / (2 * max(half, 1e-6)))

    def _here(self, body: Square, share: float = 1.0) -> bool:
        """Whether a body is on the treadmill as far as seen: in the zone, not in the background."""
        x0, y0, x1, y1 = self.zone
        inside = x0 <= body.x_px / self._width_px <= x1 and y0 <= body.y_px / self._height_px <= y1
        return inside and body.side_px >= share * self.smallest * self._height_px

    def _lock(self, bodies: Sequence[Square], chosen: int) -> int:
        self.locked, self._waiting = True, None
        self._last = (bodies[chosen], self._now_ns)
        return chosen

    # --- somebody locked --------------------------------------------------------------------------

    def lose(self) -> None:
        """Nobody is there any more."""
        self.locked = False

    def follows(self, body: Square) -> bool:
        """Whether that was still the locked person; else throw it away; may lose the lock."""
        assert self._last is not None, "follow only somebody locked"
        last, since_ns = self._last
        here = self._here(body, SHRUNK)
        if here and _there(body, last, JUMP + JUMP_PER_S * self._since_frame_s):
            self._last = (body, self._now_ns)
            return True
        if not here or self._seconds_since(since_ns) >= HOLD_S:
            self.lose()
        return False

    def left_home(self) -> bool:
        """Whether the locked person just went away from where they stayed: did somebody who walked
        by drag the lock along?

        Then `recheck` tells. Somebody who never stays, but walks across the frame, has no home to
        leave.
        """
        assert self._last is not None, "ask after follows()"
        here = self._last[0]
        if self._home is not None and _distance(here, self._home[0]) <= NEAR:
            return False
        settled = self._home is not None and self._seconds_since(self._home[1]) >= SETTLED_S
        self._left = self._home[0] if self._home is not None else None
        self._home = (here, self._now_ns)
        return settled

    def recheck(self, bodies: Sequence[Square]) -> int | None:
        """After `left_home`: which of the bodies found is the person who stayed there; the lock
        goes back to them.
        """
        assert self._left is not None, "ask after left_home()"
        place = self._left
        stayed = [i for i, body in enumerate(bodies) if self._here(body) and _there(body, place, NEAR)]
        if not stayed:
            return None
        self._home = (place, self._now_ns)
        return self._lock(bodies, min(stayed, key=lambda i: _distance(bodies[i], place)))

    def _seconds_since(self, t_ns: int) -> float:
        return (self._now_ns - t_ns) / NS


def _distance(one: Square, other: Square) -> float:
    """Between centres, in sides of the larger square."""
    side = max(one.side_px, other.side_px, 1e-6)
    return math.hypot(one.x_px - other.x_px, one.y_px - other.y_px) / side


def _there(body: Square, place: Square, reach: float) -> bool:
    """Whether two squares may be the same person: close to each other and of like size."""
    small, large = sorted((body.side_px, place.side_px))
    return _distance(body, place) <= reach and large <= LIKE_SIZE * max(small, 1e-6)
