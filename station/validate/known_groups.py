"""Runs that were asked to differ: a waist held stiff on purpose, and one let free. A measurement
must tell them apart.

No reference system is needed, only what each runner was asked to do ("known groups"). It proves
that the measurement answers to the difference, not that its degrees are true.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from station.stats import student_t975
from station.types import Measure
from station.validate.agreement import share_interval
from station.validate.documents import Judged, KnownGroups
from station.validate.measured import Measured
from station.validate.reference import Trial

RULE, TURN = "locked_waist", "pelvic_turn_deg"
FEWEST_RUNNERS = 3  # chosen: fewer have no spread to speak of


@dataclass(frozen=True, slots=True)
class Run:
    """One whole recording: what was asked of the runner, what the station said."""

    runner: str
    recording: str
    waist: str
    verdict: str  # on, ok, cannot_tell
    turn: Measure


@dataclass(frozen=True, slots=True)
class Waists:
    runs: Sequence[Run]

    def differences(self) -> list[float]:
        """Free minus stiff pelvic turn, deg, of each runner of whom both were measured."""
        made = []
        for runner in dict.fromkeys(run.runner for run in self.runs):
            means = [self._mean(runner, waist) for waist in ("free", "stiff")]
            if not any(math.isnan(mean) for mean in means):
                made.append(means[0] - means[1])
        return made

    def _mean(self, runner: str, waist: str) -> float:
        turns = [run.turn.value for run in self.runs if (run.runner, run.waist) == (runner, waist) and run.turn.measured]
        return statistics.fmean(turns) if turns else math.nan

    def document(self) -> KnownGroups:
        return {
            "rule": RULE,
            "stiff": self._judged("stiff"),
            "free_or_natural": self._judged("free", "natural"),
            "turn_free_minus_stiff_deg": [round(value, 3) for value in self.differences()],
        }

    def _judged(self, *waists: str) -> Judged:
        verdicts = [run.verdict for run in self.runs if run.waist in waists]
        return {"on": verdicts.count("on"), "ok": verdicts.count("ok"), "cannot_tell": verdicts.count("cannot_tell")}

    def lines(self) -> list[str]:
        made = ["  asked of the runner      locked waist: seen / not seen / cannot tell"]
        for label, waists in (("stiff", ("stiff",)), ("free or natural", ("free", "natural"))):
            found = self._judged(*waists)
            on, ok, unknown = found["on"], found["ok"], found["cannot_tell"]
            if on + ok + unknown == 0:
                continue
            right = on if label == "stiff" else ok
            low, high = share_interval(right, on + ok) if on + ok else (0.0, 1.0)
            judged = f"right in {right} of {on + ok} judged [{low:.0%} .. {high:.0%}]" if on + ok else "never judged"
            made.append(f"  {label:<24} {on} / {ok} / {unknown}; {judged}")
        return [*made, f"  {self._turn_words()}"]

    def _turn_words(self) -> str:
        off = self.differences()
        if len(off) < FEWEST_RUNNERS:
            return f"pelvic turn, free minus stiff: cannot tell from {len(off)} runners with both, at least {FEWEST_RUNNERS}"
        mean = statistics.fmean(off)
        half = student_t975(len(off) - 1) * statistics.stdev(off) / math.sqrt(len(off))
        word = "tells them apart" if mean - half > 0 else "does not tell them apart"
        difference = f"{mean:+.1f} deg [{mean - half:+.1f} .. {mean + half:+.1f}], {len(off)} runners"
        return f"pelvic turn, free minus stiff: {difference}: {word}"


def waists(trials: Sequence[Trial], recordings: Sequence[Measured]) -> Waists | None:
    """Runs whose row has a `waist` and names a recording, each once; None without any."""
    found: dict[str, Run] = {}
    for trial in trials:
        for one in recordings:
            named = trial.session == one.name or (not trial.session and len(recordings) == 1)
            if trial.waist and named and one.name not in found:
                runner = trial.runner or one.name
                found[one.name] = Run(runner, one.name, trial.waist, one.verdicts.get(RULE, "cannot_tell"), _turn(one))
    return Waists(tuple(found.values())) if found else None


def _turn(one: Measured) -> Measure:
    return one.summary.get(TURN, Measure.cannot_tell("not part of this recording's summary"))
