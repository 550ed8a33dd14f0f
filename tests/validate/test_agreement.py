"""The statistics against published numbers, against sums done by hand, and against what must hold
for any numbers.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from station.validate.agreement import FEWEST, agreement, pairs_needed, share_interval, verdict

# Peak expiratory flow in l/min by two meters, first readings of 17 people: Bland & Altman 1986,
# Lancet 327:307, table 1.
WRIGHT = [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427]
MINI = [512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451]
FLOW = np.array(WRIGHT, float) - np.array(MINI, float)

numbers = st.lists(st.floats(-50, 50).map(lambda x: round(x, 3)), min_size=2, max_size=40)


def test_the_textbook_example() -> None:
    """The paper: mean -2.1, SD 38.8, standard error 9.4, interval -22.0 to 17.8, limits (at 2 SD)
    -79.7 and 75.5, +/- 34.6.
    """
    found = agreement(FLOW)
    assert (round(found.bias, 1), round(found.sd, 1)) == (-2.1, 38.8)
    assert (round(found.bias_low, 1), round(found.bias_high, 1)) == (-22.0, 17.8)
    assert found.bias - 2 * found.sd == pytest.approx(-79.7, abs=0.1)
    assert found.bias + 2 * found.sd == pytest.approx(75.5, abs=0.1)
    assert (found.low, found.high) == pytest.approx((found.bias - 1.96 * found.sd, found.bias + 1.96 * found.sd), abs=0.01)
    assert found.limit_half == pytest.approx(34.6, abs=0.3)  # the paper rounds 1 + 1.96^2 / 2 to 3
    assert (found.n, found.runners, found.independent) == (17, 17, pytest.approx(17))


def test_several_trials_of_a_runner_by_hand() -> None:
    """Two runners, two trials each: 0, 2 and 4, 6. Mean squares between 16, within 2; of the
    runners 7; total 9.
    """
    found = agreement(np.array([0.0, 2.0, 4.0, 6.0]), ["a", "a", "b", "b"])
    assert found.bias == 3
    assert found.sd == pytest.approx(3.0)
    assert found.bias_high - found.bias == pytest.approx(12.7062 * math.sqrt(7 * 8 / 16 + 2 / 4))
    assert found.independent == pytest.approx(9 / 4)
    assert (found.rmse, found.mae) == (pytest.approx(math.sqrt(14)), 3)


def test_unequal_numbers_of_trials_by_hand() -> None:
    """1, 3 | 5, 5, 8: within 2 + 6 over 3; between (2 * 2.4^2 + 3 * 1.6^2) / 1; usual size (25 -
    13) / 5.
    """
    found = agreement(np.array([1.0, 3.0, 5.0, 5.0, 8.0]), ["a", "a", "b", "b", "b"])
    within, between, usual = 8 / 3, 2 * 2.4**2 + 3 * 1.6**2, 2.4
    assert found.sd == pytest.approx(math.sqrt((between - within) / usual + within))


def test_many_trials_of_few_runners_are_not_many_people() -> None:
    """Six runners whose bias differs by 1 (SD), forty trials each: the interval must hold the true
    bias 0 as often as it says.
    """
    rng = np.random.default_rng(4)
    held = naive = 0
    for _ in range(400):
        of_runner = np.repeat(rng.normal(0, 1, 6), 40)
        off = of_runner + rng.normal(0, 0.5, 240)
        found = agreement(off, [str(i // 40) for i in range(240)])
        held += found.bias_low <= 0 <= found.bias_high
        alone = agreement(off)
        naive += alone.bias_low <= 0 <= alone.bias_high
    assert 0.92 <= held / 400 <= 0.98
    assert naive / 400 < 0.5


@pytest.mark.parametrize(("held", "n", "low", "high"), [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (81, 263, 0.2553, 0.3662)])
def test_wilson_interval(held: int, n: int, low: float, high: float) -> None:
    """81 of 263: Newcombe 1998 (Stat Med 17:857), table I, method 3; 0 of 10: z^2 / (n + z^2)."""
    assert share_interval(held, n) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))


def test_verdict_has_three_values() -> None:
    close = np.array([0.1, -0.1, 0.2, -0.2, 0.0, 0.1, -0.1, 0.05])
    assert verdict(agreement(close), 1.0) == "agrees"
    assert verdict(agreement(close + 3), 1.0) == "differs"
    assert verdict(agreement(close * 4), 1.0) == "cannot_tell"
    assert verdict(agreement(close[: FEWEST - 1]), 100.0) == "cannot_tell"
    assert verdict(agreement(np.zeros(1)), 100.0) == "cannot_tell"


def test_wide_scatter_about_zero_differs_too() -> None:
    """No bias, but single values are far off: limits of agreement outside, however many pairs."""
    assert verdict(agreement(np.tile([-2.0, 2.0], 200)), 1.0) == "differs"


@pytest.mark.parametrize(("bias", "sd", "within"), [(0.0, 0.4, 1.0), (0.2, 0.3, 1.0), (-1.0, 1.5, 5.0), (0.0, 0.5, 1.0)])
def test_pairs_needed_are_the_fewest_that_do(bias: float, sd: float, within: float) -> None:
    n = pairs_needed(bias, sd, within)
    assert n is not None

    def reported(count: int) -> str:
        """Of so many differences with exactly that mean and SD."""
        shape = np.arange(count) - (count - 1) / 2
        return verdict(agreement(bias + sd * shape / shape.std(ddof=1)), within)

    assert reported(n) == "agrees"
    assert n == FEWEST or reported(n - 1) == "cannot_tell"


def test_no_number_of_pairs_helps_when_the_scatter_is_too_large() -> None:
    assert pairs_needed(0.0, 1.0, 1.0) is None
    assert pairs_needed(2.0, 0.1, 1.0) is None


@pytest.mark.parametrize("wrong", [[], [1.0, math.nan], [math.inf]])
def test_what_is_no_difference_is_refused(wrong: list[float]) -> None:
    with pytest.raises(ValueError, match="finite"):
        agreement(np.array(wrong, float))


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(ValueError, match="2 differences of 1"):
        agreement(np.array([1.0, 2.0]), ["a"])
    with pytest.raises(ValueError, match="tolerance"):
        verdict(agreement(FLOW), 0.0)
    with pytest.raises(ValueError, match="3 of 2"):
        share_interval(3, 2)


@given(numbers, st.floats(-20, 20), st.integers(1, 6))
def test_shift_and_scale_go_through(values: list[float], shift: float, runners: int) -> None:
    off = np.array(values)
    names = [str(i % runners) for i in range(len(off))]
    one, shifted, turned = agreement(off, names), agreement(off + shift, names), agreement(-2 * off, names)
    assert shifted.bias == pytest.approx(one.bias + shift, abs=1e-6)
    assert shifted.sd == pytest.approx(one.sd, abs=1e-4)
    assert turned.bias == pytest.approx(-2 * one.bias, abs=1e-6)
    assert turned.sd == pytest.approx(2 * one.sd, abs=1e-4)


@given(numbers, st.integers(1, 6))
def test_order_of_what_things_are(values: list[float], runners: int) -> None:
    off = np.array(values)
    found = agreement(off, [str(i % runners) for i in range(len(off))])
    assert found.low <= found.bias <= found.high
    assert found.bias_low <= found.bias <= found.bias_high
    assert found.mae <= found.rmse + 1e-9
    assert abs(found.bias) <= found.mae + 1e-9
    assert 1 - 1e-9 <= found.independent <= found.n + 1e-6


@given(numbers, st.floats(0.1, 100))
def test_a_wider_tolerance_never_makes_it_worse(values: list[float], within: float) -> None:
    rank = {"differs": 0, "cannot_tell": 1, "agrees": 2}
    found = agreement(np.array(values))
    assert rank[verdict(found, within)] <= rank[verdict(found, 2 * within)]


@given(st.integers(1, 500), st.data())
def test_a_share_lies_in_its_interval(n: int, data: st.DataObject) -> None:
    held = data.draw(st.integers(0, n))
    low, high = share_interval(held, n)
    assert 0 <= low <= held / n + 1e-12
    assert held / n - 1e-12 <= high <= 1
