"""Two clocks are brought together where that can be done, and never by guessing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from station.validate.align import find_offset, sampled
from tests.lab.accuracy.projection import load
from tests.lab.accuracy.truth import truth

T_S = np.arange(0, 40, 1 / 60)


def runner(seed: int, noise_deg: float = 0.0) -> np.ndarray:
    """A thigh whose strides differ in length and height as a person's do (SD 1.5 % and 1.2 deg)."""
    rng = np.random.default_rng(seed)
    durations = 0.72 * (1 + rng.normal(0, 0.015, 80))
    starts = np.concatenate([[0], np.cumsum(durations)])
    phase = np.interp(T_S, starts, np.arange(len(starts)))
    height = np.interp(phase, np.arange(len(starts)), 25 + rng.normal(0, 1.2, len(starts)))
    return (
        4 + height * np.cos(2 * np.pi * phase) + rng.normal(0, noise_deg, len(T_S))
        if noise_deg
        else 4 + height * np.cos(2 * np.pi * phase)
    )


@settings(max_examples=25, deadline=None)
@given(st.floats(-500, 500), st.integers(0, 5), st.integers(50, 400), st.sampled_from([50.0, 100.0, 240.0]))
def test_a_known_shift_is_found(shift_s: float, seed: int, first: int, fps: float) -> None:
    own = runner(seed)
    there_s = np.arange(T_S[first], T_S[first] + 25, 1 / fps)
    found = find_offset(T_S, own, there_s - shift_s, np.interp(there_s, T_S, own) + 3.0)
    assert found.clear, found.reason
    assert found.offset_s == pytest.approx(shift_s, abs=0.004)


def test_noise_and_gaps_are_borne() -> None:
    own, other = runner(1, 2.0), runner(1, 1.0)
    own[600:660] = np.nan
    found = find_offset(T_S, own, T_S[300:2000] - 7.0, other[300:2000])
    assert found.clear
    assert found.offset_s == pytest.approx(7.0, abs=0.01)


def test_a_wrong_offset_is_never_a_clear_one() -> None:
    """Twelve seconds of a noisy reference: often the best offset is a wrong one."""
    rng = np.random.default_rng(0)
    wrong = 0
    for seed in range(60):
        own = runner(100 + seed)
        first = int(rng.integers(0, len(own) - 720))
        other = own[first : first + 720] + rng.normal(0, 6, 720)
        found = find_offset(T_S, own + rng.normal(0, 6, len(own)), T_S[first : first + 720] - 50, other)
        wrong += abs(found.offset_s - 50) > 0.05
        assert not (found.clear and abs(found.offset_s - 50) > 0.05)
    assert wrong > 10


def test_strides_that_are_all_alike_are_refused() -> None:
    wave = 25 * np.cos(2 * np.pi * T_S / 0.72)
    rng = np.random.default_rng(2)
    found = find_offset(T_S, wave + rng.normal(0, 1, len(T_S)), T_S[:1500] - 3, wave[:1500] + rng.normal(0, 1, 1500))
    assert not found.clear
    assert "fits nearly as well" in found.reason


def test_somebody_else_is_refused() -> None:
    found = find_offset(T_S, runner(1), T_S, np.random.default_rng(1).normal(0, 20, len(T_S)))
    assert not found.clear
    assert "correlate" in found.reason


@pytest.mark.parametrize("values", [np.full(len(T_S), np.nan), np.where(T_S < 8, runner(1), np.nan)])
def test_too_little_is_refused(values: np.ndarray) -> None:
    found = find_offset(T_S, runner(1), T_S, values)
    assert not found.clear
    assert "less than 10 s" in found.reason


def test_a_line_that_does_not_move_is_refused() -> None:
    assert not find_offset(T_S, runner(1), T_S, np.ones(len(T_S))).clear


def test_recorded_runners_are_found(shared: Path) -> None:
    """Eight people's thighs are irregular enough for 20 s to fit in one place only."""
    rng = np.random.default_rng(7)
    for name in ("016", "020", "024", "03"):
        true = truth(load(shared, name, "25"), "right")
        own = true.thigh_deg + np.convolve(rng.normal(0, 1.0, len(true.t_s)), np.ones(8) / np.sqrt(8), "same")
        found = find_offset(true.t_s, own, true.t_s[750:3750] + 100, true.thigh_deg[750:3750])
        assert found.clear, found.reason
        assert found.offset_s == pytest.approx(-100.0, abs=0.01)


def test_nothing_is_interpolated_across_a_gap() -> None:
    t_s, values = np.array([0.0, 0.1, 0.5, 0.6]), np.array([0.0, 1.0, 5.0, 6.0])
    at = sampled(t_s, values, np.array([-0.1, 0.05, 0.3, 0.55, 0.7]))
    np.testing.assert_allclose(at, [np.nan, 0.5, np.nan, 5.5, np.nan])
    assert np.isnan(sampled(t_s[:1], values[:1], t_s)).all()
