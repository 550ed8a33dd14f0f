"""Whole sessions put together from clips of one person before one camera: the drill, the baseline, and then something else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from station.cues import Plan
from station.faults import BY_NAME
from station.types import Measure

from .clips import PEOPLE
from .score import false_cues
from .streams import Seen, Watched, joined, watch
from .truth import near_side, truth, verdicts

BASELINE_S, THEN_S = 205.0, 120.0
"""Three minutes of silent baseline with some strides to spare, then long enough for every rule."""
CHANGES = ("side", "locked", "over_rotation", "thigh_only", "sitting")

Load = Callable[[str], Seen | None]


@dataclass(frozen=True)
class Session:
    """Drill, the runner's own running as baseline, then the clip `then`."""

    body: str
    then: Seen
    baseline: Watched
    end: Watched

    @property
    def name(self) -> str:
        return f"{self.body}: {self.then.clip.row}"

    def true_turn(self, seen: Seen) -> float:
        return abs(truth(seen.clip.spec, near_side(seen.clip.spec)).turn)

    def said(self, rule: str) -> str:
        return next(fault.state for fault in self.end.faults if fault.rule == rule)

    def cues(self) -> list[str]:
        """Corrections, not the lines that lead through the session."""
        return [cue.rule for cue in self.end.cues if cue.action == "start" and cue.rule in BY_NAME]

    def false_cues(self) -> list[str]:
        return false_cues(self.end, verdicts(self.then.clip))


def turn_of(watched: Watched) -> Measure:
    return watched.last.measures["pelvic_turn_deg"]


def sessions(load: Load) -> Iterator[Session]:
    """Every session whose clips are all there."""
    for body in PEOPLE:
        drill, side = load(f"{body}.drill"), load(f"{body}.side")
        if drill is None or side is None:
            continue
        lifts = drill.once()
        begin_s = lifts[-1].t_ns / 1e9 + 1.0
        before = joined(lifts, side.looped(BASELINE_S, begin_s))
        baseline = watch(before, side.view, side.speed_mps, Plan(), side.errors)
        for change in CHANGES:
            then = load(f"{body}.{change}")
            if then is not None:
                stream = joined(before, then.looped(THEN_S, begin_s + BASELINE_S))
                yield Session(body, then, baseline, watch(stream, side.view, side.speed_mps, Plan(), side.errors))
