"""Thigh-only drive: the thigh swings forward and does not open behind; the leg runs without the
hip.

Needs no pelvis. What is judged is how far the thigh opens behind: so little that hardly any healthy
runner does the same at this speed, or little for a thigh that comes forward so far.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from station.faults import norms
from station.faults.rule import Coaching, Golden, Levels, Rule, Scene, Sign, Verdict, below, value_of
from station.types import NAN, Light, Line, Measure, MeasureError

SHARE, TLE, FORWARD = "tle_share_near", "tle_near_deg", "thigh_forward_near_deg"
# Standard deviations below the mean of healthy runners, as this pose model would measure them. Two
# signs at 2.5 are on for about 1 % of the healthy: `python -m tests.lab.accuracy.thigh_only` draws
# the ROC per speed.
ENTER_SDS, LEAVE_SDS = 2.5, 1.5
LITTLE_PUSH = "little push behind you: the thigh hardly opens behind the vertical"


def signs(measures: Mapping[str, Measure], scene: Scene) -> tuple[Sign, ...]:
    """How far the thigh should at least open behind, deg, given how far it comes forward."""
    return (Sign(TLE, *levels(scene, value_of(measures, FORWARD))),)


def levels(scene: Scene, forward_deg: float = NAN) -> Levels:
    """Trailing-limb extension, deg: little by itself, or little for a thigh that comes forward so
    far. At an unknown speed the lowest of all speeds.
    """
    speeds = (scene.speed_mps,) if scene.speed_known else (norms.SLOWEST_MPS, *norms.SPEEDS_MPS, norms.FASTEST_MPS)
    tle, share = ([norms.seen(name, speed, scene.spread(name)) for speed in speeds] for name in (TLE, SHARE))
    found = []
    for sds in (ENTER_SDS, LEAVE_SDS):
        low, part = (min(norm.mean - sds * norm.sd for norm in of) for of in (tle, share))
        found.append(low if math.isnan(forward_deg) else max(low, part / (1 - part) * forward_deg))
    return Levels(*found)


def look(measures: Mapping[str, Measure], scene: Scene) -> Verdict:
    tle, forward = measures[TLE].value, measures[FORWARD].value
    limit = levels(scene, forward)
    seen = below(tle, limit)
    return Verdict(seen, tle, limit.enter, scene.speed_hint or (LITTLE_PUSH if seen == "out" else ""))


_UNSURE = Scene(errors={SHARE: MeasureError(0.0, 0.04, 0.02, 10), TLE: MeasureError(0.0, 2.0, 1.0, 10)})

RULE = Rule(
    name="thigh_only_drive",
    title="Thigh-only drive",
    advice="Push the belt away behind you, and let the leg open there.",
    measure=TLE,
    needs=(TLE, FORWARD),
    signs=signs,
    look=look,
    rise_s=10.0,
    fall_s=3.0,
    coaching=Coaching(
        cue=Line("Push belt away", "Push the belt away behind you."),
        praise=Line("Good push", "Good. That is the push."),
        focus="push the belt away",
        towards="behind",
        light=Light("cyan", "isophase"),
        priority=5,
    ),
    source="mean and SD of trailing-limb extension and of its share of the thigh's excursion "
    "for the speed, 26 runners (Fukuchi 2017), wider by the pose model's own spread; 2.5 and 1.5 SD: from the ROC",
    confidence="low",
    goldens=(
        Golden("thigh high, not open behind", 3.5, {FORWARD: 51.0, TLE: 24.0}, "out"),
        Golden("usual", 3.5, {FORWARD: 37.0, TLE: 28.0}, "inside"),
        Golden("opens little, swings short", 3.5, {FORWARD: 31.0, TLE: 19.0}, "out"),
        Golden("extension 14 deg, share .30", 2.5, {FORWARD: 32.7, TLE: 14.0}, "out"),
        Golden("lowish", 3.5, {FORWARD: 39.0, TLE: 23.0}, "between"),
        Golden("low for any speed", NAN, {FORWARD: 51.0, TLE: 20.0}, "out"),
        Golden("20 deg may be right for an unknown speed", NAN, {FORWARD: 27.6, TLE: 20.0}, "inside"),
        Golden("within what the pose model is off", 3.5, {FORWARD: 45.0, TLE: 24.0}, "between", _UNSURE),
    ),
)
