"""Plots as inline SVG, drawn from arrays: no library, no script, sharp on paper, light and dark by
the page's colours.

Only the numbers of the axes are drawn; title, axis and key are text of the page, which wraps in
every language. A plot is as wide as a phone and no wider, so that its letters are never shrunk
there; wider pages show several side by side. Series differ in colour and in dash, so that they also
differ in grey.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import escape
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from station.types import NAN

Say = Callable[[str], str]  # English words in the language of the page

WIDTH, HEIGHT = 330, 164  # units of the drawing
LEFT, RIGHT, TOP, BOTTOM = 44, 12, 8, 24  # margins, units of the drawing
DOT, HAZE = 3.5, 0.18  # radius of a dot, opacity of a band (chosen)
LETTERS = 14  # px, at WIDTH px: 12 and more on every phone that is 290 px wide
# Blue and orange keep apart for most kinds of colour blindness.
COLOURS = ("var(--own)", "var(--other)", "var(--third)")
DASHES = ("", "7 4", "2 3")


@dataclass(frozen=True, slots=True)
class Curve:
    """`x`, `y` (n,), gaps where NaN, with a band `low` to `high`; dots alone if not `joined`."""

    label: str
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    low: NDArray[np.float64] | None = None
    high: NDArray[np.float64] | None = None
    dots: bool = False
    joined: bool = True


@dataclass(frozen=True, slots=True)
class Plot:
    """`unit` of the y axis, said after the title. `shades`: (x from, x to) stretches of the
    background, which `shaded` explains; `x_names`: (x, text) instead of numbers on the x axis;
    `least_span`: the y axis covers at least so much, or a steady line would look like mountains;
    `note`: a sentence below the title.
    """

    title: str
    unit: str
    x_label: str
    lines: Sequence[Curve]
    shades: Sequence[tuple[float, float]] = ()
    shaded: str = ""
    x_names: Sequence[tuple[float, str]] = field(default_factory=tuple)
    least_span: float = 0.0
    note: str = ""


def style() -> str:
    """The colours and rules of every page that holds plots."""
    return files("station.export").joinpath("page.css").read_text(encoding="utf-8")


def figure(plot: Plot, say: Say = str) -> str:
    """The plot as a <figure> element, "" when no line has a point."""
    lines = [line for line in plot.lines if np.isfinite(line.y).any()]
    if not lines:
        return ""
    frame = Frame.around(Box(WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM), lines, plot.shades, plot.least_span)
    title = say(plot.title) + (f" ({say(plot.unit)})" if plot.unit else "")
    drawn = [*_shades(frame, plot.shades), *_axes(frame, plot, say)]
    for number, line in enumerate(lines):
        drawn += curve(frame, line, COLOURS[number % 3], DASHES[number % 3])
    alt = f"{title}: {_spoken(lines[0], say)}"
    svg = f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(alt)}">{"".join(drawn)}</svg>'
    note = f'<p class="quiet">{escape(say(plot.note))}</p>' if plot.note else ""
    axis = f'<p class="axis">{escape(say(plot.x_label))}</p>'
    return f"<figure><figcaption>{escape(title)}</figcaption>{note}{svg}{axis}{_keys(lines, plot, say)}</figure>"


def _spoken(line: Curve, say: Say) -> str:
    """What a line shows, for who cannot see it."""
    known = line.y[np.isfinite(line.y)]
    low, high = (figure_of(float(f"{value:.3g}")) for value in (known.min(), known.max()))
    return say(f"from {low} to {high}")


@dataclass(frozen=True, slots=True)
class Box:
    """Size and margins, units of the drawing."""

    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Frame:
    """Where values lie in the drawing: x0..x1 and y0..y1 fill the box within its margins."""

    box: Box
    x0: float
    x1: float
    y0: float
    y1: float

    @classmethod
    def around(cls, box: Box, lines: Sequence[Curve], shades: Sequence[tuple[float, float]], least_span: float) -> Frame:
        xs = np.concatenate([line.x for line in lines] + [np.array(shade, float) for shade in shades])
        ys = np.concatenate([part for line in lines for part in (line.y, line.low, line.high) if part is not None])
        y0, y1 = float(np.nanmin(ys)), float(np.nanmax(ys))
        margin = max(0.08 * (y1 - y0), (least_span - (y1 - y0)) / 2) or max(1.0, 0.02 * abs(y1))
        x0, x1 = float(np.nanmin(xs)), float(np.nanmax(xs))
        return cls(box, x0, x1 if x1 > x0 else x0 + 1.0, y0 - margin, y1 + margin)

    def x(self, value: float) -> float:
        box = self.box
        return box.left + (value - self.x0) / (self.x1 - self.x0) * (box.width - box.left - box.right)

    def y(self, value: float) -> float:
        box = self.box
        return box.height - box.bottom - (value - self.y0) / (self.y1 - self.y0) * (box.height - box.top - box.bottom)


def ticks(low: float, high: float, about: int) -> list[float]:
    """Round numbers between low and high, about so many."""
    raw = (high - low) / max(1, about)
    power = 10 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw)
    first = math.ceil(low / step)
    return [round(k * step, 10) for k in range(first, math.floor(high / step + 1e-9) + 1)]


def _axes(frame: Frame, plot: Plot, say: Say) -> list[str]:
    parts = []
    for value in ticks(frame.y0, frame.y1, 4):
        y = frame.y(value)
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="var(--rule)"/>')
        parts.append(_text(LEFT - 6, y + 5, say(figure_of(value)), "end"))
    named = plot.x_names or [(value, say(figure_of(value))) for value in ticks(frame.x0, frame.x1, 5)]
    # Names need room.
    every = math.ceil(len(named) * 64 / (WIDTH - LEFT - RIGHT)) if plot.x_names else 1
    for value, name in list(named)[::-1][::every]:
        anchor = "end" if frame.x(value) > WIDTH - RIGHT - 16 else "middle"
        parts.append(_text(frame.x(value), HEIGHT - BOTTOM + 18, name, anchor))
    parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{HEIGHT - BOTTOM}" y2="{HEIGHT - BOTTOM}" stroke="var(--edge)"/>')
    return parts


def _shades(frame: Frame, shades: Sequence[tuple[float, float]]) -> list[str]:
    return [
        f'<rect x="{frame.x(start):.1f}" y="{TOP}" width="{frame.x(end) - frame.x(start):.1f}"'
        f' height="{HEIGHT - TOP - BOTTOM}" fill="var(--shade)"/>'
        for start, end in shades
    ]


def curve(frame: Frame, line: Curve, colour: str, dash: str, dot: float = DOT, haze: float = HAZE) -> list[str]:
    """The elements of one line: its band, its dots of radius `dot`, its path."""
    parts = []
    if line.low is not None and line.high is not None:
        there = np.isfinite(line.low) & np.isfinite(line.high)
        x = line.x[there]
        outline = [*zip(x, line.high[there], strict=True), *reversed([*zip(x, line.low[there], strict=True)])]
        if len(outline) > 2:
            path = "M" + "L".join(f"{frame.x(px):.1f} {frame.y(py):.1f}" for px, py in outline) + "Z"
            parts.append(f'<path d="{path}" fill="{colour}" fill-opacity="{haze}"/>')
    known = np.isfinite(line.y)
    if line.dots:
        parts += [
            f'<circle cx="{frame.x(px):.1f}" cy="{frame.y(py):.1f}" r="{dot:g}" fill="{colour}"/>'
            for px, py in zip(line.x[known], line.y[known], strict=True)
        ]
    if not line.joined:
        return parts
    runs = np.split(np.arange(len(line.y)), np.flatnonzero(np.diff(known.astype(int))) + 1)
    points = [[f"{frame.x(line.x[i]):.1f} {frame.y(line.y[i]):.1f}" for i in run] for run in runs if len(run) and known[run[0]]]
    path = "".join("M" + "L".join(run) for run in points)
    parts.append(f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="2" stroke-linejoin="round"{dashed(dash)}/>')
    return parts


def dashed(dash: str) -> str:
    return f' stroke-dasharray="{dash}"' if dash else ""


def _keys(lines: Sequence[Curve], plot: Plot, say: Say) -> str:
    """What each line and shade is; nothing where there is one line and no shade."""
    keys = []
    for number, line in enumerate(lines if len(lines) > 1 or plot.shades else ()):
        colour, dash = COLOURS[number % 3], DASHES[number % 3]
        mark = f'<path d="M0 5H26" stroke="{colour}" stroke-width="2"{dashed(dash)}/>'
        keys.append((mark if line.joined else f'<circle cx="13" cy="5" r="{DOT}" fill="{colour}"/>', line.label))
    if plot.shades:
        keys.append(('<rect width="26" height="10" fill="var(--shade)" stroke="var(--edge)"/>', plot.shaded))
    if not keys:
        return ""
    shown = (f'<li><svg viewBox="0 0 26 10" aria-hidden="true">{mark}</svg>{escape(say(label))}</li>' for mark, label in keys)
    return f'<ul class="keys">{"".join(shown)}</ul>'


def figure_of(value: float) -> str:
    """A number on an axis."""
    return f"{value:g}".replace("-", "−")


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{LETTERS}" fill="var(--ink)">{escape(text)}</text>'


def range_bar(value: float, low: float, high: float, usual: tuple[float, float]) -> str:
    """A value with its interval on a line where the usual range is a bar: the bar takes the middle
    third, whatever its unit.

    What lies beyond the line's ends is drawn at its end. "" without a usual range, NaN.
    """
    if math.isnan(usual[0]):
        return ""
    start, width = usual[0], usual[1] - usual[0]

    def x(at: float) -> float:
        return 4 + 112 * min(max((at - start) / width + 1, 0.0), 3.0) / 3

    return (
        '<svg class="range" viewBox="0 0 120 16" preserveAspectRatio="none" aria-hidden="true">'
        '<rect y="5" width="120" height="6" fill="var(--shade)"/>'
        f'<rect x="{x(usual[0]):.1f}" y="3" width="{x(usual[1]) - x(usual[0]):.1f}" height="10" fill="var(--far)"/>'
        f'<path d="M{x(low):.1f} 8H{x(high):.1f}" stroke="var(--own)" stroke-width="3"/>'
        f'<rect x="{x(value) - 1.5:.1f}" width="3" height="16" fill="var(--own)"/></svg>'
    )


def binned(x: NDArray[np.float64], y: NDArray[np.float64], bins: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Medians of y in equal stretches of x, NaN where one is empty: an hour as a short line."""
    if not len(x):
        return np.zeros(0), np.zeros(0)
    edges = np.linspace(x.min(), x.max() + 1e-9, bins + 1)
    where = np.digitize(x, edges) - 1
    medians = np.full(bins, NAN)
    for number in range(bins):
        part = y[(where == number) & np.isfinite(y)]
        if len(part):
            medians[number] = np.median(part)
    return (edges[:-1] + edges[1:]) / 2, medians
