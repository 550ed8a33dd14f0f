"""Photographs from files, headers before content: 61 bytes can ask for gigabytes."""

from __future__ import annotations

import struct
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from station.errors import InputError

MAX_FILE_BYTES = 100 << 20  # chosen
MAX_PX = 64_000_000  # 192 MB as RGB; phones take 12 to 50 million
MAX_JPEG_SCANS = 100  # progressive JPEGs have ten; each one is work over the whole picture
PNG, JPEG, BMP = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"BM"
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".heic", ".heif")
REMEDY = "save it as PNG or JPEG and name that file"
HEIF_BRANDS = (b"heic", b"heix", b"mif1", b"msf1", b"avif")


def is_picture(path: Path) -> bool:
    """Whether the file begins like a photograph, or is named like one."""
    if path.suffix.lower() in SUFFIXES:
        return True
    try:
        with path.open("rb") as file:
            return bool(_kind(file.read(16)))
    except OSError:
        return False


def read_picture(path: Path) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 RGB, upright as its camera says. Raises InputError."""
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            raise InputError(f"is a file of {size >> 20} MB", str(path), "name a smaller photograph")
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", str(path), "check the path and its permissions") from None
    kind = _kind(content[:16])
    if kind == "HEIC":
        raise InputError("is a HEIC photograph, which cannot be read here", str(path), REMEDY)
    if not kind:
        raise InputError("is not a picture that can be read", str(path), REMEDY)
    try:
        width, height = SIZE_OF[kind](content)
    except (struct.error, IndexError, ValueError):
        raise InputError(f"is a damaged {kind} picture", str(path), "take or save it again") from None
    if not 0 < width * height <= MAX_PX:
        raise InputError(f"says that it has {width}x{height} pixels", str(path), "name a photograph of at most 64 million")
    return _decoded(content, kind, path)


def _decoded(content: bytes, kind: str, path: Path) -> NDArray[np.uint8]:
    try:
        picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    except (cv2.error, MemoryError):
        picture = None
    if picture is None:
        raise InputError(f"is a damaged {kind} picture", str(path), "take or save it again")
    return np.ascontiguousarray(picture[..., ::-1], np.uint8)


def _kind(head: bytes) -> str:
    if head.startswith(PNG):
        return "PNG"
    if head.startswith(JPEG):
        return "JPEG"
    if head.startswith(BMP) and len(head) >= 14:
        return "BMP"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WebP"
    return "HEIC" if head[4:8] == b"ftyp" and head[8:12] in HEIF_BRANDS else ""


# --- width and height by the header; struct.error, IndexError or ValueError where it lies ---


def _png_size(content: bytes) -> tuple[int, int]:
    """Also walks the chunks: one larger than the file would be allocated before it is missed."""
    width, height = struct.unpack_from(">II", content, 16)
    at = len(PNG)
    while at < len(content):
        length, name = struct.unpack_from(">I4s", content, at)
        at += 12 + length
        if at > len(content):
            raise ValueError("a chunk goes beyond the end")
        if name == b"IEND":
            break
    return width, height


def _bmp_size(content: bytes) -> tuple[int, int]:
    """Uncompressed pixels must be there."""
    if struct.unpack_from("<I", content, 14)[0] == 12:
        width, height, _, bits = struct.unpack_from("<HHHH", content, 18)
        packing = 0
    else:
        width, height, _, bits, packing = struct.unpack_from("<iiHHI", content, 18)
    height = abs(height)
    if packing in (0, 3) and (width * bits + 7) // 8 * height > len(content):
        raise ValueError("pixels are missing")
    return width, height


def _jpeg_size(content: bytes) -> tuple[int, int]:
    if content.count(b"\xff\xda") > MAX_JPEG_SCANS:
        raise ValueError("too many scans")
    at = 2
    while True:
        marker, length = struct.unpack_from(">HH", content, at)
        if marker < 0xFF00 or length < 2:
            raise ValueError("no marker")
        # Start of frame, not of tables.
        if 0xFFC0 <= marker <= 0xFFCF and marker not in (0xFFC4, 0xFFC8, 0xFFCC):
            height, width = struct.unpack_from(">HH", content, at + 5)
            return width, height
        at += 2 + length


def _webp_size(content: bytes) -> tuple[int, int]:
    kind = content[12:16]
    if kind == b"VP8X":
        wide, high = content[24:27], content[27:30]
        return int.from_bytes(wide, "little") + 1, int.from_bytes(high, "little") + 1
    if kind == b"VP8L":
        bits = struct.unpack_from("<I", content, 21)[0]
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", content, 26)
        return width & 0x3FFF, height & 0x3FFF
    raise ValueError("no known chunk")


SIZE_OF = {"PNG": _png_size, "JPEG": _jpeg_size, "BMP": _bmp_size, "WebP": _webp_size}
