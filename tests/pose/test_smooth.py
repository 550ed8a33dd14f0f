from __future__ import annotations

import numpy as np
import pytest

from station.pose.smooth import OneEuro
from station.types import NS


def one_euro() -> OneEuro:
    return OneEuro(min_cutoff_hz=0.5, beta=10.0, speed_cutoff_hz=1.0)


def test_first_value_passes_and_a_constant_stays():
    smooth = one_euro()
    for i in range(5):
        assert smooth(i * NS // 30, np.array([3.0, -1.0]), 100.0) == pytest.approx([3.0, -1.0])


def test_known_step():
    """One second after 0 comes 1: speed 1/s of a scale of 2, low-passed at 1 Hz, opens the cutoff;
    then the value itself.
    """
    smooth = one_euro()
    smooth(0, np.zeros(1), 2.0)
    weight = 1 / (1 + 1 / (2 * np.pi))
    cutoff_hz = 0.5 + 10 * weight * 0.5
    assert smooth(NS, np.ones(1), 2.0) == pytest.approx([1 / (1 + 1 / (2 * np.pi * cutoff_hz))])


def test_slow_trembling_is_damped_and_fast_motion_followed():
    smooth = one_euro()
    out = [smooth(i * NS // 30, np.array([(-1.0) ** i * 0.1]), 600.0)[0] for i in range(60)]
    assert np.ptp(out[30:]) < 0.1 * 0.2
    late = [smooth((60 + i) * NS // 30, np.array([20.0 * i]), 600.0)[0] - 20.0 * i for i in range(30)]
    assert abs(late[-1]) < 20.0  # less than a frame behind


@pytest.mark.parametrize("t_ns", [0, 10 * NS])
def test_time_that_does_not_advance_restarts(t_ns):
    smooth = one_euro()
    smooth(9 * NS, np.zeros(1), 1.0)
    smooth(10 * NS, np.ones(1), 1.0)
    assert smooth(t_ns, np.array([5.0]), 1.0) == pytest.approx([5.0])


def test_time_zero_and_reset_are_ordinary():
    smooth = one_euro()
    smooth(0, np.zeros(1), 1.0)
    assert 0 < smooth(NS // 30, np.ones(1), 1.0)[0] < 1
    smooth.reset()
    assert smooth(2 * NS, np.array([7.0]), 1.0) == pytest.approx([7.0])
