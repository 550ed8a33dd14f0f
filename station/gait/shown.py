"""What is shown and never measured with: smoothed angles, share seen, place on the belt."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from math import exp, isfinite, nan

import numpy as np
from numpy.typing import NDArray

from station.gait.angles import rounded_angles
from station.types import ANGLES, NEVER, Side, View

TRACKED_S = 2.0  # chosen: three strides
EASED_S = 0.05  # time constant of the angles drawn for the eye (chosen)
STALE_S = 0.5  # after so long unseen the drawn angles start afresh (chosen)


class Eased:
    """`step` per pose with angles: rounded records, raw and drawn. Drawn follows exponentially."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._drawn: Sequence[float] = ()
        self._drawn_s = NEVER

    def step(self, t_s: float, angles_deg: Sequence[float]) -> tuple[np.void, np.void]:
        if t_s - self._drawn_s > STALE_S:
            self._drawn = angles_deg
        else:
            weight = 1.0 - exp(-max(t_s - self._drawn_s, 0.0) / EASED_S)
            pairs = zip(self._drawn, angles_deg, strict=True)
            self._drawn = [before + weight * (now - before) if isfinite(before) else now for before, now in pairs]
        self._drawn_s = t_s
        records = rounded_angles(np.array((angles_deg, self._drawn))).view(ANGLES)
        records.flags.writeable = False
        return records[0, 0], records[1, 0]


class Tracked:
    """Share of the poses of the last TRACKED_S with a measured near leg."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, bool]] = deque()
        self.reset()

    def reset(self) -> None:
        self._seen.clear()
        self._near = 0

    def step(self, t_s: float, near: bool) -> None:
        self._seen.append((t_s, near))
        self._near += near

    def share(self, t_s: float) -> float:
        while self._seen and t_s - self._seen[0][0] > TRACKED_S:
            self._near -= self._seen.popleft()[1]
        return round(self._near / len(self._seen), 3) if self._seen else 0.0


class Zone:
    """Where along the zone the runner is: 0 rear end, 1 front end; NaN before it is known."""

    def __init__(self, view: View, straighten: NDArray[np.float64]) -> None:
        x0, _, x1, _ = view.zone
        self._start_px, self._width_px = x0 * view.width_px, (x1 - x0) * view.width_px
        # Straightened x, y to the frame's x.
        self._x, self._y = np.linalg.inv(straighten)[:, 0].tolist()
        self.reset()

    def reset(self) -> None:
        self.position = nan

    def step(self, hips_px: Sequence[float], side: Side) -> None:
        """Takes the middle of the hips in the straightened frame."""
        if isfinite(hips_px[0]) and self._width_px > 0:
            along = (hips_px[0] * self._x + hips_px[1] * self._y - self._start_px) / self._width_px
            self.position = round(along if side == "right" else 1.0 - along, 3)
