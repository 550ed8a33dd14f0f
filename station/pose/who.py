"""Which person: one lock on the runner, that nobody who walks by can take. Knows squares and times, no model and no pixels.

All distances are in sides of the person's square (about 2.3 m for an adult), so that near and far cameras need no tuning.
The numbers are guesses from walking pace (1.4 m/s is 0.6 sides/s) and belt length (1.5 m is 0.65 sides), held to the
behaviour in tests/pose/test_who.py.
"""

from __future__ import annotations

import math

from station.pose.model import Person, Square
from station.types import NS

Zone = tuple[float, float, float, float]  # x0, y0, x1, y1 as fractions of the picture

LOOK_EVERY_S = 0.25  # the detector costs as much as the landmarks: never more often than this
NEAR = 0.35  # closer than this to a place is "there"
LIKE_SIZE = 1.6  # ratio up to which two sizes are the same person
JUMP, JUMP_PER_S = 0.1, 3.0  # a body moves no further between two pictures; beyond, the landmarks sit on somebody else
HOLD_S = 0.4  # how long jumps are sat out before the person counts as lost
SETTLED_S = 3.0  # somebody who stayed in one place this long has a home there
WAIT_S = 2.0  # how long only the same person may be found again


class Who:
    """The lock. `square` is where to measure next, None while nobody is locked.

    zone: the treadmill; the body's centre must be in it. smallest: least side of a square, as a share of the picture's height.
    stay_s: how long somebody must be seen in about one place before the lock takes him.
    """

    def __init__(self, zone: Zone, smallest: float, stay_s: float) -> None:
        self.zone, self.smallest, self.stay_s = zone, smallest, stay_s
        self.reset()

    def reset(self) -> None:
        self.square: Square | None = None
        self._last: tuple[Square, int] | None = None  # where the lock was, and when it was last good
        self._home: tuple[Square, int] | None = None  # where the locked person stays, and since when
        self._waiting: tuple[Square, int] | None = None  # who may be locked next, and since when
        self._looked_ns: int | None = None
        self._now_ns = 0

    def begin(self, t_ns: int) -> None:
        """Call first with every picture: a clock that ran backwards (a clip that starts again) forgets everything."""
        if t_ns < self._now_ns:
            self.reset()
        self._now_ns = t_ns

    # --- nobody locked --------------------------------------------------------------------------------

    def may_look(self) -> bool:
        """Whether it is time to look over the whole picture; calling it counts as looking."""
        due = self._looked_ns is None or self._seconds_since(self._looked_ns) >= LOOK_EVERY_S
        if due:
            self._looked_ns = self._now_ns
        return due

    def choose(self, people: list[Person], width_px: int, height_px: int) -> None:
        """Lock somebody out of those found, or nobody."""
        able = [p.square for p in people if self._may_run(p.square, width_px, height_px)]
        if self._last is not None:
            last, since_ns = self._last
            place = self._home[0] if self._home is not None else last
            again = [square for square in able if _there(square, place, NEAR + self._seconds_since(since_ns) / 2)]
            if again:
                self._lock(min(again, key=lambda square: _distance(square, place)))
                return
            if self._seconds_since(since_ns) < WAIT_S:
                return
            self._last = self._home = None
        self._choose_new(able, width_px)

    def _choose_new(self, able: list[Square], width_px: int) -> None:
        if not able:
            self._waiting = None
            return
        middle, half = (self.zone[0] + self.zone[2]) / 2, (self.zone[2] - self.zone[0]) / 2
        best = max(able, key=lambda square: square.side_px * (1 - abs(square.x_px / width_px - middle) / (2 * half)))
        since_ns = self._now_ns
        if self._waiting is not None:
            before, began_ns = self._waiting
            stayed = [square for square in able if _there(square, before, NEAR)]
            if stayed:
                best, since_ns = min(stayed, key=lambda square: _distance(square, before)), began_ns
        self._waiting = (best, since_ns)
        if self._seconds_since(since_ns) >= self.stay_s:
            self._lock(best)

    def _may_run(self, square: Square, width_px: int, height_px: int) -> bool:
        return square.side_px >= self.smallest * height_px and self._in_zone(square, width_px, height_px)

    def _in_zone(self, square: Square, width_px: int, height_px: int) -> bool:
        x, y = square.x_px / width_px, square.y_px / height_px
        x0, y0, x1, y1 = self.zone
        return x0 <= x <= x1 and y0 <= y <= y1

    def _lock(self, square: Square) -> None:
        self.square, self._waiting = square, None
        self._last = (square, self._now_ns)
        if self._home is None or not _there(square, self._home[0], NEAR):
            self._home = (square, self._now_ns)

    # --- somebody locked ------------------------------------------------------------------------------

    def lose(self) -> None:
        """Nobody is in the square any more."""
        self.square = None

    def follows(self, body: Square, width_px: int, height_px: int) -> bool:
        """Whether what was measured is still the locked person; False is a picture to throw away. May lose the lock.

        body: the square that the measured body asks for, unsmoothed.
        """
        assert self._last is not None, "follow only whom choose() locked"
        last, since_ns = self._last
        passed_s = self._seconds_since(since_ns)
        if not _there(body, last, JUMP + JUMP_PER_S * passed_s):
            if passed_s >= HOLD_S:
                self.lose()
            return False
        if not self._in_zone(body, width_px, height_px):
            self.lose()
            return False
        self._last = (body, self._now_ns)
        return True

    def left_home(self) -> bool:
        """Whether the locked person just went away from where he stayed: somebody who walked by may have dragged the lock along.

        Somebody who never stays (walks across the picture) has no home to leave.
        """
        assert self._last is not None
        assert self._home is not None
        (home, since_ns), here = self._home, self._last[0]
        if _there(here, home, NEAR):
            return False
        settled = self._seconds_since(since_ns) >= SETTLED_S
        self._came_from = home
        self._home = (here, self._now_ns)
        return settled

    def recheck(self, people: list[Person]) -> bool:
        """After `left_home`: if somebody still is where the lock came from, it goes back there. True when it did."""
        stayed = [p.square for p in people if _there(p.square, self._came_from, NEAR)]
        if not stayed:
            return False
        self._home = (self._came_from, self._now_ns)
        self._lock(min(stayed, key=lambda square: _distance(square, self._came_from)))
        return True

    def _seconds_since(self, t_ns: int) -> float:
        return (self._now_ns - t_ns) / NS


def _distance(one: Square, other: Square) -> float:
    """Between centres, in sides of the larger square."""
    side = max(one.side_px, other.side_px, 1e-6)
    return math.hypot(one.x_px - other.x_px, one.y_px - other.y_px) / side


def _there(square: Square, place: Square, reach: float) -> bool:
    small, large = sorted((square.side_px, place.side_px))
    return _distance(square, place) <= reach and large <= LIKE_SIZE * max(small, 1e-6)
