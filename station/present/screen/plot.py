"""The last strides: thigh angle over the stride cycle, the norm for the speed behind them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from station.present.screen import strings
from station.present.screen.box import Box
from station.present.screen.ink import Ink
from station.present.screen.theme import EDGE, FAR, LABEL, NORM, OWN, OWN_DEEP, QUIET, RULE, TICK
from station.types import Snapshot

LOW_DEG, HIGH_DEG = -48.0, 52.0
TICKS_DEG = (-30, 0, 30)


def draw_frame(ink: Ink, box: Box, snapshot: Snapshot) -> None:
    """Axes and the norm: what stands still."""
    area = _area(box)
    if snapshot.norm_curve is not None and np.isfinite(snapshot.norm_curve).all():
        low, _, high = snapshot.norm_curve
        ink.polygon(np.concatenate([_points(area, high), _points(area, low)[::-1]]), NORM)
        ink.line(_points(area, high), EDGE, 1)
        ink.line(_points(area, low), EDGE, 1)
    for degree in TICKS_DEG:
        y = _y(area, degree)
        ink.line([(area.x, y), (area.right, y)], FAR if degree == 0 else RULE, 2 if degree == 0 else 1)
        ink.text(f"{abs(degree)}°", Box(box.x, y - 14, area.x - box.x - 10, 28), TICK, QUIET, align="right")
    ink.text(strings.FORWARD, Box(area.x + 0.32 * area.w, area.y, 0.5 * area.w, 28), TICK, QUIET, at="top")
    ink.text(strings.BEHIND, Box(area.x + 10, area.bottom - 28, 0.4 * area.w, 28), TICK, QUIET, at="bottom")
    for percent in range(0, 101, 25):
        x = area.x + area.w * percent / 100
        ink.line([(x, area.bottom), (x, area.bottom + 6)], EDGE, 2)
    words = Box(area.x, area.bottom + 8, area.w, 26)
    ink.text("0", words, TICK, QUIET)
    ink.text(strings.PLOT_AXIS, words, TICK, QUIET, align="centre")
    ink.text("100", words, TICK, QUIET, align="right")


def draw_title(ink: Ink, box: Box, snapshot: Snapshot) -> None:
    curves, side = snapshot.gait.curves, snapshot.gait.near_side
    count = 0 if curves is None else len(curves)
    if not count:
        words = strings.PLOT_EMPTY
    elif side is None:
        words = strings.PLOT_TITLE_UNKNOWN_SIDE.format(count=count)
    else:
        words = strings.PLOT_TITLE.format(side=strings.SIDES[side], count=count)
    ink.text(words, box, LABEL, QUIET)


def draw_strides(ink: Ink, box: Box, snapshot: Snapshot) -> None:
    """One line a stride, the newest on top and bold."""
    curves = snapshot.gait.curves
    if curves is None or not len(curves):
        return
    area = _area(box)
    for curve in curves[:-1]:
        ink.line(_points(area, curve), OWN_DEEP, 2)
    ink.line(_points(area, curves[-1]), OWN, 3.5)


def _area(box: Box) -> Box:
    return Box(box.x + 52, box.y, box.w - 52, box.h - 36)


def _points(area: Box, curve: NDArray[np.float64]) -> NDArray[np.float64]:
    x = area.x + area.w * np.linspace(0, 1, len(curve))
    return np.column_stack([x, _y(area, np.clip(curve, LOW_DEG, HIGH_DEG))])


def _y(area: Box, degree: Any) -> Any:
    return area.bottom - area.h * (degree - LOW_DEG) / (HIGH_DEG - LOW_DEG)
