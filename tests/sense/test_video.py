"""Video files: true times, upright frames of honest size, pace."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from station.ports import EndOfSource
from station.sense.video import VideoSource
from station.types import NS, Frame
from tests.made_film import corner_letters, corners, number_of, numbered, write_film
from tests.manual_clock import ManualClock


def frames_of(source: VideoSource) -> list[Frame]:
    frames = []
    with source:
        while True:
            try:
                frame = source.read(1.0)
            except EndOfSource:
                return frames
            assert frame is not None
            frames.append(frame)


def film(path: Path, n: int = 12, **more: object) -> Path:
    return write_film(path, (numbered(i) for i in range(n)), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.mp4", "mpeg4"), ("a.mkv", "libx264"), ("a.avi", "mjpeg"), ("a.webm", "libvpx-vp9"), ("a.ts", "libx264")],
)
def test_every_picture_comes_once_in_order_with_its_time(tmp_path: Path, name: str, codec: str) -> None:
    pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    frames = frames_of(VideoSource(film(tmp_path / name, 20, codec=codec, pix_fmt=pix_fmt, fps=25)))
    assert [number_of(f.image) for f in frames] == list(range(20))
    assert [f.seq for f in frames] == list(range(20))
    np.testing.assert_allclose([f.t_ns / NS for f in frames], np.arange(20) / 25, atol=0.0011)


def test_variable_frame_times_are_kept(tmp_path: Path) -> None:
    times = [0.0, 0.033, 0.040, 0.300, 0.310, 1.2]
    frames = frames_of(VideoSource(film(tmp_path / "vfr.mkv", len(times), times_s=times, codec="libx264")))
    np.testing.assert_allclose([f.t_ns / NS for f in frames], times, atol=0.0006)


def test_times_count_from_the_first_picture(tmp_path: Path) -> None:
    frames = frames_of(VideoSource(film(tmp_path / "late.mkv", 3, times_s=[5.0, 5.1, 5.2], codec="libx264")))
    np.testing.assert_allclose([f.t_ns / NS for f in frames], [0, 0.1, 0.2], atol=0.0006)


@pytest.mark.parametrize("rotation", [0, 90, 180, -90])
@pytest.mark.parametrize("hflip", [False, True])
def test_pictures_come_upright(tmp_path: Path, rotation: int, hflip: bool) -> None:
    path = write_film(tmp_path / "turned.mp4", [corners()] * 3, rotation_deg=rotation, hflip=hflip)
    shown = np.rot90(corners(), rotation // 90)
    shown = shown[:, ::-1] if hflip else shown
    source = VideoSource(path)
    with source:
        frame = source.read(1.0)
        assert frame is not None
        assert corner_letters(frame.image) == corner_letters(shown)
        assert frame.image.shape == shown.shape == (source.info.height_px, source.info.width_px, 3)
        assert frame.image.flags.c_contiguous


def test_colours_are_red_green_blue(tmp_path: Path) -> None:
    assert corner_letters(frames_of(VideoSource(write_film(tmp_path / "c.mp4", [corners()] * 2)))[0].image) == "RGBK"


def test_grey_pictures_become_rgb(tmp_path: Path) -> None:
    path = film(tmp_path / "grey.mkv", 5, codec="ffv1", pix_fmt="gray")
    frames = frames_of(VideoSource(path))
    assert [number_of(f.image) for f in frames] == list(range(5))
    assert frames[0].image.shape == (64, 96, 3)
    assert np.ptp(frames[3].image.astype(int), axis=2).max() == 0


def test_deep_colour_becomes_eight_bit(tmp_path: Path) -> None:
    frames = frames_of(VideoSource(film(tmp_path / "deep.mkv", 5, codec="ffv1", pix_fmt="yuv422p10le")))
    assert [number_of(f.image) for f in frames] == list(range(5))


@pytest.mark.parametrize(("width", "height"), [(97, 63), (61, 131), (16, 16), (24, 500)])
def test_odd_and_portrait_sizes(tmp_path: Path, width: int, height: int) -> None:
    images = (numbered(i, width, height) for i in range(3))
    source = VideoSource(write_film(tmp_path / "odd.mkv", images, codec="ffv1", pix_fmt="yuv444p"))
    frames = frames_of(source)
    assert {f.image.shape for f in frames} == {(height, width, 3)}
    assert not source.notes


def test_huge_pictures_are_reduced_and_it_is_said(tmp_path: Path) -> None:
    path = write_film(tmp_path / "huge.mp4", [corners(7680, 4320)] * 2, options={"qscale": "20"})
    source = VideoSource(path)
    with source:
        assert (source.info.width_px, source.info.height_px) == (1920, 1080)
        frame = source.read(1.0)
        assert frame is not None
        assert frame.image.shape == (1080, 1920, 3)
        assert corner_letters(frame.image) == "RGBK"
        assert "7680x4320" in source.notes[0]
        assert not source.problems


def test_pixels_that_are_not_square_are_stretched(tmp_path: Path) -> None:
    path = write_film(tmp_path / "sar.mkv", [corners(90, 60)] * 2, codec="libx264", pixel_aspect=Fraction(4, 3))
    frames = frames_of(VideoSource(path))
    assert frames[0].image.shape == (60, 120, 3), "angles are measured in square pixels"


def test_info_tells_what_the_file_tells(tmp_path: Path) -> None:
    with VideoSource(film(tmp_path / "a.mp4", 30, fps=30)) as source:
        assert source.info.kind == "video"
        assert (source.info.width_px, source.info.height_px, source.info.frames) == (96, 64, 30)
        assert source.info.fps == pytest.approx(30, rel=0.01)
        assert source.info.duration_s == pytest.approx(1.0, abs=0.05)


def test_one_picture_is_a_video(tmp_path: Path) -> None:
    frames = frames_of(VideoSource(film(tmp_path / "one.mp4", 1)))
    assert [f.t_ns for f in frames] == [0]


def test_in_real_time_pictures_come_when_they_are_due(tmp_path: Path) -> None:
    clock = ManualClock(7 * NS)
    with VideoSource(film(tmp_path / "a.mp4", 5, fps=10), clock, realtime=True) as source:
        first = source.read(1.0)
        assert first is not None
        assert first.t_ns == 7 * NS, "stamped on the clock, like a camera's"
        assert source.read(0.04) is None
        assert clock.now_ns() == pytest.approx(7.04 * NS, abs=1000), "it waited as long as it was allowed to"
        second = source.read(1.0)
        assert second is not None
        assert second.t_ns == pytest.approx(7.1 * NS, abs=0.001 * NS)
        assert clock.now_ns() == pytest.approx(second.t_ns, abs=1000)


def test_in_real_time_a_late_reader_gets_the_picture_of_now(tmp_path: Path) -> None:
    clock = ManualClock()
    with VideoSource(film(tmp_path / "a.mp4", 30, fps=10), clock, realtime=True) as source:
        source.read(1.0)
        clock.push(1.5)
        late = source.read(1.0)
        assert late is not None
        assert clock.now_ns() - late.t_ns < 0.26 * NS
        assert number_of(late.image) == late.seq > 11
        assert source.late == late.seq - 1
        clock.push(60)
        last = source.read(1.0)
        assert last is not None
        assert number_of(last.image) == 29, "the last frame is not skipped"
        with pytest.raises(EndOfSource):
            source.read(1.0)


def test_a_loop_goes_on_with_increasing_times(tmp_path: Path) -> None:
    with VideoSource(film(tmp_path / "a.mp4", 5, fps=10), loop=True) as source:
        frames = [source.read(1.0) for _ in range(12)]
    assert [number_of(f.image) for f in frames if f] == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1]
    np.testing.assert_allclose([f.t_ns / NS for f in frames if f], np.arange(12) / 10, atol=0.002)
    assert not source.problems


def test_a_loop_of_one_picture_is_a_still(tmp_path: Path) -> None:
    clock = ManualClock()
    with VideoSource(film(tmp_path / "a.mp4", 1, fps=10), clock, realtime=True, loop=True) as source:
        times = [frame.t_ns for frame in (source.read(1.0) for _ in range(4)) if frame]
    assert len(times) == 4
    assert (np.diff(times) > 0).all()


def test_it_can_be_opened_again(tmp_path: Path) -> None:
    source = VideoSource(film(tmp_path / "a.mp4", 4))
    assert [f.t_ns for f in frames_of(source)] == [f.t_ns for f in frames_of(source)]


def test_it_must_be_open(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="not open"):
        VideoSource(film(tmp_path / "a.mp4", 2)).read(1.0)


def test_a_real_film(shared: Path) -> None:
    with VideoSource(shared / "data/video/sports2d_demo.mp4") as source:
        assert (source.info.width_px, source.info.height_px, source.info.frames) == (1768, 994, 230)
        frame = source.read(1.0)
        assert frame is not None
        assert frame.image.shape == (994, 1768, 3)
        assert frame.image.std() > 20
