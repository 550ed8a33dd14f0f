"""Films made for tests: small, with exact times, sizes and orientation, and numbered so that each
frame can be told.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import zip_longest
from pathlib import Path

import av
import numpy as np

BITS = 6  # frames are numbered 0..63


def numbered(number: int, width: int = 96, height: int = 64) -> np.ndarray:
    """A frame whose number can be read back: six grey or black bars, the left one the highest bit.
    """
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
    """Red top left, green top right, blue bottom left, black elsewhere: no turn or mirroring leaves
    it as it is.
    """
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
    tags: Mapping[str, str] | None = None,
    container_format: str | None = None,
) -> Path:
    """Encode frames (all of one size) with the given times, or regular ones. rotation_deg:
    counter-clockwise, for showing.
    """
    base = Fraction(1, 10000)
    with av.open(str(path), "w", format=container_format, options=container_options or {}) as container:
        stream = None
        container.metadata.update({"title": title} if title else {}, **(tags or {}))
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


# --- films as people have them --------------------------------------------------------------------


def write_tracks(path: Path, tracks: Sequence[tuple[Sequence[np.ndarray], int]], codecs: Sequence[str]) -> Path:
    """Several video tracks, interleaved by time; each with its frames and frames a second."""
    with av.open(str(path), "w") as container:
        streams = []
        for (images, fps), codec in zip(tracks, codecs, strict=True):
            stream = container.add_stream(codec, rate=fps)
            stream.height, stream.width = images[0].shape[:2]
            stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
            streams.append(stream)
        queues = [
            [(Fraction(i, fps), stream, image, fps) for i, image in enumerate(images)]
            for stream, (images, fps) in zip(streams, tracks, strict=True)
        ]
        for t_s, stream, image, fps in sorted((one for queue in queues for one in queue), key=lambda one: one[0]):
            frame = av.VideoFrame.from_ndarray(image, "rgb24")
            frame.pts, frame.time_base = round(t_s * fps), Fraction(1, fps)
            container.mux(stream.encode(frame))
        for stream in streams:
            container.mux(stream.encode())
    return path


def trim_by_edit_list(path: Path, skipped_s: float, shown_s: float) -> Path:
    """Change the edit list that FFmpeg wrote into an MP4 with B frames: only a part is shown, as
    phones trim.
    """
    content = bytearray(path.read_bytes())
    movie, media = (content.index(name) for name in (b"mvhd", b"mdhd"))
    movie_scale, media_scale = (struct.unpack_from(">I", content, at + 16)[0] for at in (movie, media))
    at = content.index(b"elst") + 12
    _, media_time = struct.unpack_from(">Ii", content, at)
    struct.pack_into(">Ii", content, at, round(shown_s * movie_scale), media_time + round(skipped_s * media_scale))
    path.write_bytes(content)
    return path


def interlaced(images: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Half as many frames: each with the even lines of one and the odd lines of the next."""
    woven = []
    for first, second in zip_longest(images[::2], images[1::2]):
        picture = first.copy()
        picture[1::2] = (first if second is None else second)[1::2]
        woven.append(picture)
    return woven


def with_bars(images: Sequence[np.ndarray], width: int, height: int, colour: tuple[int, int, int]) -> list[np.ndarray]:
    """Each frame in the middle of a larger one of a single colour."""
    framed = []
    for image in images:
        picture = np.full((height, width, 3), colour, np.uint8)
        top, left = (height - image.shape[0]) // 2, (width - image.shape[1]) // 2
        picture[top : top + image.shape[0], left : left + image.shape[1]] = image
        framed.append(picture)
    return framed
