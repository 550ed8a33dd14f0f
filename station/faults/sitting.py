"""Sitting: the runner sits on the waist. Two of three: the leg does not open behind, the trunk leans back, the knee bends deep.

Each sign alone is seen in good runners too.
"""

from __future__ import annotations

from collections.abc import Mapping

from station.faults import norms
from station.faults.rule import Coaching, Golden, Levels, Rule, Scene, Verdict, value_of
from station.types import NAN, Light, Line, Measure

# The landmarks show a trunk farther back than it is: by 2.5 and 4.0 deg on the two bodies of tests/lab/end_to_end that constants
# may be set on. The smaller of the two is allowed for, so that an upright runner does not look like one who leans back.
LANDMARK_LEAN_DEG = -2.5
LEAN_ENTER_DEG, LEAN_LEAVE_DEG = 0.0 + LANDMARK_LEAN_DEG, 1.0 + LANDMARK_LEAN_DEG
LEAVE = 1.10  # back inside by 10 %


def levels(speed_mps: float) -> Levels:
    """Trailing-limb extension, deg: P5 to enter, 10 % above it to leave. At an unknown speed the lowest P5 of all speeds."""
    p5 = norms.at("tle_near_deg", speed_mps).p5 if norms.judged(speed_mps) else norms.extreme("tle_near_deg", "p5")[0]
    return Levels(p5, LEAVE * p5)


def knee_levels(speed_mps: float) -> Levels:
    """Stance-knee flexion, deg: P95 to enter, 10 % below it to leave. At an unknown speed the highest P95."""
    name = "knee_flexion_stance_near_deg"
    p95 = norms.at(name, speed_mps).p95 if norms.judged(speed_mps) else norms.extreme(name, "p95")[1]
    return Levels(p95, p95 / LEAVE)


def look(measures: Mapping[str, Measure], scene: Scene) -> Verdict:
    tle, knee = measures["tle_near_deg"].value, value_of(measures, "knee_flexion_stance_near_deg")
    lean = value_of(measures, "trunk_lean_deg")
    open_behind, bend = levels(scene.speed_mps), knee_levels(scene.speed_mps)
    signs = (tle < open_behind.enter, lean < LEAN_ENTER_DEG, knee > bend.enter)
    # A sign that cannot be seen counts neither for the fault nor against it.
    may_remain = (not tle > open_behind.leave, not lean > LEAN_LEAVE_DEG, not knee < bend.leave)
    if sum(signs) >= 2:
        return Verdict("out", tle, open_behind.enter, scene.speed_hint)
    if sum(may_remain) < 2:
        return Verdict("inside", tle, open_behind.enter)
    unseen = [name for name, value in (("trunk", lean), ("stance knee", knee)) if value != value]
    if sum(signs) + len(unseen) >= 2:
        return Verdict("unknown", tle, open_behind.enter, f"{' and '.join(unseen)} not measured")
    return Verdict("between", tle, open_behind.enter)


RULE = Rule(
    name="sitting",
    title="Sitting while running",
    advice="Run tall, and push the belt away behind you.",
    measure="tle_near_deg",
    needs=("tle_near_deg",),
    levels=levels,
    look=look,
    rise_s=10.0,
    fall_s=3.0,
    coaching=Coaching(
        cue=Line("Run tall", "Run tall."),
        praise=Line("Tall now", "Good. That is tall."),
        focus="run tall",
        towards="up",
        light=Light("amber", "fixed"),
        priority=2,
    ),
    source="5th percentile of trailing-limb extension and 95th of stance-knee flexion for the speed, 26 runners (Fukuchi 2017); "
    "trunk behind the vertical (2.5 deg allowed for the landmarks), two of three, 10 %: engineering choices",
    confidence="moderate",
    goldens=(
        Golden(
            "sits at 9 km/h", 2.5, {"tle_near_deg": 12.0, "trunk_lean_deg": -3.0, "knee_flexion_stance_near_deg": 42.0}, "out"
        ),
        Golden("deep knee", 3.5, {"tle_near_deg": 20.0, "trunk_lean_deg": 4.0, "knee_flexion_stance_near_deg": 50.0}, "out"),
        Golden("no speed told", NAN, {"tle_near_deg": 12.0, "trunk_lean_deg": -3.0}, "out"),
        Golden("usual", 3.5, {"tle_near_deg": 28.0, "trunk_lean_deg": 6.0, "knee_flexion_stance_near_deg": 40.0}, "inside"),
        Golden("one sign", 2.5, {"tle_near_deg": 22.0, "trunk_lean_deg": -2.0, "knee_flexion_stance_near_deg": 39.0}, "inside"),
        Golden("nearly", 2.5, {"tle_near_deg": 17.5, "trunk_lean_deg": -2.0, "knee_flexion_stance_near_deg": 39.0}, "between"),
        Golden("trunk hidden, leg opens", 2.5, {"tle_near_deg": 22.0, "knee_flexion_stance_near_deg": 44.0}, "between"),
        Golden("trunk hidden", 2.5, {"tle_near_deg": 12.0, "knee_flexion_stance_near_deg": 39.0}, "unknown"),
        Golden("only the legs seen", 2.5, {"tle_near_deg": 12.0}, "unknown"),
    ),
)
