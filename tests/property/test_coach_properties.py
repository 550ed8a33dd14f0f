"""Whatever a runner, a camera and a button do: what must hold of judgement and words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from station.coach import Coach
from station.cues import Plan
from station.faults import BY_NAME
from station.present.voices import all_lines
from station.types import NAN, NS, Gait, Measure, Mode, Speed, Step, View
from tests.made_gait import GOOD, MadeRunner

# Short enough that a few minutes lead through every mode.
QUICK = Plan(
    baseline_s=30, quiet_start_s=10, cue_block_s=120, free_block_s=10, retention_s=20, planned_s=300, done_s=10, drill_wait_s=3
)
SITTING = {"tle_near_deg": 12.0, "trunk_lean_deg": -3.0}
FAULTY = (SITTING, {}, {**SITTING, "cadence_spm": 140.0}, {"cadence_spm": 140.0}, {"pelvic_turn_deg": 0.5}, {"tle_near_deg": NAN})
USUAL = {"tracked_fraction": 1.0, "hands_on_rail": False, "pelvic_calibrated": True, "knee_lifts": (0, 0), "zone_position": 0.6}
deeds = st.tuples(
    st.sampled_from(["run", "run", "run", "run", "walk", "stand", "away"]),
    st.sampled_from([70, 50, 12, 6, 3]),
    st.sampled_from(FAULTY),
    st.fixed_dictionaries(
        {
            "tracked_fraction": st.sampled_from([1.0, 1.0, 1.0, 0.4]),
            "hands_on_rail": st.sampled_from([False, False, False, True]),
            "pelvic_calibrated": st.booleans(),
            "knee_lifts": st.sampled_from([(0, 0), (3, 0), (6, 6), (8, 6)]),
            "zone_position": st.sampled_from([0.6, 0.6, 0.6, 0.1]),
        }
    ),
    st.booleans(),
)
# Half a minute of baseline first: most of what can go wrong comes after it.
stories = st.lists(deeds, min_size=3, max_size=6).map(lambda story: [("run", 40, {}, USUAL, False), *story])


def reported(story: list[Any], start_ns: int = 0) -> Iterator[tuple[Gait, bool]]:
    runner = MadeRunner(hz=1.5, start_ns=start_ns)
    for deed, seconds, values, now, pressed in story:
        runner.now |= now
        lifts = runner.now.pop("knee_lifts")
        gaits = runner.run(seconds, **{**GOOD, **values}) if deed == "run" else getattr(runner, deed)(seconds)
        for count, gait in enumerate(gaits):
            yield replace(gait, knee_lifts=lifts), pressed and count == 0


def watched(story: list[Any], start_ns: int = 0, plan: Plan = QUICK) -> list[Step]:
    coach = Coach(View(zone=(0.1, 0.1, 0.9, 0.9)), plan)
    return [coach.answer(gait, pressed=pressed) for gait, pressed in reported(story, start_ns)]


@settings(max_examples=30, deadline=None)
@given(stories)
def test_one_voice_at_a_time_and_only_where_it_may_speak(story: list[Any]) -> None:
    steps = watched(story)
    until_ns, last_correction_ns, seq = -1, None, 0
    for step in steps:
        assert len([cue for cue in step.cues if "audio" in cue.channels]) <= 1
        for cue in step.cues:
            assert cue.seq == seq + 1
            seq = cue.seq
            assert cue.t_ns == step.t_ns
            if "audio" in cue.channels:
                assert cue.t_ns >= until_ns, "two voices"
                until_ns = cue.t_ns + round(all_lines()[cue.id].speech_s * NS)
            if cue.id.startswith("cue.") and cue.action == "start":
                assert step.mode is Mode.COACH
                assert step.snapshot.session_s >= QUICK.quiet_start_s
                assert not step.gait.hands_on_rail
                assert last_correction_ns is None or cue.t_ns - last_correction_ns >= QUICK.gap_between_cues_s * NS
                last_correction_ns = cue.t_ns


@settings(max_examples=10, deadline=None)
@given(stories, st.integers(1, 10**17))
def test_another_hour_changes_nothing_but_the_hour(story: list[Any], shift_ns: int) -> None:
    early, late = watched(story), watched(story, shift_ns)
    for a, b in zip(early, late, strict=True):
        assert (a.mode, repr(a.faults)) == (b.mode, repr(b.faults))
        assert [replace(cue, t_ns=cue.t_ns + shift_ns) for cue in a.cues] == list(b.cues)
        assert [replace(outcome, t_ns=outcome.t_ns + shift_ns) for outcome in a.outcomes] == list(b.outcomes)


@settings(max_examples=20, deadline=None)
@given(stories)
def test_rows_are_always_whole(story: list[Any]) -> None:
    for step in watched(story, plan=Plan.offline()):
        assert tuple(fault.rule for fault in step.faults) == tuple(BY_NAME)
        for fault in step.faults:
            assert 0 <= fault.pressure <= 1
            assert fault.state != "cannot_tell" or fault.reason
            assert fault.state != "on" or fault.pressure > 0


strange = st.sampled_from([NAN, float("inf"), -float("inf"), 0.0, -1.0, 1e9])
sick = st.builds(Measure, strange, strange, strange, st.integers(0, 40), st.sampled_from(["", "", "hidden"]))


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(st.sampled_from([*GOOD, "pelvic_turn_quadrature_deg", "pelvis_thigh_ratio"]), sick),
    st.builds(Speed, strange, st.just("given"), st.booleans()),
    st.sampled_from(["landmarks", "hip_belt"]),
)
def test_no_number_raises(measures: dict[str, Measure], speed: Speed, source: str) -> None:
    coach = Coach(View(), Plan.offline())
    runner = MadeRunner()
    runner.now |= {"pelvic_source": source, "pelvic_calibrated": True, "zone_position": NAN}
    for gait in runner.run(5, cadence_spm=170.0):
        step = coach.answer(replace(gait, measures=measures, speed=speed))
        assert len(step.faults) == len(BY_NAME)
