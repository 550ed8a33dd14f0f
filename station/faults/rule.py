"""What every rule declares, and how it answers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from station.types import NAN, QUANTITIES, Light, Line, Measure, MeasureError, Mode, Own, Towards

Look = Literal["out", "between", "inside", "unknown"]


NOTHING: Mapping[str, Measure] = {}
NO_DRILL = "hip landmarks follow the thighs: do the find-your-hip drill first"


class Verdict(NamedTuple):
    """One look at one window. `out`: beyond the threshold to enter; `inside`: beyond the one to
    leave; `between` changes nothing; `unknown`: cannot tell, for that reason. `level` is the
    threshold to enter, in the rule's unit."""

    look: Look
    value: float
    level: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Scene:
    """What a rule may know besides the measures. `speed_mps` is NaN when unknown, else within the
    judged range. `incline_pct` of the belt, uphill +, NaN when unknown.

    errors: of the pose model, by measure.
    """

    speed_mps: float = NAN
    own: Own = field(default_factory=Own)
    pelvic_source: str = "landmarks"
    pelvic_calibrated: bool = False
    errors: Mapping[str, MeasureError] = field(default_factory=dict)
    incline_pct: float = NAN

    def spread(self, measure: str) -> float:
        """Standard deviation between people of the pose model's error in it; 0 where none is known.
        """
        row = self.errors.get(measure)
        return row.spread if row is not None else 0.0

    @property
    def speed_known(self) -> bool:
        return not math.isnan(self.speed_mps)

    @property
    def speed_hint(self) -> str:
        """What a row says that was judged without a speed."""
        return "" if self.speed_known else "belt speed unknown: judged only by what holds at any speed"


class Levels(NamedTuple):
    """Thresholds to enter and to leave, in the unit of what is judged, at one speed."""

    enter: float
    leave: float


class Sign(NamedTuple):
    """One thing that a rule looks for: a measure beyond `enter`; it has gone once beyond `leave` on
    the healthy side. A small value is bad where enter <= leave, else a large one.

    most: where the zone of a measure without norms ends on its healthy side.
    """

    measure: str
    enter: float
    leave: float
    most: float = NAN

    @property
    def low_is_bad(self) -> bool:
        return self.enter <= self.leave

    def gone(self, value: float) -> bool:
        """Whether the value lies on the healthy side of `leave`; False for NaN."""
        return value > self.leave if self.low_is_bad else value < self.leave

    def look(self, value: float) -> Look:
        """`between` for NaN."""
        if self.gone(value):
            return "inside"
        return "out" if (value < self.enter if self.low_is_bad else value > self.enter) else "between"

    def verdict(self, measures: Mapping[str, Measure], scene: Scene) -> Verdict:
        """By this sign alone. Raises KeyError where its measure is missing."""
        value = measures[self.measure].value
        return Verdict(self.look(value), value, self.enter, scene.speed_hint)


class Golden(NamedTuple):
    """A runner who shows the fault, or does not: values of measures at a speed, and what the rule
    must say of them.
    """

    name: str
    speed_mps: float
    values: Mapping[str, float]
    look: Look
    scene: Scene = Scene()


@dataclass(frozen=True, slots=True)
class Coaching:
    """How a runner is coached on a rule while running; a rule without it is only reported.

    cue, praise: what is said of the fault, and once it has gone. focus: what to work on next time,
    a clause for the screen. towards: where the body should go, an arrow for the screen. light: the
    sign of the cue. priority: the lower is said first. interrupts: may be said although the block
    has another fault. modes: where it may be said.
    """

    cue: Line
    praise: Line
    focus: str
    towards: Towards
    light: Light
    priority: int
    interrupts: bool = False
    modes: tuple[Mode, ...] = (Mode.COACH,)


@dataclass(frozen=True, slots=True)
class Rule:
    """One fault, everything about it: the file that declares it is all that a new rule needs.

    title: its name for people. advice: what to do about it, one sentence for the report. measure:
    the one whose value is judged, in its unit. needs: measures without which nothing can be said.
    signs: what it looks for in a scene, that of `measure` first (speed and measures may be
    unknown); the screen's zones are made of these. look: judges one window of measures by the same
    signs; the judge does the timing. rise_s, fall_s: see judge. source: where the thresholds come
    from. goldens: worked examples, run by the contract tests. `broken`: its file could not be used.
    """

    name: str
    title: str
    advice: str
    measure: str
    needs: tuple[str, ...]
    signs: Callable[[Mapping[str, Measure], Scene], tuple[Sign, ...]]
    look: Callable[[Mapping[str, Measure], Scene], Verdict]
    rise_s: float
    fall_s: float
    source: str
    goldens: tuple[Golden, ...]
    confidence: Literal["moderate", "low", "report only"]
    coaching: Coaching | None = None
    broken: bool = False

    def levels(self, scene: Scene, measures: Mapping[str, Measure] = NOTHING) -> Levels:
        """Thresholds of the measure that is judged."""
        signs = self.signs(measures, scene)
        return Levels(signs[0].enter, signs[0].leave) if signs else Levels(NAN, NAN)

    @property
    def unit(self) -> str:
        return QUANTITIES[self.measure].unit if self.measure else ""

    @property
    def lines(self) -> Mapping[str, Line]:
        """What it may say, by text id; nothing for a rule that is only reported."""
        if self.coaching is None:
            return {}
        return {f"cue.{self.name}": self.coaching.cue, f"praise.{self.name}": self.coaching.praise}


def value_of(measures: Mapping[str, Measure], name: str) -> float:
    """Its value, NaN when it is not measured."""
    measure = measures.get(name)
    return measure.value if measure is not None and measure.measured else NAN
