"""Video files, decoded by PyAV (FFmpeg): true time stamps, upright RGB pictures, and damage told instead of hidden."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import av
import av.error
import numpy as np
from av.container import InputContainer
from av.sidedata.sidedata import Type as SideDataType
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from station.errors import InputError
from station.ports import Clock, EndOfSource
from station.sense.pacing import Pacer
from station.types import NAN, NS, Frame, SourceInfo

# Containers of moving pictures. FFmpeg would also read playlists that name other files, subtitles and plain text as "video".
FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,gif,h264,hevc,mjpeg,mpegvideo,m4v,asf,ogg,nut,ivf,dv,mxf,apng"
)
# A title in unknown letters must not keep a film from being read: PyAV 19 is so by itself, older ones must be told.
LENIENT: dict[str, Any] = {"metadata_errors": "replace"} if int(av.__version__.split(".")[0]) < 19 else {}
MAX_SIDE_PX = 1920  # larger pictures are reduced: a body of 1000 px says no more to a 256-px model, and 8K is 100 MB a frame
MAX_LATE_S = 0.25  # in real time, pictures later than this are skipped instead of converted
BREAK_S = 0.5  # a step back by more is a recording joined to another one, less is a disordered frame
MISSING_END_S = 1.0  # a video may end this much before its header says
DEFAULT_FPS = 25.0  # only for streams that tell no time at all


@dataclass
class Damage:
    """What went wrong while decoding. Times are seconds from the first frame."""

    packets: int = 0
    first_s: float = NAN
    ended: str = ""
    disordered: int = 0
    joined: int = 0
    resized: int = 0


@dataclass(frozen=True)
class Upright:
    """How a stored picture becomes the one that people see: its size on delivery, then mirrored, then turned.

    `turns`: quarter turns counter-clockwise, after the optional left-right flip.
    """

    width_px: int
    height_px: int
    turns: int = 0
    flip: bool = False

    @property
    def delivered(self) -> tuple[int, int]:
        """Width and height after turning."""
        size = (self.width_px, self.height_px)
        return size[::-1] if self.turns % 2 else size

    def image(self, frame: VideoFrame) -> NDArray[np.uint8]:
        """(H, W, 3) uint8 RGB, contiguous."""
        picture = frame.to_ndarray(format="rgb24", width=self.width_px, height=self.height_px)
        if self.flip:
            picture = picture[:, ::-1]
        return np.ascontiguousarray(np.rot90(picture, self.turns))


class VideoSource:
    """Plays a video file. A `Source[Frame]`.

    Times count from the first picture; in real time each comes when it is due and is stamped by `clock` (see Pacer).
    `problems`: what of the recording is lost (damaged, cut off). `notes`: what was put right (reduced size, disordered times).
    Both grow while the file is read. loop: start again after the last picture, for ever.
    """

    def __init__(
        self,
        path: Path,
        clock: Clock | None = None,
        realtime: bool = False,
        loop: bool = False,
        max_side_px: int = MAX_SIDE_PX,
    ) -> None:
        self._path, self._loop, self._max_side_px = path, loop, max_side_px
        self._clock, self._realtime = clock, realtime
        self._container: InputContainer | None = None
        self._reset()

    def _reset(self) -> None:
        self._pacer = Pacer(self._clock, self._realtime)
        self._frames: Iterator[tuple[int, VideoFrame]] = iter(())
        self._held: tuple[int, VideoFrame] | None = None
        self._info: SourceInfo | None = None
        self._upright = Upright(0, 0)
        self._stored_px = (0, 0)
        self._damage = Damage()
        self._seq = 0
        self._round_ns = 0  # media time at which this round of a loop began
        self._last_ns, self._step_ns = 0, round(NS / DEFAULT_FPS)
        self.late = 0

    # --- Source --------------------------------------------------------------------------------------------------

    @property
    def info(self) -> SourceInfo:
        if self._info is None:
            raise RuntimeError("the source is not open: use it in a `with` block")
        return self._info

    def __enter__(self) -> Self:
        """Raises InputError for whatever is not a readable video file with at least one picture."""
        self._reset()
        try:
            stream = self._open()
            self._held = next(self._frames, None)
            if self._held is None:
                raise InputError("no picture in it can be decoded", str(self._path), "copy the file again or convert it to MP4")
            self._describe(stream, self._held[1])
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._close()

    def read(self, timeout_s: float) -> Frame | None:
        self.info  # noqa: B018 (refuses a closed source)
        media_ns, picture = self._upcoming()
        if not self._pacer.wait(media_ns, timeout_s):
            return None
        while self._pacer.late_s(media_ns) > MAX_LATE_S:
            self._held = None
            self._seq += 1
            self.late += 1
            try:
                media_ns, picture = self._upcoming()
            except EndOfSource:
                break  # nothing newer: the last picture is still worth showing
            if not self._pacer.wait(media_ns, 0.0):
                return None
        self._held = None
        self._seq += 1
        return Frame(self._pacer.stamp_ns(media_ns), self._seq - 1, self._image(picture))

    @property
    def problems(self) -> tuple[str, ...]:
        damage, told = self._damage, []
        if damage.packets:
            word = "piece" if damage.packets == 1 else "pieces"
            told.append(f"{damage.packets} damaged {word} of video skipped, the first near {damage.first_s:.2f} s")
        if damage.ended:
            told.append(damage.ended)
        return tuple(told)

    @property
    def notes(self) -> tuple[str, ...]:
        damage, told = self._damage, []
        if self._info is not None and max(self._stored_px) > self._max_side_px:
            width, height = self._stored_px
            told.append(f"pictures reduced from {width}x{height} to {self._info.width_px}x{self._info.height_px} (upright)")
        if damage.disordered:
            told.append(f"{damage.disordered} pictures without a later time than the one before left out")
        if damage.joined:
            told.append(f"time starts again {damage.joined} times and was joined")
        if damage.resized:
            told.append(f"{damage.resized} pictures of another size scaled to the first one's")
        return tuple(told)

    # --- opening -------------------------------------------------------------------------------------------------

    def _open(self) -> VideoStream:
        path = self._path
        if not path.is_file():
            what = "is a folder, not a video" if path.is_dir() else "is no file" if path.exists() else "does not exist"
            raise InputError(what, str(path), "name a video file")
        if path.stat().st_size == 0:
            raise InputError("is empty", str(path), "copy the file again")
        # Only this file is read: no playlist, no network, whatever the content asks for.
        limits = {"format_whitelist": FORMATS, "protocol_whitelist": "file"}
        try:
            self._container = av.open(str(path.resolve()), options=limits, **LENIENT)
        except av.error.FFmpegError as error:
            raise InputError(
                f"cannot be read as video ({error.strerror})", str(path), "name a video file, or convert it to MP4"
            ) from None
        except OSError as error:
            raise InputError(f"cannot be read ({error.strerror})", str(path), "check the path and its permissions") from None
        streams = [s for s in self._container.streams.video if "attached_pic" not in str(s.disposition)]
        if not streams:
            raise InputError("has no video in it", str(path), "name a file with moving pictures")
        streams[0].thread_type = "AUTO"
        self._frames = self._timed(self._decoded(self._container, streams[0]), streams[0])
        return streams[0]

    def _close(self) -> None:
        self._frames, self._held, self._info = iter(()), None, None
        if self._container is not None:
            self._container.close()
            self._container = None

    def _describe(self, stream: VideoStream, first: VideoFrame) -> None:
        self._stored_px = (first.width, first.height)
        self._upright = upright(first, float(stream.sample_aspect_ratio or 1), self._max_side_px)
        width, height = self._upright.delivered
        rate = stream.average_rate
        self._info = SourceInfo(
            str(self._path), "video", width, height, float(rate) if rate else NAN, stream.frames or None, self._promised_s(stream)
        )

    # --- decoding ------------------------------------------------------------------------------------------------

    def _upcoming(self) -> tuple[int, VideoFrame]:
        """The next picture, kept until it is due. Raises EndOfSource."""
        if self._held is None:
            self._held = next(self._frames, None)
        if self._held is None and self._loop:
            self._begin_again()
            self._held = next(self._frames, None)
        if self._held is None:
            raise EndOfSource
        return self._held

    def _begin_again(self) -> None:
        if self._container is not None:
            self._container.close()
        told = replace(self._damage)
        self._round_ns = self._last_ns + self._step_ns
        self._open()
        self._damage = told

    def _decoded(self, container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
        """Every picture that can be decoded, in order of showing; damage is counted and stepped over."""
        pieces = 0
        packets = container.demux(stream)
        while True:
            try:
                packet = next(packets, None)
            except av.error.FFmpegError as error:
                self._damage.ended = f"the file breaks off after {self._elapsed_s:.2f} s ({error.strerror})"
                return
            if packet is None:
                break
            pieces += packet.size > 0
            broken = packet.is_corrupt
            try:
                frames = packet.decode()
            except av.error.EOFError:
                frames = []
            except av.error.FFmpegError:
                frames, broken = [], True
            if broken:
                self._count_damage()
            for frame in frames:
                if frame.is_corrupt:
                    self._count_damage()
                else:
                    yield frame
        promised_s = self._promised_s(stream)
        if self._elapsed_s < promised_s - MISSING_END_S:
            self._damage.ended = f"the file ends early, after {self._elapsed_s:.2f} of {promised_s:.2f} s"
        elif pieces < stream.frames:
            self._damage.ended = f"{stream.frames - pieces} of {stream.frames} pictures are missing"

    def _promised_s(self, stream: VideoStream) -> float:
        """How long the video should be: its own word, or the container's where nothing but video is in it."""
        if stream.duration is not None and stream.time_base is not None:
            return float(stream.duration * stream.time_base)
        container = self._container
        if container is not None and container.duration is not None and len(container.streams) == 1:
            return container.duration / 1e6
        return NAN

    @property
    def _elapsed_s(self) -> float:
        return (self._last_ns - self._round_ns) / NS

    def _count_damage(self) -> None:
        if not self._damage.packets:
            self._damage.first_s = self._elapsed_s
        self._damage.packets += 1

    def _timed(self, frames: Iterator[VideoFrame], stream: VideoStream) -> Iterator[tuple[int, VideoFrame]]:
        """Pictures with their times in ns, always increasing, the first at the beginning of this round."""
        rate = stream.average_rate or stream.guessed_rate
        step_ns = round(NS / float(rate)) if rate else round(NS / DEFAULT_FPS)
        self._step_ns = step_ns
        offset_ns: int | None = None
        for frame in frames:
            known = frame.pts is not None and frame.time_base is not None
            raw_ns = round(frame.pts * frame.time_base * NS) if known else None  # type: ignore[operator]
            if offset_ns is None:
                offset_ns = self._round_ns - (raw_ns or 0)
                t_ns = self._round_ns
            elif raw_ns is None:
                t_ns = self._last_ns + step_ns
            else:
                t_ns = raw_ns + offset_ns
                if t_ns <= self._last_ns - BREAK_S * NS:
                    self._damage.joined += 1
                    offset_ns += self._last_ns + step_ns - t_ns
                    t_ns = self._last_ns + step_ns
                elif t_ns <= self._last_ns:
                    self._damage.disordered += 1
                    continue
            self._last_ns = t_ns
            yield t_ns, frame

    def _image(self, picture: VideoFrame) -> NDArray[np.uint8]:
        if (picture.width, picture.height) != self._stored_px:
            self._damage.resized += 1
        return self._upright.image(picture)


def upright(frame: VideoFrame, pixel_aspect: float, max_side_px: int) -> Upright:
    """How to show pictures like this one: square pixels, no side over `max_side_px`, the file's rotation undone.

    pixel_aspect: width over height of one stored pixel.
    """
    width, height = frame.width * pixel_aspect, float(frame.height)
    scale = min(1.0, max_side_px / max(width, height))
    turns, flip = _rotation(frame)
    return Upright(max(1, round(width * scale)), max(1, round(height * scale)), turns, flip)


def _rotation(frame: VideoFrame) -> tuple[int, bool]:
    """Quarter turns counter-clockwise and whether to flip left-right first, from the file's display matrix.

    The matrix maps stored (x, y), y down, to shown: x' = a x + c y, y' = b x + d y, 16.16 fixed point (ISO/IEC 14496-12, tkhd).
    """
    side_data: Any = frame.side_data
    if SideDataType.DISPLAYMATRIX not in side_data:
        return 0, False
    matrix = np.frombuffer(bytes(side_data[SideDataType.DISPLAYMATRIX]), np.int32)
    a, b, c, d = (float(matrix[i]) for i in (0, 1, 3, 4))
    flip = a * d - b * c < 0
    if flip:  # flipping x first turns the rest into a plain rotation
        a, b = -a, -b
    # A counter-clockwise quarter turn on screen is (a, b) = (0, -1): y points down.
    angle = np.degrees(np.arctan2(-b, a))
    return round(angle / 90) % 4, flip
