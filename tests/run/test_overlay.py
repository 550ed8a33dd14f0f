"""The lines drawn over the analysed video."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import av
import numpy as np
import pytest

from station.errors import UsageError
from station.run.overlay import FAR, NEAR, Overlay, draw
from station.types import JOINTS, Frame, Gait, Joint, Mode, Pose, Snapshot, SourceInfo, Step


def drawn(exchanged: bool) -> np.ndarray:
    """Two vertical legs: the right label's at x = 20, the left label's at x = 60; the runner faces
    right.
    """
    xy = np.full((JOINTS, 2), np.nan, np.float32)
    xy[[Joint.RIGHT_HIP, Joint.RIGHT_KNEE]] = (20, 60), (20, 95)
    xy[[Joint.LEFT_HIP, Joint.LEFT_KNEE]] = (60, 60), (60, 95)
    image = np.zeros((100, 80, 3), np.uint8)
    gait = Gait(0, near_side="right", legs_exchanged=exchanged)
    draw(image, xy, Step(0, gait, (), Mode.COACH, (), (), Snapshot(0, Mode.COACH, 0.0, 0.0, gait)))
    return image[80]


def test_the_leg_that_the_core_took_for_the_near_one_is_drawn_as_the_near_one() -> None:
    as_named, exchanged = drawn(False), drawn(True)
    assert tuple(as_named[20]) == tuple(exchanged[60]) == NEAR
    assert tuple(as_named[60]) == tuple(exchanged[20]) == FAR


INFO = SourceInfo("a.mp4", "video", 321, 201, 30.0)  # odd sides, as a cropped film has
TIMES_NS = (0, 33_000_000, 50_000_000, 120_000_000)


def step(t_ns: int) -> Step:
    gait = Gait(t_ns, near_side="right")
    return Step(t_ns, gait, (), Mode.COACH, (), (), Snapshot(t_ns, Mode.COACH, 0.0, 0.0, gait))


def pose(t_ns: int) -> Pose:
    xy = np.full((JOINTS, 2), np.nan, np.float32)
    xy[[Joint.RIGHT_HIP, Joint.RIGHT_KNEE]] = (240, 20), (240, 180)
    return Pose(t_ns, xy, np.isfinite(xy[:, 0]).astype(np.float32))


def test_the_film_plays_everywhere_and_keeps_its_times(tmp_path: Path) -> None:
    with Overlay(tmp_path, INFO) as overlay:
        for seq, t_ns in enumerate(TIMES_NS):
            overlay.add(Frame(t_ns, seq, np.full((201, 321, 3), 40, np.uint8)), pose(t_ns), step(t_ns))
        assert not (tmp_path / "overlay.mp4").exists()
    assert os.listdir(tmp_path) == ["overlay.mp4"]
    content = (tmp_path / "overlay.mp4").read_bytes()
    # A browser begins before it has the whole file.
    assert content.index(b"moov") < content.index(b"mdat")
    with av.open(str(tmp_path / "overlay.mp4")) as film:
        stream = film.streams.video[0]
        assert (stream.codec_context.name, stream.pix_fmt, stream.width, stream.height) == ("h264", "yuv420p", 320, 200)
        frames = list(film.decode(stream))
    assert [round(float(frame.time) * 1e9) for frame in frames] == list(TIMES_NS)
    image = frames[-1].to_ndarray(format="rgb24").astype(int)
    assert np.abs(image[100, 240] - NEAR).max() < 60  # the near thigh's line


def test_no_film_of_nothing_and_none_without_an_encoder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Overlay(tmp_path, INFO):
        pass
    assert os.listdir(tmp_path) == []
    with contextlib.suppress(RuntimeError), Overlay(tmp_path, INFO) as overlay:
        overlay.add(Frame(0, 0, np.zeros((201, 321, 3), np.uint8)), pose(0), step(0))
        raise RuntimeError
    assert os.listdir(tmp_path) == []
    monkeypatch.setattr("station.run.overlay.ENCODER", "libnothing264")
    with pytest.raises(UsageError, match="no libnothing264"):
        Overlay(tmp_path, INFO)
