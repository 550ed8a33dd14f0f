"""Pairs of belt and landmarks: only on request, whole rows, gone with their session."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from station.config import RecordSection
from station.record.archive import Archive
from station.record.belt_pairs import COLUMNS, pairs_path
from station.record.log import LogHeader
from station.record.store import SqliteStore
from station.types import Input, PelvicPair, Step, View
from tests.made_run import MODEL, SOURCE, run

PLACE = View(720, 1280, azimuth_deg=12.0, px_per_m=400.0, focal_px=900.0)


def paired(seconds: float) -> list[tuple[Input, Step]]:
    """A run in which every closed stride was seen by both."""
    made = []
    for given, step in run(seconds):
        if step.gait.strides:
            pair = PelvicPair(float(step.gait.strides[-1]["start_s"]), 1.5, 8.25, 3.0, 9.0, 21.0, 58.0)
            step = replace(step, gait=replace(step.gait, pelvic_pair=pair))
        made.append((given, step))
    return made


def stored(folder: Path, wanted: bool, steps: list[tuple[Input, Step]]) -> str:
    store = SqliteStore(folder, RecordSection(hip_belt_pairs=wanted))
    session_id = store.begin(LogHeader(SOURCE, MODEL, PLACE), 0)
    for given, step in steps:
        store.add(given, step)
    store.finish(steps[-1][0].t_ns)
    store.close()
    return session_id


def test_nothing_is_written_unless_asked_for(tmp_path: Path) -> None:
    stored(tmp_path, False, paired(10.0))
    assert not (tmp_path / "pairs").exists()


def test_a_session_without_a_belt_leaves_no_file(tmp_path: Path) -> None:
    assert not pairs_path(tmp_path, stored(tmp_path, True, list(run(10.0)))).exists()


def test_each_stride_that_both_saw_is_a_row_that_needs_no_other_file(tmp_path: Path) -> None:
    steps = paired(20.0)
    session_id = stored(tmp_path, True, steps)
    with open(pairs_path(tmp_path, session_id), newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == sum(len(step.gait.strides) for _, step in steps) > 5
    assert tuple(rows[0]) == COLUMNS
    first = rows[0]
    assert (first["session"], first["azimuth_deg"], first["focal_px"]) == (session_id, "12", "900")
    assert (first["belt_quadrature_deg"], first["landmarks_quadrature_deg"], first["drag_deg"]) == ("8.25", "9", "21")


def test_who_withdraws_takes_the_pairs_along(tmp_path: Path) -> None:
    session_id = stored(tmp_path, True, paired(10.0))
    Archive(tmp_path).forget(session_id)
    assert not pairs_path(tmp_path, session_id).exists()


def test_a_full_disk_costs_the_pairs_and_not_the_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("station.record.belt_pairs.PairsFile.add", full)
    session_id = stored(tmp_path, True, paired(10.0))
    row = Archive(tmp_path).session(session_id)
    assert row.state == "finished"
    assert "pairs of belt and landmarks stop early" in row.note
