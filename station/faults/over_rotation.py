"""Over-rotation: the pelvis is thrown about, far more than healthy runners turn it at this speed.
Always outranks "more".
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from station.faults import norms
from station.faults.rule import NO_DRILL, Coaching, Golden, Levels, Rule, Scene, Sign, Verdict, value_of
from station.types import NAN, Light, Line, Measure, Own

TURN = "pelvic_turn_deg"
BEYOND = 1.2  # chosen: a fifth beyond what nineteen of twenty healthy runners turn
RISE_DEG = 6.0  # landmarks: also so much more than in the own baseline


def levels(scene: Scene) -> Levels:
    """Pelvic turn, deg: 1.2 x P95 to enter, P95 to leave. At an unknown speed the highest of all
    speeds. With landmarks also well above the own baseline, and back at it.
    """
    p95 = norms.at(TURN, scene.speed_mps).p95 if scene.speed_known else norms.extreme(TURN, "p95")[1]
    baseline = value_of(scene.own.baseline, TURN) if scene.pelvic_source == "landmarks" else NAN
    if math.isnan(baseline):
        return Levels(BEYOND * p95, p95)
    return Levels(max(BEYOND * p95, baseline + RISE_DEG), max(p95, baseline))


def signs(measures: Mapping[str, Measure], scene: Scene) -> tuple[Sign, ...]:
    return (Sign(TURN, *levels(scene)),)


def look(measures: Mapping[str, Measure], scene: Scene) -> Verdict:
    turn = measures[TURN]
    limit = levels(scene)
    if scene.pelvic_source == "landmarks":
        if not scene.pelvic_calibrated:
            return Verdict("unknown", NAN, limit.enter, NO_DRILL)
        if math.isnan(value_of(scene.own.baseline, TURN)):
            return Verdict("unknown", turn.value, limit.enter, "no baseline of your own yet")
    if turn.low > limit.enter:
        return Verdict("out", turn.value, limit.enter, scene.speed_hint)
    return Verdict("inside" if turn.value < limit.leave else "between", turn.value, limit.enter)


_HIP_BELT = Scene(pelvic_source="hip_belt")
_OWN = Scene(pelvic_calibrated=True, own=Own(baseline={TURN: Measure(9.0, 8.0, 10.0, 36)}))

RULE = Rule(
    name="over_rotation",
    title="Turning too much",
    advice="Make every movement smaller and quieter.",
    measure=TURN,
    needs=(TURN,),
    signs=signs,
    look=look,
    rise_s=10.0,
    fall_s=3.0,
    coaching=Coaching(
        cue=Line("Smaller, quieter", "Smaller, and quieter."),
        praise=Line("Quiet now", "Good. Nice and quiet."),
        focus="smaller, quieter",
        towards="in",
        light=Light("magenta", "flashing"),
        priority=1,
        interrupts=True,
    ),
    source="95th percentile of pelvic turn for the speed, 26 runners (Fukuchi 2017); 1.2 and 6 deg: engineering choices",
    confidence="low",
    goldens=(
        Golden("hip belt, thrown about at 9 km/h", 2.5, {TURN: 18.0}, "out", _HIP_BELT),
        Golden("hip belt, usual at 16 km/h", 4.5, {TURN: 12.5}, "inside", _HIP_BELT),
        Golden("hip belt, much at 9 km/h", 2.5, {TURN: 13.5}, "between", _HIP_BELT),
        Golden("hip belt, much for any speed", NAN, {TURN: 30.0}, "out", _HIP_BELT),
        Golden("landmarks, doubled", 2.5, {TURN: 19.0}, "out", _OWN),
        Golden("landmarks, as in the baseline", 2.5, {TURN: 9.0}, "inside", _OWN),
        Golden("landmarks, no drill", 2.5, {TURN: 30.0}, "unknown"),
        Golden("landmarks, no baseline", 2.5, {TURN: 30.0}, "unknown", Scene(pelvic_calibrated=True)),
    ),
)
