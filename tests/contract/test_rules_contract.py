"""What every rule must keep, whichever it is: a new file in station/faults is tested here without a
new test.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import isnan

import pytest

from station.faults import RULES, Judge, norms
from station.faults.judge import ask
from station.faults.rule import Golden, Rule, Scene
from station.present.lights import SIGNS
from station.present.screen import page
from station.present.screen.ink import Ink
from station.present.voices import load_voices
from station.testing import screen_samples as samples
from station.types import NAN, NS, QUANTITIES, Cue, Gait, Measure, Mode, Own
from tests.made_gait import MadeRunner, measures

SPEEDS_MPS = (2.2, 2.5, 3.0, 3.5, 4.5, 5.0, NAN)
COACHED = [rule for rule in RULES if rule.coaching]
EACH = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
GOLDENS = [(rule, golden) for rule in RULES for golden in rule.goldens]
EACH_GOLDEN = pytest.mark.parametrize(("rule", "golden"), GOLDENS, ids=[f"{r.name}: {g.name}" for r, g in GOLDENS])


def told(golden: Golden) -> dict[str, Measure]:
    return measures(**golden.values)


def test_every_file_of_a_rule_can_be_used() -> None:
    assert [rule.source for rule in RULES if rule.broken] == []


def test_no_two_rules_share_a_rank() -> None:
    ranks = [rule.coaching.priority for rule in COACHED]
    assert ranks == sorted(set(ranks))


@EACH
def test_a_rule_declares_what_a_reader_needs(rule: Rule) -> None:
    assert rule.title
    assert rule.advice.endswith(".")
    assert len(rule.source) > 20
    assert rule.needs
    assert set(rule.needs) <= set(QUANTITIES)
    assert rule.measure in QUANTITIES
    assert rule.rise_s > 0 < rule.fall_s
    assert (rule.coaching is None) == (rule.confidence == "report only")
    assert rule.coaching is None or set(rule.coaching.modes) <= {Mode.COACH}, "the silent parts stay silent"


@EACH
@pytest.mark.parametrize("speed_mps", SPEEDS_MPS)
def test_to_leave_is_harder_than_to_enter(rule: Rule, speed_mps: float) -> None:
    """Of the two thresholds the one to leave lies on the healthy side, the same side at every
    speed.
    """
    here, there = rule.levels(Scene(speed_mps)), rule.levels(Scene(3.5))
    assert not isnan(here.enter + here.leave)
    assert here.enter != here.leave
    assert (here.leave > here.enter) == (there.leave > there.enter)


@EACH
def test_thresholds_change_little_from_speed_to_speed(rule: Rule) -> None:
    """No step at the speeds that were measured: the belt may stand on either side of one."""
    for speed_mps in (2.5, 3.5, 4.5):
        below, above = rule.levels(Scene(speed_mps - 0.001)), rule.levels(Scene(speed_mps + 0.001))
        assert below.enter == pytest.approx(above.enter, rel=0.01)
        assert below.leave == pytest.approx(above.leave, rel=0.01)


@EACH
def test_its_words_are_few(rule: Rule) -> None:
    for line in rule.lines.values():
        assert len(line.screen.split()) <= 3
        assert len(line.spoken.split()) <= 8


@EACH
def test_it_has_goldens_for_and_against(rule: Rule) -> None:
    looks = {golden.look for golden in rule.goldens}
    assert {"out", "inside", "between"} <= looks


@EACH_GOLDEN
def test_goldens(rule: Rule, golden: Golden) -> None:
    scene = replace(golden.scene, speed_mps=golden.speed_mps)
    verdict = ask(rule, told(golden), scene, 20)
    assert verdict.look == golden.look
    if verdict.look == "unknown":
        assert verdict.reason


@EACH
@pytest.mark.parametrize("speed_mps", [2.5, 3.5, 4.5])
def test_the_mean_runner_is_at_no_fault(rule: Rule, speed_mps: float) -> None:
    values = {name: norms.at(name, speed_mps).mean for name in norms.MEASURES} | {"trunk_lean_deg": 6.0}
    baseline = measures(**values)
    for source in ("landmarks", "hip_belt"):
        scene = Scene(speed_mps, Own(baseline=baseline), source, True)
        assert ask(rule, baseline, scene, 20).look in ("inside", "unknown")


@EACH_GOLDEN
def test_a_missing_measure_is_no_verdict(rule: Rule, golden: Golden) -> None:
    """Any measure NaN, any missing, all missing: never an exception, never a fault out of nothing.
    """
    scene = replace(golden.scene, speed_mps=golden.speed_mps)
    full = told(golden)
    for name in full:
        for gap in ({name: Measure.cannot_tell("hidden")}, {name: Measure(NAN, NAN, NAN, 36)}):
            verdict = ask(rule, {**full, **gap}, scene, 20)
            assert name not in rule.needs or verdict.look == "unknown"
            assert verdict.look != "unknown" or verdict.reason
    assert ask(rule, {}, scene, 20).look == "unknown"
    assert ask(rule, measures(n=3, **golden.values), scene, 20).look == "unknown"


def of_golden(golden: Golden, seconds: float, start_ns: int) -> Iterator[Gait]:
    """That runner for so long, every measure as the golden has it."""
    runner = MadeRunner(golden.speed_mps, start_ns=start_ns)
    for gait in runner.run(seconds):
        yield replace(
            gait,
            strides=(),
            measures=told(golden),
            speed=replace(gait.speed, incline_pct=golden.scene.incline_pct),
            pelvic_source=golden.scene.pelvic_source,
            pelvic_calibrated=golden.scene.pelvic_calibrated,
        )


@EACH_GOLDEN
def test_time_does_not_matter_only_durations(rule: Rule, golden: Golden) -> None:
    """The same run at another hour gives the same rows, to the bit; a fault comes on after
    `rise_s`, nothing else does.
    """
    early, late = (
        [judge.step(gait, golden.scene.own, errors=golden.scene.errors) for gait in of_golden(golden, rule.rise_s + 10, start_ns)]
        for judge, start_ns in ((Judge((rule,)), 0), (Judge((rule,)), 987_654_321 * NS))
    )
    assert [repr(rows) for rows in early] == [repr(rows) for rows in late]
    on = [rows[0].state == "on" for rows in early]
    assert on[-1] == (golden.look == "out")
    if golden.look == "out":
        assert on.index(True) / 5 == pytest.approx(rule.rise_s, abs=1.0)


@pytest.fixture(scope="module")
def ink() -> Ink:
    return Ink((800, 480))


@EACH
def test_its_words_fit_the_smallest_panel_in_the_real_font(rule: Rule, ink: Ink) -> None:
    for (text_id, line), action in zip(rule.lines.items(), ("start", "praise"), strict=False):
        words = line.screen
        cue = Cue(0, 1, text_id, rule.name, action, ("screen",), words)  # type: ignore[arg-type]
        ink.placed = []
        page.paint(ink, replace(samples.coach_silent(), cue=cue))
        assert all(placed.shrunk == 1 for placed in ink.placed), words
        assert words.split()[0] in " ".join(placed.words for placed in ink.placed)


@EACH
def test_what_is_said_has_a_voice_and_a_sign_of_its_own_and_what_is_not_has_none(rule: Rule) -> None:
    assert {text_id for text_id in load_voices("en").lines if text_id.endswith(f".{rule.name}")} == set(rule.lines), (
        "record it: python -m tests.lab.voice"
    )
    assert (rule.name in SIGNS) == (rule.coaching is not None)
    if rule.coaching is None:
        return
    others = [sign for name, sign in SIGNS.items() if name != rule.name]
    assert SIGNS[rule.name].shape not in [sign.shape for sign in others], "take a shape of present/lights that is free"
