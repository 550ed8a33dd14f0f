"""The core: every input in, everything known about the gait out. Streaming and offline are this one object.

A pose passes through: landmarks -> segments (angles, body) -> direction (facing) -> which leg is which (legs) -> history ->
stride clock (clock). A closed stride is measured from the history (bout: strides, events, belt, pelvis, measures).
Nothing reads a clock or draws a number at random; memory is fixed; each output is rounded once, as it leaves.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from math import exp, nan

import numpy as np

from station.gait import history as h
from station.gait.angles import oriented, rounded_angles, straightening
from station.gait.body import HEEL, HIP, SHOULDER, TOE, bodies
from station.gait.bout import Bout
from station.gait.drill import Drill
from station.gait.facing import Facing, mean
from station.gait.hands import Rail, hides_hip
from station.gait.history import History
from station.gait.legs import Expected, LegTracker, LengthGate
from station.gait.pelvis.choice import Pelvis
from station.gait.stride_clock import StrideClock
from station.types import ANGLES, NS, Activity, Event, Gait, HipTurn, Input, Marks, PelvicPair, Pose, Reading, Side, View

TRACKED_S = 2.0
STANDING_S = 0.6  # of standing still before a knee lift belongs to it
DRAWN_S = 0.05  # time constant of the angles drawn for the eye
STALE_DRAWN_S = 0.5

Points = Sequence[Sequence[float]]


class GaitCore:
    """`step` per input, in time order.

    Args:
        view: what is known about the camera's place; raises ValueError for one that cannot be (see angles.straightening).
        pelvis: the sources of pelvic turn, where the caller wants to reach them too.
    """

    def __init__(self, view: View | None = None, pelvis: Pelvis | None = None) -> None:
        self.view = view or View()
        self.straighten = straightening(self.view)
        self._back: list[float] = np.linalg.inv(self.straighten)[:, 0].tolist()  # straightened x, y to the picture's x
        self._pelvis = pelvis or Pelvis(self.view)
        self._history = History()
        self._facing = Facing(self.view.direction)
        self._legs = LegTracker()
        self._gates = (LengthGate(), LengthGate())
        self._clock = StrideClock(self._history)
        self._bout = Bout(self._history, self._pelvis, self.view.px_per_m)
        self._drill = Drill()
        self._rail = Rail()
        self._seen: deque[tuple[float, bool]] = deque()
        self.reset()

    def reset(self) -> None:
        """As new: another runner, another recording. Calibration and told speed go too."""
        self._pelvis.reset()
        for part in (self._history, self._facing, self._legs, *self._gates, self._clock, self._bout, self._drill, self._rail):
            part.reset()
        self._seen.clear()
        self._seen_near = 0
        self._first_ns: int | None = None
        self._last_s = -1.0
        self._names_since_s = 0.0
        self.swaps, self._swaps_before, self._named = 0, 0, 0
        self._drawn: Sequence[float] | None = None
        self._drawn_s = 0.0
        self._zone = nan
        self.records: tuple[np.void, ...] = ()
        self.events: tuple[Event, ...] = ()
        self.pair: PelvicPair | None = None

    @property
    def side(self) -> Side | None:
        """The way the runner faces in the picture, which is also the runner's side nearer to the camera."""
        return self._facing.side

    def seconds(self, t_ns: int) -> float:
        """Seconds since the first input; exact, so that a shift of all times changes nothing."""
        if self._first_ns is None:
            self._first_ns = t_ns
        return (t_ns - self._first_ns) / NS

    # --- one input ---

    def step(self, given: Input) -> Gait:
        """Takes one input and tells everything known after it. A pose that is not newer than the last one is passed over."""
        t_s = self.seconds(given.t_ns)
        self.records, self.events, self.pair = (), (), None
        angles_deg: Sequence[float] | None = None
        if isinstance(given, Pose):
            body = bodies(given.xy_px[None], given.score[None], self.straighten)
            segment_deg = body.segment_deg[0].tolist()
            exchanged = self.advance(t_s, segment_deg, body.segment_px[0].tolist(), body.points[0].tolist())
            if self.side is not None and given.seen:
                angles_deg = oriented(segment_deg, self.side, exchanged)
        elif isinstance(given, Reading):
            self._bout.belt.read(t_s, given)
        elif isinstance(given, Marks):
            self._pelvis.mark(t_s, given)
        elif isinstance(given, HipTurn):
            self._pelvis.see(t_s, given)
        return self._told(given.t_ns, t_s, angles_deg)

    def advance(self, t_s: float, segment_deg: Sequence[float], segment_px: Sequence[float], points: Points) -> bool:
        """The sequential part of a pose, one row of Body; True when left and right are exchanged in it."""
        if t_s <= self._last_s:
            return False
        self._last_s = t_s
        if any(v == v for v in segment_deg):
            self._bout.activity.see(t_s)
        left, right = points[HIP], points[HIP + 1]
        hips_px = (mean(left[0], right[0]), mean(left[1], right[1]))
        self._pelvis.body(t_s, hips_px, mean(segment_px[0], segment_px[1]), self.side)
        if self._facing.step(t_s, segment_deg, segment_px, points):
            self._start_over(t_s)
        if self.side is None:
            return False
        exchanged = self._named_legs(t_s, segment_deg)
        row = self._row(t_s, segment_deg, segment_px, points, exchanged)
        if not self._clock.follows(t_s, row[h.THIGH_NEAR]):
            row[h.THIGH_NEAR] = row[h.SHANK_NEAR] = nan
        self._history.append(row)
        self._track(t_s, row[h.THIGH_NEAR] == row[h.THIGH_NEAR])
        self._bout.pose(t_s, row[h.THIGH_NEAR], row[h.THIGH_FAR])
        closed = self._clock.step(t_s, row[h.THIGH_NEAR])
        if closed:
            self._stride(t_s, *closed)
        elif self._bout.activity.now(t_s) == Activity.STANDING:
            self._lifts(t_s, row)
        else:
            self._drill.reset()
        return exchanged

    def _start_over(self, t_s: float) -> None:
        """The direction was found or has changed: what was recorded under another name of the legs is void."""
        for part in (self._history, self._legs, self._clock, self._drill, *self._gates):
            part.reset()
        self._bout.forget()
        self._names_since_s = t_s
        self._drawn = None

    def _named_legs(self, t_s: float, segment_deg: Sequence[float]) -> bool:
        exchanged = self._legs.step(t_s, segment_deg, self._expected(t_s))
        self._named += 1
        if self._legs.turned_over:
            self._history.exchange_legs(self._names_since_s)
            self._clock.reset()
            if self._bout.activity.now(t_s) == Activity.RUNNING:
                self._bout.forget()  # its strides were measured under the wrong names
            self.swaps = self._swaps_before + (self._named - 1) - (self.swaps - self._swaps_before)
            self._swaps_before, self._named, self._names_since_s = self.swaps, 0, t_s
        self.swaps += exchanged
        return exchanged

    def _expected(self, t_s: float) -> Expected | None:
        """Where the left and the right leg should be by the stride clock and the last stride, in Body's signs."""
        phase = self._clock.phase(t_s)
        near, far = self._bout.expected(phase), self._bout.expected(phase + 0.5)
        if near is None or far is None:
            return None
        if self.side == "right":
            return far, near
        return (-near[0], -near[1]), (-far[0], -far[1])

    def _row(
        self, t_s: float, segment_deg: Sequence[float], segment_px: Sequence[float], points: Points, exchanged: bool
    ) -> list[float]:
        """One history row: forward positive, near and far in place of left and right."""
        sign = 1.0 if self.side == "right" else -1.0
        near = (self.side == "right") != exchanged
        n, f = (1, 0) if near else (0, 1)
        near_ok = self._gates[0].passes(t_s, segment_px[n])
        far_ok = self._gates[1].passes(t_s, segment_px[f])
        hip_n, hip_f = points[HIP + n], points[HIP + f]
        hip = (mean(hip_n[0], hip_f[0]), mean(hip_n[1], hip_f[1]))
        self._place(t_s, points, hip, sign, segment_px[n] if near_ok else segment_px[f])
        return [
            t_s,
            sign * segment_deg[n] if near_ok else nan,
            sign * segment_deg[f] if far_ok else nan,
            sign * segment_deg[2 + n] if near_ok else nan,
            sign * segment_deg[2 + f] if far_ok else nan,
            sign * segment_deg[4],
            sign * hip[0],
            -hip[1],
            sign * (hip_n[0] - hip_f[0]),
            sign * points[HEEL + n][0],
            sign * points[HEEL + f][0],
            sign * points[TOE + n][0],
            sign * points[TOE + f][0],
            segment_px[n] if near_ok else nan,
            segment_px[f] if far_ok else nan,
            float(hides_hip(points, hip_n, segment_px[n])),
        ]

    def _place(self, t_s: float, points: Points, hip: tuple[float, float], sign: float, thigh_px: float) -> None:
        """Where on the belt the runner is, and whether a hand holds the rail."""
        x0, _, x1, _ = self.view.zone
        width_px = (x1 - x0) * self.view.width_px
        if hip[0] == hip[0]:
            picture_x = hip[0] * self._back[0] + hip[1] * self._back[1]
            along = (picture_x - x0 * self.view.width_px) / width_px if width_px > 0 else nan
            self._zone = along if sign > 0 else 1.0 - along
        top_y = mean(points[SHOULDER][1], points[SHOULDER + 1][1])
        self._rail.step(t_s, points, hip, top_y, sign, thigh_px)

    def _track(self, t_s: float, near: bool) -> None:
        self._seen.append((t_s, near))
        self._seen_near += near
        while t_s - self._seen[0][0] > TRACKED_S:
            self._seen_near -= self._seen.popleft()[1]

    def _stride(self, t_s: float, start_s: float, end_s: float) -> None:
        side = self.side
        if side is None:
            return
        record, events = self._bout.stride(t_s, start_s, end_s, self.swaps)
        self.records = (record,) if record is not None else ()
        self.pair = self._pelvis.pair if record is not None and record["running"] else None
        other: Side = "left" if side == "right" else "right"
        self.events = tuple(Event(self._ns(when_s), kind, side if near else other, sure) for when_s, kind, near, sure in events)

    def _lifts(self, t_s: float, row: Sequence[float]) -> None:
        lift = self._drill.step(t_s, row)
        if lift is None or self.side is None:
            return
        self._pelvis.lift(self._history.between(lift.start_s - STANDING_S, t_s), lift.near)
        other: Side = "left" if self.side == "right" else "right"
        self.events = (Event(self._ns(lift.top_s), "knee_lift", self.side if lift.near else other, 1.0),)

    def _ns(self, t_s: float) -> int:
        """Back to the inputs' clock, rounded to 1 ms after the first input."""
        return (self._first_ns or 0) + round(t_s * 1000.0) * 1_000_000

    # --- what leaves the room ---

    def _told(self, t_ns: int, t_s: float, angles_deg: Sequence[float] | None) -> Gait:
        activity = self._bout.activity.now(t_s)
        if activity != Activity.STANDING:
            self._drill.restart()
        here = activity != Activity.ABSENT
        angles, drawn = self._angles(t_s, angles_deg) if angles_deg is not None else (None, None)
        return Gait(
            t_ns=t_ns,
            activity=activity,
            direction=self.side,
            near_side=self.side,
            tracked_fraction=self._tracked(t_s),
            angles=angles,
            drawn=drawn,
            stride_phase=round(self._clock.phase(t_s), 3) if here else nan,
            zone_position=round(self._zone, 3) if here else nan,
            hands_on_rail=self._rail.held and activity in (Activity.RUNNING, Activity.WALKING),
            speed=self._bout.speed(t_s),
            strides=self.records,
            events=self.events,
            measures=self._bout.measures,
            pelvic_source=self._pelvis.name,
            pelvic_calibrated=self._pelvis.calibrated,
            hip_belt=self._pelvis.hip_belt(t_s),
            pelvic_pair=self.pair,
            knee_lifts=self._drill.counts,
            curves=self._bout.curves,
            swaps_repaired=self.swaps,
        )

    def _tracked(self, t_s: float) -> float:
        while self._seen and t_s - self._seen[0][0] > TRACKED_S:
            self._seen_near -= self._seen.popleft()[1]
        return round(self._seen_near / len(self._seen), 3) if self._seen else 0.0

    def _angles(self, t_s: float, angles_deg: Sequence[float]) -> tuple[np.void, np.void]:
        """Rounded records, raw and drawn. Drawn is eased exponentially, for the eye only; after a gap it starts afresh."""
        if self._drawn is None or t_s - self._drawn_s > STALE_DRAWN_S:
            self._drawn = angles_deg
        else:
            weight = 1.0 - exp(-max(t_s - self._drawn_s, 0.0) / DRAWN_S)
            eased = zip(self._drawn, angles_deg, strict=True)
            self._drawn = [before + weight * (now - before) if before == before else now for before, now in eased]
        self._drawn_s = t_s
        records = rounded_angles(np.array((angles_deg, self._drawn))).view(ANGLES)
        records.flags.writeable = False
        return records[0, 0], records[1, 0]
