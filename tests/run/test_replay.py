"""A recorded log through the coach again: the same cues, and a plain word when the log does not
hold everything.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from station.coach import Coach
from station.cues.plan import Plan
from station.errors import InputError, StationError
from station.record.log import LogHeader, LogWriter, _read_header, _records
from station.run.replay import replayed, run_replay
from station.testing.synthetic import RunnerSpec, SyntheticRunner
from station.types import Cue

PLAN = Plan(start_s=2.0)


@pytest.fixture(scope="module")
def live() -> tuple[SyntheticRunner, list[Cue]]:
    runner = SyntheticRunner(RunnerSpec(speed_mps=3.0), seconds=15)
    coach = Coach(runner.view, PLAN)
    return runner, [cue for pose in runner.poses() for cue in coach.step(pose).cues]


@pytest.fixture
def log(live: tuple[SyntheticRunner, list[Cue]], tmp_path: Path) -> Path:
    return written(tmp_path / "one.log", *live)


def written(path: Path, runner: SyntheticRunner, cues: list[Cue], lost: int = 0) -> Path:
    writer = LogWriter(path, LogHeader(runner.info, view=runner.view, plan=PLAN.to_dict()))
    for pose in runner.poses():
        writer.add(pose, [cue for cue in cues if cue.t_ns == pose.t_ns])
    if lost:
        writer.add_gap(0, lost)
    writer.close()
    return path


def test_the_same_inputs_give_the_same_cues(
    live: tuple[SyntheticRunner, list[Cue]], log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert live[1]
    assert replayed(log) == live[1]
    run_replay(log, compare=True)
    reported = capsys.readouterr()
    assert reported.out == f"{len(live[1])} cues, all equal\n"
    assert reported.err == ""


def test_the_first_cue_that_differs_is_named(live: tuple[SyntheticRunner, list[Cue]], tmp_path: Path) -> None:
    runner, cues = live
    path = written(tmp_path / "other.log", runner, [replace(cues[0], text="Something else"), *cues[1:]])
    with pytest.raises(StationError, match=r"cue 1 differs.*Something else.*Was the station updated since"):
        run_replay(path, compare=True)


def test_a_log_that_lost_inputs_says_so(
    live: tuple[SyntheticRunner, list[Cue]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path / "lost.log", live[0], [], lost=7)
    with pytest.raises(StationError, match="Inputs are missing"):
        run_replay(path, compare=True)
    assert "7 inputs never reached the log" in capsys.readouterr().err


def test_a_torn_log_is_replayed_as_far_as_it_goes(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with log.open("r+b") as file:
        file.truncate(log.stat().st_size // 2)
    run_replay(log, compare=False)
    assert "bytes at the end are torn" in capsys.readouterr().err


def test_a_plan_of_another_version_is_refused(live: tuple[SyntheticRunner, list[Cue]], tmp_path: Path) -> None:
    runner, _ = live
    for number, plan in enumerate(({"unheard_of": 1}, {"baseline_s": -1.0})):
        path = tmp_path / f"{number}.log"
        LogWriter(path, LogHeader(runner.info, view=runner.view, plan=plan)).close()
        with pytest.raises(InputError, match="another version"):
            replayed(path)


def test_a_power_cut_anywhere_is_no_difference(live: tuple[SyntheticRunner, list[Cue]], log: Path) -> None:
    """Cut in the record that holds the first cue and in those beside it: at, beside and between
    their ends.
    """
    _, cues = live
    content = log.read_bytes()
    at = content.index(cues[0].id.encode())
    ends = [end for _, _, end in _records(log, _read_header(log)[1]) if at - 600 < end < at + 700]
    assert len(ends) >= 3
    for cut in (*(end + by for end in ends for by in (-1, 0, 1)), at, at + 3):
        log.write_bytes(content[:cut])
        run_replay(log, compare=True)


def test_the_log_of_a_station_that_lost_power_shows_no_difference(shared: Path) -> None:
    run_replay(shared / "data" / "field" / "after_power_cut.log", compare=True)
