"""ROC of thigh-only drive per speed: python -m tests.lab.accuracy.thigh_only     seconds

Runners drawn from the norms of 26 (extension and forward peak with the covariance that the
excursion's SD implies), faults made by scaling both, seen through the error table of the shipped
pose model and as by markers. The table shows, for a threshold in standard deviations below the
mean, how many healthy runners and how many of each fault are on. "at best": by the weighted sum of
extension and forward peak that tells each fault from the healthy best (Fisher's), on for 1 % of
them: no rule with these two measures and that false alarm can do better.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from station.faults import norms
from station.model_errors import KnownErrors
from station.pose.store import models_dir, read_card, read_errors

FAULTS = {
    "healthy": (1.0, 1.0),
    "thigh, mild": (0.78, 1.22),
    "thigh, strong": (0.6, 1.45),
    "short, mild": (0.72, 1.0),
    "short, strong": (0.5, 1.0),
}
SDS = (2.0, 2.25, 2.5, 2.75, 3.0)
DRAWS = 20_000


def drawn(speed_mps: float, fault: tuple[float, float], tle_spread: float, forward_spread: float) -> NDArray[np.float64]:
    """(DRAWS, 2) extension and forward peak as seen."""
    rng = np.random.default_rng(1)
    behind, front, swing = (norms.at(f"{n}_near_deg", speed_mps) for n in ("tle", "thigh_forward", "thigh_excursion"))
    both = (swing.sd**2 - behind.sd**2 - front.sd**2) / 2
    covariance = [[behind.sd**2, both], [both, front.sd**2]]
    true = rng.multivariate_normal([behind.mean, front.mean], covariance, DRAWS) * fault
    return true + rng.normal(0, 1, (DRAWS, 2)) * (tle_spread, forward_spread)


def on(speed_mps: float, fault: tuple[float, float], sds: float, tle_spread: float, forward_spread: float, share: float) -> float:
    """Share of the runners that are on."""
    tle, forward = drawn(speed_mps, fault, tle_spread, forward_spread).T
    low = [norms.seen("tle_share_near", speed_mps, share), norms.seen("tle_near_deg", speed_mps, tle_spread)]
    limits = [norm.mean - sds * norm.sd for norm in low]
    return float(((tle / (tle + forward) < limits[0]) | (tle < limits[1])).mean())


def at_best(speed_mps: float, fault: tuple[float, float], tle_spread: float, forward_spread: float) -> float:
    """Share of the runners with that fault that are on where 1 % of the healthy are."""
    healthy, faulty = (drawn(speed_mps, f, tle_spread, forward_spread) for f in (FAULTS["healthy"], fault))
    within = np.cov(healthy.T) + np.cov(faulty.T)
    weights = np.linalg.solve(within, faulty.mean(axis=0) - healthy.mean(axis=0))
    return float((faulty @ weights > np.quantile(healthy @ weights, 0.99)).mean())


def main() -> None:
    names = ("tle_near_deg", "thigh_forward_near_deg", "tle_share_near")
    seen_by = {"markers": (0.0, 0.0, 0.0)}
    for model in ("pose_landmark_full", "pose_runner"):
        rows = KnownErrors(read_errors(read_card(models_dir() / f"{model}.md")), 30.0, 0.0).rows
        seen_by[model] = tuple(rows[n].spread if n in rows else 0.0 for n in names)  # type: ignore[assignment]
    print("| seen by | m/s | SDs | " + " | ".join(FAULTS) + " |\n" + "|---" * (3 + len(FAULTS)) + "|")
    for eye, spreads in seen_by.items():
        for speed_mps in norms.SPEEDS_MPS:
            for sds in SDS:
                cells = [f"{100 * on(speed_mps, fault, sds, *spreads):.1f} %" for fault in FAULTS.values()]
                print(f"| {eye} | {speed_mps} | {sds} | " + " | ".join(cells) + " |")
            best = [f"{100 * at_best(speed_mps, fault, *spreads[:2]):.1f} %" for fault in list(FAULTS.values())[1:]]
            print(f"| {eye} | {speed_mps} | at best | 1.0 % | " + " | ".join(best) + " |")


if __name__ == "__main__":
    main()
