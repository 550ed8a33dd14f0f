"""Longer clips from a short one: whole loops of strides repeated, packet by packet, as `station
demo` does it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from station.run import demo_clip
from station.run.demo_clip import Stretch
from station.run.demo_clip import lengthen as repeat

from .demo import LOOP_FRAMES, PHASES

__all__ = ["frame_order", "phase_stretches", "repeat"]


def phase_stretches(times: int, frames: int) -> list[Stretch]:
    """The demo clip of `frames` frames with the loop of every phase played `times` times."""
    out, at = [], 0
    for phase in PHASES:
        out += [(at, phase.loop_frame, 1), (phase.loop_frame, phase.loop_frame + LOOP_FRAMES, times)]
        at = phase.loop_frame + LOOP_FRAMES
    return [*out, (at, frames, 1)]


def frame_order(stretches: Sequence[Stretch]) -> np.ndarray:
    """Which frame of the short clip is shown when, (T,): indexes its truth."""
    return np.array(list(demo_clip.frame_order(stretches)))
