"""How old frames are when they are judged, over weeks in the same few kilobytes."""

from __future__ import annotations

import numpy as np

OLDEST_MS = 10_000  # older ones count as this old


class FrameAges:
    """Counts ages by the millisecond."""

    def __init__(self) -> None:
        self._counts = np.zeros(OLDEST_MS + 1, np.int64)

    def add(self, age_ns: int) -> None:
        self._counts[min(max(age_ns // 1_000_000, 0), OLDEST_MS)] += 1

    def percentile_ms(self, percent: float) -> float:
        """The age, ms, that this share of frames does not exceed; NaN before the first frame."""
        total = int(self._counts.sum())
        if total == 0:
            return float("nan")
        return float(np.searchsorted(np.cumsum(self._counts), total * percent / 100.0))
