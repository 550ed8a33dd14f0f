"""run.fit: the run as a sports watch would write it, for Garmin Connect, Strava, GoldenCheetah and the like.

FIT activity, running on a treadmill, one record a second: distance and speed from the belt, cadence in strides a minute,
ground contact time and step length as native running dynamics, the hip's angles as developer fields. A field that the whole
session lacks is left out. Field numbers: FIT profile 21 (file_id 0, lap 19, session 18, record 20, event 21, activity 34,
field_description 206, developer_data_id 207).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from station.record.fit_file import EPOCH_UNIX_S, Field, FitWriter, Kind, Value
from station.types import NAN, Recording

ENUM, UINT8, UINT16, UINT32 = Kind.ENUM, Kind.UINT8, Kind.UINT16, Kind.UINT32
FLOAT32, STRING, BYTES = Kind.FLOAT32, Kind.STRING, Kind.BYTES
HOLD_S = 3.0  # a second without a stride keeps the last one's values for so long

TIMESTAMP = Field(253, UINT32)
MESSAGE_INDEX = Field(254, UINT16)
APPLICATION = bytes.fromhex("7b0f3c5e8a4d4f0e9c61d2a75e18b943")  # made up once; names these developer fields everywhere
PRODUCT = "treadmill station"
MANUFACTURER_DEVELOPMENT, FILE_ACTIVITY, SPORT_RUNNING, SUB_SPORT_TREADMILL = 255, 4, 1, 1
EVENT_TIMER, EVENT_SESSION, EVENT_LAP, EVENT_ACTIVITY, START, STOP, STOP_ALL = 0, 8, 9, 26, 0, 1, 4

# Native record fields: our name -> field.
RECORD_FIELDS = {
    "distance_m": Field(5, UINT32, 100),
    "speed_mps": Field(73, UINT32, 1000),
    "cadence_strides": Field(4, UINT8),
    "cadence_fraction": Field(53, UINT8, 128),
    "contact_ms": Field(41, UINT16, 10),
    "step_length_mm": Field(85, UINT16, 10),
}
# Developer fields of records (one a second) and of the session (its means): name, unit, number.
DEVELOPER_FIELDS = {
    name: (number, unit)
    for number, (name, unit) in enumerate(
        {
            "thigh_forward_near_deg": "deg",
            "tle_near_deg": "deg",
            "thigh_excursion_near_deg": "deg",
            "trunk_lean_deg": "deg",
            "knee_flexion_stance_near_deg": "deg",
            "knee_flexion_swing_near_deg": "deg",
            "pelvic_turn_deg": "deg",
        }.items()
    )
}


def run_fit(recording: Recording, created_utc: str) -> bytes:
    """`created_utc` (ISO 8601) stands in for the start when that is unknown, because a FIT file must have one.

    Raises ValueError when neither is a date.
    """
    start = _fit_time(recording.started_utc or created_utc)
    seconds = _each_second(recording)
    fit = FitWriter()
    _write_file_id(fit, start)
    described = [name for name in DEVELOPER_FIELDS if name in recording.summary]
    _write_descriptions(fit, described)
    event = fit.define(21, (TIMESTAMP, Field(0, ENUM), Field(1, ENUM)))
    fit.write(event, (start, EVENT_TIMER, START))
    _write_records(fit, start, seconds)
    end = start + len(seconds["distance_m"]) - 1
    fit.write(event, (end, EVENT_TIMER, STOP_ALL))
    _write_totals(fit, start, end, recording, seconds, described)
    return fit.content()


def _fit_time(utc: str) -> int:
    moment = datetime.fromisoformat(utc)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0, round(moment.timestamp()) - EPOCH_UNIX_S)


def _each_second(recording: Recording) -> dict[str, NDArray[np.float64]]:
    """One value a second from the first picture on: that of the stride then under way, held for HOLD_S, else NaN."""
    duration_s = float(recording.t_s[-1]) if len(recording.t_s) else 0.0
    t_s = np.arange(int(duration_s) + 1, dtype=float)
    strides = recording.strides
    row = np.searchsorted(strides["start_s"], t_s, side="right") - 1
    started = row >= 0
    over = np.zeros(len(t_s), bool)
    if len(strides):
        over = t_s > strides["start_s"][row] + strides["duration_s"][row] + HOLD_S

    def column(name: str) -> NDArray[np.float64]:
        if not len(strides):
            return np.full(len(t_s), NAN)
        return np.where(started & ~over, strides[name][row], NAN)

    speed_mps = column("speed_mps")
    strides_per_min = column("cadence_spm") / 2
    distance_m = np.cumsum(np.nan_to_num(speed_mps)) - np.nan_to_num(speed_mps[:1])
    return {
        "distance_m": distance_m if np.isfinite(speed_mps).any() else np.full(len(t_s), NAN),
        "speed_mps": speed_mps,
        "cadence_strides": np.floor(strides_per_min),
        "cadence_fraction": strides_per_min - np.floor(strides_per_min),
        "contact_ms": column("contact_s") * 1000,
        "step_length_mm": column("step_length_m") * 1000,
        **{name: column(name) for name in DEVELOPER_FIELDS if name in (strides.dtype.names or ())},
    }


def _write_file_id(fit: FitWriter, start: int) -> None:
    told: list[tuple[Field, Value]] = [
        (Field(0, ENUM), FILE_ACTIVITY),
        (Field(1, UINT16), MANUFACTURER_DEVELOPMENT),
        (Field(2, UINT16), 0),
        (Field(4, UINT32), start),
        (Field(8, STRING, size=len(PRODUCT) + 1), PRODUCT),
    ]
    fit.add(0, told)


def _write_descriptions(fit: FitWriter, names: Sequence[str]) -> None:
    fit.add(207, [(Field(1, BYTES, size=16), APPLICATION), (Field(3, UINT8), 0)])
    fields = (Field(0, UINT8), Field(1, UINT8), Field(2, UINT8), Field(3, STRING, size=32), Field(8, STRING, size=8))
    local = fit.define(206, fields)
    for name in names:
        number, unit = DEVELOPER_FIELDS[name]
        fit.write(local, (0, number, FLOAT32.value[0], name, unit))


def _write_records(fit: FitWriter, start: int, seconds: dict[str, NDArray[np.float64]]) -> None:
    known = [name for name in RECORD_FIELDS if np.isfinite(seconds[name]).any()]
    developer = [name for name in DEVELOPER_FIELDS if name in seconds and np.isfinite(seconds[name]).any()]
    local = fit.define(20, (TIMESTAMP, *(RECORD_FIELDS[name] for name in known)), [_developer_field(name) for name in developer])
    columns = [seconds[name].tolist() for name in (*known, *developer)]
    count = len(seconds["distance_m"])
    for second, values in enumerate(zip(*columns, strict=True) if columns else [()] * count):
        fit.write(local, (start + second, *values))


def _write_totals(
    fit: FitWriter, start: int, end: int, recording: Recording, seconds: dict[str, NDArray[np.float64]], described: Sequence[str]
) -> None:
    """Lap, session and activity: the whole run as one lap."""
    elapsed_s = recording.source.duration_s if np.isfinite(recording.source.duration_s) else end - start
    mean = {name: measure.value if measure.measured else NAN for name, measure in recording.summary.items()}
    strides_per_min = mean.get("cadence_spm", NAN) / 2
    whole = np.floor(strides_per_min)
    distance_m = float(seconds["distance_m"][-1])
    moving = seconds["speed_mps"][np.isfinite(seconds["speed_mps"])]
    speed_mps = float(moving.mean()) if len(moving) else NAN

    shared = [
        (MESSAGE_INDEX, 0),
        (TIMESTAMP, end),
        (Field(2, UINT32), start),
        (Field(7, UINT32, 1000), elapsed_s),
        (Field(8, UINT32, 1000), elapsed_s),
        (Field(9, UINT32, 100), distance_m),
        (Field(1, ENUM), STOP),
    ]
    lap = [
        (Field(0, ENUM), EVENT_LAP),
        (Field(25, ENUM), SPORT_RUNNING),
        (Field(39, ENUM), SUB_SPORT_TREADMILL),
        (Field(17, UINT8), whole),
        (Field(80, UINT8, 128), strides_per_min - whole),
        (Field(110, UINT32, 1000), speed_mps),
    ]
    session = [
        (Field(0, ENUM), EVENT_SESSION),
        (Field(5, ENUM), SPORT_RUNNING),
        (Field(6, ENUM), SUB_SPORT_TREADMILL),
        (Field(18, UINT8), whole),
        (Field(92, UINT8, 128), strides_per_min - whole),
        (Field(124, UINT32, 1000), speed_mps),
        (Field(91, UINT16, 10), mean.get("contact_time_ms", NAN)),
        (Field(134, UINT16, 10), 1000 * mean.get("step_length_m", NAN)),
        (Field(25, UINT16), 0),  # first lap
        (Field(26, UINT16), 1),  # number of laps
    ]
    activity = [
        (TIMESTAMP, end),
        (Field(0, UINT32, 1000), elapsed_s),
        (Field(1, UINT16), 1),  # number of sessions
        (Field(3, ENUM), EVENT_ACTIVITY),
        (Field(4, ENUM), STOP),
    ]
    fit.add(19, shared + lap)
    fit.add(18, shared + session, [(_developer_field(name), mean[name]) for name in described])
    fit.add(34, activity)


def _developer_field(name: str) -> Field:
    return Field(DEVELOPER_FIELDS[name][0], FLOAT32)
