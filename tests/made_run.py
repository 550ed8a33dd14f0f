"""A made-up session: inputs with the steps that a coach could have answered, exact and cheap."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from station.faults import BY_NAME
from station.record.collect import Collector
from station.types import (
    ANGLES,
    JOINTS,
    NS,
    STRIDE,
    Activity,
    Cue,
    Event,
    Fault,
    FaultState,
    Gait,
    Input,
    Joint,
    Measure,
    Mode,
    ModelInfo,
    Outcome,
    Pose,
    Reading,
    SessionPage,
    Snapshot,
    SourceInfo,
    Speed,
    Step,
    View,
)

SOURCE = SourceInfo("camera", "camera", 1280, 720, fps=60.0)
MODEL = ModelInfo("pose_landmark_full", "ab" * 32)
VIEW = View(1280, 720, roll_deg=0.5, px_per_m=310.0, direction="left", zone=(0.1, 0.0, 0.9, 1.0))
START_NS = 7_000_000_000_000  # the monotonic clock never starts at 0
STRIDE_S = 0.72

LOOSE = "loose clothing hides the hip"
PAGE = SessionPage(
    rows=(
        ("cadence_spm", Measure(162.0, 160.5, 163.5, 220), Measure(167.0, 165.5, 168.5, 230)),
        ("tle_near_deg", Measure(19.8, 19.0, 20.6, 220), Measure(22.4, 21.5, 23.3, 230)),
        ("pelvic_turn_deg", Measure.cannot_tell(LOOSE), Measure.cannot_tell(LOOSE)),
    ),
    best_block=2,
    best_block_on_fraction=0.04,
    next_focus="sitting",
    cues_given=2,
    cues_cleared=1,
)


def collected(seconds: float, keep_poses: bool = True) -> Collector:
    """All of `run(seconds)`, ready for its `recording(...)`."""
    collector = Collector(SOURCE, MODEL, VIEW, keep_poses=keep_poses)
    for given, step in run(seconds):
        collector.add(given, step)
    return collector


def run(seconds: float = 20.0, fps: float = 60.0, seed: int = 1) -> Iterator[tuple[Input, Step]]:
    """A reading of the belt speed, then one pose per frame with its step."""
    rng = np.random.default_rng(seed)
    yield _step(Reading(START_NS, "speed_given_mps", 2.5), 0.0, seconds, rng)
    for index in range(1, int(seconds * fps)):
        t_s = index / fps
        t_ns = START_NS + round(t_s * NS)
        yield _step(pose(t_ns, t_s, rng), t_s, seconds, rng, frame_s=1 / fps)


def pose(t_ns: int, t_s: float, rng: np.random.Generator) -> Pose:
    xy_px = rng.normal(0, 1, (JOINTS, 2)) + np.linspace((600, 100), (680, 650), JOINTS)
    xy_px[Joint.LEFT_KNEE, 0] += 40 * math.sin(2 * math.pi * t_s / STRIDE_S)
    score = rng.uniform(0.5, 1, JOINTS)
    xy_px[Joint.RIGHT_EAR], score[Joint.RIGHT_EAR] = np.nan, 0
    return Pose(t_ns, xy_px, score)


def mode_at(t_s: float, seconds: float) -> Mode:
    parts = (Mode.DRILL, Mode.BASELINE, Mode.COACH, Mode.RETENTION, Mode.DONE)
    return parts[min(4, int(5 * t_s / seconds))]


def stride_row(number: int, rng: np.random.Generator) -> np.void:
    row = np.full((), np.nan, STRIDE)
    row["start_s"], row["duration_s"] = round(number * STRIDE_S, 3), STRIDE_S
    row["cadence_spm"] = round(120 / STRIDE_S + rng.normal(0, 1), 2)
    row["contact_s"], row["speed_mps"] = round(0.25 + rng.normal(0, 0.005), 3), 2.5
    row["step_length_m"] = 0.9
    row["flight_time_ms"] = round(500 * STRIDE_S - 1000 * float(row["contact_s"]), 2)
    row["duty_factor_pct"] = round(100 * float(row["contact_s"]) / STRIDE_S, 2)
    row["vertical_oscillation_cm"] = 9.0
    row["vertical_ratio_pct"] = 10.0
    row["overstride_near_cm"], row["shank_contact_near_deg"] = 18.0, 8.0
    means = {"thigh_forward_near_deg": 29, "tle_near_deg": 21, "thigh_excursion_near_deg": 50, "tle_far_deg": 20}
    for name, mean in means.items():
        row[name] = round(mean + rng.normal(0, 1), 2)
    row["trunk_lean_deg"], row["seen_fraction"], row["swaps_repaired"], row["running"] = 5.0, 1.0, 0, 1
    return row[()]


def _angles(t_s: float) -> np.void:
    row = np.full((), np.nan, ANGLES)
    phase = 2 * math.pi * t_s / STRIDE_S
    row["thigh_near_deg"] = round(4 + 25 * math.cos(phase), 2)
    row["thigh_far_deg"] = round(4 - 25 * math.cos(phase), 2)
    row["shank_near_deg"] = round(-30 + 40 * math.cos(phase - 1.4), 2)
    row["knee_flexion_near_deg"] = round(float(row["thigh_near_deg"] - row["shank_near_deg"]), 2)
    row["trunk_lean_deg"] = 5.0
    row["hip_flexion_near_deg"] = round(float(row["thigh_near_deg"]) + 5.0, 2)
    return row[()]


def _faults(t_s: float, seconds: float) -> tuple[Fault, ...]:
    on: FaultState = "on" if 0.4 <= t_s / seconds < 0.5 else "ok"
    sitting = Fault("sitting", on, 18.0 if on == "on" else 22.0, "deg", 0.5, 20.0)
    low = Fault("low_cadence", "ok", 166.0, "steps/min", 0.0, 150.0)
    reported = {"sitting": sitting, "low_cadence": low}
    unknown = [Fault(rule, "cannot_tell", math.nan, "deg", 0.0, math.nan, LOOSE) for rule in BY_NAME]
    return tuple(reported.get(fault.rule, fault) for fault in unknown)


def _step(given: Input, t_s: float, seconds: float, rng: np.random.Generator, frame_s: float = 0.0) -> tuple[Input, Step]:
    t_ns = given.t_ns
    strides_done, before = int(t_s / STRIDE_S), int(max(0.0, t_s - frame_s) / STRIDE_S)
    new = strides_done > before
    cues: tuple[Cue, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    if t_s - frame_s < 0.45 * seconds <= t_s:
        cues = (Cue(t_ns, 1, "run_tall", "sitting", "start", ("audio", "light", "screen"), "Run tall"),)
    if t_s - frame_s < 0.55 * seconds <= t_s:
        cues = (Cue(t_ns, 2, "praise", "sitting", "praise", ("audio", "screen"), "That's it, keep going"),)
        outcomes = (Outcome(t_ns, 1, "sitting", True, 9),)
    mode = mode_at(t_s, seconds)
    gait = Gait(
        t_ns,
        activity=Activity.RUNNING,
        direction="left",
        near_side="left",
        tracked_fraction=1.0,
        angles=_angles(t_s) if isinstance(given, Pose) else None,
        speed=Speed(2.5, "given"),
        strides=(stride_row(strides_done - 1, rng),) if new else (),
        events=(Event(t_ns - 100_000_000, "contact", "left", 0.9),) if new else (),
        measures={"pelvic_turn_deg": Measure.cannot_tell(LOOSE, strides_done)} if new else {},
        swaps_repaired=1 if t_s > seconds / 2 else 0,
    )
    faults = _faults(t_s, seconds)
    page = PAGE if mode is Mode.DONE else None
    snapshot = Snapshot(t_ns, mode, t_s, t_s, gait, view=VIEW, faults=faults, page=page)
    return given, Step(t_ns, gait, faults, mode, cues, outcomes, snapshot)
