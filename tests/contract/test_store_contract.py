"""What every ports.Store promises, for the database and for the writer thread in front of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from station.errors import StoreError
from station.record.archive import Archive
from station.record.log import LogHeader, read_cues, read_log
from station.record.store import SqliteStore
from station.record.writer import Writer
from station.types import Recording
from tests.made_run import MODEL, SOURCE, VIEW, collected, run

SECONDS = 8.0
PLAN = {"baseline_s": 180.0}


def through_store(folder: Path) -> str:
    store = SqliteStore(folder)
    steps = list(run(SECONDS))
    session_id = store.begin(LogHeader(SOURCE, MODEL, VIEW, PLAN), steps[0][0].t_ns)
    for given, step in steps:
        store.add(given, step)
    store.finish(steps[-1][0].t_ns)
    store.close()
    return session_id


def through_writer(folder: Path) -> str:
    writer = Writer(SqliteStore(folder), lambda: LogHeader(SOURCE, MODEL, VIEW, PLAN))
    writer.begin()
    for given, step in run(SECONDS):
        writer.add(given, step)
    writer.finish()
    writer.close()
    assert writer.dropped == 0
    return Archive(folder).choose("last")[0]


WAYS = pytest.mark.parametrize("way", [through_store, through_writer])


@pytest.fixture(scope="module")
def expected() -> Recording:
    return collected(SECONDS).recording()


@WAYS
def test_what_went_in_comes_out(tmp_path: Path, way: Callable[[Path], str], expected: Recording) -> None:
    session_id = way(tmp_path)
    stored = Archive(tmp_path).recording(session_id, landmarks=True)
    assert stored.session_id == session_id
    np.testing.assert_array_equal(stored.t_s, expected.t_s)
    for name in expected.angles.dtype.names or ():
        np.testing.assert_array_equal(stored.angles[name], expected.angles[name], err_msg=name)
    np.testing.assert_array_equal(stored.xy_px, expected.xy_px)
    assert stored.strides.tobytes() == expected.strides.tobytes()
    for part in ("source", "model", "events", "cues", "outcomes", "modes", "speed", "direction", "near_side", "page"):
        # Repr, because NaN is not equal to itself.
        assert repr(getattr(stored, part)) == repr(getattr(expected, part)), part
    assert repr(stored.summary) == repr(expected.summary)
    assert repr(stored.faults) == repr(expected.faults)
    assert (stored.tracked_fraction, stored.running_fraction) == (expected.tracked_fraction, expected.running_fraction)


@WAYS
def test_session_is_listed_as_finished(tmp_path: Path, way: Callable[[Path], str]) -> None:
    session_id = way(tmp_path)
    (row,) = Archive(tmp_path).sessions()
    assert (row.id, row.number, row.state, row.cues, row.note) == (session_id, 1, "finished", 2, "")
    assert row.duration_s == pytest.approx(SECONDS, abs=0.02)
    assert row.finished_utc >= row.started_utc > "2020"


@WAYS
def test_log_holds_every_input_and_the_cues_given(tmp_path: Path, way: Callable[[Path], str]) -> None:
    path = Archive(tmp_path).log_path(way(tmp_path))
    header, inputs = read_log(path)
    given = [one for one, _ in run(SECONDS)]
    back = list(inputs)
    assert len(back) == len(given)
    assert [one.t_ns for one in back] == [one.t_ns for one in given]
    assert (header.plan, header.model, header.torn_bytes) == (PLAN, MODEL, 0)
    assert read_cues(path) == tuple(cue for _, step in run(SECONDS) for cue in step.cues)


@WAYS
def test_sessions_are_numbered_and_ids_stay_apart(tmp_path: Path, way: Callable[[Path], str]) -> None:
    ids = [way(tmp_path) for _ in range(3)]
    assert [row.number for row in Archive(tmp_path).sessions()] == [1, 2, 3]
    assert len(set(ids)) == 3
    assert Archive(tmp_path).choose("all") == tuple(ids)
    assert Archive(tmp_path).choose("last") == (ids[2],)
    assert Archive(tmp_path).choose(ids[1]) == (ids[1],)


def test_new_is_what_no_stick_got(tmp_path: Path) -> None:
    first, second = through_store(tmp_path), through_store(tmp_path)
    archive = Archive(tmp_path)
    archive.mark_exported([first], "2026-11-22T19:00:00Z")
    assert archive.choose("new") == (second,)
    archive.mark_exported([second], "2026-11-22T19:00:00Z")
    assert archive.choose("new") == ()


def test_unknown_session_says_so(tmp_path: Path) -> None:
    for ask in (Archive(tmp_path).choose, Archive(tmp_path).recording):
        with pytest.raises(StoreError, match="no session"):
            ask("00009-beef")
    with pytest.raises(StoreError, match="no session"):
        Archive(tmp_path).choose("last")
    assert Archive(tmp_path).choose("all") == ()


def test_wrong_order_is_refused(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    given, step = next(run(1.0))
    with pytest.raises(StoreError, match="no session is open"):
        store.add(given, step)
    store.begin(LogHeader(SOURCE, MODEL), 0)
    with pytest.raises(StoreError, match="still open"):
        store.begin(LogHeader(SOURCE, MODEL), 0)
    store.close()


def test_a_second_writer_is_refused(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    with pytest.raises(StoreError, match="another station"):
        SqliteStore(tmp_path)
    store.close()
    SqliteStore(tmp_path).close()
