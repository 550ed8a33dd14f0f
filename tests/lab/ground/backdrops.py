"""What is behind the person where the gym is not: frames of the open footage, or coloured noise."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import cv2
import numpy as np

FOOTAGE = Path(__file__).resolve().parents[4] / "shared" / "data" / "video"
"""Open films (BSD-3, Apache-2.0), where they lie beside the checkout."""
EVERY_FRAMES = 12
SMALL_PX = 480


class Backdrops:
    """`draw` gives a random backdrop. Without the footage every one is noise."""

    def __init__(self, folder: Path = FOOTAGE) -> None:
        films = sorted([*folder.rglob("*.mp4"), *folder.rglob("*.avi")])
        self._stills = [still for path in films for still in _stills(path)]

    def draw(self, rng: np.random.Generator, size_px: int, still: bool) -> np.ndarray:
        """(S, S, 3) uint8 RGB."""
        if not (still and self._stills):
            return _noise(rng, size_px)
        picture = self._stills[int(rng.integers(len(self._stills)))]
        side = int(rng.uniform(0.35, 1.0) * min(picture.shape[:2]))
        y, x = (int(rng.integers(n - side + 1)) for n in picture.shape[:2])
        part = picture[y : y + side, x : x + side]
        if rng.random() < 0.5:
            part = part[:, ::-1]
        return cv2.resize(np.ascontiguousarray(part), (size_px, size_px), interpolation=cv2.INTER_AREA)


@cache
def _stills(path: Path) -> list[np.ndarray]:
    film, out, i = cv2.VideoCapture(str(path)), [], 0
    while film.grab():
        if i % EVERY_FRAMES == 0:
            known, bgr = film.retrieve()
            if known:
                zoom = SMALL_PX / min(bgr.shape[:2])
                small = cv2.resize(bgr, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA)
                out.append(cv2.cvtColor(small, cv2.COLOR_BGR2RGB))
        i += 1
    film.release()
    return out


def _noise(rng: np.random.Generator, size_px: int) -> np.ndarray:
    """Coloured value noise of several sizes."""
    out = np.zeros((size_px, size_px, 3), np.float32) + rng.uniform(20, 235, 3).astype("f4")
    for cells in (2, 4, 9, 24):
        grid = rng.standard_normal((cells, cells, 3)).astype("f4") * rng.uniform(0, 60) / np.sqrt(cells / 2)
        out += cv2.resize(grid, (size_px, size_px), interpolation=cv2.INTER_CUBIC)
    return np.clip(out, 0, 255).astype(np.uint8)
