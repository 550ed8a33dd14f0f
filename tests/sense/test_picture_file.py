"""Photographs from files: read when they are what they say, refused before they are decoded when
they are not.
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from station.errors import InputError
from station.sense.picture_file import is_picture, read_picture

SUFFIXES = (".png", ".jpg", ".bmp", ".webp")


def scene(width: int = 60, height: int = 40) -> NDArray[np.uint8]:
    image = np.full((height, width, 3), (40, 90, 160), np.uint8)
    image[:, : width // 2] = (200, 60, 20)
    return image


def saved(path: Path, rgb: NDArray[np.uint8]) -> Path:
    assert cv2.imwrite(str(path), rgb[..., ::-1])
    return path


def refused(path: Path) -> InputError:
    with pytest.raises(InputError) as caught:
        read_picture(path)
    assert caught.value.remedy
    return caught.value


@pytest.fixture
def no_decoding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("was decoded"))


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_kind_is_read_whatever_its_name(tmp_path: Path, suffix: str) -> None:
    path = saved(tmp_path / f"a{suffix}", scene()).rename(tmp_path / "photograph")
    assert is_picture(path)
    image = read_picture(path)
    assert image.shape == (40, 60, 3)
    np.testing.assert_allclose(image[20, 10].astype(int), (200, 60, 20), atol=12)


def test_a_film_is_no_picture(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"\0\0\0\x20ftypisom" + bytes(40))
    assert not is_picture(tmp_path / "a.mp4")
    assert not is_picture(tmp_path / "none")


def png(*chunks: tuple[bytes, bytes, int | None]) -> bytes:
    """A PNG of chunks (name, content, the length that it claims)."""
    packed = [
        struct.pack(">I", len(body) if claimed is None else claimed) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body, claimed in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


def ihdr(width: int, height: int) -> tuple[bytes, bytes, None]:
    return b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0), None


def bmp(width: int, height: int, bits: int = 24, packing: int = 0) -> bytes:
    return b"BM" + struct.pack("<IIIIiiHHI", 60, 0, 54, 40, width, height, 1, bits, packing) + bytes(24)


LIES = {
    "a chunk of 4 GB": png(ihdr(120, 90), (b"IDAT", b"", 0xFFFFFFF0)),
    "a late chunk of 1 GB": png(ihdr(9, 9), (b"tEXt", b"hello", None), (b"iCCP", b"", 1 << 30)),
    "a PNG of 4 thousand million pixels": png(ihdr(65535, 65535), (b"IEND", b"", None)),
    "a PNG of 2^62 pixels": png(ihdr(1 << 31, 1 << 31), (b"IEND", b"", None)),
    "a PNG without its header": b"\x89PNG\r\n\x1a\n",
    "a tall BMP": bmp(120, 65536),
    "a BMP upside down": bmp(3000, -200_000),
    "a BMP of a negative width": bmp(-5, 5),
    "a BMP of packed pixels": bmp(65000, 65000, 8, 1),
    "a BMP that ends": b"BM" + bytes(13),
    "a JPEG of 4 thousand million pixels": b"\xff\xd8\xff\xc0" + struct.pack(">HBHH", 17, 8, 65535, 65535) + bytes(10),
    "a JPEG of a thousand scans": b"\xff\xd8\xff\xc2" + struct.pack(">HBHH", 17, 8, 900, 900) + bytes(9) + b"\xff\xda" * 1000,
    "a JPEG that ends": b"\xff\xd8\xff\xe0",
    "a JPEG without markers": b"\xff\xd8\xff\xe0\x00\x02" + bytes(30),
    "a WebP of 268 million pixels": b"RIFF\0\0\0\0WEBPVP8X" + bytes(8) + b"\xff\x3f\0\xff\x3f\0",
    "a WebP of no kind": b"RIFF\0\0\0\0WEBPXXXX" + bytes(20),
    "an iPhone's HEIC": b"\0\0\0\x18ftypheic" + bytes(40),
    "nothing": b"",
    "text": b"hello",
}


@pytest.mark.parametrize("name", LIES)
@pytest.mark.usefixtures("no_decoding")
def test_headers_that_lie_are_refused_before_decoding(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(LIES[name])
    refused(path)


@pytest.mark.parametrize("name", ["chunk4g.png", "tall.bmp"])
@pytest.mark.usefixtures("no_decoding")
def test_files_that_took_gigabytes_once(shared: Path, name: str) -> None:
    assert "damaged" in refused(shared / "data/field" / name).what


@pytest.mark.usefixtures("no_decoding")
def test_a_giant_file_is_not_even_read(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    assert "MB" in refused(path).what


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_bytes_flipped_anywhere_are_refused_or_harmless(tmp_path: Path, suffix: str) -> None:
    content = np.frombuffer(saved(tmp_path / f"a{suffix}", scene()).read_bytes(), np.uint8)
    random = np.random.default_rng(11)
    for _ in range(200):
        broken = content.copy()
        broken[random.integers(0, min(len(broken), 80), 3)] ^= random.integers(1, 256, 3).astype(np.uint8)
        (tmp_path / "b").write_bytes(broken.tobytes())
        try:
            assert read_picture(tmp_path / "b").ndim == 3
        except InputError:
            continue


@pytest.mark.parametrize("failure", [cv2.error("inside"), MemoryError()])
def test_what_opencv_throws_is_a_damaged_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: Exception) -> None:
    path = saved(tmp_path / "a.png", scene())

    def fail(*_: object) -> None:
        raise failure

    monkeypatch.setattr(cv2, "imdecode", fail)
    assert "damaged" in refused(path).what
