"""How the trunk rises and falls in a stride."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from station.gait import history as h
from station.gait.curve import harmonics

# A step in 120 moments, as the second harmonic's phase.
_STEP = np.exp(2j * np.pi * np.arange(120) / 120)


def rise_px(inside: NDArray[np.float64], start_s: float, end_s: float) -> float:
    """From the lowest to the highest trunk in a step, mean of both steps; NaN when too little was
    seen.

    The trunk moves up and down once a step. What both steps have in common are the second and
    fourth harmonics of the stride; a fit of them rests on every sample, where the largest and the
    smallest sample would rest on noise.

    `inside`: history rows of [start, end). The trunk is the middle of hips and shoulders, whose
    errors in a pose model have opposite signs; hips alone where shoulders are not seen.
    """
    trunk = inside[:, h.TRUNK_Y]
    height = trunk if 2 * np.count_nonzero(np.isfinite(trunk)) >= len(trunk) else inside[:, h.HIP_Y]
    _, second, fourth = harmonics(inside[:, h.T_S], height, start_s, end_s, (1, 2, 4))
    return float(np.ptp((second * _STEP + fourth * _STEP**2).real))
