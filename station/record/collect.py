"""A whole recording in memory: for analyses and tests; a running station writes its store."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from station.model_errors import KnownErrors, by_feet
from station.record.stretches import find_stretches
from station.record.summary import summarise
from station.record.tally import Tally
from station.types import (
    ANGLES,
    JOINTS,
    NAN,
    NS,
    STRIDE,
    Cue,
    Event,
    Input,
    ModelInfo,
    Outcome,
    Pose,
    Recording,
    SourceInfo,
    Step,
    View,
)


class Growing:
    """Rows appended one at a time to an array that doubles: an hour at 60 fps is 216,000 rows."""

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype | type, rows: int = 4096) -> None:
        self._array = np.zeros((rows, *shape), dtype)
        self._count = 0

    def append(self, row: Any) -> None:
        if self._count == len(self._array):
            self._array = np.concatenate([self._array, np.zeros_like(self._array)])
        self._array[self._count] = row
        self._count += 1

    @property
    def rows(self) -> NDArray:
        """(N, ...) what was appended; a view, valid until the next append."""
        return self._array[: self._count]


class Collector:
    """Takes every input with the step it led to; `recording` may be asked at any time.

    `keep_poses` also keeps xy_px, which markers.trc and the overlay video need: 264 bytes a frame.
    """

    def __init__(self, source: SourceInfo, model: ModelInfo | None, view: View, keep_poses: bool = True) -> None:
        self._source, self._model, self._view = source, model, view
        self._tally = Tally()
        self._t_ns = Growing((), np.int64)
        self._angles = Growing((), ANGLES)
        self._xy_px = Growing((JOINTS, 2), np.float32) if keep_poses else None
        self._strides = Growing((), STRIDE, 256)
        self._events: list[Event] = []
        self._cues: list[Cue] = []
        self._outcomes: list[Outcome] = []

    @property
    def poses(self) -> int:
        return self._tally.poses

    def add(self, given: Input, step: Step) -> None:
        self._tally.add(given, step)
        if isinstance(given, Pose):
            self._t_ns.append(given.t_ns)
            self._angles.append(NO_ANGLES if step.gait.angles is None else step.gait.angles)
            if self._xy_px is not None:
                self._xy_px.append(given.xy_px)
        for stride in step.gait.strides:
            self._strides.append(stride)
        self._events.extend(step.gait.events)
        self._cues.extend(step.cues)
        self._outcomes.extend(step.outcomes)

    def recording(
        self, session_id: str = "", started_utc: str = "", clock_trusted: bool = False, **about: Any
    ) -> Recording:
        """What was added so far. `about`: other fields of Recording that the caller knows, as the
        date's origin, `timing` and `notes`.
        """
        return assemble(
            self._tally,
            session_id=session_id,
            source=self._source,
            model=self._model,
            view=self._view,
            t_ns=self._t_ns.rows,
            angles=self._angles.rows.copy(),
            xy_px=None if self._xy_px is None else self._xy_px.rows.copy(),
            strides=self._strides.rows.copy(),
            events=tuple(self._events),
            cues=tuple(self._cues),
            outcomes=tuple(self._outcomes),
            started_utc=started_utc,
            clock_trusted=clock_trusted,
            **about,
        )


NO_ANGLES = np.full((), NAN, ANGLES)[()]


def assemble(tally: Tally, *, source: SourceInfo, t_ns: NDArray[np.int64], **parts: Any) -> Recording:
    """The recording made of the sums and of the rows, wherever those were kept.

    `source` is completed with what turned out: frames, duration, mean rate. `parts` are the other
    fields of Recording. Times count from the first input from here on, those of events, cues and
    outcomes too.
    """
    first_ns = tally.first_ns or 0
    for name in ("events", "cues", "outcomes"):
        parts[name] = tuple(replace(one, t_ns=one.t_ns - first_ns) for one in parts[name])
    source, model = _completed(source, tally), parts["model"]
    known = KnownErrors(model.errors if model else (), source.fps, parts["view"].given_azimuth_deg)
    stretches = find_stretches(parts["strides"], known, tally.pelvic_source)
    return Recording(
        source=source,
        speed=tally.speed,
        direction=tally.direction,
        near_side=tally.near_side,
        tracked_fraction=tally.tracked_fraction,
        running_fraction=tally.running_fraction,
        leg_swaps_repaired=tally.swaps,
        t_s=(t_ns - first_ns) / NS,
        pelvic_source=tally.pelvic_source,
        summary=by_feet(summarise(parts["strides"], tally.pelvic_measures(), known), tally.speed),
        faults=tally.fault_reports(),
        stretches=stretches.worst,
        best_stretches=stretches.best,
        modes=tuple(((start_ns - first_ns) / NS, mode) for start_ns, mode in tally.modes),
        page=tally.page,
        **parts,
    )


def _completed(source: SourceInfo, tally: Tally) -> SourceInfo:
    fps = source.fps
    if np.isnan(fps) and tally.poses > 1 and tally.duration_s > 0:
        fps = (tally.poses - 1) / tally.duration_s
    return replace(source, fps=fps, frames=tally.poses, duration_s=tally.duration_s)
