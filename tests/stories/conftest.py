"""The coach driven by made gait instead of a camera."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from station.coach import Coach
from station.cues import Plan
from station.types import NS, Cue, Fault, Gait, Mode, Outcome, Snapshot, View


class Hall:
    """A coach and a record of all that happened."""

    def __init__(self, plan: Plan, view: View) -> None:
        self.coach = Coach(view, plan)
        self.cues: list[Cue] = []
        self.outcomes: list[Outcome] = []
        self.modes: list[tuple[float, Mode]] = []
        self.snapshots: list[Snapshot] = []
        self.faults: tuple[Fault, ...] = ()

    def watch(self, gaits: Iterable[Gait]) -> Hall:
        for gait in gaits:
            step = self.coach.answer(gait)
            self.cues += step.cues
            self.outcomes += step.outcomes
            self.faults = step.faults
            self.snapshots.append(step.snapshot)
            if not self.modes or self.modes[-1][1] is not step.mode:
                self.modes.append((gait.t_ns / NS, step.mode))
        return self

    def until(self, cue_id: str, gaits: Iterable[Gait]) -> Hall:
        """Watches up to that spoken cue; fails when the gaits end without it."""
        for gait in gaits:
            self.watch([gait])
            if self.spoken and self.spoken[-1].t_ns == gait.t_ns and self.spoken[-1].id == cue_id:
                return self
        pytest.fail(f"{cue_id} was not said; last were {[cue.id for cue in self.spoken[-4:]]}")

    def mode_at(self, t_ns: int) -> Mode:
        return [mode for start_s, mode in self.modes if start_s * NS <= t_ns][-1]

    @property
    def mode(self) -> Mode:
        return self.modes[-1][1]

    @property
    def spoken(self) -> list[Cue]:
        return [cue for cue in self.cues if "audio" in cue.channels]

    @property
    def corrections(self) -> list[str]:
        return [cue.id for cue in self.spoken if cue.id.startswith("cue.")]

    @property
    def praise(self) -> list[str]:
        return [cue.id for cue in self.spoken if cue.action == "praise"]

    def row(self, rule: str) -> Fault:
        return next(fault for fault in self.faults if fault.rule == rule)


@pytest.fixture
def hall() -> Callable[..., Hall]:
    """Opens a hall: `hall(view=..., **values of Plan)`."""

    def open_hall(view: View | None = None, **plan: object) -> Hall:
        return Hall(Plan(**plan), view or View())  # type: ignore[arg-type]

    return open_hall
