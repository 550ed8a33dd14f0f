"""Locked waist: the legs run, the pelvis does not turn.

A source that sees the pelvis itself (a hip belt, or the pixels round the hips) is judged by the
norms for the speed, a belt also between the runner's own stiff and free running after a contrast
trial, pixels by a fall against the runner's baseline where their interval is too wide for the
norms. Hip landmarks follow the thighs and differ between people by more than the norms are wide:
with them only a fall against the same runner counts (the contrast trial or the baseline), only
after the drill has shown how much they follow, and only when the quadrature part, which the thighs
cannot drag along, has fallen too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from station.faults import norms
from station.faults.rule import NO_DRILL, Coaching, Golden, Levels, Rule, Scene, Sign, Verdict, value_of
from station.types import NAN, Light, Line, Measure, Own

TURN, QUADRATURE = "pelvic_turn_deg", "pelvic_turn_quadrature_deg"
FLOOR_DEG = 2.0  # less cannot be told from nothing
# Pixels: fall of the quarter-stride part against the own baseline. 2.33 times the SD of 1.7 deg by
# which a reading changes though the pelvis does not, when the legs run otherwise
# (models/pelvis_turn.errors.json): one in a hundred.
FALL_DEG = 4.0
DROP_DEG, BACK_DEG = 6.0, 3.0  # landmarks: fall against the own baseline to enter, and to leave


def levels(scene: Scene) -> Levels:
    """Pelvic turn, deg: P5 but at least 2 to enter, P25 to leave. At an unknown speed the lowest of
    all speeds.
    """
    if scene.speed_known:
        norm = norms.at(TURN, scene.speed_mps)
        return Levels(max(norm.p5, FLOOR_DEG), norm.p25)
    return Levels(max(norms.extreme(TURN, "p5")[0], FLOOR_DEG), norms.extreme(TURN, "p25")[0])


def signs(measures: Mapping[str, Measure], scene: Scene) -> tuple[Sign, ...]:
    """The turn by the norms where the source allows, else what `look` compares with oneself."""
    limit = levels(scene)
    if scene.pelvic_source == "landmarks":
        scale = _own_scale(scene.own)
        if scale is not None:
            turn = Sign(TURN, scale.enter, scale.enter + BACK_DEG)
            return turn, Sign(QUADRATURE, min(scale.usual, scale.leave), scale.leave)
    elif scene.pelvic_source == "pixels":
        base = value_of(scene.own.baseline, QUADRATURE)
        if _decided_by_norms(measures.get(TURN), limit):
            return (Sign(TURN, *limit),)
        if base >= FALL_DEG:
            return (Sign(QUADRATURE, base - FALL_DEG, base - FALL_DEG / 2),)
        return Sign(TURN, *limit), Sign(QUADRATURE, *limit)
    else:
        return (Sign(TURN, *_own_levels(scene, limit)),)
    return (Sign(TURN, *limit),)


def look(measures: Mapping[str, Measure], scene: Scene) -> Verdict:
    if scene.pelvic_source == "landmarks":
        return _by_own_scale(measures, scene)
    if scene.pelvic_source == "pixels":
        return _by_pixels(measures, scene)
    turn = measures.get(TURN, Measure.cannot_tell("pelvic turn not measured"))
    limit = _own_levels(scene, levels(scene))
    if not turn.measured:
        return Verdict("unknown", turn.value, limit.enter, turn.reason)
    if turn.high < limit.enter:
        return Verdict("out", turn.value, limit.enter, scene.speed_hint)
    return Verdict("inside" if turn.value > limit.leave else "between", turn.value, limit.enter)


def _by_pixels(measures: Mapping[str, Measure], scene: Scene) -> Verdict:
    """By the norms where the interval allows, else by the fall against the same runner's baseline,
    else by the quarter-stride part alone: a pelvis turns at least as much as either of its parts.

    How pixels follow a pelvis differs between people, so the absolute interval is wide; that of a
    change is narrow, because the runner, the clothes and the camera are the same.
    """
    turn = measures.get(TURN, Measure.cannot_tell("pelvic turn not measured"))
    q = measures.get(QUADRATURE, Measure.cannot_tell(turn.reason))
    if not q.measured:
        return Verdict("unknown", q.value, NAN, q.reason)
    limit = levels(scene)
    if _decided_by_norms(turn, limit):
        if turn.high < limit.enter:
            return Verdict("out", turn.value, limit.enter, scene.speed_hint)
        return Verdict("inside" if turn.value > limit.leave else "between", turn.value, limit.enter)
    verdict = _by_own_change(q, scene)
    if verdict.look == "unknown" and q.low > limit.enter:
        return Verdict("inside" if q.value > limit.leave else "between", q.value, limit.enter)
    return verdict


def _decided_by_norms(turn: Measure | None, limit: Levels) -> bool:
    """Whether the threshold lies outside of its interval."""
    return turn is not None and turn.measured and not turn.low <= limit.enter <= turn.high


def _by_own_change(q: Measure, scene: Scene) -> Verdict:
    """The quarter-stride part against that of the baseline: out where it surely fell by more than
    FALL_DEG.
    """
    base = scene.own.baseline.get(QUADRATURE)
    if base is None or not base.measured:
        return Verdict("unknown", NAN, NAN, "pixels show only a change of your own, and there is no baseline yet")
    enter = base.value - FALL_DEG
    if enter < 0.0:
        return Verdict("unknown", q.value, enter, "your own baseline is too low to see it fall by 4 deg")
    half = math.hypot(q.ci95_change[1] - q.value, base.ci95_change[1] - base.value)
    if q.value > base.value - FALL_DEG / 2:
        return Verdict("inside", q.value, enter)
    return Verdict("out" if q.value + half < base.value and q.value < enter else "between", q.value, enter)


def _own_levels(scene: Scene, limit: Levels) -> Levels:
    """A third and two thirds of the way from the runner's own stiff to free running, kept within
    the norms' range.
    """
    stiff, free = value_of(scene.own.stiff, TURN), value_of(scene.own.free, TURN)
    if not (free > stiff and scene.speed_known):
        return limit
    norm = norms.at(TURN, scene.speed_mps)
    enter = min(max(stiff + (free - stiff) / 3, limit.enter), norm.p25)
    leave = min(max(stiff + 2 * (free - stiff) / 3, norm.p25), norm.p75)
    return Levels(enter, leave)


class OwnScale(NamedTuple):
    """What hip landmarks are judged against: turn below `enter` and quadrature surely below `usual`
    is a fault, quadrature above `leave` is none. Deg, all of this runner and this camera."""

    enter: float
    usual: float
    leave: float


def _by_own_scale(measures: Mapping[str, Measure], scene: Scene) -> Verdict:
    """Enters by both parts, leaves by the quadrature part alone: only that is known stride by
    stride.
    """
    turn, q = value_of(measures, TURN), measures[QUADRATURE]
    if not scene.pelvic_calibrated:
        return Verdict("unknown", NAN, NAN, NO_DRILL)
    measured = measures.get(TURN)  # the last few strides have only the quadrature part
    if measured is not None and not measured.measured:
        return Verdict("unknown", NAN, NAN, measured.reason)
    scale = _own_scale(scene.own)
    if scale is None:
        return Verdict("unknown", turn, NAN, "no baseline of your own yet")
    if scale.enter < FLOOR_DEG:
        return Verdict("unknown", turn, scale.enter, "your own baseline is too low to see it fall by 6 deg")
    if q.value > scale.leave:
        return Verdict("inside", turn, scale.enter)
    sure = turn < scale.enter and measures[TURN].high < scale.enter and q.high < scale.usual
    return Verdict("out" if sure else "between", turn, scale.enter)


def _own_scale(own: Own) -> OwnScale | None:
    return _contrast_scale(own) or _baseline_scale(own)


def _contrast_scale(own: Own) -> OwnScale | None:
    """A third and two thirds of the way from stiff to free, when the trial showed a difference that
    landmarks can show.
    """
    stiff, free = value_of(own.stiff, TURN), value_of(own.free, TURN)
    stiff_q, free_q = value_of(own.stiff, QUADRATURE), value_of(own.free, QUADRATURE)
    if not (free - stiff > DROP_DEG and free_q > stiff_q):
        return None
    return OwnScale(stiff + (free - stiff) / 3, own.free[QUADRATURE].low, stiff_q + 2 * (free_q - stiff_q) / 3)


def _baseline_scale(own: Own) -> OwnScale | None:
    turn, q = own.baseline.get(TURN), own.baseline.get(QUADRATURE)
    if turn is None or q is None or not (turn.measured and q.measured):
        return None
    return OwnScale(turn.value - DROP_DEG, q.low, q.value - BACK_DEG)


def _told(turn_deg: float) -> dict[str, Measure]:
    return {name: Measure(v, v - 1, v + 1, 36) for name, v in ((TURN, turn_deg), (QUADRATURE, 0.95 * turn_deg))}


_HIP_BELT = Scene(pelvic_source="hip_belt")
_PIXELS = Scene(pelvic_source="pixels")
_PIXELS_BASELINE = Scene(pelvic_source="pixels", own=Own(baseline=_told(9.5)))
_PIXELS_SMALL = Scene(pelvic_source="pixels", own=Own(baseline=_told(6.5)))
_PIXELS_LOW = Scene(pelvic_source="pixels", own=Own(baseline=_told(4.0)))
_LANDMARKS = Scene(pelvic_calibrated=True, own=Own(baseline=_told(10.0)))
_LOW = Scene(pelvic_calibrated=True, own=Own(baseline=_told(5.0)))
_CONTRAST = Scene(pelvic_calibrated=True, own=Own(stiff=_told(2.0), free=_told(14.0)))
_HIP_BELT_CONTRAST = Scene(pelvic_source="hip_belt", own=Own(stiff=_told(4.0), free=_told(10.0)))

RULE = Rule(
    name="locked_waist",
    title="Locked waist",
    advice="Let the back pockets travel with each step.",
    measure=TURN,
    needs=(QUADRATURE,),
    signs=signs,
    look=look,
    rise_s=10.0,
    fall_s=3.0,
    coaching=Coaching(
        cue=Line("Pocket leads", "Let the back pocket lead."),
        praise=Line("Pocket leads now", "Good. The pocket leads."),
        focus="let the back pocket lead",
        towards="ahead",
        light=Light("blue", "breathing"),
        priority=4,
    ),
    source="5th and 25th percentile of pelvic turn for the speed, 26 runners (Fukuchi 2017); floor and fall of 6 deg: "
    "engineering choices from rendered runners with known truth",
    confidence="low",
    goldens=(
        Golden("hip belt, stiff at 12.6 km/h", 3.5, {TURN: 1.5, QUADRATURE: 1.2}, "out", _HIP_BELT),
        Golden("hip belt, usual at 12.6 km/h", 3.5, {TURN: 9.5, QUADRATURE: 8.6}, "inside", _HIP_BELT),
        Golden("hip belt, little at 9 km/h is common", 2.5, {TURN: 3.0, QUADRATURE: 2.5}, "between", _HIP_BELT),
        Golden("hip belt, stiff at an unknown speed", NAN, {TURN: 0.8, QUADRATURE: 0.5}, "out", _HIP_BELT),
        Golden("hip belt, near the own stiff running", 3.5, {TURN: 4.5, QUADRATURE: 4.0}, "out", _HIP_BELT_CONTRAST),
        Golden("hip belt, near the own free running", 3.5, {TURN: 9.0, QUADRATURE: 8.5}, "inside", _HIP_BELT_CONTRAST),
        Golden("pixels, surely little", 3.5, {TURN: 1.5, QUADRATURE: 0.4}, "out", _PIXELS),
        Golden("pixels, surely usual", 3.5, {TURN: 9.0, QUADRATURE: 8.6}, "inside", _PIXELS),
        Golden("pixels, fell by 4", 3.5, {QUADRATURE: 4.9}, "out", _PIXELS_BASELINE),
        Golden("pixels, as in the baseline", 3.5, {QUADRATURE: 8.4}, "inside", _PIXELS_BASELINE),
        Golden("pixels, no baseline", 3.5, {QUADRATURE: 3.9}, "unknown", _PIXELS),
        Golden("pixels, no baseline, surely turns a quarter stride ahead", 3.5, {QUADRATURE: 9.5}, "inside", _PIXELS),
        Golden("pixels, all of a small turn gone", 3.5, {QUADRATURE: -1.5}, "out", _PIXELS_SMALL),
        Golden("pixels, low baseline", 3.5, {QUADRATURE: 0.5}, "unknown", _PIXELS_LOW),
        Golden("landmarks, near the own stiff running", 3.5, {TURN: 3.0, QUADRATURE: 2.5}, "out", _CONTRAST),
        Golden("landmarks, near the own free running", 3.5, {TURN: 13.0, QUADRATURE: 12.0}, "inside", _CONTRAST),
        Golden("landmarks, fell by 8", 3.5, {TURN: 2.0, QUADRATURE: 1.5}, "out", _LANDMARKS),
        Golden("landmarks, as in the baseline", 3.5, {TURN: 9.5, QUADRATURE: 9.0}, "inside", _LANDMARKS),
        Golden("landmarks, dragged by the thighs", 3.5, {TURN: 2.0, QUADRATURE: 8.9}, "inside", _LANDMARKS),
        Golden("landmarks, no drill", 3.5, {TURN: 1.0, QUADRATURE: 0.5}, "unknown", Scene(own=Own(baseline=_told(10.0)))),
        Golden("landmarks, no baseline", 3.5, {TURN: 1.0, QUADRATURE: 0.5}, "unknown", Scene(pelvic_calibrated=True)),
        Golden("landmarks, low baseline", 3.5, {TURN: 1.0, QUADRATURE: 0.5}, "unknown", _LOW),
    ),
)
