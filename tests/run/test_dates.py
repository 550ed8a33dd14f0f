"""What a result is dated by: the film or its file in an analysis, the clock or a person in an
export; never the present day.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from station.record.log import LogHeader
from station.record.store import SqliteStore
from station.sense.poses import Poses, save_poses
from station.testing.synthetic import RunnerSpec, SyntheticRunner
from station.types import NS
from station.wall_clock import Moment
from tests.command import station
from tests.export.fit_readers import Messages, by_fitdecode
from tests.made_run import MODEL, SOURCE, VIEW, run

CHANGED = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)
FILES = {"session.json", "strides.csv", "events.csv", "series.csv", "session.xlsx", "report.html", "SHA256SUMS"}


def fit(folder: Path) -> Messages:
    return by_fitdecode((folder / "run.fit").read_bytes())


def settings(folder: Path) -> Path:
    path = folder / "station.toml"
    path.write_text(f'[station]\ndata_dir = "{folder / "data"}"\ntime_zone = "Europe/Berlin"\n', encoding="utf-8")
    return path


@pytest.fixture
def poses_file(tmp_path: Path) -> Path:
    runner = SyntheticRunner(RunnerSpec(speed_mps=3.0), seconds=20)
    path, filming = tmp_path / "runner.npz", runner.filming
    save_poses(path, Poses(runner.t_ns, runner.xy_px, runner.score, filming.width_px, filming.height_px, filming.px_per_m))
    os.utime(path, (CHANGED.timestamp(), CHANGED.timestamp()))
    return path


def test_an_analysis_is_dated_by_its_file_and_says_so(
    poses_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    order = ["analyze", poses_file, "--config", settings(tmp_path), "--speed-kmh", "10.8", "--out"]
    assert station(*order, tmp_path / "one", "--json", tmp_path / "a.json") == 0
    note = "no date is in it: dated by its file, which was last changed on 2026-02-03 05:05 Europe/Berlin"
    assert note in capsys.readouterr().err
    messages = fit(tmp_path / "one")
    assert messages["session"][0]["start_time"] == messages["file_id"][0]["time_created"] == CHANGED
    (activity,) = messages["activity"]
    assert activity["local_timestamp"] - activity["timestamp"] == timedelta(hours=1)
    for path in (tmp_path / "one" / "session.json", tmp_path / "a.json"):
        document = json.loads(path.read_bytes())
        assert (document["started_utc"], document["date_from"]) == ("2026-02-03T04:05:06Z", "file")
        assert document["created_utc"] == "2026-02-03T04:05:25Z"
        assert note in document["notes"]
    page = (tmp_path / "one" / "report.html").read_text()
    assert "05:05 Europe/Berlin" in page
    assert "date of the file" in page


def test_the_same_file_gives_the_same_bytes_on_another_day(
    poses_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "two"):
        monkeypatch.setattr("station.wall_clock.now", lambda name=name: Moment(f"2026-1{len(name) - 2}-01T00:00:00Z", True, ""))
        assert station("analyze", poses_file, "--out", tmp_path / name) == 0
    assert (tmp_path / "one" / "SHA256SUMS").read_text() == (tmp_path / "two" / "SHA256SUMS").read_text()


def test_a_file_with_an_impossible_date_makes_no_fit_but_a_word(
    poses_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    os.utime(poses_file, (315_532_800, 315_532_800))  # 1980, as an archive leaves it
    assert station("analyze", poses_file, "--out", tmp_path / "out") == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == FILES
    assert "run.fit was not written: it needs a date, and none is known\n" in capsys.readouterr().err
    assert json.loads((tmp_path / "out" / "session.json").read_bytes())["started_utc"] is None


def test_nobody_there_makes_no_fit_but_a_word(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "empty.npz"
    nobody = np.full((30, 33, 2), np.nan, np.float32), np.zeros((30, 33), np.float32)
    save_poses(path, Poses(np.arange(30) * NS // 30, *nobody, 640, 480))
    assert station("analyze", path, "--out", tmp_path / "out") == 1
    assert {path.name for path in (tmp_path / "out").iterdir()} == FILES
    assert "run.fit was not written: nobody ran or walked" in capsys.readouterr().err


# --- sessions of a station whose clock was never set ---


@pytest.fixture
def undated(tmp_path: Path) -> str:
    """The id of a session that began, by the clock of its station, in 1970."""
    store = SqliteStore(tmp_path / "data", now=lambda: Moment("1970-01-01T00:03:00Z", False, "boot"))
    steps = list(run(12.0, fps=30))
    session_id = store.begin(LogHeader(SOURCE, MODEL, VIEW), steps[0][0].t_ns)
    for given, step in steps:
        store.add(given, step)
    store.finish(steps[-1][0].t_ns)
    store.close()
    return session_id


def test_an_undated_session_has_no_fit_but_a_word(undated: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert station("export", "--config", settings(tmp_path), "--to", tmp_path / "out") == 0
    folder = tmp_path / "out" / undated
    assert {path.name for path in folder.iterdir()} == FILES
    word = "run.fit was not written: it needs a date, and none is known; the clock was not set, `station export --started` takes"
    assert word in capsys.readouterr().err
    document = json.loads((folder / "session.json").read_bytes())
    assert any(note.startswith(word) for note in document["notes"])
    assert (document["clock_trusted"], document["date_from"]) == (False, None)
    assert "date not known" in (folder / "report.html").read_text()


def test_a_person_can_give_the_date(undated: str, tmp_path: Path) -> None:
    order = ["export", "--config", settings(tmp_path), "--to", tmp_path / "out", "--session", undated]
    assert station(*order, "--started", "2026-07-05 18:30") == 0
    folder = tmp_path / "out" / undated
    assert fit(folder)["session"][0]["start_time"] == datetime(2026, 7, 5, 16, 30, tzinfo=UTC)
    document = json.loads((folder / "session.json").read_bytes())
    assert (document["started_utc"], document["date_from"]) == ("2026-07-05T16:30:00Z", "given")
    assert document["clock_trusted"] is False
    page = (folder / "report.html").read_text()
    assert "18:30 Europe/Berlin" in page
    assert "date as given" in page


def test_a_date_that_is_known_is_not_changed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        store = SqliteStore(tmp_path / "data", now=lambda: Moment("2026-11-22T18:30:00Z", True, "boot"))
        steps = list(run(8.0, fps=30))
        store.begin(LogHeader(SOURCE, MODEL, VIEW), steps[0][0].t_ns)
        for given, step in steps:
            store.add(given, step)
        store.finish(steps[-1][0].t_ns)
        store.close()
    order = ["export", "--config", settings(tmp_path), "--to", tmp_path / "out", "--started", "2026-07-05 18:30"]
    assert station(*order) == 2
    assert "this session has its date" in capsys.readouterr().err
    assert station(*order, "--session", "all") == 2
    assert "--started is for one session" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert station(*order[:-1], "yesterday") == 2
