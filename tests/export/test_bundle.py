"""All formats together: the same everywhere, whole or not there."""

from __future__ import annotations

import hashlib
import html
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from station.errors import StoreError
from station.export.beside import Setup
from station.export.bundle import names, render, write_all
from station.export.earlier import read_earlier
from station.export.session_json import session_json
from station.faults import BY_NAME
from station.files import write_atomic
from station.record.collect import Collector
from station.types import QUANTITIES, Recording, SourceInfo, View
from tests.made_run import collected
from tests.schemas import conforms

UTC = "2026-11-22T19:00:00Z"
TABLES = ["session.json", "strides.csv", "events.csv", "series.csv", "session.xlsx"]
NAMES = [*TABLES, "report.html", "run.fit", "angles.mot", "markers.trc"]


@pytest.fixture(scope="module")
def recording() -> Recording:
    return collected(12.0).recording("00001-a3f9", "2026-11-22T18:30:00Z", clock_trusted=True)


def test_all_formats_with_their_checksums(recording: Recording, tmp_path: Path) -> None:
    (tmp_path / "new" / "folder").mkdir(parents=True)
    (tmp_path / "new" / "folder" / "overlay.mp4").write_bytes(b"film")
    paths = write_all(recording, tmp_path / "new" / "folder", ["overlay.mp4"])
    assert [path.name for path in paths] == [*NAMES, "overlay.mp4", "SHA256SUMS"]
    assert sorted(os.listdir(tmp_path / "new" / "folder")) == sorted(path.name for path in paths)
    for line in paths[-1].read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((paths[0].parent / name).read_bytes()).hexdigest() == digest


def test_same_recording_same_bytes(recording: Recording) -> None:
    assert dict(render(recording, UTC)) == dict(render(recording, UTC))


def test_opensim_can_be_left_out(recording: Recording) -> None:
    assert [name for name, _ in render(recording, UTC, opensim=False)] == NAMES[:7]
    assert names(recording, opensim=False) == tuple(NAMES[:7])


def test_no_file_is_missing_without_a_word(recording: Recording) -> None:
    made = dict(render(replace(recording, view=View(), notes=("slow motion, 4 times",)), UTC))
    assert list(made) == NAMES[:8]
    notes = json.loads(made["session.json"])["notes"]
    assert notes[0] == "slow motion, 4 times"
    assert notes[1].startswith("markers.trc was not written: the scale is not known")
    assert all(note in html.unescape(made["report.html"].decode()) for note in notes)
    assert json.loads(dict(render(recording, UTC))["session.json"])["notes"] == []


def test_nothing_recorded_still_makes_the_files(tmp_path: Path) -> None:
    empty = Collector(SourceInfo("a.npz", "poses", 0, 0), None, View()).recording()
    assert [path.name for path in write_all(empty, tmp_path)] == [*TABLES, "report.html", "SHA256SUMS"]
    word = "run.fit was not written: nobody ran or walked"
    assert word in json.loads((tmp_path / "session.json").read_bytes())["notes"][0]
    assert word in (tmp_path / "report.html").read_text()


def test_folder_that_cannot_be_written_says_so(recording: Recording, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="cannot be written"):
        write_all(recording, tmp_path / "file")


def test_session_json_holds_the_findings_and_not_the_tables(recording: Recording) -> None:
    content = session_json(recording, UTC)
    assert len(content) < 20_000
    document = conforms(content)
    assert document["schema"] == "station.session/1"
    assert (document["session_id"], document["created_utc"]) == ("00001-a3f9", UTC)
    assert set(document["summary"]) == set(QUANTITIES) == set(document["units"])
    assert [row["rule"] for row in document["faults"]] == list(BY_NAME)
    assert [mode["mode"] for mode in document["modes"]] == ["drill", "baseline", "coach", "retention", "done"]
    assert document["change"]["rows"][0]["baseline"]["value"] == 162.0
    assert document["change"]["rows"][2]["baseline"]["state"] == "cannot_tell"
    assert document["outcomes"][0]["cleared"] is True
    assert "series" not in document


def test_session_json_can_be_read_back_as_an_earlier_session(recording: Recording) -> None:
    earlier = read_earlier(session_json(recording, UTC))
    assert (earlier.session_id, earlier.started_utc) == ("00001-a3f9", "2026-11-22T18:30:00Z")
    assert earlier.measures["cadence_spm"].value == pytest.approx(recording.summary["cadence_spm"].value, abs=1e-4)
    assert earlier.measures["cadence_spm"].ci95_change == pytest.approx(recording.summary["cadence_spm"].ci95_change, abs=1e-4)
    assert not earlier.measures["pelvic_turn_deg"].measured
    assert earlier.setup == Setup.of(recording)


def spoiled(recording: Recording, **changes: object) -> bytes:
    return json.dumps(json.loads(session_json(recording, UTC)) | changes).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"null",
        b"{}",
        b"[" * 100_000,
        b'{"schema": "station.session/1", "session_id": "00001-a3f9", "summary": NaN}',
        b'{"schema": "station.session/1"}' + b" " * 1_000_001,
    ],
)
def test_not_a_session_file_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        read_earlier(content)


@pytest.mark.parametrize(
    "changes",
    [
        {"schema": "station.session/9"},
        {"session_id": "../../etc"},
        {"session_id": "00001-a3f9\n"},
        {"session_id": 7},
        {"summary": []},
        {"summary": {"cadence_spm": {"state": "measured", "value": 1e9, "ci95": [1, 2]}}},
        {"summary": {"cadence_spm": {"state": "measured", "value": "160", "ci95": [1, 2]}}},
        {"summary": {"cadence_spm": {"state": "measured", "value": True, "ci95": [1, 2]}}},
        {"summary": {"cadence_spm": {"state": "measured", "value": 160, "ci95": [1]}}},
        {"summary": {"cadence_spm": {"state": "measured", "value": 10**400, "ci95": [1, 2]}}},
        {"summary": {"cadence_spm": {"state": "measured", "value": 160, "ci95": [1, -(10**400)]}}},
    ],
)
def test_odd_values_are_refused(recording: Recording, changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        read_earlier(spoiled(recording, **changes))


def test_a_date_that_a_person_gave_is_a_date(recording: Recording) -> None:
    given = spoiled(recording, clock_trusted=False, date_from="given")
    assert read_earlier(given).started_utc == "2026-11-22T18:30:00Z"


def test_odd_date_is_no_date(recording: Recording) -> None:
    assert read_earlier(spoiled(recording, started_utc="<b>now</b>")).started_utc == ""
    assert read_earlier(spoiled(recording, clock_trusted=False)).started_utc == ""


def test_a_failed_write_leaves_the_old_file_and_no_litter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.json"
    write_atomic(path, b"old")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("station.files.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.json"]


def test_a_link_in_the_way_is_replaced_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(b"precious")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.json").symlink_to(outside)
    (folder / "a.json.part").symlink_to(outside)
    write_atomic(folder / "a.json", b"new")
    assert outside.read_bytes() == b"precious"
    assert (folder / "a.json").read_bytes() == b"new"
    assert not (folder / "a.json").is_symlink()
