"""Which source a name stands for is decided by what is in the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from station.config import Config
from station.errors import InputError
from station.sense.open import open_source
from station.sense.picamera import PicameraSource
from station.sense.poses import Poses, PosesSource, save_poses
from station.sense.video import VideoSource
from station.types import JOINTS
from tests.made_film import numbered, write_film
from tests.manual_clock import ManualClock


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return write_film(tmp_path / "film.mp4", (numbered(i) for i in range(3)))


@pytest.fixture
def poses(tmp_path: Path) -> Path:
    path = tmp_path / "poses.npz"
    save_poses(path, Poses(np.arange(3) * 10**7, np.zeros((3, JOINTS, 2), np.float32), np.ones((3, JOINTS), np.float32), 64, 48))
    return path


def test_content_decides(film: Path, poses: Path, tmp_path: Path) -> None:
    for path, kind in ((film, VideoSource), (poses, PosesSource)):
        for name in ("plain", "a.dat", "picture.png"):
            other = tmp_path / name
            other.write_bytes(path.read_bytes())
            source = open_source(str(other), Config(), ManualClock())
            assert type(source) is kind
            with source:
                assert source.read(1.0) is not None


def test_the_word_picamera_is_the_camera_and_a_file_of_that_name_is_a_file(tmp_path: Path, film: Path) -> None:
    assert type(open_source("picamera", Config(), ManualClock())) is PicameraSource
    named = tmp_path / "picamera"
    named.write_bytes(film.read_bytes())
    assert type(open_source(str(named), Config(), ManualClock())) is VideoSource


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        open_source(tmp_path / "none.mp4", Config(), ManualClock())


@pytest.mark.parametrize("name", ["a.mp4", "a.npz", "a", "folder"])
@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04", bytes(300)])
def test_anything_else_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.mkdir() if name == "folder" else path.write_bytes(content)
    with pytest.raises(InputError), open_source(path, Config(), ManualClock()):
        pass


def test_pace_and_loop_are_passed_on(film: Path, poses: Path) -> None:
    for path in (film, poses):
        clock = ManualClock(10**9)
        with open_source(path, Config(), clock, realtime=True, loop=True) as source:
            items = [source.read(1.0) for _ in range(8)]
        assert all(item is not None and item.t_ns >= 10**9 for item in items)
        assert clock.now_ns() > 10**9


def test_real_time_needs_a_clock(poses: Path) -> None:
    with pytest.raises(ValueError, match="clock"):
        PosesSource(poses, None, realtime=True).__enter__()
