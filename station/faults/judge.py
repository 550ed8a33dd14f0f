"""All rules over time: one leaky budget per rule turns looks at the strides into faults that are on
or off.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from station.faults import norms, zones
from station.faults.rule import Look, Rule, Scene, Verdict
from station.faults.window import BACKWARD, PHASE, RECENT_STRIDES, Recent, backward
from station.types import NAN, NS, Activity, Band, Fault, FaultState, Gait, Measure, MeasureError, Own

LEAST_STRIDES = 20  # of the long window: fewer tell too little. Engineering choice
NO_ERRORS: Mapping[str, MeasureError] = {}
PHASES = 7  # strides that tell forward from backward (chosen)
RECOVERED = f"the last {RECENT_STRIDES} strides are good again"
LOOK_EVERY_NS = NS // 5  # between strides only time passes
LONGEST_GAP_NS = NS  # more time than this between two looks counts as this: silence is no evidence


@dataclass(slots=True)
class Budget:
    """Pressure 0..1 of one rule. It fills in `rise_s` of fault and empties in `fall_s` of its
    absence; on at 1, off at 0.

    A streak timer would start over at every missed stride; a budget only loses what the miss
    lasted.
    """

    rule: Rule
    pressure: float = 0.0
    on: bool = False

    def spend(self, look: Look, dt_s: float) -> None:
        if look == "out":
            self.pressure = min(1.0, self.pressure + dt_s / self.rule.rise_s)
        elif look == "inside":
            self.pressure = max(0.0, self.pressure - dt_s / self.rule.fall_s)
        if self.pressure >= 1.0:
            self.on = True
        elif self.pressure <= 0.0:
            self.on = False


class Judge:
    """Gait in, one Fault per rule out, always all rules and in their order.

    A fault enters by the long window of the gait room (30-40 strides) and leaves by the last 12:
    slow to blame, quick to notice.
    """

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self._rules = rules
        self.reset()

    def reset(self) -> None:
        """A new session: nothing is remembered."""
        self._budgets = tuple(Budget(rule) for rule in self._rules)
        self._recent = Recent()
        self._phases: deque[float] = deque(maxlen=PHASES)
        self._looked_ns: int | None = None
        self._why_not = ""
        self._seen: tuple[Any, ...] | None = None
        self._verdicts: tuple[tuple[Verdict, Verdict], ...] = ()
        self._rows: tuple[Fault, ...] = ()
        self._drawn: tuple[Any, ...] | None = None
        self.zones: Mapping[str, Band] = {}
        self._shown: Mapping[str, str] = {}

    @property
    def recent(self) -> Mapping[str, Measure]:
        """What was measured of the last 12 strides, by which a fault goes off."""
        return self._recent.measured

    @property
    def rows(self) -> tuple[Fault, ...]:
        """The faults after the last step."""
        return self._rows

    def step(
        self, gait: Gait, own: Own, settled: bool = True, errors: Mapping[str, MeasureError] = NO_ERRORS
    ) -> tuple[Fault, ...]:
        """The faults after this gait. `settled` False: the runner only just began, nothing is
        judged yet. `errors`: of the pose model, by measure."""
        self._phases.extend(float(stride[PHASE]) for stride in gait.strides)
        why_not = _why_not(gait, settled, backward(self._phases))
        due = self._looked_ns is None or gait.t_ns - self._looked_ns >= LOOK_EVERY_NS
        if self._rows and not gait.strides and not due and why_not == self._why_not:
            return self._rows
        dt_ns = 0 if self._looked_ns is None else min(max(gait.t_ns - self._looked_ns, 0), LONGEST_GAP_NS)
        self._looked_ns, self._why_not = gait.t_ns, why_not
        self._collect(gait, settled)
        speed = gait.speed
        scene = Scene(speed.mps, own, gait.pelvic_source, gait.pelvic_calibrated, errors, speed.incline_pct)
        if why_not:
            self._seen = None
            self._rows = tuple(_silent(budget, why_not) for budget in self._budgets)
        else:
            if self._changed(gait, own):
                self._verdicts = self._ask_all(gait, scene)
            pairs = zip(self._budgets, self._verdicts, strict=True)
            self._rows = tuple(_judge(budget, long, short, dt_ns / NS) for budget, (long, short) in pairs)
        self._show(gait, scene)
        return self._rows

    def _show(self, gait: Gait, scene: Scene) -> None:
        """Zones for the screen and, of every rule that is on, the measure by which it is seen."""
        drawn = (gait.measures, scene.own, self.recent, gait.speed.mps, scene.pelvic_source, [b.on for b in self._budgets])
        same = self._drawn is not None and all(a is b for a, b in zip(drawn[:3], self._drawn[:3], strict=True))
        if not same or self._drawn is None or drawn[3:] != self._drawn[3:]:
            self._drawn = drawn
            measures = {**gait.measures, **self.recent}
            self.zones = zones.zones([(budget.rule, budget.on) for budget in self._budgets], measures, scene)
            self._shown = {b.rule.name: zones.shown(b.rule, measures, scene) for b in self._budgets if b.on}
        if self._shown:
            self._rows = tuple(replace(row, shown=self._shown.get(row.rule, "")) for row in self._rows)

    def _changed(self, gait: Gait, own: Own) -> bool:
        """Whether the rules must look again. The core keeps its measures until the next stride;
        until then only time passes.
        """
        speed = gait.speed
        seen = (gait.measures, own, speed.mps, speed.incline_pct, gait.pelvic_source, gait.pelvic_calibrated)
        same = self._seen is not None and seen[0] is self._seen[0] and seen[1] is self._seen[1] and seen[2:] == self._seen[2:]
        self._seen = seen
        return not same

    def _ask_all(self, gait: Gait, scene: Scene) -> tuple[tuple[Verdict, Verdict], ...]:
        """Per rule what the long and the short window say."""
        recent = self._recent.measures
        return tuple((ask(rule, gait.measures, scene, LEAST_STRIDES), ask(rule, recent, scene, 1)) for rule in self._rules)

    def _collect(self, gait: Gait, settled: bool) -> None:
        if not settled or not gait.speed.steady or gait.activity is not Activity.RUNNING:
            self._recent.clear()
        elif gait.strides:
            self._recent.add(gait.strides, gait.pelvic_source)


def _judge(budget: Budget, long: Verdict, short: Verdict, dt_s: float) -> Fault:
    """The rule's row after so much more time of those verdicts."""
    rule = budget.rule
    budget.spend(_weigh(budget.on, long.look, short.look), dt_s)
    state: FaultState = "ok"
    reason, rising = long.reason, False
    # What was seen stays in the budget while neither window can tell.
    if budget.on and not long.look == short.look == "unknown":
        state = "on"
    elif long.look == "unknown":
        state = "cannot_tell"
    elif long.look == "out" and short.look == "inside":
        reason = RECOVERED
    elif long.look == "out":
        state, reason, rising = "cannot_tell", f"seen, but not yet for {rule.rise_s:.0f} s", True
    return Fault(rule.name, state, long.value, rule.unit, budget.pressure, long.level, reason, rising=rising)


def ask(rule: Rule, measures: Mapping[str, Measure], scene: Scene, least: int) -> Verdict:
    """The rule's look, once everything it needs is measured over at least so many strides.

    A reason that no number of strides will cure (no drill yet) is reported at once.
    """
    level = rule.levels(scene, measures).enter
    few = False
    for name in rule.needs:
        measure = measures.get(name)
        if measure is None:
            return Verdict("unknown", NAN, level, "not measured yet")
        if not measure.measured:
            return Verdict("unknown", measure.value, level, measure.reason)
        if math.isnan(measure.value):
            return Verdict("unknown", NAN, level, "not measured")
        few |= measure.n < least
    verdict = rule.look(measures, scene)
    if few and verdict.look != "unknown":
        seen = min(measures[name].n for name in rule.needs)
        return Verdict("unknown", measures[rule.needs[0]].value, level, f"too short to judge ({seen} of {least} strides)")
    return verdict


def _weigh(on: bool, long: Look, short: Look) -> Look:
    """One look out of two windows."""
    if short == "inside" or (short == "unknown" and long == "inside"):
        return "inside"
    if not on and long == "inside":
        return "inside"
    return "out" if long == "out" else "between"


def _why_not(gait: Gait, settled: bool, runs_backward: bool) -> str:
    """Why nothing can be judged now, "" when it can."""
    if gait.activity is not Activity.RUNNING:
        return "nobody is running"
    if not settled:
        return "settling in: the first minutes are not judged"
    if runs_backward:  # before the speed: read from the feet it is as wrong as all else
        return BACKWARD
    speed = gait.speed
    if not speed.steady:
        return "belt speed is changing"
    if not math.isnan(speed.mps) and not norms.judged(speed.mps):
        return norms.why_not(speed.mps)
    return ""


def _silent(budget: Budget, reason: str) -> Fault:
    rule = budget.rule
    return Fault(rule.name, "cannot_tell", NAN, rule.unit, budget.pressure, NAN, reason)
