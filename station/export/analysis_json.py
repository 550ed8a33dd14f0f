"""The analysis file, `station.analysis/1`: everything measured, as JSON (documents.Analysis)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from station import __version__, wall_clock
from station.export.documents import (
    SERIES,
    Analysis,
    CueGiven,
    Fault,
    Findings,
    Head,
    JudgedStretch,
    Measured,
    Model,
    Runner,
    SeenEvent,
    Source,
    SpeedFound,
    Timing,
)
from station.jsonable import jsonable
from station.types import NAN, NS, STRIDE, Cue, Event, Measure, Outcome, Recording, Stretch

TIME_DECIMALS = 6  # a microsecond
VALUE_DECIMALS = 4  # finer than anything is measured
Document = TypeVar("Document")


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
            filled(SeenEvent, event, t_s=seconds(event), confidence=round(event.confidence, 3)) for event in recording.events
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
        "source": filled(Source, source, fps=jsonable(source.fps), duration_s=jsonable(source.duration_s)),
        "model": filled(Model, recording.model) if recording.model else None,
        "intervals": "strides and model" if recording.model and recording.model.errors else "strides only",
        "runner": filled(Runner, recording),
        "speed": filled(SpeedFound, recording.speed),
        "notes": list(recording.notes),
    }


def findings(recording: Recording) -> Findings:
    """What was found: shared with session.json."""
    return {
        "summary": {name: measure_json(measure) for name, measure in recording.summary.items()},
        "faults": [filled(Fault, fault, reason=fault.reason or None) for fault in recording.faults],
        "stretches": [_stretch(stretch) for stretch in recording.stretches],
        "best_stretches": [_stretch(stretch) for stretch in recording.best_stretches],
        "cues": [filled(CueGiven, cue, t_s=seconds(cue), channels=list(cue.channels)) for cue in recording.cues],
    }


def filled(kind: type[Document], one: object, decimals: int = VALUE_DECIMALS, **others: Any) -> Document:
    """A document of `others` and, for its other keys, of the attributes of `one` that bear their
    names; those as `number` has them."""

    def value(key: str) -> Any:
        if key in others:
            return others[key]
        found = getattr(one, key)
        return number(found, decimals) if isinstance(found, float) else found

    return kind(**{key: value(key) for key in kind.__annotations__})


def seconds(one: Event | Cue | Outcome) -> float:
    return round(one.t_ns / NS, TIME_DECIMALS)


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


def number(value: float, decimals: int = VALUE_DECIMALS) -> float | None:
    return round(float(value), decimals) if np.isfinite(value) else None


def numbers(values: NDArray[np.float64], decimals: int = VALUE_DECIMALS) -> list[float | None]:
    """(N,) to a list, NaN to null."""
    column = np.round(values, decimals).astype(object)
    column[~np.isfinite(values)] = None
    listed: list[float | None] = column.tolist()
    return listed


def _strides(strides: NDArray[np.void]) -> list[dict[str, float | None]]:
    columns = [numbers(strides[name]) for name in STRIDE.names or ()]
    return [dict(zip(STRIDE.names or (), row, strict=True)) for row in zip(*columns, strict=True)]


def _stretch(stretch: Stretch) -> JudgedStretch:
    return filled(
        JudgedStretch,
        stretch,
        reason=stretch.reason or None,
        ci95=[number(stretch.low), number(stretch.high)],
        usual=[number(stretch.usual_low), number(stretch.usual_high)],
    )


def _timing(timing: Mapping[str, float]) -> Timing:
    stages = {name.removeprefix("stage_ms."): number(value) for name, value in timing.items() if name.startswith("stage_ms.")}
    return {
        "wall_s": number(timing.get("wall_s", NAN)),
        "frames_per_s": number(timing.get("frames_per_s", NAN)),
        "per_stage_ms": stages,
    }
