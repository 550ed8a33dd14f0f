"""How well two methods agree: pure arithmetic on differences, measured minus reference.

Bland & Altman 1986 (Lancet 327:307) for one pair per runner, with the intervals of Bland & Altman
1999 (Stat Methods Med Res 8:135); Bland & Altman 2007 (J Biopharm Stat 17:571, "true value varies")
for several pairs of each of several runners, so that forty strides of one person are not taken for
forty people. Values that follow one another within one runner resemble each other; there n is what
they are worth (stats.inflation).
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from station.stats import Z975, inflation, student_t975
from station.types import NAN

FEWEST = 5  # pairs; a choice: three equal differences have no spread and would "agree"
MOST = 1_000_000  # nobody runs so many trials

AgreementState = Literal["agrees", "differs", "cannot_tell"]


@dataclass(frozen=True, slots=True)
class Agreement:
    """`low`, `high`: 95 % limits of agreement; `limit_half`: half-width of the 95 % interval of
    either limit.

    `independent`: what the n pairs are worth for the bias. All in the unit of the differences; NaN
    where n is too small.
    """

    n: int
    runners: int
    independent: float
    bias: float
    bias_low: float
    bias_high: float
    sd: float
    low: float
    high: float
    limit_half: float
    rmse: float
    mae: float


@dataclass(frozen=True, slots=True)
class Spread:
    """Variance of one difference and of their mean, with the degrees of freedom of each."""

    variance: float
    mean_variance: float
    freedom: float
    mean_freedom: float


def agreement(differences: NDArray[np.float64], runners: Sequence[str] | None = None) -> Agreement:
    """Statistics of the differences (n,), finite. `runners` (n,) names whose they are; None: each
    is somebody else's.

    Raises ValueError for no difference at all, for one that is not finite, or when the lengths
    differ.
    """
    if not len(differences) or not np.isfinite(differences).all():
        raise ValueError("differences must be finite numbers, and there must be at least one")
    names = [str(i) for i in range(len(differences))] if runners is None else list(runners)
    if len(names) != len(differences):
        raise ValueError(f"{len(differences)} differences of {len(names)} runners")
    n, people = len(differences), len(set(names))
    bias = float(differences.mean())
    rmse, mae = float(np.sqrt((differences**2).mean())), float(np.abs(differences).mean())
    if n < 2:
        return Agreement(n, people, float(n), bias, NAN, NAN, NAN, NAN, NAN, NAN, rmse, mae)
    spread = _spread(differences, names)
    sd = math.sqrt(spread.variance)
    half = student_t975(spread.mean_freedom) * math.sqrt(spread.mean_variance)
    # The variance of an estimated SD is s^2 / (2 freedom), so a limit has that of the mean and
    # 1.96^2 times this.
    limit_variance = spread.mean_variance + Z975**2 * spread.variance / (2 * spread.freedom)
    limit_half = student_t975(spread.mean_freedom) * math.sqrt(limit_variance)
    independent = spread.variance / spread.mean_variance if spread.mean_variance > 0 else float(n)
    low, high = bias - Z975 * sd, bias + Z975 * sd
    return Agreement(n, people, independent, bias, bias - half, bias + half, sd, low, high, limit_half, rmse, mae)


def _spread(differences: NDArray[np.float64], names: list[str]) -> Spread:
    n, people = len(differences), len(set(names))
    if people == n:
        variance = float(differences.var(ddof=1))
        return Spread(variance, variance / n, n - 1, n - 1)
    if people == 1:
        variance = float(differences.var(ddof=1))
        worth = n / inflation(differences)
        return Spread(variance, variance / worth, max(1.0, worth - 1), max(1.0, worth - 1))
    return _between_and_within(differences, names)


def _between_and_within(differences: NDArray[np.float64], names: list[str]) -> Spread:
    """One-way analysis of variance: what differs from runner to runner, and within each."""
    groups = [differences[[i for i, name in enumerate(names) if name == one]] for one in dict.fromkeys(names)]
    n, people = len(differences), len(groups)
    sizes, means = np.array([len(g) for g in groups], float), np.array([g.mean() for g in groups])
    within = sum(float(((g - g.mean()) ** 2).sum()) for g in groups) / (n - people)
    between = float((sizes * (means - differences.mean()) ** 2).sum()) / (people - 1)
    # Pairs of a runner; their number when all have as many.
    usual = (n**2 - float((sizes**2).sum())) / ((people - 1) * n)
    of_runners = max(0.0, (between - within) / usual)
    variance = of_runners + within
    mean_variance = of_runners * float((sizes**2).sum()) / n**2 + within / n
    # Satterthwaite's degrees of freedom of a weighted sum of two mean squares.
    parts = ((between / usual) ** 2 / (people - 1), ((1 - 1 / usual) * within) ** 2 / (n - people))
    freedom = variance**2 / sum(parts) if sum(parts) > 0 else people - 1
    return Spread(variance, mean_variance, max(1.0, freedom), people - 1)


def share_interval(held: int, n: int) -> tuple[float, float]:
    """95 % interval of a share, Wilson 1927 (J Am Stat Assoc 22:209). Raises ValueError."""
    if not 0 <= held <= n or n == 0:
        raise ValueError(f"{held} of {n}")
    p, z2 = held / n, Z975**2
    middle, half = p + z2 / (2 * n), Z975 * math.sqrt(p * (1 - p) / n + z2 / (4 * n**2))
    return max(0.0, (middle - half) / (1 + z2 / n)), min(1.0, (middle + half) / (1 + z2 / n))


def verdict(found: Agreement, within: float) -> AgreementState:
    """Agrees: both limits of agreement lie inside +/- `within`, with their intervals. Differs: one
    lies outside, with its.

    In between there are too few pairs to tell. Raises ValueError unless `within` is positive.
    """
    if not within > 0:
        raise ValueError(f"a tolerance of {within}")
    if found.n < FEWEST or not math.isfinite(found.limit_half):
        return "cannot_tell"
    if found.high + found.limit_half <= within and found.low - found.limit_half >= -within:
        return "agrees"
    if found.high - found.limit_half > within or found.low + found.limit_half < -within:
        return "differs"
    return "cannot_tell"


def pairs_needed(bias: float, sd: float, within: float) -> int | None:
    """The fewest independent pairs for "agrees" at that bias and spread; None: never."""
    if not abs(bias) + Z975 * sd < within:
        return None

    def enough(n: int) -> bool:
        half = student_t975(n - 1) * sd * math.sqrt(1 / n + Z975**2 / (2 * (n - 1)))
        return abs(bias) + Z975 * sd + half <= within

    numbers = range(FEWEST, MOST + 1)
    first = bisect_left(numbers, True, key=enough)
    return numbers[first] if first < len(numbers) else None
