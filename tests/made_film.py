"""Films made for tests: small, with exact times, sizes and orientation, and numbered so that each picture can be told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

BITS = 6  # pictures are numbered 0..63


def numbered(number: int, width: int = 96, height: int = 64) -> np.ndarray:
    """A picture whose number can be read back: six grey or black bars, the left one the highest bit."""
    image = np.full((height, width, 3), 16, np.uint8)
    bar = width // BITS
    for bit in range(BITS):
        if number >> (BITS - 1 - bit) & 1:
            image[:, bit * bar : (bit + 1) * bar] = 220
    return image


def number_of(image: np.ndarray) -> int:
    width = image.shape[1]
    bar = width // BITS
    return sum(
        int(image[:, bit * bar + bar // 4 : bit * bar + 3 * bar // 4].mean() > 118) << (BITS - 1 - bit) for bit in range(BITS)
    )


def corners(width: int = 96, height: int = 64) -> np.ndarray:
    """Red top left, green top right, blue bottom left, black elsewhere: no turn or mirroring leaves it as it is."""
    image = np.zeros((height, width, 3), np.uint8)
    h, w = height // 3, width // 3
    image[:h, :w, 0] = image[:h, -w:, 1] = image[-h:, :w, 2] = 255
    return image


def corner_letters(image: np.ndarray) -> str:
    """The colours of the corners, top left, top right, bottom left, bottom right: R, G, B or K."""
    height, width = image.shape[:2]
    y, x = height // 8, width // 8
    patches = (image[r, c].astype(int) for r, c in ((y, x), (y, -x - 1), (-y - 1, x), (-y - 1, -x - 1)))
    return "".join("K" if patch.max() < 90 else "RGB"[patch.argmax()] for patch in patches)


def write_film(
    path: Path,
    images: Iterable[np.ndarray],
    times_s: Sequence[float] | None = None,
    fps: int = 30,
    codec: str = "mpeg4",
    pix_fmt: str = "yuv420p",
    rotation_deg: int = 0,
    hflip: bool = False,
    options: dict[str, str] | None = None,
    container_options: dict[str, str] | None = None,
    pixel_aspect: Fraction | None = None,
    title: str = "",
) -> Path:
    """Encode pictures (all of one size) with the given times, or regular ones. rotation_deg: counter-clockwise, for showing."""
    base = Fraction(1, 10000)
    with av.open(str(path), "w", options=container_options or {}) as container:
        stream = None
        if title:
            container.metadata["title"] = title
        for i, image in enumerate(images):
            if stream is None:
                stream = container.add_stream(codec, rate=fps, options=options or {})
                stream.height, stream.width = image.shape[:2]
                stream.pix_fmt = pix_fmt
                stream.codec_context.time_base = base
                if codec == "mpeg4":
                    stream.codec_context.bit_rate = 4_000_000
                    stream.codec_context.gop_size = 6
                if pixel_aspect is not None:
                    stream.codec_context.sample_aspect_ratio = pixel_aspect
                if rotation_deg or hflip:
                    stream.set_display_rotation(rotation_deg, hflip=hflip)
            frame = av.VideoFrame.from_ndarray(image, "rgb24")
            frame.pts = round((times_s[i] if times_s is not None else i / fps) / base)
            frame.time_base = base
            container.mux(stream.encode(frame))
        if stream is not None:
            container.mux(stream.encode())
    return path


def write_sound(path: Path) -> Path:
    """Half a second of silence and no picture."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=16000)
        for i in range(8):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
            frame.sample_rate, frame.pts = 16000, i * 1024
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path
