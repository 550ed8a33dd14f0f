from __future__ import annotations

from dataclasses import replace

import pytest

from station.faults import RULES, Judge
from station.types import Activity, Fault, Own, Speed
from tests.made_gait import MadeRunner

SITTING = {"tle_near_deg": 12.0, "trunk_lean_deg": -9.0}


def row(rows: tuple[Fault, ...], rule: str) -> Fault:
    return next(fault for fault in rows if fault.rule == rule)


def last(judge: Judge, gaits) -> tuple[Fault, ...]:
    rows: tuple[Fault, ...] = ()
    for gait in gaits:
        rows = judge.step(gait, Own())
    return rows


def test_every_step_tells_all_rules() -> None:
    judge = Judge(RULES)
    for gait in MadeRunner().stand(1):
        rows = judge.step(gait, Own())
        assert tuple(fault.rule for fault in rows) == tuple(rule.name for rule in RULES)
        assert {fault.state for fault in rows} == {"cannot_tell"}
        assert all(fault.reason for fault in rows)


def test_too_few_strides_are_no_verdict() -> None:
    rows = last(Judge(RULES), MadeRunner(**SITTING).run(8))
    assert row(rows, "sitting").state == "cannot_tell"
    assert row(rows, "sitting").reason == "too short to judge (11 of 20 strides)"


def test_what_more_strides_cannot_cure_is_said_at_once() -> None:
    rows = last(Judge(RULES), MadeRunner(pelvic_turn_deg=6.0, pelvic_turn_quadrature_deg=5.0).run(8))
    assert "drill" in row(rows, "locked_waist").reason


def test_a_fault_that_fills_up_is_not_called_ok() -> None:
    judge, runner = Judge(RULES), MadeRunner(**SITTING)
    seen = row(last(judge, runner.run(19)), "sitting")
    assert (seen.reason, seen.rising) == ("seen, but not yet for 10 s", True)
    assert row(last(judge, runner.run(10)), "sitting").state == "on"


def test_a_fault_leaves_by_the_last_strides_long_before_the_window_is_clean() -> None:
    judge, runner = Judge(RULES), MadeRunner(**SITTING)
    last(judge, runner.run(60))
    rows = last(judge, runner.run(9.6, tle_near_deg=22.0, trunk_lean_deg=5.0))
    assert row(rows, "sitting").value < 16.5, "the long window still remembers"
    assert row(rows, "sitting").state == "ok"
    assert "again" in row(rows, "sitting").reason
    assert row(last(judge, runner.run(40)), "sitting").reason == ""


@pytest.mark.parametrize("missed", [0.0, 0.1])
def test_pressure_outlasts_missed_looks(missed: float) -> None:
    """With one look in ten blind a streak of 10 s would hardly ever come; the budget comes in
    little more.
    """
    judge, runner = Judge(RULES), MadeRunner(**SITTING)
    last(judge, runner.run(16))
    for count, gait in enumerate(runner.run(13)):
        blind = missed and count % 10 == 0
        rows = judge.step(replace(gait, measures={}) if blind else gait, Own())
    assert row(rows, "sitting").state == "on"


def test_three_bad_looks_in_ten_never_fill_it() -> None:
    judge, bad, good = Judge(RULES), MadeRunner(**SITTING), MadeRunner()
    pairs = list(zip(bad.run(120), good.run(120), strict=True))
    states = [row(judge.step(b if i % 10 < 3 else g, Own()), "sitting").state for i, (b, g) in enumerate(pairs)]
    assert "on" not in states


def test_while_the_belt_changes_nothing_fills() -> None:
    judge, runner = Judge(RULES), MadeRunner(**SITTING)
    runner.speed = Speed(2.5, "given", steady=False)
    rows = last(judge, runner.run(60))
    assert row(rows, "sitting").reason == "belt speed is changing"
    assert row(rows, "sitting").pressure == 0


@pytest.mark.parametrize(("speed_mps", "words"), [(2.0, "7.2 km/h"), (6.0, "21.6 km/h")])
def test_speeds_without_norms_are_named(speed_mps: float, words: str) -> None:
    for fault in last(Judge(RULES), MadeRunner(speed_mps, **SITTING).run(60)):
        assert fault.state == "cannot_tell"
        assert words in fault.reason


def test_an_unknown_speed_still_tells_what_holds_at_any_speed() -> None:
    rows = last(Judge(RULES), MadeRunner(float("nan"), cadence_spm=138.0, **SITTING).run(90))
    assert row(rows, "sitting").state == row(rows, "low_cadence").state == "on"
    assert "unknown" in row(rows, "low_cadence").reason


def test_a_gap_is_no_evidence() -> None:
    judge, runner = Judge(RULES), MadeRunner(**SITTING)
    last(judge, runner.run(18))
    before = row(last(judge, runner.run(0.2)), "sitting").pressure
    runner.t_ns += 3600 * 10**9
    assert row(last(judge, runner.run(0.2)), "sitting").pressure <= before + 0.11


def test_walking_strides_are_not_judged() -> None:
    judge, runner = Judge(RULES), MadeRunner(**SITTING)
    rows: tuple[Fault, ...] = ()
    for gait in runner.run(60):
        rows = judge.step(replace(gait, activity=Activity.WALKING), Own())
    assert {fault.reason for fault in rows} == {"nobody is running"}


def test_reset_forgets() -> None:
    judge = Judge(RULES)
    last(judge, MadeRunner(**SITTING).run(60))
    judge.reset()
    assert judge.rows == ()
    assert row(last(judge, MadeRunner().run(60)), "sitting").state == "ok"
