"""What a film's first frames tell of all of it: clock, rate, interlaced lines, bars."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import fmean, median

import av.error
import numpy as np
from av.container import InputContainer
from av.filter import Graph
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from station.errors import InputError
from station.sense.film_clock import RAW, Which, capture_rate, clock_of, slowness
from station.sense.film_track import decoded, film_track, open_film, prepared
from station.types import NAN, NS

LOOK_FRAMES = 60  # two seconds of a usual film
FADE_FRAMES = 300  # a film that begins black is looked at for longer
BARS_EVERY = 5  # bars are looked for in every fifth frame, at this size at most
BARS_SIDE_PX = 1920  # chosen: larger frames are looked at shrunk
FLAT_LEVEL = 16  # of 255: how far a bar's colour may wander; compression alone makes it 8 (chosen)
# A bar ends along this share of its side at once: no head before a white wall does (chosen)
EDGE_LEVEL, EDGE_SHARE = 24, 0.15
EDGE_BLUR = 1 / 150  # of the side: so far compression blurs that end (chosen)
# Of the frame's area inside the bars: smaller bars hide nobody, and a dark treadmill's side is no
# bar (chosen)
MOST_LEFT = 0.5
BARS_FRAMES = 25  # fewer frames cannot tell a bar from a wall
USUAL = 0.2  # steps between frames this close to the median are averaged: containers round to 1 ms
INTERLACED_SHARE = 0.6  # of the frames in which FFmpeg's idet can tell (chosen)
INTERLACED_FRAMES = 15  # chosen
Box = tuple[float, float, float, float]  # x0, y0, x1, y1 as fractions of the stored frame
WHOLE: Box = (0.0, 0.0, 1.0, 1.0)  # x0, y0, x1, y1 as fractions
NOTHING: Box = (0.0, 0.0, 0.0, 0.0)  # likewise


@dataclass(frozen=True)
class Survey:
    """How to play a film.

    track: index of its stream. clock, step_ns: see FrameClock. slow: how many times slower than
    life it is shown. parity: "" where frames are whole, else which field comes first ("auto",
    "tff", "bff"). inner: the part inside its bars. frames: how many the file lists, None where
    it does not. shown_fps: the file's own rate, NaN for a single frame.
    """

    track: int
    clock: Which
    step_ns: int
    slow: float
    parity: str
    inner: Box
    frames: int | None
    notes: tuple[str, ...]

    @property
    def shown_fps(self) -> float:
        return NS / self.step_ns if self.step_ns else NAN


def survey(path: Path, fps: float | None) -> Survey:
    """Raises InputError for no film, and for one without times unless `fps` is given."""
    with open_film(path) as container:
        track = film_track(container, path)
    with open_film(path) as container:
        stream = prepared(container.streams[track.index])  # type: ignore[arg-type]
        raw = container.format.name in RAW
        look = _Look()
        for frame in _frames(container, stream):
            look.add(frame)
            if look.enough:
                break
        if not look.times:
            raise InputError("no frame in it can be decoded", str(path), "copy the file again or convert it to MP4")
        clock: Which = "none" if raw else clock_of(look.times)
        if clock == "none" and fps is None:
            raise _timeless(path, raw, stream, look)
        step_ns = look.step_ns(clock)
        captured = capture_rate({**container.metadata, **stream.metadata})
        slow = slowness(captured, NS / step_ns) if step_ns and fps is None else 1.0
        notes = [track.note] if track.note else []
        if clock == "dts" and fps is None:
            notes.append("it carries no times of showing: those of decoding are taken, which rise as evenly")
        if slow != 1:
            notes.append(_slow_note(captured, NS / step_ns, slow))
        if look.parity:
            notes.append("its lines are interlaced: made whole from half of them, angles may be off by a degree")
        if look.inner not in (WHOLE, NOTHING):
            notes.append("bars of one colour around the picture are cut off")
        inner = look.inner if look.inner != NOTHING else WHOLE
        return Survey(track.index, clock, step_ns, slow, look.parity, inner, _listed(container.format.name, stream), tuple(notes))


def _slow_note(captured: float, shown: float, slow: float) -> str:
    what = f"slow motion, {slow:.3g} times" if slow > 1 else f"sped up, {1 / slow:.3g} times"
    return f"{what}: taken at {captured:.4g} frames a second by its tag, shown at {shown:.4g}; times are those of the camera"


def _timeless(path: Path, raw: bool, stream: VideoStream, look: _Look) -> InputError:
    """A film of bare frames, or one whose clocks stand still or jump about."""
    if raw and len(look.times) == 1:
        return InputError("is a photograph, not a film", str(path), "name a file with moving pictures")
    rate = stream.codec_context.framerate
    hint = f" (its header says {float(rate):.4g})" if raw and rate and float(rate) != 25 else ""
    if raw or all(time is None for pair in look.times for time in pair):
        what = "does not carry the times of its frames"
    else:
        what = "the times of its frames do not rise"
    return InputError(what, str(path), f"say how many the camera took a second with --fps{hint}, or record to MP4")


def _listed(format_name: str, stream: VideoStream) -> int | None:
    """How many frames will be shown, by the file's index.

    In an MP4 or MOV the edit list decides which of those stored are; an AVI counts empty pieces
    where a frame was dropped.
    """
    if stream.frames and (format_name == "avi" or "mp4" in format_name):
        return sum(not entry.is_discard and entry.size > 0 for entry in stream.index_entries) or None
    return stream.frames or None


def _frames(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    """Whole frames, as far as they can be decoded."""
    with suppress(av.error.FFmpegError):
        for packet in container.demux(stream):
            yield from (frame for frame in decoded(packet) if frame is not None)


class _Look:
    """Gathers what `Survey` needs from one frame after the other."""

    def __init__(self) -> None:
        self.times: list[tuple[int | None, int | None]] = []
        self._tick_ns = 0.0
        self._flagged = 0
        self._idet: Graph | None = None
        self._idet_says: dict[str, str] = {}
        self._low: NDArray[np.uint8] | None = None
        self._high: NDArray[np.uint8] | None = None
        self._first: tuple[int, int, str] | None = None

    @property
    def enough(self) -> bool:
        n = len(self.times)
        return n >= FADE_FRAMES or (n >= LOOK_FRAMES and self.inner != NOTHING)

    def add(self, frame: VideoFrame) -> None:
        self.times.append((frame.pts, frame.dts))
        if frame.time_base is not None:
            self._tick_ns = float(frame.time_base) * NS
        self._first = self._first or (frame.width, frame.height, frame.format.name)
        if (frame.width, frame.height, frame.format.name) != self._first:
            return
        if len(self.times) % BARS_EVERY == 1:
            self._widen(frame)
        if len(self.times) <= LOOK_FRAMES:
            self._flagged += frame.interlaced_frame
            self._ask_idet(frame)

    def step_ns(self, clock: Which) -> int:
        """The usual time from frame to frame by that clock, 0 where it is not known."""
        if clock == "none":
            return 0
        times = [pair[0 if clock == "pts" else 1] for pair in self.times]
        steps = [later - earlier for earlier, later in pairwise(t for t in times if t is not None) if later > earlier]
        middle = median(steps) if steps else 0
        usual = [step for step in steps if abs(step - middle) <= USUAL * middle]
        return round(fmean(usual) * self._tick_ns) if usual else 0

    # --- interlaced lines ---

    def _ask_idet(self, frame: VideoFrame) -> None:
        """FFmpeg's own detector, for films that are interlaced and do not say so."""
        if self._idet is None:
            self._idet = graph_of(frame, "idet", "")
        self._idet.push(frame)
        for seen in pulled(self._idet):
            self._idet_says |= {key.removeprefix("lavfi.idet.multiple."): value for key, value in seen.metadata.items()}

    @property
    def parity(self) -> str:
        n = min(len(self.times), LOOK_FRAMES)
        if 2 * self._flagged > n:
            return "auto"
        top, bottom, whole = (int(float(self._idet_says.get(kind, "0"))) for kind in ("tff", "bff", "progressive"))
        judged = top + bottom + whole
        if judged < INTERLACED_FRAMES or max(top, bottom) < INTERLACED_SHARE * judged:
            return ""
        return "tff" if top > bottom else "bff"

    # --- bars ---

    def _widen(self, frame: VideoFrame) -> None:
        """Keep the darkest and the brightest value that each pixel had."""
        scale = min(1.0, BARS_SIDE_PX / max(frame.width, frame.height))
        wide, high = max(1, round(frame.width * scale)), max(1, round(frame.height * scale))
        image = np.asarray(frame.to_ndarray(format="rgb24", width=wide, height=high), np.uint8)
        if self._low is None or self._high is None:
            self._low, self._high = image, image.copy()
        else:
            np.minimum(self._low, image, out=self._low)
            np.maximum(self._high, image, out=self._high)

    @property
    def inner(self) -> Box:
        """The part inside its bars; NOTHING while only one colour was seen."""
        if self._low is None or self._high is None or len(self.times) < BARS_FRAMES:
            return WHOLE
        return inside_bars(self._low, self._high)


def inside_bars(low: NDArray[np.uint8], high: NDArray[np.uint8]) -> Box:
    """Where the image is: by the least and greatest value of each pixel over time, (H, W, 3) uint8.

    NOTHING for one colour all over, WHOLE where there are no bars.
    """
    x0, y0, (y1, x1) = 0, 0, low.shape[:2]
    height, width = y1, x1
    # A small image with bars on all sides: each pair shows only within the other.
    for _ in range(2):
        left, right = (_bar(low[y0:y1, x0:x1].swapaxes(0, 1), high[y0:y1, x0:x1].swapaxes(0, 1), end) for end in (1, -1))
        if left >= x1 - x0:
            return NOTHING
        x0, x1 = x0 + left, x1 - right
        top, bottom = (_bar(low[y0:y1, x0:x1], high[y0:y1, x0:x1], end) for end in (1, -1))
        y0, y1 = y0 + top, y1 - bottom
    if (x1 - x0) * (y1 - y0) > MOST_LEFT * width * height:
        return WHOLE
    return x0 / width, y0 / height, x1 / width, y1 / height


def _bar(low: NDArray[np.uint8], high: NDArray[np.uint8], end: int) -> int:
    """How many lines from that end (1 first, -1 last) are of one colour that then stops at once.

    All of them where there is nothing but one colour.
    """
    low, high = low[::end], high[::end]
    least = np.minimum.accumulate(low.min(axis=1).astype(np.int16))
    most = np.maximum.accumulate(high.max(axis=1).astype(np.int16))
    flat: NDArray[np.bool_] = np.all(most - least <= FLAT_LEVEL, axis=1)
    lines = len(flat) if flat.all() else int(np.argmin(flat))
    if lines in (0, len(flat)):
        return lines
    colour = (least[lines - 1] + most[lines - 1]) // 2
    beyond = min(lines + max(2, round(EDGE_BLUR * len(flat))), len(flat) - 1)
    off = np.maximum(np.abs(low[beyond] - colour), np.abs(high[beyond] - colour)).max(axis=1)
    return lines if (off > EDGE_LEVEL).mean() >= EDGE_SHARE else 0


# --- FFmpeg's filters ---


def graph_of(frame: VideoFrame, name: str, options: str) -> Graph:
    """A filter for frames like this one, ready to be fed."""
    graph = Graph()
    base = frame.time_base
    source = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=base)
    graph.link_nodes(source, graph.add(name, options), graph.add("buffersink")).configure()
    return graph


def pulled(graph: Graph) -> Iterator[VideoFrame]:
    """What the filter has ready."""
    while True:
        try:
            frame = graph.pull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return
        if isinstance(frame, VideoFrame):
            yield frame
