"""What the doctor says of the camera: it opens it, since one that is listed may still be dead."""

from __future__ import annotations

import sys

import pytest

from station.config import Config
from station.run import doctor
from station.testing.fake_picamera2 import FakeLibrary, Opening
from station.types import NS
from tests.made_film import corners
from tests.manual_clock import ManualClock


def verdict(monkeypatch: pytest.MonkeyPatch, opening: Opening) -> tuple[str, str, str]:
    clock = ManualClock(100 * NS)
    library = FakeLibrary(clock, lambda _: corners(300, 200), openings=[opening])
    monkeypatch.setitem(sys.modules, "picamera2", library)
    monkeypatch.setattr("station.sense.picamera._boottime_ns", library.boottime_ns)
    monkeypatch.setattr(doctor, "SystemClock", lambda: clock)
    (one,) = doctor.examine(Config(), ["camera"])
    assert all(camera.closed for camera in library.cameras)
    return one.state, one.evidence, one.remedy


def test_a_camera_that_works_is_opened_and_described(monkeypatch: pytest.MonkeyPatch) -> None:
    state, evidence, _ = verdict(monkeypatch, Opening())
    assert state == "ok"
    assert "imx296" in evidence
    assert "at 50 frames a second" in evidence


@pytest.mark.parametrize(
    ("opening", "words"),
    [
        (Opening(absent=True), "no camera is connected"),
        (Opening(usb_only=True), "only a USB webcam"),
        (Opening(fails={"open": RuntimeError("Device or resource busy")}), "another program"),
        (Opening(fails={"start": OSError(12, "Cannot allocate memory")}), "Cannot allocate memory"),
        (Opening(fails={"modes": KeyError("size")}), "KeyError"),
        (Opening(frames=0), "delivers no frame"),
        (Opening(stamp=lambda _: None), "delivers no frame"),
    ],
)
def test_a_camera_that_is_listed_may_still_be_missing(monkeypatch: pytest.MonkeyPatch, opening: Opening, words: str) -> None:
    state, evidence, remedy = verdict(monkeypatch, opening)
    assert state == "missing"
    assert words in evidence
    assert remedy
