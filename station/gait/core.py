"""The core: every input in, everything known about the gait out. Live and from a file are this one
object.

    pose -> body -> facing -> legs -> history row -> stride clock -> bout (strides, events,
    measures)
                                          |-> steps (standing, walking, running), drill, rail

Each part holds only its own state, takes a pose or a row and returns what came of it. Nothing reads
a clock or draws a number at random; memory is fixed; each output is rounded once, as it leaves.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite, log, nan
from typing import NamedTuple

import numpy as np

from station.gait import history as h
from station.gait.angles import oriented, straightening
from station.gait.body import SHOULDER, bodies
from station.gait.bout import Bout
from station.gait.drill import Drill
from station.gait.facing import Facing, mean
from station.gait.hands import Rail
from station.gait.history import History
from station.gait.legs import LegTracker, Pattern
from station.gait.pelvis.choice import Pelvis
from station.gait.rows import RowMaker, Seen
from station.gait.shown import Eased, Tracked, Zone
from station.gait.stride_clock import StrideClock
from station.types import NEVER, NS, Activity, Event, Gait, HipTurn, Input, Marks, PelvicPair, Pose, Reading, Side, View

STANDING_S = 0.6  # of standing still before a knee lift belongs to it
MISLED_S = 0.1  # legs misnamed for longer have misled the stride clock (chosen)


class Found(NamedTuple):
    """What one input closed."""

    strides: tuple[np.void, ...] = ()
    events: tuple[Event, ...] = ()
    pair: PelvicPair | None = None


NOTHING = Found()


class Timeline:
    """Nanoseconds to seconds since the first input, exactly: a shift of all changes nothing."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._first_ns: int | None = None

    def seconds(self, t_ns: int) -> float:
        if self._first_ns is None:
            self._first_ns = t_ns
        return (t_ns - self._first_ns) / NS

    def ns(self, t_s: float) -> int:
        """Back to the inputs' clock, rounded to 1 ms after the first input."""
        return (self._first_ns or 0) + round(t_s * 1000.0) * 1_000_000


class GaitCore:
    """`step` per input, in time order.

    Args:
        view: what is known about the camera's place; raises ValueError for one that cannot be (see
        angles.straightening).
        pelvis: the sources of pelvic turn, where the caller wants to reach them too.
    """

    def __init__(self, view: View | None = None, pelvis: Pelvis | None = None) -> None:
        view = view or View()
        self._straighten = straightening(view)
        self._pelvis = pelvis or Pelvis(view)
        self._timeline = Timeline()
        self._facing = Facing(view.direction)
        self._legs = LegTracker()
        self._rows = RowMaker(view.azimuth_deg)
        self._history = History()
        self._clock = StrideClock(self._history)
        self._bout = Bout(self._history, self._pelvis, view.px_per_m)
        self._drill = Drill()
        self._rail = Rail()
        self._zone = Zone(view, self._straighten)
        self._tracked = Tracked()
        self._eased = Eased()
        self.reset()

    def reset(self) -> None:
        """As new: another runner, another recording. Calibration and given speed go too."""
        for part in (self._pelvis, self._timeline, self._facing, self._legs, self._rows, self._history, self._clock):
            part.reset()
        for last in (self._bout, self._drill, self._rail, self._zone, self._tracked, self._eased):
            last.reset()
        self._last_s = NEVER
        self._swaps = 0

    @property
    def side(self) -> Side | None:
        """The way the runner faces in the frame, also the runner's side nearer to the camera."""
        return self._facing.side

    # --- one input ---

    def step(self, given: Input) -> Gait:
        """One input; reports what is known after it. Passes over a pose not newer than the last."""
        t_s = self._timeline.seconds(given.t_ns)
        found, angles_deg, exchanged = NOTHING, None, False
        if isinstance(given, Pose):
            found, angles_deg, exchanged = self._pose(t_s, given)
        elif isinstance(given, Reading):
            self._bout.belt.read(t_s, given)
        elif isinstance(given, Marks):
            self._pelvis.mark(t_s, given)
        elif isinstance(given, HipTurn):
            self._pelvis.see(t_s, given)
        return self._gait(given.t_ns, t_s, found, angles_deg, exchanged)

    def _pose(self, t_s: float, pose: Pose) -> tuple[Found, Sequence[float] | None, bool]:
        """What the pose closed, its nine angles (None while the direction is not known), and
        whether its legs are exchanged.
        """
        body = bodies(pose.xy_px[None], pose.score[None], self._straighten)
        seen = Seen(body.segment_deg[0].tolist(), body.segment_px[0].tolist(), body.points[0].tolist())
        if t_s <= self._last_s:
            return NOTHING, None, False
        self._last_s = t_s
        if any(map(isfinite, seen.segment_deg)):
            self._bout.activity.see(t_s)
        hips_px = seen.hips_px
        self._pelvis.body(t_s, hips_px, mean(seen.segment_px[0], seen.segment_px[1]), self.side)
        if self._facing.step(t_s, seen.segment_deg, seen.segment_px, seen.points):
            self._start_over()
        side = self.side
        if side is None:
            return NOTHING, None, False
        exchanged = self._name_legs(t_s, seen, side)
        row = self._rows.row(t_s, seen, side, exchanged)
        self._zone.step(hips_px, side)
        top_y = mean(seen.points[SHOULDER][1], seen.points[SHOULDER + 1][1])
        thigh_px = row[h.LENGTH_NEAR] if isfinite(row[h.LENGTH_NEAR]) else row[h.LENGTH_FAR]
        self._rail.step(t_s, seen.points, hips_px, top_y, 1.0 if side == "right" else -1.0, thigh_px)
        found = self._row(t_s, row, side)
        return found, oriented(seen.segment_deg, side, exchanged) if pose.seen else None, exchanged

    def _start_over(self) -> None:
        """The direction was found or has changed: what bears another name of the legs is void."""
        for part in (self._history, self._legs, self._clock, self._drill, self._rows, self._eased):
            part.reset()
        self._bout.forget()

    def _name_legs(self, t_s: float, seen: Seen, side: Side) -> bool:
        """Whether left and right are exchanged; what was recorded under wrong names is renamed."""
        sign, n, f = (1.0, 1, 0) if side == "right" else (-1.0, 0, 1)
        angle, length = seen.segment_deg, seen.segment_px
        near_px, far_px = length[n] + length[2 + n], length[f] + length[2 + f]
        longer = log(near_px / far_px) if near_px > 0.0 and far_px > 0.0 else nan
        named = sign * angle[n], sign * angle[2 + n], sign * angle[f], sign * angle[2 + f]
        naming = self._legs.step(t_s, named, self._pattern(t_s), longer)
        if naming.renamed_s < t_s:
            self._swaps += self._history.exchange_legs(naming.renamed_s)
            if t_s - naming.renamed_s > MISLED_S:
                self._clock.reset()
            self._bout.misnamed(naming.renamed_s)
        self._swaps += naming.exchanged
        return naming.exchanged

    def _pattern(self, t_s: float) -> Pattern | None:
        """Where the near and the far leg should be by the stride clock and the last stride."""
        phase = self._clock.phase(t_s)
        near, far = self._bout.expected(phase), self._bout.expected(phase + 0.5)
        return None if near is None or far is None else Pattern((*near, *far), self._clock.peak_s)

    def _row(self, t_s: float, row: list[float], side: Side) -> Found:
        """One history row on its way through the stride clock."""
        if not self._clock.follows(t_s, row[h.THIGH_NEAR]):
            row[h.THIGH_NEAR] = row[h.SHANK_NEAR] = nan
        self._history.append(row)
        self._tracked.step(t_s, isfinite(row[h.THIGH_NEAR]))
        self._bout.pose(t_s, row[h.THIGH_NEAR], row[h.THIGH_FAR])
        closed = self._clock.step(t_s, row[h.THIGH_NEAR])
        if closed:
            return self._stride(t_s, *closed, side)
        if self._bout.activity.now(t_s) == Activity.STANDING:
            return self._lifts(t_s, row, side)
        self._drill.reset()
        return NOTHING

    def _stride(self, t_s: float, start_s: float, end_s: float, side: Side) -> Found:
        record, moments = self._bout.stride(t_s, start_s, end_s, self._swaps)
        if record is None:
            return NOTHING
        events = (Event(self._timeline.ns(when_s), kind, _leg(side, near), sure) for when_s, kind, near, sure in moments)
        return Found((record,), tuple(events), self._pelvis.pair if record["running"] else None)

    def _lifts(self, t_s: float, row: Sequence[float], side: Side) -> Found:
        lift = self._drill.step(t_s, row)
        if lift is None:
            return NOTHING
        self._pelvis.lift(self._history.between(lift.start_s - STANDING_S, t_s), lift.near)
        return Found(events=(Event(self._timeline.ns(lift.top_s), "knee_lift", _leg(side, lift.near), 1.0),))

    # --- what leaves the room ---

    def _gait(
        self, t_ns: int, t_s: float, found: Found, angles_deg: Sequence[float] | None, exchanged: bool
    ) -> Gait:
        activity = self._bout.activity.now(t_s)
        if activity != Activity.STANDING:
            self._drill.restart()
        here = activity != Activity.ABSENT
        angles, drawn = self._eased.step(t_s, angles_deg) if angles_deg is not None else (None, None)
        return Gait(
            t_ns=t_ns,
            activity=activity,
            direction=self.side,
            near_side=self.side,
            tracked_fraction=self._tracked.share(t_s),
            angles=angles,
            drawn=drawn,
            legs_exchanged=exchanged,
            stride_phase=round(self._clock.phase(t_s), 3) if here else nan,
            zone_position=self._zone.position if here else nan,
            hands_on_rail=self._rail.held and activity in (Activity.RUNNING, Activity.WALKING),
            speed=self._bout.speed(t_s),
            strides=found.strides,
            events=found.events,
            measures=self._bout.measures,
            pelvic_source=self._pelvis.name,
            pelvic_calibrated=self._pelvis.calibrated,
            hip_belt=self._pelvis.hip_belt(t_s),
            pelvic_pair=found.pair,
            knee_lifts=self._drill.counts,
            curves=self._bout.curves,
            swaps_repaired=self._swaps,
        )


def _leg(side: Side, near: bool) -> Side:
    other: Side = "left" if side == "right" else "right"
    return side if near else other
