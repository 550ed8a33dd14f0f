"""Thigh-only drive: the thigh swings forward and does not open behind; the leg runs without the
hip.

Needs no pelvis. What is judged is how far the thigh opens behind: so little that hardly any healthy
runner does the same at this speed, little for a thigh that comes forward so far, or less than in
the runner's own silent baseline. What people do differs more than a mild fault changes it, so
without a baseline most mild ones are not told (tests/lab/accuracy/THIGH_ONLY.md).
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from station.faults import norms, sitting
from station.faults.rule import Coaching, Golden, Levels, Rule, Scene, Sign, Verdict, value_of
from station.types import NAN, Light, Line, Measure, MeasureError, Own

TLE, FORWARD, EXCURSION = "tle_near_deg", "thigh_forward_near_deg", "thigh_excursion_near_deg"
# Standard deviations below the mean of healthy runners, as this pose model would measure them: on
# for 0.7 % of the healthy (`python -m tests.lab.accuracy.thigh_only`).
ENTER_SDS, LEAVE_SDS = 2.6, 1.6
# Degrees that the thigh should open behind for each that it comes forward: the best of its ROC.
PER_FORWARD = 0.5
# Fall against the own baseline, three SDs of the change that a pose model errs by and a healthy
# runner varies by; and what runners differ by in how the extension grows with speed (eight of
# Fukuchi 2017), 1/(m/s).
FALL_DEG, GROWTH_SD = 4.5, 1.2
# A leg that keeps its swing against the belt opens 0.57 deg more or less against gravity for each
# per cent of incline: 2 % are a quarter of FALL_DEG (chosen).
INCLINE_PCT = 2.0
LITTLE_PUSH = "little push behind you: the thigh hardly opens behind the vertical"
LESS_PUSH = "less push behind you than in your own first minutes"
OTHER_INCLINE = "the belt's incline is not that of your own first minutes: the push cannot be compared with them"


def signs(measures: Mapping[str, Measure], scene: Scene) -> tuple[Sign, ...]:
    """How far the thigh should at least open behind, deg, given how far it comes forward."""
    return (_sign(levels(scene, value_of(measures, FORWARD)), measures, scene),)


def _sign(by_norms: Levels, measures: Mapping[str, Measure], scene: Scene) -> Sign:
    """By the norms or by the own baseline, whichever asks for more."""
    return Sign(TLE, *map(max, by_norms, own_levels(scene, measures.get(TLE)) or by_norms))


def levels(scene: Scene, forward_deg: float = NAN) -> Levels:
    """Trailing-limb extension, deg: little by itself, or little for a thigh that comes forward so
    far.
    """
    found = []
    for sds in (ENTER_SDS, LEAVE_SDS):
        low, line = limits(scene, sds)
        found.append(low if math.isnan(forward_deg) else max(low, line + PER_FORWARD * forward_deg))
    return Levels(*found)


def limits(scene: Scene, sds: float) -> tuple[float, float]:
    """So many SDs below the mean of healthy runners as this pose model sees them: of the extension,
    and of the extension less PER_FORWARD times the forward peak. At an unknown speed the lowest of
    all speeds.
    """
    spreads = [scene.spread(name) for name in (TLE, FORWARD, EXCURSION)]
    speeds = (scene.speed_mps,) if scene.speed_known else (norms.SLOWEST_MPS, *norms.SPEEDS_MPS, norms.FASTEST_MPS)
    low, line = [], []
    for speed_mps in speeds:
        behind, front, swing = (norms.at(name, speed_mps) for name in (TLE, FORWARD, EXCURSION))
        sd = math.hypot(_sd_of_line(behind.sd, front.sd, swing.sd), _sd_of_line(*spreads))
        low.append(behind.mean - sds * math.hypot(behind.sd, spreads[0]))
        line.append(behind.mean - PER_FORWARD * front.mean - sds * sd)
    return min(low), min(line)


def _sd_of_line(behind: float, front: float, swing: float) -> float:
    """SD of behind - PER_FORWARD x front; that of their sum says how they go together."""
    both = (swing**2 - behind**2 - front**2) / 2
    return math.sqrt(max(behind**2 + (PER_FORWARD * front) ** 2 - 2 * PER_FORWARD * both, 0.0))


def own_levels(scene: Scene, now: Measure | None) -> Levels | None:
    """The baseline, at this belt speed, less FALL_DEG or what the intervals allow to be seen; None
    without one or on a belt of another incline.
    """
    base, then_mps = scene.own.baseline.get(TLE), scene.own.baseline_mps
    if _tilted(scene) or base is None or not base.measured or not (scene.speed_known and norms.judged(then_mps)):
        return None
    expected = base.value + norms.at(TLE, scene.speed_mps).mean - norms.at(TLE, then_mps).mean
    halves = [measure.ci95_change[1] - measure.value for measure in (base, now) if measure is not None and measure.measured]
    # As sure for the growth as for the fall: three SDs.
    fall = math.hypot(max(FALL_DEG, math.hypot(*halves)), 3 * GROWTH_SD * (scene.speed_mps - then_mps))
    return Levels(expected - fall, expected - fall / 2)


def _tilted(scene: Scene) -> bool:
    """Whether the belt is known to stand at another incline than in the own baseline."""
    return TLE in scene.own.baseline and abs(scene.incline_pct - scene.own.baseline_incline_pct) > INCLINE_PCT


def look(measures: Mapping[str, Measure], scene: Scene) -> Verdict:
    by_norms = levels(scene, value_of(measures, FORWARD))
    verdict = _sign(by_norms, measures, scene).verdict(measures, scene)
    if _tilted(scene) and verdict.look != "out":
        return verdict._replace(look="unknown", reason=OTHER_INCLINE)
    if verdict.look != "out" or verdict.reason:
        return verdict
    if verdict.value < by_norms.enter:
        return verdict._replace(reason=LITTLE_PUSH)
    # Who now leans back sits, and loses extension by that: it has its own rule and cue.
    leans_back = value_of(measures, sitting.LEAN) < sitting.lean_levels(scene).enter
    return verdict._replace(look="between") if leans_back else verdict._replace(reason=LESS_PUSH)


_UNSURE = Scene(errors={name: MeasureError(0.0, 2.5, 1.0, 10) for name in (TLE, FORWARD, EXCURSION)})
_LEVEL = Own(baseline={TLE: Measure(29.0, 28.0, 30.0, 36)}, baseline_mps=3.5, baseline_incline_pct=1.0)
_BASELINE, _UPHILL = Scene(own=_LEVEL), Scene(own=_LEVEL, incline_pct=4.0)

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
    source="mean and SD of trailing-limb extension, forward peak and excursion for the speed, 26 runners (Fukuchi 2017), "
    "wider by the pose model's own spread; SDs, share of the forward peak and the fall of 4.5 deg: from the ROC",
    confidence="low",
    goldens=(
        Golden("thigh high, not open behind", 3.5, {FORWARD: 51.0, TLE: 24.0}, "out"),
        Golden("usual", 3.5, {FORWARD: 37.0, TLE: 28.0}, "inside"),
        Golden("opens little, swings short", 3.5, {FORWARD: 31.0, TLE: 19.0}, "out"),
        Golden("extension 14 deg, share .30", 2.5, {FORWARD: 32.7, TLE: 14.0}, "out"),
        Golden("lowish", 3.5, {FORWARD: 39.0, TLE: 22.8}, "between"),
        Golden("low for any speed", NAN, {FORWARD: 51.0, TLE: 20.0}, "out"),
        Golden("20 deg may be right for an unknown speed", NAN, {FORWARD: 27.6, TLE: 20.0}, "inside"),
        Golden("within what the pose model is off", 3.5, {FORWARD: 45.0, TLE: 24.0}, "between", _UNSURE),
        Golden("less than in the own baseline", 3.5, {FORWARD: 36.0, TLE: 24.5}, "out", _BASELINE),
        Golden("less, but leaning back", 3.5, {FORWARD: 36.0, TLE: 24.5, sitting.LEAN: -3.0}, "between", _BASELINE),
        Golden("less, but uphill", 3.5, {FORWARD: 36.0, TLE: 24.5}, "unknown", _UPHILL),
        Golden("little by the norms, uphill too", 3.5, {FORWARD: 31.0, TLE: 19.0}, "out", _UPHILL),
        Golden("as in the own baseline", 3.5, {FORWARD: 36.0, TLE: 28.5}, "inside", _BASELINE),
        Golden("slower than in the baseline, and less for that", 2.5, {FORWARD: 29.0, TLE: 22.4}, "inside", _BASELINE),
    ),
)
