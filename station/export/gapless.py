"""OpenSim wants a constant rate and no holes: the longest whole stretch, resampled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from station.types import Recording

# Bridged by a straight line; guess: a sixth of a stride, shorter than any peak of these angles.
LONGEST_HOLE_S = 0.1
SHORTEST_S = 1.0  # less than a stride or two is of no use to anybody
ROUNDING = 1e-3  # frames: a last frame that misses the grid by less, as floats do, lies on it
NO_STRETCH = f"the near thigh was never seen for {SHORTEST_S:g} s without a hole"


@dataclass(frozen=True, slots=True)
class Gapless:
    """`t_s` (n,) at a constant rate; `rows` are the recording's frames that lie within."""

    t_s: NDArray[np.float64]
    rate_hz: float
    rows: slice
    source_t_s: NDArray[np.float64]

    def resample(self, values: NDArray[np.float64]) -> NDArray[np.float64] | None:
        """A series of the recording (N,) on `t_s` (n,); None when it has a hole there."""
        part = values[self.rows].astype(float)
        known = np.isfinite(part)
        if not known.any():
            return None
        times = self.source_t_s[known]
        edges = np.concatenate(([self.t_s[0]], times, [self.t_s[-1]]))
        if np.diff(edges).max() > LONGEST_HOLE_S:
            return None
        return np.interp(self.t_s, times, part[known])


def longest(recording: Recording) -> Gapless | None:
    """The longest stretch with the near thigh seen; None when none lasts SHORTEST_S."""
    known = np.flatnonzero(np.isfinite(recording.angles["thigh_near_deg"]))
    if len(known) < 2:
        return None
    t_s = recording.t_s[known]
    breaks = np.flatnonzero(np.diff(t_s) > LONGEST_HOLE_S) + 1
    ends = [(int(part[0]), int(part[-1])) for part in np.split(known, breaks)]
    first, last = max(ends, key=lambda pair: float(recording.t_s[pair[1]] - recording.t_s[pair[0]]))
    duration_s = float(recording.t_s[last] - recording.t_s[first])
    if duration_s < SHORTEST_S:
        return None
    rows = slice(first, last + 1)
    source_t_s = recording.t_s[rows]
    rate_hz = float(round(1 / np.median(np.diff(source_t_s))))
    grid = source_t_s[0] + np.arange(int(duration_s * rate_hz + ROUNDING) + 1) / rate_hz
    return Gapless(grid, rate_hz, rows, source_t_s)
