"""Two sessions of one runner beside each other: what changed, what surely did not, and what must
not be compared.

Between two sessions before the same camera most of a pose model's error stays the same, so the
narrow `ci95_change` holds for their difference. It holds no longer once the camera, the side, the
pose model or the belt speed is another one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from station.types import KMH_PER_MPS, NAN, PELVIC_TURN, Measure, Recording

SAME_SPEED_MPS = 0.15  # chosen: half a km/h; the leg behind the hip grows by one degree from it
SAME_AZIMUTH_DEG = 3.0  # chosen: what two calibrations of one camera may differ by
SAME_RATE = 0.2  # chosen: a share of the frame rate; below, contacts are read with another grain
# What is counted, whoever films and from wherever.
ANY_CAMERA = ("cadence_spm",)


@dataclass(frozen=True, slots=True)
class Setup:
    """How a session was seen, as far as a change depends on it. "" and NaN: not known."""

    near_side: str = ""
    model_sha256: str = ""
    pelvic_source: str = ""
    speed_mps: float = NAN
    azimuth_deg: float = NAN
    fps: float = NAN

    @classmethod
    def of(cls, recording: Recording) -> Setup:
        model = recording.model.sha256 if recording.model else ""
        speed, view, fps = recording.speed.mps, recording.view, recording.source.fps
        return cls(recording.near_side or "", model, recording.pelvic_source, speed, view.azimuth_deg, fps)

    def why_not(self, other: Setup, measure: str) -> str:
        """Why a measure of both must not be compared, "" where it may."""
        if math.isnan(self.speed_mps + other.speed_mps):
            return "the belt speed of one session is not known"
        if abs(self.speed_mps - other.speed_mps) > SAME_SPEED_MPS:
            one_kmh, other_kmh = (setup.speed_mps * KMH_PER_MPS for setup in (self, other))
            return f"at another belt speed: {one_kmh:.1f} and {other_kmh:.1f} km/h"
        if measure in ANY_CAMERA:
            return ""
        if self.near_side != other.near_side:
            return "filmed from the other side: the near leg is the other leg"
        if self.model_sha256 != other.model_sha256:
            return "seen by another pose model"
        if abs(self.azimuth_deg - other.azimuth_deg) > SAME_AZIMUTH_DEG:
            return "the camera stood at another angle"
        if abs(self.fps - other.fps) > SAME_RATE * max(self.fps, other.fps):
            return "filmed at another frame rate"
        if measure in PELVIC_TURN and self.pelvic_source != other.pelvic_source:
            return "the pelvis was measured in another way"
        return ""


class Difference(NamedTuple):
    """After minus before, with half the width of its 95 % interval, or why it cannot be told."""

    value: float = NAN
    half: float = NAN
    reason: str = ""

    @property
    def clear(self) -> bool:
        """Whether the interval leaves out zero."""
        return not self.reason and abs(self.value) > self.half


def difference(before: Measure, after: Measure, why_not: str = "") -> Difference:
    """Of one runner before one camera: halves add in quadrature. `why_not`: what forbids it."""
    if not (before.measured and after.measured):
        return Difference(reason=before.reason or after.reason)
    if why_not:
        return Difference(reason=why_not)
    halves = [(measure.ci95_change[1] - measure.ci95_change[0]) / 2 for measure in (before, after)]
    return Difference(after.value - before.value, math.hypot(*halves))


def differences(
    before: Mapping[str, Measure], after: Mapping[str, Measure], setups: tuple[Setup, Setup]
) -> dict[str, Difference]:
    """Of every measure that both sessions have, also of what one of them could not tell."""
    both = [name for name in before if name in after]
    return {name: difference(before[name], after[name], setups[0].why_not(setups[1], name)) for name in both}
