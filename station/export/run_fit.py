"""run.fit: the run as a sports watch would write it, for Garmin Connect, Strava, GoldenCheetah and
the like.

FIT activity on a treadmill, a running one, or a walking one where nobody ran. The timer runs as
fit_timer says, with one record a second and an event at each pause: distance and speed from the
belt, cadence in strides a minute, running dynamics as native fields, the hip's angles as developer
fields. A field that the whole session lacks is left out. The encoding, the field numbers and their
scales are those of fit-tool (FIT profile 21).
"""

from __future__ import annotations

import hashlib
import hmac
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from fit_tool import FitFile, FitFileBuilder
from fit_tool.base_type import BaseType
from fit_tool.data_message import DataMessage
from fit_tool.developer_field import DeveloperField
from fit_tool.field import Field
from fit_tool.fit_file_header import FitFileHeader
from fit_tool.profile.messages.common_fields import MessageIndexField, TimestampField
from fit_tool.profile.profile_type import (
    Activity,
    ActivityType,
    Event,
    EventType,
    FileType,
    Manufacturer,
    Sport,
    SubSport,
)
from numpy.typing import NDArray

from station import __version__
from station.export.fit_timer import Timer, timer
from station.types import NAN, Recording
from station.wall_clock import local, utc_time

Value = float | str | bytes
Values = Mapping[str, Value]  # by the profile's name of the field

FLOAT32_MAX = float(np.finfo(np.float32).max)
FIT_EPOCH_S = 631_065_600  # 1989-12-31T00:00:00Z, where FIT's clock begins
MACHINE_ID = Path("/etc/machine-id")
# Made up once; names these developer fields everywhere.
APPLICATION = bytes.fromhex("7b0f3c5e8a4d4f0e9c61d2a75e18b943")
PRODUCT = "treadmill station"
CREATOR = 0  # the device index of what made the file


@dataclass(frozen=True, slots=True)
class Native:
    """A measure for which FIT has a field of its own: in a record the value of the stride under
    way, in lap and session, as avg_<field>, the summary's. Each scale turns our unit into FIT's.
    """

    column: str  # of types.STRIDE
    column_scale: float
    measure: str  # of types.QUANTITIES
    measure_scale: float
    field: str


NATIVE = (
    Native("contact_s", 1000, "contact_time_ms", 1, "stance_time"),
    Native("step_length_m", 1000, "step_length_m", 1000, "step_length"),
    Native("duty_factor_pct", 1, "duty_factor_pct", 1, "stance_time_percent"),
    Native("vertical_oscillation_cm", 10, "vertical_oscillation_cm", 10, "vertical_oscillation"),
    Native("vertical_ratio_pct", 1, "vertical_ratio_pct", 1, "vertical_ratio"),
)
# Developer fields of records (one a second) and of the session (its means), by place, all in
# degrees.
DEVELOPER_FIELDS = (
    "thigh_forward_near_deg",
    "tle_near_deg",
    "thigh_excursion_near_deg",
    "trunk_lean_deg",
    "knee_flexion_stance_near_deg",
    "knee_flexion_swing_near_deg",
    "pelvic_turn_deg",
)
SPORTS = {
    "running": (Sport.RUNNING, SubSport.TREADMILL, ActivityType.RUNNING),
    "walking": (Sport.WALKING, SubSport.INDOOR_WALKING, ActivityType.WALKING),
}


def why_no_fit(recording: Recording) -> str:
    """Why there is no run.fit of this recording, "" when there is one."""
    if recording.time_doubt:
        return recording.time_doubt
    if timer(recording).activity == "none":
        return "nobody ran or walked for as long as a second"
    if not recording.dated:
        remedy = "; the clock was not set, `station export --started` takes the date" if recording.session_id else ""
        return f"it needs a date, and none is known{remedy}"
    return ""


def run_fit(recording: Recording) -> bytes:
    """Raises ValueError with the reason when there is none to write (`why_no_fit`)."""
    why = why_no_fit(recording)
    if why:
        raise ValueError(why)
    start_s = round(utc_time(recording.started_utc).timestamp())
    clock = timer(recording)
    described = [name for name in DEVELOPER_FIELDS if name in recording.summary]
    serial = serial_number()
    builder = FitFileBuilder()
    builder.add_all(_about(start_s, serial, described))
    builder.add_all(_timed(start_s, clock))
    builder.add_all(_totals(start_s, recording, clock, described))
    # The builder's own header is the short one of old, without checksum; the sizes are filled in on
    # writing.
    content: bytes = FitFile(FitFileHeader(records_size=0, gen_crc=True), builder.records).to_bytes()
    return content


def serial_number(machine_id: Path = MACHINE_ID) -> int:
    """Of this station: stays the same and tells nothing about the machine, as systemd's
    sd_id128_get_machine_app_specific does.

    A machine without an id has the product's.
    """
    try:
        key = bytes.fromhex(machine_id.read_text().strip())
    except (OSError, ValueError):
        key = b""
    number = int.from_bytes(hmac.digest(key, APPLICATION, hashlib.sha256)[:4], "big")
    return number or 1  # 0 means "not known"


def _message(kind: str, values: Values, developer_values: Mapping[str, float] | None = None) -> DataMessage:
    """A message with just these fields: the library's own carry a hundred, in triple time."""
    fields = [_field(kind, name)(growable=True) for name in values]
    for field, value in zip(fields, values.values(), strict=True):
        _set(field, value)
    developer_fields = []
    for name, value in (developer_values or {}).items():
        field = DeveloperField(DEVELOPER_FIELDS.index(name), name, BaseType.FLOAT32, units="deg", size=4)
        _set(field, value)
        developer_fields.append(field)
    message = _library(kind, kind, "Message")
    return DataMessage(global_id=message.ID, name=message.NAME, fields=fields, developer_fields=developer_fields)


@cache
def _field(kind: str, name: str) -> type[Field]:
    common = {"timestamp": TimestampField, "message_index": MessageIndexField}
    return common.get(name) or _library(kind, f"{kind}_{name}", "Field")


@cache
def _library(kind: str, name: str, what: str) -> Any:
    """The library's class: LapAvgCadenceField of message lap and name lap_avg_cadence."""
    camel = "".join(word.capitalize() for word in name.split("_"))
    return getattr(import_module(f"fit_tool.profile.messages.{kind}_message"), camel + what)


def _set(field: Field, value: Value) -> None:
    """A number that is NaN or does not fit its field is written as the field's "not measured"."""
    if isinstance(value, bytes):
        field.set_values(value)
    elif isinstance(value, str):
        field.set_value(0, value)
    else:
        field.set_value(0, value if _fits(field, value) else None)


def _fits(field: Field, value: float) -> bool:
    if not math.isfinite(value):
        return False
    if field.base_type is BaseType.FLOAT32:
        return abs(value) <= FLOAT32_MAX
    return bool(field.base_type.is_valid(field.encode_value(value)))


def _at(unix_s: int) -> int:
    # The library takes milliseconds since 1970 where the file has seconds since 1989.
    return unix_s * 1000


def _about(start_s: int, serial: int, described: Sequence[str]) -> list[DataMessage]:
    """What the file is, who made it (serial number and start name it), its developer fields."""
    version = ".".join(__version__.split(".")[:2])
    maker = {"manufacturer": Manufacturer.DEVELOPMENT.value, "product": 0, "serial_number": serial}
    about = {"type": FileType.ACTIVITY.value, **maker, "time_created": _at(start_s), "product_name": PRODUCT}
    device = {
        "timestamp": _at(start_s),
        "device_index": CREATOR,
        **maker,
        "software_version": float(version),
        "product_name": PRODUCT,
    }
    return [
        _message("file_id", about),
        _message("device_info", device),
        _message("developer_data_id", {"application_id": APPLICATION, "developer_data_index": 0}),
        *map(_description, described),
    ]


def _description(name: str) -> DataMessage:
    """Of a developer field."""
    values: Values = {
        "developer_data_index": 0,
        "field_definition_number": DEVELOPER_FIELDS.index(name),
        "fit_base_type_id": BaseType.FLOAT32.value,
        "field_name": name,
        "units": "deg",
    }
    return _message("field_description", values)


def _timed(start_s: int, clock: Timer) -> list[DataMessage]:
    """The records of each stretch between the events that start and stop the timer."""
    records = iter(_records(start_s, clock))
    messages = []
    for begin, end in clock.stretches:
        messages.append(_timer_event(start_s + begin, EventType.START))
        messages += [next(records) for _ in range(begin, end + 1)]
        messages.append(_timer_event(start_s + end, EventType.STOP_ALL))
    return messages


def _timer_event(unix_s: int, what: EventType) -> DataMessage:
    return _message("event", {"timestamp": _at(unix_s), "event": Event.TIMER.value, "event_type": what.value})


def _records(start_s: int, clock: Timer) -> list[DataMessage]:
    native = _measured(_native_columns(clock))
    developer = _measured({name: _column(clock, name) for name in DEVELOPER_FIELDS if name in (clock.strides.dtype.names or ())})
    kind = SPORTS[clock.activity][2].value
    return [
        _message(
            "record",
            {"timestamp": _at(start_s + second), **{name: column[row] for name, column in native.items()}, "activity_type": kind},
            {name: column[row] for name, column in developer.items()},
        )
        for row, second in enumerate(clock.seconds.tolist())
    ]


def _measured(columns: Mapping[str, NDArray[np.float64]]) -> dict[str, list[float]]:
    return {name: values.tolist() for name, values in columns.items() if np.isfinite(values).any()}


def _native_columns(clock: Timer) -> dict[str, NDArray[np.float64]]:
    """One value a second for each native field of a record, NaN where not measured."""
    strides_per_min = _column(clock, "cadence_spm") / 2
    return {
        "distance": clock.distance_m,
        "enhanced_speed": clock.speed_mps,
        "cadence": np.floor(strides_per_min),
        "fractional_cadence": strides_per_min - np.floor(strides_per_min),
        **{native.field: _column(clock, native.column) * native.column_scale for native in NATIVE},
    }


def _column(clock: Timer, name: str) -> NDArray[np.float64]:
    """(N,) a column of the strides for each second of the timer."""
    return np.where(clock.stride >= 0, clock.strides[name][clock.stride], NAN)


def _totals(start_s: int, recording: Recording, clock: Timer, described: Sequence[str]) -> list[DataMessage]:
    """Lap, session and activity: the whole run as one lap."""
    last_s, duration_s = float(recording.t_s[-1]), recording.source.duration_s
    end_s = start_s + int(last_s)
    elapsed_s = duration_s if np.isfinite(duration_s) else last_s
    mean = {name: measure.value if measure.measured else NAN for name, measure in recording.summary.items()}
    strides_per_min = mean.get("cadence_spm", NAN) / 2
    whole = float(np.floor(strides_per_min))
    sport, sub_sport, _ = SPORTS[clock.activity]

    def totals(what: Event, **own: int) -> Values:
        return {
            "message_index": 0,
            "timestamp": _at(end_s),
            "event": what.value,
            "event_type": EventType.STOP.value,
            "start_time": _at(start_s),
            "sport": sport.value,
            "sub_sport": sub_sport.value,
            "total_elapsed_time": elapsed_s,
            "total_timer_time": clock.total_s,
            "total_distance": clock.total_m,
            "enhanced_avg_speed": clock.mean_mps,
            "avg_cadence": whole,
            "avg_fractional_cadence": strides_per_min - whole,
            **own,
            **{f"avg_{native.field}": native.measure_scale * mean.get(native.measure, NAN) for native in NATIVE},
        }

    return [
        _message("lap", totals(Event.LAP)),
        _message("session", totals(Event.SESSION, first_lap_index=0, num_laps=1), {name: mean[name] for name in described}),
        _message("activity", _of_activity(end_s, recording, clock)),
    ]


def _of_activity(end_s: int, recording: Recording, clock: Timer) -> Values:
    """`local_timestamp` is the clock on the gym's wall: services find the time zone by it."""
    utc = datetime.fromtimestamp(end_s, UTC)
    offset = local(utc.isoformat(), recording.time_zone).utcoffset()
    return {
        "timestamp": _at(end_s),
        "event": Event.ACTIVITY.value,
        "event_type": EventType.STOP.value,
        "type": Activity.MANUAL.value,
        "total_timer_time": clock.total_s,
        "num_sessions": 1,
        "local_timestamp": end_s - FIT_EPOCH_S + (offset.total_seconds() if offset else 0),
    }
