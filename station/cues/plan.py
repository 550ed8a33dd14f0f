"""The plan of a session: plain values, fixed when it begins, for a log to be replayed by."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

# Feedback is taken away over the sessions, because a movement that is learned without the voice
# stays (Crowell & Davis 2011, Willy 2012: 8 sessions, feedback removed over the last four). Share
# of the on-windows that may be cued, sessions 1, 2, 3, ...
FADING_PCT = (100, 100, 75, 75, 50, 50, 25, 0)


def fading_pct(session_number: int) -> int:
    """Share of the on-windows that may be cued in a runner's session of that number, 1 = first."""
    return FADING_PCT[min(session_number, len(FADING_PCT)) - 1]


@dataclass(frozen=True, slots=True)
class Plan:
    """Durations in seconds. `analysis`: judge from the first stride on, without a schedule: all
    running is coached (offline).

    Every value is chosen (gait/README.md, coaching choices) unless a comment says more.
    Raises ValueError for a value that makes no session.
    """

    analysis: bool = False
    # 1 = first: decides the fading for a runner whose stick does not say how many they had
    session_number: int = 1

    baseline_s: float = 180.0
    cue_block_s: float = 180.0
    free_block_s: float = 120.0
    retention_s: float = 180.0
    # Running time planned: 3 + 3 x (3 + 2) + 3 min; retention is its last part.
    planned_s: float = 1260.0
    # Free running shorter than this cannot stand in for a retention part.
    least_retention_s: float = 60.0

    # Running for so long begins the session; within 10 s with the core's own delay.
    start_s: float = 6.0
    end_s: float = 15.0  # not running for so long ends it
    forget_s: float = 60.0  # nobody in view for so long: who comes next is another runner
    gap_s: float = 5.0  # nobody in view for so long is still the same runner, silently
    drill_wait_s: float = 6.0  # standing side-on for so long before the drill is offered
    done_s: float = 60.0  # the result stays up for so long
    drill_lifts: int = 6  # per leg
    contrast_part_s: float = 30.0

    quiet_start_s: float = 120.0  # no correction before this, nor judgement by the governor
    gap_between_cues_s: float = 30.0  # at most one correction per 30 s
    rule_rest_s: float = 60.0  # the same rule again, at the earliest
    after_voice_s: float = 3.0  # between any line and a correction
    stale_s: float = 6.0  # a wish to speak older than this is dropped
    shown_s: float = 6.0  # a cue stays on the screen at least so long
    cues_per_minute: int = 2  # corrections and praise together
    outcome_strides: int = 20

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            if item.name.endswith("_s") and not (math.isfinite(value) and value >= 0):
                raise ValueError(f"{item.name} = {value!r}, expected a number of seconds, 0 or more")
        if self.session_number < 1:
            raise ValueError(f"session_number = {self.session_number!r}, expected 1 or more")
        if self.planned_s <= self.baseline_s + self.retention_s:
            parts = f"baseline_s + retention_s = {self.baseline_s + self.retention_s:g}"
            raise ValueError(f"planned_s = {self.planned_s:g} leaves no time to coach, expected more than {parts}")
        if self.cue_block_s + self.free_block_s <= 0 and not self.analysis:
            raise ValueError("cue_block_s and free_block_s are both 0: no block would ever end")

    @classmethod
    def offline(cls, **values: Any) -> Plan:
        """Same windows and thresholds, no start-up silence, no schedule: for `station analyze`."""
        return cls(analysis=True, quiet_start_s=0.0, **values)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for the header of the input log."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Plan:
        """The plan a log was recorded with. Raises TypeError for an unknown key."""
        return cls(**{name: value for name, value in values.items() if name != "language"})
