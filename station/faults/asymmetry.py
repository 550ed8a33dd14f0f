"""Asymmetry: the left leg does not do what the right does. Reported only, and only of a runner filmed from both sides.

From one side the far leg is half hidden and its joint centres are guessed: a difference between near and far is mostly the
camera's. Filmed from both, each leg was near once, and what the camera adds to near and far falls out.
"""

from __future__ import annotations

from collections.abc import Mapping

from station.faults.rule import Golden, Levels, Rule, Scene, Verdict, value_of
from station.types import NAN, Measure

TLE, STEP = "tle_near_deg", "step_time_asymmetry_pct"
ENTER, LEAVE = 5.0, 3.5  # deg, and as well % of step time


def levels(scene: Scene) -> Levels:
    """Difference of trailing-limb extension, deg; the same at every speed."""
    return Levels(ENTER, LEAVE)


def look(measures: Mapping[str, Measure], scene: Scene) -> Verdict:
    if len(scene.sides) < 2:
        hint = abs(value_of(measures, "tle_asymmetry_deg"))
        return Verdict("unknown", hint, ENTER, "filmed from one side only: near and far leg cannot be compared")
    left, right = scene.sides["left"], scene.sides["right"]
    open_deg = abs(value_of(right, TLE) - value_of(left, TLE))
    # near minus far: seen from the right that is right minus left, seen from the left the opposite.
    step_pct = abs(value_of(right, STEP) - value_of(left, STEP)) / 2
    if open_deg > ENTER or step_pct > ENTER:
        return Verdict("out", open_deg, ENTER)
    if open_deg != open_deg:
        return Verdict("unknown", NAN, ENTER, "not measured from both sides")
    return Verdict("between" if open_deg > LEAVE or step_pct > LEAVE else "inside", open_deg, ENTER)


def _sides(left_deg: float, right_deg: float, step_pct: float = 0.0) -> Scene:
    def side(tle_deg: float, pct: float) -> dict[str, Measure]:
        return {TLE: Measure(tle_deg, tle_deg - 1, tle_deg + 1, 36), STEP: Measure(pct, pct - 1, pct + 1, 36)}

    return Scene(sides={"left": side(left_deg, -step_pct), "right": side(right_deg, step_pct)})


RULE = Rule(
    name="asymmetry",
    title="Left-right difference",
    advice="See whether it stays from session to session before you make anything of it.",
    measure="tle_asymmetry_deg",
    needs=(TLE,),
    levels=levels,
    look=look,
    rise_s=50.0,
    fall_s=10.0,
    source="5 deg or 5 % of step time over three windows, 3.5 to leave: engineering choices",
    confidence="report only",
    goldens=(
        Golden("right leg opens less", 2.5, {TLE: 20.0}, "out", _sides(28.0, 20.0)),
        Golden("steps of unequal time", 2.5, {TLE: 22.0}, "out", _sides(22.0, 22.0, step_pct=7.0)),
        Golden("even", 2.5, {TLE: 22.0}, "inside", _sides(22.0, 21.0)),
        Golden("a little", 2.5, {TLE: 22.0}, "between", _sides(22.0, 18.0)),
        Golden("from one side", 2.5, {TLE: 22.0}, "unknown"),
    ),
)
