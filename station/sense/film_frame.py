"""From a stored frame to the one people see: whole lines, no bars, upright, honest size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from av.filter import Graph
from av.sidedata.sidedata import Type as SideDataType
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from station.sense.film_survey import Box, graph_of, pulled
from station.types import NS

# Larger frames are reduced: a body of 1000 px says no more to a 256-px model, and 8K is 100 MB a
# frame.
MAX_SIDE_PX = 1920


@dataclass(frozen=True)
class Upright:
    """How a stored frame becomes the one that people see: scaled, cropped, mirrored, turned.

    crop: x0, y0, x1, y1 in pixels of the scaled frame. turns: quarter turns counter-clockwise,
    after the left-right flip.
    """

    width_px: int
    height_px: int
    crop: tuple[int, int, int, int]
    turns: int = 0
    flip: bool = False

    @property
    def delivered(self) -> tuple[int, int]:
        """Width and height after turning."""
        x0, y0, x1, y1 = self.crop
        return (y1 - y0, x1 - x0) if self.turns % 2 else (x1 - x0, y1 - y0)

    def image(self, frame: VideoFrame) -> NDArray[np.uint8]:
        """(H, W, 3) uint8 RGB, contiguous."""
        x0, y0, x1, y1 = self.crop
        image = frame.to_ndarray(format="rgb24", width=self.width_px, height=self.height_px)[y0:y1, x0:x1]
        if self.flip:
            image = image[:, ::-1]
        return np.ascontiguousarray(np.rot90(image, self.turns))


def upright(frame: VideoFrame, pixel_aspect: float, inner: Box, turned_deg: int) -> Upright:
    """How to show frames like this one: without bars or the file's rotation, MAX_SIDE_PX at most.

    pixel_aspect: width over height of one stored pixel. turned_deg: quarter turns clockwise on top
    of what the file says.
    """
    width, height = frame.width * pixel_aspect, float(frame.height)
    x0, y0, x1, y1 = inner
    scale = min(1.0, MAX_SIDE_PX / max(width * (x1 - x0), height * (y1 - y0)))
    wide, high = max(1, round(width * scale)), max(1, round(height * scale))
    box = (-int(-x0 * wide), -int(-y0 * high), max(1, int(x1 * wide)), max(1, int(y1 * high)))
    turns, flip = _rotation(frame)
    return Upright(wide, high, box, (turns - turned_deg // 90) % 4, flip)


def _rotation(frame: VideoFrame) -> tuple[int, bool]:
    """(Quarter turns counter-clockwise, whether to flip left-right first) by the display matrix.

    The matrix maps stored (x, y), y down, to shown: x' = a x + c y, y' = b x + d y, 16.16 fixed
    point (ISO/IEC 14496-12, tkhd).
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


class Deinterlacer:
    """FFmpeg's bwdif, one frame for one: its time is that of its first field.

    parity: which field comes first: "auto" as each frame says, "tff" (top), "bff" (bottom).
    """

    def __init__(self, parity: str) -> None:
        self._options = f"mode=send_frame:parity={parity}:deint=all"
        self._graph: Graph | None = None
        self._like: tuple[int, int, str] | None = None

    def __call__(self, frames: Iterator[tuple[int, VideoFrame]]) -> Iterator[tuple[int, VideoFrame]]:
        """Frames with their times in ns, one late, so that the next one's lines are known."""
        for t_ns, frame in frames:
            frame.pts, frame.time_base = t_ns, Fraction(1, NS)
            like = (frame.width, frame.height, frame.format.name)
            if self._graph is None or self._like != like:
                yield from self._rest()
                self._graph, self._like = graph_of(frame, "bwdif", self._options), like
            self._graph.push(frame)
            yield from _timed(self._graph)
        yield from self._rest()

    def _rest(self) -> Iterator[tuple[int, VideoFrame]]:
        if self._graph is not None:
            self._graph.push(None)
            yield from _timed(self._graph)
            self._graph = None


def _timed(graph: Graph) -> Iterator[tuple[int, VideoFrame]]:
    for frame in pulled(graph):
        if frame.pts is not None and frame.time_base is not None:
            yield round(frame.pts * frame.time_base * NS), frame
