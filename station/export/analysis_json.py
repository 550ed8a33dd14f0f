"""The analysis file, `station.analysis/1`: everything measured, as JSON.

Seconds count from the first frame; null = not measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from station import __version__
from station import wall_clock as moment
from station.record.plain import plain
from station.types import NS, STRIDE, FaultReport, Measure, Recording, Stretch

SCHEMA = "station.analysis/1"

SERIES = (
    "thigh_near_deg",
    "thigh_far_deg",
    "knee_flexion_near_deg",
    "knee_flexion_far_deg",
    "hip_flexion_near_deg",
    "hip_flexion_far_deg",
    "trunk_lean_deg",
)
TIME_DECIMALS = 6
VALUE_DECIMALS = 4


def analysis_json(recording: Recording, core_version: str = __version__, created_utc: str | None = None) -> dict[str, Any]:
    """The document; `created_utc` is now unless given."""
    return {
        "schema": SCHEMA,
        **head(recording, core_version, created_utc),
        "started_utc": recording.started_utc if recording.dated else None,
        "date_from": recording.date_from if recording.dated else None,
        "series": {
            "t_s": numbers(recording.t_s, TIME_DECIMALS),
            **{name: numbers(recording.angles[name]) for name in SERIES},
        },
        "strides": _strides(recording.strides),
        "events": [
            {"t_s": round(e.t_ns / NS, TIME_DECIMALS), "kind": e.kind, "side": e.side, "confidence": round(e.confidence, 3)}
            for e in recording.events
        ],
        **findings(recording),
        "timing": _timing(recording.timing),
    }


def head(recording: Recording, core_version: str, created_utc: str | None) -> dict[str, Any]:
    """Where it came from: shared with session.json."""
    source = plain(recording.source)
    return {
        "created_utc": moment.now().utc if created_utc is None else created_utc,
        "station_version": __version__,
        "core_version": core_version,
        "source": {
            name: source[name] for name in ("path", "kind", "frames", "fps", "duration_s", "width_px", "height_px")
        },
        "model": recording.model and {"name": recording.model.name, "sha256": recording.model.sha256},
        "intervals": "strides and model" if recording.model and recording.model.errors else "strides only",
        "runner": {
            "direction": recording.direction,
            "near_side": recording.near_side,
            "pelvic_source": recording.pelvic_source,
            "tracked_fraction": round(recording.tracked_fraction, 4),
            "running_fraction": round(recording.running_fraction, 4),
            "leg_swaps_repaired": int(recording.leg_swaps_repaired),
        },
        "speed": {"mps": number(recording.speed.mps), "origin": recording.speed.origin},
        "notes": list(recording.notes),
    }


def findings(recording: Recording) -> dict[str, Any]:
    """What was found: shared with session.json."""
    return {
        "summary": {name: measure_json(measure) for name, measure in recording.summary.items()},
        "faults": [_fault(fault) for fault in recording.faults],
        "stretches": [_stretch(stretch) for stretch in recording.stretches],
        "best_stretches": [_stretch(stretch) for stretch in recording.best_stretches],
        "cues": [
            {
                "t_s": round(cue.t_ns / NS, TIME_DECIMALS),
                "id": cue.id,
                "rule": cue.rule,
                "action": cue.action,
                "channels": list(cue.channels),
                "text": cue.text,
            }
            for cue in recording.cues
        ],
    }


def measure_json(measure: Measure) -> dict[str, Any]:
    """A quantity that is not measured has no value here, not even a hint: a program would take it for one."""
    measured = measure.measured
    return {
        "value": number(measure.value) if measured else None,
        "ci95": [number(measure.low), number(measure.high)] if measured else [None, None],
        "ci95_change": [number(end) for end in measure.ci95_change] if measured else [None, None],
        "n": int(measure.n),
        "state": "measured" if measured else "cannot_tell",
        "reason": measure.reason or None,
    }


def number(value: float) -> float | None:
    return round(float(value), VALUE_DECIMALS) if np.isfinite(value) else None


def numbers(values: NDArray[np.float64], decimals: int = VALUE_DECIMALS) -> list[float | None]:
    """(N,) to a list, NaN to null."""
    column = np.round(values, decimals).astype(object)
    column[~np.isfinite(values)] = None
    listed: list[float | None] = column.tolist()
    return listed


def _strides(strides: NDArray[np.void]) -> list[dict[str, float | None]]:
    columns = [numbers(strides[name]) for name in STRIDE.names or ()]
    return [dict(zip(STRIDE.names or (), row, strict=True)) for row in zip(*columns, strict=True)]


def _fault(fault: FaultReport) -> dict[str, Any]:
    return {
        "rule": fault.rule,
        "state": fault.state,
        "reason": fault.reason or None,
        "value": number(fault.value),
        "unit": fault.unit,
        "first_on_s": number(fault.first_on_s),
        "on_fraction": number(fault.on_fraction),
    }


def _stretch(stretch: Stretch) -> dict[str, Any]:
    return {
        "rule": stretch.rule,
        "state": stretch.state,
        "reason": stretch.reason or None,
        "start_s": number(stretch.start_s),
        "end_s": number(stretch.end_s),
        "strides": stretch.strides,
        "value": number(stretch.value),
        "ci95": [number(stretch.low), number(stretch.high)],
        "unit": stretch.unit,
        "usual": [number(stretch.usual_low), number(stretch.usual_high)],
    }


def _timing(timing: Mapping[str, float]) -> dict[str, Any]:
    stages = {name.removeprefix("stage_ms."): number(value) for name, value in timing.items() if name.startswith("stage_ms.")}
    nothing = float("nan")
    return {
        "wall_s": number(timing.get("wall_s", nothing)),
        "frames_per_s": number(timing.get("frames_per_s", nothing)),
        "per_stage_ms": stages,
    }
