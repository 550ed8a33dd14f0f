"""Ratchets: what the accuracy table reaches, on fewer trials. A change that lets go of it must say
so here.

The table itself: `python -m tests.lab.accuracy`. These are runners that no constant was fitted on.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.lab.accuracy import suite
from tests.lab.accuracy.norms import QUANTITIES, quantities, table
from tests.lab.accuracy.projection import HELD, Filming
from tests.lab.accuracy.quantities import MEASURES, errors
from tests.lab.accuracy.suite import LOCKED, Trials

BASE = Filming()


@pytest.fixture(scope="module")
def recorded(shared: Path) -> Trials:
    return suite.run(shared, HELD, BASE, sides=("right",))


@pytest.fixture(scope="module")
def stiff(shared: Path) -> Trials:
    return suite.run(shared, HELD, suite.again(BASE), LOCKED, sides=("right",))


def worst(trials: Trials, what: str) -> float:
    return max(abs(getattr(s, what)) for _, s in trials)


@pytest.mark.parametrize(
    ("what", "bar"),
    [("cadence_spm", 0.3), ("thigh_rmse_deg", 2.0), ("tle_deg", 0.8), ("excursion_deg", 0.9), ("speed_pct", 2.5)],
)
def test_every_trial(recorded: Trials, what: str, bar: float) -> None:
    assert worst(recorded, what) <= bar


@pytest.mark.parametrize(("what", "bar_ms"), [("contact_ms", 12.0), ("toe_off_ms", 12.0)])
def test_events_against_the_force_plate(recorded: Trials, what: str, bar_ms: float) -> None:
    off = np.abs(np.concatenate([getattr(s, what) for _, s in recorded]))
    assert np.isfinite(off).mean() > 0.995, "hardly a false event"
    assert np.median(off) <= bar_ms
    missed, true = (sum(s.missed[k] for _, s in recorded) for k in (0, 1))
    assert true > 1700, "both feet, contacts and toe-offs"
    assert missed <= 0.005 * true


@pytest.mark.parametrize("azimuth_deg", [-15.0, 15.0])
def test_contact_is_no_later_seen_from_the_rear_or_the_front(shared: Path, azimuth_deg: float) -> None:
    trials = suite.run(shared, HELD, replace(BASE, azimuth_deg=azimuth_deg), sides=("right",), speeds=("35",))
    assert abs(np.median(np.concatenate([s.contact_ms for _, s in trials]))) < 8.0


def test_no_stride_is_lost_or_invented(recorded: Trials) -> None:
    for trial, s in recorded:
        assert abs(s.strides - s.true_strides) <= 1, trial.name


def test_intervals_of_the_pelvic_turn(recorded: Trials, stiff: Trials) -> None:
    reported = [(s.turn, abs(s.true_turn)) for _, s in (*recorded, *stiff) if s.turn.measured]
    assert len(reported) >= 0.95 * len((*recorded, *stiff))
    assert sum(m.low <= true <= m.high for m, true in reported) >= 0.9 * len(reported)
    assert np.mean([m.high - m.low for m, _ in reported]) < 6.5, "and not by being endless"


def test_locked_waist_is_reported_and_a_free_one_is_not(recorded: Trials, stiff: Trials, shared: Path) -> None:
    again = suite.run(shared, HELD, suite.again(BASE), sides=("right",), speeds=("25", "45"))
    own, _, norm, _ = suite.locked(recorded, recorded, stiff)
    assert own.met, own.reached
    assert norm.met, norm.reached
    some = [pair for pair in recorded if pair[0].name.endswith(("25", "45"))]
    assert not any(suite.has_fallen(a.raw_turn, b.raw_turn) for (_, a), (_, b) in zip(some, again, strict=True))


def test_drag_leaves_the_quadrature_part_alone(recorded: Trials, shared: Path) -> None:
    dragged = suite.run(shared, HELD, replace(BASE, drag=0.05), sides=("right",), speeds=("35",))
    free = [pair for pair in recorded if pair[0].name.endswith("35")]
    for (trial, a), (_, b) in zip(dragged, free, strict=True):
        assert np.nanmean(a.raw_turn.real) - np.nanmean(b.raw_turn.real) > 5.0, "the in-phase part is dragged along"
        assert abs(np.nanmean(a.raw_turn.imag) - np.nanmean(b.raw_turn.imag)) < 0.5, trial.name
        assert abs(a.quadrature.value - a.true_turn.imag) < 2.5, trial.name


@pytest.mark.parametrize(
    ("filming", "bars"),
    [
        (replace(BASE, fps=30.0), {"cadence_spm": 0.4, "thigh_rmse_deg": 2.0, "tle_deg": 1.0}),
        (replace(BASE, azimuth_deg=20.0), {"cadence_spm": 0.4, "thigh_rmse_deg": 2.5, "tle_deg": 1.5}),
        (replace(BASE, noise_mm=16.0), {"cadence_spm": 0.6, "thigh_rmse_deg": 4.0, "tle_deg": 1.5}),
    ],
    ids=["30 fps", "20 deg to the rear", "16 mm"],
)
def test_in_worse_conditions(shared: Path, filming: Filming, bars: dict[str, float]) -> None:
    trials = suite.run(shared, HELD, filming, sides=("left",), speeds=("35",))
    for what, bar in bars.items():
        assert worst(trials, what) <= bar, what


def test_knee_bounce_flight_and_landing(shared: Path) -> None:
    """Root mean square error over three speeds and both sides of one runner who was held out: the
    one whose contacts and toe-offs are timed worst.
    """
    bars = {
        "knee_flexion_stance_near_deg": 1.0,
        "flight_time_ms": 35.0,
        "duty_factor_pct": 5.0,
        "vertical_oscillation_cm": 0.2,
        "vertical_ratio_pct": 0.2,
        "overstride_near_cm": 2.0,
        "shank_contact_near_deg": 3.5,
    }
    found = errors(HELD[0])
    assert set(found) == set(bars) == set(MEASURES)
    for name, bar in bars.items():
        assert len(found[name]) == 6
        assert np.sqrt(np.mean(found[name] ** 2)) <= bar, name


def test_definitions_are_those_of_the_norms(shared: Path) -> None:
    for column, speed, values in quantities(shared, speeds=("35",)):
        norm = table(shared).get((speed, QUANTITIES[column]))
        if norm and column != "speed_mps":
            assert abs(values.mean() - norm["mean"]) < 0.6 * norm["sd"], column
