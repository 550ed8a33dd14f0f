"""The stride clock alone, fed with a thigh that swings between 30 degrees ahead and 20 behind."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from station.gait import history as h
from station.gait.history import History
from station.gait.stride_clock import StrideClock

STRIDE_S = 0.8


def strides(thigh_deg: Iterable[float], fps: float) -> list[float]:
    """Durations of the strides that the clock closes."""
    history = History()
    clock, found = StrideClock(history), []
    for i, deg in enumerate(thigh_deg):
        row = np.full(h.COLUMNS, np.nan)
        row[h.T_S], row[h.THIGH_NEAR] = i / fps, deg if clock.follows(i / fps, deg) else np.nan
        history.append(row)
        closed = clock.step(i / fps, float(row[h.THIGH_NEAR]))
        if closed is not None:
            found.append(closed[1] - closed[0])
    return found


def swing(fps: float, seconds: float = 12.0, shift: float = 0.0) -> np.ndarray:
    return 5.0 + 25.0 * np.cos(2 * np.pi * (np.arange(seconds * fps) / fps / STRIDE_S + shift))


@pytest.mark.parametrize("fps", [18.0, 25.0, 30.0, 60.0, 120.0])
def test_every_swing_is_a_stride(fps: float) -> None:
    found = strides(swing(fps), fps)
    assert len(found) >= 12
    assert found == pytest.approx([STRIDE_S] * len(found), abs=0.01)


@pytest.mark.parametrize("frames", [1, 2, 3])
@pytest.mark.parametrize("at", np.linspace(0.0, 0.9, 10))
def test_some_frames_of_the_other_leg_make_no_stride_and_cost_none(frames: int, at: float) -> None:
    near, far = swing(60.0), swing(60.0, shift=0.5)
    for cycle in range(1, 14):
        first = round((cycle + at) * STRIDE_S * 60.0)
        near[first : first + frames] = far[first : first + frames]
    found = strides(near, 60.0)
    assert 12 <= len(found) <= 14
    assert float(np.median(found)) == pytest.approx(STRIDE_S, abs=0.01)
    assert found == pytest.approx([STRIDE_S] * len(found), abs=0.25), "half a stride is none"
