"""The sums that a recording keeps while it runs: small, plain values, written to disk once a
second.

What grows with time (series, strides, events, cues) is kept elsewhere; see collect.py (memory) and
store.py (database).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from station.faults import BY_NAME
from station.jsonable import jsonable, restored
from station.record.summary import PELVIC
from station.types import (
    NAN,
    NS,
    Activity,
    Fault,
    FaultReport,
    Gait,
    Input,
    Measure,
    Mode,
    Pose,
    SessionPage,
    Side,
    Speed,
    SpeedOrigin,
    Step,
)

NUMBERS = re.compile(r"[0-9.]+")
MOST_REASONS = 12  # different ones kept per rule; their number is small, but they hold text
# Sources of pelvic measures, the best first, and where the sums of each are kept.
PELVIC_SUMS = {"hip_belt": "pelvic_belt", "pixels": "pelvic_pixels", "landmarks": "pelvic"}
# A longer silence between two inputs counts as this much: nothing is known about the rest.
LONGEST_STEP_NS = NS


@dataclass(slots=True)
class FaultTally:
    """One rule: time in each state, what it last said in each, and why it could not tell."""

    rule: str
    on_ns: int = 0
    ok_ns: int = 0
    first_on_s: float = NAN
    value_on: float = NAN
    value_ok: float = NAN
    unit: str = ""
    # Kind of reason why it could not tell -> running time that this cost.
    reasons: dict[str, int] = field(default_factory=dict)
    # Kind of reason -> as it was given last, with its numbers.
    words: dict[str, str] = field(default_factory=dict)

    def add(self, fault: Fault, dt_ns: int, t_s: float, running: bool) -> None:
        self.unit = fault.unit
        if fault.state == "on":
            self.on_ns += dt_ns
            self.value_on = fault.value
            if math.isnan(self.first_on_s):
                self.first_on_s = t_s
        elif fault.state == "ok":
            self.ok_ns += dt_ns
            self.value_ok = fault.value
        else:
            kind = NUMBERS.sub("#", fault.reason)
            if kind in self.reasons or len(self.reasons) < MOST_REASONS:
                self.reasons[kind] = self.reasons.get(kind, 0) + dt_ns * running
                self.words[kind] = fault.reason

    def report(self) -> FaultReport:
        """`on` if it ever was, `cannot_tell` if never judged; fraction of the time judged."""
        judged_ns = self.on_ns + self.ok_ns
        was_on = not math.isnan(self.first_on_s)
        if was_on:
            fraction = self.on_ns / judged_ns if judged_ns else 1.0
            return FaultReport(self.rule, "on", "", self.value_on, self.unit, self.first_on_s, fraction)
        if judged_ns:
            return FaultReport(self.rule, "ok", "", self.value_ok, self.unit, NAN, 0.0)
        kind = max(self.reasons, key=lambda why: self.reasons[why], default="")
        reason = self.words.get(kind, kind) or "nobody ran long enough"
        return FaultReport(self.rule, "cannot_tell", reason, NAN, self.unit, NAN, NAN)


@dataclass(slots=True)
class WindowTally:
    """One pelvic measure over windows that do not overlap: mean value, and the mean of the
    intervals' ends.

    Averaging k windows could narrow the interval, but its largest part (crosstalk, the camera) is
    the same in all of them.
    """

    value: float = 0.0
    low: float = 0.0
    high: float = 0.0
    n: int = 0
    windows: int = 0
    strides_at_last: int = 0
    reason: str = ""

    def add(self, measure: Measure, strides: int) -> None:
        if not measure.measured:
            self.reason = measure.reason
            return
        if self.windows and strides - self.strides_at_last < measure.n:
            return
        self.value, self.low, self.high = self.value + measure.value, self.low + measure.low, self.high + measure.high
        self.n, self.windows, self.strides_at_last = self.n + measure.n, self.windows + 1, strides

    def measure(self) -> Measure:
        k = self.windows
        return Measure(self.value / k, self.low / k, self.high / k, self.n) if k else Measure.cannot_tell(self.reason)


@dataclass(slots=True)
class Tally:
    """Feed every input with its step to `add`. Fractions: of poses (tracked), time (running)."""

    first_ns: int | None = None
    last_ns: int = 0
    poses: int = 0
    tracked: int = 0
    running_ns: int = 0
    strides: int = 0
    swaps: int = 0
    direction: Side | None = None
    near_side: Side | None = None
    speed_sum_mps: float = 0.0  # over the strides
    speed_count: int = 0
    speed_origin: SpeedOrigin = "unknown"
    modes: list[tuple[int, Mode]] = field(default_factory=list)
    page: SessionPage | None = None
    faults: dict[str, FaultTally] = field(default_factory=lambda: {rule: FaultTally(rule) for rule in BY_NAME})
    pelvic: dict[str, WindowTally] = field(default_factory=dict)  # by hip landmarks
    pelvic_belt: dict[str, WindowTally] = field(default_factory=dict)  # by the hip belt
    pelvic_pixels: dict[str, WindowTally] = field(default_factory=dict)  # by the pelvis model

    def add(self, given: Input, step: Step) -> None:
        t_ns = given.t_ns
        if self.first_ns is None:
            self.first_ns = self.last_ns = t_ns
        dt_ns = min(max(t_ns - self.last_ns, 0), LONGEST_STEP_NS)
        self.last_ns = max(t_ns, self.last_ns)
        gait = step.gait
        if isinstance(given, Pose):
            self.poses += 1
            self.tracked += gait.angles is not None and not math.isnan(gait.angles["thigh_near_deg"])
        running = gait.activity is Activity.RUNNING
        if running:
            self.running_ns += dt_ns
        # Who walks by after the run does not turn the runner round.
        if gait.activity is Activity.RUNNING or not self.running_ns:
            self.direction, self.near_side = gait.direction or self.direction, gait.near_side or self.near_side
        self.swaps = max(self.swaps, gait.swaps_repaired)
        if not self.modes or self.modes[-1][1] is not step.mode:
            self.modes.append((t_ns, step.mode))
        self.page = step.snapshot.page or self.page
        for fault in step.faults:
            self.faults[fault.rule].add(fault, dt_ns, (t_ns - self.first_ns) / NS, running)
        if gait.strides:
            self._add_strides(gait)

    def _add_strides(self, gait: Gait) -> None:
        self.strides += len(gait.strides)
        if not math.isnan(gait.speed.mps):
            self.speed_sum_mps += gait.speed.mps * len(gait.strides)
            self.speed_count += len(gait.strides)
            self.speed_origin = gait.speed.origin
        pelvic = self._sums(gait.pelvic_source)
        for name in PELVIC:
            if name in gait.measures:
                pelvic.setdefault(name, WindowTally()).add(gait.measures[name], self.strides)

    @property
    def duration_s(self) -> float:
        return (self.last_ns - self.first_ns) / NS if self.first_ns is not None else 0.0

    @property
    def tracked_fraction(self) -> float:
        return self.tracked / self.poses if self.poses else 0.0

    @property
    def running_fraction(self) -> float:
        return min(1.0, self.running_ns / NS / self.duration_s) if self.duration_s > 0 else 0.0

    @property
    def speed(self) -> Speed:
        """Mean over the strides that had one."""
        return Speed(self.speed_sum_mps / self.speed_count, self.speed_origin) if self.speed_count else Speed()

    def fault_reports(self) -> tuple[FaultReport, ...]:
        return tuple(tally.report() for tally in self.faults.values())

    @property
    def pelvic_source(self) -> str:
        """Who the pelvic measures are by: the best source that measured anything, else the best
        that was asked. Sources are never averaged."""
        asked = [source for source in PELVIC_SUMS if self._sums(source)]
        measured = [source for source in asked if any(window.windows for window in self._sums(source).values())]
        return next(iter((*measured, *asked)), "landmarks")

    def _sums(self, source: str) -> dict[str, WindowTally]:
        sums: dict[str, WindowTally] = getattr(self, PELVIC_SUMS[source])
        return sums

    def pelvic_measures(self) -> dict[str, Measure]:
        windows = self._sums(self.pelvic_source)
        return {name: window.measure() for name, window in windows.items() if window.windows or window.reason}

    def as_json(self) -> dict[str, Any]:
        return {name: jsonable(getattr(self, name)) for name in self.__slots__}

    @classmethod
    def of_json(cls, values: Mapping[str, Any]) -> Tally:
        """What `as_json` made, by an earlier version too: what that did not know keeps its default.

        Raises KeyError, TypeError or ValueError for anything else.
        """
        made = {name: value for name, value in values.items() if name in cls.__slots__}
        made["modes"] = [(int(t_ns), Mode(mode)) for t_ns, mode in values["modes"]]
        made["page"] = values["page"] and _page(values["page"])
        made["faults"] = {rule: restored(FaultTally, entry) for rule, entry in values["faults"].items()}
        made["faults"] = {rule: made["faults"].get(rule, FaultTally(rule)) for rule in BY_NAME}
        for field_name in PELVIC_SUMS.values():
            made[field_name] = {name: restored(WindowTally, entry) for name, entry in values.get(field_name, {}).items()}
        return cls(**made)


def _page(values: Mapping[str, Any]) -> SessionPage:
    rows = tuple((name, restored(Measure, before), restored(Measure, after)) for name, before, after in values["rows"])
    kept = dict(values) | {"rows": rows}
    if isinstance(kept["best_block"], str):  # an earlier version wrote a sentence
        kept["best_block"] = 0
    return restored(SessionPage, kept)
