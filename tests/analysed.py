"""A recording of poses through the core, pose by pose as `station analyze` does it, and everything
it told.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from station.gait import GaitCore
from station.types import ANGLES, NS, STRIDE, Event, Gait, Pose, Reading, View

NO_ANGLES = np.full(1, np.nan, ANGLES)[0]


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """t_s (N,) from the first pose, angles (N,) ANGLES, strides (M,) STRIDE; `last` is what the
    core said last.
    """

    t_s: NDArray[np.float64]
    angles: NDArray[np.void]
    strides: NDArray[np.void]
    events: tuple[Event, ...]
    last: Gait


def analyse(poses: Iterable[Pose], view: View | None = None, speed_mps: float | None = None) -> Analysis:
    """Feeds every pose, in time order, to a fresh core. `speed_mps`: belt speed given by a person.
    """
    core, gaits, first_ns = GaitCore(view), [], 0
    for pose in poses:
        if not gaits:
            first_ns = pose.t_ns
            if speed_mps is not None:
                core.step(Reading(first_ns, "speed_given_mps", speed_mps))
        gaits.append(core.step(pose))
    return Analysis(
        np.array([(gait.t_ns - first_ns) / NS for gait in gaits]),
        np.array([NO_ANGLES if gait.angles is None else gait.angles for gait in gaits], ANGLES),
        np.array([stride for gait in gaits for stride in gait.strides], STRIDE),
        tuple(event for gait in gaits for event in gait.events),
        gaits[-1],
    )
