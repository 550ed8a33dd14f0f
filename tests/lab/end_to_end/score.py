"""One clip against its truth: landmarks, angles, measures with their intervals, events, verdicts,
cues.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from station.faults import RULES
from station.faults.rule import Look
from station.types import NS, Joint, Measure
from tests.lab.render.clip import LANDMARK_NAMES, Truth, truth_of

from .clips import LEAD_S
from .streams import PARTS, Seen, Watched
from .truth import near_side, truth, verdicts

EVENT_REACH_S = 0.12
JUDGED_S = 110.0
"""Long enough for every rule: the slowest wants some 50 s."""

Told = Literal["right", "wrong", "cannot tell", "either"]
XY = NDArray[np.float64]


@dataclass(frozen=True)
class Miss:
    """A measured quantity against its truth."""

    value: float
    low: float
    high: float
    true: float

    @property
    def error(self) -> float:
        return self.value - self.true

    @property
    def half(self) -> float:
        return (self.high - self.low) / 2

    @property
    def holds(self) -> bool:
        return self.low <= self.true <= self.high


class Score:
    """Everything about one clip, worked out when it is asked for."""

    def __init__(self, seen: Seen) -> None:
        self.seen, self.clip = seen, seen.clip
        self.near = near_side(seen.clip.spec)
        self.far = "left" if self.near == "right" else "right"

    # ---- landmarks -------------------------------------------------------------------------------

    @cached_property
    def exact(self) -> Truth:
        """At the pictures' own moments."""
        return truth_of(self.clip.spec)

    @cached_property
    def settled(self) -> NDArray[np.bool_]:
        """Pictures (T,) after the lead-in."""
        return np.arange(self.count) >= self.clip.lead_frames

    @property
    def count(self) -> int:
        return min(len(self.seen.poses.t_ns), len(self.exact.t_s))

    @property
    def found_pct(self) -> float:
        return 100 * float(np.isfinite(self._px("hip", self.near)[self.settled, 0]).mean())

    def _px(self, part: str, side: str) -> XY:
        return self.seen.poses.xy_px[: self.count, Joint[f"{side}_{PARTS[part]}".upper()]].astype(float)

    def _true_px(self, part: str, side: str) -> XY:
        return self.exact.px[: self.count, LANDMARK_NAMES.index(f"{part}_{side}")]

    @cached_property
    def thigh_px(self) -> float:
        """Length of the near thigh in the picture, where it is longest."""
        length = np.hypot(*(self._true_px("knee", self.near) - self._true_px("hip", self.near)).T)
        return float(np.percentile(length, 95))

    def off_px(self, part: str, side: str) -> XY:
        """Distance (T,) of a landmark from its true place, in the settled pictures in which
        somebody was found.
        """
        off = np.hypot(*(self._px(part, side) - self._true_px(part, side)).T)[self.settled]
        return off[np.isfinite(off)]

    def exchanged_pct(self) -> float:
        """Pictures in which knees and ankles lie better on the other leg, while the legs are
        clearly apart.
        """
        straight, crossed, apart = np.zeros((3, self.count))
        for part in ("knee", "ankle"):
            for side, other in (("left", "right"), ("right", "left")):
                straight += np.hypot(*(self._px(part, side) - self._true_px(part, side)).T)
                crossed += np.hypot(*(self._px(part, side) - self._true_px(part, other)).T)
            apart += np.hypot(*(self._true_px(part, "left") - self._true_px(part, "right")).T)
        clear = self.settled & (apart > 0.6 * self.thigh_px) & np.isfinite(straight)
        return 100 * float((crossed[clear] < 0.7 * straight[clear]).mean()) if clear.any() else np.nan

    # ---- angles ----------------------------------------------------------------------------------

    @cached_property
    def once(self) -> Watched:
        """The clip played once through the core."""
        return self.seen.watched(self.seen.once())

    @cached_property
    def round(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The last time round the circle: rows of `judged`, and which picture of the clip each
        shows.
        """
        rows = np.arange(len(self.judged.t_s))[-self.clip.loop_frames :]
        lead = self.clip.lead_frames
        return rows, np.minimum(lead + (rows - lead) % self.clip.loop_frames, self.count - 1)

    def angle_error(self, name: str) -> XY:
        """Measured minus true (T,), the last time round: "thigh_near", "thigh_far",
        "knee_flexion_near", "trunk_lean".
        """
        of = name.replace("near", self.near).replace("far", self.far)
        rows, pictures = self.round
        error = self.judged.angles[f"{name}_deg"][rows] - self.exact.angles_deg[of][pictures]
        return error[np.isfinite(error)]

    def exchanged_after_pct(self) -> tuple[float, float]:
        """Pictures in which the near thigh of the core is rather the far one, while the thighs are
        25 degrees apart: while the clip is played once (what a runner's first seconds are like),
        and the last time round."""
        once = np.flatnonzero(self.settled)
        rows, pictures = self.round
        return self._exchanged(self.once, once, once), self._exchanged(self.judged, rows, pictures)

    def _exchanged(self, watched: Watched, rows: NDArray[np.int64], pictures: NDArray[np.int64]) -> float:
        near, far = (self.exact.angles_deg[f"thigh_{side}"][pictures] for side in (self.near, self.far))
        seen = watched.angles["thigh_near_deg"][rows]
        clear = (abs(near - far) > 25) & np.isfinite(seen)
        return 100 * float((abs(seen - far) < abs(seen - near))[clear].mean()) if clear.any() else np.nan

    # ---- measures --------------------------------------------------------------------------------

    @cached_property
    def true_values(self) -> Mapping[str, float]:
        return truth(self.clip.spec, self.near).values

    def miss(self, name: str, watched: Watched | None = None) -> Miss | None:
        """A measure of the strides seen once (or of `watched`); None where it was not told."""
        told: Measure | None = (watched or self.once).last.measures.get(name)
        if told is None or not told.measured:
            return None
        return Miss(told.value, told.low, told.high, self.true_values[name])

    def event_errors_s(self, kind: str, side: str) -> XY:
        """Measured minus true moment of every contact or toe-off that has one within EVENT_REACH_S.
        """
        true = (self.exact.contact_s if kind == "contact" else self.exact.toe_off_s)[side]
        # A picture bears the time at which its exposure began.
        late_s = self.clip.spec.sensor.shutter_s / 2
        seen = np.array([e.t_ns / NS + late_s for e in self.once.events if e.kind == kind and e.side == side])
        seen = seen[seen > LEAD_S]
        if not len(seen) or not len(true):
            return np.empty(0)
        error = seen - true[abs(seen[:, None] - true).argmin(axis=1)]
        return error[abs(error) < EVENT_REACH_S]

    def turn(self) -> tuple[complex, complex]:
        """Seen and true first harmonic of the pelvic turn against the thigh, before any
        calibration.
        """
        rows = [complex(s["pelvic_in_phase_deg"], s["pelvic_quadrature_deg"]) for s in self.once.strides]
        rows = [r for r in rows if np.isfinite(r)]
        seen = complex(np.median(np.real(rows)), np.median(np.imag(rows))) if rows else complex(np.nan, np.nan)
        return seen, truth(self.clip.spec, self.near).turn

    # ---- judgement -------------------------------------------------------------------------------

    @cached_property
    def judged(self) -> Watched:
        """The clip in a circle, long enough for every rule."""
        return self.seen.watched(self.seen.looped(JUDGED_S))

    @cached_property
    def true_looks(self) -> Mapping[str, Look]:
        return verdicts(self.clip)

    def told(self) -> dict[str, tuple[Look, str, Told]]:
        """Per rule: what is true, what was said in the end, and what that is worth."""
        said = {fault.rule: fault.state for fault in self.judged.faults}
        return {rule.name: (true := self.true_looks[rule.name], said[rule.name], worth(true, said[rule.name])) for rule in RULES}

    def false_cues(self) -> list[str]:
        """Corrections that were spoken about something that is not so."""
        return false_cues(self.judged, self.true_looks)


def worth(true: Look, said: str) -> Told:
    """A verdict against the truth; between a rule's two thresholds either verdict is right."""
    if said == "cannot_tell":
        return "cannot tell"
    if true == "between":
        return "either"
    return "right" if (said == "on") == (true == "out") else "wrong"


def false_cues(watched: Watched, true_looks: Mapping[str, Look]) -> list[str]:
    return [cue.rule for cue in watched.cues if cue.action == "start" and true_looks.get(cue.rule) == "inside"]
