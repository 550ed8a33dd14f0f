"""Films as people have them: each of a kind plays whole, in order, at its true times, or is refused
with what to do.
"""

from __future__ import annotations

import os
import struct
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from station.config import Config
from station.errors import InputError, UsageError
from station.ports import EndOfSource
from station.sense.film_clock import FrameClock
from station.sense.film_reading import FilmReading
from station.sense.film_survey import inside_bars
from station.sense.open import open_source
from station.sense.video import Damage, VideoSource
from station.types import NS, Frame
from tests.made_film import (
    corner_letters,
    corners,
    interlaced,
    number_of,
    numbered,
    trim_by_edit_list,
    with_bars,
    write_film,
    write_tracks,
)
from tests.manual_clock import ManualClock

B_FRAMES = {"bf": "3", "x264-params": "b-adapt=0"}


def played(source: VideoSource) -> list[Frame]:
    frames = []
    with source:
        while True:
            try:
                frame = source.read(1.0)
            except EndOfSource:
                return frames
            assert frame is not None
            frames.append(frame)


def times_s(frames: list[Frame]) -> NDArray[np.float64]:
    return np.array([frame.t_ns for frame in frames]) / NS


def refused(path: Path, reading: FilmReading | None = None) -> InputError:
    with pytest.raises(InputError) as caught, VideoSource(path, reading=reading):
        pass
    return caught.value


def gym(t_s: float, width: int = 160, height: int = 240) -> NDArray[np.uint8]:
    """A frame without flat parts, in which something moves fast."""
    y, x = np.mgrid[:height, :width]
    image = np.stack([90 + 40 * np.sin(x / 7), 120 + 30 * np.cos(y / 9), 100 + 40 * np.sin((x + y) / 11)], 2)
    at = round(width / 2 + width / 4 * np.sin(9 * t_s))
    image[height // 4 : 3 * height // 4, at : at + width // 8] = (230, 60, 40)
    return image.astype(np.uint8)


# --- times ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "codec", "container_format"),
    [("raw.h264", "libx264", "h264"), ("raw.mjpeg", "mjpeg", "mjpeg"), ("raw.m4v", "mpeg4", "m4v")],
)
def test_bare_frames_have_no_times(tmp_path: Path, name: str, codec: str, container_format: str) -> None:
    pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    images = [numbered(i) for i in range(40)]
    path = write_film(tmp_path / name, images, codec=codec, pix_fmt=pix_fmt, container_format=container_format, fps=30)
    error = refused(path)
    assert "does not carry the times" in error.what
    assert "--fps" in error.remedy
    source = VideoSource(path, reading=FilmReading(fps=50))
    frames = played(source)
    assert [number_of(frame.image) for frame in frames] == list(range(40))
    np.testing.assert_allclose(times_s(frames), np.arange(40) / 50, atol=1e-6)
    assert any("50 frames a second, as given" in note for note in source.notes)


def test_a_name_of_another_kind_does_not_matter(tmp_path: Path) -> None:
    """A Pi's `rpicam-vid --codec mjpeg`: one JPEG after the other, whatever the file is called."""
    path = tmp_path / "pi.mp4"
    path.write_bytes(b"".join(cv2.imencode(".jpg", numbered(i))[1].tobytes() for i in range(20)))
    assert "times" in refused(path).what
    assert len(played(VideoSource(path, reading=FilmReading(fps=30)))) == 20


@pytest.mark.parametrize("name", ["b.avi", "b.mkv", "b.mp4", "b.ts", "b.mov"])
def test_b_frames_come_whole_and_in_order_in_every_container(tmp_path: Path, name: str) -> None:
    path = write_film(tmp_path / name, [numbered(i) for i in range(60)], codec="libx264", options=B_FRAMES, fps=30)
    source = VideoSource(path)
    frames = played(source)
    assert [number_of(frame.image) for frame in frames] == list(range(60))
    np.testing.assert_allclose(times_s(frames), np.arange(60) / 30, atol=0.0011)
    assert not source.problems
    with source:
        assert source.info.fps == pytest.approx(30, rel=0.002)


@pytest.mark.parametrize(("backwards", "faulty"), [(1, False), (2, True)])
def test_frames_out_of_order_are_a_note_until_they_are_a_fault(tmp_path: Path, backwards: int, faulty: bool) -> None:
    """150 frames of which one (0.7 %) or two (1.3 %) carry the time of the one before."""
    times, images = [i / 30 for i in range(150)], [numbered(i % 64) for i in range(150)]
    path = write_film(tmp_path / "a.mkv", images, times_s=times, codec="libx264", options={"bf": "0"})
    source = VideoSource(path)
    with source:
        stored = [frame for _, frame in source._frames]
        for i in range(backwards):
            stored[70 + 20 * i].pts = stored[69 + 20 * i].pts
        source._damage, source._times = Damage(), FrameClock("pts", NS // 30)
        assert len(list(source._timed(iter(stored)))) == len(stored) - backwards
        assert bool(source.problems) is faulty
        assert any("without a later time" in note for note in source.notes) is not faulty


def test_a_trimmed_film_shows_what_its_edit_list_shows(tmp_path: Path) -> None:
    images = [numbered(i) for i in range(60)]
    path = write_film(tmp_path / "a.mp4", images, codec="libx264", options={**B_FRAMES, "g": "10"}, fps=20)
    source = VideoSource(trim_by_edit_list(path, 0.5, 2.0))
    frames = played(source)
    assert [number_of(frame.image) for frame in frames] == list(range(10, 50))
    np.testing.assert_allclose(times_s(frames), np.arange(40) / 20, atol=0.001)
    assert not source.problems
    with source:
        assert (source.info.frames, round(source.info.duration_s, 3)) == (40, 2.0)


def test_a_trimmed_film_that_was_cut_off_is_damaged_all_the_same(tmp_path: Path) -> None:
    images = [numbered(i) for i in range(60)]
    options = {"movflags": "faststart"}
    path = write_film(tmp_path / "a.mp4", images, codec="libx264", options={**B_FRAMES, "g": "10"}, container_options=options)
    trim_by_edit_list(path, 0.5, 1.4)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 8 // 10])
    source = VideoSource(path)
    played(source)
    assert source.problems


def test_slow_motion_is_shown_at_the_cameras_pace_and_said(tmp_path: Path) -> None:
    images = [numbered(i) for i in range(60)]
    tags, options = {"com.android.capture.fps": "120"}, {"movflags": "use_metadata_tags"}
    source = VideoSource(write_film(tmp_path / "a.mp4", images, fps=30, tags=tags, container_options=options))
    frames = played(source)
    np.testing.assert_allclose(times_s(frames), np.arange(60) / 120, atol=0.001)
    assert "slow motion, 4 times" in source.notes[0]
    assert not source.problems
    with source:
        assert source.info.fps == pytest.approx(120)
        assert source.info.duration_s == pytest.approx(0.5, abs=0.01)


def test_a_usual_film_that_says_its_rate_is_no_slow_motion(tmp_path: Path) -> None:
    tags, options = {"com.android.capture.fps": "30.000000"}, {"movflags": "use_metadata_tags"}
    source = VideoSource(
        write_film(tmp_path / "a.mp4", [numbered(i) for i in range(30)], fps=30, tags=tags, container_options=options)
    )
    assert times_s(played(source))[-1] == pytest.approx(29 / 30, abs=0.001)
    assert not source.notes


def test_240_frames_a_second_keep_their_times(tmp_path: Path) -> None:
    source = VideoSource(write_film(tmp_path / "a.mp4", [numbered(i) for i in range(60)], fps=240, codec="libx264"))
    np.testing.assert_allclose(times_s(played(source)), np.arange(60) / 240, atol=0.0002)
    with source:
        assert source.info.fps == pytest.approx(240, rel=0.01)


def test_the_rate_is_what_was_seen_not_what_a_gap_or_a_header_makes_of_it(tmp_path: Path) -> None:
    times = [*(i / 30 for i in range(40)), *(7200 + i / 30 for i in range(20))]
    source = VideoSource(write_film(tmp_path / "a.mkv", [numbered(i) for i in range(60)], times_s=times, codec="libx264"))
    frames = played(source)
    assert len(frames) == 60
    assert frames[-1].t_ns / NS == pytest.approx(times[-1], abs=0.001)
    with source:
        assert source.info.fps == pytest.approx(30, rel=0.01)


def test_a_film_that_still_grows_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    path = write_film(tmp_path / "a.mkv", [numbered(i) for i in range(60)], codec="libx264", options={"g": "10"}, fps=20)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with VideoSource(path) as source:
        first = source.read(1.0)
        path.write_bytes(whole)
        numbers = [0]
        while True:
            try:
                frame = source.read(1.0)
            except EndOfSource:
                break
            assert frame is not None
            numbers.append(number_of(frame.image))
    assert first is not None
    assert len(numbers) > 20
    assert numbers == list(range(len(numbers)))


# --- which track ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.mov", "a.mkv"])
def test_a_preview_before_the_film_is_not_the_film(tmp_path: Path, name: str) -> None:
    preview = [np.full((160, 240, 3), 50 + 20 * i, np.uint8) for i in range(4)]
    film = [numbered(i) for i in range(60)]
    source = VideoSource(write_tracks(tmp_path / name, [(preview, 1), (film, 20)], ["mjpeg", "libx264"]))
    assert [number_of(frame.image) for frame in played(source)] == list(range(60))
    assert "track 2 of 2" in source.notes[0]


def test_of_two_films_the_larger_one_is_read(tmp_path: Path) -> None:
    small, large = ([numbered(i, *size) for i in range(40)] for size in ((96, 64), (192, 128)))
    source = VideoSource(write_tracks(tmp_path / "a.mp4", [(small, 20), (large, 20)], ["libx264", "libx264"]))
    assert {frame.image.shape for frame in played(source)} == {(128, 192, 3)}


# --- what frames look like ------------------------------------------------------------------------


@pytest.mark.parametrize("flagged", [True, False])
def test_interlaced_lines_are_made_whole_and_it_is_said(tmp_path: Path, flagged: bool) -> None:
    woven = interlaced([gym(i / 50) for i in range(100)])
    options = {"x264-params": "tff=1", "flags": "+ilme+ildct", "crf": "5"} if flagged else {"crf": "5"}
    source = VideoSource(write_film(tmp_path / "a.mkv", woven, codec="libx264", options=options, fps=25))
    frames = played(source)
    assert len(frames) == 50
    np.testing.assert_allclose(times_s(frames), np.arange(50) / 25, atol=0.0011)
    assert any("interlaced" in note for note in source.notes)
    combs = [np.abs(np.diff(frame.image.astype(int), axis=0)).mean() for frame in frames[5:-5]]
    combed = [np.abs(np.diff(picture.astype(int), axis=0)).mean() for picture in woven[5:-5]]
    assert np.mean(combs) < 0.7 * np.mean(combed)


def test_whole_frames_are_not_taken_for_interlaced_ones(tmp_path: Path) -> None:
    source = VideoSource(write_film(tmp_path / "a.mkv", [gym(i / 25) for i in range(50)], codec="libx264", fps=25))
    played(source)
    assert not any("interlaced" in note for note in source.notes)


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (20, 60, 180)])
def test_bars_of_one_colour_are_cut_off(tmp_path: Path, colour: tuple[int, int, int]) -> None:
    framed = with_bars([gym(i / 25) for i in range(50)], 640, 360, colour)
    source = VideoSource(write_film(tmp_path / "a.mkv", framed, codec="libx264", fps=25))
    frames = played(source)
    height, width = frames[0].image.shape[:2]
    assert (width, height) == (pytest.approx(160, abs=4), pytest.approx(240, abs=4))
    assert any("bars" in note for note in source.notes)


def test_bars_end_where_compression_blurs_them() -> None:
    low = np.full((1080, 1920, 3), 120, np.uint8)
    high = low.copy()
    low[270:810, 756:1162], high[270:810, 756:1162] = 10, 240
    for ring in (slice(264, 270), slice(810, 816)):
        high[ring, 756:1162:16] += 20
    x0, y0, x1, y1 = inside_bars(low, high)
    assert (x0 * 1920, x1 * 1920) == (pytest.approx(756, abs=1), pytest.approx(1162, abs=1))
    assert (y0 * 1080, y1 * 1080) == (pytest.approx(267, abs=4), pytest.approx(813, abs=4))


def test_bars_are_found_behind_a_black_beginning(tmp_path: Path) -> None:
    framed = [np.zeros((360, 640, 3), np.uint8)] * 70 + with_bars([gym(i / 25) for i in range(40)], 640, 360, (0, 0, 0))
    source = VideoSource(write_film(tmp_path / "a.mkv", framed, codec="libx264", fps=25))
    assert played(source)[0].image.shape[1] == pytest.approx(160, abs=4)


def test_a_dark_room_and_a_white_wall_are_no_bars(tmp_path: Path) -> None:
    walls = []
    for i in range(50):
        wall = np.full((240, 320, 3), 255, np.uint8)
        cv2.circle(wall, (160 + i % 5, 90), 20, (120, 80, 60), -1)
        cv2.ellipse(wall, (160 + i % 5, 175), (25, 70), 0, 0, 360, (30, 60, 120), -1)
        walls.append(wall)
    for images in (walls, [np.full((120, 160, 3), 3, np.uint8)] * 40):
        source = VideoSource(write_film(tmp_path / "a.mkv", images, codec="libx264", fps=25))
        assert played(source)[0].image.shape == images[0].shape


def test_a_film_on_its_side_is_turned_as_given(tmp_path: Path) -> None:
    lying = [np.ascontiguousarray(np.rot90(corners(), 1))] * 3  # it was turned counter-clockwise
    path = write_film(tmp_path / "a.mp4", lying)
    assert corner_letters(played(VideoSource(path))[0].image) != "RGBK"
    source = VideoSource(path, reading=FilmReading(turned_deg=90))
    frame = played(source)[0]
    assert corner_letters(frame.image) == "RGBK"
    assert frame.image.shape == corners().shape


def test_rotation_with_pixels_that_are_not_square(tmp_path: Path) -> None:
    path = write_film(tmp_path / "a.mp4", [corners(90, 60)] * 3, codec="libx264", pixel_aspect=Fraction(4, 3), rotation_deg=90)
    with VideoSource(path) as source:
        frame = source.read(1.0)
        assert frame is not None
        assert frame.image.shape == (120, 60, 3) == (source.info.height_px, source.info.width_px, 3)


def test_high_dynamic_range_in_ten_bits_is_read(tmp_path: Path) -> None:
    path = tmp_path / "hdr.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream(
            "libx265", rate=30, options={"x265-params": "log-level=none:colorprim=9:transfer=18:colormatrix=9"}
        )
        stream.width, stream.height, stream.pix_fmt = 192, 128, "yuv420p10le"
        for i in range(20):
            frame = av.VideoFrame.from_ndarray(numbered(i, 192, 128), "rgb24").reformat(format="yuv420p10le")
            frame.pts = i
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    assert [number_of(frame.image) for frame in played(VideoSource(path))] == list(range(20))


# --- limits and doors -----------------------------------------------------------------------------


def test_frames_larger_than_any_cameras_are_refused_before_decoding(tmp_path: Path) -> None:
    path = write_film(tmp_path / "a.avi", [gym(0.0, 96, 64)] * 3, codec="ffv1", pix_fmt="yuv420p")
    path.write_bytes(path.read_bytes().replace(struct.pack("<II", 96, 64), struct.pack("<II", 16000, 16000)))
    error = refused(path)
    assert "16000x16000" in error.what
    assert error.remedy


def test_a_name_that_is_not_utf8(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/l\xe4uft\xff.mp4"))
    write_film(tmp_path / "a.mp4", [numbered(i) for i in range(5)])
    os.replace(tmp_path / "a.mp4", path)
    with VideoSource(path) as source:
        source.info.path.encode("utf-8")


def test_what_is_said_of_films_is_refused_of_anything_else(tmp_path: Path) -> None:
    (tmp_path / "poses.npz").write_bytes(b"PK\x03\x04")
    for name in ("picamera", str(tmp_path / "poses.npz")):
        with pytest.raises(UsageError):
            open_source(name, Config(), ManualClock(), reading=FilmReading(fps=30))
