"""Slow retraction: from its forward peak the thigh takes long to the ground, yet comes back little.
Reported, never spoken.
"""

from __future__ import annotations

from collections.abc import Mapping

from station.faults import norms
from station.faults.rule import Golden, Levels, Rule, Scene, Sign, Verdict
from station.types import NAN, Measure

TIME, ANGLE = "retraction_near_pct", "retraction_near_deg"


def levels(scene: Scene) -> Levels:
    """Time, % of the stride: P95 to enter, half-way to P75 to leave. At an unknown speed the
    highest of all speeds.
    """
    p95, p75 = (norms.highest(TIME, scene.speed_mps, percentile, scene.spread(TIME)) for percentile in ("p95", "p75"))
    return Levels(p95, (p75 + p95) / 2)


def angle_levels(scene: Scene) -> Levels:
    """Angle, deg: P5 to enter, half-way to P25 to leave. At an unknown speed the lowest of all
    speeds.
    """
    p5, p25 = (norms.lowest(ANGLE, scene.speed_mps, percentile, scene.spread(ANGLE)) for percentile in ("p5", "p25"))
    return Levels(p5, (p5 + p25) / 2)


def signs(measures: Mapping[str, Measure], scene: Scene) -> tuple[Sign, ...]:
    return Sign(TIME, *levels(scene)), Sign(ANGLE, *angle_levels(scene))


def look(measures: Mapping[str, Measure], scene: Scene) -> Verdict:
    time, angle = measures[TIME].value, measures[ANGLE].value
    slow, small = levels(scene), angle_levels(scene)
    if time > slow.enter and angle < small.enter:
        return Verdict("out", time, slow.enter, scene.speed_hint)
    if time < slow.leave or angle > small.leave:
        return Verdict("inside", time, slow.enter)
    return Verdict("between", time, slow.enter)


RULE = Rule(
    name="slow_retraction",
    title="Late pull-back",
    advice="Let the foot come back to meet the belt.",
    measure=TIME,
    needs=(TIME, ANGLE),
    signs=signs,
    look=look,
    rise_s=10.0,
    fall_s=3.0,
    source="95th percentile of time and 5th of angle from thigh peak to contact for the speed, 26 runners (Fukuchi 2017)",
    confidence="report only",
    goldens=(
        Golden("late and little", 3.5, {TIME: 21.0, ANGLE: 5.0}, "out"),
        Golden("late but far", 3.5, {TIME: 21.0, ANGLE: 13.0}, "inside"),
        Golden("usual", 3.5, {TIME: 16.7, ANGLE: 13.0}, "inside"),
        Golden("at the edge", 3.5, {TIME: 18.5, ANGLE: 8.5}, "between"),
        Golden("late and little at any speed", NAN, {TIME: 22.0, ANGLE: 4.0}, "out"),
    ),
)
