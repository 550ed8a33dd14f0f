"""`station schema`: one for each JSON that others read, and what the commands write keeps to it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from station.bench import stages
from station.check import Check, CheckState
from station.run import doctor
from station.run.schema import DOCUMENTS, schema_of
from station.sense.poses import Poses, save_poses
from station.testing.synthetic import RunnerSpec, SyntheticRunner
from tests.command import station as run
from tests.schemas import conforms, jsonschema, name_of


@pytest.fixture(scope="module")
def poses(tmp_path_factory: pytest.TempPathFactory) -> Path:
    runner = SyntheticRunner(RunnerSpec(speed_mps=3.0), seconds=10)
    path, filming = tmp_path_factory.mktemp("poses") / "runner.npz", runner.filming
    save_poses(path, Poses(runner.t_ns, runner.xy_px, runner.score, filming.width_px, filming.height_px, filming.px_per_m))
    return path


def test_the_list_names_every_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("schema") == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(DOCUMENTS)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_it_is_a_valid_schema_that_allows_no_other_key(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("schema", name) == 0
    schema = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$schema"].endswith("2020-12/schema")
    assert schema["additionalProperties"] is False
    assert schema["description"]
    assert "schema" in schema["required"]


def test_an_unknown_name_is_named_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("schema", "nothing") == 2
    assert "nothing: no JSON of that name. Name one of analyze," in capsys.readouterr().err


def test_every_schema_has_a_name_of_its_own() -> None:
    versions = [schema_of(name)["properties"]["schema"]["const"] for name in DOCUMENTS]
    assert len(set(versions)) == len(versions)
    assert [name_of({"schema": version}) for version in versions] == list(DOCUMENTS)


def test_what_is_missing_or_new_is_found(poses: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("analyze", poses, "--json", "-")
    document = json.loads(capsys.readouterr().out)
    conforms(json.dumps(document))
    for spoiled in (
        document | {"colour": "red"},
        {key: value for key, value in document.items() if key != "series"},
        document | {"strides": [document["strides"][0] | {"cadence_spm": "fast"}]},
        document | {"summary": {"cadence_spm": document["summary"]["cadence_spm"] | {"ci95": [1.0]}}},
    ):
        with pytest.raises(jsonschema.ValidationError):
            conforms(json.dumps(spoiled))


def test_an_analysis_and_its_session_file_keep_their_schemas(
    poses: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("analyze", poses, "--json", "-", "--out", tmp_path)
    assert conforms(capsys.readouterr().out)["strides"]
    assert conforms((tmp_path / "session.json").read_bytes())["strides"]


def test_the_doctor_keeps_its_schema(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    every = [Check(f"part {number}", state, "seen", "do") for number, state in enumerate(get_args(CheckState))]
    monkeypatch.setattr(doctor, "examine", lambda config: every)
    assert run("doctor", "--json") == 1
    assert conforms(capsys.readouterr().out)["verdicts"][-1]["state"] == "cannot_tell"


def test_the_bench_keeps_its_schema(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    figures = {"whole": 1.5, "frames": 3}
    for stage in ("pose_ms", "hip_belt_ms", "core_us", "batch_angles", "frame_age"):
        monkeypatch.setattr(stages, stage, lambda *_: figures)
    monkeypatch.setattr(stages, "draw_benchmark", lambda: [1.5, 2.5])
    monkeypatch.setattr(stages, "_frames", lambda *_: [stages.Frame(0, 0, np.zeros((4, 3, 3), np.uint8))])
    monkeypatch.setattr(stages, "versus_mediapipe", lambda *_: {"mediapipe": "0.10.21", "ratio": 0.5})
    assert run("bench", "--json", "--vs", "mediapipe") == 0
    assert conforms(capsys.readouterr().out)["clip"] == {"frames": 1, "width_px": 3, "height_px": 4}
