"""A photograph of the treadmill as a source that shows it for a moment."""

from __future__ import annotations

from pathlib import Path
from typing import Self

import cv2
import numpy as np

from station.errors import printable
from station.ports import EndOfSource
from station.sense.film_frame import MAX_SIDE_PX
from station.sense.opened import Opened
from station.sense.picture_file import read_picture
from station.types import NS, Frame, SourceInfo

TIMES, FPS = 12, 10.0  # long enough for whoever follows people to trust that somebody stands there


class StillSource(Opened):
    """A `Source[Frame]`: a photograph so many times. Raises InputError on entering."""

    def __init__(self, path: Path, times: int = TIMES) -> None:
        self._path, self._times = path, times
        self._seq = 0

    def __enter__(self) -> Self:
        picture = read_picture(self._path)
        scale = min(1.0, MAX_SIDE_PX / max(picture.shape[:2]))
        if scale < 1:
            size = tuple(max(1, round(side * scale)) for side in picture.shape[1::-1])
            picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
        self._image = picture
        height, width = self._image.shape[:2]
        self._info = SourceInfo(printable(self._path), "video", width, height, FPS, self._times, self._times / FPS)
        self._seq = 0
        return self


    def read(self, timeout_s: float) -> Frame | None:
        self.info  # noqa: B018 (refuses a closed source)
        if self._seq == self._times:
            raise EndOfSource
        self._seq += 1
        return Frame(round((self._seq - 1) * NS / FPS), self._seq - 1, self._image)
