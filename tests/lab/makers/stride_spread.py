"""Prints STRIDE_SD of station/stats.py: how much the strides of one runner differ.

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
    for name, found in variances.items():
        spread = np.std(np.log(found)) if min(found) > 0 else np.nan
        print(f'    "{name}": {np.sqrt(np.mean(found)):.3g},  # {len(found)} trials; SD of the log variance {spread:.2f}')


if __name__ == "__main__":
    main()
