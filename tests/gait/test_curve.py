"""Local fits on curves whose extremes are known."""

from __future__ import annotations

import numpy as np
import pytest

from station.gait.curve import bottom, falls_through, hill, median_between, top, value_at

RNG = np.random.default_rng(3)
T_S = np.sort(RNG.uniform(0.0, 1.0, 70))  # uneven times
WAVE = 30.0 * np.cos(2 * np.pi * (T_S - 0.43)) + 5.0


def test_top_lies_between_samples() -> None:
    when_s, value = top(T_S, WAVE, 0.2, 0.7, 0.06)
    assert when_s == pytest.approx(0.43, abs=0.003)
    assert value == pytest.approx(35.0, abs=0.3)


def test_bottom_is_the_top_turned_over() -> None:
    assert bottom(T_S, -WAVE, 0.2, 0.7, 0.06) == pytest.approx(
        (top(T_S, WAVE, 0.2, 0.7, 0.06)[0], -top(T_S, WAVE, 0.2, 0.7, 0.06)[1])
    )


def test_a_slope_has_no_top() -> None:
    assert np.isnan(top(T_S, WAVE, 0.5, 0.8, 0.06)).all()


def test_a_hole_at_the_top_gives_none() -> None:
    gappy = np.where(np.abs(T_S - 0.47) < 0.2, np.nan, WAVE)
    assert np.isnan(top(T_S, gappy, 0.1, 0.9, 0.04)[0])


def test_nothing_but_nan() -> None:
    nothing = np.full_like(WAVE, np.nan)
    assert np.isnan(top(T_S, nothing, 0.0, 1.0, 0.06)).all()
    assert np.isnan(falls_through(T_S, nothing, 5.0, 0.0, 1.0, 0.04))
    assert np.isnan(value_at(T_S, nothing, 0.5, 0.05))


def test_passage_downwards_only() -> None:
    assert falls_through(T_S, WAVE, 5.0, 0.0, 1.0, 0.035) == pytest.approx(0.68, abs=0.002)
    assert np.isnan(falls_through(T_S, WAVE, 5.0, 0.0, 0.5, 0.035))
    assert np.isnan(falls_through(T_S, WAVE, 50.0, 0.0, 1.0, 0.035))


def test_first_or_last_of_two_passages() -> None:
    twice = 30.0 * np.cos(4 * np.pi * (T_S - 0.1))
    for last, when_s in ((False, 0.225), (True, 0.725)):
        assert falls_through(T_S, twice, 0.0, 0.0, 1.0, 0.035, last) == pytest.approx(when_s, abs=0.004)


def test_noise_is_averaged_over_the_fit() -> None:
    times = np.arange(0, 1, 1 / 60)
    thigh = 32.0 * np.cos(2 * np.pi * (times - 0.43) / 0.7)
    off = np.array([top(times, thigh + RNG.normal(0, 1.5, len(times)), 0.2, 0.7, 0.065)[0] - 0.43 for _ in range(300)])
    assert np.isfinite(off).mean() > 0.98
    assert np.nanstd(off) < 0.011
    assert abs(np.nanmean(off)) < 0.003


def test_value_between_samples() -> None:
    assert value_at(T_S, WAVE, 0.30, 0.05) == pytest.approx(30.0 * np.cos(2 * np.pi * 0.13) + 5.0, abs=0.3)
    assert np.isnan(value_at(T_S, WAVE, float("nan"), 0.05))


def test_a_hill_is_as_high_as_all_its_samples_say() -> None:
    times = np.arange(0.0, 0.22, 1 / 30)
    knee = 40.0 - 25.0 * ((times - 0.11) / 0.11) ** 2
    assert hill(times, knee, -0.01, 0.22) == pytest.approx(40.0)
    spiked = knee.copy()
    spiked[4] += 6.0
    lifted = hill(times, spiked, -0.01, 0.22) - 40.0
    assert 0.0 < lifted < 3.0 < top(times, spiked, -0.01, 0.22, 0.05)[1] - 40.0


def test_a_slope_a_valley_and_three_samples_are_no_hill() -> None:
    times = np.arange(0.0, 0.22, 1 / 30)
    assert np.isnan(hill(times, 100.0 * times - 10.0 * times**2, -0.01, 0.22))
    assert np.isnan(hill(times, (times - 0.11) ** 2, -0.01, 0.22))
    assert np.isnan(hill(times, -((times - 0.05) ** 2), 0.0, 0.09))
    gone = np.where(times > 0.08, np.nan, 40.0 - 25.0 * ((times - 0.11) / 0.11) ** 2)
    assert np.isnan(hill(times, gone, -0.01, 0.22))


def test_median_of_what_was_measured() -> None:
    t_s, y = np.arange(6) / 10, np.array([9.0, 1.0, np.nan, 3.0, 8.0, 9.0])
    assert median_between(t_s, y, 0.05, 0.35) == 2.0
    assert median_between(t_s, y, 0.05, 0.45) == 3.0
    assert np.isnan(median_between(t_s, y, 0.15, 0.25))
