"""A copy of the analysed video with the measured lines drawn in: to check by eye what the numbers
stand on.

H.264 with 4:2:0 colours in an MP4 whose index comes first: what every browser, phone and editor
plays.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

import av
import cv2
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray

from station.errors import StationError, UsageError
from station.files import TEMPORARY
from station.types import Frame, Joint, Pose, Side, SourceInfo, Step

LONG_SIDE_PX = 1280  # a check by eye needs no more
MS = Fraction(1, 1000)  # as time base, so that uneven frame rates stay true
FILM = "overlay.mp4"
ENCODER = "libx264"
CHAINS = {
    side: tuple(Joint[f"{side}_{name}".upper()] for name in ("shoulder", "hip", "knee", "ankle", "heel", "foot_index"))
    for side in ("left", "right")
}
# Colour-blind safe (IBM palette)
NEAR, FAR, INK, PAPER = (255, 176, 0), (100, 143, 255), (255, 255, 255), (0, 0, 0)


class Overlay:
    """Writes overlay.mp4 into a folder; it has that name only when it is whole.

    Raises UsageError where PyAV has no encoder for it, StationError when the file cannot be
    written.
    """

    def __init__(self, folder: Path, info: SourceInfo) -> None:
        if ENCODER not in av.codecs_available:
            raise UsageError(f"this PyAV has no {ENCODER} for --overlay", "", "install PyAV's own wheel: pip install av")
        self._path = folder / FILM
        self._part = folder / (FILM + TEMPORARY)
        self._scale = min(1.0, LONG_SIDE_PX / max(info.width_px, info.height_px))
        # 4:2:0 colours want even sides.
        self._size = tuple(max(2, round(side * self._scale) // 2 * 2) for side in (info.width_px, info.height_px))
        self._last_ms = -1

    def __enter__(self) -> Self:
        with self._writing():
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file: Any = av.open(str(self._part), "w", format="mp4", options={"movflags": "+faststart"})
        self._stream = cast("VideoStream", self._file.add_stream(ENCODER, rate=30, options={"preset": "veryfast", "crf": "20"}))
        self._stream.width, self._stream.height = self._size
        self._stream.pix_fmt = "yuv420p"
        self._stream.time_base = self._stream.codec_context.time_base = MS
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            with self._writing():
                if self._last_ms >= 0:
                    self._file.mux(self._stream.encode(None))
                self._file.close()
                if kind is None and self._last_ms >= 0:
                    self._part.replace(self._path)
        finally:
            self._part.unlink(missing_ok=True)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            what = f"cannot be written ({error.strerror})"
            raise StationError(what, str(self._path), "choose another --out folder") from None

    def add(self, frame: Frame, pose: Pose, step: Step) -> None:
        image = np.asarray(cv2.resize(frame.image, self._size, interpolation=cv2.INTER_AREA), np.uint8)
        draw(image, pose.xy_px * self._scale, step)
        encoded = av.VideoFrame.from_ndarray(image, format="rgb24")
        self._last_ms = max(self._last_ms + 1, frame.t_ns // 1_000_000)
        encoded.pts, encoded.time_base = self._last_ms, MS
        with self._writing():
            self._file.mux(self._stream.encode(encoded))


def draw(image: NDArray[np.uint8], xy_px: NDArray[np.float32], step: Step) -> None:
    """Draws the runner's lines and the angles as text into `image` (H, W, 3), in place."""
    gait = step.gait
    width = max(2, image.shape[0] // 240)
    near = gait.near_side or "right"
    far: Side = "left" if near == "right" else "right"
    for side, colour in ((far, FAR), (near, NEAR)):
        joints = chain(side, gait.legs_exchanged)
        points = [tuple(np.rint(xy_px[joint]).astype(int)) for joint in joints if np.isfinite(xy_px[joint]).all()]
        for a, b in pairwise(points):
            cv2.line(image, a, b, colour, width, cv2.LINE_AA)
    for row, text in enumerate(_lines(step)):
        place = (12, 28 + 26 * row)
        cv2.putText(image, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.7, PAPER, 4, cv2.LINE_AA)
        cv2.putText(image, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.7, INK, 1, cv2.LINE_AA)


def chain(side: Side, exchanged: bool) -> tuple[Joint, ...]:
    """Shoulder to toe of a side as the core took it, the legs exchanged where labels were."""
    other: Side = "left" if side == "right" else "right"
    return (*CHAINS[side][:1], *CHAINS[other if exchanged else side][1:])


def _lines(step: Step) -> list[str]:
    gait = step.gait
    lines = [f"{gait.t_ns / 1e9:.2f} s  {gait.activity}"]
    if gait.angles is not None:
        for name in ("thigh_near_deg", "knee_flexion_near_deg", "trunk_lean_deg"):
            value = float(gait.angles[name])
            lines.append(f"{name} {value:.0f}" if math.isfinite(value) else f"{name} -")
    cadence = gait.measures.get("cadence_spm")
    if cadence is not None and cadence.measured:
        lines.append(f"cadence_spm {cadence.value:.0f}")
    lines += [f"{fault.rule}: on" for fault in step.faults if fault.state == "on"]
    return lines
