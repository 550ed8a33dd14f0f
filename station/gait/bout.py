"""A bout of running: each stride the clock closes is judged, measured and, when it was run, added
to the window.

Strides of a walk have rows, but neither events nor a place in the window: what the measures are
held against are runners.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from math import isfinite, isnan, nan
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from station.gait import history as h
from station.gait.activity import ActivityClock, Steps, bend, is_run, is_stride, rise, vote
from station.gait.angles import rounded_angles
from station.gait.belt_speed import BeltSpeed
from station.gait.events import Landing
from station.gait.history import History
from station.gait.measures import NO_STRIDES, Window
from station.gait.pelvis.choice import Pelvis
from station.gait.strides import PHASES, as_record, bounced, curve, landed, landings, pelvic, seen_fraction, stance, thighs
from station.types import NEVER, QUANTITIES, Activity, Measure, Speed

PAUSE_S = 5.0  # after so long without a stride of a run a new bout begins
SEEN = 0.5  # a stride seen less than this is not measured
CURVES = 6  # strides whose curve is kept (chosen)

# t_s, kind, near leg, confidence
FootEvent = tuple[float, Literal["contact", "toe_off"], bool, float]


class Bout:
    """`stride` per stride of the clock; `reset` also drops given speeds and the calibration."""

    def __init__(self, history: History, pelvis: Pelvis, px_per_m: float) -> None:
        self._history = history
        self._pelvis = pelvis
        self._px_per_m = px_per_m
        self.belt = BeltSpeed(px_per_m)
        self.activity = ActivityClock()
        self._steps = Steps()
        self._window = Window()
        self._curves: deque[NDArray[np.float64]] = deque(maxlen=CURVES)
        self.reset()

    def reset(self) -> None:
        self.belt.reset()
        self.activity.reset()
        self._pattern: list[list[float]] = []  # thigh and shank over the last stride's phases
        self._steps.reset()
        self._swaps = 0
        self._speed = Speed()
        self.forget()

    def forget(self) -> None:
        self._window.forget()
        self._pelvis.forget()
        self.belt.forget()
        self._curves.clear()
        self.curves: NDArray[np.float64] | None = None
        self._end_s = NEVER
        self._near: Landing | None = None  # of the stride before
        self.measures: Mapping[str, Measure] = MappingProxyType({name: Measure.cannot_tell(NO_STRIDES) for name in QUANTITIES})

    def misnamed(self, since_s: float) -> None:
        """Near and far were taken for each other since then: those strides do not count."""
        if self._end_s > since_s:
            self.forget()

    def speed(self, t_s: float) -> Speed:
        """The belt's, rounded to 1 mm/s."""
        now = self.belt.speed(t_s)
        return replace(now, mps=round(now.mps, 3)) if now.mps == now.mps else now

    def expected(self, phase: float) -> tuple[float, float] | None:
        """Thigh and shank at this phase (0 = forward peak) as in the last stride, None without."""
        if not self._pattern or isnan(phase):
            return None
        at = round(phase % 1.0 * (len(PHASES) - 1))
        return self._pattern[0][at], self._pattern[1][at]

    def pose(self, t_s: float, near_deg: float, far_deg: float) -> None:
        """Takes the thighs of one pose: a step may be complete."""
        span = self._steps.step(t_s, near_deg, far_deg)
        if span is not None:
            run = vote(self._history.between(*span), *span)
            if run is not None:
                self.activity.stepped(t_s, run)

    def stride(self, t_s: float, start_s: float, end_s: float, swaps: int) -> tuple[np.void | None, list[FootEvent]]:
        """Measures a stride of the clock at time `t_s`; its STRIDE record (None: no stride of gait)
        and the foot_events in it.

        `swaps`: poses with exchanged legs so far.
        """
        duration_s = end_s - start_s
        rows = self._history.between(start_s - 0.85 * duration_s, t_s + 1e-9)
        inside = self._history.between(start_s, end_s)
        seen = seen_fraction(inside, start_s, end_s)
        if seen < SEEN:
            return None, []
        row = {"start_s": start_s, "duration_s": duration_s, "cadence_spm": 120.0 / duration_s, "seen_fraction": seen}
        row |= thighs(rows, inside, start_s, end_s)
        if not is_stride(inside):
            return None, []
        # No steps are seen, so strides must do; each is two of them.
        if t_s - self.activity.stepped_s > duration_s:
            run = is_run(row["cadence_spm"], bend(inside), rise(inside))
            self.activity.stepped(t_s, run)
            self.activity.stepped(t_s, run)
        self._pattern = [curve(rows, column, start_s, end_s).tolist() for column in (h.THIGH_NEAR, h.SHANK_NEAR)]
        running = self.activity.now(t_s) == Activity.RUNNING
        row |= {"swaps_repaired": swaps - self._swaps, "running": float(running)}
        self._swaps = swaps
        foot_events = self._run(row, rows, inside, t_s) if running else []
        return as_record(row), foot_events

    def _run(self, row: dict[str, float], rows: NDArray[np.float64], inside: NDArray[np.float64], t_s: float) -> list[FootEvent]:
        """What only a run has: contacts, belt speed, pelvic turn; added to `row` and the window."""
        start_s, duration_s = row["start_s"], row["duration_s"]
        end_s = start_s + duration_s
        if start_s - self._end_s > PAUSE_S:
            self.forget()
        near, far = landings(rows, start_s, end_s)
        row |= stance(rows, near, start_s, end_s)
        row["step_time_far_s"] = _step(far.contact_s, near.contact_s, duration_s)
        if self._near is not None and abs(start_s - self._end_s) < 0.25 * duration_s:
            row["step_time_near_s"] = _step(self._near.contact_s, far.contact_s, duration_s)
        self._near = near
        self.belt.stride(t_s, rows, near, far)
        speed = self.belt.speed(t_s)
        step_m = speed.mps * 0.5 * duration_s
        row |= {"speed_mps": speed.mps, "step_length_m": step_m}
        # Feet that a pose model sees are too rough for a share of it.
        known_m = step_m if speed.origin != "picture" else nan
        row |= bounced(inside, start_s, end_s, self._px_per_m, known_m) | landed(rows, near, self._px_per_m)
        row |= pelvic(self._pelvis.close(inside, start_s, end_s))
        self._end_s = end_s
        self._curves.append(curve(rows, h.THIGH_NEAR, start_s, end_s))
        self.curves = rounded_angles(np.array(self._curves))
        self._window.add(row)
        found = {**self._window.measures(), **self._pelvis.measures()}
        self.measures = MappingProxyType({name: found[name].rounded() for name in QUANTITIES})
        foot_events: list[FootEvent] = []
        for foot, is_near in ((far, False), (near, True)):
            foot_events.append((foot.contact_s, "contact", is_near, foot.contact_sure))
            foot_events.append((foot.toe_off_s, "toe_off", is_near, foot.toe_off_sure))
        return sorted(m for m in foot_events if isfinite(m[0]))


def _step(from_s: float, to_s: float, stride_s: float) -> float:
    """Time of a step between two contacts; NaN when one was not seen or they are no step apart."""
    step_s = to_s - from_s
    return step_s if 0.3 * stride_s < step_s < 0.7 * stride_s else nan
