"""Thigh-only drive: the thigh swings forward and does not open behind; the leg runs without the hip.

Needs no pelvis: the share of the swing that lies behind the vertical. Where the pelvis is measured by itself, a turn that is
small for that swing makes the rule stronger: then a share below the middle half of runners is enough.
"""

from __future__ import annotations

from collections.abc import Mapping

from station.faults import norms
from station.faults.rule import Coaching, Golden, Levels, Rule, Scene, Verdict
from station.types import NAN, Light, Line, Measure

SHARE, EXCURSION, RATIO = "tle_share_near", "thigh_excursion_near_deg", "pelvis_thigh_ratio"
LEAST_EXCURSION = 0.9  # of the mean for the speed: a short swing is no thigh drive


def levels(speed_mps: float) -> Levels:
    """Share of the swing behind the vertical: P5 to enter, P25 to leave. At an unknown speed the lowest of all speeds."""
    if norms.judged(speed_mps):
        norm = norms.at(SHARE, speed_mps)
        return Levels(norm.p5, norm.p25)
    return Levels(norms.extreme(SHARE, "p5")[0], norms.extreme(SHARE, "p25")[0])


def look(measures: Mapping[str, Measure], scene: Scene) -> Verdict:
    share, limit = measures[SHARE].value, levels(scene.speed_mps)
    if share > limit.leave:
        return Verdict("inside", share, limit.enter)
    swing = norms.at(EXCURSION, scene.speed_mps) if scene.speed_known else norms.slowest(EXCURSION)
    if measures[EXCURSION].value < LEAST_EXCURSION * swing.mean:
        return Verdict("between", share, limit.enter, "the swing is short: whatever it is, it is no thigh drive")
    if share < limit.enter or _pelvis_stays(measures, scene):
        return Verdict("out", share, limit.enter, scene.speed_hint)
    return Verdict("between", share, limit.enter)


def _pelvis_stays(measures: Mapping[str, Measure], scene: Scene) -> bool:
    """The pelvis turns too little for this swing, surely. Landmarks show too little of a turn to be asked."""
    ratio = measures.get(RATIO)
    if scene.pelvic_source == "landmarks" or ratio is None or not ratio.measured or not scene.speed_known:
        return False
    return ratio.high < norms.at(RATIO, scene.speed_mps).p5


_HIP_BELT = Scene(pelvic_source="hip_belt")

RULE = Rule(
    name="thigh_only_drive",
    title="Thigh-only drive",
    advice="Push the belt away behind you, and let the leg open there.",
    measure=SHARE,
    needs=(SHARE, EXCURSION),
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
    source="5th and 25th percentile of the share of trailing-limb extension in the thigh's excursion, 5th of the pelvis/thigh "
    "ratio, for the speed, 26 runners (Fukuchi 2017); 0.9: engineering choice",
    confidence="low",
    goldens=(
        Golden("thigh high, not open behind", 3.5, {SHARE: 0.32, EXCURSION: 64.0}, "out"),
        Golden("usual", 3.5, {SHARE: 0.43, EXCURSION: 64.0}, "inside"),
        Golden("short swing", 3.5, {SHARE: 0.32, EXCURSION: 45.0}, "between"),
        Golden("low for any speed", NAN, {SHARE: 0.30, EXCURSION: 60.0}, "out"),
        Golden("hip belt: pelvis stays, share lowish", 3.5, {SHARE: 0.395, EXCURSION: 64.0, RATIO: 0.03}, "out", _HIP_BELT),
        Golden("hip belt: pelvis turns, share lowish", 3.5, {SHARE: 0.395, EXCURSION: 64.0, RATIO: 0.15}, "between", _HIP_BELT),
        Golden("landmarks are not asked about the pelvis", 3.5, {SHARE: 0.395, EXCURSION: 64.0, RATIO: 0.03}, "between"),
    ),
)
