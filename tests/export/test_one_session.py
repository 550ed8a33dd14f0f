"""The files of one session, each read back by readers that are not ours, tell the same run."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest

from station.export.bundle import write_all
from station.record.archive import Archive
from station.record.log import LogHeader
from station.record.store import SqliteStore
from station.types import Joint, Recording
from station.wall_clock import Moment
from tests.export.fit_readers import Messages, by_fitdecode, by_fitparse
from tests.made_run import MODEL, SOURCE, STRIDE_S, VIEW, run

SECONDS = 30.0
START = datetime(2026, 11, 22, 18, 30, tzinfo=UTC)
# OpenSim warns about itself when it is imported, and its logger writes beside the program: so it
# has a process of its own.
ASK_OPENSIM = """
import json, sys, warnings
warnings.simplefilter("ignore")
import opensim
opensim.Logger.setLevelString("Off")
angles, markers = opensim.TimeSeriesTable(sys.argv[1]), opensim.TimeSeriesTableVec3(sys.argv[2])
hip = markers.getDependentColumn("LHip")
print(json.dumps({
    "in_degrees": angles.getTableMetaDataString("inDegrees"), "angles": list(angles.getColumnLabels()),
    "angles_s": list(angles.getIndependentColumn()),
    "hip_flexion_l": angles.getDependentColumn("hip_flexion_l").to_numpy().tolist(),
    "units": markers.getTableMetaDataString("Units"), "markers": list(markers.getColumnLabels()),
    "markers_s": list(markers.getIndependentColumn()), "hip": [hip[i].to_numpy().tolist() for i in range(hip.size())],
}))
"""


@dataclass(frozen=True)
class Session:
    folder: Path
    recording: Recording


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """Recorded by the store and exported from it, as on a station."""
    data, out = tmp_path_factory.mktemp("data"), tmp_path_factory.mktemp("out")
    store = SqliteStore(data, now=lambda: Moment("2026-11-22T18:30:00Z", True, "boot"))
    steps = list(run(SECONDS))
    store.begin(LogHeader(SOURCE, MODEL, VIEW), steps[0][0].t_ns)
    for given, step in steps:
        store.add(given, step)
    store.finish(steps[-1][0].t_ns)
    store.close()
    archive = Archive(data, "Europe/Berlin")
    recording = archive.recording(archive.choose("last")[0], landmarks=True)
    write_all(recording, out, created_utc="2026-11-22T18:30:30Z")
    return Session(out, recording)


def table(path: Path) -> dict[str, list[str]]:
    """A CSV file by Python's own reader, column by column."""
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file, strict=True)
    return dict(zip(header, map(list, zip(*rows, strict=True)), strict=True))


def numbers(column: list[str]) -> np.ndarray:
    return np.array([float(cell) if cell else np.nan for cell in column])


@pytest.mark.parametrize("read", [by_fitdecode, by_fitparse])
def test_fit(session: Session, read: Callable[[bytes], Messages]) -> None:
    messages = read((session.folder / "run.fit").read_bytes())
    (reported,) = messages["session"]
    assert (reported["sport"], reported["sub_sport"], reported["start_time"]) == ("running", "treadmill", START)
    assert reported["total_distance"] / reported["total_timer_time"] == pytest.approx(reported["enhanced_avg_speed"], abs=0.001)
    assert reported["enhanced_avg_speed"] == 2.5
    assert reported["total_timer_time"] == pytest.approx(SECONDS, abs=0.05)
    cadence = reported.get("avg_running_cadence", reported.get("avg_cadence"))
    assert 2 * (cadence + reported["avg_fractional_cadence"]) == pytest.approx(120 / STRIDE_S, abs=0.5)
    assert len(messages["record"]) == SECONDS


def test_csv(session: Session) -> None:
    strides, events, series = (table(session.folder / f"{name}.csv") for name in ("strides", "events", "series"))
    assert numbers(strides["cadence_spm"]).mean() == pytest.approx(120 / STRIDE_S, abs=0.5)
    np.testing.assert_array_equal(numbers(strides["tle_near_deg"]), session.recording.strides["tle_near_deg"])
    assert events["utc"][0].startswith("2026-11-22T18:30:00")
    assert events["what"].count("foot") == len(session.recording.events)
    np.testing.assert_allclose(numbers(series["t_s"]), session.recording.t_s, atol=5e-5)
    np.testing.assert_array_equal(numbers(series["hip_flexion_near_deg"]), session.recording.angles["hip_flexion_near_deg"])
    for name in ("strides", "events", "series"):
        content = (session.folder / f"{name}.csv").read_bytes()
        assert content.endswith(b"\n")
        assert b"\r" not in content
        assert not content.startswith(b"\xef\xbb\xbf")


def test_xlsx_is_of_one_mind_with_the_csv(session: Session) -> None:
    book = openpyxl.load_workbook(session.folder / "session.xlsx", read_only=True)
    header, *rows = book["strides"].iter_rows(values_only=True)
    for name, *cells in zip(header, *rows, strict=True):
        column = table(session.folder / "strides.csv")[name.partition(" [")[0]]
        np.testing.assert_array_equal(np.array(cells, float), numbers(column))
    assert len(list(book["events"].iter_rows(min_row=2))) == len(table(session.folder / "events.csv")["t_s"])
    notes = {row[0]: row[1] for row in book["notes"].iter_rows(values_only=True)}
    assert notes["started"] == datetime(2026, 11, 22, 19, 30)
    book.close()


def test_mot_and_trc_are_tables_as_numpy_reads_them(session: Session) -> None:
    lines = (session.folder / "angles.mot").read_text().splitlines()
    first = lines.index("endheader") + 1
    angles = np.genfromtxt(session.folder / "angles.mot", delimiter="\t", skip_header=first, names=True)
    near = session.recording.angles["hip_flexion_near_deg"]
    np.testing.assert_allclose(angles["hip_flexion_l"], near[: len(angles)], atol=0.02)
    markers = np.genfromtxt(session.folder / "markers.trc", delimiter="\t", skip_header=6)
    np.testing.assert_allclose(markers[:, 1], session.recording.t_s, atol=1e-4)


@pytest.mark.skipif(find_spec("opensim") is None, reason="the package opensim is not installed here")
def test_mot_and_trc_are_what_opensim_takes(session: Session) -> None:
    files = session.folder / "angles.mot", session.folder / "markers.trc"
    order = [sys.executable, "-c", ASK_OPENSIM, *map(str, files)]
    done = subprocess.run(order, capture_output=True, text=True, check=True, timeout=300, cwd=session.folder.parent)
    reported: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert reported["in_degrees"] == "yes"
    # The far knee was never seen.
    assert reported["angles"] == ["trunk_lean", "hip_flexion_l", "knee_angle_l"]
    near = session.recording.angles["hip_flexion_near_deg"]
    np.testing.assert_allclose(reported["hip_flexion_l"], near[: len(reported["hip_flexion_l"])], atol=0.02)
    np.testing.assert_allclose(reported["angles_s"], session.recording.t_s[: len(reported["angles_s"])], atol=1e-4)
    assert reported["units"] == "m"
    assert len(reported["markers"]) == len(set(reported["markers"])) > 10
    np.testing.assert_allclose(reported["markers_s"], session.recording.t_s, atol=1e-4)
    assert session.recording.xy_px is not None
    # The runner faces left: forward is -x.
    ahead_m = -session.recording.xy_px[:, Joint.LEFT_HIP, 0] / VIEW.px_per_m
    np.testing.assert_allclose(np.array(reported["hip"])[:, 0], ahead_m, atol=1e-3)
