"""Numbers and times as a page writes them, in English; `station.language` translates them."""

from __future__ import annotations

import re

import numpy as np

# Near and far are the camera's words. Who reads their own page has a left and a right leg.
SIDES = re.compile(r"\b(near|far) (leg|foot)\b")

# By how names end.
UNITS = {
    "deg": "deg", "spm": "steps/min", "pct": "%", "ms": "ms", "s": "s",
    "cm": "cm", "m": "m", "mps": "m/s", "kmh": "km/h",
}


def unit_of(name: str) -> str:
    """The unit that stands at the end of the name, as files have it; "" for a ratio."""
    return UNITS.get(name.rpartition("_")[2], "")


def number(value: float, decimals: int) -> str:
    """As printed, with a true minus sign; an en dash when it is not known."""
    return f"{round(value, decimals) + 0.0:.{decimals}f}".replace("-", "−") if np.isfinite(value) else "–"


def span(low: float, high: float, decimals: int) -> str:
    """A range; an en dash when it is not known."""
    if not np.isfinite(low + high):
        return "–"
    return f"{number(low, decimals)} to {number(high, decimals)}"


def clock(seconds: float) -> str:
    """Minutes and seconds, m:ss."""
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02d}"


def sided(words: str, near_side: str | None) -> str:
    """The same words of the left and the right leg; as they are where near is not known."""
    if near_side is None:
        return words
    far_side = "left" if near_side == "right" else "right"
    return SIDES.sub(lambda found: f"{near_side if found[1] == 'near' else far_side} {found[2]}", words)
