"""Thigh-only drive: the thigh swings forward and does not open behind; the leg runs without the
hip.

Needs no pelvis. Two signs, each of which is enough: a small share of the swing lies behind the
vertical (the thigh drives in front instead), or the thigh opens so little behind that hardly any
healthy runner does the same at this speed. Where the pelvis is measured by itself, a turn that is
small for that swing makes a share below the middle half of runners enough.
"""

from __future__ import annotations

from collections.abc import Mapping

from station.faults import norms
from station.faults.rule import Coaching, Golden, Levels, Rule, Scene, Verdict
from station.types import NAN, Light, Line, Measure, MeasureError

SHARE, TLE, RATIO = "tle_share_near", "tle_near_deg", "pelvis_thigh_ratio"
# Standard deviations below the mean of healthy runners, as this pose model would measure them. Two
# signs at 2.5 are on for about 1 % of the healthy: `python -m tests.lab.accuracy.thigh_only` draws
# the ROC per speed.
ENTER_SDS, LEAVE_SDS = 2.5, 1.5
LITTLE_PUSH = "little push behind you: the thigh hardly opens behind the vertical"


def levels(scene: Scene) -> Levels:
    """Share of the swing behind the vertical. At an unknown speed the lowest of all speeds."""
    return _low(SHARE, scene)


def tle_levels(scene: Scene) -> Levels:
    """Trailing-limb extension, deg, likewise."""
    return _low(TLE, scene)


def _low(name: str, scene: Scene) -> Levels:
    speeds = (scene.speed_mps,) if scene.speed_known else (norms.SLOWEST_MPS, *norms.SPEEDS_MPS, norms.FASTEST_MPS)
    seen = [norms.seen(name, speed, scene.spread(name)) for speed in speeds]
    return Levels(*(min(n.mean - sds * n.sd for n in seen) for sds in (ENTER_SDS, LEAVE_SDS)))


def look(measures: Mapping[str, Measure], scene: Scene) -> Verdict:
    share, tle = measures[SHARE].value, measures[TLE].value
    limit, opens = levels(scene), tle_levels(scene)
    if share < limit.enter:
        return Verdict("out", share, limit.enter, scene.speed_hint)
    if tle < opens.enter:
        return Verdict("out", share, limit.enter, scene.speed_hint or LITTLE_PUSH)
    if _pelvis_stays(share, measures, scene):
        return Verdict("out", share, limit.enter, scene.speed_hint)
    return Verdict("inside" if share > limit.leave and tle > opens.leave else "between", share, limit.enter)


def _pelvis_stays(share: float, measures: Mapping[str, Measure], scene: Scene) -> bool:
    """The pelvis turns too little for this swing, surely, and the share is lowish. Landmarks show
    too little of a turn to ask.
    """
    ratio = measures.get(RATIO)
    if scene.pelvic_source == "landmarks" or ratio is None or not ratio.measured or not scene.speed_known:
        return False
    lowish = norms.seen(SHARE, scene.speed_mps, scene.spread(SHARE)).p25
    return share < lowish and ratio.high < norms.at(RATIO, scene.speed_mps).p5


_HIP_BELT = Scene(pelvic_source="hip_belt")
_UNSURE = Scene(errors={SHARE: MeasureError(0.0, 0.04, 0.02, 10), TLE: MeasureError(0.0, 2.0, 1.0, 10)})

RULE = Rule(
    name="thigh_only_drive",
    title="Thigh-only drive",
    advice="Push the belt away behind you, and let the leg open there.",
    measure=SHARE,
    needs=(SHARE, TLE),
    levels=levels,
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
        shown="tle_near_deg",
    ),
    source="mean and SD of trailing-limb extension and of its share of the thigh's excursion, 5th percentile of the pelvis/thigh "
    "ratio, for the speed, 26 runners (Fukuchi 2017), wider by the pose model's own spread; 2.5 and 1.5 SD: from the ROC",
    confidence="low",
    goldens=(
        Golden("thigh high, not open behind", 3.5, {SHARE: 0.32, TLE: 24.0}, "out"),
        Golden("usual", 3.5, {SHARE: 0.43, TLE: 28.0}, "inside"),
        Golden("opens little, swings short", 3.5, {SHARE: 0.38, TLE: 19.0}, "out"),
        Golden("extension 14 deg, share .30", 2.5, {SHARE: 0.30, TLE: 14.0}, "out"),
        Golden("lowish", 3.5, {SHARE: 0.385, TLE: 25.0}, "between"),
        Golden("low for any speed", NAN, {SHARE: 0.28, TLE: 20.0}, "out"),
        Golden("20 deg may be right for an unknown speed", NAN, {SHARE: 0.42, TLE: 20.0}, "inside"),
        Golden("within what the pose model is off", 3.5, {SHARE: 0.35, TLE: 24.0}, "between", _UNSURE),
        Golden("hip belt: pelvis stays, share lowish", 3.5, {SHARE: 0.41, TLE: 26.0, RATIO: 0.03}, "out", _HIP_BELT),
        Golden("hip belt: pelvis turns, share lowish", 3.5, {SHARE: 0.41, TLE: 26.0, RATIO: 0.15}, "inside", _HIP_BELT),
        Golden("landmarks are not asked about the pelvis", 3.5, {SHARE: 0.41, TLE: 26.0, RATIO: 0.03}, "inside"),
    ),
)
