"""Ink: the few strokes that views draw with, sub-pixel and anti-aliased, and type that is measured.

Views speak in page units: the page is 1280 x 720 units or more (portrait 720 x 1280 or more), so
that one layout serves every screen of that shape. Shapes go through OpenCV straight into the pixels
(float positions, smooth edges, nothing allocated); words are glyph surfaces of pygame, rendered
once and kept. What does not move is drawn once per page and copied.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from station.language import catalogue
from station.present.screen.box import Box
from station.present.screen.sight import Sight
from station.present.screen.theme import GROUND, HEAD, TEXT, Colour, Weight

FONTS = Path(__file__).parent / "fonts"
# Where a line of a language without spaces may be broken: at the borders of its phrases.
BREAK = "\u200b"
LINE = 1.22  # from baseline to baseline, in em; headlines are set closer
SUBPIXEL = 5  # bits
HEADLINE = 1.1  # line height over size (chosen)
# Chosen: a page has up to 35, and its clock makes a new one each second; in Full HD one takes up to
# 0.3 MB.
KEPT_WORDS = 80
KEPT_LAYERS = 6  # chosen: the views of a minute

Align = Literal["left", "centre", "right"]
Point = tuple[float, float]


class Placed(NamedTuple):
    """A line of text as it was set, in page units: what the tests measure. `shrunk` is 1 where the
    asked size fitted; `em` is the size it was set in."""

    words: str
    ink: Box
    box: Box
    shrunk: float
    em: float


class Face(NamedTuple):
    """A typeface: files by weight; in em what stems, tails and capitals fill."""

    files: Mapping[Weight, str]
    ascent: float
    descent: float
    cap: float


LATIN = Face({"Medium": "Inter-Medium.ttf", "SemiBold": "Inter-SemiBold.ttf"}, 0.78, 0.22, 0.727)
JAPANESE = Face({"Medium": "NotoSansJP-Regular.otf", "SemiBold": "NotoSansJP-Bold.otf"}, 0.88, 0.14, 0.76)


class Ink:
    """Draws one page of `size` (width, height) pixels, again and again."""

    def __init__(self, size: tuple[int, int], language: str = "en", sight: Sight | None = None) -> None:
        """Words are English, set in a `language` of TONGUES. `sight`: how the page is seen."""
        import pygame

        pygame.font.init()
        self._font_class = pygame.font.Font
        self.language = language
        self._catalogue = catalogue(language)
        self._face = JAPANESE if language == "ja" else LATIN
        self._sight = sight or Sight()
        width, height = size
        self.portrait = height > width
        base = (720, 1280) if self.portrait else (1280, 720)
        self.unit = min(width / base[0], height / base[1])  # pixels per page unit
        self.page = Box(0, 0, width / self.unit, height / self.unit)
        # Em that is read in a glance.
        self.least = self._sight.least_mm / self._face.cap * self.page.w / self._sight.width_mm
        # BGRA, as SDL's displays have it.
        self.pixels: NDArray[np.uint8] = np.zeros((height, width, 4), np.uint8)
        # The same memory.
        self.surface = pygame.image.frombuffer(self.pixels.data, (width, height), "BGRA")
        self.surface.set_alpha(None)
        self.placed: list[Placed] | None = None  # a test puts a list here
        self._font = lru_cache(maxsize=None)(self._opened)
        self._glyphs = lru_cache(maxsize=KEPT_WORDS)(self._rendered)
        self._layers: OrderedDict[Hashable, NDArray[np.uint8]] = OrderedDict()

    # --- what does not move ---

    def static(self, key: Hashable, draw: Callable[[], None]) -> None:
        """Begin a page: clear it and `draw` what stands still, or copy it from the last time."""
        layer = self._layers.get(key)
        if layer is None:
            self.pixels[:] = (*GROUND[::-1], 255)
            draw()
            self._layers[key] = self.pixels.copy()
            while len(self._layers) > KEPT_LAYERS:
                self._layers.popitem(last=False)
        else:
            np.copyto(self.pixels, layer)
            self._layers.move_to_end(key)

    # --- shapes ---

    def line(self, points: ArrayLike, colour: Colour, width: float, *, closed: bool = False) -> None:
        """A polyline (N, 2) with round joints; gaps of NaN stay gaps."""
        thick = max(round(width * self.unit), 1)
        for run in _unbroken(np.asarray(points, float)):
            cv2.polylines(self.pixels, [self._fixed(run)], closed, _bgra(colour), thick, cv2.LINE_AA, SUBPIXEL)

    def polygon(self, points: ArrayLike, colour: Colour) -> None:
        points = np.asarray(points, float)
        if np.isfinite(points).all():
            cv2.fillPoly(self.pixels, [self._fixed(points)], _bgra(colour), cv2.LINE_AA, SUBPIXEL)

    def disc(self, centre: Point, radius: float, colour: Colour) -> None:
        if np.isfinite(centre).all():
            x, y = (round(v * self.unit * 2**SUBPIXEL) for v in centre)
            cv2.circle(self.pixels, (x, y), round(radius * self.unit * 2**SUBPIXEL), _bgra(colour), -1, cv2.LINE_AA, SUBPIXEL)

    def ring(self, centre: Point, radius: float, colour: Colour, width: float) -> None:
        self.line(arc(centre, radius, -180, 180), colour, width, closed=True)

    def bar(self, box: Box, colour: Colour, radius: float = 0) -> None:
        """A filled rectangle with round corners, its edges on whole pixels."""
        left, top, right, bottom = (round(v * self.unit) for v in (box.x, box.y, box.right, box.bottom))
        r = min(round(radius * self.unit), (right - left) // 2, (bottom - top) // 2)
        fill = (*colour[::-1], 255)
        self.pixels[top + r : bottom - r, left:right] = fill
        self.pixels[top:bottom, left + r : right - r] = fill
        if r > 0:
            # OpenCV counts from pixel centres and smooths half a pixel beyond the radius.
            fixed, radius_fixed = 2**SUBPIXEL, round((r - 1) * 2**SUBPIXEL)
            for x in (left + r - 0.5, right - r - 0.5):
                for y in (top + r - 0.5, bottom - r - 0.5):
                    at = round(x * fixed), round(y * fixed)
                    cv2.circle(self.pixels, at, radius_fixed, _bgra(colour), -1, cv2.LINE_AA, SUBPIXEL)

    def sector(self, centre: Point, inner: float, outer: float, start_deg: float, end_deg: float, colour: Colour) -> None:
        """The part of a ring between two angles (see `arc`)."""
        self.polygon(np.concatenate([arc(centre, outer, start_deg, end_deg), arc(centre, inner, end_deg, start_deg)]), colour)

    def image(self, image: NDArray[np.uint8], box: Box) -> Box:
        """An RGB image (h, w, 3), as large as fits into the box; returns where it lies."""
        height, width = image.shape[:2]
        scale = min(box.w / width, box.h / height)
        x, y = box.x + (box.w - width * scale) / 2, box.y + (box.h - height * scale) / 2
        left, top, w, h = (round(v * self.unit) for v in (x, y, width * scale, height * scale))
        target = self.pixels[top : top + h, left : left + w]
        target[..., :3] = cv2.resize(image, (target.shape[1], target.shape[0]), interpolation=cv2.INTER_LINEAR)[..., ::-1]
        return Box(x, y, width * scale, height * scale)

    # --- words ---

    def text(
        self,
        words: str,
        box: Box,
        size: float,
        colour: Colour = TEXT,
        *,
        weight: Weight = "Medium",
        align: Align = "left",
        at: Literal["top", "middle", "bottom"] = "middle",
        lines: int = 1,
    ) -> Box:
        """Words set in the box at that size, in at most `lines`; returns the box of their ink.

        What comes from outside (a reason, a path) may be longer than its box: it is set smaller,
        down to 60 %, then cut.
        """
        if not words:
            return Box(box.x, box.y, 0, 0)
        rows, shrunk = self._fit(self._catalogue.text(words), box, size, weight, lines)
        em = size * shrunk
        step = _leading(em) * em
        face = self._face
        height = (len(rows) - 1) * step + (face.ascent + face.descent) * em
        first = {
            "top": box.y + face.ascent * em,
            "middle": box.y + (box.h - (len(rows) - 1) * step + face.cap * em) / 2,
            "bottom": box.bottom - height + face.ascent * em,
        }[at]
        inks = [self._set(row, box, first + i * step, em, colour, weight, align) for i, row in enumerate(rows)]
        if self.placed is not None:
            self.placed += [Placed(row, ink, box, shrunk, em) for row, ink in zip(rows, inks, strict=True)]
        return _hull(inks)

    def glance(
        self,
        words: str,
        box: Box,
        size: float,
        colour: Colour = TEXT,
        *,
        weight: Weight = "SemiBold",
        align: Align = "left",
        at: Literal["top", "middle", "bottom"] = "middle",
        lines: int = 1,
    ) -> bool:
        """Words to read while running: at that size or the least readable, or not; True if set."""
        em = max(size, self.least)
        shrunk = self._fit(self._catalogue.text(words), box, em, weight, lines)[1]
        smallest = max(self.least, 0.6 * em)
        # A longer language is set smaller, as long as it can be read.
        while shrunk < 1 and em * 0.95 >= smallest:
            em *= 0.95
            shrunk = self._fit(self._catalogue.text(words), box, em, weight, lines)[1]
        if shrunk < 1 or not words:
            return False
        self.text(words, box, em, colour, weight=weight, align=align, at=at, lines=lines)
        return True

    def said(self, words: str) -> str:
        """English words in the page's language; words of that language stay as they are."""
        return self._catalogue.text(words)

    def width(self, words: str, size: float) -> float:
        """How wide those words run in the page's language, in page units."""
        return self._run(self._catalogue.text(words), size, "Medium")

    def rows(self, words: str, width: float, size: float, weight: Weight = "Medium") -> int:
        """How many lines those words fill at that width."""
        return len(self._wrap(self._catalogue.text(words), width, size, weight))

    def line_height(self, em: float) -> float:
        """What one line of that size needs."""
        return self._height(1, em)

    def _run(self, words: str, size: float, weight: Weight) -> float:
        return self._font(self._em_px(size), weight).size(words)[0] / self.unit

    def _height(self, rows: int, em: float) -> float:
        """What that many lines need with their capitals centred: room for tails below and above."""
        return ((rows - 1) * _leading(em) + self._face.cap + 2 * self._face.descent) * em

    def _fit(self, words: str, box: Box, size: float, weight: Weight, lines: int) -> tuple[list[str], float]:
        for percent in range(100, 55, -5):
            em = size * percent / 100
            rows = self._wrap(words, box.w, em, weight)
            fits = all(self._run(row, em, weight) <= box.w for row in rows)
            if fits and len(rows) <= lines and self._height(len(rows), em) <= box.h + 0.5:
                return rows, percent / 100
        kept = self._wrap(words, box.w, size * 0.6, weight)[:lines]
        last = kept[-1] + "…"
        while len(last) > 1 and self._run(last, size * 0.6, weight) > box.w:
            last = last[:-2].rstrip() + "…"
        return [*kept[:-1], last], 0.6

    def _wrap(self, words: str, width: float, size: float, weight: Weight) -> list[str]:
        rows = [""]
        for word in words.split():
            for i, part in enumerate(word.split(BREAK)):
                longer = f"{rows[-1]}{'' if i else ' '}{part}".strip()
                if rows[-1] and self._run(longer, size, weight) > width:
                    rows.append(part)
                else:
                    rows[-1] = longer
        return rows

    def _set(self, row: str, box: Box, baseline: float, size: float, colour: Colour, weight: Weight, align: Align) -> Box:
        em_px = self._em_px(size)
        glyphs, ink = self._glyphs(row, em_px, colour, weight)
        run = glyphs.get_width() / self.unit
        left = {"left": box.x, "centre": box.x + (box.w - run) / 2, "right": box.right - run}[align]
        x = round(left * self.unit)
        y = round(baseline * self.unit) - self._font(em_px, weight).get_ascent()
        self.surface.blit(glyphs, (x, y))
        return Box((x + ink.x) / self.unit, (y + ink.y) / self.unit, ink.w / self.unit, ink.h / self.unit)

    def _rendered(self, row: str, em_px: int, colour: Colour, weight: Weight) -> tuple[Any, Box]:
        glyphs = self._font(em_px, weight).render(row, True, colour)
        return glyphs, Box(*glyphs.get_bounding_rect())

    def _opened(self, em_px: int, weight: Weight) -> Any:
        return self._font_class(str(FONTS / self._face.files[weight]), em_px)

    # --- units to pixels ---

    def _em_px(self, size: float) -> int:
        return max(round(size * self.unit), 6)

    def _fixed(self, points: NDArray[np.float64]) -> NDArray[np.int32]:
        return np.rint(points * (self.unit * 2**SUBPIXEL)).astype(np.int32)


def arc(centre: Point, radius: float, start_deg: float, end_deg: float) -> NDArray[np.float64]:
    """Points (49, 2) along a circle: 0 deg hangs straight down, + turns to the right."""
    angle = np.radians(np.linspace(start_deg, end_deg, 49))
    return np.column_stack([centre[0] + radius * np.sin(angle), centre[1] + radius * np.cos(angle)])


def hang(origin: Point, length: float, angle_deg: float) -> Point:
    """The end of a rod that hangs from `origin` at that angle (see `arc`)."""
    return origin[0] + length * math.sin(math.radians(angle_deg)), origin[1] + length * math.cos(math.radians(angle_deg))


def _bgra(colour: Colour) -> tuple[int, int, int, int]:
    return colour[2], colour[1], colour[0], 255


def _unbroken(points: NDArray[np.float64]) -> Iterable[NDArray[np.float64]]:
    known = np.isfinite(points).all(axis=1)
    if known.all():
        return [points]
    edges = np.flatnonzero(np.diff(known)) + 1
    return [run for run in np.split(points, edges) if len(run) > 1 and np.isfinite(run).all()]


def _leading(em: float) -> float:
    return LINE if em < HEAD else HEADLINE


def _hull(boxes: Sequence[Box]) -> Box:
    left, top = min(b.x for b in boxes), min(b.y for b in boxes)
    return Box(left, top, max(b.right for b in boxes) - left, max(b.bottom for b in boxes) - top)
