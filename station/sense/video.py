"""Video files by PyAV: true times, upright RGB frames, damage said instead of hidden."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self, cast

import av.error
import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from station.errors import InputError, printable
from station.ports import Clock, EndOfSource
from station.sense.film_clock import DISORDERED, FrameClock
from station.sense.film_frame import Deinterlacer, Upright, upright
from station.sense.film_reading import FilmReading
from station.sense.film_survey import Survey, survey
from station.sense.film_track import decoded, open_film, prepared
from station.sense.opened import Opened
from station.sense.playback import Pacer
from station.types import NAN, NS, Frame, SourceInfo

MAX_LATE_S = 0.25  # in real time, frames later than this are skipped instead of converted
MISSING_END_S = 1.0  # a video may end this much before its header says,
MISSING_AVI_S = 0.2  # an AVI only so much: its header counts frames
# Long side of frames in which angles begin to wander (tests/lab/field/RESULTS.md: 0.7 deg at 360)
SMALL_PX = 480
# How long the frame of a film of one frame stays when it is shown again and again.
STILL_STEP_NS = NS // 25


@dataclass
class Damage:
    """What went wrong while decoding. Times are seconds from the first frame."""

    packets: int = 0
    first_s: float = NAN
    ended: str = ""
    frames: int = 0
    disordered: int = 0
    joined: int = 0
    resized: int = 0
    still: bool = False  # it held one frame


class VideoSource(Opened):
    """Plays a video file. A `Source[Frame]`.

    Times count from the first frame; in real time each comes when it is due and is stamped by
    `clock` (see Pacer). `problems`: what of the recording is lost or in doubt (damaged, cut off,
    out of order). `notes`: what was put right (reduced size, slow motion, interlaced lines). Both
    grow while the file is read. loop: start again after the last frame, for ever.
    """

    def __init__(
        self,
        path: Path,
        clock: Clock | None = None,
        realtime: bool = False,
        loop: bool = False,
        reading: FilmReading | None = None,
    ) -> None:
        self._path, self._loop = path, loop
        self._clock, self._realtime = clock, realtime
        self._reading = reading or FilmReading()
        self._container: InputContainer | None = None
        self._reset()

    def _reset(self) -> None:
        self._pacer = Pacer(self._clock, self._realtime)
        self._frames: Iterator[tuple[int, VideoFrame]] = iter(())
        self._held: tuple[int, VideoFrame] | None = None
        self._info = None
        self._film: Survey | None = None
        self._upright = Upright(0, 0, (0, 0, 0, 0))
        self._stored_px = (0, 0)
        self._damage = Damage()
        self._seq = 0
        self._times = FrameClock("none", STILL_STEP_NS)
        self.late = 0

    # --- Source -----------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        """Raises InputError unless it is a video with at least one frame, and times for frames."""
        self._reset()
        try:
            self._film = survey(self._path, self._reading.fps)
            stream = self._open(self._film, 0)
            self._held = next(self._frames, None)
            if self._held is None:
                raise InputError("no frame in it can be decoded", str(self._path), "copy the file again or convert it to MP4")
            self._describe(self._film, stream, self._held[1])
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def read(self, timeout_s: float) -> Frame | None:
        self.info  # noqa: B018 (refuses a closed source)
        media_ns, stored = self._upcoming()
        if not self._pacer.wait(media_ns, timeout_s):
            return None
        while self._pacer.late_s(media_ns) > MAX_LATE_S:
            self._held = None
            self._seq += 1
            self.late += 1
            try:
                media_ns, stored = self._upcoming()
            except EndOfSource:
                break  # nothing newer: the last frame is still worth showing
            if not self._pacer.wait(media_ns, 0.0):
                return None
        self._held = None
        self._seq += 1
        return Frame(self._pacer.stamp_ns(media_ns), self._seq - 1, self._image(stored))

    @property
    def problems(self) -> tuple[str, ...]:
        damage, said = self._damage, []
        if damage.packets:
            word = "piece" if damage.packets == 1 else "pieces"
            said.append(f"{damage.packets} damaged {word} of video skipped, the first near {damage.first_s:.2f} s")
        if damage.ended:
            said.append(damage.ended)
        if self._often(damage.disordered):
            said.append(f"{damage.disordered} of {damage.frames} frames come out of order and were left out: times are in doubt")
        if self._often(damage.joined) and damage.joined > 1:
            said.append(f"time jumps back {damage.joined} times in {damage.frames} frames: times are in doubt")
        return tuple(said)

    @property
    def notes(self) -> tuple[str, ...]:
        damage, said = self._damage, list(self._film.notes if self._film else ())
        if self._info is not None and self._upright.height_px < self._stored_px[1]:
            width, height = self._stored_px
            said.append(f"frames reduced from {width}x{height} to {self._info.width_px}x{self._info.height_px} (upright)")
        if self._info is not None and max(self._info.width_px, self._info.height_px) < SMALL_PX:
            said.append(f"only {self._info.width_px}x{self._info.height_px} pixels: angles may be off by a degree")
        if self._reading.fps:
            said.append(f"times are counted at {self._reading.fps:g} frames a second, as given")
        if damage.disordered and not self._often(damage.disordered):
            said.append(f"{damage.disordered} frames without a later time than the one before left out")
        if damage.joined and not (self._often(damage.joined) and damage.joined > 1):
            said.append(f"time starts again {damage.joined} times and was joined")
        if damage.still:
            said.append("it holds a single frame: nothing moves in it")
        if damage.resized:
            said.append(f"{damage.resized} frames of another size scaled to the first one's")
        return tuple(said)

    def _often(self, count: int) -> bool:
        return count > DISORDERED * self._damage.frames

    # --- opening ----------------------------------------------------------------------------------

    def _open(self, film: Survey, start_ns: int) -> VideoStream:
        self._container = open_film(self._path)
        stream = prepared(cast("VideoStream", self._container.streams[film.track]))
        self._times = FrameClock(film.clock, film.step_ns or STILL_STEP_NS, film.slow, self._reading.fps, start_ns)
        frames = self._timed(self._decoded(self._container, stream, film))
        self._frames = Deinterlacer(film.parity)(frames) if film.parity else frames
        return stream

    def _close(self) -> None:
        self._frames, self._held, self._info = iter(()), None, None
        if self._container is not None:
            self._container.close()
            self._container = None

    def _describe(self, film: Survey, stream: VideoStream, first: VideoFrame) -> None:
        self._stored_px = (first.width, first.height)
        aspect = float(stream.sample_aspect_ratio or 1)
        self._upright = upright(first, aspect, film.inner, self._reading.turned_deg)
        width, height = self._upright.delivered
        fps = self._reading.fps or (film.shown_fps * film.slow)
        seconds = film.frames / fps if self._reading.fps and film.frames else self._promised_s(stream) / film.slow
        self._info = SourceInfo(printable(self._path), "video", width, height, fps, film.frames, seconds)

    # --- decoding ---------------------------------------------------------------------------------

    def _upcoming(self) -> tuple[int, VideoFrame]:
        """The next frame, kept until it is due. Raises EndOfSource."""
        if self._held is None:
            self._held = next(self._frames, None)
        if self._held is None and self._loop:
            self._begin_again()
            self._held = next(self._frames, None)
        if self._held is None:
            raise EndOfSource
        return self._held

    def _begin_again(self) -> None:
        assert self._container is not None
        assert self._film is not None
        self._container.close()
        self._open(self._film, self._times.last_ns + self._times.step_ns)

    def _decoded(self, container: InputContainer, stream: VideoStream, film: Survey) -> Iterator[VideoFrame]:
        """Every frame that can be decoded, in order; damage is counted and stepped over."""
        pieces = 0
        try:
            for packet in container.demux(stream):
                pieces += packet.size > 0 and not packet.is_discard
                for frame in decoded(packet):
                    if frame is None:
                        self._count_damage()
                    else:
                        yield frame
        except av.error.FFmpegError as error:
            self._damage.ended = f"the file breaks off after {self._times.file_s:.2f} s ({error.strerror})"
            return
        self._damage.still = self._times.frames == 1
        promised_s, played_s = self._promised_s(stream), self._times.file_s
        if played_s < promised_s - (MISSING_AVI_S if container.format.name == "avi" else MISSING_END_S):
            self._damage.ended = f"the file ends early, after {played_s:.2f} of {promised_s:.2f} s"
        elif film.frames is not None and pieces < film.frames:
            self._damage.ended = f"{film.frames - pieces} of {film.frames} frames are missing"

    def _promised_s(self, stream: VideoStream) -> float:
        """How long it should be: its own word, or the container's where only video is in it."""
        container = self._container
        if container is None or (self._film is not None and self._film.clock == "none"):
            return NAN
        # FFmpeg shortens what was cut off.
        if container.format.name == "avi" and stream.frames and stream.time_base:
            return float(stream.frames * stream.time_base)
        if stream.duration is not None and stream.time_base is not None:
            return float(stream.duration * stream.time_base)
        if container.duration is not None and len(container.streams) == 1:
            return container.duration / 1e6
        return NAN

    def _count_damage(self) -> None:
        if not self._damage.packets:
            self._damage.first_s = self._times.file_s
        self._damage.packets += 1
        self._times.lose()

    def _timed(self, frames: Iterator[VideoFrame]) -> Iterator[tuple[int, VideoFrame]]:
        """Frames with their times in ns, always increasing."""
        times, before = self._times, replace(self._damage)
        for frame in frames:
            t_ns = times.stamp(frame)
            self._damage.frames = before.frames + times.frames
            self._damage.disordered = before.disordered + times.disordered
            self._damage.joined = before.joined + times.joined
            if t_ns is not None:
                yield t_ns, frame

    def _image(self, stored: VideoFrame) -> NDArray[np.uint8]:
        if (stored.width, stored.height) != self._stored_px:
            self._damage.resized += 1
        return self._upright.image(stored)
