"""Absent, standing, walking or running.

A step is a swing of the thighs past each other, forwards and backwards alike, that reaches behind
the vertical. Whether it is walked or run is decided by three independent signs, since each alone
fails somewhere: in running the body is highest when the legs are apart (flight), in walking when
they pass each other; running steps are quicker; the swinging knee bends more. Where the far leg is
not seen, whole strides of the near leg stand in for steps.
"""

from __future__ import annotations

from math import isfinite

import numpy as np
from numpy.typing import NDArray

from station.gait import history as h
from station.types import NEVER, Activity

ABSENT_S = 0.5  # chosen
STILL_S = 1.8  # no step for so long: standing
# The thighs have passed each other when they are this far apart on the other side.
PASSED_DEG = 10.0
OPENING_DEG = 25.0  # range of the opening in a step
# 300 to 67 steps a minute: wider than people run or walk.
SHORTEST_STEP_S, LONGEST_STEP_S = 0.2, 0.9
SMALLEST_SWING_DEG = 15.0  # chosen: less than a slow walk's
# Share of a thigh's swing behind the vertical: knee lifts show at most 0.13, where a pose model
# exchanges the legs, and a strong thigh-only drive at least 0.22 (tests/lab/end_to_end).
BEHIND = 0.14
VOTES = 5  # steps that are remembered; two must have been run, and half of them


def rise(rows: NDArray[np.float64]) -> float:
    """Correlation of hip height with the opening of the thighs: + in running, - in walking."""
    opening = np.abs(rows[:, h.THIGH_NEAR] - rows[:, h.THIGH_FAR])
    height = rows[:, h.HIP_Y]
    seen = np.isfinite(opening + height)
    if np.count_nonzero(seen) < max(5.0, 0.6 * len(rows)):
        return float("nan")
    x, y, t = (values - values.mean() for values in (opening[seen], height[seen], rows[seen, h.T_S]))
    y -= t * (t @ y) / (t @ t)
    size = float(x @ x) * float(y @ y)
    return float(x @ y) / size**0.5 if size > 0 else float("nan")


def is_stride(rows: NDArray[np.float64]) -> bool:
    """Whether the near thigh swings, behind the vertical too, and the far one, if seen, with it."""
    near, far = (rows[np.isfinite(rows[:, c]), c] for c in (h.THIGH_NEAR, h.THIGH_FAR))
    if not len(near):
        return False
    swing_deg = float(near.max() - near.min())
    answered = len(far) < 0.5 * len(rows) or float(far.max() - far.min()) >= 0.3 * swing_deg
    return swing_deg >= SMALLEST_SWING_DEG and float(near.min()) <= -BEHIND * swing_deg and answered


def is_run(cadence_spm: float, knee_swing_deg: float, rise_share: float) -> bool:
    """Weighs the three signs; each runs from -1 (walk) to 1 (run). Middles: 142 steps/min, 72 deg;
    both guesses between the fastest usual walk (135, 65) and the slowest run of the norms (150,
    77)."""
    signs = ((cadence_spm - 142.0) / 15.0, (knee_swing_deg - 72.0) / 12.0, 2.5 * rise_share)
    votes = [min(max(s, -1.0), 1.0) * w for s, w in zip(signs, (1.0, 0.7, 1.3), strict=True) if isfinite(s)]
    return sum(votes) > 0.0


def bend(rows: NDArray[np.float64]) -> float:
    """Largest knee flexion of either leg, degrees; NaN when no knee was seen."""
    flexion = rows[:, h.THIGHS] - rows[:, h.SHANKS]
    seen = flexion[np.isfinite(flexion)]
    return float(seen.max()) if len(seen) else float("nan")


def vote(rows: NDArray[np.float64], start_s: float, end_s: float) -> bool | None:
    """True: this step (history rows of it) was run; False: walked; None: it was no step of gait."""
    opening = rows[:, h.THIGH_NEAR] - rows[:, h.THIGH_FAR]
    seen = np.isfinite(opening)
    if np.count_nonzero(seen) < 3:
        return None
    opening, thighs = opening[seen], rows[seen, h.THIGHS]
    if opening.max() - opening.min() < OPENING_DEG or thighs.min() > -BEHIND * (thighs.max() - thighs.min()):
        return None
    return is_run(60.0 / (end_s - start_s), bend(rows), rise(rows))


class Steps:
    """`step` per pose: the span of a step when the thighs have passed each other twice."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._ahead = 0  # which thigh was last clearly in front: 1 near, -1 far
        self._passed_s = float("nan")

    def step(self, t_s: float, near_deg: float, far_deg: float) -> tuple[float, float] | None:
        opening = near_deg - far_deg
        if not abs(opening) >= PASSED_DEG or ((opening > 0) == (self._ahead > 0) and self._ahead):
            return None
        start_s, self._passed_s, first = self._passed_s, t_s, not self._ahead
        self._ahead = 1 if opening > 0 else -1
        if first or not SHORTEST_STEP_S <= t_s - start_s <= LONGEST_STEP_S:
            return None
        return start_s, t_s


class ActivityClock:
    """`see` per pose, `stepped` per step (or stride, if only those are seen), `now` to ask."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._seen_s = NEVER
        self.stepped_s = NEVER
        self._runs: list[bool] = []

    def see(self, t_s: float) -> None:
        self._seen_s = t_s

    def stepped(self, t_s: float, run: bool) -> None:
        if t_s - self.stepped_s > STILL_S:
            self._runs = []
        self.stepped_s = t_s
        self._runs = [*self._runs, run][-VOTES:]

    def now(self, t_s: float) -> Activity:
        if t_s - self._seen_s > ABSENT_S:
            return Activity.ABSENT
        if t_s - self.stepped_s > STILL_S:
            return Activity.STANDING
        runs = sum(self._runs)
        return Activity.RUNNING if runs >= 2 and 2 * runs > len(self._runs) else Activity.WALKING
