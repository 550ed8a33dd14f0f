"""Left/right exchanges of the model: repaired, counted, never doubling the cadence."""

from __future__ import annotations

import numpy as np
import pytest

from station.gait.legs import LegTracker, LengthGate
from station.testing.synthetic_flaws import LEFT_LEG
from station.testing.synthetic_motion import RunnerSpec
from station.types import NAN, NS
from tests.gait.conftest import Reported, film, noisy


def thigh_rmse(reported: Reported, from_s: float = 3.0) -> float:
    off = [
        g.angles["thigh_near_deg"] - true
        for g, true in zip(reported.gaits, reported.truth.angles["thigh_near_deg"], strict=True)
        if g.angles is not None and g.t_ns > from_s * NS
    ]
    return float(np.sqrt(np.nanmean(np.square(off))))


@pytest.mark.parametrize("fps", [18.0, 30.0, 60.0, 120.0])
@pytest.mark.parametrize(("fraction", "run_s"), [(0.01, 0.06), (0.1, 0.06), (0.3, 0.06), (0.3, 0.4)])
def test_exchanges_are_repaired_and_counted(fps: float, fraction: float, run_s: float) -> None:
    spec = RunnerSpec(speed_mps=3.5, flaws=noisy(swap_fraction=fraction, swap_run_s=run_s))
    reported = film((12.0, spec), fps=fps)
    clean = film((12.0, RunnerSpec(speed_mps=3.5, flaws=noisy())), fps=fps)
    assert reported.truth.swapped.sum() > 0
    assert reported.last.swaps_repaired == pytest.approx(reported.truth.swapped.sum(), abs=0.02 * len(reported.gaits))
    # Of the slowest clip more than half of the first three seconds is exchanged.
    assert thigh_rmse(reported, from_s=4.0) < 2.0
    assert reported.strides["cadence_spm"].mean() == pytest.approx(reported.truth.strides["cadence_spm"].mean(), abs=0.7)
    # Never more; fewer where the first frames were exchanged and the names had to be turned over.
    assert len(clean.strides) - 4 <= len(reported.strides) <= len(clean.strides) + 1
    assert reported.strides["swaps_repaired"].sum() <= reported.last.swaps_repaired
    assert reported.strides["swaps_repaired"].sum() > 0 or reported.truth.swapped.sum() < 5


def test_without_exchanges_none_are_counted() -> None:
    assert film((12.0, RunnerSpec(speed_mps=3.5, flaws=noisy())), fps=30.0).last.swaps_repaired == 0


def test_names_that_started_wrong_are_turned_over() -> None:
    reported = film((1.0, RunnerSpec(flaws=noisy(swap_fraction=1.0))), (9.0, RunnerSpec(flaws=noisy())))
    assert thigh_rmse(reported, from_s=6.0) < 2.0
    assert reported.last.measures["tle_near_deg"].value == pytest.approx(reported.truth.strides["tle_near_deg"].mean(), abs=1.5)


@pytest.mark.parametrize("run_s", [1.5, 8.0])
def test_far_leg_missing_for_whole_strides(run_s: float) -> None:
    spec = RunnerSpec(flaws=noisy(dropout_fraction=0.5, dropout_run_s=run_s, dropout_joints=tuple(LEFT_LEG)))
    reported = film((20.0, spec), direction="right")
    assert reported.truth.dropped.sum() > 200
    assert reported.last.swaps_repaired <= 0.01 * len(reported.gaits)
    assert thigh_rmse(reported) < 2.0
    assert len(reported.strides) >= len(reported.truth.strides) - 1
    assert reported.activities(from_s=3.0) == {"running"}


def test_tracker_needs_no_names() -> None:
    """Two legs given in random order are kept apart."""
    rng = np.random.default_rng(5)
    tracker, kept = LegTracker(), []
    for i in range(400):
        t_s = i / 60
        legs = [(30 * np.cos(9 * t_s + k), 40 * np.cos(9 * t_s - 1 + k) - 20) for k in (0.0, np.pi)]
        order = rng.random() < 0.3
        a, b = (legs[1], legs[0]) if order else legs
        kept.append(tracker.step(t_s, (*a, *b)).exchanged == order)
    assert all(kept[60:])


def test_a_thigh_of_the_wrong_length_was_not_seen_right() -> None:
    gate = LengthGate()
    assert [gate.passes(i / 60, 140.0 + i % 3) for i in range(30)] == [True] * 30
    assert not gate.passes(0.51, 60.0)
    assert not gate.passes(0.52, 220.0)
    assert not gate.passes(0.53, NAN)
    assert gate.passes(0.54, 141.0)
    assert gate.passes(3.0, 220.0), "after a while without any, what is usual may have changed"


def test_predictions_that_changed_legs_are_found_out_before_the_stride_clock_runs() -> None:
    """The legs pass each other in a frame that fits neither; the model named them rightly before
    and after.
    """
    tracker, reported = LegTracker(), []
    for i in range(60):
        t_s = i / 60
        swing = 40.0 * np.sin(2 * np.pi * t_s / 0.7)
        left, right = (swing, swing - 20.0), (-swing, -swing - 20.0)
        if i in (20, 21):  # both legs drawn to the one in front, as where they pass each other
            left, right = (30.0, -70.0), (30.0, -70.0)
        if i in (22, 23):
            left, right = right, left
        reported.append(tracker.step(t_s, (*left, *right)).exchanged)
    assert not any(reported[34:]), "an exchange that began in doubt goes on"


@pytest.mark.parametrize("near_looks", [0.05, -0.05])
def test_the_leg_that_looks_longer_is_the_near_one(near_looks: float) -> None:
    """Names that are wrong in half of all frames tell nothing; the lengths do."""
    rng = np.random.default_rng(7)
    tracker, exchanged = LegTracker(), False
    right = []
    for i in range(360):
        t_s = i / 60
        if i % 30 == 0:
            exchanged = not exchanged
        swing = 30.0 * np.sin(2 * np.pi * t_s / 0.7)
        near, far = (swing, 1.3 * swing - 20.0), (-swing, -1.3 * swing - 20.0)
        if exchanged:
            near, far = far, near
        longer = near_looks * (-1.0 if exchanged else 1.0) + rng.normal(0.0, 0.06)
        reported = tracker.step(t_s, (*near, *far), longer=longer).exchanged
        right.append(reported == (exchanged if near_looks > 0 else not exchanged))
    assert np.mean(right[120:]) > 0.98, right
