from __future__ import annotations

from math import isnan

import numpy as np
import pytest

from station.faults.window import RECENT_STRIDES, Recent
from station.types import NAN, STRIDE


def strides(n: int, **columns: float) -> list[np.void]:
    made = np.full(n, NAN, STRIDE)
    for name, value in columns.items():
        made[name] = value
    return list(made)


def test_nothing_is_told_before_it_is_full() -> None:
    recent = Recent()
    recent.add(strides(RECENT_STRIDES - 1, cadence_spm=160.0), "landmarks")
    assert recent.measures == {}
    recent.add(strides(1, cadence_spm=160.0), "landmarks")
    assert recent.measures["cadence_spm"].value == 160.0


def test_one_odd_stride_does_not_move_the_median() -> None:
    recent = Recent()
    recent.add([*strides(11, cadence_spm=160.0), *strides(1, cadence_spm=90.0)], "landmarks")
    assert recent.measures["cadence_spm"].value == 160.0


def test_unseen_columns_say_so() -> None:
    recent = Recent()
    recent.add(strides(RECENT_STRIDES, cadence_spm=160.0), "landmarks")
    assert not recent.measures["tle_near_deg"].measured
    assert isnan(recent.measures["tle_near_deg"].value)


def test_a_pelvis_that_only_trembles_mostly_reads_zero() -> None:
    """A mean of squares keeps the noise: without taking it off no locked waist would ever read
    zero.
    """
    zeros = 0
    for seed in range(100):
        chance, made = np.random.default_rng(seed), strides(RECENT_STRIDES)
        for stride in made:
            stride["pelvic_in_phase_deg"], stride["pelvic_quadrature_deg"] = chance.normal(0, 2, 2)
        recent = Recent()
        recent.add(made, "hip_belt")
        zeros += recent.measures["pelvic_turn_deg"].value == 0.0
    # 63 expected: the share of chi-squared with two degrees under its mean
    assert 45 <= zeros <= 80


def test_in_phase_of_landmarks_is_not_told_because_the_thighs_drag_it() -> None:
    recent = Recent()
    recent.add(strides(RECENT_STRIDES, pelvic_in_phase_deg=9.0, pelvic_quadrature_deg=3.0), "landmarks")
    assert "pelvic_turn_deg" not in recent.measures
    assert recent.measures["pelvic_turn_quadrature_deg"].value == pytest.approx(3.0)
