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
from pathlib import Path

import numpy as np
from fit_tool import FitFile, FitFileBuilder
from fit_tool.base_type import BaseType
from fit_tool.data_message import DataMessage
from fit_tool.developer_field import DeveloperField
from fit_tool.field import Field
from fit_tool.fit_file_header import FitFileHeader
from fit_tool.profile.messages import activity_message as activity
from fit_tool.profile.messages import developer_data_id_message as developer_data_id
from fit_tool.profile.messages import device_info_message as device_info
from fit_tool.profile.messages import event_message as event
from fit_tool.profile.messages import field_description_message as field_description
from fit_tool.profile.messages import file_id_message as file_id
from fit_tool.profile.messages import lap_message as lap
from fit_tool.profile.messages import record_message as record
from fit_tool.profile.messages import session_message as session
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
from station.wall_clock import local

Value = float | str | bytes
Values = Mapping[type[Field], Value]

FLOAT32_MAX = float(np.finfo(np.float32).max)
FIT_EPOCH_S = 631_065_600  # 1989-12-31T00:00:00Z, where FIT's clock begins
MACHINE_ID = Path("/etc/machine-id")
# Made up once; names these developer fields everywhere.
APPLICATION = bytes.fromhex("7b0f3c5e8a4d4f0e9c61d2a75e18b943")
PRODUCT = "treadmill station"
CREATOR = 0  # the device index of what made the file


@dataclass(frozen=True, slots=True)
class Native:
    """A measure for which FIT has fields of its own: in a record the value of the stride under way,
    in lap and session the summary's. Each scale turns our unit into the field's.
    """

    column: str  # of types.STRIDE
    column_scale: float
    measure: str  # of types.QUANTITIES
    measure_scale: float
    record: type[Field]
    lap: type[Field]
    session: type[Field]


NATIVE = (
    Native(
        *("contact_s", 1000, "contact_time_ms", 1),
        record.RecordStanceTimeField,
        lap.LapAvgStanceTimeField,
        session.SessionAvgStanceTimeField,
    ),
    Native(
        *("step_length_m", 1000, "step_length_m", 1000),
        record.RecordStepLengthField,
        lap.LapAvgStepLengthField,
        session.SessionAvgStepLengthField,
    ),
    Native(
        *("duty_factor_pct", 1, "duty_factor_pct", 1),
        record.RecordStanceTimePercentField,
        lap.LapAvgStanceTimePercentField,
        session.SessionAvgStanceTimePercentField,
    ),
    Native(
        *("vertical_oscillation_cm", 10, "vertical_oscillation_cm", 10),
        record.RecordVerticalOscillationField,
        lap.LapAvgVerticalOscillationField,
        session.SessionAvgVerticalOscillationField,
    ),
    Native(
        *("vertical_ratio_pct", 1, "vertical_ratio_pct", 1),
        record.RecordVerticalRatioField,
        lap.LapAvgVerticalRatioField,
        session.SessionAvgVerticalRatioField,
    ),
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
    start_s = _unix_s(recording.started_utc)
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


def _unix_s(utc: str) -> int:
    moment = datetime.fromisoformat(utc)
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def _message(kind: type[DataMessage], values: Values, developer_values: Mapping[str, float] | None = None) -> DataMessage:
    """A message with just these fields: the library's own carry a hundred, in triple time."""
    fields = [field(growable=True) for field in values]
    for field, value in zip(fields, values.values(), strict=True):
        _set(field, value)
    developer_fields = []
    for name, value in (developer_values or {}).items():
        field = DeveloperField(DEVELOPER_FIELDS.index(name), name, BaseType.FLOAT32, units="deg", size=4)
        _set(field, value)
        developer_fields.append(field)
    return DataMessage(global_id=kind.ID, name=kind.NAME, fields=fields, developer_fields=developer_fields)


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
    messages = [
        _message(
            file_id.FileIdMessage,
            {
                file_id.FileIdTypeField: FileType.ACTIVITY.value,
                file_id.FileIdManufacturerField: Manufacturer.DEVELOPMENT.value,
                file_id.FileIdProductField: 0,
                file_id.FileIdSerialNumberField: serial,
                file_id.FileIdTimeCreatedField: _at(start_s),
                file_id.FileIdProductNameField: PRODUCT,
            },
        ),
        _message(
            device_info.DeviceInfoMessage,
            {
                TimestampField: _at(start_s),
                device_info.DeviceInfoDeviceIndexField: CREATOR,
                device_info.DeviceInfoManufacturerField: Manufacturer.DEVELOPMENT.value,
                device_info.DeviceInfoProductField: 0,
                device_info.DeviceInfoSerialNumberField: serial,
                device_info.DeviceInfoSoftwareVersionField: float(version),
                device_info.DeviceInfoProductNameField: PRODUCT,
            },
        ),
        _message(
            developer_data_id.DeveloperDataIdMessage,
            {
                developer_data_id.DeveloperDataIdApplicationIdField: APPLICATION,
                developer_data_id.DeveloperDataIdDeveloperDataIndexField: 0,
            },
        ),
    ]
    for name in described:
        description: dict[type[Field], Value] = {
            field_description.FieldDescriptionDeveloperDataIndexField: 0,
            field_description.FieldDescriptionFieldDefinitionNumberField: DEVELOPER_FIELDS.index(name),
            field_description.FieldDescriptionFitBaseTypeIdField: BaseType.FLOAT32.value,
            field_description.FieldDescriptionFieldNameField: name,
            field_description.FieldDescriptionUnitsField: "deg",
        }
        messages.append(_message(field_description.FieldDescriptionMessage, description))
    return messages


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
    fields = {TimestampField: _at(unix_s), event.EventEventField: Event.TIMER.value, event.EventEventTypeField: what.value}
    return _message(event.EventMessage, fields)


def _records(start_s: int, clock: Timer) -> list[DataMessage]:
    columns = {field: values for field, values in _native_columns(clock).items() if np.isfinite(values).any()}
    developer = {name: _column(clock, name) for name in DEVELOPER_FIELDS if name in (clock.strides.dtype.names or ())}
    developer = {name: values for name, values in developer.items() if np.isfinite(values).any()}
    rows = zip(*(values.tolist() for values in columns.values()), strict=True) if columns else [()] * len(clock.seconds)
    names = zip(*(values.tolist() for values in developer.values()), strict=True) if developer else [()] * len(clock.seconds)
    kind = SPORTS[clock.activity][2].value
    return [
        _message(
            record.RecordMessage,
            {
                TimestampField: _at(start_s + second),
                **dict(zip(columns, row, strict=True)),
                record.RecordActivityTypeField: kind,
            },
            dict(zip(developer, angles, strict=True)),
        )
        for second, row, angles in zip(clock.seconds.tolist(), rows, names, strict=True)
    ]


def _native_columns(clock: Timer) -> dict[type[Field], NDArray[np.float64]]:
    """One value a second for each native field of a record, NaN where not measured."""
    strides_per_min = _column(clock, "cadence_spm") / 2
    return {
        record.RecordDistanceField: clock.distance_m,
        record.RecordEnhancedSpeedField: clock.speed_mps,
        record.RecordCadenceField: np.floor(strides_per_min),
        record.RecordFractionalCadenceField: strides_per_min - np.floor(strides_per_min),
        **{native.record: _column(clock, native.column) * native.column_scale for native in NATIVE},
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
    of_lap: dict[type[Field], Value] = {
        MessageIndexField: 0,
        TimestampField: _at(end_s),
        lap.LapEventField: Event.LAP.value,
        lap.LapEventTypeField: EventType.STOP.value,
        lap.LapStartTimeField: _at(start_s),
        lap.LapSportField: sport.value,
        lap.LapSubSportField: sub_sport.value,
        lap.LapTotalElapsedTimeField: elapsed_s,
        lap.LapTotalTimerTimeField: clock.total_s,
        lap.LapTotalDistanceField: clock.total_m,
        lap.LapEnhancedAvgSpeedField: clock.mean_mps,
        lap.LapAvgCadenceField: whole,
        lap.LapAvgFractionalCadenceField: strides_per_min - whole,
        **{native.lap: native.measure_scale * mean.get(native.measure, NAN) for native in NATIVE},
    }
    of_session: dict[type[Field], Value] = {
        MessageIndexField: 0,
        TimestampField: _at(end_s),
        session.SessionEventField: Event.SESSION.value,
        session.SessionEventTypeField: EventType.STOP.value,
        session.SessionStartTimeField: _at(start_s),
        session.SessionSportField: sport.value,
        session.SessionSubSportField: sub_sport.value,
        session.SessionTotalElapsedTimeField: elapsed_s,
        session.SessionTotalTimerTimeField: clock.total_s,
        session.SessionTotalDistanceField: clock.total_m,
        session.SessionEnhancedAvgSpeedField: clock.mean_mps,
        session.SessionAvgCadenceField: whole,
        session.SessionAvgFractionalCadenceField: strides_per_min - whole,
        session.SessionFirstLapIndexField: 0,
        session.SessionNumLapsField: 1,
        **{native.session: native.measure_scale * mean.get(native.measure, NAN) for native in NATIVE},
    }
    return [
        _message(lap.LapMessage, of_lap),
        _message(session.SessionMessage, of_session, {name: mean[name] for name in described}),
        _message(activity.ActivityMessage, _of_activity(end_s, recording, clock)),
    ]


def _of_activity(end_s: int, recording: Recording, clock: Timer) -> Values:
    """`local_timestamp` is the clock on the gym's wall: services find the time zone by it."""
    utc = datetime.fromtimestamp(end_s, UTC)
    offset = local(utc.isoformat(), recording.time_zone).utcoffset()
    return {
        TimestampField: _at(end_s),
        activity.ActivityEventField: Event.ACTIVITY.value,
        activity.ActivityEventTypeField: EventType.STOP.value,
        activity.ActivityTypeField: Activity.MANUAL.value,
        activity.ActivityTotalTimerTimeField: clock.total_s,
        activity.ActivityNumSessionsField: 1,
        activity.ActivityLocalTimestampField: end_s - FIT_EPOCH_S + (offset.total_seconds() if offset else 0),
    }
