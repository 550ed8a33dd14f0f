from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest

from station.cues import Governor, Now, Plan, Speaker
from station.cues.governor import BREATH_S
from station.cues.lines import LINES
from station.types import NS, Cue, Fault, Gait, Line, Mode, Outcome
from tests.made_gait import MadeRunner

COACHED = (Mode.COACH,)
CUE, PRAISE = Line("Do this", "Do this."), Line("Good", "Good. That was it.")
SPEAKERS = (
    Speaker("low_cadence", CUE, PRAISE, 3, COACHED),
    Speaker("sitting", CUE, PRAISE, 2, COACHED),
    Speaker("over_rotation", CUE, PRAISE, 1, COACHED, interrupts=True),
)


class Bench:
    """A governor, a runner and what came out. `on`: rules that are on."""

    def __init__(self, **plan: Any) -> None:
        self.plan = Plan(**plan)
        self.governor = Governor(self.plan, SPEAKERS)
        self.runner = MadeRunner()
        self.cues: list[Cue] = []
        self.outcomes: list[Outcome] = []

    def run(self, seconds: float, on: Sequence[str] = (), mode: Mode = Mode.COACH, block: int = 1, **now: Any) -> Bench:
        lines = now.pop("lines", ())
        pressed = now.pop("pressed", False)
        self.runner.now |= now
        for gait in self.runner.run(seconds):
            self.step(gait, on, mode, block, lines, pressed)
            lines, pressed = (), False
        return self

    def step(self, gait: Gait, on: Sequence[str], mode: Mode, block: int, lines: tuple[str, ...], pressed: bool) -> None:
        faults = tuple(Fault(s.rule, "on" if s.rule in on else "ok", 1.0, "deg", float(s.rule in on), 1.0) for s in SPEAKERS)
        cues, outcomes = self.governor.step(Now(gait, faults, mode, block, 1000.0, lines, pressed))
        self.cues += cues
        self.outcomes += outcomes

    @property
    def heard(self) -> list[str]:
        return [cue.id for cue in self.cues if "audio" in cue.channels]

    def times_s(self, text_id: str) -> list[float]:
        return [cue.t_ns / NS for cue in self.cues if cue.id == text_id and "audio" in cue.channels]


def test_silence_inside_tolerance_means_good() -> None:
    assert Bench().run(300).heard == []


def test_of_two_faults_the_higher_is_reported() -> None:
    assert Bench().run(5, on=("low_cadence", "sitting")).heard == ["cue.sitting"]


def test_a_rule_that_nobody_speaks_for_is_never_cued() -> None:
    bench = Bench()
    for gait in bench.runner.run(300):
        unspoken = Fault("slow_retraction", "on", 1.0, "deg", 1.0, 1.0)
        assert bench.governor.step(Now(gait, (unspoken,), Mode.COACH, 1, 1000.0)) == ((), ())


@pytest.mark.parametrize("mode", [mode for mode in Mode if mode is not Mode.COACH])
def test_corrections_belong_to_coached_blocks(mode: Mode) -> None:
    assert Bench().run(100, on=("sitting",), mode=mode).heard == []


def test_a_correction_rests_for_a_minute() -> None:
    times = Bench().run(200, on=("sitting",)).times_s("cue.sitting")
    assert len(times) == 4
    assert all(later - earlier > 59.99 for earlier, later in pairwise(times))


def test_any_two_corrections_are_half_a_minute_apart() -> None:
    bench = Bench().run(2, on=("sitting",)).run(60, on=("sitting", "over_rotation"))
    sitting, over = bench.times_s("cue.sitting"), bench.times_s("cue.over_rotation")
    assert len(over) == 1
    assert over[0] - sitting[0] >= 30


def test_one_fault_per_block_and_another_in_the_next() -> None:
    bench = Bench().run(2, on=("sitting",)).run(120, on=("low_cadence",))
    assert bench.heard == ["cue.sitting", "praise.sitting"]
    bench.run(2, on=("low_cadence",), block=2)
    assert bench.heard[-1] == "cue.low_cadence"


def test_the_budget_of_a_minute_counts_praise_too() -> None:
    bench = Bench(cues_per_minute=1).run(2, on=("sitting",)).run(40)
    assert bench.heard == ["cue.sitting"]


def test_praise_comes_with_recovery_and_only_after_a_cue() -> None:
    bench = Bench().run(10, on=("sitting",)).run(5)
    assert bench.heard == ["cue.sitting", "praise.sitting"]
    silent = Bench().run(100, on=("sitting",), mode=Mode.BASELINE).run(20)
    assert silent.heard == []


def test_stale_praise_is_dropped() -> None:
    """Recovery while the view is poor: by the time it is good again the moment has gone."""
    bench = Bench().run(10, on=("sitting",)).run(20, tracked_fraction=0.2).run(20, tracked_fraction=1.0)
    assert bench.heard == ["cue.sitting"]


def test_three_praises_to_two_corrections() -> None:
    bench = Bench()
    for block in range(4):
        bench.run(10, on=("sitting",), block=block).run(290, block=block)
    corrections = bench.heard.count("cue.sitting")
    praises = [text for text in bench.heard if text.startswith("praise.")]
    assert corrections == 4
    assert 2 * len(praises) >= 3 * corrections
    assert "praise.steady" in praises


@pytest.mark.parametrize(("number", "said"), [(1, 8), (2, 8), (3, 6), (5, 4), (7, 2), (8, 0), (20, 0)])
def test_cues_fade_over_the_sessions(number: int, said: int) -> None:
    bench = Bench(session_number=number)
    bench.run(8 * 60 - 5, on=("sitting",))
    assert len(bench.times_s("cue.sitting")) == said


def test_an_outcome_tells_whether_the_cue_helped() -> None:
    helped = Bench().run(10, on=("sitting",)).run(5)
    assert [(o.cleared, o.rule) for o in helped.outcomes] == [(True, "sitting")]
    assert helped.outcomes[0].strides <= 20
    assert helped.outcomes[0].cue_seq == next(cue.seq for cue in helped.cues if cue.id == "cue.sitting")
    in_vain = Bench().run(40, on=("sitting",))
    assert [(o.cleared, o.strides) for o in in_vain.outcomes] == [(False, 20)]
    assert (helped.governor.given, helped.governor.cleared) == (1, 1)
    assert (in_vain.governor.given, in_vain.governor.cleared) == (1, 0)


def test_lines_of_the_session_come_one_after_the_other() -> None:
    bench = Bench().run(20, lines=("contrast.done", "mode.baseline"))
    first, second = bench.times_s("contrast.done"), bench.times_s("mode.baseline")
    assert second[0] - first[0] >= LINES["contrast.done"].speech_s + BREATH_S


def test_a_session_that_moves_on_drops_what_it_still_wanted_to_say() -> None:
    bench = Bench().run(1, lines=("drill.done", "contrast.offer")).run(20, lines=("mode.baseline",))
    assert bench.heard == ["drill.done", "mode.baseline"]


def test_a_correction_waits_for_a_pause_after_a_line() -> None:
    bench = Bench().run(20, on=("sitting",), lines=("mode.coach",))
    spoken_s = bench.times_s("mode.coach")[0] + LINES["mode.coach"].speech_s
    assert bench.times_s("cue.sitting")[0] >= spoken_s + bench.plan.after_voice_s


def test_the_button_mutes_the_voice_and_leaves_light_and_screen() -> None:
    bench = Bench().run(1, pressed=True).run(30, on=("sitting",))
    assert bench.heard == ["voice.off"]
    assert next(cue.channels for cue in bench.cues if cue.id == "cue.sitting") == ("light", "screen")
    bench.run(10, on=("sitting",), pressed=True).run(60, on=("sitting",))
    assert bench.heard[:2] == ["voice.off", "voice.on"]
    assert bench.heard[-1] == "cue.sitting"


def test_what_was_lit_is_put_out() -> None:
    bench = Bench().run(60, on=("sitting",)).run(30)
    lit = 0
    for cue in bench.cues:
        lit = 0 if cue.action == "stop" else 1
    assert lit == 0
    assert bench.governor.lit is None
    assert [cue.seq for cue in bench.cues] == list(range(1, len(bench.cues) + 1))


def test_a_cue_stays_on_the_screen_long_enough_to_be_read() -> None:
    bench = Bench().run(2, on=("sitting",))
    assert bench.governor.lit is not None
    bench.run(3, mode=Mode.REST)
    assert bench.governor.lit is not None, "shown for at least 6 s"
    bench.run(3, mode=Mode.REST)
    assert bench.governor.lit is None


def test_it_says_why_it_is_silent() -> None:
    bench = Bench().run(1, hands_on_rail=True)
    assert bench.governor.silence == "hands on the rail"
    assert bench.run(1, hands_on_rail=False).governor.silence == ""
