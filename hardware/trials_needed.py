"""How many runners and trials a validation needs: the tables of validation.md.

    python hardware/trials_needed.py    # prints the tables of validation.md

Made-up gyms are counted and judged by the same code that judges the real sheet
(station/validate/agreement.py). What is assumed of the station and of people stands in the
constants below; a gym's own spread, once known, is in what `station validate` prints.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from station.validate.agreement import agreement, share_interval, verdict
from station.validate.tolerance import tolerance

GYMS = 400  # made up per design
# Of the station; its worst trial in tests/lab/accuracy/RESULTS.md is off by 0.23.
CADENCE_BETWEEN_SPM, CADENCE_WITHIN_SPM = 0.1, 0.1
MISCOUNTED = 0.1  # share of counts that are one step off, either way; a guess
PHONE_HZ = 30.0
# Of one recording: half of the half-width of the interval in tests/lab/accuracy/RESULTS.md.
TURN_WITHIN_DEG = 1.4
TURN_BETWEEN_DEG = 3.0  # how differently runners answer to "hold your waist stiff"; a guess
RUNNERS, TRIALS = (5, 8, 10, 15, 20), 3


def counts(rng: np.random.Generator, cadence_spm: np.ndarray, seconds: float) -> np.ndarray:
    """Cadence as counted: whole steps, begun anywhere between two of them, now and then one missed
    or one too many.
    """
    steps = np.floor(cadence_spm * seconds / 60 + rng.uniform(0, 1, cadence_spm.shape))
    return 60 / seconds * (steps + (rng.uniform(size=steps.shape) < MISCOUNTED) * rng.choice((-1, 1), steps.shape))


def from_film(rng: np.random.Generator, cadence_spm: np.ndarray, seconds: float) -> np.ndarray:
    """Cadence from the frames of the first and the last contact, each known to one frame of
    PHONE_HZ.
    """
    off_s = rng.uniform(-0.5, 0.5, (2, *cadence_spm.shape)) / PHONE_HZ
    return cadence_spm * seconds / (seconds + off_s[1] - off_s[0])


METHODS = {
    "30 s, by hand": (counts, 30),
    "60 s, by hand": (counts, 60),
    "120 s, by hand": (counts, 120),
    "60 s, from a film": (from_film, 60),
}


def cadence_chance(runners: int, method: str) -> float:
    """How often a station that is as good as assumed gets "agrees" for cadence."""
    count, seconds = METHODS[method]
    rng = np.random.default_rng([runners, seconds])
    names = [str(i // TRIALS) for i in range(runners * TRIALS)]
    agreed = 0
    for _ in range(GYMS):
        true_spm = np.repeat(rng.normal(165, 9, runners), TRIALS) + rng.normal(0, 2, len(names))
        own = true_spm + np.repeat(rng.normal(0, CADENCE_BETWEEN_SPM, runners), TRIALS)
        own += rng.normal(0, CADENCE_WITHIN_SPM, len(own))
        agreed += verdict(agreement(own - count(rng, true_spm, seconds), names), tolerance("cadence_spm")) == "agrees"
    return agreed / GYMS


def turn_chance(runners: int, difference_deg: float) -> float:
    """How often "free minus stiff" is told from zero when the true difference is that large on
    average.
    """
    rng = np.random.default_rng([runners, round(10 * difference_deg)])
    told = 0
    for _ in range(GYMS):
        off = difference_deg + rng.normal(0, math.hypot(TURN_BETWEEN_DEG, math.sqrt(2) * TURN_WITHIN_DEG), runners)
        told += agreement(off).bias_low > 0
    return told / GYMS


def cadence_table() -> str:
    return _by_runners("counted for", {method: lambda n, method=method: cadence_chance(n, method) for method in METHODS})


def turn_table() -> str:
    differences = {f"{deg:g} deg": lambda n, deg=deg: turn_chance(n, deg) for deg in (2.0, 3.0, 5.0)}
    return _by_runners("free minus stiff, on average", differences)


def _by_runners(head: str, chances: Mapping[str, Callable[[int], float]]) -> str:
    rows = [f"| {head} | " + " | ".join(f"{n} runners" for n in RUNNERS) + " |", "|---|" + "---|" * len(RUNNERS)]
    rows += [f"| {name} | " + " | ".join(_percent(chance(n)) for n in RUNNERS) + " |" for name, chance in chances.items()]
    return "\n".join(rows)


def _percent(share: float) -> str:
    """To the next 5 %: of so few gyms more would be chance."""
    return f"{5 * round(20 * share)} %"


def share_table() -> str:
    """What may be said of the verdict when so many of so many runs are judged rightly."""
    rows = ["| right | 95 % interval of the share |", "|---|---|"]
    for right, n in ((5, 5), (10, 10), (9, 10), (20, 20), (18, 20), (35, 35)):
        low, high = share_interval(right, n)
        rows.append(f"| {right} of {n} | {100 * low:.0f} to {100 * high:.0f} % |")
    return "\n".join(rows)


if __name__ == "__main__":
    print(cadence_table(), turn_table(), share_table(), sep="\n\n")
