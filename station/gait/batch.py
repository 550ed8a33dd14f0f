"""A whole recording at once: the same core, with its vectorised part run over many poses before its sequential part."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from station.gait.angles import oriented, rounded_angles, unexchanged
from station.gait.body import bodies
from station.gait.core import GaitCore
from station.gait.pelvis.landmarks import PelvicSource
from station.types import ANGLES, STRIDE, Event, Gait, Pose, Reading, View

CHUNK = 2048


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """A recording: t_s (N,) from the first pose, angles (N,) ANGLES, strides (M,) STRIDE; `last` is the core's last word."""

    t_s: NDArray[np.float64]
    angles: NDArray[np.void]
    strides: NDArray[np.void]
    events: tuple[Event, ...]
    last: Gait


def analyse(
    poses: Iterable[Pose], view: View | None = None, speed_mps: float | None = None, pelvis: PelvicSource | None = None
) -> Analysis:
    """Feeds every pose, in time order, to a fresh GaitCore; the rows, events and measures are those of streaming, to the bit.

    Args:
        speed_mps: belt speed told by a person.
    """
    core = GaitCore(view, pelvis)
    times: list[float] = []
    angles: list[NDArray[np.float64]] = []
    records: list[np.void] = []
    events: list[Event] = []
    source = iter(poses)
    while chunk := list(islice(source, CHUNK)):
        if speed_mps is not None and not times:
            core.step(Reading(chunk[0].t_ns, "speed_given_mps", speed_mps))
        body = bodies(np.stack([p.xy_px for p in chunk]), np.stack([p.score for p in chunk]), core.straighten)
        exchanged, left, known = np.zeros((3, len(chunk)), dtype=bool)
        rows = zip(body.segment_deg.tolist(), body.segment_px.tolist(), body.points.tolist(), strict=True)
        for i, (pose, row) in enumerate(zip(chunk, rows, strict=True)):
            t_s = core.seconds(pose.t_ns)
            times.append(t_s)
            core.records, core.events = (), ()
            exchanged[i] = core.advance(t_s, *row)
            known[i], left[i] = core.side is not None, core.side == "left"
            records.extend(core.records)
            events.extend(core.events)
        named = [*unexchanged(body.segment_deg, exchanged).T]
        both = np.where(left, oriented(named, "left"), oriented(named, "right")).T.copy()
        both[~known] = np.nan
        angles.append(rounded_angles(both))
    table = np.concatenate(angles) if angles else np.empty((0, len(ANGLES.names or ())))
    strides = np.array(records, dtype=STRIDE) if records else np.empty(0, STRIDE)
    return Analysis(np.array(times), table.view(ANGLES)[:, 0], strides, tuple(events), core.recording())
