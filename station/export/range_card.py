"""The range that the drill showed beside textbook references, and gentle suggestions for a
direction that looked short.

The find-your-hip drill asks for an easy lift of the knee to about 45 deg, not for the most a hip
can do. So a small angle is no finding, and the textbook numbers are for orientation only
(gait/README.md: never pass or fail).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from station.types import NAN, Mode, Recording

TEXTBOOK_BENT_DEG = 125.0  # hip flexion with a bent knee
TEXTBOOK_STRAIGHT = "80–90°"
TEXTBOOK_EXTENSION_DEG = 15.0  # of the hip (chosen from textbook ranges of 10 to 20)
DRILL_ASKS_DEG = 45.0  # chosen
LIFT_SHORT_DEG = 35.0  # guess: a lift that stays 10 deg under what the drill asks
BENT_KNEE_DEG, STRAIGHT_KNEE_DEG = 60.0, 20.0  # guess
HELD = 5  # frames: an angle counts when the median of so many reaches it


@dataclass(frozen=True, slots=True)
class RangeRow:
    direction: str
    seen_deg: float  # NaN: the drill did not show it
    textbook: str
    remark: str


@dataclass(frozen=True, slots=True)
class Card:
    """What may help a direction that looked short: muscles to ease and muscles that work."""

    direction: str
    because: str
    ease: str
    strengthen: str


def range_rows(recording: Recording) -> tuple[RangeRow, ...]:
    """Thigh against trunk, near leg; empty without a drill. Thigh back is rarely seen."""
    rows = _drill_rows(recording)
    if not rows.any():
        return ()
    hip, knee = recording.angles["hip_flexion_near_deg"][rows], recording.angles["knee_flexion_near_deg"][rows]
    bent = largest_held(np.where(knee >= BENT_KNEE_DEG, hip, NAN))
    straight = largest_held(np.where(knee <= STRAIGHT_KNEE_DEG, hip, NAN))
    back = largest_held(np.where(knee <= STRAIGHT_KNEE_DEG, -hip, NAN))
    asked = f"the drill asks for about {DRILL_ASKS_DEG:.0f}°, not for your limit"
    return (
        RangeRow("Thigh forward, knee bent", bent, f"{TEXTBOOK_BENT_DEG:.0f}°", asked),
        RangeRow("Thigh forward, knee straight", straight, TEXTBOOK_STRAIGHT, "not asked for in the drill"),
        RangeRow("Thigh back", back, f"{TEXTBOOK_EXTENSION_DEG:.0f}°", "not asked for in the drill"),
    )


def cards(recording: Recording) -> tuple[Card, ...]:
    """At most one card a direction, only with a reason that was measured."""
    made = []
    rows = range_rows(recording)
    if rows and rows[0].seen_deg < LIFT_SHORT_DEG:
        made.append(
            Card(
                "Thigh forward",
                f"in the drill the thigh came up to {rows[0].seen_deg:.0f}°, the drill asks for about {DRILL_ASKS_DEG:.0f}°",
                "the muscles behind: gluteus maximus and hamstrings (an easy knee-to-chest hold, a gentle hamstring stretch)",
                "the hip flexors: iliopsoas and rectus femoris (slow standing knee lifts)",
            )
        )
    sitting = next((fault for fault in recording.faults if fault.rule == "sitting"), None)
    if sitting is not None and sitting.state == "on":
        made.append(
            Card(
                "Thigh back",
                "while running the leg opened little behind the hip, or the run looked seated",
                "the muscles in front: iliopsoas and rectus femoris (a half-kneeling stretch, pelvis tucked, no forcing)",
                "the hip extensors: gluteus maximus and hamstrings (bridges, step-ups)",
            )
        )
    return tuple(made)


def largest_held(values: NDArray[np.float64]) -> float:
    """The largest median over HELD frames of which most know the angle; NaN when there are none."""
    if len(values) < HELD:
        return NAN
    windows = np.lib.stride_tricks.sliding_window_view(values, HELD)
    enough = windows[np.isfinite(windows).sum(axis=1) > HELD // 2]
    return float(np.nanmedian(enough, axis=1).max()) if len(enough) else NAN


def _drill_rows(recording: Recording) -> NDArray[np.bool_]:
    rows = np.zeros(len(recording.t_s), bool)
    starts = [start_s for start_s, _ in recording.modes]
    for (start_s, mode), end_s in zip(recording.modes, [*starts[1:], np.inf], strict=False):
        if mode is Mode.DRILL:
            rows |= (recording.t_s >= start_s) & (recording.t_s < end_s)
    return rows
