"""Prints STRIDE_SD of station/stats.py: how much the strides of one runner differ; and what it is
worth, STRIDE_SD_WORTH: 2 / variance of the logarithm of that variance between the trials, without
what so few strides add to it (2 / (n - 1)).

`python tests/lab/makers/stride_spread.py`, over the four recorded runners that constants may be
fitted on, at three speeds, from both sides, with landmark errors of 8 mm (../shared/data/rbds).
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT))

from station.record.summary import stride_columns  # noqa: E402
from station.stats import usual  # noqa: E402
from tests.analysed import analyse  # noqa: E402
from tests.lab.accuracy.projection import SPEEDS, TUNED, Filming, filmed, load  # noqa: E402

SHARED = ROOT.parent / "shared"


def main() -> None:
    variances: dict[str, list[float]] = {}
    counts: list[int] = []
    for runner in TUNED:
        for speed in SPEEDS:
            trial = load(SHARED, runner, speed)
            for side in ("right", "left"):
                filming = Filming(side=side)  # type: ignore[arg-type]
                strides = analyse(filmed(trial, filming), filming.view, trial.speed_mps).strides
                strides = strides[strides["running"] == 1]
                for name, values in {"duration_s": strides["duration_s"], **stride_columns(strides)}.items():
                    seen = values[np.isfinite(values)]
                    if len(seen) >= 20:
                        variances.setdefault(name, []).append(float(seen[usual(seen)].var(ddof=1)))
                        counts.append(len(seen))
    of_few = 2.0 / (np.mean(counts) - 1)
    for name, found in variances.items():
        differ = np.var(np.log(found), ddof=1) - of_few
        worth = f"worth {2.0 / differ:.0f} strides" if differ > 0 else "alike in all trials"
        print(f'    "{name}": {np.sqrt(np.mean(found)):.3g},  # {len(found)} trials, {worth}')


if __name__ == "__main__":
    main()
