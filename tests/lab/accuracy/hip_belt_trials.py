"""A hundred made runs, locked and typical: other bodies, strides, cameras and landmark errors in
each.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.lab.accuracy.hip_belt_cases import Case
from tests.lab.accuracy.hip_belt_scores import LOCKED_DEG, TYPICAL_DEG, Reported, generated
from tests.lab.render.curves import runners
from tests.lab.render.hip_belt import outlined

TRIALS = """
Each of the 100 made runs has its own body (one of five, never m_avg), recorded runner, camera between 0 and 50 degrees to the
rear, amplitude (0..1 or 3.5..10 degrees) and errors; half of them had no slow turn before. Nothing is drawn: tags are where
they are, hidden by the arms and read as often as in pictures, with the corner errors that the finder made in pictures at the
same phase of the stride (`hip_belt_errors.npz`).
"""
BODIES = tuple(name for name in sorted(outlined()) if name != "m_avg")
MOST_AZIMUTH_DEG, MOST_DEG = 50.0, 10.0


def trials(count: int = 100, seed: int = 5, **shorter: float) -> Iterator[Reported]:
    """Locked and typical by turns. `shorter`: fields of Case."""
    rng = np.random.default_rng(seed)
    for k in range(count):
        low, high = ((0.0, LOCKED_DEG), (TYPICAL_DEG, MOST_DEG))[k % 2]
        case = Case(
            "made", str(rng.choice(BODIES)), float(rng.uniform(low, high)), float(rng.uniform(0.0, MOST_AZIMUTH_DEG)),
            slow_turn=k % 4 < 2, seed=int(rng.integers(1, 10_000)), runner=str(rng.choice(runners())), **shorter,
        )
        yield generated(case, seed=k)
