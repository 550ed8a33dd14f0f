"""The stride clock: forward peaks of the near thigh.

A peak counts once the thigh has come back from it by a good part of its recent swing, so noise makes no strides and one
stray sample none either. The peak's time is the vertex of a parabola through the samples around it.
"""

from __future__ import annotations

from math import isfinite, nan

from station.gait.curve import NO_TOP, top
from station.gait.history import T_S, THIGH_NEAR, History

SHORTEST_S, LONGEST_S = 0.42, 1.7  # a stride; 285 .. 70 steps a minute
FIRST_SWING_DEG = 14.0  # swing that starts the clock; afterwards a share of the runner's own
SHARE = 0.4
LOST_S = 2.0  # no peak for so long: the runner stopped, the clock starts afresh
HALF = 0.09  # half-width of the fit round a peak, as a share of the stride


class StrideClock:
    """`step` per pose; gives the start and end of a stride when one closes."""

    def __init__(self, history: History) -> None:
        self._history = history
        self.reset()

    def reset(self) -> None:
        self._high, self._high_s = -1e9, nan
        self._low = 1e9
        self._falling = False  # waiting for the trough that follows a peak
        self._swing_deg = nan
        self._last_peak_s = nan
        self._stride_s = nan
        self._doubtful = 0

    def phase(self, t_s: float) -> float:
        """0..1 since the last forward peak, from the last stride's duration; NaN when the clock does not run."""
        passed = (t_s - self._last_peak_s) / self._stride_s
        return passed % 1.0 if passed < 2.0 else nan

    def step(self, t_s: float, thigh_deg: float) -> tuple[float, float] | None:
        """Takes the near thigh (NaN: not measured); (start_s, end_s) of the stride that this sample closed, else None."""
        if self._last_peak_s == self._last_peak_s and t_s - self._last_peak_s > LOST_S:
            self.reset()
        if thigh_deg != thigh_deg:
            return None
        need = SHARE * self._swing_deg if isfinite(self._swing_deg) else FIRST_SWING_DEG
        if self._falling:
            self._low = min(self._low, thigh_deg)
            if thigh_deg > self._low + need:
                self._falling, self._high, self._high_s = False, thigh_deg, t_s
            return None
        if thigh_deg > self._high:
            self._high, self._high_s = thigh_deg, t_s
        elif thigh_deg < self._high - need:
            if self._low < 1e8:
                self._swing_deg = max(FIRST_SWING_DEG, self._high - self._low)
            self._falling, self._low = True, thigh_deg
            return self._close(t_s)
        return None

    def _close(self, t_s: float) -> tuple[float, float] | None:
        half_s = HALF * (self._stride_s if isfinite(self._stride_s) else 0.7)
        rows = self._history.between(self._high_s - 4.0 * half_s, t_s + 1e-9)
        peak_s, _ = top(rows[:, T_S], rows[:, THIGH_NEAR], self._high_s - 3.0 * half_s, t_s + 1e-9, half_s)
        if (peak_s, peak_s) == NO_TOP or peak_s != peak_s:
            peak_s = self._high_s
        start_s, self._last_peak_s = self._last_peak_s, peak_s
        duration_s = peak_s - start_s
        if not SHORTEST_S <= duration_s <= LONGEST_S:
            return None
        if isfinite(self._stride_s) and self._doubtful < 2 and not 0.7 < duration_s / self._stride_s < 1.45:
            self._doubtful += 1  # a peak was missed or one too many was seen; if it keeps coming, it is the truth
            return None
        self._stride_s = duration_s if self._doubtful or not isfinite(self._stride_s) else 0.5 * (self._stride_s + duration_s)
        self._doubtful = 0
        return start_s, peak_s
