"""The screen: what a runner reads at two metres without turning the head.

`window.Screen` shows snapshots in a window or, without a desktop, on the whole display;
`render_rgb` draws one in memory.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from station.present.screen import page
from station.present.screen.ink import Ink
from station.present.screen.sight import Sight
from station.types import Snapshot

_ink = lru_cache(maxsize=2)(Ink)


def render_rgb(snapshot: Snapshot, size: tuple[int, int], language: str = "en", sight: Sight | None = None) -> NDArray[np.uint8]:
    """The snapshot as (H, W, 3) uint8 RGB for a `size` of (width, height); needs no display."""
    ink = _ink(size, language, sight)
    page.paint(ink, snapshot)
    return np.ascontiguousarray(ink.pixels[..., 2::-1])
