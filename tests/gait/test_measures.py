"""The window over the last strides."""

from __future__ import annotations

import numpy as np
import pytest

from station.gait.measures import NO_SPEED, NOT_SEEN, STRIDES, Window
from station.types import NAN


def window(n: int, **columns: object) -> Window:
    filled = Window()
    for i in range(n):
        filled.add({name: float(values[i]) if np.ndim(values) else values for name, values in columns.items()})  # type: ignore[index,misc]
    return filled


def test_interval_is_students() -> None:
    values = np.array([20.0, 21.0, 22.0, 23.0, 24.0])
    reported = window(5, trunk_lean_deg=values).measures()["trunk_lean_deg"]
    assert reported.value == 22.0
    assert reported.high - reported.value == pytest.approx(2.776 * values.std(ddof=1) / np.sqrt(5), rel=0.01)
    assert reported.n == 5


def test_three_strides_that_happen_to_agree_do_not_make_a_runner_steadier_than_runners_are() -> None:
    reported = window(3, duration_s=np.array([0.651, 0.652, 0.653])).measures()["cadence_spm"]
    assert reported.high - reported.low > 2.0
    reported = window(36, duration_s=0.652 + 0.002 * np.sin(np.arange(36.0))).measures()["cadence_spm"]
    assert reported.high - reported.low < 1.0


def test_only_the_last_strides_count() -> None:
    values = np.concatenate([np.full(STRIDES, 10.0), np.linspace(19, 21, STRIDES)])
    assert window(2 * STRIDES, trunk_lean_deg=values).measures()["trunk_lean_deg"].value == pytest.approx(20.0)


def test_outliers_are_left_out_and_missing_values_are_not_zero() -> None:
    values = np.array([20.0, 20.5, 19.5, 20.2, 19.8, 90.0, NAN, 20.0])
    reported = window(8, tle_near_deg=values).measures()["tle_near_deg"]
    assert reported.value == pytest.approx(20.0, abs=0.1)
    assert reported.n == 6


def test_cadence_is_over_time() -> None:
    reported = window(4, duration_s=np.array([0.69, 0.71, 0.69, 0.71])).measures()["cadence_spm"]
    assert reported.value == pytest.approx(120.0 / 0.7)
    assert reported.low < reported.value < reported.high


def test_a_cadence_of_strides_that_are_nothing_alike_is_not_reported() -> None:
    reported = window(4, duration_s=np.array([0.6, 0.8, 0.6, 0.8])).measures()["cadence_spm"]
    assert (reported.measured, reported.n) == (False, 4)
    assert "differ too much" in reported.reason


def test_what_was_not_measured_says_why() -> None:
    reported = window(10, duration_s=0.7).measures()
    assert reported["cadence_spm"].measured
    assert reported["tle_near_deg"].reason == NOT_SEEN
    assert reported["step_length_m"].reason == NO_SPEED
    assert np.isnan(reported["step_length_m"].value)
