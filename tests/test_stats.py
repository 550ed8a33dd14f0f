"""Statistics that every room shares, against tables and against what chance makes."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from station.stats import STRIDE_SD, UNLIKE, inflation, of_one_gait, spreads, student_t975, usual
from station.types import NAN, Measure
from station.validate.agreement import agreement

RNG = np.random.default_rng(2)


@pytest.mark.parametrize(
    ("freedom", "expected"),
    [(1, 12.706), (2, 4.303), (3, 3.182), (4, 2.7764), (5, 2.5706), (10, 2.2281), (30, 2.0423), (1e6, 1.96)],
)  # table values of Student's t
def test_student_t(freedom: float, expected: float) -> None:
    assert student_t975(freedom) == pytest.approx(expected, rel=3e-3)


def test_student_t_between_whole_degrees_is_never_too_narrow() -> None:
    """True values by numerical integration: 7.501 at 1.3, 3.478 at 2.6, 2.805 at 3.9."""
    for freedom, true in ((1.3, 7.501), (2.6, 3.478), (3.9, 2.805)):
        assert true <= student_t975(freedom) <= 1.2 * true
    steps = [student_t975(f) for f in np.linspace(0.5, 8.0, 200)]
    assert all(a >= b for a, b in pairwise(steps))


def test_values_that_follow_each_other_count_for_less() -> None:
    """First-order autoregression with r = 0.8: (1 + r) / (1 - r) = 9 values are worth one."""
    series = np.zeros(20_000)
    for i in range(1, len(series)):
        series[i] = 0.8 * series[i - 1] + RNG.normal()
    assert inflation(series) == pytest.approx(9, rel=0.15)
    assert agreement(series, ["one"] * len(series)).independent == pytest.approx(20_000 / inflation(series))
    assert inflation(RNG.normal(size=20_000)) == pytest.approx(1, abs=0.15)
    assert inflation(np.ones(50)) == 1
    assert inflation(np.linspace(0, 1, 50)) <= 25


def test_outliers_of_numbers_and_of_vectors() -> None:
    values = RNG.normal(10.0, 1.0, 40)
    values[7] = 30.0
    assert np.flatnonzero(~usual(values)).tolist() == [7]
    turns = values + 1j * RNG.normal(0.0, 1.0, 40)
    assert np.flatnonzero(~usual(turns)).tolist() == [7]
    assert usual(np.array([20.0, 20.01, 23.0, 20.0])).all(), "of very few none is expelled"
    assert usual(np.array([1.0, 1.0, 1.0, 1.0, 2.0])).all(), "without a spread nothing lies off"


def test_steady_strides_seen_early_and_late_in_turn_are_no_outliers_of_each_other() -> None:
    duration_s = np.tile((0.671, 0.697), 26)[:-1]
    duration_s[:4] += (0.001, -0.001, 0.0, 0.001)
    assert usual(duration_s).sum() < 30
    assert usual(duration_s, usual_sd=STRIDE_SD["duration_s"]).all()
    assert spreads(duration_s[:, None], [STRIDE_SD["duration_s"]])[0].mean == pytest.approx(duration_s.mean())
    broken = np.append(duration_s, 0.9)
    assert np.flatnonzero(~usual(broken, usual_sd=STRIDE_SD["duration_s"])).tolist() == [51]


def test_spreads_of_many_columns_are_those_of_each() -> None:
    table = RNG.normal(10, 1, (30, 6))
    table[RNG.random(table.shape) < 0.2] = NAN
    table[3, 2] = 500.0
    together = spreads(table)
    for i in range(6):
        column = table[np.isfinite(table[:, i]), i]
        column = column[usual(column)]
        assert spreads(table[:, [i]])[0] == pytest.approx(together[i], nan_ok=True)
        half = student_t975(len(column) - 1) * column.std(ddof=1) / np.sqrt(len(column))
        assert together[i] == pytest.approx((column.mean(), half, len(column)))
    assert together[2].mean < 12
    assert np.isnan(spreads(np.full((5, 1), NAN))[0].mean)


def test_a_cadence_of_strides_that_are_nothing_alike_is_not_reported() -> None:
    assert of_one_gait(Measure(160.0, 155.0, 165.0, 12)).measured
    assert of_one_gait(Measure(160.0, 140.0, 180.0, 12)).reason == UNLIKE
    missing = Measure.cannot_tell("why not")
    assert of_one_gait(missing) is missing
