"""Files that are no video, or a damaged one: told clearly, and what can be read is read."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

from station.errors import InputError
from station.ports import EndOfSource
from station.sense.video import VideoSource
from station.types import Frame
from tests.made_film import number_of, numbered, write_film, write_sound


def read_all(source: VideoSource) -> list[Frame]:
    frames = []
    with source:
        while True:
            try:
                frame = source.read(1.0)
            except EndOfSource:
                return frames
            if frame is not None:
                frames.append(frame)


def film(path: Path, n: int = 60, **more: object) -> Path:
    return write_film(path, (numbered(i) for i in range(n)), **more)  # type: ignore[arg-type]


def refused(path: Path) -> InputError:
    with pytest.raises(InputError) as caught, VideoSource(path):
        pass
    error = caught.value
    assert error.where == str(path)
    assert error.remedy
    assert len(str(error)) < 300
    return error


def test_missing(tmp_path: Path) -> None:
    assert "does not exist" in refused(tmp_path / "none.mp4").what


def test_folder(tmp_path: Path) -> None:
    assert "folder" in refused(tmp_path).what


def test_device_file() -> None:
    assert "is no file" in refused(Path("/dev/null")).what


@pytest.mark.parametrize("kept", [488, 544])
def test_a_stream_that_breaks_off_in_its_first_packet(tmp_path: Path, kept: int) -> None:
    path = write_film(tmp_path / "a.ts", [np.full((64, 96, 3), 8 * i, np.uint8) for i in range(20)], fps=30)
    path.write_bytes(path.read_bytes()[:kept] + bytes(300))
    assert "no frame in it can be decoded" in refused(path).what


def test_empty(tmp_path: Path) -> None:
    path = tmp_path / "empty.mp4"
    path.touch()
    assert "empty" in refused(path).what


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("random.mp4", np.random.default_rng(1).bytes(50_000)),
        ("zeros.avi", bytes(20_000)),
        ("text.mp4", b"this is not a film\n" * 50),
        ("notes.txt", b"FFmpeg would draw this as ANSI art\n" * 20),
        ("list.ffconcat", b"ffconcat version 1.0\nfile '/etc/passwd'\n"),
        ("list.m3u8", b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n"),
        ("subtitle.srt", b"1\n00:00:01,000 --> 00:00:02,000\nhello\n\n"),
    ],
)
def test_not_a_video(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    refused(path)


def test_a_photograph_is_no_video(tmp_path: Path) -> None:
    rows = b"".join(b"\0" + bytes(3 * 8) for _ in range(8))
    chunks = ((b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    path = tmp_path / "photo.png"
    packed = b"".join(struct.pack(">I", len(c)) + t + c + struct.pack(">I", zlib.crc32(t + c)) for t, c in chunks)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + packed)
    refused(path)


def test_sound_only(tmp_path: Path) -> None:
    assert "no video in it" in refused(write_sound(tmp_path / "sound.mp4")).what


def test_unreadable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import av

    def refuse(*_: object, **__: object) -> None:
        raise av.error.PermissionError(13, "Permission denied", "x")

    path = film(tmp_path / "a.mp4", 2)
    monkeypatch.setattr(av, "open", refuse)
    assert "Permission denied" in refused(path).what


def test_a_title_in_unknown_letters_does_no_harm(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mkv", 3, codec="libx264", title="NAMELESS")
    path.write_bytes(path.read_bytes().replace(b"NAMELESS", b"\xff\xfeT\xe9\x80\x81\xc0\xff"))
    assert len(read_all(VideoSource(path))) == 3


def test_cut_off_before_the_index(tmp_path: Path) -> None:
    """A phone or camera that lost power writes no index: nothing can be read, and that is said."""
    path = film(tmp_path / "a.mp4")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    refused(path)


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("front.mp4", {"container_options": {"movflags": "faststart"}}),
        ("cut.avi", {"codec": "mjpeg", "pix_fmt": "yuvj420p"}),
        ("cut.mkv", {"codec": "libx264"}),
    ],
)
def test_cut_off_in_the_middle(tmp_path: Path, name: str, more: dict) -> None:
    path = film(tmp_path / name, fps=20, **more)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    source = VideoSource(path)
    frames = read_all(source)
    assert 15 < len(frames) < 60
    assert [number_of(f.image) for f in frames[:-2]] == list(range(len(frames) - 2))
    assert source.problems
    assert any(word in source.problems[-1] for word in ("ends early", "breaks off", "missing"))


@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt"), [("a.avi", "mpeg4", "yuv420p"), ("b.mkv", "ffv1", "gray"), ("c.avi", "mjpeg", "yuvj420p")]
)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_damage_in_the_middle(tmp_path: Path, name: str, codec: str, pix_fmt: str, seed: int) -> None:
    path = film(tmp_path / name, fps=20, codec=codec, pix_fmt=pix_fmt)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + len(content) // 12] = np.random.default_rng(seed).bytes(len(content) // 12)
    path.write_bytes(content)
    source = VideoSource(path)
    frames = read_all(source)
    numbers = [number_of(f.image) for f in frames]
    assert numbers[:20] == list(range(20)), "all before the damage"
    assert (np.diff([f.t_ns for f in frames]) > 0).all()
    assert len(frames) >= 20
    if len(frames) < 60:
        assert source.problems, "nothing is lost silently"


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_pictures_that_the_decoder_had_to_guess_are_left_out(tmp_path: Path, seed: int) -> None:
    path = film(tmp_path / "a.avi", fps=20)
    broken = np.frombuffer(path.read_bytes(), np.uint8).copy()
    broken[np.random.default_rng(seed).integers(len(broken) // 3, 2 * len(broken) // 3, 30)] ^= 0x55
    path.write_bytes(broken.tobytes())
    source = VideoSource(path)
    frames = read_all(source)
    assert 35 < len(frames) < 60
    assert "damaged" in source.problems[0]
    right = [number_of(f.image) == round(f.t_ns / 1e9 * 20) for f in frames]
    assert np.mean(right) > 0.9, "hardly a frame shows what it should not"


@pytest.mark.parametrize("later", [0, 1, 3, 4, 5])
def test_lost_packets_of_a_broadcast_are_reported(tmp_path: Path, later: int) -> None:
    path = film(tmp_path / "a.ts", fps=20, codec="libx264", options={"g": "10"})
    content = path.read_bytes()
    at = (len(content) // 188 // 2 + later) * 188
    path.write_bytes(content[:at] + content[at + 3 * 188 :])
    source = VideoSource(path)
    assert 50 < len(read_all(source)) < 60
    assert "damaged" in source.problems[0]


def test_bytes_flipped_anywhere_never_crash(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", 12)
    content = path.read_bytes()
    random = np.random.default_rng(5)
    for _ in range(60):
        broken = np.frombuffer(content, np.uint8).copy()
        at = random.integers(0, len(broken), 20)
        broken[at] = random.integers(0, 256, 20)
        path.write_bytes(broken.tobytes())
        source = VideoSource(path)
        try:
            frames = read_all(source)
        except InputError:
            continue
        assert (np.diff([f.t_ns for f in frames]) > 0).all()


def test_two_recordings_in_one_file_become_one_time(tmp_path: Path) -> None:
    one, two = (film(tmp_path / f"{i}.ts", 10, fps=10, codec="libx264").read_bytes() for i in range(2))
    path = tmp_path / "joined.ts"
    path.write_bytes(one + two)
    source = VideoSource(path)
    frames = read_all(source)
    assert len(frames) >= 18
    steps = np.diff([f.t_ns for f in frames]) / 1e9
    assert steps.min() > 0.05
    assert steps.max() < 0.35


def test_pictures_that_change_size_keep_the_first_ones(tmp_path: Path) -> None:
    small = film(tmp_path / "s.ts", 10, fps=10, codec="libx264", options={"repeat-headers": "1"})
    images = (numbered(i, 192, 128) for i in range(10))
    large = write_film(tmp_path / "l.ts", images, fps=10, codec="libx264", options={"repeat-headers": "1"})
    path = tmp_path / "both.ts"
    path.write_bytes(small.read_bytes() + large.read_bytes())
    source = VideoSource(path)
    frames = read_all(source)
    assert {f.image.shape for f in frames} == {(64, 96, 3)}
    assert len(frames) > 12
    assert any("of another size" in note for note in source.notes)
