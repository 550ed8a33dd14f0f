"""Synthetic runners and what the core reported of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from station.gait import GaitCore
from station.testing.synthetic import SyntheticRunner, Truth
from station.testing.synthetic_body import Filming
from station.testing.synthetic_flaws import Flaws
from station.testing.synthetic_motion import RunnerSpec
from station.types import STRIDE, Event, Gait

NOISE_MM = 8.0


@dataclass(frozen=True)
class Reported:
    """Everything the core said, and the truth."""

    gaits: list[Gait]
    truth: Truth

    @property
    def last(self) -> Gait:
        return self.gaits[-1]

    @property
    def strides(self) -> NDArray[np.void]:
        return np.array([stride for gait in self.gaits for stride in gait.strides], STRIDE)

    @property
    def events(self) -> list[Event]:
        return [event for gait in self.gaits for event in gait.events]

    def activities(self, from_s: float = 0.0, to_s: float = 1e9) -> set[str]:
        first_ns = self.gaits[0].t_ns
        return {str(g.activity) for g in self.gaits if from_s <= (g.t_ns - first_ns) / 1e9 <= to_s}


@cache
def _film(script: tuple[tuple[float, RunnerSpec], ...], filming: Filming, direction_known: bool) -> Reported:
    runner = SyntheticRunner(script, filming=filming)
    core = GaitCore(runner.view if direction_known else replace(runner.view, direction=None))
    return Reported([core.step(pose) for pose in runner.poses()], runner.truth)


def film(*script: tuple[float, RunnerSpec], direction_known: bool = False, **filming: object) -> Reported:
    """A script (seconds, spec), ... filmed and given to a fresh core."""
    return _film(script, Filming(**filming), direction_known)  # type: ignore[arg-type]


@pytest.fixture(scope="session", name="film")
def film_fixture() -> Callable[..., Reported]:
    return film


def noisy(**flaws: object) -> Flaws:
    return Flaws(noise_mm=NOISE_MM, **flaws)  # type: ignore[arg-type]
