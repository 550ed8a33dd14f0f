"""The database keeps its promises in the corners: nobody ran, old versions, quotas, columns."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from station import wall_clock
from station.config import RecordSection
from station.errors import StoreError
from station.jsonable import jsonable
from station.record.archive import DATABASE, Archive, DamagedSession
from station.record.chunks import pack, unpack
from station.record.log import LogHeader, read_log, read_lost
from station.record.retention import reclaim_logs
from station.record.schema import COLUMNS, MIGRATIONS, connect, migrate
from station.record.sealed import sealed
from station.record.store import SqliteStore
from station.record.tally import Tally
from station.record.writer import Writer
from station.types import ANGLES, STRIDE, Activity, Input, Step
from tests.made_run import MODEL, SOURCE, VIEW, run

# A session's row of the first released version, after id, number and state.
EARLY_ROW = (
    *(json.dumps(jsonable(part)) for part in (SOURCE, MODEL, VIEW)),
    json.dumps(Tally(first_ns=0, last_ns=9_000_000_000, running_ns=9_000_000_000).as_json()),
    *("1", "1", "2026-03-01T18:30:00Z", "2026-03-01T18:31:00Z", 1, "b" * 32, 5, json.dumps(ANGLES.names), "", ""),
)


def standing(seconds: float) -> list[tuple[Input, Step]]:
    return [(given, replace(step, gait=replace(step.gait, activity=Activity.STANDING))) for given, step in run(seconds)]


def feed(store: SqliteStore, steps: list[tuple[Input, Step]], finish: bool = True) -> str:
    session_id = store.begin(LogHeader(SOURCE, MODEL, VIEW), steps[0][0].t_ns)
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
    assert store.archive.sessions() == ()
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
    # Memory is bounded: from here on the disk is used.
    monkeypatch.setattr("station.record.store.MOST_EARLY", 100)
    store = SqliteStore(tmp_path)
    session_id = store.begin(LogHeader(SOURCE, MODEL, VIEW), 0)
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
    trusted = wall_clock.Moment("2026-11-22T18:30:00Z", True, "b" * 32)
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
    assert set(columns) == {"session", "row", *(STRIDE.names or ()), "crc"}
    migrate(database, "here")  # nothing to do the second time
    assert database.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
    database.close()


def test_database_of_a_newer_station_is_kept_and_recording_goes_on(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    first = feed(store, list(run(2.0)))
    store.close()
    database = connect(tmp_path / DATABASE)
    database.execute("ALTER TABLE session ADD COLUMN mood TEXT")
    database.execute("PRAGMA user_version = 99")
    database.close()
    store = SqliteStore(tmp_path)
    second = feed(store, list(run(2.0)))
    assert any("written by a newer station and set aside as station.db.newer-1" in what for what, _ in store.trouble)
    # What this version understands of it is taken over.
    assert [row.id for row in store.archive.sessions()] == [first, second]
    store.close()
    with closing(connect(tmp_path / f"{DATABASE}.newer-1")) as kept:
        assert kept.execute("SELECT id FROM session").fetchall() == [(first,)]


@pytest.mark.parametrize("version", [0, 1, 7, 2**31 - 1, -5])
def test_a_flipped_version_number_is_mended_by_what_the_tables_say(tmp_path: Path, version: int) -> None:
    store = SqliteStore(tmp_path)
    first = feed(store, list(run(2.0)))
    store.close()
    with closing(connect(tmp_path / DATABASE)) as database:
        database.execute(f"PRAGMA user_version = {version}")
    store = SqliteStore(tmp_path)
    assert store.trouble == ()
    assert [row.id for row in store.archive.sessions()] == [first]
    store.close()
    with closing(connect(tmp_path / DATABASE)) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)


def test_a_database_without_checksums_is_read_and_carried_on(tmp_path: Path) -> None:
    """As the first released version wrote it."""
    with closing(connect(tmp_path / DATABASE)) as database:
        database.executescript(f"{MIGRATIONS[0]}; PRAGMA user_version=1")
        values = ("00001-abcd", 1, "finished", *EARLY_ROW)
        marks = ", ".join("?" * len(values))
        database.execute(f"INSERT INTO session VALUES ({marks})", values)
    store = SqliteStore(tmp_path)
    assert [row.state for row in store.archive.sessions()] == ["finished"]
    assert store.archive.recording("00001-abcd").source.path == SOURCE.path
    second = feed(store, list(run(2.0)))
    assert [row.id for row in store.archive.sessions()] == ["00001-abcd", second]
    store.close()


NEW_STRIDE_COLUMNS = 6  # since the station that made the second migration


def as_an_earlier_station_wrote_it(folder: Path) -> None:
    """The same database with the tables, columns and checksums of the second migration."""
    with closing(sqlite3.connect(folder / DATABASE)) as now, closing(sqlite3.connect(folder / "earlier.db")) as earlier, earlier:
        earlier.executescript("".join(MIGRATIONS[:2]) + "PRAGMA user_version=2;")
        unsealed = {table: columns[:-1] for table, columns in COLUMNS.items()}
        tables = {"session": (), **unsealed, "stride": unsealed["stride"][:-NEW_STRIDE_COLUMNS]}
        for table, columns in tables.items():
            rows = now.execute(f"SELECT {', '.join(columns) or '*'} FROM {table}").fetchall()
            rows = [sealed(row) for row in rows] if columns else rows
            names = f" ({', '.join((*columns, 'crc'))})" if columns else ""
            if rows:
                earlier.executemany(f"INSERT INTO {table}{names} VALUES ({', '.join('?' * len(rows[0]))})", rows)
    (folder / "earlier.db").replace(folder / DATABASE)


def test_strides_of_a_station_that_measured_less_are_read(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    first = feed(store, list(run(6.0)))
    whole = store.archive.recording(first).strides
    store.close()
    as_an_earlier_station_wrote_it(tmp_path)

    def as_it_was() -> bool:
        strides = Archive(tmp_path).recording(first).strides
        names = STRIDE.names or ()
        kept, new = list(names[:-NEW_STRIDE_COLUMNS]), names[-NEW_STRIDE_COLUMNS:]
        return str(strides[kept]) == str(whole[kept]) and all(np.isnan(strides[name]).all() for name in new)

    assert len(whole) > 3
    assert as_it_was()  # from a card that is only read
    store = SqliteStore(tmp_path)
    assert store.trouble == ()
    second = feed(store, list(run(2.0)))
    assert [row.state for row in store.archive.sessions()] == ["finished", "finished"]
    store.close()
    assert as_it_was()
    assert len(Archive(tmp_path).recording(second).t_s)
    spoil(tmp_path, "UPDATE stride SET running = NULL WHERE row = 1")
    with pytest.raises(DamagedSession):
        Archive(tmp_path).recording(first)


# --- one bad byte costs one session ---


def spoil(folder: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(folder / DATABASE)) as database, database:
        database.execute(statement, values)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE session SET tally = replace(tally, ':', ';') WHERE number = 1",
        "UPDATE session SET tally = 'null' WHERE number = 1",
        "UPDATE session SET tally = cast(x'ff' || tally AS TEXT) WHERE number = 1",
        "UPDATE session SET source = x'00' WHERE number = 1",
        "UPDATE session SET state = 'finishee' WHERE number = 1",
        "UPDATE session SET started_ns = started_ns + 1 WHERE number = 1",
        "UPDATE session SET id = '00001-zzzz' WHERE number = 1",
        "UPDATE session SET number = 77 WHERE number = 1",
    ],
)
def test_a_damaged_row_is_one_damaged_session(tmp_path: Path, statement: str) -> None:
    store = SqliteStore(tmp_path)
    first, second = feed(store, list(run(2.0))), feed(store, list(run(2.0)))
    store.close()
    with closing(sqlite3.connect(tmp_path / DATABASE)) as database, database:
        database.execute("PRAGMA foreign_keys=OFF")
        database.execute(statement)
    SqliteStore(tmp_path).close()  # the station starts
    archive = Archive(tmp_path)
    states = {row.id: row.state for row in archive.sessions()}
    assert states.pop(second) == "finished"
    assert list(states.values()) == ["damaged"]
    assert archive.choose("all") == archive.choose("new") == archive.choose("last") == (second,)
    archive.recording(second)
    (damaged,) = archive.damaged()
    archive.forget(damaged)
    assert [row.id for row in archive.sessions()] == [second]
    assert first not in states or not archive.log_path(first).exists()


@pytest.mark.parametrize("state", ["open", "finished"])
def test_a_session_that_was_open_and_is_damaged_stops_no_start(tmp_path: Path, state: str) -> None:
    store = SqliteStore(tmp_path)
    feed(store, list(run(2.0)))
    store.close()
    spoil(tmp_path, "UPDATE session SET state = ?, tally = '[' || tally", state)
    store = SqliteStore(tmp_path)
    assert [row.state for row in store.archive.sessions()] == ["damaged"]
    second = feed(store, list(run(2.0)))
    assert store.archive.sessions()[-1].id == second
    store.close()


@pytest.mark.parametrize("table", ["stride", "event", "cue", "outcome", "chunk"])
def test_every_row_of_a_session_is_checked(tmp_path: Path, table: str) -> None:
    store = SqliteStore(tmp_path)
    first = feed(store, list(run(8.0)))
    store.close()
    column = {"stride": "duration_s", "event": "t_ns", "cue": "seq", "outcome": "strides", "chunk": "row"}[table]
    spoil(tmp_path, f"UPDATE {table} SET {column} = {column} + 100000")
    with pytest.raises(DamagedSession, match=first):
        Archive(tmp_path).recording(first)


def test_a_database_that_breaks_while_it_is_written_is_replaced(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    first = feed(store, list(run(2.0)))
    steps = list(run(6.0))
    second = store.begin(LogHeader(SOURCE, MODEL, VIEW), steps[0][0].t_ns)
    for given, step in steps[:200]:
        store.add(given, step)
    store._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    size = (tmp_path / DATABASE).stat().st_size
    with open(tmp_path / DATABASE, "r+b") as file:  # every page but the first
        file.seek(4096)
        file.write(b"\xa5" * (size - 4096))
    store._database.execute("PRAGMA shrink_memory")
    for given, step in steps[200:]:
        store.add(given, step)
    store.finish(steps[-1][0].t_ns)
    rows = store.archive.sessions()
    assert rows[-1].id == second
    assert rows[-1].state == "finished"
    assert "damaged while it ran" in rows[-1].note
    assert any("set aside as station.db.corrupt-1" in what for what, _ in store.trouble)
    assert (tmp_path / "logs" / f"{first}.log").exists()
    store.close()


def test_whole_sessions_move_to_the_new_database(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    ids = [feed(store, list(run(3.0))) for _ in range(6)]
    store.close()
    path = tmp_path / DATABASE
    content = path.read_bytes()
    path.write_bytes(content[: len(content) - 3 * 4096])  # the end of the file is gone
    store = SqliteStore(tmp_path)
    kept = [row.id for row in store.archive.sessions() if row.state == "finished"]
    assert kept
    assert set(kept) < set(ids)
    for session_id in kept:
        assert len(store.archive.recording(session_id).t_s) == 179
    assert store._next_number() == 7  # numbers of lost sessions are not given out again
    store.close()


def test_a_read_only_folder_is_read_and_not_called_damaged(everybodys: Path) -> None:
    store = SqliteStore(everybodys)
    first = feed(store, list(run(2.0)))
    store.close()
    script = "import sys; from pathlib import Path; from station.record.archive import Archive;"
    script += " print(Archive(Path(sys.argv[1])).choose('last')[0])"
    (everybodys / DATABASE).chmod(0o444)
    everybodys.chmod(0o555)
    if os.getuid() == 0:  # root may write anywhere, so somebody else reads
        script = f"import station.record.archive, urllib.parse, os; os.setuid(65534); {script}"
    done = subprocess.run([sys.executable, "-c", script, str(everybodys)], capture_output=True, text=True, check=False)
    everybodys.chmod(0o755)
    assert done.stdout.strip() == first, done.stderr


def test_a_database_whose_tables_were_not_made_yet_holds_no_sessions(tmp_path: Path) -> None:
    """The power may go in the very first second."""
    with closing(sqlite3.connect(tmp_path / DATABASE)) as database:
        database.execute("PRAGMA journal_mode=WAL")
    assert Archive(tmp_path).sessions() == ()
    store = SqliteStore(tmp_path)
    assert store.trouble == ()
    store.close()


def test_a_card_mounted_read_only_after_a_power_cut_is_read_with_its_write_ahead_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = SqliteStore(tmp_path / "data")
    running = feed(store, list(run(5.0)), finish=False)
    card, temporary = tmp_path / "card", tmp_path / "temporary"
    temporary.mkdir()
    shutil.copytree(tmp_path / "data", card)
    store.close()
    assert (card / f"{DATABASE}-wal").stat().st_size
    before = {path.name: path.read_bytes() for path in card.iterdir() if path.is_file()}
    monkeypatch.setattr("os.statvfs", lambda _: SimpleNamespace(f_flag=os.ST_RDONLY))
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    assert [row.id for row in Archive(card).sessions()] == [running]
    assert len(Archive(card).recording(running).t_s) > 200
    assert {path.name: path.read_bytes() for path in card.iterdir() if path.is_file()} == before
    assert list(temporary.iterdir()) == []


def test_logs_that_belong_to_no_session_go(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    first = feed(store, list(run(2.0)))
    store.close()
    logs = tmp_path / "logs"
    (logs / "00007-abcd.log").write_bytes(b"of a forgotten session")
    (logs / "mine.log").write_bytes(b"put there by somebody")
    SqliteStore(tmp_path).close()
    assert {path.name for path in logs.iterdir()} == {f"{first}.log", "mine.log"}


def test_oldest_log_is_the_one_with_the_lowest_number_whatever_the_clock_said(tmp_path: Path) -> None:
    for number, when in ((1, 3000), (2, 1000), (3, 2000)):
        path = tmp_path / f"{number:05d}-aaaa.log"
        path.write_bytes(b"x" * 400_000)
        os.utime(path, (when, when))
    gone = reclaim_logs(tmp_path, 500_000, 0)
    assert [path.name[:5] for path in gone] == ["00001", "00002"]


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
    with pytest.raises(StoreError, match="damaged"):
        Archive(tmp_path).recording(first)
    assert len(Archive(tmp_path).recording(second).t_s) == 119


def test_a_slow_disk_loses_inputs_and_says_so(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    gate = _Gate(store)
    writer = Writer(gate, lambda: LogHeader(SOURCE, MODEL, VIEW), capacity=50)
    steps = list(run(4.0))
    writer.begin()
    writer.add(*steps[0])
    assert gate.entered.wait(60)  # the thread is inside the store now and stays there
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

    def begin(self, *reported: Any) -> str:
        return self._store.begin(*reported)

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

    writer = Writer(Broken(SqliteStore(tmp_path)), lambda: LogHeader(SOURCE, MODEL, VIEW))
    writer.begin()
    writer.add(*next(run(1.0)))
    with pytest.raises(ZeroDivisionError):
        writer.close()
    assert writer.trouble[0][0] == "recording stopped"


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
