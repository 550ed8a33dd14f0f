"""Rectangles of the page, cut from one another so that a layout reads from outside to inside."""

from __future__ import annotations

from typing import NamedTuple


class Box(NamedTuple):
    """A rectangle in page units (see `Ink`): left, top, width, height."""

    x: float
    y: float
    w: float
    h: float

    @property
    def right(self) -> float:
        return self.x + self.w

    @property
    def bottom(self) -> float:
        return self.y + self.h

    @property
    def centre(self) -> tuple[float, float]:
        return self.x + self.w / 2, self.y + self.h / 2

    def inset(self, dx: float, dy: float | None = None) -> Box:
        dy = dx if dy is None else dy
        return Box(self.x + dx, self.y + dy, self.w - 2 * dx, self.h - 2 * dy)

    def cut_left(self, width: float, gap: float = 0) -> tuple[Box, Box]:
        """(the left part of that width, the rest beyond the gap)."""
        return Box(self.x, self.y, width, self.h), Box(self.x + width + gap, self.y, self.w - width - gap, self.h)

    def cut_right(self, width: float, gap: float = 0) -> tuple[Box, Box]:
        """(the right part of that width, the rest beyond the gap)."""
        return Box(self.right - width, self.y, width, self.h), Box(self.x, self.y, self.w - width - gap, self.h)

    def cut_top(self, height: float, gap: float = 0) -> tuple[Box, Box]:
        """(the top part of that height, the rest beyond the gap)."""
        return Box(self.x, self.y, self.w, height), Box(self.x, self.y + height + gap, self.w, self.h - height - gap)

    def cut_bottom(self, height: float, gap: float = 0) -> tuple[Box, Box]:
        """(the bottom part of that height, the rest beyond the gap)."""
        return Box(self.x, self.bottom - height, self.w, height), Box(self.x, self.y, self.w, self.h - height - gap)

    def columns(self, count: int, gap: float = 0) -> list[Box]:
        width = (self.w - gap * (count - 1)) / count
        return [Box(self.x + i * (width + gap), self.y, width, self.h) for i in range(count)]

    def rows(self, count: int, gap: float = 0) -> list[Box]:
        height = (self.h - gap * (count - 1)) / count
        return [Box(self.x, self.y + i * (height + gap), self.w, height) for i in range(count)]
