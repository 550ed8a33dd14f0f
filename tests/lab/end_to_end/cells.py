"""Cells and rows of Markdown tables."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from station.types import QUANTITIES

from .score import Score


def label(name: str) -> str:
    """A measure with its unit."""
    return f"{QUANTITIES[name].label}, {QUANTITIES[name].unit}"


def signed(value: float, digits: int = 1) -> str:
    return "–" if not np.isfinite(value) else f"{value:+.{digits}f}"


def error(score: Score, name: str, digits: int = 1) -> str:
    """Of the last strides of the circle."""
    miss = score.miss(name, score.judged)
    return "–" if miss is None else signed(miss.error, digits)


def rmse(values: np.ndarray) -> str:
    return f"{np.sqrt((values**2).mean()):.1f} ({values.mean():+.1f})" if len(values) else "–"


def two(values: np.ndarray, unit: float = 1.0) -> str:
    return f"{np.median(values) / unit:.0f}/{np.percentile(values, 95) / unit:.0f}" if len(values) else "–"


def timing(score: Score, kind: str, side: str) -> str:
    late = 1000 * score.event_errors_s(kind, side)
    return f"{np.median(late):+.0f} ± {late.std():.0f}" if len(late) >= 3 else "–"


def line(cells: Iterable[object]) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def table(head: tuple[str, ...], rows: Iterable[Iterable[object]]) -> list[str]:
    return [line(head), line("---" for _ in head), *(line(row) for row in rows), ""]


def name_of(score: Score) -> str:
    return f"{score.clip.name}{' (tuning)' if score.clip.tuned else ''}"
