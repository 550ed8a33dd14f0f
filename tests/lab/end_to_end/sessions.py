"""Whole sessions put together from clips of one person before one camera: the drill, the baseline,
and then something else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass

from station.cues import Plan
from station.faults import BY_NAME
from station.faults.rule import Look
from station.types import Measure, Own

from .clips import PEOPLE
from .score import false_cues
from .streams import Seen, Watched, fed, joined
from .truth import near_side, truth, verdicts

BASELINE_S, THEN_S = 205.0, 120.0
"""Three minutes of silent baseline with some strides to spare, then long enough for every rule."""
OWN = (("side", 1), ("own", 2))
"""Clips of a person's own running, and which of their frames are shown: one frame rate throughout a
session.
"""
CHANGES = (*OWN, *((row, 1) for row in ("locked", "over_rotation", "thigh_only", "thigh_strong", "sitting", "sits_strong")))

Load = Callable[[str, int], Seen | None]


@dataclass(frozen=True)
class Session:
    """Drill, the runner's own running as baseline, then the clip `then`."""

    body: str
    own: Seen
    then: Seen
    baseline: Watched
    end: Watched

    @property
    def name(self) -> str:
        return f"{self.body}: {self.then.clip.row}"

    def turn(self, seen: Seen) -> complex:
        """True; as `truth.Truth.turn`."""
        return truth(seen.clip.spec, near_side(seen.clip.spec)).turn

    def said(self, rule: str) -> str:
        return next(fault.state for fault in self.end.faults if fault.rule == rule)

    def cues(self) -> list[str]:
        """Corrections, not the lines that lead through the session."""
        return [cue.rule for cue in self.end.cues if cue.action == "start" and cue.rule in BY_NAME]

    def false_cues(self) -> list[str]:
        return false_cues(self.end, self.true_looks)

    @property
    def true_looks(self) -> dict[str, Look]:
        """Of the true motion after that true baseline."""
        spec = self.own.clip.spec
        baseline = truth(spec, near_side(spec)).measures()
        return verdicts(self.then.clip, Own(baseline, baseline_mps=self.own.speed_mps))


def turn_of(watched: Watched) -> Measure:
    return watched.last.measures["pelvic_turn_deg"]


def sessions(load: Load, changes: Sequence[tuple[str, int]] = CHANGES) -> Iterator[Session]:
    """Every session whose clips are all there. `load(name, every)`: a clip, of which every second,
    third frame is shown.
    """
    for body in PEOPLE:
        own = next((seen for row, every in OWN if (seen := load(f"{body}.{row}", every)) is not None), None)
        drill = load(f"{body}.drill", 1)
        if drill is None or own is None:
            continue
        lifts = drill.once()
        begin_s = lifts[-1].t_ns / 1e9 + 1.0
        coach = own.begun(Plan())
        baseline = fed(coach, joined(lifts, own.looped(BASELINE_S, begin_s)))
        for row, every in changes:
            then = load(f"{body}.{row}", every)
            if then is not None:
                end = fed(deepcopy(coach), then.looped(THEN_S, begin_s + BASELINE_S))
                yield Session(body, own, then, baseline, end)
