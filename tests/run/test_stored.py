"""`station export` and the USB stick are two ways to the same files."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from station import wall_clock as moment
from station.errors import StoreError
from station.record.archive import DATABASE, Archive
from station.record.store import SqliteStore
from station.run.stored import export_sessions, forget_sessions
from station.usb.stick import export_to
from station.wall_clock import Moment
from tests.made_run import MODEL, SOURCE, VIEW, run


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Archive:
    """Two sessions of some other day, measured by an older core."""
    with monkeypatch.context() as then:
        then.setattr(moment, "now", lambda: Moment("2026-03-01T18:30:00Z", True, "boot"))
        store = SqliteStore(tmp_path / "data")
        for seed in (1, 2):
            steps = list(run(8.0, fps=30, seed=seed))
            store.begin(SOURCE, MODEL, steps[0][0].t_ns, VIEW)
            for given, step in steps:
                store.add(given, step)
            store.finish(steps[-1][0].t_ns)
        store.close()
    database = sqlite3.connect(tmp_path / "data" / DATABASE)
    with database:
        database.execute("UPDATE session SET core_version = '0.0.1'")
    database.close()
    return Archive(tmp_path / "data")


def test_a_forgotten_session_is_gone_to_the_last_byte(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    settings = archive.folder.parent / "station.toml"
    settings.write_text(f'[station]\ndata_dir = "{archive.folder}"\n', encoding="utf-8")
    first, second = archive.choose("all")
    before = archive.recording(second)
    forget_sessions(settings, [first])
    assert "and its input log" in capsys.readouterr().out
    assert archive.choose("all") == (second,)
    assert not archive.log_path(first).exists()
    assert archive.log_path(second).exists()
    for file in archive.folder.rglob("*"):
        assert not file.is_file() or first.encode() not in file.read_bytes(), file
    assert len(archive.recording(second).strides) == len(before.strides) > 0
    with pytest.raises(StoreError, match="there is no session"):
        forget_sessions(settings, [first])


def test_a_session_that_runs_is_not_forgotten(archive: Archive) -> None:
    database = sqlite3.connect(archive.folder / DATABASE)
    with database:
        database.execute("UPDATE session SET state = 'open' WHERE number = 2")
    database.close()
    running = archive.sessions()[-1].id
    with pytest.raises(StoreError, match="still runs"):
        archive.forget(running)
    assert archive.sessions()[-1].id == running


@pytest.mark.parametrize("opensim", [False, True])
def test_an_export_is_what_the_stick_gets(archive: Archive, tmp_path: Path, opensim: bool) -> None:
    settings = tmp_path / "station.toml"
    told = f'[station]\nname = "gym-1"\ndata_dir = "{archive.folder}"\n[record]\nopensim = {str(opensim).lower()}\n'
    settings.write_text(told, encoding="utf-8")
    stick, folder = tmp_path / "stick", tmp_path / "folder"
    stick.mkdir()
    export_to(stick, archive, "all", "gym-1", opensim)
    for _ in range(2):  # into a folder that has them already, too
        export_sessions(settings, "all", folder)
        for session_id in archive.choose("all"):
            on_stick = (stick / "STATION" / "gym-1" / session_id / "SHA256SUMS").read_text()
            assert (folder / session_id / "SHA256SUMS").read_text() == on_stick
            assert ("angles.mot" in on_stick) == opensim
    later = archive.choose("last")[0]
    assert "Your earlier sessions" in (folder / later / "report.html").read_text()  # the trend is part of it
