"""What was measured in each part of a session, and the page that compares them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from station.types import NAN, Fault, Gait, Measure, Mode, SessionPage

KEEP_EVERY_S = 10.0  # chosen
FIRST_KEPT_S = 30.0  # so that the window of 30-40 strides lies inside the part

PAGE_MEASURES = (
    "cadence_spm",
    "tle_near_deg",
    "thigh_excursion_near_deg",
    "tle_share_near",
    "trunk_lean_deg",
    "vertical_oscillation_cm",
    "vertical_ratio_pct",
    "duty_factor_pct",
    "flight_time_ms",
    "overstride_near_cm",
    "shank_contact_near_deg",
    "pelvic_turn_deg",
    "pelvic_turn_quadrature_deg",
)


@dataclass(slots=True)
class SessionPart:
    """A stretch of one mode. `run_s` counts running only. `block` counts coached blocks from 1."""

    mode: Mode
    block: int = 0
    run_s: float = 0.0
    on_s: float = 0.0  # running time with some fault on
    on_s_by_rule: dict[str, float] = field(default_factory=dict)
    latest: Mapping[str, Measure] = field(default_factory=dict)
    earlier: Mapping[str, Measure] = field(default_factory=dict)
    _next_s: float = FIRST_KEPT_S

    def add(self, gait: Gait, faults: tuple[Fault, ...], dt_s: float) -> None:
        self.run_s += dt_s
        on = [fault.rule for fault in faults if fault.state == "on"]
        if on:
            self.on_s += dt_s
            for rule in on:
                self.on_s_by_rule[rule] = self.on_s_by_rule.get(rule, 0.0) + dt_s
        if self.run_s >= self._next_s and gait.speed.steady and gait.measures:
            self.keep(gait)
            self._next_s = self.run_s + KEEP_EVERY_S

    def keep(self, gait: Gait) -> None:
        self.earlier, self.latest = self.latest or gait.measures, gait.measures

    @property
    def on_fraction(self) -> float:
        return self.on_s / self.run_s if self.run_s > 0 else 0.0


def retention_of(parts: list[SessionPart], least_s: float) -> Mapping[str, Measure]:
    """Measures without coaching, at the end: of the retention part, or, when the runner stopped
    early, of the last free block that was long enough. Empty when there is none. Those of 10 s
    before the stop are taken: slowing down is not running."""
    for mode in (Mode.RETENTION, Mode.REST):
        for part in reversed(parts):
            if part.mode is mode and part.run_s >= least_s:
                return part.earlier
    return {}


def page(
    baseline: Mapping[str, Measure], parts: list[SessionPart], least_s: float, given: int, cleared: int, focus: str
) -> SessionPage:
    """Retention beside baseline; no rows without a baseline, a reason without retention."""
    retention = retention_of(parts, least_s)
    missing = Measure.cannot_tell(f"stopped before {least_s:.0f} s of running on your own")
    rows = [(name, baseline[name], retention.get(name, missing)) for name in PAGE_MEASURES if name in baseline]
    best = best_block(parts)
    block, on_fraction = (best.block, best.on_fraction) if best is not None else (0, NAN)
    return SessionPage(tuple(rows), block, on_fraction, focus, given, cleared)


def best_block(parts: list[SessionPart]) -> SessionPart | None:
    """The coached block with the least time in a fault; None unless two blocks differ."""
    blocks = [part for part in parts if part.mode is Mode.COACH and part.run_s >= FIRST_KEPT_S]
    shares = [part.on_fraction for part in blocks]
    if len(blocks) < 2 or max(shares) == min(shares):
        return None
    return min(blocks, key=lambda part: part.on_fraction)


def most_frequent_fault(parts: list[SessionPart]) -> str:
    """The rule that was on longest, "" when none was."""
    total: dict[str, float] = {}
    for part in parts:
        for rule, seconds in part.on_s_by_rule.items():
            total[rule] = total.get(rule, 0.0) + seconds
    return max(total, key=lambda rule: total[rule], default="")
