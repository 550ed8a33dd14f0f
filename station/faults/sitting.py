"""Sitting: the runner sits on the waist. Two of three: the leg does not open behind, the trunk
leans back, the knee bends deep.

Each sign alone is seen in good runners too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from station.faults import norms
from station.faults.rule import Coaching, Golden, Levels, Rule, Scene, Sign, Verdict, value_of
from station.types import NAN, Light, Line, Measure, MeasureError

TLE, KNEE, LEAN = "tle_near_deg", "knee_flexion_stance_near_deg", "trunk_lean_deg"
LEAN_ENTER_DEG, LEAN_LEAVE_DEG = 0.0, 1.0  # the vertical; the degree back is chosen
LEAN_MOST_DEG = 12.0  # where the screen's zone ends: no rule asks for less lean (chosen)
# One-sided 95 % of the model's error: an upright runner is not seen to lean back more often than
# that.
Z95 = 1.645


def levels(scene: Scene) -> Levels:
    """Trailing-limb extension, deg: P5 to enter, half-way to P25 to leave. At an unknown speed the
    lowest of all speeds.
    """
    p5, p25 = (norms.lowest(TLE, scene.speed_mps, percentile, scene.spread(TLE)) for percentile in ("p5", "p25"))
    return Levels(p5, (p5 + p25) / 2)


def knee_levels(scene: Scene) -> Levels:
    """Stance-knee flexion, deg: P95 to enter, half-way to P75 to leave. At an unknown speed the
    highest of all speeds.
    """
    p95, p75 = (norms.highest(KNEE, scene.speed_mps, percentile, scene.spread(KNEE)) for percentile in ("p95", "p75"))
    return Levels(p95, (p95 + p75) / 2)


def lean_levels(scene: Scene) -> Levels:
    """Trunk lean, deg: behind the vertical by more than the model may be wrong."""
    allowed_deg = Z95 * scene.spread(LEAN)
    return Levels(LEAN_ENTER_DEG - allowed_deg, LEAN_LEAVE_DEG - allowed_deg)


def signs(measures: Mapping[str, Measure], scene: Scene) -> tuple[Sign, ...]:
    lean = Sign(LEAN, *lean_levels(scene), most=LEAN_MOST_DEG)
    return Sign(TLE, *levels(scene)), lean, Sign(KNEE, *knee_levels(scene))


def look(measures: Mapping[str, Measure], scene: Scene) -> Verdict:
    tle, knee, lean = measures[TLE].value, value_of(measures, KNEE), value_of(measures, LEAN)
    open_behind, upright, bend = signs(measures, scene)
    seen = (tle < open_behind.enter, lean < upright.enter, knee > bend.enter)
    # A sign that cannot be seen counts neither for the fault nor against it.
    may_remain = (not open_behind.gone(tle), not upright.gone(lean), not bend.gone(knee))
    if sum(seen) >= 2:
        return Verdict("out", tle, open_behind.enter, scene.speed_hint)
    if sum(may_remain) < 2:
        return Verdict("inside", tle, open_behind.enter)
    unseen = [name for name, value in (("trunk", lean), ("stance knee", knee)) if math.isnan(value)]
    if sum(seen) + len(unseen) >= 2:
        return Verdict("unknown", tle, open_behind.enter, f"{' and '.join(unseen)} not measured")
    return Verdict("between", tle, open_behind.enter)


_UNSURE = Scene(errors={LEAN: MeasureError(0.0, 1.0, 0.5, 10)})

RULE = Rule(
    name="sitting",
    title="Sitting while running",
    advice="Run tall, and push the belt away behind you.",
    measure="tle_near_deg",
    needs=("tle_near_deg",),
    signs=signs,
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
    "each wider by the pose model's own spread between people; trunk behind the vertical, half-way to the quartile: chosen",
    confidence="moderate",
    goldens=(
        Golden(
            "sits at 9 km/h", 2.5, {"tle_near_deg": 12.0, "trunk_lean_deg": -3.0, "knee_flexion_stance_near_deg": 42.0}, "out"
        ),
        Golden("deep knee", 3.5, {"tle_near_deg": 20.0, "trunk_lean_deg": 4.0, "knee_flexion_stance_near_deg": 50.0}, "out"),
        Golden("no speed given", NAN, {"tle_near_deg": 12.0, "trunk_lean_deg": -3.0}, "out"),
        Golden("usual", 3.5, {"tle_near_deg": 28.0, "trunk_lean_deg": 6.0, "knee_flexion_stance_near_deg": 40.0}, "inside"),
        Golden("one sign", 2.5, {"tle_near_deg": 22.0, "trunk_lean_deg": -2.0, "knee_flexion_stance_near_deg": 39.0}, "inside"),
        Golden("lean within the model's error", 2.5, {TLE: 12.0, LEAN: -1.0, KNEE: 40.0}, "between", _UNSURE),
        Golden("lean beyond it", 2.5, {TLE: 12.0, LEAN: -4.0, KNEE: 40.0}, "out", _UNSURE),
        Golden("nearly", 2.5, {"tle_near_deg": 17.5, "trunk_lean_deg": -2.0, "knee_flexion_stance_near_deg": 39.0}, "between"),
        Golden("trunk hidden, leg opens", 2.5, {"tle_near_deg": 22.0, "knee_flexion_stance_near_deg": 44.0}, "between"),
        Golden("trunk hidden", 2.5, {"tle_near_deg": 12.0, "knee_flexion_stance_near_deg": 39.0}, "unknown"),
        Golden("only the legs seen", 2.5, {"tle_near_deg": 12.0}, "unknown"),
    ),
)
