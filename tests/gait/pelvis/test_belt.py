"""The hip belt from tags to measures: made runners with a belt, what goes wrong with belts, and
what is kept for how long.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pytest

from station.gait import GaitCore
from station.gait.pelvis.belt import NOT_LEARNT, REASONS, SEEN_S
from station.gait.pelvis.choice import Pelvis
from station.gait.pelvis.landmarks import FEW_STRIDES, MEASURED
from station.types import NAN, NS, Gait, Marks, Pose, View
from tests.lab.render.hip_belt import HipBelt
from tests.lab.render.spec import ClipSpec
from tests.made_hip_belt import PORTRAIT, START_NS, MadeRun, made, run_spec, slow_turn_spec, true_turn

TURN, LEAD = "pelvic_turn_deg", "pelvic_lead_deg"
TURN_FPS, TURN_S = 12.0, 12.0
Input = Marks | Pose


@cache
def run_of(spec: ClipSpec) -> MadeRun:
    return made(spec, corner_sd_px=0.15)


def slow_turn(spec: ClipSpec) -> ClipSpec:
    turn = slow_turn_spec(spec, TURN_S)
    return replace(turn, sensor=replace(turn.sensor, fps=TURN_FPS))


def later(inputs: Iterable[Input], seconds: float) -> Iterator[Input]:
    for given in inputs:
        yield replace(given, t_ns=given.t_ns + round(seconds * NS))


def lived(spec: ClipSpec, turned: bool = True) -> list[Input]:
    """A slow turn, a pause, the run."""
    if not turned:
        return list(run_of(spec).inputs())
    return [*run_of(slow_turn(spec)).inputs(), *later(run_of(spec).inputs(), TURN_S + 2.0)]


@dataclass(frozen=True)
class Story:
    gaits: list[Gait]
    core: GaitCore

    @property
    def last(self) -> Gait:
        return self.gaits[-1]

    @property
    def troubles(self) -> set[str]:
        return {g.hip_belt.trouble for g in self.gaits if g.hip_belt}

    @property
    def reasons(self) -> set[str]:
        return {self.last.measures[name].reason for name in MEASURED}


def reported(inputs: Iterable[Input], view: View) -> Story:
    core = GaitCore(view)
    return Story([core.step(given) for given in inputs], core)


@cache
def story(spec: ClipSpec, turned: bool = True) -> Story:
    return reported(lived(spec, turned), run_of(spec).view)


SIDE = run_spec(4.0, seconds=8.0)
REAR = run_spec(4.0, 45.0, seconds=8.0)


@pytest.mark.parametrize(
    ("spec", "turned"),
    [
        (SIDE, True),
        (SIDE, False),
        (REAR, False),
        (run_spec(4.0, 0.0, "f_avg", camera=replace(PORTRAIT, side="left")), True),
        (run_spec(4.0, 45.0, "m_heavy", camera=replace(PORTRAIT, side="left")), False),
    ],
    ids=["side", "side, no slow turn", "rear, no slow turn", "left side", "left rear, no slow turn"],
)
def test_turn_and_phase_are_read(spec: ClipSpec, turned: bool) -> None:
    last, true = story(spec, turned).last, true_turn(run_of(spec))
    turn, lead = last.measures[TURN], last.measures[LEAD]
    assert (last.pelvic_source, last.pelvic_calibrated) == ("hip_belt", True)
    assert turn.low <= abs(true) <= turn.high
    assert turn.value == pytest.approx(abs(true), abs=1.0)
    assert turn.high - turn.low < 6.0
    assert lead.value == pytest.approx(np.degrees(np.angle(true)), abs=12.0)
    assert last.measures["pelvic_list_deg"].measured
    assert last.measures["pelvic_tilt_deg"].high < 3.0


def test_a_locked_waist_is_told_from_a_typical_one() -> None:
    locked = story(run_spec(0.5, seconds=8.0)).last.measures[TURN]
    assert locked.high < story(SIDE).last.measures[TURN].low
    assert locked.high / 2 < 2.25


def test_every_picture_tells_the_turn_of_now() -> None:
    gaits = [g for g in story(REAR, False).gaits[-140:] if g.hip_belt]
    run = run_of(REAR)
    at_s = (np.array([g.t_ns for g in gaits]) - START_NS) / NS
    # Of the right hip, which is the near one.
    true = np.interp(at_s, run.truth.t_s, run.truth.turn_deg)
    seen = np.array([g.hip_belt.turn_deg for g in gaits if g.hip_belt])
    off = seen - true
    assert np.isfinite(off).mean() > 0.9
    assert np.nanstd(off) < 1.0


def test_the_slow_turn_shows_how_far_it_has_come() -> None:
    """Whatever the core makes of the legs of somebody who turns round, direction changes included.
    """
    turn = run_of(slow_turn(SIDE))
    gaits = reported(turn.inputs(), replace(turn.view, direction=None)).gaits
    learnt = np.array([g.hip_belt.learnt for g in gaits if g.hip_belt])
    assert learnt[0] == 0.0
    assert learnt[-1] == 1.0
    assert np.all(np.diff(learnt) > -0.2)
    assert 0.2 < learnt[len(learnt) // 2] < 0.9
    assert not {g.hip_belt.trouble for g in gaits if g.hip_belt} - {""}


def test_strides_come_before_measures() -> None:
    early = next(g for g in story(SIDE).gaits if g.hip_belt and len(g.strides) and g.strides[0]["running"])
    assert early.measures[TURN].reason == FEW_STRIDES


def test_the_focal_length_hardly_matters() -> None:
    view = run_of(SIDE).view
    known = story(SIDE).last.measures[TURN]
    for focal_px in (NAN, 0.8 * view.focal_px):
        turn = reported(lived(SIDE), replace(view, focal_px=focal_px, px_per_m=NAN)).last.measures[TURN]
        assert turn.value == pytest.approx(known.value, abs=0.5)


def test_a_camera_known_to_be_rolled_sees_the_same() -> None:
    view, roll = run_of(REAR).view, np.radians(6.0)
    middle = np.array([view.width_px, view.height_px]) / 2
    clockwise = np.array([[np.cos(roll), np.sin(roll)], [-np.sin(roll), np.cos(roll)]])

    def rolled(given: Input) -> Input:
        if isinstance(given, Marks):
            return replace(given, corners_px=(given.corners_px - middle) @ clockwise + middle)
        return replace(given, xy_px=(given.xy_px - middle) @ clockwise + middle)

    after = reported((rolled(given) for given in lived(REAR, False)), replace(view, roll_deg=6.0)).last
    before = story(REAR, False).last
    for name in (TURN, "pelvic_list_deg"):
        assert after.measures[name].value == pytest.approx(before.measures[name].value, abs=0.1)


# --- what goes wrong ---


def test_a_belt_under_a_shirt_is_reported_and_nothing_is_guessed() -> None:
    spec = run_spec(4.0, seconds=8.0, belt=HipBelt(covered="rear half"))
    shown = replace(spec, look=replace(spec.look, hip_belt=HipBelt()))
    inputs = [*run_of(slow_turn(shown)).inputs(), *later(run_of(spec).inputs(), TURN_S + 2.0)]
    after = reported(inputs, run_of(spec).view)
    assert after.last.hip_belt is not None
    assert after.last.hip_belt.trouble == "covered"
    assert after.reasons == {REASONS["covered"]}
    assert after.last.pelvic_source == "hip_belt"


def test_a_belt_worn_upside_down_is_reported() -> None:
    after = story(run_spec(4.0, seconds=6.0, belt=HipBelt(upside_down=True)), False)
    assert after.last.hip_belt is not None
    assert after.last.hip_belt.trouble == "upside_down"
    assert after.reasons == {REASONS["upside_down"]}


def changed(inputs: Iterable[Input], change: Callable[[Marks], Marks], from_s: float = 0.0) -> Iterator[Input]:
    for given in inputs:
        new = isinstance(given, Marks) and given.t_ns - START_NS > from_s * NS
        yield change(given) if new and isinstance(given, Marks) else given


def moved(x_px: float, y_px: float) -> Callable[[Marks], Marks]:
    return lambda given: replace(given, corners_px=given.corners_px + np.array([x_px, y_px], np.float32))


def test_a_belt_that_slides_down_is_reported_and_its_strides_are_dropped() -> None:
    spec = run_spec(4.0, 45.0, seconds=11.0)
    down_px = 0.06 * run_of(spec).view.px_per_m
    after = reported(changed(lived(spec, False), moved(0.0, down_px), from_s=7.0), run_of(spec).view)
    assert "slipping" in after.troubles
    assert after.last.measures[TURN].n < 5


def test_tags_on_the_wall_are_no_belt() -> None:
    first = next(g for g in run_of(REAR).inputs() if isinstance(g, Marks) and len(g.ids) >= 3)
    poster = changed(lived(REAR, False), lambda given: replace(first, t_ns=given.t_ns))
    after = reported(poster, run_of(REAR).view)
    assert after.last.hip_belt is not None
    assert after.last.hip_belt.trouble == "not_a_belt"
    assert after.reasons == {REASONS["not_a_belt"]}


def test_a_second_belt_is_reported_and_does_not_disturb() -> None:
    def beside(given: Marks) -> Marks:
        other = given.corners_px + np.array([-250.0, 30.0], np.float32)
        return Marks(given.t_ns, np.append(given.ids + 16, given.ids), np.concatenate([other, given.corners_px]))

    after = reported(changed(lived(REAR, False), beside), run_of(REAR).view)
    assert "two_belts" in after.troubles
    assert after.last.measures[TURN] == story(REAR, False).last.measures[TURN]


def test_tags_of_another_size_are_reported() -> None:
    def grown(given: Marks) -> Marks:
        middle = given.corners_px.mean(axis=(0, 1)) if len(given.ids) else np.zeros(2)
        return replace(given, corners_px=(given.corners_px - middle) * 1.6 + middle)

    after = reported(changed(lived(REAR, False), grown), run_of(REAR).view)
    assert after.last.hip_belt is not None
    assert after.last.hip_belt.trouble == "wrong_scale"
    assert after.reasons == {REASONS["wrong_scale"]}


@pytest.mark.parametrize(
    "change",
    [
        lambda given: replace(given, corners_px=np.full_like(given.corners_px, NAN)),
        lambda given: Marks(given.t_ns, np.zeros(0), np.zeros((0, 4, 2))),
        lambda given: replace(given, ids=given.ids * 0),
        lambda given: replace(given, corners_px=given.corners_px[:, ::-1]),
        lambda given: replace(given, corners_px=given.corners_px * 1e-3),
        lambda given: replace(given, corners_px=np.roll(given.corners_px, 1, axis=0)),
    ],
    ids=["unknown corners", "none", "one id", "mirrored tags", "tiny", "exchanged ids"],
)
def test_nonsense_never_raises_and_is_never_measured(change: Callable[[Marks], Marks]) -> None:
    after = reported(changed(lived(REAR, False)[:300], change), run_of(REAR).view)
    assert not after.last.measures[TURN].measured


def test_a_view_without_a_size_sees_no_belt() -> None:
    after = reported(lived(REAR, False)[:100], View(direction="right"))
    assert after.last.hip_belt is None
    assert after.last.pelvic_source == "landmarks"


# --- what is kept ---


def test_a_new_bout_keeps_the_shape_and_a_new_runner_does_not() -> None:
    together = Pelvis(run_of(SIDE).view)
    core, pelvis = GaitCore(run_of(SIDE).view, together), together.belt
    for given in lived(SIDE):
        core.step(given)
    assert pelvis.measures()[TURN].measured
    pelvis.forget()
    assert pelvis.calibrated
    assert pelvis.measures()[TURN].reason == FEW_STRIDES
    pelvis.reset()
    assert not pelvis.calibrated
    assert not pelvis.worn


def test_without_a_belt_there_are_landmarks_and_after_it_was_taken_off() -> None:
    core = GaitCore(run_of(REAR).view)
    inputs = lived(REAR, False)
    for given in inputs:
        gait = core.step(given)
    assert gait.pelvic_source == "hip_belt"
    seconds = (inputs[-1].t_ns - START_NS) / NS
    for given in later((g for g in inputs[:20] if isinstance(g, Pose)), seconds + SEEN_S + 1.0):
        gait = core.step(given)
    assert (gait.pelvic_source, gait.hip_belt) == ("landmarks", None)
    bare = reported((g for g in inputs[:100] if isinstance(g, Pose)), run_of(REAR).view).last
    assert (bare.pelvic_source, bare.hip_belt) == ("landmarks", None)


def test_a_shape_that_is_not_known_enough_is_not_measured_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("station.gait.pelvis.belt.TOO_VAGUE_DEG", 1e-3)
    assert reported(lived(REAR, False), run_of(REAR).view).reasons == {NOT_LEARNT}


# --- what must not matter ---


def facts(gaits: list[Gait]) -> list[tuple]:
    return [(repr(g.hip_belt), g.pelvic_source, repr(dict(g.measures))) for g in gaits]


def test_the_hour_does_not_matter() -> None:
    inputs = lived(REAR, False)[:250]
    one, other = (reported(later(inputs, hours * 3600.0), run_of(REAR).view).gaits for hours in (0, 5))
    assert facts(one) == facts(other)


def test_the_order_of_the_tags_does_not_matter() -> None:
    def shuffled(given: Marks) -> Marks:
        order = np.random.default_rng(given.t_ns % 1000).permutation(len(given.ids))
        return Marks(given.t_ns, given.ids[order], given.corners_px[order])

    inputs = lived(REAR, False)[:250]
    assert facts(reported(changed(inputs, shuffled), run_of(REAR).view).gaits) == facts(reported(inputs, run_of(REAR).view).gaits)
