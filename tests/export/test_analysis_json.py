"""station.analysis/1 as CONTRACT.md has it, and the three tables."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest

from station.export.analysis_json import analysis_json
from station.export.csv_cells import quoted, texts
from station.export.tables_csv import events_csv, series_csv, strides_csv
from station.faults import BY_NAME
from station.files import json_bytes, write_output
from station.record.collect import Collector
from station.types import ANGLES, NAN, NS, QUANTITIES, STRIDE, Recording, SourceInfo, View
from tests.made_run import MODEL, SOURCE, VIEW, collected, run
from tests.schemas import conforms


@pytest.fixture(scope="module")
def recording() -> Recording:
    timing = {"wall_s": 2.0, "frames_per_s": 600.0, "stage_ms.gait": 0.7}
    return collected(20.0).recording("00001-a3f9", "2026-11-22T18:30:00Z", clock_trusted=True, timing=timing)


def test_document_has_the_contract_s_keys(recording: Recording) -> None:
    document = analysis_json(recording)
    assert list(document) == [
        *("schema", "created_utc", "station_version", "core_version", "source", "model", "intervals", "runner"),
        *("speed", "notes", "started_utc", "date_from", "series", "strides", "events", "summary"),
        *("faults", "stretches", "best_stretches", "cues", "timing"),
    ]
    assert document["schema"] == "station.analysis/1"
    assert set(document["source"]) == {"path", "kind", "frames", "fps", "duration_s", "width_px", "height_px"}
    runner = {"direction", "near_side", "pelvic_source", "tracked_fraction", "running_fraction", "leg_swaps_repaired"}
    assert set(document["runner"]) == runner
    assert document["model"] == {"name": MODEL.name, "sha256": MODEL.sha256}
    assert document["speed"] == {"mps": 2.5, "origin": "given", "half_mps": 0.0}
    assert set(document["strides"][0]) == set(STRIDE.names or ())
    assert set(document["events"][0]) == {"t_s", "kind", "side", "confidence"}
    assert set(document["cues"][0]) == {"t_s", "id", "rule", "action", "channels", "text"}
    assert document["timing"] == {"wall_s": 2.0, "frames_per_s": 600.0, "per_stage_ms": {"gait": 0.7}}


def test_all_rules_and_all_quantities_always() -> None:
    document = analysis_json(Collector(SourceInfo("a.npz", "poses", 0, 0), None, View()).recording())
    assert [row["rule"] for row in document["faults"]] == list(BY_NAME)
    assert set(document["summary"]) == set(QUANTITIES)
    for entry in document["summary"].values():
        assert entry["state"] == "cannot_tell"
        assert entry["value"] is None
        assert entry["ci95"] == [None, None]
        assert entry["reason"]
    assert document["model"] is None
    assert document["speed"] == {"mps": None, "origin": "unknown", "half_mps": None}
    json.dumps(document, allow_nan=False)


def test_series_are_null_where_nothing_was_measured(recording: Recording) -> None:
    series = analysis_json(recording)["series"]
    assert len(series["t_s"]) == len(recording.t_s)
    assert series["knee_flexion_far_deg"] == [None] * len(recording.t_s)
    assert series["thigh_near_deg"] == recording.angles["thigh_near_deg"].tolist()


def test_written_file_is_strict_json_and_replaces_the_old_one(recording: Recording, tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    path.write_text("old")
    write_output(path, json_bytes(analysis_json(recording)))

    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is not JSON")

    conforms(path.read_bytes())
    document = json.loads(path.read_text(encoding="utf-8"), parse_constant=refuse)
    assert document["summary"]["cadence_spm"]["state"] == "measured"
    assert list(tmp_path.iterdir()) == [path]


def table(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8"))))


def test_strides_table(recording: Recording) -> None:
    rows = table(strides_csv(recording))
    assert list(rows[0]) == list(STRIDE.names or ())
    back = [float(row["cadence_spm"]) for row in rows]
    np.testing.assert_allclose(back, recording.strides["cadence_spm"], atol=1e-4)
    assert {row["tle_share_near"] for row in rows} == {""}


def test_series_table(recording: Recording) -> None:
    rows = table(series_csv(recording))
    assert list(rows[0]) == ["t_s", "utc", *(ANGLES.names or ())]
    assert len(rows) == len(recording.t_s)
    np.testing.assert_array_equal([float(row["thigh_near_deg"]) for row in rows], recording.angles["thigh_near_deg"])
    assert rows[0]["utc"] == "2026-11-22T18:30:00.017Z"
    assert rows[59]["utc"] == "2026-11-22T18:30:01.000Z"
    assert rows[0]["knee_flexion_far_deg"] == ""


def test_without_a_set_clock_there_is_no_date() -> None:
    collector = Collector(SOURCE, MODEL, VIEW)
    for given, step in run(2.0):
        collector.add(given, step)
    untrusted = collector.recording("x", "2001-01-01T00:00:00Z", clock_trusted=False)
    assert "utc" not in table(series_csv(untrusted))[0]
    assert {row["utc"] for row in table(events_csv(untrusted))} == {""}


def test_events_table(recording: Recording) -> None:
    rows = table(events_csv(recording))
    times = [float(row["t_s"]) for row in rows]
    assert times == sorted(times)
    assert [row["kind"] for row in rows if row["what"] == "mode"] == ["drill", "baseline", "coach", "retention", "done"]
    assert [row["text"] for row in rows if row["what"] == "cue"] == [cue.text for cue in recording.cues]
    assert [(row["kind"], row["text"]) for row in rows if row["what"] == "outcome"] == [("cleared", "after 9 strides")]
    contacts = [float(row["t_s"]) for row in rows if row["kind"] == "contact"]
    np.testing.assert_allclose(contacts, [event.t_ns / NS for event in recording.events], atol=1e-4)


def test_tables_of_nothing_have_their_header() -> None:
    empty = Collector(SOURCE, None, View()).recording()
    for content in (strides_csv(empty), series_csv(empty), events_csv(empty)):
        assert content.decode().count("\n") == 1


def test_numbers_become_text_without_noise() -> None:
    assert texts(np.array([1.0, -0.001, 12.3456, NAN, np.inf, 100.0]), 2) == ["1", "0", "12.35", "", "", "100"]
    assert texts(np.zeros(0), 2) == []
    assert texts(np.array([10.0, 2.5]), 0) == ["10", "2"]


@pytest.mark.parametrize(("text", "cell"), [("a, b", '"a, b"'), ('say "x"', '"say ""x"""'), ("=1+1", "'=1+1"), ("a\nb", "ab")])
def test_a_cell_cannot_break_out(text: str, cell: str) -> None:
    assert quoted(text) == cell
