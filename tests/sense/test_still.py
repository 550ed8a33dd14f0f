"""One photograph as a source."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from station.errors import InputError
from station.ports import EndOfSource
from station.sense.still import TIMES, StillSource


def test_a_photograph_is_shown_for_a_moment_in_its_colours(tmp_path: Path) -> None:
    path = tmp_path / "red.png"
    cv2.imwrite(str(path), np.full((30, 40, 3), (0, 0, 200), np.uint8))
    with StillSource(path) as source:
        assert (source.info.width_px, source.info.height_px) == (40, 30)
        frames = [source.read(0.1) for _ in range(TIMES)]
        with pytest.raises(EndOfSource):
            source.read(0.1)
    assert all(frame is not None and tuple(frame.image[0, 0]) == (200, 0, 0) for frame in frames)
    times = [frame.t_ns for frame in frames if frame is not None]
    assert times == sorted(set(times))


def test_a_large_photograph_is_reduced(tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    cv2.imwrite(str(path), np.zeros((4000, 3000, 3), np.uint8))
    with StillSource(path) as source:
        assert (source.info.width_px, source.info.height_px) == (1440, 1920)


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\nbroken", b"hello"])
def test_what_is_no_picture_is_reported(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "not.png"
    path.write_bytes(content)
    with pytest.raises(InputError, match="picture"), StillSource(path):
        pass


def test_a_missing_photograph_is_reported(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"), StillSource(tmp_path / "none.jpg"):
        pass


def test_a_closed_source_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError):
        StillSource(tmp_path / "none.jpg").read(0.1)
