"""Whether a camera was moved: found again in other light, with somebody in the way, and not found
in another room.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from station.calibrate.scene import Surroundings, drift_of, scene_of

STILLS = Path(__file__).resolve().parent / "stills"


def still(name: str) -> np.ndarray:
    return np.asarray(cv2.imread(str(STILLS / f"{name}.jpg"), cv2.IMREAD_GRAYSCALE), np.uint8)


@pytest.fixture(scope="module")
def then() -> Surroundings:
    return scene_of(still("deck"))


def noisy(grey: np.ndarray, sd: float = 2.0) -> np.ndarray:
    return np.clip(grey + np.random.default_rng(0).normal(0, sd, grey.shape), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("gain", [1.0, 0.6, 1.15])
def test_the_same_place_is_the_same_in_other_light(then: Surroundings, gain: float) -> None:
    drift = drift_of(then, noisy(np.clip(still("deck") * gain, 0, 255)))
    assert drift.state == "same"
    assert np.hypot(*drift.shift_px) < 2
    assert abs(drift.roll_deg) < 0.3


def test_a_window_that_was_dark_and_is_bright_does_not_move_the_camera(then: Surroundings) -> None:
    assert drift_of(then, still("dim")).state in ("same", "cannot_tell")


def test_a_turned_and_tilted_camera_was_moved(then: Surroundings) -> None:
    drift = drift_of(then, still("moved"))
    assert drift.state == "moved"
    assert drift.roll_deg == pytest.approx(2.0, abs=0.5)
    assert "turned by +" in drift.evidence


@pytest.mark.parametrize(("right", "down"), [(12, 0), (0, -9), (-20, 15)])
def test_a_shift_is_measured(then: Surroundings, right: int, down: int) -> None:
    moved = cv2.warpAffine(still("deck"), np.float32([[1, 0, right], [0, 1, down]]), (640, 480), borderMode=cv2.BORDER_REPLICATE)
    drift = drift_of(then, noisy(moved))
    assert drift.state == "moved"
    assert drift.shift_px == (pytest.approx(right, abs=1.5), pytest.approx(down, abs=1.5))


def test_somebody_in_the_way_does_not_move_the_camera(then: Surroundings) -> None:
    grey = still("deck").copy()
    grey[100:440, 250:400] = noisy(np.full((340, 150), 90.0), 30)
    assert drift_of(then, grey).state == "same"
    assert drift_of(then, grey, (250, 100, 400, 440)).state == "same"


def test_another_room_is_not_recognised(then: Surroundings) -> None:
    mirrored = np.ascontiguousarray(still("upright")[::-1, ::-1])
    assert drift_of(then, mirrored).state == "unknown"


@pytest.mark.parametrize("grey", [np.zeros((480, 640), np.uint8), np.full((480, 640), 130, np.uint8)])
def test_darkness_and_a_covered_lens_tell_nothing(then: Surroundings, grey: np.ndarray) -> None:
    assert drift_of(then, noisy(grey, 1.0)).state == "cannot_tell"


def test_nothing_is_kept_of_where_a_person_is() -> None:
    box = (200.0, 50.0, 420.0, 470.0)
    xy = scene_of(still("deck"), box).xy * 640
    inside = (xy[:, 0] > 205) & (xy[:, 0] < 415) & (xy[:, 1] > 55) & (xy[:, 1] < 465)
    assert len(xy) > 60
    assert not inside.any()


def test_what_is_kept_is_small_and_no_picture(then: Surroundings) -> None:
    assert then.xy.nbytes + then.bits.nbytes < 25_000
    assert len(then.xy) <= 512
