"""The clock gets its time while the station runs: sessions recorded before get theirs then."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from station.record.archive import Archive, SessionRow
from station.record.log import LogHeader
from station.record.store import HIGHEST, SqliteStore
from station.types import NS, Input, Step
from station.wall_clock import Moment
from tests.made_run import MODEL, SOURCE, START_NS, VIEW, run

BOOT = "b" * 32


class Clock:
    """A boot whose wall clock starts in 1970 and is set after a while; monotonic seconds by hand.
    """

    def __init__(self, boot_id: str = BOOT) -> None:
        self.boot_id, self.trusted, self.monotonic_s = boot_id, False, 0.0

    def __call__(self) -> Moment:
        minute, second = divmod(round(self.monotonic_s), 60)
        utc = f"2026-11-28T12:{minute:02d}:{second:02d}Z" if self.trusted else f"1970-01-01T00:{minute:02d}:{second:02d}Z"
        return Moment(utc, self.trusted, self.boot_id, round(self.monotonic_s * NS))


def at(start_s: float, seconds: float) -> list[tuple[Input, Step]]:
    """The made-up run, moved to another time of the boot."""
    return [(replace(given, t_ns=given.t_ns - START_NS + round(start_s * NS)), step) for given, step in run(seconds, fps=30)]


def record(store: SqliteStore, clock: Clock, start_s: float, set_after_s: float | None = None) -> str:
    """Eight seconds of somebody running, from that monotonic time on; the clock may be set on the
    way.
    """
    clock.monotonic_s = start_s
    steps = at(start_s, 8.0)
    session_id = store.begin(LogHeader(SOURCE, MODEL, VIEW), steps[0][0].t_ns)
    for given, step in steps:
        clock.monotonic_s = given.t_ns / NS
        if set_after_s is not None and clock.monotonic_s - start_s >= set_after_s:
            clock.trusted = True
        store.add(given, step)
    store.finish(steps[-1][0].t_ns)
    return session_id


def row(folder: Path, session_id: str) -> SessionRow:
    return Archive(folder).session(session_id)


def test_a_clock_that_is_set_during_the_session_dates_its_beginning(tmp_path: Path) -> None:
    clock = Clock()
    store = SqliteStore(tmp_path, now=clock)
    one = record(store, clock, 60.0, set_after_s=4.0)
    assert row(tmp_path, one).started_utc == "2026-11-28T12:01:00Z"
    assert row(tmp_path, one).clock_trusted
    assert row(tmp_path, one).finished_utc[:18] == "2026-11-28T12:01:0"
    assert Archive(tmp_path).recording(one).started_utc == "2026-11-28T12:01:00Z", "its row's checksum is right"
    store.close()


def test_a_clock_that_is_set_later_dates_all_sessions_of_its_boot(tmp_path: Path) -> None:
    clock = Clock()
    store = SqliteStore(tmp_path, now=clock)
    first, second = record(store, clock, 60.0), record(store, clock, 300.0)
    assert not row(tmp_path, first).clock_trusted
    third = record(store, clock, 600.0, set_after_s=1.0)
    assert [row(tmp_path, one).started_utc[11:19] for one in (first, second, third)] == ["12:01:00", "12:05:00", "12:10:00"]
    assert all(row(tmp_path, one).clock_trusted and row(tmp_path, one).state == "finished" for one in (first, second, third))
    store.close()


def test_a_clock_that_is_set_while_nobody_runs_dates_them_within_a_minute(tmp_path: Path) -> None:
    clock = Clock()
    store = SqliteStore(tmp_path, now=clock)
    one = record(store, clock, 60.0)
    clock.trusted = True
    steps = at(100.0, 2.0)
    store.begin(LogHeader(SOURCE, MODEL, VIEW), round(20 * NS))
    clock.monotonic_s = 100.0
    given, step = steps[0]
    store.add(given, step)
    assert row(tmp_path, one).started_utc == "2026-11-28T12:01:00Z"
    store.close()


def test_the_exporter_dates_them_too(tmp_path: Path) -> None:
    clock = Clock()
    store = SqliteStore(tmp_path, now=clock)
    one = record(store, clock, 60.0)
    store.close()
    clock.trusted = True
    Archive(tmp_path).date_sessions(clock())
    assert row(tmp_path, one).started_utc == "2026-11-28T12:01:00Z"


@pytest.mark.parametrize("when", ["after the next boot", "before it began"])
def test_sessions_of_another_boot_stay_without_a_date(tmp_path: Path, when: str) -> None:
    clock = Clock()
    store = SqliteStore(tmp_path, now=clock)
    one = record(store, clock, 60.0)
    store.close()
    later = Clock("c" * 32 if when == "after the next boot" else BOOT)
    later.trusted, later.monotonic_s = True, 30.0
    SqliteStore(tmp_path, now=later).close()
    assert not row(tmp_path, one).clock_trusted


def test_ids_go_up_whatever_the_clock_does_and_whatever_is_forgotten(tmp_path: Path) -> None:
    clock = Clock()
    clock.trusted = True
    store = SqliteStore(tmp_path, now=clock)
    ids = [record(store, clock, 60.0)]
    clock.trusted = False  # a battery that is empty
    ids.append(record(store, clock, 300.0))
    store.close()
    for one in ids:
        Archive(tmp_path).forget(one)
    store = SqliteStore(tmp_path, now=clock)
    ids.append(record(store, clock, 600.0))
    store.close()
    assert ids == sorted(ids)
    assert [int(one.partition("-")[0]) for one in ids] == [1, 2, 3]
    (tmp_path / HIGHEST).write_text("no number")
    SqliteStore(tmp_path, now=clock).close()
