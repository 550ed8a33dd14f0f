"""The last strides: thigh angle over the stride cycle, the norm for the speed behind them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from station.present.screen import strings
from station.present.screen.box import Box
from station.present.screen.ink import Ink
from station.present.screen.theme import FAR, LABEL, NORM, OWN, QUIET, RULE, TICK
from station.types import Snapshot

LOW_DEG, HIGH_DEG = -45.0, 60.0
TICKS_DEG = (-30, 0, 30)
TICKS_PCT = (0, 50, 100)


def draw_frame(ink: Ink, box: Box, snapshot: Snapshot) -> None:
    """Axes and the norm: what stands still."""
    area = _area(box)
    if snapshot.norm_curve is not None and np.isfinite(snapshot.norm_curve).all():
        low, _, high = snapshot.norm_curve
        ink.polygon(np.concatenate([_points(area, high), _points(area, low)[::-1]]), NORM)
    for degree in TICKS_DEG:
        y = _y(area, degree)
        ink.line([(area.x, y), (area.right, y)], FAR if degree == 0 else RULE, 2 if degree == 0 else 1)
        ink.text(f"{abs(degree)}°", Box(box.x, y - 14, area.x - box.x - 10, 28), TICK, QUIET, align="right")
    ink.text(strings.FORWARD, Box(area.x + 8, area.y - 4, area.w - 16, 28), TICK, QUIET, align="right", at="top")
    ink.text(strings.BEHIND, Box(area.x + 8, area.bottom - 26, area.w - 16, 28), TICK, QUIET, align="right", at="bottom")
    for percent in TICKS_PCT:
        x = area.x + area.w * percent / 100
        words = f"{percent} %" if percent == 100 else str(percent)
        width = 70.0
        left = {0: area.x, 100: area.right - width}.get(percent, x - width / 2)
        align = {0: "left", 100: "right"}.get(percent, "centre")
        ink.text(words, Box(left, area.bottom + 4, width, 26), TICK, QUIET, align=align)  # type: ignore[arg-type]


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
    if curves is None:
        return
    area = _area(box)
    for i, curve in enumerate(curves):
        newest = i == len(curves) - 1
        ink.line(_points(area, curve), OWN, 4 if newest else 1.6)


def _area(box: Box) -> Box:
    return Box(box.x + 52, box.y, box.w - 52, box.h - 32)


def _points(area: Box, curve: NDArray[np.float64]) -> NDArray[np.float64]:
    x = area.x + area.w * np.linspace(0, 1, len(curve))
    return np.column_stack([x, _y(area, np.clip(curve, LOW_DEG, HIGH_DEG))])


def _y(area: Box, degree: Any) -> Any:
    return area.bottom - area.h * (degree - LOW_DEG) / (HIGH_DEG - LOW_DEG)
