"""The command line as a person meets it: help for everything, one message and the right exit code
for every mistake.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest

from station.cli import cli
from station.faults import BY_NAME
from station.sense.poses import Poses, load_poses, save_poses
from station.testing.synthetic import RunnerSpec, SyntheticRunner
from station.types import NS
from tests.command import station as run
from tests.schemas import conforms


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
    reported = capsys.readouterr().out
    assert "Usage: station" in reported
    assert len(reported.splitlines()) > 3


def test_the_contract_has_a_command_for_each_of_its_rows() -> None:
    promised = {"run", "demo", "analyze", "replay", "sessions", "export", "doctor", "bench"}
    assert promised <= set(cli.commands)
    assert {("models", "verify"), ("models", "build")} <= set(commands(cli))


def test_an_analysis_is_the_contract_s_document(poses_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("analyze", poses_file, "--speed-kmh", "10.8", "--json", "-") == 0
    reported = conforms(capsys.readouterr().out)
    assert reported["schema"] == "station.analysis/1"
    assert reported["source"]["kind"] == "poses"
    assert reported["model"] is None
    assert reported["speed"] == {"mps": pytest.approx(3.0, abs=0.01), "origin": "given", "half_mps": 0.0}
    assert reported["summary"]["cadence_spm"]["state"] == "measured"
    assert reported["summary"]["pelvic_turn_deg"]["state"] == "cannot_tell"
    assert [row["rule"] for row in reported["faults"]][:2] == ["over_rotation", "sitting"]
    assert len(reported["faults"]) == len(BY_NAME)


def test_files_are_written_and_named(poses_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("analyze", poses_file, "--out", tmp_path / "out", "--json", tmp_path / "a.json") == 0
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names >= {"session.json", "strides.csv", "events.csv", "series.csv", "run.fit", "report.html", "SHA256SUMS"}
    assert "session.xlsx" in names
    assert json.loads((tmp_path / "a.json").read_text())["schema"] == "station.analysis/1"
    reported = capsys.readouterr()
    assert "cadence_spm" in reported.out
    assert "angles.mot and markers.trc, for OpenSim, are written on request: --opensim" in reported.err


def test_files_for_opensim_are_written_or_their_absence_explained(
    poses_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    brief = tmp_path / "brief.npz"
    poses = load_poses(poses_file)
    save_poses(brief, replace(poses, t_ns=poses.t_ns[:30], xy_px=poses.xy_px[:30], score=poses.score[:30]))
    for path, there in ((poses_file, True), (brief, False)):
        run("analyze", path, "--out", tmp_path / path.stem, "--opensim")
        reported = capsys.readouterr().err
        notes = " ".join(json.loads((tmp_path / path.stem / "session.json").read_text())["notes"])
        for name in ("angles.mot", "markers.trc"):
            assert (tmp_path / path.stem / name).exists() == there
            assert (f"{name} was not written: " in reported and f"{name} was not written: " in notes) != there


def test_an_overlay_needs_frames(poses_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("analyze", poses_file, "--out", tmp_path / "out", "--overlay") == 2
    assert "holds landmarks only" in capsys.readouterr().err


def test_a_ratio_has_no_unit_and_every_other_number_has_one(poses_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("analyze", poses_file, "--speed-kmh", "10.8") == 0
    rows = {line.split()[0]: line for line in capsys.readouterr().out.splitlines() if line.strip()}
    assert re.match(r"  tle_share_near +0\.\d\d  \[0\.\d\d \.\. 0\.\d\d\]  n \d+", rows["tle_share_near"])
    assert re.match(r"  cadence_spm +1\d\d\.\d steps/min  \[", rows["cadence_spm"])


def test_bench_says_three_digits_and_the_unit() -> None:
    from station.bench.stages import _lines

    result = {
        "pose_ms": {"1 thread": {"whole": 12.345678, "tracked": 0.98765}},
        "batch_angles": {"frames_per_s_1_thread": 3456789.123},
        "clip": {"frames": 120},
    }
    assert list(_lines(result)) == [
        "pose",
        "  1 thread",
        f"    {'whole':<24} 12.3 ms",
        f"    {'tracked':<24} 0.988",
        "batch_angles",
        f"  {'frames_per_s_1_thread':<24} 3,456,789 frames/s",
        "clip",
        f"  {'frames':<24} 120",
    ]


def test_nobody_in_the_recording_is_a_result_and_not_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "empty.npz"
    nothing = np.full((30, 33, 2), np.nan, np.float32), np.zeros((30, 33), np.float32)
    save_poses(path, Poses(np.arange(30) * NS // 30, *nothing, 640, 480))
    assert run("analyze", path, "--json", "-") == 1
    reported = capsys.readouterr()
    assert "no runner found" in reported.err
    assert conforms(reported.out)["runner"]["tracked_fraction"] == 0


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["analyze", "none.mp4"], 2, "does not exist"),
        (["analyze", "none.mp4", "--overlay"], 2, "--out"),
        (["analyze", "none.mp4", "--opensim"], 2, "--out"),
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
    reported = capsys.readouterr()
    assert words in reported.err
    assert "Traceback" not in reported.err
    assert reported.out == ""


def test_a_bug_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("unforeseen")

    monkeypatch.setattr("station.run.doctor.run_doctor", broken)
    assert run("doctor") == 70
    assert "this is a bug" in capsys.readouterr().err


def test_stored_sessions_are_listed_and_exported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = tmp_path / "station.toml"
    settings.write_text(f'[station]\ndata_dir = "{tmp_path}/data"\n', encoding="utf-8")
    assert run("sessions", "--config", settings) == 0
    assert "no session is stored in" in capsys.readouterr().out
    assert run("export", "--config", settings, "--to", tmp_path / "out") == 1
    assert run("sessions", "--config", settings, "--json", "-") == 0
    assert conforms(capsys.readouterr().out)["sessions"] == []


def test_a_view_becomes_a_picture(tmp_path: Path) -> None:
    assert run("screen", "IDLE", "--png", tmp_path / "idle.png", "--size", "640x360") == 0
    assert (tmp_path / "idle.png").read_bytes().startswith(b"\x89PNG")


# --- what a machine does to a command line: none of it is a bug of the station ---


def station(*arguments: object, **how: Any) -> subprocess.CompletedProcess[bytes]:
    """The command in a process of its own."""
    order = [sys.executable, "-m", "station", *map(str, arguments)]
    return subprocess.run(order, check=False, **({"capture_output": True} | how))


FULL = Path("/dev/full")
full_disk = pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")


@full_disk
@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["analyze", "FILE"],
        ["analyze", "FILE", "--json", "-"],
        ["validate", "--columns"],
        ["doctor", "--json"],
    ],
    ids=" ".join,
)
def test_a_full_standard_output_is_named(arguments: list[str], poses_file: Path) -> None:
    with FULL.open("wb") as out:
        done = station(
            *[str(poses_file) if word == "FILE" else word for word in arguments],
            stdout=out,
            stderr=subprocess.PIPE,
            capture_output=False,
        )
    assert done.stderr.decode().endswith("station: standard output cannot be written (No space left on device).\n")
    assert done.returncode == 1


@full_disk
def test_a_full_standard_error_leaves_the_exit_code(poses_file: Path) -> None:
    with FULL.open("wb") as full:
        assert station("analyze", "none.mp4", stderr=full, stdout=subprocess.PIPE, capture_output=False).returncode == 2
        assert station("analyze", stderr=full, stdout=subprocess.PIPE, capture_output=False).returncode == 2


def test_a_reader_that_has_left_ends_it_as_the_shell_has_it() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = station("validate", "--columns", stdout=writer, stderr=subprocess.PIPE, capture_output=False)
    os.close(writer)
    assert done.returncode == 141
    assert done.stderr == b""


@pytest.mark.parametrize(
    ("option", "place", "words"),
    [
        ("--json", "nowhere/a.json", "there is no folder"),
        ("--json", ".", "is a folder"),
        ("--json", "file/a.json", "there is no folder"),
        ("--json", "loop/a.json", "a loop of links"),
        ("--json", "loop", "a loop of links"),
        ("--out", "file/out", "is no folder"),
        ("--out", "file", "is no folder"),
        ("--out", "loop", "a loop of links"),
        ("--out", "loop/out", "a loop of links"),
    ],
)
def test_a_place_that_cannot_be_written_is_refused_before_any_work(
    option: str,
    place: str,
    words: str,
    poses_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("station.run.analyze.run_analysis", lambda _: pytest.fail("it was analysed"))
    (tmp_path / "file").write_text("")
    (tmp_path / "loop").symlink_to("loop")
    assert run("analyze", poses_file, option, place) == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ("sessions", "--json"),
        ("doctor", "--json"),
        ("hip-belt", "x.png", "--json"),
        ("calibrate", "--source", "x.png", "--json"),
        ("validate", "x.csv", "--json"),
        ("export", "--to"),
        ("validate", "x.csv", "--out"),
        ("calibrate", "--source", "x.png", "--picture"),
        ("screen", "COACH", "--png"),
    ],
    ids=lambda words: " ".join(words),
)
def test_every_command_refuses_a_place_that_cannot_be_written(
    arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    if arguments == ("doctor", "--json"):
        assert run("doctor", "--json", "file/x.json") == 2  # it writes to standard output only
        return
    ending = {"--png": ".png", "--out": ".html"}.get(arguments[-1], ".json")
    assert run(*arguments, f"file/x{ending}") == 2
    said = capsys.readouterr().err
    assert "file" in said
    assert "Traceback" not in said


def test_a_disk_that_fills_while_a_file_is_written_is_a_problem_named(
    poses_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("station.files.write_atomic", full)
    assert run("analyze", poses_file, "--json", tmp_path / "a.json") == 1
    assert (
        f"station: {tmp_path}/a.json: cannot be written (No space left on device). Choose another place."
        in capsys.readouterr().err
    )


def test_json_goes_straight_into_a_pipe_or_a_device(poses_file: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    reader = subprocess.Popen(["cat", str(tmp_path / "pipe")], stdout=subprocess.PIPE)
    assert run("analyze", poses_file, "--json", tmp_path / "pipe") == 0
    assert json.loads(reader.communicate()[0])["schema"] == "station.analysis/1"
    assert (tmp_path / "pipe").is_fifo()
    assert run("analyze", poses_file, "--json", "/dev/null") == 0
    assert Path("/dev/null").is_char_device()


def test_a_file_whose_name_is_no_text_is_analysed_and_written(poses_file: Path, tmp_path: Path) -> None:
    odd = os.fsencode(tmp_path) + b"/l\xe4ufer.npz"
    try:
        shutil.copy(poses_file, odd)
    except OSError:
        pytest.skip("this file system takes only names that are text")
    environment = os.environ | {"PYTHONUTF8": "1"}
    done = station("analyze", os.fsdecode(odd), "--json", "-", "--out", tmp_path / "out", env=environment)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["source"]["path"].endswith("ufer.npz")
    assert json.loads((tmp_path / "out" / "session.json").read_text(encoding="utf-8"))["source"]["path"].endswith("ufer.npz")
    done = station("analyze", os.fsdecode(odd), env=environment)
    assert done.returncode == 0, done.stderr
    done = station("analyze", os.fsdecode(odd[:-4]), env=environment)
    assert done.returncode == 2, done.stderr


NO_HOME = """
import os, pwd, sys

def nobody(number):
    raise KeyError(f"getpwuid(): uid not found: {number}")

pwd.getpwuid = nobody
os.environ.pop("HOME", None)
from station.cli import main
main(sys.argv[1:])
"""


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["sessions"], 2, "this user has no home folder. Set station.data_dir to a path that begins with /, or set HOME."),
        (["forget", "x", "--yes"], 2, "this user has no home folder"),
        (["analyze", "none.npz"], 2, "does not exist"),
        (["screen", "NONE", "--png", "/tmp/x.png"], 2, "there is no view"),
        (["models", "verify"], 0, ""),
        (["run", "--headless"], 2, "this user has no home folder"),
        (["doctor"], 2, "this user has no home folder"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_user_without_a_home_or_a_name(arguments: list[str], code: int, words: str, tmp_path: Path) -> None:
    order = [sys.executable, "-c", NO_HOME, *arguments]
    done = subprocess.run(order, capture_output=True, text=True, check=False, cwd="/")
    assert "Traceback" not in done.stderr, done.stderr
    assert done.returncode == code, done.stderr
    assert words in done.stderr + done.stdout


def test_help_is_never_cut(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert run("--help") == 0
    reported = capsys.readouterr().out
    words = " ".join(reported.split())
    for command in cli.commands.values():
        assert command.get_short_help_str(1000) in words


def test_the_screen_s_help_names_its_views(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("screen", "--help") == 0
    reported = capsys.readouterr().out
    for view in ("COACH", "IDLE", "TROUBLE"):
        assert view in reported


def test_a_picture_of_another_kind_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("screen", "COACH", "--png", tmp_path / "x.jpg") == 2
    assert "the name must end in .png" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
