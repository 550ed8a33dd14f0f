"""The screen: what a runner reads at two metres without turning the head.

`Screen` shows snapshots in a window or, without a desktop, on the whole display. `render` and
`render_rgb` draw one snapshot in memory.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from station.present.screen import page
from station.present.screen.ink import Ink
from station.present.screen.sight import Sight
from station.present.screen.window import Screen
from station.types import Snapshot

if TYPE_CHECKING:
    import pygame

__all__ = ["Screen", "render", "render_rgb"]


@lru_cache(maxsize=2)
def _ink(size: tuple[int, int], language: str, sight: Sight | None) -> Ink:
    return Ink(size, language, sight)


def render(snapshot: Snapshot, size: tuple[int, int], language: str = "en", sight: Sight | None = None) -> pygame.Surface:
    """The snapshot as a surface of (width, height) pixels; needs no display."""
    ink = _ink(size, language, sight)
    page.paint(ink, snapshot)
    return ink.surface.copy()


def render_rgb(snapshot: Snapshot, size: tuple[int, int], language: str = "en", sight: Sight | None = None) -> NDArray[np.uint8]:
    """The snapshot as (H, W, 3) uint8 RGB for a `size` of (width, height); needs no display."""
    ink = _ink(size, language, sight)
    page.paint(ink, snapshot)
    return np.ascontiguousarray(ink.pixels[..., 2::-1])
