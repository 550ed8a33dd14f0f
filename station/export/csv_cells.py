"""Columns of numbers to text, fast: an hour of series is two million cells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray


def texts(values: NDArray[np.float64], decimals: int) -> list[str]:
    """Each value with that many decimals at most, trailing zeros cut, "" for NaN.

    Angles are rounded to 0.01 deg, so an hour holds a few thousand different values: each is
    formatted once.
    """
    rounded = np.round(values.astype(float), decimals) + 0.0  # + 0.0 turns -0 into 0
    unique, where = np.unique(rounded, return_inverse=True)
    words = np.array([_text(value, decimals) for value in unique.tolist()], dtype=object)
    words_of_rows: list[str] = words[where.reshape(-1)].tolist()
    return words_of_rows


def _text(value: float, decimals: int) -> str:
    if not np.isfinite(value):
        return ""
    text = f"{value:.{decimals}f}"
    return text.rstrip("0").rstrip(".") if decimals else text


def csv_text(columns: Mapping[str, Sequence[str]]) -> bytes:
    """A CSV table as UTF-8, comma separated, lines end with a line feed; no cell needs quotes."""
    return joined([",".join(columns), *map(",".join, zip(*columns.values(), strict=True))])


def joined(lines: Iterable[str]) -> bytes:
    return ("\n".join(lines) + "\n").encode()


def quoted(text: str) -> str:
    """A cell that may hold anything; a spreadsheet must not take it for a formula."""
    text = "".join(char for char in text if char.isprintable())
    if text[:1] in ("=", "+", "-", "@"):
        text = "'" + text
    return '"' + text.replace('"', '""') + '"' if any(char in text for char in ',"') else text
