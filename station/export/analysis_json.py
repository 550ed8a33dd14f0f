"""The analysis file, `station.analysis/1`: everything measured, as JSON (documents.Analysis)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from station import __version__, wall_clock
from station.export.documents import (
    SERIES,
    Analysis,
    Fault,
    Findings,
    Head,
    JudgedStretch,
    Measured,
    Timing,
)
from station.jsonable import jsonable
from station.types import NS, STRIDE, FaultReport, Measure, Recording, Stretch

TIME_DECIMALS = 6  # a microsecond
VALUE_DECIMALS = 4  # finer than anything is measured


def analysis_json(recording: Recording, core_version: str = __version__, created_utc: str | None = None) -> Analysis:
    """The document; `created_utc` is now unless given."""
    return {
        "schema": "station.analysis/1",
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


def head(recording: Recording, core_version: str, created_utc: str | None) -> Head:
    """Where it came from: shared with session.json."""
    source = recording.source
    return {
        "created_utc": wall_clock.now().utc if created_utc is None else created_utc,
        "station_version": __version__,
        "core_version": core_version,
        "source": {
            "path": source.path,
            "kind": source.kind,
            "frames": source.frames,
            "fps": jsonable(source.fps),
            "duration_s": jsonable(source.duration_s),
            "width_px": source.width_px,
            "height_px": source.height_px,
        },
        "model": {"name": recording.model.name, "sha256": recording.model.sha256} if recording.model else None,
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


def findings(recording: Recording) -> Findings:
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


def measure_json(measure: Measure) -> Measured:
    """What is not measured has no value here, not even a hint: programs would take it for one."""
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


def _fault(fault: FaultReport) -> Fault:
    return {
        "rule": fault.rule,
        "state": fault.state,
        "reason": fault.reason or None,
        "value": number(fault.value),
        "unit": fault.unit,
        "first_on_s": number(fault.first_on_s),
        "on_fraction": number(fault.on_fraction),
    }


def _stretch(stretch: Stretch) -> JudgedStretch:
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


def _timing(timing: Mapping[str, float]) -> Timing:
    stages = {name.removeprefix("stage_ms."): number(value) for name, value in timing.items() if name.startswith("stage_ms.")}
    nothing = float("nan")
    return {
        "wall_s": number(timing.get("wall_s", nothing)),
        "frames_per_s": number(timing.get("frames_per_s", nothing)),
        "per_stage_ms": stages,
    }
