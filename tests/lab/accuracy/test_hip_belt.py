"""Ratchets of the hip belt on made runs, and the scoring itself. The tables: `python -m
tests.lab.accuracy.hip_belt`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from station.types import Measure
from tests.lab.accuracy.hip_belt import COLUMNS, bars, row
from tests.lab.accuracy.hip_belt_cases import HELD, TUNED, Case, all_films, grid
from tests.lab.accuracy.hip_belt_errors import around, bearing_deg, lent
from tests.lab.accuracy.hip_belt_scores import Reported, believed
from tests.lab.accuracy.hip_belt_trials import trials
from tests.made_hip_belt import made

QUICK = {"fps": 25.0, "seconds": 8.0}
RUNS = 12
SIDE = Case("", "f_avg", 4.0)


@pytest.fixture(scope="module")
def few_trials() -> list[Reported]:
    return list(trials(RUNS, seed=11, **QUICK))


def reported(true: complex, turn: Measure, lead_deg: float = 95.0, case: Case = SIDE) -> Reported:
    lead = Measure(lead_deg, lead_deg - 5, lead_deg + 5, 11)
    list_, tilt = Measure(9.0, 8.0, 10.0, 11), Measure(0.0, 0.0, 1.0, 11)
    return Reported(case, turn, lead, list_, tilt, true, 9.5, 0.2, 11, 1.0, 0.9, 1.0, (), 0.3)


# --- made runs with the errors measured in pictures ---


def test_locked_and_typical_are_never_confused(few_trials: list[Reported]) -> None:
    for t in few_trials:
        assert t.called in ("", "locked" if t.true_amplitude_deg <= 1.0 else "typical"), t.case


def test_nearly_every_run_is_reported_and_within_a_degree(few_trials: list[Reported]) -> None:
    heard = [t for t in few_trials if t.turn.measured]
    assert len(heard) >= 0.85 * RUNS
    assert max(abs(t.error_deg) for t in heard) <= 1.0


def test_intervals_hold_the_truth(few_trials: list[Reported]) -> None:
    heard = [t for t in few_trials if t.turn.measured]
    assert sum(t.held for t in heard) >= 0.9 * len(heard)


def test_lead_is_reported_with_the_turn(few_trials: list[Reported]) -> None:
    sure = [t for t in few_trials if t.lead.measured and t.true_amplitude_deg > 3]
    assert len(sure) >= 0.8 * RUNS / 2
    assert max(abs(t.phase_error_deg) for t in sure) < 15


# --- the scoring ---


def test_amplitude_is_half_of_what_is_reported() -> None:
    t = reported(8.0 * np.exp(1j * np.radians(100)), Measure(9.0, 7.0, 11.0, 11))
    assert t.error_deg == pytest.approx(0.5)
    assert t.phase_error_deg == pytest.approx(-5.0)
    assert t.held
    assert t.called == "typical"
    assert not reported(6.9 + 0j, Measure(9.0, 7.0, 11.0, 11)).held
    assert reported(6.9 + 0j, Measure(4.4, 4.0, 5.0, 11)).called == "locked"


def test_phase_error_is_the_short_way_round() -> None:
    off = reported(8.0 * np.exp(1j * np.radians(175)), Measure(8.0, 7.0, 9.0, 11), lead_deg=-175.0)
    assert off.phase_error_deg == pytest.approx(10)


def test_bars_name_what_is_missed() -> None:
    silent = reported(0j, Measure.cannot_tell("covered"), case=replace(SIDE, amplitude_deg=0.0))
    good, bad = reported(8.0 + 0j, Measure(8.2, 7.5, 9.0, 11)), reported(8.0 + 0j, Measure(4.0, 3.5, 4.5, 11))
    assert "**no**" not in "".join(bars([good, good], [good]))
    missed = "\n".join(bars([good, bad], [good, silent]))
    assert "worst error 2.00 deg" in missed
    assert "1 confused" in missed
    assert "1 not told" in missed
    assert missed.count("**no**") >= 4


def test_row_says_why_nothing_was_reported() -> None:
    assert "nothing: covered" in row(reported(0j, Measure.cannot_tell("covered")))
    off = row(reported(8.0 + 0j, Measure(4.0, 3.5, 4.5, 11)))
    assert "(outside)" in off
    assert off.count("|") == len(COLUMNS) + 1


# --- cases and errors ---


def test_no_reported_body_is_one_that_was_tuned_on() -> None:
    assert not set(HELD) & set(TUNED)
    assert {case.body for case in grid(HELD)} == set(HELD)
    assert len(set(all_films())) > 50


def test_camera_is_believed_otherwise_only_where_it_is_said() -> None:
    run = made(SIDE.run)
    assert believed(SIDE, run) == run.view
    assert believed(replace(SIDE, focal_off=1.1), run).focal_px == pytest.approx(1.1 * run.view.focal_px)


def test_errors_are_lent_by_tags_alike() -> None:
    run = made(SIDE.run, corner_sd_px=0.0)
    error = lent(run, np.random.default_rng(0))[run.found]
    assert 0.02 < np.median(abs(error)) < 0.2
    assert abs(error).max() < 4.0
    assert (around(run.truth) >= 0).all()
    seen = bearing_deg(run.spec.camera, run.truth)[run.found]
    assert abs(seen).max() < 75
    assert seen.min() < -30
    assert seen.max() > 30


def test_turn_before_is_alike_for_runs_that_differ_only_in_the_run() -> None:
    here = repr(SIDE.turn)  # specs hold NaN, which equals nothing
    assert here == repr(replace(SIDE, amplitude_deg=8.0, shutter_s=0.008, fps=60.0).turn)
    assert here != repr(replace(SIDE, azimuth_deg=45.0).turn)
