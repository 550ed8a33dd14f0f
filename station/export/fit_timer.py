"""When a sports watch's timer would have run, and how far the belt went meanwhile: what run.fit is
written from.

The timer runs while strides are measured. It also runs through a stretch in which the runner was
hidden, if the belt surely went on: its speed was given or reported, was the same before and after,
and the stretch was short. Everything else is a pause: standing, walking before or after a run,
nobody in view. Stretches begin and end on whole seconds, because FIT has no finer times; only the
totals know the fraction of a second at the recording's end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from station.record.summary import main_strides
from station.types import NAN, Recording

PAUSE_S = 3.0  # chosen: no stride for so long is a pause; a passer-by hides a runner for less
HIDDEN_S = 30.0  # chosen: who is hidden for longer may have left the belt and come back
SEEN = 0.5  # chosen: who is seen in more than this share of a pause without a stride stood still
SAME_SPEED_MPS = 0.1  # what counts as a change of a given or reported speed (gait.belt_speed)
FILLED_S = 30.0  # chosen: so far from a known speed it is interpolated, farther it is not known

Stretches = list[tuple[int, int]]
Activity = Literal["running", "walking", "none"]


@dataclass(frozen=True, slots=True)
class Timer:
    """Of one recording; seconds count from its first frame.

    stretches: (from, to) in which the timer runs; none where nobody ran or walked for a second.
    rest_s: how much longer the last one lasts than to its whole second.
    seconds (N,): every whole second of each stretch, both ends too. stride (N,): the row of
    `strides` under way then, -1 for none. speed_mps, distance_m (N,): of the belt, NaN where not
    known; the distance is not known when the speed is missing anywhere.
    """

    activity: Activity
    strides: NDArray[np.void]
    stretches: Stretches
    rest_s: float
    seconds: NDArray[np.int64]
    stride: NDArray[np.int64]
    speed_mps: NDArray[np.float64]
    distance_m: NDArray[np.float64]

    @property
    def total_s(self) -> float:
        return sum(end - start for start, end in self.stretches) + self.rest_s

    @property
    def total_m(self) -> float:
        return float(self.distance_m[-1] + self.rest_s * self.speed_mps[-1]) if len(self.distance_m) else NAN

    @property
    def mean_mps(self) -> float:
        """Distance divided by timer time."""
        return self.total_m / self.total_s if self.total_s else NAN


def timer(recording: Recording) -> Timer:
    strides = main_strides(recording.strides)
    stretches, rest_s = _stretches(recording, strides)
    spans = [np.arange(start, end + 1) for start, end in stretches]
    seconds = np.concatenate(spans) if spans else np.zeros(0, np.int64)
    speed_mps = _filled(seconds, _speeds(recording, strides)[_latest(strides, seconds)])
    activity: Activity = "none" if not stretches else "running" if strides["running"][0] == 1 else "walking"
    under_way = _under_way(strides, seconds)
    return Timer(activity, strides, stretches, rest_s, seconds, under_way, speed_mps, _distance(seconds, speed_mps))


def _stretches(recording: Recording, strides: NDArray[np.void]) -> tuple[Stretches, float]:
    if not len(strides):
        return [], 0.0
    last_s = float(recording.t_s[-1]) if len(recording.t_s) else 0.0
    speeds = _speeds(recording, strides)
    starts = strides["start_s"]
    ends = starts + strides["duration_s"]
    found = [[0.0 if starts[0] <= PAUSE_S else float(starts[0]), float(ends[0])]]
    for row in range(1, len(strides)):
        gap = (found[-1][1], float(starts[row]))
        if gap[1] - gap[0] <= PAUSE_S or _belt_went_on(recording, gap, speeds[row - 1 : row + 1]):
            found[-1][1] = max(found[-1][1], float(ends[row]))
        else:
            found.append([float(starts[row]), float(ends[row])])
    if last_s - found[-1][1] <= PAUSE_S:
        found[-1][1] = last_s
    whole = [(round(start), min(round(end), int(last_s))) for start, end in found]
    whole = [(start, end) for start, end in whole if end > start]
    to_the_end = whole and found[-1][1] >= last_s and whole[-1][1] == int(last_s)
    return whole, last_s - int(last_s) if to_the_end else 0.0


def _belt_went_on(recording: Recording, gap: tuple[float, float], speeds: NDArray[np.float64]) -> bool:
    """Whether nobody was seen in the gap (from, to), and the belt surely moved all the same.

    speeds (2,): of the strides before and after it.
    """
    reported = recording.speed.origin in ("given", "ftms")
    if not reported or gap[1] - gap[0] > HIDDEN_S or not abs(speeds[1] - speeds[0]) <= SAME_SPEED_MPS:
        return False
    t_s = recording.t_s
    first, end = t_s.searchsorted(gap).tolist()
    seen = int(np.isfinite(recording.angles["thigh_near_deg"][first:end]).sum())
    return bool(seen * np.median(np.diff(t_s)) <= SEEN * (gap[1] - gap[0]))


def _speeds(recording: Recording, strides: NDArray[np.void]) -> NDArray[np.float64]:
    """(M,) of the belt at each stride; walked strides take what was given or reported."""
    if len(strides) and strides["running"][0] != 1 and recording.speed.origin in ("given", "ftms"):
        return np.full(len(strides), recording.speed.mps)
    speeds: NDArray[np.float64] = strides["speed_mps"]
    return speeds


def _latest(strides: NDArray[np.void], seconds: NDArray[np.int64]) -> NDArray[np.int64]:
    """(N,) the row of the stride that began last, the first one's before it."""
    rows: NDArray[np.int64] = np.maximum(strides["start_s"].searchsorted(seconds, side="right") - 1, 0)
    return rows


def _under_way(strides: NDArray[np.void], seconds: NDArray[np.int64]) -> NDArray[np.int64]:
    """(N,) `_latest`, -1 where that stride, or the next, is farther away than PAUSE_S."""
    rows = _latest(strides, seconds)
    starts = strides["start_s"][rows]
    ends = starts + strides["duration_s"][rows]
    near = (starts - seconds <= PAUSE_S) & (seconds - ends <= PAUSE_S)
    return np.where(near, rows, -1)


def _filled(seconds: NDArray[np.int64], speed_mps: NDArray[np.float64]) -> NDArray[np.float64]:
    known = np.flatnonzero(np.isfinite(speed_mps))
    if not len(known):
        return speed_mps
    at = seconds[known]
    after = np.clip(at.searchsorted(seconds), 0, len(at) - 1)
    before = np.maximum(after - 1, 0)
    away_s = np.minimum(abs(at[after] - seconds), abs(at[before] - seconds))
    return np.where(away_s <= FILLED_S, np.interp(seconds, at, speed_mps[known]), NAN)


def _distance(seconds: NDArray[np.int64], speed_mps: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N,) metres so far: each second's speed holds until the next one; a pause adds nothing."""
    if not len(seconds):
        return speed_mps
    runs = np.diff(seconds, append=seconds[-1]) == 1
    steps = np.where(runs, speed_mps, 0.0)
    return np.cumsum(np.concatenate(([0.0], steps[:-1]))) + (NAN if np.isnan(steps).any() else 0.0)
