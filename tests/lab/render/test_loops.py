"""Longer clips by repeating packets: what is shown is what was encoded, in the asked order."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from tests.lab.render.clip import truth_of, write_video
from tests.lab.render.demo import LOOP_FRAMES, PHASES, demo_spec
from tests.lab.render.loops import frame_order, phase_stretches, repeat


def pictures(path: Path) -> np.ndarray:
    with av.open(str(path)) as box:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in box.decode(video=0)])


@pytest.fixture
def short(tmp_path: Path) -> Path:
    """Twelve frames of a moving bar; decoding can start at frames 4 and 8."""
    frames = np.full((12, 48, 64, 3), 90, np.uint8)
    for i in range(12):
        frames[i, :, 5 * i : 5 * i + 6] = 230
    path = tmp_path / "short.webm"
    write_video(path, iter(frames), 30.0, key_frames=(4, 8))
    return path


def test_repeated_stretches_show_the_same_pictures(short: Path, tmp_path: Path) -> None:
    stretches = [(0, 4, 1), (4, 8, 3), (8, 12, 1)]
    repeat(short, tmp_path / "long.webm", stretches)
    np.testing.assert_array_equal(pictures(tmp_path / "long.webm"), pictures(short)[frame_order(stretches)])


def test_repeated_clip_keeps_its_pace(short: Path, tmp_path: Path) -> None:
    repeat(short, tmp_path / "long.webm", [(0, 4, 1), (4, 8, 5)])
    with av.open(str(tmp_path / "long.webm")) as box:
        times_s = [float(frame.time) for frame in box.decode(video=0)]
    # The container counts milliseconds.
    np.testing.assert_allclose(times_s, np.arange(24) / 30, atol=0.0006)


def test_loop_must_begin_on_a_key_frame(short: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="frame 5 is no key frame"):
        repeat(short, tmp_path / "long.webm", [(0, 5, 1), (5, 8, 2)])


def test_loops_of_the_demo_close() -> None:
    """The frame after a loop is its first one again, so a repetition cannot be seen."""
    truth = truth_of(demo_spec())
    for phase in PHASES:
        first, after = phase.loop_frame, phase.loop_frame + LOOP_FRAMES
        assert abs(truth.px[first] - truth.px[after]).max() < 0.01
        assert truth.stride_phase[after] - truth.stride_phase[first] == pytest.approx(9)


def test_stretched_demo_plays_every_frame_in_order() -> None:
    frames = len(demo_spec().frame_times_s())
    once, thrice = (frame_order(phase_stretches(n, frames)) for n in (1, 3))
    np.testing.assert_array_equal(once, np.arange(frames))
    assert len(thrice) == frames + 2 * len(PHASES) * LOOP_FRAMES
