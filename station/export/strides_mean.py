"""The mean stride of a recording: any angle against the stride's phase."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from station.record.summary import main_strides
from station.stats import FEWEST
from station.types import NAN, Recording

PHASES = 51  # points of the mean curve over a stride


def mean_curve(recording: Recording, name: str) -> NDArray[np.float64]:
    """(2, 51) mean and SD of an angle over the summary's strides; NaN under FEWEST that know it."""
    curves = []
    known = np.isfinite(recording.angles[name])
    t_s, values = recording.t_s[known], recording.angles[name][known]
    for stride in main_strides(recording.strides):
        inside = slice(*np.searchsorted(t_s, (stride["start_s"], stride["start_s"] + stride["duration_s"])))
        # Half of the usual frames must know it, or a straight line would stand in for the curve.
        if len(t_s[inside]) >= 8:
            phase = (t_s[inside] - stride["start_s"]) / stride["duration_s"]
            curves.append(np.interp(np.linspace(0, 1, PHASES), phase, values[inside], period=1.0))
    if len(curves) < FEWEST:
        return np.full((2, PHASES), NAN)
    return np.array([np.mean(curves, axis=0), np.std(curves, axis=0)])
