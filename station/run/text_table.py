"""A recording as a few lines of text for the terminal."""

from __future__ import annotations

import math

from station.export.written import clock
from station.types import QUANTITIES, Measure, Recording

NO_SPEED = "speed unknown: it was not given, and the feet on the belt do not show it well enough"


def summary_table(recording: Recording) -> str:
    """Quantities with 95 % intervals, then the rules; an unknown one keeps its reason."""
    lines = [_head(recording), ""]
    lines += [f"  {name:<30} {_measure(measure, _unit(QUANTITIES[name].unit))}" for name, measure in recording.summary.items()]
    if not (recording.model and recording.model.errors):
        lines.append("  (intervals of the strides alone: how far the landmarks are off from person to person is not known)")
    lines.append("")
    for fault in recording.faults:
        detail = f"{_number(fault.value)}{_unit(fault.unit)}, on {fault.on_fraction:.0%}"
        detail = fault.reason if fault.state == "cannot_tell" else detail
        lines.append(f"  {fault.rule:<30} {fault.state.replace('_', ' '):<12} {detail}")
    lines += _stretches(recording)
    said = [cue for cue in recording.cues if cue.action == "start"]
    if said:
        lines.append("")
        lines += [f"  {cue.t_ns / 1e9:7.1f} s  {cue.text}" for cue in said]
    return "\n".join(lines)


def _stretches(recording: Recording) -> list[str]:
    """The worst stretch of every rule that could be judged; one line for all where none could."""
    shown = [stretch for stretch in recording.stretches if stretch.strides]
    if not shown:
        reasons = {stretch.reason: None for stretch in recording.stretches}
        return ["", *(f"  no stretch can be judged: {reason}" for reason in reasons)] if len(reasons) == 1 else []
    lines = ["", "  Worst stretch of each rule, judged by itself:"]
    for one in shown:
        usual = f", usual {_number(one.usual_low)} to {_number(one.usual_high)}" if math.isfinite(one.usual_low) else ""
        value = f"{_number(one.value)}{_unit(one.unit)}  [{_number(one.low)} .. {_number(one.high)}]{usual}"
        why = f"  ({one.reason})" if one.reason else ""
        span = f"{clock(one.start_s)}-{clock(one.end_s)}"
        lines.append(f"  {one.rule:<30} {one.state:<4} {span:<12} {one.strides:3d} strides  {value}{why}")
    return lines


def _head(recording: Recording) -> str:
    speed = recording.speed
    parts = [
        f"{len(recording.t_s)} poses",
        f"tracked {recording.tracked_fraction:.0%}",
        f"running {recording.running_fraction:.0%}",
        f"faces {recording.direction or 'unknown'}",
        f"{len(recording.strides)} strides",
        f"{recording.leg_swaps_repaired} leg swaps repaired",
        f"speed {speed.mps:.2f} m/s ({speed.origin})" if math.isfinite(speed.mps) else NO_SPEED,
    ]
    return f"{recording.source.path}: {', '.join(parts)}"


def _unit(unit: str) -> str:
    """As it is written behind a number; a ratio, whose unit is 1, has none."""
    return "" if unit == "1" else f" {unit}"


def _measure(measure: Measure, unit: str) -> str:
    if not measure.measured:
        return f"cannot tell: {measure.reason}"
    return f"{_number(measure.value)}{unit}  [{_number(measure.low)} .. {_number(measure.high)}]  n {measure.n}"


def _number(value: float) -> str:
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"
