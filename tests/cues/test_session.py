from __future__ import annotations

from collections.abc import Iterable
from typing import Any, get_args

import pytest

from station.cues import Plan, Session
from station.types import Gait, HipBelt, HipBeltTrouble, Mode
from tests.made_gait import MadeRunner, measures


class Watched:
    """A session, what it said and the modes it went through."""

    def __init__(self, **plan: Any) -> None:
        self.session = Session(Plan(**plan))
        self.lines: list[str] = []
        self.modes: list[Mode] = []
        self.prompts: list[str] = []

    def see(self, gaits: Iterable[Gait], pressed: bool = False) -> Watched:
        for gait in gaits:
            self.lines += self.session.step(gait, (), pressed, (0, 0))
            pressed = False
            for kept, now in ((self.modes, self.session.mode), (self.prompts, self.session.prompt)):
                if not kept or kept[-1] != now:
                    kept.append(now)
        return self


def lifting(runner: MadeRunner, near: int, far: int, before: tuple[int, int] = (0, 0)) -> Iterable[Gait]:
    """Knee lifts, one every two seconds, near leg first."""
    for done in range(1, near + far + 1):
        yield from runner.stand(2, lifts=(before[0] + min(done, near), before[1] + max(0, done - near)))


def test_nobody_is_idle_without_a_word() -> None:
    seen = Watched().see(MadeRunner().away(30))
    assert (seen.modes, seen.lines) == ([Mode.IDLE], [])


def test_who_walks_by_is_not_spoken_to() -> None:
    runner = MadeRunner()
    seen = Watched().see(runner.walk(10)).see(runner.away(10))
    assert seen.modes == [Mode.FRAMING, Mode.IDLE]
    assert seen.lines == []


@pytest.mark.parametrize(
    ("view", "prompt"),
    [({"tracked_fraction": 0.5}, "framing.step_in"), ({"direction": None}, "framing.side_on"), ({}, "framing.ready")],
)
def test_framing_says_what_is_amiss(view: dict[str, Any], prompt: str) -> None:
    runner = MadeRunner()
    runner.now |= view
    seen = Watched(drill_wait_s=60.0).see(runner.stand(6))
    assert seen.session.prompt == prompt


def test_standing_side_on_is_offered_the_drill_once() -> None:
    runner = MadeRunner()
    seen = Watched().see(runner.stand(120))
    assert seen.modes == [Mode.FRAMING, Mode.DRILL, Mode.FRAMING], "not answered: withdrawn"
    assert seen.lines.count("drill.offer") == 1
    assert seen.lines[-1] == "framing.ready"


def test_running_skips_the_drill() -> None:
    runner = MadeRunner()
    seen = Watched().see(runner.stand(10)).see(runner.run(10))
    assert seen.modes == [Mode.FRAMING, Mode.DRILL, Mode.BASELINE]


def test_the_drill_counts_both_legs_and_offers_the_trial() -> None:
    runner = MadeRunner()
    seen = Watched().see(runner.stand(7)).see(lifting(runner, 6, 6)).see(runner.stand(1, lifts=(6, 6)))
    assert seen.modes == [Mode.FRAMING, Mode.DRILL, Mode.CONTRAST]
    assert seen.prompts[1:] == ["drill.offer", "drill.near", "drill.far", "contrast.offer"]
    assert seen.lines[-2:] == ["drill.done", "contrast.offer"]


def test_lifts_that_only_go_on_do_not_ask_for_the_trial() -> None:
    runner = MadeRunner()
    seen = Watched().see(runner.stand(7)).see(lifting(runner, 6, 9)).see(runner.run(10))
    assert seen.session.mode is Mode.BASELINE


def test_two_lifts_after_a_pause_ask_for_the_trial_and_it_has_three_parts() -> None:
    runner = MadeRunner(pelvic_turn_deg=8.0)
    seen = Watched().see(runner.stand(7)).see(lifting(runner, 6, 6)).see(runner.stand(5, lifts=(6, 6)))
    seen.see(lifting(runner, 1, 1, before=(6, 6)))
    assert seen.session.prompt == "contrast.ready"
    seen.see(runner.run(35)).see(runner.run(30, pelvic_turn_deg=2.0)).see(runner.run(32, pelvic_turn_deg=14.0))
    assert seen.modes[-2:] == [Mode.CONTRAST, Mode.BASELINE]
    assert seen.prompts[-4:-1] == ["contrast.natural", "contrast.stiff", "contrast.free"]
    own = seen.session.own
    assert own.stiff["pelvic_turn_deg"].value < own.free["pelvic_turn_deg"].value


def test_the_button_asks_for_the_drill_and_waves_it_away() -> None:
    runner = MadeRunner()
    seen = Watched().see(runner.stand(1)).see(runner.stand(1), pressed=True)
    assert seen.session.mode is Mode.DRILL
    seen.see(runner.stand(1), pressed=True)
    assert seen.session.mode is Mode.FRAMING


def test_a_stumble_of_the_activity_does_not_start_the_count_anew() -> None:
    runner = MadeRunner()
    seen = Watched().see(runner.run(4)).see(runner.walk(0.4)).see(runner.run(4))
    assert seen.session.mode is Mode.BASELINE


def test_a_sprint_of_two_seconds_is_no_session() -> None:
    runner = MadeRunner()
    seen = Watched().see(runner.run(2)).see(runner.walk(20)).see(runner.run(2)).see(runner.walk(20))
    assert Mode.BASELINE not in seen.modes


def test_walking_breaks_do_not_count_as_running_time() -> None:
    runner = MadeRunner()
    seen = Watched().see(runner.run(106)).see(runner.walk(10)).see(runner.run(100))
    assert seen.session.run_s == pytest.approx(200, abs=1)
    assert seen.modes[-1] is Mode.COACH


def test_the_baseline_is_the_runners_own() -> None:
    seen = Watched().see(MadeRunner(cadence_spm=171.0).run(200))
    assert seen.session.own.baseline["cadence_spm"].value == pytest.approx(171.0)


def test_no_baseline_no_rows_but_a_page() -> None:
    runner = MadeRunner()
    seen = Watched().see(runner.run(60)).see(runner.away(20))
    assert seen.session.page is not None
    assert seen.session.page.rows == ()
    assert seen.lines[-1] == "mode.done_short"


def test_who_stops_and_leaves_does_not_hear_that_the_view_is_lost() -> None:
    runner = MadeRunner()
    seen = Watched().see(runner.run(60)).see(runner.walk(5)).see(runner.away(12))
    assert Mode.LOST in seen.modes
    assert "mode.lost" not in seen.lines


def test_the_page_goes_after_a_while_or_at_a_new_run() -> None:
    runner = MadeRunner()
    seen = Watched().see(runner.run(60)).see(runner.walk(50))
    assert seen.session.mode is Mode.DONE
    seen.see(runner.walk(40))
    assert (seen.session.mode, seen.session.page) == (Mode.FRAMING, None)
    again = Watched().see(runner.run(60)).see(runner.walk(20)).see(runner.run(10))
    assert (again.session.mode, again.session.page, again.session.number) == (Mode.BASELINE, None, 2)


def test_offline_has_no_schedule() -> None:
    runner = MadeRunner()
    seen = Watched(analysis=True, quiet_start_s=0.0).see(runner.walk(3)).see(runner.run(400)).see(runner.away(30))
    assert seen.modes == [Mode.IDLE, Mode.COACH, Mode.IDLE]
    assert seen.lines == []


def test_faults_of_the_parts_choose_best_block_and_next_focus() -> None:
    from station.types import Fault

    session, runner = Session(Plan(planned_s=1260.0)), MadeRunner()
    on = (Fault("sitting", "on", 1.0, "deg", 1.0, 1.0),)
    for count, gait in enumerate(runner.run(900)):
        session.step(gait, on if 190 * 5 < count < 300 * 5 else (), False, (3, 2))
    for gait in runner.away(20):
        session.step(gait, (), False, (3, 2))
    assert session.page is not None
    assert session.page.best_block == 2
    assert session.page.next_focus == "sitting"
    assert (session.page.cues_given, session.page.cues_cleared) == (3, 2)


def test_made_measures_are_what_they_say() -> None:
    """The stories stand on this."""
    made = measures(cadence_spm=160.0, trunk_lean_deg=float("nan"))
    assert made["cadence_spm"].measured
    assert not made["trunk_lean_deg"].measured


def belted(learnt: float = 0.0, trouble: HipBeltTrouble = "") -> dict[str, Any]:
    return {"hip_belt": HipBelt(2, learnt, trouble)}


def test_who_wears_a_hip_belt_turns_round_in_place_of_the_knee_lifts() -> None:
    runner = MadeRunner()
    runner.now |= belted(0.1)
    seen = Watched().see(runner.stand(4))
    assert (seen.session.mode, seen.session.prompt) == (Mode.DRILL, "hip_belt.turn")
    for share in (0.3, 0.6, 0.9):
        runner.now |= belted(share)
        seen.see(runner.stand(3))
        assert seen.session.progress == share
    runner.now |= belted(1.0)
    seen.see(runner.stand(1))
    assert seen.session.prompt == "contrast.offer"
    assert seen.lines == ["hip_belt.turn", "hip_belt.learnt", "contrast.offer"]


def test_turning_goes_on_while_the_back_is_turned_to_the_camera() -> None:
    runner = MadeRunner()
    runner.now |= belted(0.1)
    seen = Watched().see(runner.stand(4))
    runner.now |= belted(0.4) | {"tracked_fraction": 0.3, "direction": None}
    seen.see(runner.stand(3))
    assert seen.session.prompt == "hip_belt.turn"


def test_a_turn_that_is_not_done_is_asked_for_once() -> None:
    runner = MadeRunner()
    runner.now |= belted(0.1)
    seen = Watched().see(runner.stand(120))
    assert seen.lines.count("hip_belt.turn") == 1
    assert seen.session.prompt == "framing.ready"
    assert not [line for line in seen.lines if line.startswith("drill.")]


def test_a_hip_belt_that_is_known_needs_no_turn() -> None:
    runner = MadeRunner()
    runner.now |= belted(1.0)
    seen = Watched().see(runner.stand(20))
    assert seen.session.prompt == "framing.ready"


@pytest.mark.parametrize("trouble", [t for t in get_args(HipBeltTrouble) if t])
def test_a_hip_belt_that_is_worn_wrong_is_put_right_before_the_run(trouble: HipBeltTrouble) -> None:
    runner = MadeRunner()
    runner.now |= belted(0.2, trouble)
    seen = Watched().see(runner.stand(6))
    assert seen.session.prompt == f"hip_belt.{trouble}"
    assert seen.lines == [f"hip_belt.{trouble}"], "said once"
    runner.now |= belted(1.0)
    assert seen.see(runner.stand(2)).session.prompt == "framing.ready"
