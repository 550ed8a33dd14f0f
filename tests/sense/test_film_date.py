"""When a film was taken: its own word before its file's, and no date that cannot be true."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import av
import numpy as np
import pytest

from station.sense.film_date import film_date

NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
TAKEN = datetime(2025, 6, 1, 8, 30, 5, tzinfo=UTC)
CHANGED = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)


def film(path: Path, metadata: dict[str, str], options: dict[str, str] | None = None) -> Path:
    with av.open(str(path), "w", options=options or {}) as container:
        container.metadata.update(metadata)
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(3):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24")))
        container.mux(stream.encode())
    os.utime(path, (CHANGED.timestamp(), CHANGED.timestamp()))
    return path


@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a.mkv"])
def test_the_creation_time_of_the_container(tmp_path: Path, name: str) -> None:
    path = film(tmp_path / name, {"creation_time": "2025-06-01T08:30:05Z"})
    assert film_date(path, NOW) == (TAKEN, "film")


def test_apple_s_own_date_goes_first_and_knows_its_zone(tmp_path: Path) -> None:
    tags = {"com.apple.quicktime.creationdate": "2025-06-01T10:30:05+0200", "creation_time": "2026-01-01T00:00:00Z"}
    path = film(tmp_path / "a.mov", tags, {"movflags": "use_metadata_tags"})
    assert film_date(path, NOW) == (TAKEN, "film")


@pytest.mark.parametrize("never_set", ["1970-01-01T00:00:00Z", "2000-01-01T00:00:00Z", "2031-01-01T00:00:00Z", "yesterday"])
def test_a_date_that_cannot_be_true_is_not_believed(tmp_path: Path, never_set: str) -> None:
    path = film(tmp_path / "a.mkv", {"creation_time": never_set})
    assert film_date(path, NOW) == (CHANGED, "file")


def test_a_film_without_a_date_and_poses_have_their_file_s(tmp_path: Path) -> None:
    assert film_date(film(tmp_path / "a.avi", {}), NOW) == (CHANGED, "file")
    poses = tmp_path / "a.npz"
    poses.write_bytes(b"PK")
    os.utime(poses, (CHANGED.timestamp(), CHANGED.timestamp()))
    assert film_date(poses, NOW) == (CHANGED, "file")


def test_nobody_tells(tmp_path: Path) -> None:
    poses = tmp_path / "a.npz"
    poses.write_bytes(b"PK")
    os.utime(poses, (315_532_800, 315_532_800))  # 1980, as an archive leaves it
    assert film_date(poses, NOW) is None
    assert film_date(tmp_path / "none.mp4", NOW) is None


def test_where_the_time_is_not_known_a_later_film_is_believed(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", {"creation_time": "2025-06-01T08:30:05Z"})
    assert film_date(path, None) == (TAKEN, "film")
    assert film_date(path, datetime(2024, 1, 1, tzinfo=UTC)) is None
