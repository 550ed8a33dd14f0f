"""A recording whose every number is known."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from station.record.summary import summarise
from station.types import ANGLES, NAN, STRIDE, Measure
from station.validate.measured import Measured

STRIDE_S = 0.75  # 160 steps a minute
STARTED = datetime(2026, 11, 23, 17, 0, tzinfo=UTC)


def recording(
    name: str = "s1",
    seconds: float = 120.0,
    origin: str = "picture",
    seed: int = 0,
    started: bool = True,
    stride_s: float = STRIDE_S,
) -> Measured:
    """Strides all of one length; the clock on the screen began after 10 s; trailing-limb extension
    scatters by 1 deg about 20.
    """
    rng = np.random.default_rng(seed)
    t_s = np.arange(0, seconds, 1 / 60)
    angles = np.full(len(t_s), NAN, ANGLES)
    angles["thigh_near_deg"] = 4 + 25 * np.cos(2 * np.pi * t_s / stride_s)
    strides = np.full(int(seconds / stride_s), NAN, STRIDE)
    strides["start_s"] = np.arange(len(strides)) * stride_s
    strides["duration_s"], strides["cadence_spm"] = stride_s, 120 / stride_s
    strides["contact_s"], strides["speed_mps"], strides["running"] = 0.25, 2.5, 1
    strides["tle_near_deg"] = 20 + rng.normal(0, 1, len(strides))
    strides["tle_far_deg"] = 18.0
    summary = summarise(strides, {"pelvic_turn_deg": Measure(8.0, 5.0, 11.0, 36)})
    begun = STARTED if started else None
    return Measured(name, begun, seconds, 10.0, origin, t_s, angles, strides, summary, {"locked_waist": "ok"})
