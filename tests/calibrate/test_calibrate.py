"""`station calibrate` as an installer meets it, on stills and films of a rendered gym with known
truth.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from station.calibrate.calibration import load
from station.calibrate.given import focal_of
from station.sense.poses import Poses, save_poses
from station.testing.synthetic import RunnerSpec, SyntheticRunner
from station.types import SourceInfo
from tests.command import station
from tests.made_film import write_film
from tests.schemas import conforms

STILLS = Path(__file__).with_name("stills")
DEMO = Path(__file__).resolve().parents[2] / "station" / "demo" / "demo_runner.webm"
# python -m tests.lab.accuracy.calibration --stills; truth from tests/lab/render/camera.py
ROLL_DEG, AZIMUTH_DEG, PX_PER_M = 1.5, 4.0, 162.3
TAPE = ("--deck-length-m", "1.92", "--deck-width-m", "0.72", "--distance-m", "3.0")


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "station.toml"
    path.write_text(f'[station]\ndata_dir = "{tmp_path}/data"\n', encoding="utf-8")
    monkeypatch.setenv("STATION_CONFIG", str(path))
    return path


def run(*arguments: object) -> int:
    return station("calibrate", *arguments)


def found(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    reported = conforms(capsys.readouterr().out)
    assert reported["schema"] == "station.calibrate/1"
    return {one["part"]: one for one in reported["findings"]} | {"view": reported["view"], "file": reported["file"]}


def test_a_still_of_the_empty_treadmill_tells_everything(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--source", STILLS / "deck.jpg", *TAPE, "--direction", "right", "--json", "-") == 0
    reported = found(capsys)
    assert reported["view"]["roll_deg"] == pytest.approx(ROLL_DEG, abs=0.3)
    assert reported["view"]["azimuth_deg"] == pytest.approx(AZIMUTH_DEG, abs=1.5)
    assert reported["view"]["px_per_m"] == pytest.approx(PX_PER_M, rel=0.02)
    assert reported["view"]["direction"] == "right"
    kept = load(Path(reported["file"]))
    assert kept is not None
    assert kept.view() == {**reported["view"], "zone": tuple(reported["view"]["zone"])}
    assert kept.px_per_m.low < PX_PER_M < kept.px_per_m.high
    assert kept.scene is not None


def test_a_runner_who_faces_left_turns_the_azimuth_s_sign(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--source", STILLS / "deck.jpg", *TAPE, "--direction", "left", "--json", "-") == 0
    assert found(capsys)["view"]["azimuth_deg"] == pytest.approx(-AZIMUTH_DEG, abs=1.5)


def test_what_cannot_be_told_is_said_with_a_remedy_and_the_rest_kept(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--source", STILLS / "upright.jpg") == 1
    reported = capsys.readouterr()
    assert "CANNOT TELL  scale" in reported.out
    assert "CANNOT TELL  direction" in reported.out
    assert "-> " in reported.out
    assert "not in order: room, scale, direction, zone" in reported.err
    assert "kept in" in reported.out


def test_points_and_plumb_line_named_by_hand(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--plumb", "300,100,286.9,475", "--deck", "227.9,386.2,411.3,386.7", "--deck-length-m", "1.0"]
    assert run("--source", STILLS / "deck.jpg", *arguments, "--deck-width-m", 0.72, "--distance-m", 3, "--json", "-") == 1
    reported = found(capsys)
    assert reported["view"]["roll_deg"] == pytest.approx(2.0, abs=0.3), "the plumb line named wins over those found"
    assert reported["view"]["px_per_m"] == pytest.approx(PX_PER_M, rel=0.025)


def test_measures_of_the_treadmill_can_stand_in_the_settings(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config.write_text(config.read_text() + "[deck]\nlength_m = 1.92\nwidth_m = 0.72\ndistance_m = 3.0\n")
    run("--source", STILLS / "deck.jpg", "--json", "-")
    assert found(capsys)["view"]["px_per_m"] == pytest.approx(PX_PER_M, rel=0.02)


def test_a_length_that_does_not_fit_the_known_lens_is_bad(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config.write_text(config.read_text() + "[view]\nfocal_px = 492\n")
    run("--source", STILLS / "deck.jpg", *TAPE, "--json", "-")
    assert found(capsys)["scale"]["state"] == "ok"
    run("--source", STILLS / "deck.jpg", "--deck-length-m", "1.5", *TAPE[2:], "--json", "-")
    scale = found(capsys)["scale"]
    assert scale["state"] == "bad"
    assert "you 3.00 m" in scale["evidence"]


def test_the_direction_comes_from_a_runner(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("--source", DEMO, "--seconds", "3", "--json", "-")
    reported = found(capsys)
    assert reported["view"]["direction"] == "right"
    assert reported["direction"]["evidence"] == "right (from the runner)"
    assert reported["upright"]["state"] == reported["room"]["state"] == "ok"


def test_a_reference_picture_is_drawn_where_asked(config: Path, tmp_path: Path) -> None:
    out = tmp_path / "seen.png"
    assert run("--source", STILLS / "deck.jpg", *TAPE, "--direction", "right", "--picture", out) == 0
    drawn, plain = cv2.imread(str(out)), cv2.imread(str(STILLS / "deck.jpg"))
    assert drawn.shape == plain.shape
    assert (np.ptp(drawn.astype(int), axis=2) > 60).mean() > 0.002, "something coloured is drawn into the grey picture"


def test_no_picture_of_people_is_ever_written(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "seen.png"
    assert run("--source", DEMO, "--seconds", "2", "--picture", out) == 1
    reported = capsys.readouterr()
    assert "kept, but no picture is written: somebody is in it" in reported.err
    assert "kept in" in reported.out
    assert not out.exists()


def test_a_film_without_anybody(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty = cv2.imread(str(STILLS / "deck.jpg"))[..., ::-1]
    film = tmp_path / "empty.mkv"
    write_film(film, [empty] * 30)
    assert run("--source", film, *TAPE, "--direction", "right", "--json", "-") == 0
    assert found(capsys)["view"]["px_per_m"] == pytest.approx(PX_PER_M, rel=0.02)


@pytest.mark.parametrize("level", [4, 128])
def test_darkness_and_a_covered_lens_are_not_kept(
    config: Path, tmp_path: Path, level: int, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "dark.png"
    noise = np.random.default_rng(0).normal(level, 1, (480, 640, 3))
    cv2.imwrite(str(path), np.clip(noise, 0, 255).astype(np.uint8))
    assert run("--source", path, *TAPE) == 1
    reported = capsys.readouterr()
    assert "nothing was kept" in reported.err
    assert "BAD          light" in reported.out
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--source", "none.jpg"], 2, "cannot be read"),
        (["--source", "none.mp4"], 2, "does not exist"),
        (["--source", "station.toml"], 2, "cannot be read as video"),
        (["--source", "wrong.png"], 2, "not a picture"),
        (["--source", "poses.npz"], 2, "no frames"),
        (["--source", "picamera"], 3, "picamera2"),
        (["--source", STILLS / "deck.jpg", "--deck", "1,2,3"], 2, "X1,Y1,X2,Y2"),
        (["--source", STILLS / "deck.jpg", "--deck", "a,b,c,d"], 2, "X1,Y1,X2,Y2"),
        (["--source", STILLS / "deck.jpg", "--deck", "nan,2,300,4"], 2, "two points far apart"),
        (["--source", STILLS / "deck.jpg", "--deck", "5,5,6,6"], 2, "two points far apart"),
        (["--source", STILLS / "deck.jpg", "--deck", "100,100,100,400"], 2, "above the other"),
        (["--source", STILLS / "deck.jpg", "--plumb", "100,100,400,100"], 2, "side by side"),
        (["--source", STILLS / "deck.jpg", "--deck", "100,100,900,100"], 2, "640x480"),
        (["--source", STILLS / "deck.jpg", "--deck-length-m", "15"], 2, "--deck-length-m"),
        (["--source", STILLS / "deck.jpg", *TAPE, "--picture", "nowhere/out.png"], 2, "there is no folder"),
    ],
)
def test_a_mistake_gets_one_message_and_its_exit_code(
    arguments: list[Any],
    code: int,
    words: str,
    config: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("wrong.png").write_text("no picture")
    runner = SyntheticRunner(RunnerSpec(), seconds=1)
    save_poses(Path("poses.npz"), Poses(runner.t_ns, runner.xy_px, runner.score, 720, 1280))
    assert run(*arguments) == code
    reported = capsys.readouterr()
    assert words in reported.err
    assert "Traceback" not in reported.err


def test_a_folder_that_cannot_be_written_is_reported(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "data").write_text("no folder")
    assert run("--source", STILLS / "deck.jpg", *TAPE) == 1
    assert "cannot be written" in capsys.readouterr().err


def test_cameras_with_a_fixed_lens_tell_their_focal_length() -> None:
    narrow = SourceInfo("camera 0 (imx708)", "camera", 720, 1280)
    assert focal_of(narrow) == pytest.approx(985.5, abs=0.5)
    assert focal_of(SourceInfo("camera 0 (imx708_wide_noir)", "camera", 720, 1280)) == pytest.approx(518.3, abs=0.5)
    assert focal_of(SourceInfo("camera 0 (imx296)", "camera", 720, 960)) is None
    assert focal_of(SourceInfo("imx708.mp4", "video", 720, 960)) is None
