"""The zone that the screen draws and the threshold at which a rule speaks are one fact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from station.coach import Coach
from station.cues import Plan
from station.faults import BY_NAME, RULES, Judge, norms
from station.faults.judge import ask
from station.faults.rule import Golden, Rule, Scene
from station.faults.zones import shown, zones
from station.present.screen import zone
from station.types import NAN, Cue, Measure, MeasureError, Mode, Own, Snapshot, View
from tests.made_gait import MadeRunner, measures

SPEEDS_MPS = (2.2, 2.5, 2.9, 3.5, 4.2, 5.0, NAN)
SPREADS = (0.0, 0.5, 1.0)  # of what healthy runners differ by: no model's error, some, as much
LOOKS = 400
EACH = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)


def scenes(rule: Rule) -> list[Scene]:
    """Every scene that one of its goldens stands in, at every speed, through every model."""
    found = {repr(golden.scene): golden.scene for golden in rule.goldens}.values()
    return [
        replace(scene, speed_mps=speed_mps, errors=errors(spread))
        for scene in found
        for speed_mps in SPEEDS_MPS
        for spread in SPREADS
    ]


def errors(spread: float) -> dict[str, MeasureError]:
    sds = {name: norms.at(name, 3.5).sd for name in norms.MEASURES} | {"trunk_lean_deg": 2.0}
    return {name: MeasureError(0.0, spread * sd, 0.0, 10) for name, sd in sds.items()} if spread else {}


def anybody(rng: np.random.Generator, goldens: tuple[Golden, ...]) -> dict[str, Measure]:
    """Values from far below to far above what runners do, some of them unknown."""
    golden = goldens[rng.integers(len(goldens))].values
    wide = {name: norm.mean + rng.uniform(-4, 4) * norm.sd for name in norms.MEASURES if (norm := norms.at(name, 3.5))}
    wide["trunk_lean_deg"] = rng.uniform(-8, 12)
    near = {name: value + rng.normal(0, 0.2 * abs(value)) for name, value in golden.items()}
    values = {name: value if rng.random() > 0.1 else NAN for name, value in (wide | near).items()}
    return measures(half=float(rng.uniform(0.0, 1.0)), **values)


def side(found: Mapping[str, Measure], name: str, rule: Rule, scene: Scene, on: bool) -> int:
    """Where the number that the screen would show lies against the zone that it would draw."""
    measure = found.get(name, Measure.cannot_tell(""))
    value = measure.value if measure.measured else NAN
    others = [(other, False) for other in RULES if other is not rule]
    return zone.Shown(name, value, zones([(rule, on), *others], found, scene).get(name)).side


@EACH
def test_what_a_rule_comes_on_by_lies_outside_of_its_zone(rule: Rule) -> None:
    """And stays outside until the rule would go off: at every speed, through every pose model,
    before any baseline and after."""
    rng, out = np.random.default_rng(5), 0
    for scene in scenes(rule):
        for _ in range(LOOKS // len(scenes(rule)) + 8):
            found = anybody(rng, rule.goldens)
            look = ask(rule, found, scene, 20).look
            if look not in ("out", "between"):
                continue
            name = shown(rule, found, scene)
            seen = found.get(name, Measure.cannot_tell("")).measured
            assert side(found, name, rule, scene, on=True) != 0 or not seen, (rule.name, scene, found)
            if look == "out":
                out += 1
                assert seen
                outside = [side(found, sign.measure, rule, scene, on=False) for sign in rule.signs(found, scene)]
                assert any(outside) or not scene.speed_known
    assert out > 20


@EACH
def test_a_zone_holds_the_usual_runner(rule: Rule) -> None:
    for speed_mps in (2.5, 3.5, 4.5):
        usual = measures(**{name: norms.at(name, speed_mps).mean for name in norms.MEASURES}, trunk_lean_deg=6.0)
        for source in ("landmarks", "pixels", "hip_belt"):
            scene = Scene(speed_mps, Own(baseline=usual), source, True)
            for on in (False, True):
                for sign in rule.signs(usual, scene):
                    assert side(usual, sign.measure, rule, scene, on) == 0, (sign, on)


@pytest.mark.parametrize(
    ("rule", "speed_mps", "values"),
    [
        ("thigh_only_drive", 2.5, {"tle_near_deg": 12.0}),
        ("thigh_only_drive", 2.7, {"tle_near_deg": 17.0, "thigh_forward_near_deg": 46.0}),
        ("thigh_only_drive", 4.0, {"tle_near_deg": 17.0, "thigh_forward_near_deg": 38.0}),
        ("sitting", 2.5, {"tle_near_deg": 12.0, "trunk_lean_deg": -4.0}),
        ("sitting", 2.5, {"trunk_lean_deg": -4.0, "knee_flexion_stance_near_deg": 52.0}),
        ("low_cadence", 3.0, {"cadence_spm": 140.0}),
        ("low_cadence", NAN, {"cadence_spm": 140.0}),
    ],
)
def test_the_number_of_a_cue_lies_outside_until_the_fault_has_gone(
    rule: str, speed_mps: float, values: dict[str, float]
) -> None:
    """Through judge and screen, moment by moment: no number of a fault that is on stands in its
    zone, but for the seconds in which the last strides are good and the fault goes off."""
    runner, coach = MadeRunner(speed_mps, **values), Coach(View(1280, 720), Plan(quiet_start_s=10.0))
    good = MadeRunner(speed_mps).values
    inside = seen = 0
    for part, change in ((90, {}), (60, good)):
        for gait in runner.run(part, **change):
            snapshot = coach.answer(gait).snapshot
            if next(fault for fault in snapshot.faults if fault.rule == rule).state == "on":
                seen += 1
                inside += said(snapshot, rule).side == 0
    hz = 5
    assert seen > 20 * hz
    assert inside <= (BY_NAME[rule].fall_s + 1) * hz


def said(snapshot: Snapshot, rule: str) -> zone.Shown:
    """What the screen shows of that rule's cue."""
    coaching = BY_NAME[rule].coaching
    assert coaching is not None
    cue = Cue(0, 1, f"cue.{rule}", rule, "start", ("screen",), coaching.cue.screen)
    return zone.shown(replace(snapshot, cue=cue, mode=Mode.COACH))


def test_silence_is_not_good_while_the_number_of_a_fault_is_outside() -> None:
    runner, coach = MadeRunner(2.5, tle_near_deg=12.0), Coach(View(1280, 720), Plan(quiet_start_s=10.0))
    for gait in runner.run(60):
        snapshot = coach.answer(gait).snapshot
    silent = replace(snapshot, cue=None)
    assert not zone.everything_inside(silent)
    assert zone.shown(silent).measure == "tle_near_deg"
    assert zone.shown(silent).side == -1


def test_a_leg_that_drives_forward_must_open_farther() -> None:
    rule = BY_NAME["thigh_only_drive"]
    lows = [zones([(rule, True)], measures(tle_near_deg=20.0, thigh_forward_near_deg=f), Scene(3.5)) for f in (30.0, 45.0)]
    assert lows[0]["tle_near_deg"].low < lows[1]["tle_near_deg"].low


def test_the_judge_hands_out_what_it_judges_by() -> None:
    judge = Judge(RULES)
    for gait in MadeRunner(2.5, tle_near_deg=12.0).run(60):
        rows = judge.step(gait, Own())
    fault = next(row for row in rows if row.rule == "thigh_only_drive")
    assert fault.state == "on"
    assert fault.shown == "tle_near_deg"
    assert judge.recent["tle_near_deg"].value == 12.0
    assert judge.zones["tle_near_deg"].low > 12.0
