"""What a treadmill's Bluetooth service says: Treadmill Data (0x2ACD) of the Fitness Machine Service
(0x1826).

Each notification begins with flags that say which fields follow, in a fixed order; one that does
not fit is sent in parts, each with flags of its own (bit 0 set: the speed is in another part).
Source: Bluetooth SIG, Fitness Machine Service 1.0, 4.9.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from station.types import KMH_PER_MPS, NAN

SERVICE = "00001826-0000-1000-8000-00805f9b34fb"
TREADMILL_DATA = "00002acd-0000-1000-8000-00805f9b34fb"
FASTEST_KMH = 40.0  # chosen: no treadmill for people runs faster; more is another unit or noise
STEEPEST_PCT = 50.0  # chosen, likewise; it also covers 0x7FFF, "not available"


@dataclass(frozen=True, slots=True)
class TreadmillData:
    """One notification; NaN = not in this part. `distance_m`: since the machine's start."""

    speed_mps: float = NAN
    incline_pct: float = NAN
    distance_m: float = NAN


class Field(NamedTuple):
    """`bit` of the flags announces it (bit 0 by being 0); `name` where we keep it."""

    bit: int
    size: int
    name: str = ""
    per_unit: float = 1.0
    signed: bool = False


FIELDS = (
    Field(0, 2, "speed_kmh", 0.01),
    Field(1, 2),  # average speed
    Field(2, 3, "distance_m"),
    Field(3, 2, "incline_pct", 0.1, signed=True),
    Field(3, 2),  # ramp angle
    Field(4, 4),  # elevation gain, up and down
    Field(5, 1),  # pace
    Field(6, 1),  # average pace
    Field(7, 5),  # energy: total, an hour, a minute
    Field(8, 1),  # heart rate
    Field(9, 1),  # metabolic equivalent
    Field(10, 2),  # elapsed time
    Field(11, 2),  # remaining time
    Field(12, 4),  # force on the belt, power
)


def may_be_treadmill(service_data: bytes) -> bool:
    """Whether an advertisement leaves open that this is a treadmill: its service data holds flags,
    then the types of the machine, bit 0 a treadmill (3.1.1). Many leave it out.
    """
    return len(service_data) < 3 or bool(service_data[1] & 1)


def decode(payload: bytes) -> TreadmillData:
    """What one notification says, as far as it is whole. Raises nothing: coaching goes on."""
    values: dict[str, float] = {}
    if len(payload) < 2:
        return TreadmillData()
    flags, at = int.from_bytes(payload[:2], "little"), 2
    for field in FIELDS:
        announced = bool(flags >> field.bit & 1) != (field.bit == 0)
        if not announced:
            continue
        if at + field.size > len(payload):
            break
        if field.name:
            raw = int.from_bytes(payload[at : at + field.size], "little", signed=field.signed)
            values[field.name] = raw * field.per_unit
        at += field.size
    kmh, incline = values.get("speed_kmh", NAN), values.get("incline_pct", NAN)
    return TreadmillData(
        kmh / KMH_PER_MPS if 0.0 <= kmh <= FASTEST_KMH else NAN,
        incline if abs(incline) <= STEEPEST_PCT else NAN,
        values.get("distance_m", NAN),
    )
