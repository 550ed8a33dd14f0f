"""The same runner again: how much the station's own values scatter when nothing was changed.

Bland & Altman 1999, section 3: the within-runner standard deviation s, and the smallest change 1.96
* sqrt(2) * s that 95 % of repeats stay below. It holds what the station scatters and what the
runner does, which cannot be kept apart without a reference.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from station.stats import Z975
from station.types import QUANTITIES
from station.validate.measured import Measured
from station.validate.reference import Trial
from station.validate.tolerance import unit

# Repeats beyond the first, over all runners; a choice: with fewer s is off by a third.
FEWEST_FREEDOM = 5


@dataclass(frozen=True, slots=True)
class Repeat:
    """`freedom`: repeats beyond each runner's first. `smallest_change`: in the unit."""

    name: str
    runners: int
    freedom: int
    within_sd: float

    @property
    def smallest_change(self) -> float:
        return Z975 * math.sqrt(2) * self.within_sd

    @property
    def words(self) -> str:
        if self.freedom < FEWEST_FREEDOM:
            return f"{self.name}: cannot tell from {self.freedom} repeats, at least {FEWEST_FREEDOM}"
        change = f"a change below {self.smallest_change:.2g} {unit(self.name)} may be nothing"
        spread = f"the same runner again scatters by {self.within_sd:.2g} {unit(self.name)}"
        return f"{self.name}: {spread}; {change} ({self.runners} runners)"


def repeats(trials: Sequence[Trial], recordings: Sequence[Measured]) -> list[Repeat]:
    """Of rows that name runner and recording; the same runner and `waist` is a repeat."""
    by_name = {one.name: one for one in recordings}
    who = {trial.session: (trial.runner, trial.waist) for trial in trials if trial.runner and trial.session in by_name}
    made = []
    for name in QUANTITIES:
        groups: dict[tuple[str, str], list[float]] = {}
        for session, key in who.items():
            measure = by_name[session].summary.get(name)
            if measure is not None and measure.measured:
                groups.setdefault(key, []).append(measure.value)
        several = [np.array(values) for values in groups.values() if len(values) > 1]
        freedom = sum(len(values) - 1 for values in several)
        if freedom:
            squares = sum(float(((values - values.mean()) ** 2).sum()) for values in several)
            made.append(Repeat(name, len(several), freedom, math.sqrt(squares / freedom)))
    return made
