"""What the pose models here share: the detector, one landmark network, the times of stages."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter_ns

import numpy as np
from numpy.typing import NDArray

from station.pose.detector import Detector
from station.pose.model import Person
from station.pose.session import Session
from station.pose.store import read_card, read_errors
from station.types import ModelInfo

STAGES = ("warp", "landmarks", "decode")


class TwoStage:
    """A `PoseModel` but for `measure`, with the landmark weights `name`.

    Raises ModelError when a model file is not what its card says.
    """

    margin: float
    many_at_once = True

    def __init__(self, folder: Path, name: str, threads: int) -> None:
        card = read_card(folder / f"{name}.md")
        self.info = ModelInfo(name, card.sha256, read_errors(card))
        self.stage_ms: dict[str, float] = {}
        self._detector = Detector(folder, threads)
        self._network = Session(card, threads)

    def find(self, image: NDArray[np.uint8]) -> list[Person]:
        """Everybody the detector sees in an RGB frame (H, W, 3), surest first."""
        start = perf_counter_ns()
        people = self._detector.find(image, self.margin)
        self._spent("detector", perf_counter_ns() - start)
        return people

    def close(self) -> None:
        del self._detector, self._network

    def _measured(self, times_ns: list[int]) -> None:
        """The times at the start and after each of STAGES."""
        for stage, spent_ns in zip(STAGES, np.diff(times_ns).tolist(), strict=True):
            self._spent(stage, spent_ns)

    def _spent(self, stage: str, spent_ns: int) -> None:
        self.stage_ms[stage] = self.stage_ms.get(stage, 0.0) + spent_ns / 1e6
