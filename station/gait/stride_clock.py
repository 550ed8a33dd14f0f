"""The stride clock: forward peaks of the near thigh, timed by its passage through the middle.

A stride opens at the forward peak. But the peak is flat, in slow running even double, so noise
moves it about; the moment at which the thigh swings back through the middle of its range is sharp.
So the stride's duration is taken between such passages and only its start from the peak. A passage
counts once the thigh has come down by a good part of its recent swing: noise makes no strides, and
one stray sample none either.
"""

from __future__ import annotations

from math import inf, isfinite, nan

from station.gait.curve import falls_through, top
from station.gait.history import T_S, THIGH_NEAR, History
from station.types import NEVER

SHORTEST_S, LONGEST_S = 0.5, 1.7  # a stride; 240 .. 70 steps a minute
FIRST_SWING_DEG = 14.0  # fall that starts the clock; afterwards a share of the runner's own swing
SHARE = 0.6  # of the swing: past the middle
LOST_S = 2.0  # no passage for so long: the runner stopped, the clock starts afresh
HALF = 0.09  # half-width of the fit round a peak, as a share of the stride
CROSSING_HALF_S = 0.035  # of the line fitted round the passage, as in events.py
FIRST_STRIDE_S = 0.7  # until one is known: 170 steps a minute
# A thigh moves on by no more than this from one sample to the next: what goes farther is the other
# leg, for a frame or three. Runners of the norms swing it at up to 500 deg/s for a moment; the rest
# is noise.
JUMP_DEG, FASTEST_DEG_S = 12.0, 450.0


class StrideClock:
    """`follows` and `step` per pose, the history in between; `step` says when a stride closes."""

    def __init__(self, history: History) -> None:
        self._history = history
        self.reset()

    def reset(self) -> None:
        self._last_deg, self._last_s = 0.0, NEVER
        self._high, self._high_s = -inf, nan
        self._low = inf
        self._falling = False  # waiting for the trough that follows a peak
        self._rose = False  # the thigh was seen to rise to its first peak
        self._swing_deg = self._middle_deg = nan
        self.peak_s = self._passage_s = nan  # the last forward peak, and the passage after it
        self._fall_s = nan  # from peak to passage, for a peak that was not seen
        self._stride_s = nan
        self._doubtful = 0
        self._learnt = 0

    def phase(self, t_s: float) -> float:
        """0..1 since the last forward peak; NaN when the clock does not run."""
        passed = (t_s - self.peak_s) / self._stride_s
        return passed % 1.0 if passed < 2.0 else nan

    def follows(self, t_s: float, thigh_deg: float) -> bool:
        """Whether the near thigh can be there, from where it was seen last; False for NaN."""
        return abs(thigh_deg - self._last_deg) <= JUMP_DEG + FASTEST_DEG_S * (t_s - self._last_s)

    def step(self, t_s: float, thigh_deg: float) -> tuple[float, float] | None:
        """Takes the near thigh (NaN: not measured); (start_s, end_s) of a stride it closed."""
        if isfinite(self._passage_s) and t_s - self._passage_s > LOST_S:
            self.reset()
        if not self.follows(t_s, thigh_deg):
            return None
        self._last_deg, self._last_s = thigh_deg, t_s
        need = SHARE * self._swing_deg if isfinite(self._swing_deg) else FIRST_SWING_DEG
        if self._falling:
            self._low = min(self._low, thigh_deg)
            if thigh_deg > self._low + need:
                self._falling, self._rose = False, True
                self._learn()
                # The first fall could not be timed before its middle was known.
                if not isfinite(self._passage_s):
                    self._passage_s = self._passage(t_s)
                self._high, self._high_s = thigh_deg, t_s
            return None
        if not self._rose:
            self._low = min(self._low, thigh_deg)
            self._rose = thigh_deg > self._low + need
        if thigh_deg > self._high:
            self._high, self._high_s = thigh_deg, t_s
        elif thigh_deg < self._high - need and not thigh_deg >= self._middle_deg:
            self._falling, self._low = True, thigh_deg
            return self._close(t_s)
        return None

    def _learn(self) -> None:
        """Middle and size of the swing, from a peak and the trough after it; slowly, since both are
        single samples, but at once where the first ones were halves of a swing or the runner has
        just set off."""
        swing, middle = max(FIRST_SWING_DEG, self._high - self._low), 0.5 * (self._high + self._low)
        alike = 0.8 < swing / self._swing_deg < 1.25 and abs(middle - self._middle_deg) < 0.12 * swing
        self._learnt = self._learnt + 1 if alike else 1
        weight = max(0.25, 1.0 / self._learnt)
        self._swing_deg = swing if weight == 1.0 else self._swing_deg + weight * (swing - self._swing_deg)
        self._middle_deg = middle if weight == 1.0 else self._middle_deg + weight * (middle - self._middle_deg)

    def _passage(self, t_s: float) -> float:
        """When the thigh fell through its middle, between the last largest sample and now."""
        rows = self._history.between(self._high_s, t_s + 1e-9)
        return falls_through(rows[:, T_S], rows[:, THIGH_NEAR], self._middle_deg, self._high_s, t_s + 1e-9, CROSSING_HALF_S)

    def _close(self, t_s: float) -> tuple[float, float] | None:
        usual_s = self._stride_s if isfinite(self._stride_s) else FIRST_STRIDE_S
        rows = self._history.between(self._high_s - 0.5 * usual_s, t_s + 1e-9)
        times, thigh = rows[:, T_S], rows[:, THIGH_NEAR]
        passage_s = self._passage(t_s)
        peak_s, _ = top(times, thigh, self._high_s - 3.0 * HALF * usual_s, t_s + 1e-9, HALF * usual_s)
        start_s, before_s = self.peak_s, self._passage_s
        if not self._rose:
            peak_s = nan  # the recording began at the top or behind it: its first sample is no peak
        if isfinite(peak_s) and isfinite(passage_s):
            self._fall_s = passage_s - peak_s
        self.peak_s, self._passage_s = peak_s if isfinite(peak_s) else passage_s - self._fall_s, passage_s
        duration_s = passage_s - before_s
        if not SHORTEST_S <= duration_s <= LONGEST_S:
            return None
        if isfinite(self._stride_s) and self._doubtful < 2 and not 0.7 < duration_s / self._stride_s < 1.45:
            # A peak was missed or one too many was seen; if it keeps coming, it is the truth.
            self._doubtful += 1
            return None
        self._stride_s = duration_s if self._doubtful or not isfinite(self._stride_s) else 0.5 * (self._stride_s + duration_s)
        self._doubtful = 0
        return (start_s, start_s + duration_s) if isfinite(start_s) else None
