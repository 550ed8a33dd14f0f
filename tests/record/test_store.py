"""The database keeps its promises in the corners: nobody ran, old versions, quotas, columns."""

from __future__ import annotations

import json
import sqlite3
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from station import wall_clock as moment
from station.config import RecordSection
from station.errors import StoreError
from station.record.archive import DATABASE, Archive
from station.record.chunks import pack, unpack
from station.record.log import read_log, read_lost
from station.record.schema import MIGRATIONS, connect, migrate
from station.record.store import SqliteStore
from station.record.writer import Description, Writer
from station.types import ANGLES, STRIDE, Activity, Input, ModelInfo, SourceInfo, Step, View
from tests.made_run import MODEL, SOURCE, VIEW, run


def standing(seconds: float) -> list[tuple[Input, Step]]:
    return [(given, replace(step, gait=replace(step.gait, activity=Activity.STANDING))) for given, step in run(seconds)]


def feed(store: SqliteStore, steps: list[tuple[Input, Step]], finish: bool = True) -> str:
    session_id = store.begin(SOURCE, MODEL, steps[0][0].t_ns, VIEW)
    for given, step in steps:
        store.add(given, step)
    if finish:
        store.finish(steps[-1][0].t_ns)
    return session_id


def test_an_empty_belt_writes_nothing(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    feed(store, standing(5.0))
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before
    assert store.sessions() == ()
    store.close()


def test_who_stood_before_running_is_in_the_session_from_the_start(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    steps = list(run(6.0))
    stood = [(given, replace(step, gait=replace(step.gait, activity=Activity.STANDING))) for given, step in steps[:100]]
    session_id = feed(store, stood + steps[100:])
    store.close()
    assert len(list(read_log(Archive(tmp_path).log_path(session_id))[1])) == len(steps)
    assert len(Archive(tmp_path).recording(session_id).t_s) == len(steps) - 1


def test_who_only_stood_for_long_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("station.record.store.MOST_EARLY", 100)  # memory is bounded: from here on the disk is used
    store = SqliteStore(tmp_path)
    session_id = store.begin(SOURCE, MODEL, 0, VIEW)
    for given, step in standing(5.0):
        store.add(given, step)
    assert Archive(tmp_path).log_path(session_id).exists()
    store.finish(0)
    store.close()
    assert Archive(tmp_path).sessions() == ()
    assert list((tmp_path / "logs").iterdir()) == []


def test_log_can_be_turned_off(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path, RecordSection(input_log=False))
    session_id = feed(store, list(run(3.0)))
    store.close()
    assert not Archive(tmp_path).log_path(session_id).exists()
    assert Archive(tmp_path).recording(session_id, landmarks=True).xy_px is None
    assert len(Archive(tmp_path).recording(session_id).t_s) == 179


def test_oldest_logs_go_first_and_the_sessions_stay(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path, RecordSection(logs_quota_mb=1))
    ids = [feed(store, list(run(14.0))) for _ in range(5)]  # 0.35 MB each
    store.close()
    left = {path.stem for path in (tmp_path / "logs").iterdir()}
    assert left == set(ids[-3:])
    assert [row.id for row in Archive(tmp_path).sessions()] == ids


def test_only_so_many_sessions_are_kept(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path, RecordSection(sessions_kept=2))
    ids = [feed(store, list(run(2.0))) for _ in range(4)]
    store.close()
    assert [row.id for row in Archive(tmp_path).sessions()] == ids[-2:]
    assert {path.stem for path in (tmp_path / "logs").iterdir()} == set(ids[-2:])
    with sqlite3.connect(tmp_path / DATABASE) as database:
        assert {session for (session,) in database.execute("SELECT DISTINCT session FROM chunk")} == set(ids[-2:])
    database.close()


def test_trusted_clock_puts_the_date_in_the_id(tmp_path: Path) -> None:
    trusted = moment.Moment("2026-11-22T18:30:00Z", True, "b" * 32)
    store = SqliteStore(tmp_path, now=lambda: trusted)
    first = feed(store, list(run(2.0)))
    store.close()
    store = SqliteStore(tmp_path, now=lambda: replace(trusted, trusted=False))
    second = feed(store, list(run(2.0)))
    store.close()
    assert first.startswith("00001-20261122-")
    assert second.startswith("00002-")
    assert len(second) == 10
    assert [row.clock_trusted for row in Archive(tmp_path).sessions()] == [True, False]


def test_stride_table_has_the_stride_columns(tmp_path: Path) -> None:
    """A new field of STRIDE needs a new migration: `ALTER TABLE stride ADD COLUMN name REAL`."""
    database = connect(tmp_path / DATABASE)
    migrate(database, "here")
    columns = [name for _, name, *_ in database.execute("PRAGMA table_info(stride)")]
    assert columns == ["session", "row", *(STRIDE.names or ())]
    migrate(database, "here")  # nothing to do the second time
    assert database.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    database.close()


def test_database_of_a_newer_station_is_left_alone(tmp_path: Path) -> None:
    database = connect(tmp_path / DATABASE)
    database.execute("PRAGMA user_version = 99")
    database.close()
    with pytest.raises(StoreError, match="version 99"):
        SqliteStore(tmp_path)
    assert not list(tmp_path.glob("*.corrupt*"))


def test_failed_migration_leaves_the_old_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = connect(tmp_path / DATABASE)
    migrate(database, "here")
    broken = (*MIGRATIONS, "CREATE TABLE extra (a); CREATE TABLE extra (a);")
    monkeypatch.setattr("station.record.schema.MIGRATIONS", broken)
    with pytest.raises(sqlite3.OperationalError):
        migrate(database, "here")
    database.close()
    database = connect(tmp_path / DATABASE)
    assert database.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    assert not database.execute("SELECT * FROM sqlite_master WHERE name = 'extra'").fetchall()
    database.close()


def test_commits_are_durable(tmp_path: Path) -> None:
    database = connect(tmp_path / DATABASE)
    assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert database.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
    database.close()


def test_chunks_are_exact_and_small() -> None:
    rng = np.random.default_rng(0)
    t_ns = np.cumsum(rng.integers(16_000_000, 17_500_000, 60))
    angles = np.zeros(60, ANGLES)
    for name in ANGLES.names or ():
        angles[name] = np.round(np.cumsum(rng.normal(0, 2, 60)), 2)
    angles["thigh_far_deg"][10:20] = np.nan
    angles["knee_flexion_near_deg"][3] = -359.99
    content = pack(t_ns, angles)
    back_t_ns, back = unpack(content, ANGLES.names or ())
    np.testing.assert_array_equal(back_t_ns, t_ns)
    assert back.tobytes() == angles.tobytes()
    assert len(content) < 0.35 * angles.nbytes


def test_chunk_of_an_earlier_station_lacks_only_the_new_column() -> None:
    angles = np.ones(4, ANGLES)
    names = ANGLES.names or ()
    _, back = unpack(pack(np.arange(4), angles), ("gone_deg", *names[1:]))
    assert np.isnan(back[names[0]]).all()
    np.testing.assert_array_equal(back[names[1]], 1)
    with pytest.raises(ValueError, match="damaged"):
        unpack(b"\4\0\0\0nonsense", names)
    with pytest.raises(ValueError, match="damaged"):
        unpack(b"", names)


def test_session_with_a_damaged_chunk_says_so_and_the_others_are_fine(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    first, second = feed(store, list(run(2.0))), feed(store, list(run(2.0)))
    store.close()
    with sqlite3.connect(tmp_path / DATABASE) as database:
        database.execute("UPDATE chunk SET content = x'00' WHERE session = ?", (first,))
    database.close()
    with pytest.raises(StoreError, match="cannot be understood"):
        Archive(tmp_path).recording(first)
    assert len(Archive(tmp_path).recording(second).t_s) == 119


def test_a_slow_disk_loses_inputs_and_says_so(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    gate = _Gate(store)
    writer = Writer(gate, lambda: Description(SOURCE, MODEL, VIEW), capacity=50)
    steps = list(run(4.0))
    writer.begin()
    writer.add(*steps[0])
    gate.entered.wait()  # the thread is inside the store now and stays there
    for given, step in steps[1:101]:
        writer.add(given, step)
    assert writer.dropped == 50
    gate.open.set()
    for _ in range(51):
        gate.taken.acquire()  # until the inbox is empty again
    for given, step in steps[101:141]:
        writer.add(given, step)
    writer.finish()
    writer.close()
    (row,) = Archive(tmp_path).sessions()
    assert "50 inputs were lost" in row.note
    path = Archive(tmp_path).log_path(row.id)
    assert read_lost(path) == 50
    assert len(list(read_log(path)[1])) == 141 - 50


class _Gate:
    """A store whose first `add` waits until it is let go."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store
        self.entered, self.open, self.taken = threading.Event(), threading.Event(), threading.Semaphore(0)

    def begin(
        self, source: SourceInfo, model: ModelInfo | None, t_ns: int, view: View | None = None, plan: object = None
    ) -> str:
        return self._store.begin(source, model, t_ns, view)

    def add(self, given: Input, step: Step) -> None:
        self.entered.set()
        self.open.wait()
        self._store.add(given, step)
        self.taken.release()

    def add_gap(self, lost: int) -> None:
        self._store.add_gap(lost)

    def finish(self, t_ns: int) -> None:
        self._store.finish(t_ns)

    def close(self) -> None:
        self._store.close()

    @property
    def trouble(self) -> tuple[tuple[str, str], ...]:
        return self._store.trouble


def test_a_bug_in_the_store_is_not_swallowed(tmp_path: Path) -> None:
    class Broken(_Gate):
        def add(self, given: Input, step: Step) -> None:
            raise ZeroDivisionError("bug")

    writer = Writer(Broken(SqliteStore(tmp_path)), lambda: Description(SOURCE, MODEL, VIEW))
    writer.begin()
    writer.add(*next(run(1.0)))
    with pytest.raises(ZeroDivisionError):
        writer.close()
    assert writer.trouble()[0][0] == "recording stopped"


def test_draft_is_never_older_than_a_second(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    session_id = feed(store, list(run(6.5)), finish=False)
    with sqlite3.connect(tmp_path / DATABASE) as database:
        (tally,) = database.execute("SELECT tally FROM session WHERE id = ?", (session_id,)).fetchone()
    database.close()
    values = json.loads(tally)
    assert (values["last_ns"] - values["first_ns"]) / 1e9 > 5.4
    assert Archive(tmp_path).sessions()[0].state == "open"
    assert Archive(tmp_path).choose("all") == ()  # a running session is not exported
    store.close()
