"""Plots as SVG files of their own, title, axes and key in the drawing (a page's plots are
station/export/plots.py).

Series differ in colour and in dash, so that they also differ in grey.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

import numpy as np

from station.export.plots import DASHES, Box, Curve, Frame, curve, dashed, figure_of, ticks

WIDTH, HEIGHT = 720, 230
LEFT, RIGHT, TOP, BOTTOM = 62, 26, 24, 34
# Blue and orange keep apart for most kinds of colour blindness.
COLOURS = ("#1b5e9b", "#b85400", "#4a4a4a")
BOX = Box(WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM)
DOT, HAZE = 3, 0.15
GRID, INK, SHADE = "#d8dee6", "#333a42", "#eef2f7"


@dataclass(frozen=True, slots=True)
class Plot:
    """`shades`: (x from, x to, label) stretches of the background; `x_names`: (x, text) instead of
    numbers on the x axis; `least_span`: the y axis covers at least so much, or a steady line would
    look like mountains.
    """

    title: str
    x_label: str
    y_label: str
    lines: Sequence[Curve]
    shades: Sequence[tuple[float, float, str]] = ()
    x_names: Sequence[tuple[float, str]] = field(default_factory=tuple)
    least_span: float = 0.0


def svg(plot: Plot) -> str:
    """The plot as an <svg> element, "" when no line has a point."""
    lines = [line for line in plot.lines if np.isfinite(line.y).any()]
    if not lines:
        return ""
    frame = Frame.around(BOX, lines, [shade[:2] for shade in plot.shades], plot.least_span)
    parts = [
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(plot.title)}" xmlns="http://www.w3.org/2000/svg">',
        f"<title>{escape(plot.title)}</title>",
        *_shades(frame, plot.shades),
        *_axes(frame, plot),
    ]
    for number, line in enumerate(lines):
        parts += curve(frame, line, COLOURS[number % 3], DASHES[number % 3], DOT, HAZE)
    if len(lines) > 1:
        parts += _legend(lines)
    return "".join((*parts, "</svg>"))


def _axes(frame: Frame, plot: Plot) -> list[str]:
    parts = []
    for value in ticks(frame.y0, frame.y1, 5):
        y = frame.y(value)
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="{GRID}"/>')
        parts.append(_text(LEFT - 6, y + 4, figure_of(value), "end"))
    named = plot.x_names or [(value, figure_of(value)) for value in ticks(frame.x0, frame.x1, 8)]
    parts += [_text(frame.x(value), HEIGHT - BOTTOM + 15, name, "middle") for value, name in named]
    parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{HEIGHT - BOTTOM}" y2="{HEIGHT - BOTTOM}" stroke="{INK}"/>')
    parts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 3, plot.x_label, "middle"))
    middle = (TOP + HEIGHT - BOTTOM) / 2
    parts.append(f'<g transform="rotate(-90 12 {middle})">{_text(12, middle, plot.y_label, "middle")}</g>')
    return parts


def _shades(frame: Frame, shades: Sequence[tuple[float, float, str]]) -> list[str]:
    parts = []
    for number, (start, end, label) in enumerate(shades):
        x0, x1 = frame.x(start), frame.x(end)
        if number % 2 == 0:
            parts.append(f'<rect x="{x0:.1f}" y="{TOP}" width="{x1 - x0:.1f}" height="{HEIGHT - TOP - BOTTOM}" fill="{SHADE}"/>')
        if x1 - x0 > 7 * len(label):  # otherwise the words would run into each other
            parts.append(_text((x0 + x1) / 2, TOP - 7, label, "middle"))
    return parts


def _legend(lines: Sequence[Curve]) -> list[str]:
    parts, x = [], float(LEFT + 8)
    for number, line in enumerate(lines):
        colour, dash = COLOURS[number % 3], DASHES[number % 3]
        y = TOP - 11
        if line.joined:
            parts.append(f'<line x1="{x}" x2="{x + 26}" y1="{y}" y2="{y}" stroke="{colour}" stroke-width="2"{dashed(dash)}/>')
        else:
            parts.append(f'<circle cx="{x + 13}" cy="{y}" r="{DOT}" fill="{colour}"/>')
        parts.append(_text(x + 31, y + 4, line.label, "start"))
        x += 44 + 6.6 * len(line.label)
    return parts


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="12" fill="{INK}">{escape(text)}</text>'
