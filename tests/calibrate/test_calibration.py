"""The calibration's file: durable, checked, and used only for what it was made with."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from station.calibrate.calibration import Calibration, Taken, applied, in_force, load, misfit, path_of, save, taken_from
from station.calibrate.scene import Surroundings
from station.config import Config, parse
from station.errors import StoreError
from station.types import Measure, SourceInfo

CAMERA = SourceInfo("camera 0 (imx296)", "camera", 720, 960, 50.0)
TAKEN = Taken("camera", "camera 0 (imx296)", 720, 960, 0, 90)
SCENE = Surroundings(np.random.default_rng(1).random((50, 2), np.float32), np.arange(50 * 32).reshape(50, 32).astype(np.uint8))
MADE = Calibration(
    TAKEN,
    "2026-11-23T10:00:00Z",
    Measure(1.25, 1.0, 1.5, 9),
    Measure(-3.0, -4.0, -2.0, 5),
    Measure(312.5, 306.0, 319.0, 1),
    Measure.cannot_tell("needs the deck's length"),
    "left",
    (0.1, 0.0, 0.9, 0.97),
    SCENE,
)


def settings(folder: Path, **view: object) -> Config:
    return parse({"station": {"data_dir": str(folder)}, "view": view})


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "new" / "calibration.json"
    save(path, MADE)
    back = load(path)
    assert back is not None
    assert (
        back.view()
        == MADE.view()
        == {"roll_deg": 1.25, "azimuth_deg": -3.0, "px_per_m": 312.5}
        | {
            "direction": "left",
            "zone": (0.1, 0.0, 0.9, 0.97),
        }
    )
    assert (back.taken, back.created_utc, back.focal_px.reason) == (TAKEN, MADE.created_utc, "needs the deck's length")
    assert back.scene is not None
    np.testing.assert_array_equal(back.scene.xy, SCENE.xy)
    np.testing.assert_array_equal(back.scene.bits, SCENE.bits)
    assert not list(path.parent.glob("*.part")), "nothing half written is left"


def test_what_could_not_be_told_stays_untold(tmp_path: Path) -> None:
    nothing = Measure.cannot_tell("too dark")
    bare = replace(MADE, roll_deg=nothing, azimuth_deg=nothing, px_per_m=nothing, direction=None, zone=None, scene=None)
    save(tmp_path / "c.json", bare)
    back = load(tmp_path / "c.json")
    assert back is not None
    assert back.view() == {}
    assert back.scene is None
    assert applied(Config(), back).view == Config().view


def test_no_file_is_no_calibration(tmp_path: Path) -> None:
    assert load(tmp_path / "none.json") is None
    config = settings(tmp_path)
    assert in_force(config, CAMERA) == (config, None)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[: len(text) // 2],
        lambda text: text.replace("312.5", "412.5"),
        lambda text: text.replace("station.calibration/1", "station.calibration/9"),
        lambda text: "[]",
        lambda text: "",
        lambda text: "\x00" * 500,
        lambda text: "[" * 50_000,
        lambda text: "9" * 5_000,
    ],
    ids=["cut off", "changed", "another schema", "a list", "empty", "zeros after a power cut", "deep lists", "a long number"],
)
def test_a_damaged_file_is_reported_and_never_believed(tmp_path: Path, spoil: object) -> None:
    path = tmp_path / "calibration.json"
    save(path, MADE)
    path.write_text(spoil(path.read_text()))  # type: ignore[operator]
    with pytest.raises(StoreError, match="damaged") as reported:
        load(path)
    assert "station calibrate" in reported.value.remedy


def test_a_folder_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where a folder should be")
    with pytest.raises(StoreError, match="cannot be written"):
        save(tmp_path / "data" / "calibration.json", MADE)


def test_settings_that_somebody_wrote_win(tmp_path: Path) -> None:
    save(path_of(settings(tmp_path), "camera"), MADE)
    config, used = in_force(settings(tmp_path, roll_deg=0.0, direction="right"), CAMERA)
    assert used is not None
    view = config.view
    assert (view.roll_deg, view.direction) == (0.0, "right"), "written, even where it says what the default says"
    assert (view.azimuth_deg, view.px_per_m, view.zone) == (-3.0, 312.5, (0.1, 0.0, 0.9, 0.97))


@pytest.mark.parametrize(
    ("info", "camera", "word"),
    [
        (replace(CAMERA, width_px=480, height_px=640), {}, "480x640"),
        (CAMERA, {"turned_deg": 270}, "turned_deg"),
        (CAMERA, {"number": 1}, "camera 0"),
    ],
)
def test_another_picture_or_camera_does_not_get_it(tmp_path: Path, info: SourceInfo, camera: dict[str, int], word: str) -> None:
    config = parse({"station": {"data_dir": str(tmp_path)}, "camera": camera})
    save(path_of(config, "camera"), MADE)
    with pytest.raises(StoreError, match="not used") as reported:
        in_force(config, info)
    assert word in reported.value.what


def test_a_film_does_not_touch_the_camera_s(tmp_path: Path) -> None:
    config = settings(tmp_path)
    film = SourceInfo("runs/a.mp4", "video", 640, 480)
    save(path_of(config, "video"), replace(MADE, taken=taken_from(film, config)))
    assert load(path_of(config, "camera")) is None
    assert in_force(config, film)[1] is not None
    assert in_force(config, SourceInfo("p.npz", "poses", 640, 480))[1] is None
    assert misfit(MADE, film, config) != ""


def test_the_file_holds_no_picture(tmp_path: Path) -> None:
    path = tmp_path / "calibration.json"
    save(path, MADE)
    content = json.loads(path.read_text())
    assert set(content) == {"schema", "created_utc", "taken", "view", "scene", "sha256"}
    assert set(content["scene"]) == {"xy", "bits"}
    assert path.stat().st_size < 60_000
