"""What the doctor says of the camera's place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from station.calibrate.calibration import Calibration, path_of, save, taken_from
from station.calibrate.scene import scene_of
from station.config import Config, parse
from station.errors import HardwareError, StationError
from station.run import doctor
from station.types import NS, Frame, Measure, SourceInfo

STILLS = Path(__file__).with_name("stills")
INFO = SourceInfo("camera 0 (imx296)", "camera", 640, 480, 50.0)


def still(name: str) -> np.ndarray:
    return np.ascontiguousarray(cv2.imread(str(STILLS / f"{name}.jpg"))[..., ::-1], np.uint8)


class Shows:
    info = INFO

    def __init__(self, image: np.ndarray | None) -> None:
        self._image, self._seq = image, 0

    def read(self, timeout_s: float) -> Frame | None:
        self._seq += 1
        return None if self._image is None else Frame(self._seq * NS, self._seq, self._image)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return parse({"station": {"data_dir": str(tmp_path)}})


def calibrate(config: Config, info: SourceInfo = INFO, described: bool = True) -> None:
    grey = np.asarray(cv2.cvtColor(still("deck"), cv2.COLOR_RGB2GRAY), np.uint8)
    nothing = Measure.cannot_tell("not now")
    scene = scene_of(grey) if described else None
    save(path_of(config, "camera"), Calibration(taken_from(info, config), "", *[nothing] * 4, None, None, scene))


def show(monkeypatch: pytest.MonkeyPatch, image: np.ndarray | None) -> None:
    @contextmanager
    def opened(*_: Any, **__: Any) -> Iterator[Shows]:
        yield Shows(image)

    monkeypatch.setattr(doctor, "open_source", opened)


def test_a_camera_in_its_place_is_well(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    calibrate(config)
    show(monkeypatch, still("deck"))
    assert "shifted by +0, +0 px" in doctor.place(config).replace("-0", "+0")


def test_a_moved_camera_is_bad_with_the_remedy(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    calibrate(config)
    show(monkeypatch, still("moved"))
    (verdict,) = doctor.examine(config, ("place",))
    assert verdict.state == "bad"
    assert "the camera was moved" in verdict.evidence
    assert "station calibrate" in verdict.remedy


def test_never_calibrated_is_said(config: Config) -> None:
    with pytest.raises(StationError, match="never calibrated"):
        doctor.place(config)


def test_a_calibration_of_another_picture_is_said(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    calibrate(config, SourceInfo("camera 0 (imx296)", "camera", 720, 960))
    show(monkeypatch, still("deck"))
    with pytest.raises(StationError, match="720x960"):
        doctor.place(config)


def test_a_calibration_with_somebody_in_the_way_cannot_be_checked(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    calibrate(config, described=False)
    show(monkeypatch, still("deck"))
    with pytest.raises(StationError, match="is not known"):
        doctor.place(config)


def test_a_damaged_calibration_is_said(config: Config) -> None:
    path_of(config, "camera").write_text("{}")
    with pytest.raises(StationError, match="damaged"):
        doctor.place(config)


def test_a_camera_without_pictures_is_missing(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    calibrate(config)
    show(monkeypatch, None)
    with pytest.raises(HardwareError, match="no picture"):
        doctor.place(config)
