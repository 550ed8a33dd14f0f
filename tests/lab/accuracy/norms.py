"""The product's quantities on the eight recorded runners, beside the norms over all 26
(../shared/data/rbds/norms.csv).

    python -m tests.lab.accuracy.norms

Perfect landmarks in pure side view, both sides; mean and standard deviation over the four runners
that constants were tuned on and over the four held out. The last column is how far the mean of the
eight lies from that of the 26, in standard deviations of the 26: definitions that differed would
show there.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tests.analysed import analyse
from tests.lab.accuracy.projection import HELD, SPEEDS, TUNED, Filming, filmed, load

SHARED = Path(__file__).resolve().parents[4] / "shared"

# stride column -> its name in norms.csv ("" where that file has none)
QUANTITIES = {
    "cadence_spm": "cadence_spm",
    "thigh_forward_near_deg": "thigh_forward_peak_deg",
    "tle_near_deg": "tle_deg",
    "thigh_excursion_near_deg": "thigh_excursion_deg",
    "tle_share_near": "",
    "knee_flexion_stance_near_deg": "",
    "knee_flexion_swing_near_deg": "",
    "retraction_near_pct": "",
    "retraction_near_deg": "",
    "contact_s": "",
    "speed_mps": "belt_speed_mps",
    "pelvic_quadrature_deg": "pelvic_turn_quadrature_deg",
}


@cache
def table(shared: Path = SHARED) -> dict[tuple[float, str], dict[str, float]]:
    """(speed, quantity) -> mean, sd, percentiles."""
    with (shared / "data" / "rbds" / "norms.csv").open(encoding="utf-8", newline="") as file:
        return {
            (float(row["speed_mps"]), row["quantity"]): {
                k: float(v) for k, v in row.items() if k not in ("speed_mps", "quantity")
            }
            for row in csv.DictReader(file)
        }


def turn_percentile(which: str, speed_mps: float, shared: Path = SHARED) -> float:
    return table(shared)[(speed_mps, "pelvic_turn_h1_deg")][which]


def quantities(shared: Path = SHARED, speeds: Iterable[str] = SPEEDS) -> Iterator[tuple[str, float, NDArray[np.float64]]]:
    """(stride column, speed, one mean per runner in the order TUNED, HELD)."""
    for speed in speeds:
        runs = []
        for runner in (*TUNED, *HELD):
            trial = load(shared, runner, speed)
            filmings = [Filming(side=side, fps=75.0, noise_mm=0.0) for side in ("right", "left")]
            runs.append(np.concatenate([analyse(filmed(trial, f), f.view).strides for f in filmings]))
        for column in QUANTITIES:
            yield column, int(speed) / 10, np.array([np.nanmean(strides[column]) for strides in runs])


def main() -> None:
    print(f"{'quantity':30s} {'m/s':>4s} {'tuned on':>16s} {'held out':>16s} {'26 runners':>16s} {'SD off':>7s}")
    for column, speed, values in sorted(quantities(), key=lambda q: (list(QUANTITIES).index(q[0]), q[1])):
        tuned, held = values[: len(TUNED)], values[len(TUNED) :]
        line = f"{column:30s} {speed:4.1f}"
        for group in (tuned, held):
            line += f" {group.mean():9.3f} ± {group.std(ddof=1):5.3f}"
        norm = table().get((speed, QUANTITIES[column]))
        if norm:
            line += f" {norm['mean']:9.3f} ± {norm['sd']:5.3f} {(values.mean() - norm['mean']) / norm['sd']:+7.2f}"
        print(line)


if __name__ == "__main__":
    main()
