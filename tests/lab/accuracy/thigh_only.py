"""ROC of thigh-only drive per speed: python -m tests.lab.accuracy.thigh_only     seconds

Runners drawn from the norms of 26 (extension and forward peak with the covariance that the excursion's SD implies), faults made
by scaling both, seen through the error table of the shipped pose model and as by markers. The table shows, for a threshold in
standard deviations below the mean, how many healthy runners and how many of each fault are on.
"""

from __future__ import annotations

import numpy as np

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


def on(speed_mps: float, fault: tuple[float, float], sds: float, tle_spread: float, forward_spread: float, share: float) -> float:
    """Share of the runners that are on."""
    rng = np.random.default_rng(1)
    behind, front, swing = (norms.at(f"{n}_near_deg", speed_mps) for n in ("tle", "thigh_forward", "thigh_excursion"))
    both = (swing.sd**2 - behind.sd**2 - front.sd**2) / 2
    covariance = [[behind.sd**2, both], [both, front.sd**2]]
    tle, forward = (rng.multivariate_normal([behind.mean, front.mean], covariance, DRAWS) * fault).T
    tle = tle + rng.normal(0, tle_spread, DRAWS)
    forward = forward + rng.normal(0, forward_spread, DRAWS)
    low = [norms.seen("tle_share_near", speed_mps, share), norms.seen("tle_near_deg", speed_mps, tle_spread)]
    limits = [norm.mean - sds * norm.sd for norm in low]
    return float(((tle / (tle + forward) < limits[0]) | (tle < limits[1])).mean())


def main() -> None:
    rows = KnownErrors(read_errors(read_card(models_dir() / "pose_landmark_full.md")), 30.0, 0.0).rows
    names = ("tle_near_deg", "thigh_forward_near_deg", "tle_share_near")
    seen_by = {"markers": (0.0, 0.0, 0.0), "pose_landmark_full": tuple(rows[n].spread if n in rows else 0.0 for n in names)}
    print("| seen by | m/s | SDs | " + " | ".join(FAULTS) + " |\n" + "|---" * (3 + len(FAULTS)) + "|")
    for eye, spreads in seen_by.items():
        for speed_mps in norms.SPEEDS_MPS:
            for sds in SDS:
                cells = [f"{100 * on(speed_mps, fault, sds, *spreads):.1f} %" for fault in FAULTS.values()]
                print(f"| {eye} | {speed_mps} | {sds} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
