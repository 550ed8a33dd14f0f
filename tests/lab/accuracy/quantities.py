"""Knee on the ground, bounce, flight and landing against markers and force plate, by runner.

python -m tests.lab.accuracy.quantities            runners held out: what is reported
python -m tests.lab.accuracy.quantities --tuned    the runners that constants were fitted on

Each at three speeds and from both sides, 60 frames a second, landmark errors of 8 mm; the
recordings have no shoulders, so the trunk is the hips. The truth knows nothing of the product's
code: `intervals.true_values`.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from functools import cache

import numpy as np
from numpy.typing import NDArray

from station.faults import norms
from station.faults.norms_table import OF_EIGHT
from station.types import QUANTITIES
from tests.lab.accuracy.intervals import judged, method_errors
from tests.lab.accuracy.projection import HELD, SPEEDS, TUNED

MEASURES = ("knee_flexion_stance_near_deg", *OF_EIGHT)


@cache
def errors(runner: str) -> dict[str, NDArray[np.float64]]:
    """(6,) measured minus true of the summaries of a runner's trials, by measure."""
    found: dict[str, list[float]] = {}
    for how, name, said, true in judged((runner,)):
        if how == "whole" and name in MEASURES:
            found.setdefault(name, []).append(said.value - true)
    return {name: np.array(values) for name, values in found.items()}


def lines(runners: tuple[str, ...]) -> Iterator[str]:
    """Markdown: root mean square error by runner, over all, what runners differ by, and how many
    intervals hold the truth.
    """
    yield "| measure | unit | " + " | ".join(runners) + " | all | mean | runners differ by (SD) | 95 % intervals that hold |"
    yield "|---|---|" + "---|" * (len(runners) + 4)
    held = coverage(runners)
    for name in MEASURES:
        by_runner = [errors(runner)[name] for runner in runners]
        every = np.concatenate(by_runner)
        sd = np.mean([norms.at(name, int(speed) / 10).sd for speed in SPEEDS])
        cells = [f"{np.sqrt(np.mean(e**2)):.2g}" for e in (*by_runner, every)]
        inside, n = held[name]
        ends = f"{every.mean():+.2g}", f"{sd:.2g}", f"{inside} of {n}"
        reported = (QUANTITIES[name].label, QUANTITIES[name].unit, *cells, *ends)
        yield f"| {' | '.join(reported)} |"


def coverage(runners: tuple[str, ...]) -> dict[str, tuple[int, int]]:
    """Intervals that hold the truth, of so many; what the method is off is known from the other
    seven runners each time.
    """
    counts = {name: [0, 0] for name in MEASURES}
    for runner in runners:
        method = method_errors(other for other in (*TUNED, *HELD) if other != runner)
        for how, name, said, true in judged((runner,), method):
            if how == "whole" and name in MEASURES:
                counts[name][0] += said.low <= true <= said.high
                counts[name][1] += 1
    return {name: (inside, n) for name, (inside, n) in counts.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tuned", action="store_true", help="the runners that constants were fitted on")
    runners = TUNED if parser.parse_args().tuned else HELD
    print("\n".join(lines(runners)))


if __name__ == "__main__":
    main()
