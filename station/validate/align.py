"""Two recordings of the same run, each with its own clock: by how many seconds they differ.

Running repeats itself every stride, so nearly the same frame comes back at every offset of a whole
stride. The offset counts as found only when the best one fits better than the next best by more
than chance, stretch by stretch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from station.types import NAN

Array = NDArray[np.float64]

GRID_HZ = 100.0  # chosen: finer than any camera's rate
LONGEST_GAP_S = 0.12  # across a longer silence nothing is interpolated
LEAST_S = 10.0  # of both at once: some fourteen strides
LEAST_R = 0.8  # below that they are not the same movement, whatever the offset
STRETCH_S = 0.75  # about a stride: what is compared as one
APART_S = 0.3  # nearer offsets are the same peak
EXACT = 1e-6  # of the variance: a misfit below that is none
CLEAR = 3.0  # standard errors; in 900 simulated recordings the 83 wrong offsets came to 2.2 at most


@dataclass(frozen=True, slots=True)
class Offset:
    """`offset_s`: add it to the reference's time to get the station's. `clear`: whether it can be
    relied on, else `reason`.

    `r`: correlation at that offset; `next_r`, `next_s`: the best other one (NaN when there is
    none).
    """

    offset_s: float
    r: float
    next_s: float
    next_r: float
    clear: bool
    reason: str = ""


def sampled(t_s: Array, values: Array, at_s: Array) -> Array:
    """(K,) interpolated at those times; NaN outside, and across gaps over LONGEST_GAP_S."""
    known = np.isfinite(values) & np.isfinite(t_s)
    t_s, values = t_s[known], values[known]
    if len(t_s) < 2:
        return np.full(len(at_s), NAN)
    after = np.clip(np.searchsorted(t_s, at_s), 1, len(t_s) - 1)
    gap = t_s[after] - t_s[after - 1]
    here = np.interp(at_s, t_s, values)
    here[(gap > LONGEST_GAP_S) | (at_s < t_s[0]) | (at_s > t_s[-1])] = NAN
    return here


def find_offset(station_t_s: Array, station: Array, reference_t_s: Array, reference: Array) -> Offset:
    """Offset between two series of the same quantity, times increasing, NaN = unknown."""
    a, a0 = _on_grid(station_t_s, station)
    b, b0 = _on_grid(reference_t_s, reference)
    if min(np.isfinite(a).sum(), np.isfinite(b).sum()) < LEAST_S * GRID_HZ:
        return Offset(NAN, NAN, NAN, NAN, False, f"one of the two holds less than {LEAST_S:g} s")
    r, lags = _correlations(a, b)
    peaks = _peaks(r)
    if not len(peaks):
        return Offset(NAN, NAN, NAN, NAN, False, "they have nothing in common")
    best = peaks[np.argmax(r[peaks])]
    others = peaks[np.abs(lags[peaks] - lags[best]) > APART_S * GRID_HZ]
    offset_s = float((lags[best] + _summit(r, best)) / GRID_HZ + a0 - b0)
    if r[best] < LEAST_R:
        return Offset(offset_s, float(r[best]), NAN, NAN, False, f"they correlate by {r[best]:.2f} at best")
    if not len(others):
        return Offset(offset_s, float(r[best]), NAN, NAN, True)
    second = others[np.argmax(r[others])]
    next_s = float(lags[second] / GRID_HZ + a0 - b0)
    clear = _better(a, b, int(lags[best]), int(lags[second])) > CLEAR
    reason = "" if clear else f"{next_s:+.2f} s fits nearly as well as {offset_s:+.2f} s"
    return Offset(offset_s, float(r[best]), next_s, float(r[second]), clear, reason)


def _on_grid(t_s: Array, values: Array) -> tuple[Array, float]:
    known = t_s[np.isfinite(t_s)]
    if not len(known):
        return np.zeros(0), 0.0
    grid = np.arange(math.ceil((known[-1] - known[0]) * GRID_HZ) + 1) / GRID_HZ + known[0]
    return sampled(t_s, values, grid), float(known[0])


def _correlations(a: Array, b: Array) -> tuple[Array, NDArray[np.int64]]:
    """Pearson's r for every shift of b by `lags` samples; NaN for an overlap under LEAST_S."""
    size = len(a) + len(b)

    def summed(x: Array, y: Array) -> Array:
        """Sum over t of x[t] y[t - lag]."""
        product: Array = np.fft.irfft(np.fft.rfft(x, size) * np.fft.rfft(y, size).conj(), size)
        return np.roll(product, len(b) - 1)[: len(a) + len(b) - 1]

    known_a, known_b = np.isfinite(a).astype(float), np.isfinite(b).astype(float)
    x, y = np.nan_to_num(a - np.nanmean(a)), np.nan_to_num(b - np.nanmean(b))
    n = summed(known_a, known_b)
    with np.errstate(invalid="ignore", divide="ignore"):
        sx, sy = summed(x, known_b), summed(known_a, y)
        covariance = summed(x, y) - sx * sy / n
        power = (summed(x * x, known_b) - sx**2 / n) * (summed(known_a, y * y) - sy**2 / n)
        r = covariance / np.sqrt(power)
    r[(n < LEAST_S * GRID_HZ) | ~(power > 1e-6)] = NAN
    return r, np.arange(len(r)) - (len(b) - 1)


def _peaks(r: Array) -> NDArray[np.int64]:
    filled = np.where(np.isfinite(r), r, -2.0)
    inside = filled[1:-1]
    return np.flatnonzero((inside >= filled[:-2]) & (inside > filled[2:]) & (inside > 0)) + 1


def _summit(r: Array, at: int) -> float:
    """Where between the samples the peak lies: top of the parabola through three points."""
    left, middle, right = r[at - 1], r[at], r[at + 1]
    bend = left - 2 * middle + right
    shift = 0.5 * (left - right) / bend if bend < 0 else 0.0
    return float(shift) if abs(shift) <= 1 else 0.0


def _better(a: Array, b: Array, best: int, other: int) -> float:
    """By how many standard errors the misfit at `other` exceeds that at `best`, in logarithms,
    stretch by stretch where both can be judged.
    """
    # Both offsets are judged by the same stretch of one series beside two of the other; which one,
    # whatever gives more.
    misfits = max(_misfits(a, b, other, best), _misfits(b, a, -other, -best), key=lambda both: both.shape[1])
    size = round(STRETCH_S * GRID_HZ)
    count = misfits.shape[1] // size
    if count < 3:
        return 0.0
    stretches = misfits[:, : count * size].reshape(2, count, size).mean(axis=2)
    ratios = np.diff(np.log(stretches + EXACT * float(np.nanvar(a))), axis=0)[0]
    error = float(ratios.std(ddof=1)) / math.sqrt(count)
    mean = -float(ratios.mean())
    return mean / error if error > 0 else math.copysign(math.inf, mean)


def _misfits(a: Array, b: Array, *lags: int) -> Array:
    """(2, K) squared differences at two lags, means removed, at times of a known for both."""
    times = np.arange(len(a))
    there = [times - lag for lag in lags]
    inside = (np.minimum(*there) >= 0) & (np.maximum(*there) < len(b))
    off = np.array([a[inside] - b[at[inside]] for at in there])
    off = off[:, np.isfinite(off).all(axis=0)]
    return (off - off.mean(axis=1, keepdims=True)) ** 2 if off.size else off
