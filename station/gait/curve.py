"""Local fits on uneven, gappy curves: where a hill's top is and how high, unsmoothed."""

from __future__ import annotations

from itertools import pairwise
from math import isfinite, isnan, nan

import numpy as np
from numpy.typing import NDArray

Top = tuple[float, float]  # (t_s, value); NaN, NaN when there is none
NO_TOP: Top = (nan, nan)
FEWEST_OF_A_HILL = 4  # one more than fix it


def top(t_s: NDArray[np.float64], y: NDArray[np.float64], start_s: float, end_s: float, half_s: float) -> Top:
    """Highest point of y inside (start, end): vertex of the parabola fitted to the samples within
    `half_s` of the largest one.

    A largest sample at the edge of the span is no hill, nor is one with samples on one side only:
    NaN.
    """
    first, last = t_s.searchsorted((start_s, end_s)).tolist()
    inside = y[first:last].tolist()
    highest = max([value for value in inside if not isnan(value)], default=nan)
    if isnan(highest) or highest in (inside[0], inside[-1]):
        return NO_TOP
    centre_s = float(t_s[first + inside.index(highest)])
    for _ in range(2):
        a, b, c = _parabola(_near(t_s, y, centre_s, half_s))
        if not a < 0.0:
            return NO_TOP
        shift = -b / (2.0 * a)
        if abs(shift) <= 0.4 * half_s:
            return centre_s + shift, c + shift * (b + a * shift)
        # Noise made a sample on the slope the largest: fit once more, nearer to the vertex.
        centre_s += min(max(shift, -half_s), half_s)
    return (centre_s, c + shift * (b + a * shift)) if abs(shift) <= half_s else NO_TOP


def bottom(t_s: NDArray[np.float64], y: NDArray[np.float64], start_s: float, end_s: float, half_s: float) -> Top:
    """Lowest point, likewise."""
    t, value = top(t_s, -y, start_s, end_s, half_s)
    return t, -value


def hill(t_s: NDArray[np.float64], y: NDArray[np.float64], start_s: float, end_s: float) -> float:
    """Height of the one hill that y is within (start, end): the vertex of the parabola fitted to
    all its samples, which no single one of them can lift; NaN where that is no hill, or its top
    does not lie between samples.
    """
    seen = _seen(t_s, y, start_s, end_s, 0.5 * (start_s + end_s))
    if len(seen) < FEWEST_OF_A_HILL:
        return nan
    a, b, c = _parabola(seen)
    shift = -b / (2.0 * a) if a < 0.0 else nan
    return c + 0.5 * shift * b if seen[0][0] < shift < seen[-1][0] else nan


def falls_through(
    t_s: NDArray[np.float64], y: NDArray[np.float64], level: float, start_s: float, end_s: float, half_s: float, last: bool = True
) -> float:
    """Time at which y last (else first) comes down through `level` inside (start, end): a straight
    line through the samples within `half_s` of the crossing, or between the two samples round it
    where there are no more; NaN when it does not."""
    seen = _seen(t_s, y, start_s, end_s, 0.0)
    falls = [(a, b) for a, b in pairwise(seen) if a[1] > level >= b[1]]
    if not falls:
        return nan
    (a_s, a), (b_s, b) = falls[-1 if last else 0]
    if b_s - a_s > 4.0 * half_s:
        return nan
    rough_s = a_s + (a - level) / (a - b) * (b_s - a_s)
    near = [(t - rough_s, v - level) for t, v in seen if abs(t - rough_s) <= half_s]
    if len(near) < 3:
        return rough_s
    t_mean, v_mean = (sum(values) / len(near) for values in zip(*near, strict=True))
    slope = sum((t - t_mean) * (v - v_mean) for t, v in near) / sum((t - t_mean) ** 2 for t, _ in near)
    shift = t_mean - v_mean / slope if slope < 0.0 else nan
    return rough_s + shift if abs(shift) <= half_s else rough_s


def median_between(t_s: NDArray[np.float64], y: NDArray[np.float64], start_s: float, end_s: float) -> float:
    """Median of the samples in [start, end) that were measured; NaN without any."""
    values = sorted(value for _, value in _seen(t_s, y, start_s, end_s, 0.0))
    n = len(values)
    return 0.5 * (values[(n - 1) // 2] + values[n // 2]) if n else nan


def frame_s(t_s: NDArray[np.float64]) -> float:
    """The usual time between samples; NaN for fewer than two."""
    gaps = sorted((t_s[1:] - t_s[:-1]).tolist())
    return gaps[len(gaps) // 2] if gaps else nan


def value_at(t_s: NDArray[np.float64], y: NDArray[np.float64], when_s: float, half_s: float) -> float:
    """y at a time, from a parabola within `half_s`; NaN without samples on both sides."""
    if not isfinite(when_s):
        return nan
    return _parabola(_near(t_s, y, when_s, half_s))[2]


def harmonics(
    t_s: NDArray[np.float64], y: NDArray[np.float64], start_s: float, end_s: float, orders: tuple[int, ...]
) -> NDArray[np.complex128]:
    """Complex amplitudes of y (NaN = missing) over the cycle [start, end), one per order, by least
    squares with a constant.

    Order k holds Re(P e^(j k phi)), phi from 0 at the start. NaN when the samples leave too large a
    hole for the first order.
    """
    seen = np.isfinite(y)
    phase = (t_s[seen] - start_s) * (2.0 * np.pi / (end_s - start_s))
    if len(phase) < max(8, 2 * len(orders) + 3) or len(phase) < 0.5 * len(y):
        return np.full(len(orders), complex(nan, nan))
    if max(float((phase[1:] - phase[:-1]).max()), phase[0] + 2.0 * np.pi - phase[-1]) > 2.2:
        return np.full(len(orders), complex(nan, nan))
    waves = [wave(k * phase) for k in orders for wave in (np.cos, np.sin)]
    design = np.array([np.ones_like(phase), *waves])
    c = np.linalg.solve(design @ design.T, design @ y[seen])
    return np.asarray(c[1::2] - 1j * c[2::2])


def _seen(
    t_s: NDArray[np.float64], y: NDArray[np.float64], start_s: float, end_s: float, from_s: float
) -> list[tuple[float, float]]:
    """(t - from, y) of the samples in [start, end) that were measured."""
    first, last = t_s.searchsorted((start_s, end_s)).tolist()
    return [(t - from_s, v) for t, v in zip(t_s[first:last].tolist(), y[first:last].tolist(), strict=True) if not isnan(v)]


def _near(t_s: NDArray[np.float64], y: NDArray[np.float64], when_s: float, half_s: float) -> list[tuple[float, float]]:
    """(t - when, y) of the samples within half_s, one on each side within 2.2 half_s at least."""
    found = _seen(t_s, y, when_s - half_s, when_s + half_s, when_s)
    if len(found) >= 3 and found[0][0] < 0.0 < found[-1][0]:
        return found
    wide = _seen(t_s, y, when_s - 2.2 * half_s, when_s + 2.2 * half_s, when_s)
    wide.sort(key=lambda p: abs(p[0]))
    wide = sorted(wide[:4])
    return wide if len(wide) >= 3 and wide[0][0] < 0.0 < wide[-1][0] else []


def _parabola(points: list[tuple[float, float]]) -> tuple[float, float, float]:
    """Least-squares a, b, c of y = a t^2 + b t + c; all NaN when the points do not fix it."""
    if len(points) < 3:
        return nan, nan, nan
    n = float(len(points))
    mean = sum(t for t, _ in points) / n
    s2 = s3 = s4 = y0 = y1 = y2 = 0.0
    for t, y in points:
        t -= mean
        q = t * t
        s2, s3, s4 = s2 + q, s3 + q * t, s4 + q * q
        y0, y1, y2 = y0 + y, y1 + t * y, y2 + q * y
    det = n * (s2 * s4 - s3 * s3) - s2 * s2 * s2
    if det <= 1e-12 * max(n * s2 * s4, 1e-300):
        return nan, nan, nan
    a = (n * (s2 * y2 - s3 * y1) - s2 * s2 * y0) / det
    b = (y1 - a * s3) / s2
    c = (y0 - a * s2) / n
    return a, b - 2.0 * a * mean, c - b * mean + a * mean * mean  # back to times from `when`
