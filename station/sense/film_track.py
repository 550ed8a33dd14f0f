"""Opening a film safely, and which of its tracks is the film: no cover, no preview."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import av.error
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from station.errors import InputError

# Containers of moving pictures. FFmpeg would also read playlists that name other files, subtitles
# and plain text as "video".
FORMATS = ",".join(
    (
        "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,gif,asf,ogg,nut,ivf,dv,mxf,apng",
        "h264,hevc,mjpeg,jpeg_pipe,mpegvideo,m4v",  # bare frames
    )
)
# A title in unknown letters must not keep a film from being read: PyAV 19 is so by itself, older
# ones must be asked.
LENIENT: dict[str, Any] = {"metadata_errors": "replace"} if int(av.__version__.split(".")[0]) < 19 else {}
COVERS = ("attached_pic", "timed_thumbnails", "still_image")
MAX_FRAME_PX = 36_000_000  # 8K is 33 million; a frame of more is refused before anything is decoded
# Frames larger than 4K are decoded one at a time: each takes 50 MB and more.
LARGE_FRAME_PX = 9_000_000
LOOK_PACKETS = 120  # of the busiest track: four seconds of a usual film
LOOK_ALL = 4000  # packets (chosen)
MOVES = 0.25  # a track with fewer packets than this share of the busiest one is a preview (chosen)


@dataclass(frozen=True)
class Track:
    """A stream of the file by its index; `note` says which one it is where there are several."""

    index: int
    note: str = ""


def open_film(path: Path) -> InputContainer:
    """The opened file, and no other: no playlist, no network, whatever the content asks for.

    Raises InputError for what is no film.
    """
    if not path.is_file():
        what = "is a folder, not a video" if path.is_dir() else "is no file" if path.exists() else "does not exist"
        raise InputError(what, str(path), "name a video file")
    if path.stat().st_size == 0:
        raise InputError("is empty", str(path), "copy the file again")
    limits = {"format_whitelist": FORMATS, "protocol_whitelist": "file"}
    try:
        return av.open(str(path.resolve()), options=limits, **LENIENT)
    except av.error.FFmpegError as error:
        raise InputError(
            f"cannot be read as video ({error.strerror})", str(path), "name a video file, or convert it to MP4"
        ) from None
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", str(path), "check the path and its permissions") from None


def film_track(container: InputContainer, path: Path) -> Track:
    """The largest track that moves. Reads packets where there are several: then open it again.

    Raises InputError where there is none, or where its frames are larger than any camera's.
    """
    films = [s for s in container.streams.video if not any(word in str(s.disposition) for word in COVERS)]
    streams = [s for s in films if s.codec_context is not None]
    if not streams:
        what = "is of a kind that cannot be decoded" if films else "has no video in it"
        raise InputError(what, str(path), "convert it to MP4 (H.264)" if films else "name a file with moving pictures")
    if len(streams) == 1:
        return Track(_of_honest_size(streams[0], path).index)
    packets = _packets(container, streams)
    moving = [s for s in streams if packets[s.index] >= MOVES * max(packets.values(), default=0)]
    film = _of_honest_size(max(moving, key=_area), path)
    said = f"{film.codec_context.name}, {film.codec_context.width}x{film.codec_context.height}"
    return Track(film.index, f"video track {streams.index(film) + 1} of {len(streams)} is read, the largest that moves ({said})")


def prepared(stream: VideoStream) -> VideoStream:
    """The stream with its decoder set up: threads, and no frame beyond MAX_FRAME_PX."""
    context = stream.codec_context
    context.options = {"max_pixels": str(MAX_FRAME_PX)}
    stream.thread_type = "AUTO" if _area(stream) <= LARGE_FRAME_PX else "SLICE"
    return stream


def decoded(packet: Packet) -> Iterator[VideoFrame | None]:
    """The packet's frames in order, None for each piece of it that is damaged."""
    if packet.is_corrupt:
        yield None
    try:
        frames = packet.decode()
    except av.error.EOFError:
        return
    except av.error.FFmpegError:
        if not packet.is_corrupt:
            yield None
        return
    yield from (None if frame.is_corrupt else frame for frame in frames)


def _packets(container: InputContainer, streams: list[VideoStream]) -> Counter[int]:
    """How many packets each track has in the first seconds."""
    seen: Counter[int] = Counter()
    try:
        for packet in container.demux(*streams):
            seen[packet.stream_index] += packet.size > 0
            if seen[packet.stream_index] >= LOOK_PACKETS or seen.total() >= LOOK_ALL:
                break
    except av.error.FFmpegError:
        pass  # it is reported while playing
    return seen


def _area(stream: VideoStream) -> int:
    return stream.codec_context.width * stream.codec_context.height


def _of_honest_size(stream: VideoStream, path: Path) -> VideoStream:
    if _area(stream) > MAX_FRAME_PX:
        size = f"{stream.codec_context.width}x{stream.codec_context.height}"
        raise InputError(f"has frames of {size} pixels", str(path), "convert it to 1920x1080")
    return stream
