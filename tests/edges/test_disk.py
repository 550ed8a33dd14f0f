"""The card misbehaves: damaged database, torn log, full disk, no permission. Coaching goes on and
nothing is lost silently.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from station.config import RecordSection
from station.errors import StoreError
from station.record.archive import DATABASE, Archive
from station.record.log import LogHeader, read_log
from station.record.store import SqliteStore
from station.record.writer import Writer
from station.types import Input, Step
from tests.made_run import MODEL, SOURCE, VIEW, run


def feed(store: SqliteStore, steps: list[tuple[Input, Step]], finish: bool = True) -> str:
    session_id = store.begin(LogHeader(SOURCE, MODEL, VIEW), steps[0][0].t_ns)
    for given, step in steps:
        store.add(given, step)
    if finish:
        store.finish(steps[-1][0].t_ns)
    return session_id


def crash(store: SqliteStore) -> None:
    """The station is gone without a finish."""
    store._session._log._file.close()  # type: ignore[union-attr]
    store._database.close()
    os.close(store._lock)


# --- damaged database ---


@pytest.mark.parametrize("damage", ["text", "zeros", "tail"])
def test_damaged_database_is_set_aside_with_its_evidence(tmp_path: Path, damage: str) -> None:
    store = SqliteStore(tmp_path)
    first = feed(store, list(run(20.0, 30)))
    store.close()
    path = tmp_path / DATABASE
    content = bytearray(path.read_bytes())
    if damage == "text":
        content = bytearray(b"this is not a database" * 500)
    elif damage == "zeros":
        content[4096:16384] = bytes(12288)
    else:
        content = content[: len(content) // 2]
    path.write_bytes(content)

    store = SqliteStore(tmp_path)
    assert (tmp_path / f"{DATABASE}.corrupt-1").read_bytes() == bytes(content)
    assert (tmp_path / f"{DATABASE}.corrupt-1.txt").read_text().count("\n") >= 2
    assert any("set aside as station.db.corrupt-1" in what for what, _ in store.trouble)
    second = feed(store, list(run(3.0)))
    assert [row.id for row in store.archive.sessions()] == [second]
    assert second != first
    store.close()
    with sqlite3.connect(tmp_path / DATABASE) as database:
        ((text,),) = database.execute("SELECT text FROM notice").fetchall()
    database.close()
    assert text.startswith("station.db.corrupt-1: ")
    # The logs are still there.
    assert {first, second} == {path.stem for path in (tmp_path / "logs").iterdir()}


def test_second_damage_gets_the_next_number(tmp_path: Path) -> None:
    for number in (1, 2):
        (tmp_path / DATABASE).write_bytes(b"rubbish" * 1000)
        SqliteStore(tmp_path).close()
        assert (tmp_path / f"{DATABASE}.corrupt-{number}").exists()


def test_whole_database_is_left_alone(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    feed(store, list(run(3.0)))
    store.close()
    store = SqliteStore(tmp_path)
    assert store.trouble == ()
    assert len(store.archive.sessions()) == 1
    store.close()
    assert not list(tmp_path.glob("*corrupt*"))


# --- cut off in the middle ---


def test_unfinished_session_is_recovered_and_its_torn_log_repaired(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    steps = list(run(9.5))
    session_id = feed(store, steps, finish=False)
    crash(store)
    log = Archive(tmp_path).log_path(session_id)
    with open(log, "r+b") as file:
        file.truncate(log.stat().st_size - 7)

    store = SqliteStore(tmp_path)
    (row,) = store.archive.sessions()
    assert row.state == "recovered"
    assert row.duration_s > 8.4
    assert "397 bytes of a torn record were cut" in row.note
    assert row.finished_utc >= row.started_utc
    assert read_log(log)[0].torn_bytes == 0
    assert len(store.archive.recording(session_id).t_s) >= 8.4 * 60
    assert store.archive.recording(session_id).cues
    store.close()


def test_recovered_session_whose_log_is_gone_or_rubbish_is_still_a_session(tmp_path: Path) -> None:
    for spoil in (Path.unlink, lambda path: path.write_bytes(b"rubbish")):
        store = SqliteStore(tmp_path)
        session_id = feed(store, list(run(5.0)), finish=False)
        crash(store)
        spoil(Archive(tmp_path).log_path(session_id))
        store = SqliteStore(tmp_path)
        assert store.archive.sessions()[-1].state == "recovered"
        assert len(store.archive.recording(session_id).strides) > 3
        store.close()


# --- full disk ---


def fill(store: SqliteStore) -> None:
    """From here on the database may not grow: SQLite answers "database or disk is full"."""
    (pages,) = store._database.execute("PRAGMA page_count").fetchone()
    store._database.execute(f"PRAGMA max_page_count={pages}")


def refused(store: SqliteStore, steps: list[tuple[Input, Step]]) -> int:
    """Feeds the steps and counts how often the store said that it could not write."""
    count = 0
    for given, step in steps:
        try:
            store.add(given, step)
        except StoreError:
            count += 1
    return count


def free(store: SqliteStore) -> None:
    store._database.execute("PRAGMA max_page_count=1000000")


def test_full_disk_is_reported_and_nothing_but_time_is_lost_when_it_has_room_again(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path, RecordSection(input_log=False))
    steps = list(run(40.0))
    session_id = store.begin(LogHeader(SOURCE, MODEL, VIEW), 0)
    assert refused(store, steps[:600]) == 0
    fill(store)
    # Tried again every ten seconds, not at every frame.
    assert 1 <= refused(store, steps[600:1500]) <= 3
    assert "coaching goes on" in store.trouble[0][1]
    free(store)
    assert refused(store, steps[1500:]) == 0
    assert store.trouble == ()
    store.finish(steps[-1][0].t_ns)
    assert len(store.archive.recording(session_id).t_s) == len(steps) - 1
    store.close()


def test_session_that_ends_on_a_full_disk_is_written_when_there_is_room(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path, RecordSection(input_log=False))
    steps = list(run(30.0))
    session_id = feed(store, steps[:300], finish=False)
    fill(store)
    assert refused(store, steps[300:]) >= 1
    with pytest.raises(StoreError, match="cannot be written"):
        store.finish(steps[-1][0].t_ns)
    # Still full: the next session waits in memory like the first.
    second = store.begin(LogHeader(SOURCE, MODEL, VIEW), 0)
    assert store.archive.sessions()[0].state == "open"
    free(store)
    for given, step in run(3.0):
        store.add(given, step)
    store.finish(0)
    listed = [(row.id, row.state, row.number) for row in store.archive.sessions()]
    assert listed == [(session_id, "finished", 1), (second, "finished", 2)]
    assert len(store.archive.recording(session_id).strides) == sum(len(step.gait.strides) for _, step in steps)
    store.close()


def test_full_for_long_gives_up_the_oldest_series_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("station.record.store.MOST_PENDING", 600)
    store = SqliteStore(tmp_path, RecordSection(input_log=False))
    steps = list(run(60.0))
    session_id = feed(store, steps[:60], finish=False)
    fill(store)
    assert refused(store, steps[60:]) >= 4
    assert len(store._session._t_ns) <= 600 + 600  # type: ignore[union-attr]
    free(store)
    store.finish(steps[-1][0].t_ns)
    (row,) = store.archive.sessions()
    assert "the series have a gap" in row.note
    recording = store.archive.recording(session_id)
    assert len(recording.t_s) < len(steps) - 1
    # Strides, events and cues are all there.
    assert len(recording.strides) == sum(len(step.gait.strides) for _, step in steps)
    store.close()


def test_log_on_a_full_disk_stops_and_the_session_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = SqliteStore(tmp_path)
    steps = list(run(6.0))
    session_id = store.begin(LogHeader(SOURCE, MODEL, VIEW), 0)
    real = os.fsync

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    for number, (given, step) in enumerate(steps):
        monkeypatch.setattr(os, "fsync", full if number >= 200 else real)
        store.add(given, step)
    monkeypatch.undo()
    store.finish(steps[-1][0].t_ns)
    assert any("the input log stopped: the disk is full" in what for what, _ in store.trouble)
    (row,) = store.archive.sessions()
    assert "its log stops early" in row.note
    assert len(store.archive.recording(session_id).t_s) == len(steps) - 1
    # What was written is readable.
    assert len(list(read_log(Archive(tmp_path).log_path(session_id))[1])) >= 180
    store.close()


def test_little_free_space_costs_old_logs_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = SqliteStore(tmp_path)
    first, second = feed(store, list(run(3.0))), feed(store, list(run(3.0)))
    free_bytes = iter([0, 10**12, 10**12, 10**12])
    usage = type("usage", (), {"free": property(lambda self: next(free_bytes))})
    monkeypatch.setattr("station.record.retention.shutil.disk_usage", lambda folder: usage())
    third = feed(store, list(run(3.0)))
    assert {path.stem for path in (tmp_path / "logs").iterdir()} == {second, third}
    assert [row.id for row in store.archive.sessions()] == [first, second, third]
    store.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this machine does not let a file system be mounted")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_really_full_disk(small_disk: Path) -> None:
    """One megabyte takes half a minute of log; the writer, and with it the coach, goes on to the
    end.
    """
    writer = Writer(SqliteStore(small_disk), lambda: LogHeader(SOURCE, MODEL, VIEW), capacity=100_000)
    writer.begin()
    for given, step in run(60.0):
        writer.add(given, step)
    writer.finish()
    with contextlib.suppress(StoreError):  # whether the last second found room is the disk's affair
        writer.close()
    assert writer.dropped == 0
    assert any("full" in what or "nothing more" in what for what, _ in writer.trouble)
    store = SqliteStore(small_disk)  # and the next start is a clean one
    (row,) = store.archive.sessions()
    assert row.strides > 10
    store.close()


# --- no permission ---


def test_folder_that_cannot_be_used_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="cannot be opened"):
        SqliteStore(tmp_path / "file" / "data")
    with pytest.raises(StoreError, match="cannot be opened"):
        SqliteStore(tmp_path / "file")
