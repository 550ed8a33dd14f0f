"""run.fit: the run as a sports watch would write it, for Garmin Connect, Strava, GoldenCheetah and the like.

FIT activity, running on a treadmill, one record a second: distance and speed from the belt, cadence in strides a minute,
ground contact time and step length as native running dynamics, the hip's angles as developer fields. A field that the whole
session lacks is left out. The encoding, the field numbers and their scales are those of fit-tool (FIT profile 21).
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import numpy as np
from fit_tool import FitFile, FitFileBuilder
from fit_tool.base_type import BaseType
from fit_tool.data_message import DataMessage
from fit_tool.developer_field import DeveloperField
from fit_tool.field import Field
from fit_tool.fit_file_header import FitFileHeader
from fit_tool.profile.messages import activity_message as activity
from fit_tool.profile.messages import developer_data_id_message as developer_data_id
from fit_tool.profile.messages import event_message as event
from fit_tool.profile.messages import field_description_message as field_description
from fit_tool.profile.messages import file_id_message as file_id
from fit_tool.profile.messages import lap_message as lap
from fit_tool.profile.messages import record_message as record
from fit_tool.profile.messages import session_message as session
from fit_tool.profile.messages.common_fields import MessageIndexField, TimestampField
from fit_tool.profile.profile_type import Event, EventType, FileType, Manufacturer, Sport, SubSport
from numpy.typing import NDArray

from station.types import NAN, Recording

Value = float | str | bytes
Values = Mapping[type[Field], Value]

HOLD_S = 3.0  # a second without a stride keeps the last one's values for so long
FLOAT32_MAX = float(np.finfo(np.float32).max)
# Unix seconds between which FIT has dates: an earlier number of its clock means "since switched on", a later one overflows.
FIRST_DATE_S, LAST_DATE_S = 631_065_600 + 0x10000000, 631_065_600 + 0xF0000000
APPLICATION = bytes.fromhex("7b0f3c5e8a4d4f0e9c61d2a75e18b943")  # made up once; names these developer fields everywhere
PRODUCT = "treadmill station"

# Native record fields: our name -> field.
RECORD_FIELDS: dict[str, type[Field]] = {
    "distance_m": record.RecordDistanceField,
    "speed_mps": record.RecordEnhancedSpeedField,
    "cadence_strides": record.RecordCadenceField,
    "cadence_fraction": record.RecordFractionalCadenceField,
    "contact_ms": record.RecordStanceTimeField,
    "step_length_mm": record.RecordStepLengthField,
}
# Developer fields of records (one a second) and of the session (its means), by place, all in degrees.
DEVELOPER_FIELDS = (
    "thigh_forward_near_deg",
    "tle_near_deg",
    "thigh_excursion_near_deg",
    "trunk_lean_deg",
    "knee_flexion_stance_near_deg",
    "knee_flexion_swing_near_deg",
    "pelvic_turn_deg",
)


def run_fit(recording: Recording, created_utc: str) -> bytes:
    """`created_utc` (ISO 8601) stands in for the start when that is unknown, because a FIT file must have one.

    Raises ValueError when neither is a date.
    """
    start_s = _date_s(recording.started_utc or created_utc)
    seconds = _each_second(recording)
    end_s = start_s + len(seconds["distance_m"]) - 1
    described = [name for name in DEVELOPER_FIELDS if name in recording.summary]
    builder = FitFileBuilder()
    builder.add_all(_about(start_s, recording.session_id, described))
    builder.add(_timer(start_s, EventType.START))
    builder.add_all(_records(start_s, seconds))
    builder.add(_timer(end_s, EventType.STOP_ALL))
    builder.add_all(_totals(start_s, end_s, recording, seconds, described))
    # The builder's own header is the short one of old, without checksum; the sizes are filled in on writing.
    content: bytes = FitFile(FitFileHeader(records_size=0, gen_crc=True), builder.records).to_bytes()
    return content


def _date_s(utc: str) -> int:
    """Unix seconds; a clock that was not set may tell a date that FIT cannot hold, it becomes the nearest one."""
    moment = datetime.fromisoformat(utc)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max(round(moment.timestamp()), FIRST_DATE_S), LAST_DATE_S)


def _each_second(recording: Recording) -> dict[str, NDArray[np.float64]]:
    """One value a second from the first frame on: that of the stride then under way, held for HOLD_S, else NaN."""
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


def _message(kind: type[DataMessage], values: Values, developer_values: Mapping[str, float] | None = None) -> DataMessage:
    """A message with just these fields. (The library's ready-made ones carry all hundred, which triples the time of an hour.)"""
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
    return unix_s * 1000  # the library takes milliseconds since 1970 where the file has seconds since 1989


def _about(start_s: int, session_id: str, described: Sequence[str]) -> list[DataMessage]:
    """What the file is, and what its developer fields are.

    Services tell files apart by serial number and start. The station has no serial number, and its clock may be wrong, so
    the session's id stands in.
    """
    messages = [
        _message(
            file_id.FileIdMessage,
            {
                file_id.FileIdTypeField: FileType.ACTIVITY.value,
                file_id.FileIdManufacturerField: Manufacturer.DEVELOPMENT.value,
                file_id.FileIdProductField: 0,
                file_id.FileIdSerialNumberField: zlib.crc32(session_id.encode()),
                file_id.FileIdTimeCreatedField: _at(start_s),
                file_id.FileIdProductNameField: PRODUCT,
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


def _timer(unix_s: int, what: EventType) -> DataMessage:
    fields = {TimestampField: _at(unix_s), event.EventEventField: Event.TIMER.value, event.EventEventTypeField: what.value}
    return _message(event.EventMessage, fields)


def _records(start_s: int, seconds: Mapping[str, NDArray[np.float64]]) -> list[DataMessage]:
    known = [name for name in RECORD_FIELDS if np.isfinite(seconds[name]).any()]
    developer = [name for name in DEVELOPER_FIELDS if name in seconds and np.isfinite(seconds[name]).any()]
    columns = {name: seconds[name].tolist() for name in (*known, *developer)}
    return [
        _message(
            record.RecordMessage,
            {TimestampField: _at(start_s + row), **{RECORD_FIELDS[name]: columns[name][row] for name in known}},
            {name: columns[name][row] for name in developer},
        )
        for row in range(len(seconds["distance_m"]))
    ]


def _totals(
    start_s: int, end_s: int, recording: Recording, seconds: Mapping[str, NDArray[np.float64]], described: Sequence[str]
) -> list[DataMessage]:
    """Lap, session and activity: the whole run as one lap."""
    elapsed_s = recording.source.duration_s if np.isfinite(recording.source.duration_s) else end_s - start_s
    mean = {name: measure.value if measure.measured else NAN for name, measure in recording.summary.items()}
    strides_per_min = mean.get("cadence_spm", NAN) / 2
    whole = float(np.floor(strides_per_min))
    distance_m = float(seconds["distance_m"][-1])
    moving = seconds["speed_mps"][np.isfinite(seconds["speed_mps"])]
    speed_mps = float(moving.mean()) if len(moving) else NAN
    told_of_lap: dict[type[Field], Value] = {
        MessageIndexField: 0,
        TimestampField: _at(end_s),
        lap.LapEventField: Event.LAP.value,
        lap.LapEventTypeField: EventType.STOP.value,
        lap.LapStartTimeField: _at(start_s),
        lap.LapSportField: Sport.RUNNING.value,
        lap.LapSubSportField: SubSport.TREADMILL.value,
        lap.LapTotalElapsedTimeField: elapsed_s,
        lap.LapTotalTimerTimeField: elapsed_s,
        lap.LapTotalDistanceField: distance_m,
        lap.LapEnhancedAvgSpeedField: speed_mps,
        lap.LapAvgCadenceField: whole,
        lap.LapAvgFractionalCadenceField: strides_per_min - whole,
    }
    told_of_session: dict[type[Field], Value] = {
        MessageIndexField: 0,
        TimestampField: _at(end_s),
        session.SessionEventField: Event.SESSION.value,
        session.SessionEventTypeField: EventType.STOP.value,
        session.SessionStartTimeField: _at(start_s),
        session.SessionSportField: Sport.RUNNING.value,
        session.SessionSubSportField: SubSport.TREADMILL.value,
        session.SessionTotalElapsedTimeField: elapsed_s,
        session.SessionTotalTimerTimeField: elapsed_s,
        session.SessionTotalDistanceField: distance_m,
        session.SessionEnhancedAvgSpeedField: speed_mps,
        session.SessionAvgCadenceField: whole,
        session.SessionAvgFractionalCadenceField: strides_per_min - whole,
        session.SessionAvgStanceTimeField: mean.get("contact_time_ms", NAN),
        session.SessionAvgStepLengthField: 1000 * mean.get("step_length_m", NAN),
        session.SessionFirstLapIndexField: 0,
        session.SessionNumLapsField: 1,
    }
    told_of_activity: dict[type[Field], Value] = {
        TimestampField: _at(end_s),
        activity.ActivityEventField: Event.ACTIVITY.value,
        activity.ActivityEventTypeField: EventType.STOP.value,
        activity.ActivityTotalTimerTimeField: elapsed_s,
        activity.ActivityNumSessionsField: 1,
    }
    return [
        _message(lap.LapMessage, told_of_lap),
        _message(session.SessionMessage, told_of_session, {name: mean[name] for name in described}),
        _message(activity.ActivityMessage, told_of_activity),
    ]
