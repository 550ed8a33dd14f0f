"""Statistics of a handful of numbers: Student's t, what a series is worth, outliers, cadence.

Pure NumPy. Arrays are in time order; unknown is NaN.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import inf, isnan, nan, sqrt
from statistics import median_high
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from station.types import Measure

Z975 = 1.959964  # 97.5 % point of the normal distribution
# Values for an interval: Student's t makes so few honest by width (4.3 standard errors); with two
# it is 12.7.
FEWEST = 3
OUTLIER_SIGMAS = 5.0  # robust standard deviations off the median: a value that was not one (chosen)
# Of fewer the median distance is no measure: two that happen to agree would expel the third.
OUTLIER_FEWEST = 5
# Share of the spread that is usual below which none is believed: values that happen to agree, or
# fall into two halves, would expel the rest (chosen)
STEADIEST = 0.7
SD_PER_MAD = 1.4826  # of a normal distribution
# Per axis, of a normal distribution in two dimensions: 1 / sqrt(2 ln 2)
SD_PER_MEDIAN_DISTANCE = 0.8493

# Standard deviation between the strides of one runner: root mean square over the four runners that
# constants may be fitted on, at three speeds, from both sides, with landmark errors of 8 mm
# (`python tests/lab/makers/stride_spread.py`).
STRIDE_SD = {
    "duration_s": 0.0087,
    "cadence_spm": 2.13,
    "tle_near_deg": 1.53,
    "thigh_excursion_near_deg": 2.12,
    "thigh_forward_near_deg": 1.70,
    "tle_share_near": 0.020,
    "knee_flexion_stance_near_deg": 2.44,
    "knee_flexion_swing_near_deg": 2.44,
    "retraction_near_pct": 1.04,
    "retraction_near_deg": 1.94,
    "contact_time_ms": 14.5,
    "step_length_m": 0.0147,
    "flight_time_ms": 15.3,
    "duty_factor_pct": 2.09,
    "vertical_oscillation_cm": 0.557,
    "vertical_ratio_pct": 0.478,
    "overstride_near_cm": 2.41,
    "shank_contact_near_deg": 3.18,
}
# Strides that STRIDE_SD counts for beside those seen: a variance that differs from trial to trial
# by so much as theirs do is known as well as from so many strides; 10 for the measures that differ
# most, more for the others (the same command).
STRIDE_SD_WORTH = 10.0

# Half of an interval of cadence: a mean of strides so unlike speaks of none of them (chosen)
VAGUE_SPM = 10.0
UNLIKE = "the strides differ too much: legs exchanged, or the pace changed"


class Spread(NamedTuple):
    """Mean without outliers, half its 95 % interval (Student's t), count; NaN under FEWEST."""

    mean: float
    half: float
    n: int


def student_t975(freedom: float) -> float:
    """97.5 % point of Student's t, for fractional degrees of freedom too; below 1 counts as 1.

    Within 0.3 %, or wider by less than 20 % below 4. From the normal point (Abramowitz & Stegun
    26.7.5); below 4 degrees, where that series is off, a straight line in 1 / freedom between the
    values of whole degrees.
    """
    if freedom < 4.0:
        return float(np.interp(1.0 / max(freedom, 1.0), (1 / 4, 1 / 3, 1 / 2, 1.0), (2.7764, 3.1824, 4.3027, 12.7062)))
    z, v = Z975, freedom
    return (
        z
        + (z**3 + z) / (4 * v)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * v**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * v**3)
    )


def inflation(series: NDArray[np.float64]) -> float:
    """How many values in a row are worth one: at least 1, at most so that 2 remain.

    Values that follow one another resemble each other: n is divided by 1 + 2 (r1 + r2 + ...), the
    autocorrelations up to the first that is not positive (Bayley & Hammersley 1946; truncation as
    in Geyer 1992). `series` (n,) finite.
    """
    n = len(series)
    if n < 4:
        return 1.0
    centred = series - series.mean()
    power = float(centred @ centred)
    if power <= 0.0:
        return 1.0
    spectrum = np.fft.rfft(centred, 2 * n)
    r = np.fft.irfft(spectrum * spectrum.conj(), 2 * n)[1 : n // 2] / power
    ends = np.flatnonzero(r <= 0.0)
    return float(min(1.0 + 2.0 * r[: ends[0] if len(ends) else len(r)].sum(), n / 2))


def middle(values: Iterable[float]) -> float:
    """Median of those known, of an even number the upper one; NaN without any."""
    known = [value for value in values if not isnan(value)]
    return median_high(known) if known else nan


def usual(
    values: NDArray[np.float64] | NDArray[np.complex128], sigmas: float = OUTLIER_SIGMAS, usual_sd: float = nan
) -> NDArray[np.bool_]:
    """(n,) whether each value is within `sigmas` robust SDs of the median; all where unknown.

    The spread is the median distance from the median, as a normal distribution has it, but at least
    STEADIEST of `usual_sd`: of steady strides seen half a frame early and half a frame late in
    turn, neither half is an outlier. Complex values have the medians of their parts. `values` (n,)
    finite.
    """
    if len(values) < OUTLIER_FEWEST:
        return np.ones(len(values), dtype=bool)
    if np.iscomplexobj(values):
        off = np.abs(values - complex(np.median(values.real), np.median(values.imag)))
        sd = SD_PER_MEDIAN_DISTANCE * float(np.median(off))
    else:
        off = np.abs(values - np.median(values))
        sd = SD_PER_MAD * float(np.median(off))
    sd = float(np.fmax(sd, STEADIEST * usual_sd))
    return np.asarray(off <= (sigmas * sd if sd > 0.0 else inf))


def mean_half(sd: float, n: int, usual_sd: float = nan, worth: float = 1.0) -> float:
    """Half the 95 % interval of a mean of n values of that SD, by Student's t.

    `usual_sd`: what such values are known to have, NaN if nothing is known. A few strides that
    happen to agree do not make a runner steadier than runners are, so their variance is pooled with
    it. `worth`: how many values in a row count as one.
    """
    if isnan(usual_sd):
        return student_t975(n / worth - 1) * sd * sqrt(worth / n)
    own = n / worth - 1
    freedom = own + STRIDE_SD_WORTH
    variance = (own * sd**2 + STRIDE_SD_WORTH * usual_sd**2) / freedom
    return student_t975(freedom) * sqrt(variance * worth / n)


def spreads(columns: NDArray[np.float64], usual_sds: Sequence[float] = ()) -> list[Spread]:
    """Spreads of columns (n, K), NaN = not measured, less outliers; `usual_sds`: see `usual` and
    `mean_half`.
    """
    known_sds = usual_sds or [nan] * columns.shape[1]
    seen = np.isfinite(columns)
    count = seen.sum(axis=0)
    off = np.abs(columns - _median(columns, count))
    limit = OUTLIER_SIGMAS * np.fmax(SD_PER_MAD * _median(off, count), STEADIEST * np.array(known_sds))
    with np.errstate(invalid="ignore", divide="ignore"):
        keep = seen & ((off <= limit) | (limit == 0.0) | (count < OUTLIER_FEWEST))
        n = keep.sum(axis=0)
        mean = np.where(keep, columns, 0.0).sum(axis=0) / n
        sd = np.sqrt((np.where(keep, columns - mean, 0.0) ** 2).sum(axis=0) / (n - 1))
    found = zip(mean.tolist(), sd.tolist(), n.tolist(), known_sds, strict=True)
    return [Spread(m, mean_half(s, k, u), k) if k >= FEWEST else Spread(nan, nan, k) for m, s, k, u in found]


def _median(columns: NDArray[np.float64], count: NDArray[np.intp]) -> NDArray[np.float64]:
    """Median of each column's `count` finite values, by one sort: np.nanmedian is ten times slower.
    """
    ordered = np.sort(columns, axis=0)  # NaN goes last
    low, high = np.maximum(count - 1, 0) // 2, np.minimum(count // 2, len(columns) - 1)
    across = np.arange(columns.shape[1])
    return 0.5 * (ordered[low, across] + ordered[high, across])


def of_one_gait(cadence_spm: Measure) -> Measure:
    """A cadence, or "cannot tell" where its interval says the strides are not of one gait."""
    if cadence_spm.measured and cadence_spm.high - cadence_spm.low > 2.0 * VAGUE_SPM:
        return Measure.cannot_tell(UNLIKE, cadence_spm.n)
    return cadence_spm
