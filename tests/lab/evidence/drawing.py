"""Plots as SVG files of their own, title, axes and key in the drawing (a page's plots are
station/export/plots.py).

Series differ in colour and in dash, so that they also differ in grey.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 720, 230
LEFT, RIGHT, TOP, BOTTOM = 62, 26, 24, 34
# Blue and orange keep apart for most kinds of colour blindness.
COLOURS = ("#1b5e9b", "#b85400", "#4a4a4a")
DASHES = ("", "7 4", "2 3")
GRID, INK, SHADE = "#d8dee6", "#333a42", "#eef2f7"


@dataclass(frozen=True, slots=True)
class Line:
    """`x`, `y` (n,), gaps where NaN; `low`, `high` (n,) draw a band behind it. Not `joined`: dots
    that stand for themselves.
    """

    label: str
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    low: NDArray[np.float64] | None = None
    high: NDArray[np.float64] | None = None
    dots: bool = False
    joined: bool = True


@dataclass(frozen=True, slots=True)
class Plot:
    """`shades`: (x from, x to, label) stretches of the background; `x_names`: (x, text) instead of
    numbers on the x axis; `least_span`: the y axis covers at least so much, or a steady line would
    look like mountains.
    """

    title: str
    x_label: str
    y_label: str
    lines: Sequence[Line]
    shades: Sequence[tuple[float, float, str]] = ()
    x_names: Sequence[tuple[float, str]] = field(default_factory=tuple)
    least_span: float = 0.0


def svg(plot: Plot) -> str:
    """The plot as an <svg> element, "" when no line has a point."""
    lines = [line for line in plot.lines if np.isfinite(line.y).any()]
    if not lines:
        return ""
    frame = _Frame.around(lines, plot.shades, plot.least_span)
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(plot.title)}" xmlns="http://www.w3.org/2000/svg">',
        f"<title>{escape(plot.title)}</title>",
        *_shades(frame, plot.shades),
        *_axes(frame, plot),
    ]
    for number, line in enumerate(lines):
        parts += _line(frame, line, COLOURS[number % 3], DASHES[number % 3])
    if len(lines) > 1:
        parts += _legend(lines)
    return "".join((*parts, "</svg>"))


@dataclass(frozen=True, slots=True)
class _Frame:
    x0: float
    x1: float
    y0: float
    y1: float

    @classmethod
    def around(cls, lines: Sequence[Line], shades: Sequence[tuple[float, float, str]], least_span: float) -> _Frame:
        xs = np.concatenate([line.x for line in lines] + [np.array([edge for shade in shades for edge in shade[:2]])])
        ys = np.concatenate([part for line in lines for part in (line.y, line.low, line.high) if part is not None])
        y0, y1 = float(np.nanmin(ys)), float(np.nanmax(ys))
        margin = max(0.08 * (y1 - y0), (least_span - (y1 - y0)) / 2) or max(1.0, 0.02 * abs(y1))
        x0, x1 = float(np.nanmin(xs)), float(np.nanmax(xs))
        return cls(x0, x1 if x1 > x0 else x0 + 1.0, y0 - margin, y1 + margin)

    def x(self, value: float) -> float:
        return LEFT + (value - self.x0) / (self.x1 - self.x0) * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        return HEIGHT - BOTTOM - (value - self.y0) / (self.y1 - self.y0) * (HEIGHT - TOP - BOTTOM)


def ticks(low: float, high: float, about: int) -> list[float]:
    """Round numbers between low and high, about so many."""
    raw = (high - low) / max(1, about)
    power = 10 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw)
    first = math.ceil(low / step)
    return [round(k * step, 10) for k in range(first, math.floor(high / step + 1e-9) + 1)]


def _axes(frame: _Frame, plot: Plot) -> list[str]:
    parts = []
    for value in ticks(frame.y0, frame.y1, 5):
        y = frame.y(value)
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="{GRID}"/>')
        parts.append(_text(LEFT - 6, y + 4, _figure(value), "end"))
    named = plot.x_names or [(value, _figure(value)) for value in ticks(frame.x0, frame.x1, 8)]
    parts += [_text(frame.x(value), HEIGHT - BOTTOM + 15, name, "middle") for value, name in named]
    parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{HEIGHT - BOTTOM}" y2="{HEIGHT - BOTTOM}" stroke="{INK}"/>')
    parts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 3, plot.x_label, "middle"))
    middle = (TOP + HEIGHT - BOTTOM) / 2
    parts.append(f'<g transform="rotate(-90 12 {middle})">{_text(12, middle, plot.y_label, "middle")}</g>')
    return parts


def _shades(frame: _Frame, shades: Sequence[tuple[float, float, str]]) -> list[str]:
    parts = []
    for number, (start, end, label) in enumerate(shades):
        x0, x1 = frame.x(start), frame.x(end)
        if number % 2 == 0:
            parts.append(f'<rect x="{x0:.1f}" y="{TOP}" width="{x1 - x0:.1f}" height="{HEIGHT - TOP - BOTTOM}" fill="{SHADE}"/>')
        if x1 - x0 > 7 * len(label):  # otherwise the words would run into each other
            parts.append(_text((x0 + x1) / 2, TOP - 7, label, "middle"))
    return parts


def _line(frame: _Frame, line: Line, colour: str, dash: str) -> list[str]:
    parts = []
    if line.low is not None and line.high is not None:
        there = np.isfinite(line.low) & np.isfinite(line.high)
        x = line.x[there]
        outline = [*zip(x, line.high[there], strict=True), *reversed([*zip(x, line.low[there], strict=True)])]
        if len(outline) > 2:
            path = "M" + "L".join(f"{frame.x(px):.1f} {frame.y(py):.1f}" for px, py in outline) + "Z"
            parts.append(f'<path d="{path}" fill="{colour}" fill-opacity="0.15"/>')
    known = np.isfinite(line.y)
    if line.dots:
        parts += [
            f'<circle cx="{frame.x(px):.1f}" cy="{frame.y(py):.1f}" r="3" fill="{colour}"/>'
            for px, py in zip(line.x[known], line.y[known], strict=True)
        ]
    if not line.joined:
        return parts
    runs = np.split(np.arange(len(line.y)), np.flatnonzero(np.diff(known.astype(int))) + 1)
    points = [[f"{frame.x(line.x[i]):.1f} {frame.y(line.y[i]):.1f}" for i in run] for run in runs if len(run) and known[run[0]]]
    path = "".join("M" + "L".join(run) for run in points)
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    parts.append(f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="2" stroke-linejoin="round"{dashed}/>')
    return parts


def _legend(lines: Sequence[Line]) -> list[str]:
    parts, x = [], float(LEFT + 8)
    for number, line in enumerate(lines):
        colour, dash = COLOURS[number % 3], DASHES[number % 3]
        dashed = f' stroke-dasharray="{dash}"' if dash else ""
        y = TOP - 11
        if line.joined:
            parts.append(f'<line x1="{x}" x2="{x + 26}" y1="{y}" y2="{y}" stroke="{colour}" stroke-width="2"{dashed}/>')
        else:
            parts.append(f'<circle cx="{x + 13}" cy="{y}" r="3" fill="{colour}"/>')
        parts.append(_text(x + 31, y + 4, line.label, "start"))
        x += 44 + 6.6 * len(line.label)
    return parts


def _figure(value: float) -> str:
    return f"{value:g}".replace("-", "−")


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="12" fill="{INK}">{escape(text)}</text>'
