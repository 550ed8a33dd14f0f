"""Means over strides with intervals that hold what they promise."""

from __future__ import annotations

import numpy as np
import pytest

from station.record.summary import over_strides, summarise
from station.stats import FEWEST
from station.types import NAN, QUANTITIES, STRIDE, Measure


@pytest.mark.parametrize("rho", [0.0, 0.6, 0.85])
def test_interval_covers_the_truth_also_when_strides_resemble_each_other(rho: float) -> None:
    """AR(1) strides, n = 80. A plain interval covers 95 / 68 / 42 %; this one must not fall far
    below its promise.
    """
    rng = np.random.default_rng(5)
    covered = 0
    for _ in range(400):
        noise = rng.normal(0, 1, 180)
        values = np.zeros(180)
        for i in range(1, 180):
            values[i] = rho * values[i - 1] + noise[i]
        measure = over_strides(50 + values[100:], "")
        covered += measure.low <= 50 <= measure.high
    assert covered / 400 >= {0.0: 0.92, 0.6: 0.88, 0.85: 0.80}[rho]


def test_few_strides_are_not_reported() -> None:
    assert over_strides(np.array([NAN, NAN]), "no foot").reason == "no foot"
    few = over_strides(np.array([1.0, NAN, 2.0]), "no foot")
    assert (few.n, few.measured) == (2, False)
    assert few.reason == "measured in 2 strides, 3 are needed"


def test_three_strides_are_reported_with_the_width_they_deserve() -> None:
    three = over_strides(np.array([20.0, NAN, 21.0, 22.0]), "")
    assert FEWEST == three.n == 3
    assert three.value == 21.0
    # T of 2 degrees of freedom, sd 1.
    assert three.high - three.low == pytest.approx(2 * 4.303 / 3**0.5, rel=1e-3)


@pytest.mark.parametrize("n", [3, 4])
def test_interval_of_very_few_strides_covers_the_truth(n: int) -> None:
    rng = np.random.default_rng(7)
    measures = [over_strides(rng.normal(50, 1, n), "") for _ in range(2000)]
    assert np.mean([measure.low <= 50 <= measure.high for measure in measures]) >= 0.93


def test_of_very_few_strides_none_is_expelled() -> None:
    """Two that happen to agree say nothing against the third; without it the interval would be far
    too sure.
    """
    assert over_strides(np.array([20.0, 20.01, 23.0, 20.0]), "").n == 4
    assert over_strides(np.array([20.0, 20.01, 23.0]), "").n == 3


def test_a_missed_peak_does_not_move_the_mean() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(162, 1, 60)
    clean = over_strides(values, "")
    values[[7, 31]] = 81.0  # two strides read as one
    assert over_strides(values, "").value == pytest.approx(clean.value, abs=0.1)


def test_constant_values_have_no_width() -> None:
    measure = over_strides(np.full(10, 0.9), "")
    assert (measure.value, measure.low, measure.high) == pytest.approx((0.9, 0.9, 0.9))



def test_walked_strides_do_not_count() -> None:
    strides = np.full(40, np.nan, STRIDE)
    strides["cadence_spm"], strides["running"] = np.repeat([110.0, 165.0], 20), np.repeat([0.0, 1.0], 20)
    assert (summarise(strides, {})["cadence_spm"].value, summarise(strides, {})["cadence_spm"].n) == (165.0, 20)
    assert summarise(strides[:20], {})["cadence_spm"].value == 110.0  # unless nobody ran


def test_a_cadence_of_strides_that_are_nothing_alike_cannot_be_told() -> None:
    strides = np.zeros(8, STRIDE)
    strides["cadence_spm"], strides["running"] = [150, 165, 180, 196, 210, 240, 130, 222], 1.0
    strides["step_time_near_s"] = strides["step_time_far_s"] = 0.4
    reported = summarise(strides, {})["cadence_spm"]
    assert (reported.measured, reported.n) == (False, 8)
    assert "differ too much" in reported.reason


def test_every_name_is_there_without_any_stride() -> None:
    summary = summarise(np.zeros(0, STRIDE), {"pelvic_turn_deg": Measure(6, 4, 8, 40)})
    assert tuple(summary) == tuple(QUANTITIES)
    assert summary["pelvic_turn_deg"].value == 6
    assert all(measure.reason for name, measure in summary.items() if name != "pelvic_turn_deg")
