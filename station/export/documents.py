"""The shape of the JSON that other programs read: analysis and session, field by field.

The makers (analysis_json, session_json) fill these types, key by key; `station schema` prints them
as JSON Schema. Seconds count from the first frame; null = not measured.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired

from pydantic import ConfigDict, Field, WithJsonSchema, with_config
from typing_extensions import TypedDict

from station.types import (
    QUANTITIES,
    STRIDE,
    Channel,
    CueAction,
    DateOrigin,
    EventKind,
    FaultState,
    Mode,
    Side,
    SourceKind,
    SpeedOrigin,
)

Number = float | None
Interval = Annotated[list[Number], Field(min_length=2, max_length=2)]
SERIES = (
    "thigh_near_deg",
    "thigh_far_deg",
    "knee_flexion_near_deg",
    "knee_flexion_far_deg",
    "hip_flexion_near_deg",
    "hip_flexion_far_deg",
    "trunk_lean_deg",
)
# No key but those named; the words under a field describe it. Holds for what stands inside, too.
PUBLISHED = with_config(ConfigDict(extra="forbid", use_attribute_docstrings=True))
_NUMBER = {"type": ["number", "null"]}
_COLUMN = {"type": "array", "items": _NUMBER}


def _described(name: str) -> dict[str, Any]:
    quantity = QUANTITIES.get(name)
    return _NUMBER | ({"description": f"{quantity.meaning} Unit: {quantity.unit}."} if quantity else {})


def _object(properties: dict[str, Any]) -> WithJsonSchema:
    """An object of exactly these keys, which a table elsewhere names."""
    return WithJsonSchema(
        {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
    )


Stride = Annotated[dict[str, Number], _object({name: _described(name) for name in STRIDE.names or ()})]
Series = Annotated[dict[str, list[Number]], _object(dict.fromkeys(("t_s", *SERIES), _COLUMN))]


class Measured(TypedDict):
    """A quantity with its 95 % intervals, or the reason why it is not known."""

    value: Number
    ci95: Interval
    """Holds the true value: to compare with norms and with other people."""
    ci95_change: Interval
    """To compare with the same runner's other values before the same camera."""
    n: int
    """Strides."""
    state: Literal["measured", "cannot_tell"]
    reason: str | None


class Source(TypedDict):
    path: str
    kind: SourceKind
    frames: int | None
    fps: Number
    duration_s: Number
    width_px: int
    height_px: int


class Model(TypedDict):
    name: str
    sha256: str


class Runner(TypedDict):
    direction: Side | None
    """The way the runner faces in the frame."""
    near_side: Side | None
    """The side towards the camera."""
    pelvic_source: str
    """Who the pelvic measures are by: landmarks, pixels or hip_belt."""
    tracked_fraction: float
    running_fraction: float
    leg_swaps_repaired: int


class SpeedFound(TypedDict):
    mps: Number
    origin: SpeedOrigin
    """picture: from the feet that stand on the belt."""
    half_mps: Number
    """Half the 95 % interval: 0 where it was given or read."""


class Fault(TypedDict):
    rule: str
    state: FaultState
    reason: str | None
    value: Number
    unit: str
    first_on_s: Number
    on_fraction: Number


class JudgedStretch(TypedDict):
    """One rule's measure over a few strides in a row, judged by themselves."""

    rule: str
    state: FaultState
    reason: str | None
    start_s: Number
    end_s: Number
    strides: int
    value: Number
    ci95: Interval
    unit: str
    usual: Interval
    """What is usual at that speed, or was for this runner."""


class CueGiven(TypedDict):
    t_s: float
    id: str
    rule: str
    action: CueAction
    channels: list[Channel]
    text: str


class Findings(TypedDict):
    """What was found: the same in analysis and session."""

    summary: dict[str, Measured]
    """By measure: the mean over the strides of the longest run at one speed."""
    faults: list[Fault]
    stretches: list[JudgedStretch]
    """Where each rule was worst."""
    best_stretches: list[JudgedStretch]
    """Where it was best."""
    cues: list[CueGiven]


class Head(TypedDict):
    """Where it came from: the same in analysis and session."""

    created_utc: str
    station_version: str
    core_version: str
    source: Source
    model: Model | None
    intervals: Literal["strides and model", "strides only"]
    """What the 95 % intervals hold: whether the pose model's own error is known."""
    runner: Runner
    speed: SpeedFound
    notes: list[str]
    """What is to know about the recording, and what was put right; English sentences."""


class SeenEvent(TypedDict):
    t_s: float
    kind: EventKind
    side: Side
    confidence: float


class Timing(TypedDict):
    wall_s: Number
    frames_per_s: Number
    per_stage_ms: dict[str, Number]


@PUBLISHED
class Analysis(Head, Findings):
    """Everything that `station analyze` measured in a recording."""

    schema: Literal["station.analysis/1"]
    started_utc: str | None
    date_from: DateOrigin | None
    """Who says when it started; null where nobody does."""
    series: Series
    """One value a frame, as measured (not smoothed)."""
    strides: list[Stride]
    events: list[SeenEvent]
    timing: Timing


class CueOutcome(TypedDict):
    t_s: float
    cue: int
    """The number of the cue in the session."""
    rule: str
    cleared: bool
    strides: int


class ModeBegun(TypedDict):
    start_s: float
    mode: Mode


class Changed(TypedDict):
    name: str
    baseline: Measured
    retention: Measured


class Change(TypedDict):
    """What changed from before the coaching to after it."""

    rows: list[Changed]
    best_block: int | None
    best_block_on_fraction: Number
    next_focus: str
    cues_given: int
    cues_cleared: int


class ViewSeen(TypedDict):
    """How the camera stood."""

    width_px: int
    height_px: int
    roll_deg: Number
    azimuth_deg: Number
    azimuth_given: bool
    """If not, intervals allow for a camera set up by eye."""
    px_per_m: Number
    direction: Side | None
    zone: Annotated[list[float], Field(min_length=4, max_length=4)]
    """The treadmill in the frame: x0, y0, x1, y1 as fractions of width and height."""
    focal_px: Number


class Compared(TypedDict):
    """One of the two sessions, as far as is known how it was seen."""

    name: str
    session_id: str | None
    started_utc: str | None
    near_side: str | None
    speed_mps: Number
    pelvic_source: str | None
    model_sha256: str | None
    azimuth_deg: Number
    fps: Number


class MeasureChange(TypedDict):
    before: Measured
    after: Measured
    change: Number
    """After minus before."""
    ci95: Interval
    state: Literal["changed", "no_clear_change", "cannot_tell"]
    reason: str | None
    unit: str


@PUBLISHED
class Comparison(TypedDict):
    """What `station compare` found between two sessions of one runner."""

    schema: Literal["station.compare/1"]
    created_utc: str
    station_version: str
    before: Compared
    after: Compared
    changes: dict[str, MeasureChange]
    """By measure."""


@PUBLISHED
class Session(Head, Findings):
    """session.json: what a session found. The long tables are the CSV files beside it."""

    schema: Literal["station.session/1"]
    session_id: str
    started_utc: str | None
    clock_trusted: bool
    date_from: DateOrigin | None
    """Who says when it started; null where nobody does."""
    time_zone: str
    view: ViewSeen
    strides: int
    units: dict[str, str]
    """Of every measure; "1" = none."""
    outcomes: list[CueOutcome]
    modes: list[ModeBegun]
    change: Change | None


Numbers = dict[str, float]


@PUBLISHED
class Bench(TypedDict):
    """What `station bench` measured. `cue_latency_ms` stands alone, in the answer to --latency."""

    schema: Literal["station.bench/1"]
    machine: dict[str, str]
    clip: NotRequired[dict[str, int]]
    pose_ms: NotRequired[dict[str, Numbers]]
    pelvis_ms: NotRequired[Numbers]
    hip_belt_ms: NotRequired[Numbers]
    core: NotRequired[Numbers]
    """CPU microseconds a pose."""
    batch_angles: NotRequired[Numbers]
    frame_age: NotRequired[Numbers]
    """In frame times."""
    screen: NotRequired[Numbers]
    """Milliseconds a frame."""
    analysis: NotRequired[Numbers]
    """Frames a second of `station analyze` on one core and on two."""
    vs_mediapipe: NotRequired[dict[str, str | float]]
    cue_latency_ms: NotRequired[Numbers]
