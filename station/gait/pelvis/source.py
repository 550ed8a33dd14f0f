"""The seam to whatever shows the pelvis: one question a stride, one answer over strides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from station.types import Measure


class PelvicStride(NamedTuple):
    """One stride. `turn` complex H1 of the turn, peak to peak in degrees, relative to the thigh's
    phase (real part in phase, imaginary part = quadrature, + = pelvis ahead); `drag` likewise, what
    a drag of 1 of the hip landmarks would read."""

    turn: complex
    drag: complex
    thigh_deg: float  # H1 of the near thigh, peak to peak


class Thighs(NamedTuple):
    """What every source takes a stride's phase from; see landmarks.thighs_lock_in."""

    thigh: complex
    ahead: complex
    near_px: float


class PelvicSource(Protocol):
    """One way to see the pelvis. The core knows `Pelvis` alone, which owns the sources.

    What a source alone needs (tags, knee lifts) comes from it by methods of the source's own.
    """

    @property
    def name(self) -> str:
        """As Gait.pelvic_source has it."""

    @property
    def calibrated(self) -> bool:
        """Whether what was learnt of this runner (drag, shape, gain) suffices to measure."""

    def close(self, rows: NDArray[np.float64], thighs: Thighs, start_s: float, end_s: float) -> PelvicStride | None:
        """The stride's turn, from history rows of [start, end) or own samples; None when not seen.

        Called once per stride, in order.
        """

    def measures(self) -> Mapping[str, Measure]:
        """Every name of landmarks.MEASURED, over the last strides."""

    def forget(self) -> None:
        """A new bout: the strides so far no longer count. Calibration stays."""

    def reset(self) -> None:
        """Another runner: calibration goes too."""
