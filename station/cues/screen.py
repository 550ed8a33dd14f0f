"""What the screen gets: the snapshot of one moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from station.cues.governor import Governor
from station.cues.session import Session
from station.types import NAN, Band, Fault, Gait, Measure, Pose, Snapshot, View


class Judged(NamedTuple):
    """What the fault room says of one moment, as far as it is shown. `zones` and `recent` (the last
    strides) by measure."""

    faults: tuple[Fault, ...]
    zones: Mapping[str, Band]
    recent: Mapping[str, Measure]


class Snapshots:
    """Assembles snapshots. `aim_cadence_spm`: by belt speed in m/s, NaN = unknown."""

    def __init__(self, view: View, aim_cadence_spm: Callable[[float], float]) -> None:
        self._view, self._aim_at = view, aim_cadence_spm
        self._aim: tuple[str, float] = "", NAN  # speed as text: an unknown one is equal to itself

    def step(
        self,
        pose: Pose | None,
        gait: Gait,
        judged: Judged,
        session: Session,
        governor: Governor,
        runner_session: int = 0,
    ) -> Snapshot:
        speed = f"{gait.speed.mps:.1f}"
        if speed != self._aim[0]:
            self._aim = speed, self._aim_at(float(speed))
        return Snapshot(
            t_ns=gait.t_ns,
            mode=session.mode,
            mode_s=session.mode_s,
            session_s=session.session_s,
            gait=gait,
            pose=pose,
            view=self._view,
            faults=judged.faults,
            cue=governor.lit,
            bands=judged.zones,
            recent=judged.recent,
            prompt=session.prompt,
            progress=session.progress,
            aim_cadence_spm=self._aim[1],
            page=session.page,
            runner_session=runner_session,
        )
