"""What the screen gets: the snapshot of one moment."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

from station.cues.governor import Governor
from station.cues.session import Session
from station.types import NAN, Band, Fault, Gait, Measure, Pose, Snapshot, View


class Norms(NamedTuple):
    """What the fault room knows of a speed (m/s, NaN = unknown), as far as it is shown. `band` is
    (low, high) of one of `measures`, NaN where there is no norm."""

    measures: tuple[str, ...]
    band: Callable[[str, float], tuple[float, float]]
    aim_cadence_spm: Callable[[float], float]


class Snapshots:
    """Assembles snapshots; bands are worked out anew only when speed or baseline change."""

    def __init__(self, view: View, norms: Norms) -> None:
        self._view, self._norms = view, norms
        self._aim_spm = NAN
        self._speed_mps = -1.0
        self._baseline: Mapping[str, Measure] | None = None
        self._bands: Mapping[str, Band] = {}

    def step(
        self,
        pose: Pose | None,
        gait: Gait,
        faults: tuple[Fault, ...],
        session: Session,
        governor: Governor,
        runner_session: int = 0,
    ) -> Snapshot:
        self._refresh(round(gait.speed.mps, 1), session.own.baseline)
        return Snapshot(
            t_ns=gait.t_ns,
            mode=session.mode,
            mode_s=session.mode_s,
            session_s=session.session_s,
            gait=gait,
            pose=pose,
            view=self._view,
            faults=faults,
            cue=governor.lit,
            bands=self._bands,
            prompt=session.prompt,
            progress=session.progress,
            aim_cadence_spm=self._aim_spm,
            page=session.page,
            runner_session=runner_session,
        )

    def _refresh(self, speed_mps: float, baseline: Mapping[str, Measure]) -> None:
        same_speed = speed_mps == self._speed_mps or (math.isnan(speed_mps) and math.isnan(self._speed_mps))
        if same_speed and baseline is self._baseline:
            return
        self._speed_mps, self._baseline = speed_mps, baseline
        self._aim_spm = self._norms.aim_cadence_spm(speed_mps)
        bands = {}
        for name in self._norms.measures:
            low, high = self._norms.band(name, speed_mps)
            if not math.isnan(low):
                bands[name] = Band(low, high, "norm")
        for name, measure in baseline.items():
            if measure.measured and measure.n > 1:
                bands[name] = own_band(measure)
        self._bands = bands


def own_band(baseline: Measure) -> Band:
    """One SD between the runner's own strides about the baseline, from its 95 % interval."""
    spread = (baseline.high - baseline.low) / 2 / 1.96 * math.sqrt(baseline.n)
    return Band(baseline.value - spread, baseline.value + spread, "own")
