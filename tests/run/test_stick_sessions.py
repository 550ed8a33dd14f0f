"""The runner's stick counts their sessions: from the exporter's word through an input of the log to
the fading of the cues.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from station.coach import Coach
from station.cues import Plan
from station.run.stick_sessions import EVERY_NS, StickSessions
from station.types import NS, Gait, Reading, Snapshot, View
from station.usb.status import StickStatus, read_status, write_status
from tests.made_gait import MadeRunner

SITTING = {"tle_near_deg": 12.0, "trunk_lean_deg": -9.0}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[int]:
    handle = os.open(tmp_path, os.O_RDONLY)
    yield handle
    os.close(handle)


def test_a_stick_that_carries_three_sessions_is_reported_now_and_then(tmp_path: Path, folder: int) -> None:
    sensor = StickSessions(tmp_path)
    assert sensor.poll(0) == ()
    write_status(folder, "sda", StickStatus("done", "1 session on the stick", 3))
    assert sensor.poll(EVERY_NS - 1) == (), "asked again only after a while"
    assert sensor.poll(EVERY_NS) == (Reading(EVERY_NS, "earlier_sessions", 3.0),)


@pytest.mark.parametrize("earlier", ["-1", "1e99", '"three"', "null", "true"])
def test_nonsense_in_the_status_counts_nothing(tmp_path: Path, earlier: str) -> None:
    (tmp_path / "status-sda").write_text(f'{{"state": "done", "text": "x", "at_ns": 1, "earlier": {earlier}}}')
    assert read_status(tmp_path) == StickStatus("done", "x", None)


def corrections(earlier: int | None, seconds: float = 1300.0) -> tuple[int, Snapshot]:
    """How many corrections a runner hears who sits all the time, and the last snapshot."""
    coach = Coach(View(), Plan())
    given = 0
    if earlier is not None:
        coach.step(Reading(0, "earlier_sessions", float(earlier)))
    for gait in MadeRunner(start_ns=NS, **SITTING).run(seconds):
        step = coach.answer(gait)
        given += sum(cue.action == "start" and cue.rule == "sitting" for cue in step.cues)
    return given, step.snapshot


def test_cues_fade_by_the_sessions_on_the_stick() -> None:
    heard = {earlier: corrections(earlier)[0] for earlier in (None, 0, 4, 7)}
    assert heard[None] == heard[0] > heard[4] > heard[7] == 0


def test_the_screen_shows_which_session_this_is_only_where_a_stick_counts() -> None:
    assert corrections(4, 20.0)[1].runner_session == 5
    assert corrections(None, 20.0)[1].runner_session == 0


def test_the_next_runner_starts_from_the_setting_again() -> None:
    coach = Coach(View(), Plan())
    coach.step(Reading(0, "earlier_sessions", 6.0))
    runner = MadeRunner(start_ns=NS)
    seen: list[Snapshot] = []

    def watch(gaits: Iterator[Gait]) -> None:
        seen.extend(coach.answer(gait).snapshot for gait in gaits)

    watch(runner.run(20))
    watch(runner.away(90))
    assert seen[0].runner_session == 7
    assert seen[-1].runner_session == 0
