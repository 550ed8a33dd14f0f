"""The synthetic runner: what frame rate, speed and exchanged legs do, with 8 mm of landmark noise.

python -m tests.lab.accuracy.synthetic
"""

from __future__ import annotations

from collections.abc import Iterator
from math import isnan
from typing import NamedTuple

import numpy as np

from station.testing.synthetic import SyntheticRunner
from station.testing.synthetic_body import Filming
from station.testing.synthetic_flaws import Flaws
from station.testing.synthetic_motion import RunnerSpec
from tests.analysed import analyse

SPEEDS_MPS = (1.9, 2.5, 3.5, 4.5)
RATES = (18.0, 30.0, 60.0, 120.0)
# Share of the time, mean length of a run in seconds.
SWAPS = ((0.0, 0.1), (0.1, 0.1), (0.3, 0.1), (0.3, 0.8))


class Errors(NamedTuple):
    """Means over the strides of one recording, measured minus true; strides found and made; poses
    repaired and exchanged.
    """

    cadence_spm: float
    tle_deg: float
    excursion_deg: float
    strides: tuple[int, int]
    swaps: tuple[int, int]


def measured(speed_mps: float, fps: float, swap: tuple[float, float] = (0.0, 0.1), seconds: float = 30.0) -> Errors:
    flaws = Flaws(noise_mm=8.0, swap_fraction=swap[0], swap_run_s=max(swap[1], 1.1 / fps))
    runner = SyntheticRunner(RunnerSpec(speed_mps=speed_mps, flaws=flaws, variability=1.0), seconds, Filming(fps=fps))
    found, true = analyse(runner.poses(), runner.view), runner.truth.strides
    return Errors(
        found.last.measures["cadence_spm"].value - float(true["cadence_spm"].mean()),
        *(float(np.nanmean(found.strides[n]) - true[n].mean()) for n in ("tle_near_deg", "thigh_excursion_near_deg")),
        (len(found.strides), len(true)),
        (found.last.swaps_repaired, int(runner.truth.swapped.sum())),
    )


def lines() -> Iterator[str]:
    yield "| m/s | frames/s | legs exchanged | cadence error, spm | TLE error | excursion error, deg | strides | repaired |"
    yield "|---|---|---|---|---|---|---|---|"
    for speed_mps in SPEEDS_MPS:
        for fps in RATES:
            for swap in SWAPS if speed_mps == 3.5 else SWAPS[:1]:
                e = measured(speed_mps, fps, swap)
                exchanged = f"{swap[0]:.0%}, runs of {swap[1]:g} s" if swap[0] else "none"
                cadence = "cannot tell" if isnan(e.cadence_spm) else f"{e.cadence_spm:+.2f}"
                errors = f"{cadence} | {e.tle_deg:+.2f} | {e.excursion_deg:+.2f}"
                counts = f"{e.strides[0]} of {e.strides[1]} | {e.swaps[0]} of {e.swaps[1]}"
                yield f"| {speed_mps} | {fps:.0f} | {exchanged} | {errors} | {counts} |"


if __name__ == "__main__":
    print("\n".join(lines()))
