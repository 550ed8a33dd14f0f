"""The times of a film's frames: which clock to believe, slow motion, no made-up time."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Literal

from av.video.frame import VideoFrame

from station.types import NAN, NS

Which = Literal["pts", "dts", "none"]

# A step back by more is a recording joined to another one, less is a disordered frame (chosen)
BREAK_S = 0.5
DISORDERED = 0.01  # more frames out of order than this share is a fault of the file
WORST = 0.1  # a clock that steps back more often than this does not rise (chosen)
# Formats that are nothing but a codec's bytes: what FFmpeg tells as their times is its own default
# of 25 a second.
RAW = frozenset(("h264", "hevc", "mjpeg", "jpeg_pipe", "mpegvideo", "m4v"))
# Keys under which cameras keep the rate at which a slow-motion film was taken
# ("com.android.capture.fps", "...captureFps").
CAPTURE_KEY = re.compile(r"capture[^a-z]*(fps|frame[^a-z]*rate|rate)$")
SAME_RATE = 1.15  # phones write 30 for 29.97 and for 27.3 in poor light
MOST_SCALED = 40.0  # 960 a second shown at 24; beyond that the tag is no rate


def clock_of(times: Sequence[tuple[int | None, int | None]]) -> Which:
    """Which clock rises from frame to frame, by a film's first (pts, dts) in order of showing.

    An AVI has no times of showing: where its film has B frames, FFmpeg gives the times of decoding
    as pts. The times of decoding rise with every frame that comes out, so there dts is right, late
    by a constant.
    """
    faults = {name: _steps_back([one[place] for one in times]) for place, name in enumerate(("pts", "dts"))}
    best = min(faults, key=lambda name: faults[name])
    return best if faults[best] <= WORST else "none"  # type: ignore[return-value]


def _steps_back(times: Sequence[int | None]) -> float:
    """The share of steps that do not rise; above 1 without times. A single frame needs none."""
    known = [time for time in times if time is not None]
    if len(known) < 2:
        return 0.0 if len(times) == 1 else 2.0
    return sum(later <= earlier for earlier, later in pairwise(known)) / (len(known) - 1)


def capture_rate(tags: Mapping[str, str]) -> float:
    """Frames a second that the camera says it took; NaN where it does not say."""
    for key, value in tags.items():
        if CAPTURE_KEY.search(key.lower()):
            try:
                rate = float(value)
            except ValueError:
                continue
            if 0 < rate < 100_000:
                return rate
    return NAN


def slowness(captured_fps: float, shown_fps: float) -> float:
    """How many times slower than life it is shown: 1 where the tag says nothing usable."""
    ratio = captured_fps / shown_fps if shown_fps > 0 else NAN
    return ratio if SAME_RATE < ratio < MOST_SCALED or 1 / MOST_SCALED < ratio < 1 / SAME_RATE else 1.0


class FrameClock:
    """Times of frames in ns: increasing from `start_ns`, `slow` times faster than in the file.

    fps: count frames at this rate instead (what a person says wins over the file). step_ns: from
    frame to frame in the file, for the few frames without a time of their own.
    """

    def __init__(self, which: Which, step_ns: int, slow: float = 1.0, fps: float | None = None, start_ns: int = 0) -> None:
        self._which, self._step_ns, self._slow, self._fps = which, step_ns, slow, fps
        self._start_ns, self.last_ns = start_ns, start_ns
        self._offset_ns: int | None = None
        self._file_ns = 0  # in the file's own time, from the first frame
        self._counted = 0
        self.frames = self.disordered = self.joined = 0

    @property
    def file_s(self) -> float:
        """How much of the file was played, by its own clock."""
        return self._file_ns / NS

    @property
    def step_ns(self) -> int:
        """From one frame to the next as delivered."""
        return round(NS / self._fps) if self._fps else round(self._step_ns / self._slow)

    def lose(self) -> None:
        """A frame that could not be decoded: it took its time all the same."""
        self._counted += 1

    def stamp(self, frame: VideoFrame) -> int | None:
        """The frame's time; None for one not later than the frame before, which is left out."""
        self.frames += 1
        rises = self._follow(frame)
        if self._fps:
            self.last_ns = self._start_ns + round(self._counted * NS / self._fps)
            self._counted += 1
            return self.last_ns
        if not rises:
            self.disordered += 1
            return None
        self.last_ns = self._start_ns + round(self._file_ns / self._slow)
        return self.last_ns

    def _follow(self, frame: VideoFrame) -> bool:
        """Read the file's clock; whether it went on."""
        ticks = frame.dts if self._which == "dts" else frame.pts if self._which == "pts" else None
        stamp_ns = None if ticks is None or frame.time_base is None else round(ticks * frame.time_base * NS)
        if stamp_ns is None or self._offset_ns is None:
            self._file_ns += self._step_ns if self.frames > 1 else 0
            self._offset_ns = None if stamp_ns is None else self._file_ns - stamp_ns
            return True
        file_ns = stamp_ns + self._offset_ns
        if file_ns <= self._file_ns - BREAK_S * NS:
            self.joined += 1
            self._offset_ns += self._file_ns + self._step_ns - file_ns
            file_ns = self._file_ns + self._step_ns
        elif file_ns <= self._file_ns:
            return False
        self._file_ns = file_ns
        return True
