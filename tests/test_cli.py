"""The command line as a person meets it: help for everything, one message and the right exit code for every mistake."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest

from station.cli import cli, main
from station.sense.poses import Poses, save_poses
from station.testing.synthetic import RunnerSpec, SyntheticRunner
from station.types import NS


def run(*arguments: object) -> int:
    with pytest.raises(SystemExit) as left:
        main([str(argument) for argument in arguments])
    assert isinstance(left.value.code, int)
    return left.value.code


def commands(group: click.Group, *path: str) -> list[tuple[str, ...]]:
    found = []
    for name, command in group.commands.items():
        found.append((*path, name))
        if isinstance(command, click.Group):
            found += commands(command, *path, name)
    return found


@pytest.fixture(scope="module")
def poses_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    runner = SyntheticRunner(RunnerSpec(speed_mps=3.0), seconds=30)
    path = tmp_path_factory.mktemp("poses") / "runner.npz"
    filming = runner.filming
    save_poses(path, Poses(runner.t_ns, runner.xy_px, runner.score, filming.width_px, filming.height_px, filming.px_per_m))
    return path


@pytest.mark.parametrize("path", [(), *commands(cli)], ids=" ".join)
def test_every_command_explains_itself(path: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*path, "--help") == 0
    told = capsys.readouterr().out
    assert "Usage: station" in told
    assert len(told.splitlines()) > 3


def test_the_contract_has_a_command_for_each_of_its_rows() -> None:
    promised = {"run", "demo", "analyze", "replay", "sessions", "export", "doctor", "bench"}
    assert promised <= set(cli.commands)
    assert {("models", "verify"), ("models", "build")} <= set(commands(cli))


def test_an_analysis_is_the_contract_s_document(poses_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("analyze", poses_file, "--speed-kmh", "10.8", "--json", "-") == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert told["schema"] == "station.analysis/1"
    assert told["source"]["kind"] == "poses"
    assert told["model"] is None
    assert told["speed"] == {"mps": pytest.approx(3.0, abs=0.01), "origin": "given"}
    assert told["summary"]["cadence_spm"]["state"] == "measured"
    assert told["summary"]["pelvic_turn_deg"]["state"] == "cannot_tell"
    assert [row["rule"] for row in told["faults"]][:2] == ["over_rotation", "sitting"]
    assert len(told["faults"]) == 7


def test_files_are_written_and_named(poses_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("analyze", poses_file, "--out", tmp_path / "out", "--json", tmp_path / "a.json") == 0
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names >= {"session.json", "strides.csv", "events.csv", "series.csv", "run.fit", "report.html", "SHA256SUMS"}
    assert json.loads((tmp_path / "a.json").read_text())["schema"] == "station.analysis/1"
    assert "cadence_spm" in capsys.readouterr().out


def test_nobody_in_the_recording_is_a_result_and_not_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "empty.npz"
    nothing = np.full((30, 33, 2), np.nan, np.float32), np.zeros((30, 33), np.float32)
    save_poses(path, Poses(np.arange(30) * NS // 30, *nothing, 640, 480))
    assert run("analyze", path, "--json", "-") == 1
    told = capsys.readouterr()
    assert "no runner found" in told.err
    assert json.loads(told.out)["runner"]["tracked_fraction"] == 0


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["analyze", "none.mp4"], 2, "does not exist"),
        (["analyze", "none.mp4", "--overlay"], 2, "--out"),
        (["analyze"], 2, "Missing argument"),
        (["run", "--source", "none.mp4"], 2, "does not exist"),
        (["run", "--speed-kmh", "-3"], 2, "--speed-kmh"),
        (["run", "--source", "picamera", "--headless"], 3, "picamera2"),
        (["replay", "none.log"], 2, "none.log"),
        (["nonsense"], 2, "No such command"),
        (["screen", "NONE", "--png", "x.png"], 2, "COACH"),
        (["screen", "COACH", "--png", "x.png", "--size", "big"], 2, "1280x720"),
        (["models", "verify", "--dir", "none"], 2, "none"),
        (["doctor", "--config", "none.toml"], 2, "none.toml"),
    ],
)
def test_a_mistake_gets_one_message_and_its_exit_code(
    arguments: list[str],
    code: int,
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(*arguments) == code
    told = capsys.readouterr()
    assert words in told.err
    assert "Traceback" not in told.err
    assert told.out == ""


def test_a_bug_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("unforeseen")

    monkeypatch.setattr("station.run.doctor.run_doctor", broken)
    assert run("doctor") == 70
    assert "this is a bug" in capsys.readouterr().err


def test_stored_sessions_are_listed_and_exported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = tmp_path / "station.toml"
    settings.write_text(f'[station]\ndata_dir = "{tmp_path}/data"\n', encoding="utf-8")
    assert run("sessions", "--config", settings) == 1
    assert "no session is stored yet" in capsys.readouterr().err
    assert run("export", "--config", settings, "--to", tmp_path / "out") == 1
    assert run("sessions", "--config", settings, "--json", "-") == 0
    assert json.loads(capsys.readouterr().out)["sessions"] == []


def test_a_view_becomes_a_picture(tmp_path: Path) -> None:
    assert run("screen", "IDLE", "--png", tmp_path / "idle.png", "--size", "640x360") == 0
    assert (tmp_path / "idle.png").read_bytes().startswith(b"\x89PNG")
