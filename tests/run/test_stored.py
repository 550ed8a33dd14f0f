"""`station export` and the USB stick are two ways to the same files."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from station import wall_clock
from station.errors import StoreError
from station.record.archive import DATABASE, Archive
from station.record.log import LogHeader
from station.record.store import SqliteStore
from station.run.stored import export_sessions, forget_sessions, list_sessions
from station.usb.stick import export_to
from station.wall_clock import Moment
from tests.made_run import MODEL, SOURCE, VIEW, run
from tests.schemas import conforms


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Archive:
    """Two sessions of some other day, measured by an older core."""
    with monkeypatch.context() as then:
        then.setattr(wall_clock, "now", lambda: Moment("2026-03-01T18:30:00Z", True, "boot"))
        store = SqliteStore(tmp_path / "data")
        for seed in (1, 2):
            steps = list(run(8.0, fps=30, seed=seed))
            store.begin(LogHeader(SOURCE, MODEL, VIEW), steps[0][0].t_ns)
            for given, step in steps:
                store.add(given, step)
            store.finish(steps[-1][0].t_ns)
        store.close()
    database = sqlite3.connect(tmp_path / "data" / DATABASE)
    with database:
        database.execute("UPDATE session SET core_version = '0.0.1', crc = NULL")
    database.close()
    return Archive(tmp_path / "data")


def test_a_forgotten_session_is_gone_to_the_last_byte(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    settings = archive.folder.parent / "station.toml"
    settings.write_text(f'[station]\ndata_dir = "{archive.folder}"\n', encoding="utf-8")
    first, second = archive.choose("all")
    before = archive.recording(second)
    forget_sessions(settings, [first], yes=True)
    assert "and its input log" in capsys.readouterr().out
    assert archive.choose("all") == (second,)
    assert not archive.log_path(first).exists()
    assert archive.log_path(second).exists()
    for file in archive.folder.rglob("*"):
        assert not file.is_file() or first.encode() not in file.read_bytes(), file
    assert len(archive.recording(second).strides) == len(before.strides) > 0
    with pytest.raises(StoreError, match="there is no session"):
        forget_sessions(settings, [first], yes=True)


def test_the_list_as_json_keeps_its_schema(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    settings = archive.folder.parent / "station.toml"
    settings.write_text(f'[station]\ndata_dir = "{archive.folder}"\n', encoding="utf-8")
    list_sessions(settings, "-")
    assert [row["id"] for row in conforms(capsys.readouterr().out)["sessions"]] == list(archive.choose("all"))


def test_a_session_that_runs_is_not_forgotten_until_its_station_is_gone(archive: Archive) -> None:
    store = SqliteStore(archive.folder)
    steps = list(run(4.0))
    running = store.begin(LogHeader(SOURCE, MODEL, VIEW), steps[0][0].t_ns)
    for given, step in steps:
        store.add(given, step)
    with pytest.raises(StoreError, match="still runs"):
        archive.forget(running)
    assert archive.sessions()[-1].id == running
    # The power goes: the row stays open, and nobody holds the lock.
    store._session.close_files({})  # type: ignore[union-attr]
    store._database.close()
    os.close(store._lock)
    assert archive.forget(running) is True
    assert running not in {row.id for row in archive.sessions()}


def test_forgetting_beside_an_open_reader_says_not_yet(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("station.record.archive.FORGET_WAIT_S", 0.3)
    first, _ = archive.choose("all")
    reader = sqlite3.connect(archive.folder / DATABASE, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM session").fetchone()
    with pytest.raises(StoreError, match="not yet overwritten"):
        archive.forget(first)
    reader.close()
    with pytest.raises(StoreError, match="there is no session"):  # and finishes the work
        archive.forget(first)
    for file in archive.folder.rglob("*"):
        assert not file.is_file() or first.encode() not in file.read_bytes(), file


def test_an_export_of_all_leaves_out_what_is_damaged_and_says_so(archive: Archive, tmp_path: Path) -> None:
    settings = tmp_path / "station.toml"
    settings.write_text(f'[station]\ndata_dir = "{archive.folder}"\n', encoding="utf-8")
    first, second = archive.choose("all")
    with closing(sqlite3.connect(archive.folder / DATABASE)) as database, database:
        database.execute("UPDATE chunk SET content = x'00' WHERE session = ?", (first,))
    for _ in range(2):  # found out by the first export, known by the second
        with pytest.raises(StoreError, match=f"1 damaged session left out: {first}"):
            export_sessions(settings, "all", tmp_path / "out")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {second}
    (tmp_path / "stick").mkdir()
    assert export_to(tmp_path / "stick", archive, "all", "gym-1").written == (second,)


@pytest.mark.parametrize("opensim", [False, True])
def test_an_export_is_what_the_stick_gets(archive: Archive, tmp_path: Path, opensim: bool) -> None:
    settings = tmp_path / "station.toml"
    reported = f'[station]\nname = "gym-1"\ndata_dir = "{archive.folder}"\n[record]\nopensim = {str(opensim).lower()}\n'
    settings.write_text(reported, encoding="utf-8")
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
    # The trend is part of it.
    assert "Your earlier sessions" in (folder / later / "report.html").read_text()
