"""The FIT file format, as far as writing an activity needs it: header, definitions, data messages, checksum.

Source: the FIT protocol description (developer.garmin.com/fit/protocol). A message is defined once (which fields, which
binary kinds) under a local number and may then be written many times. Developer fields are described by messages of their
own, and need protocol version 2.0. A value that is not measured is the kind's "invalid" pattern.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

PROTOCOL_VERSION = 0x20
PROFILE_VERSION = 21_000
EPOCH_UNIX_S = 631_065_600  # 1989-12-31T00:00:00Z

Value = float | int | str | bytes | None


class Kind(Enum):
    """base type number, struct code, invalid value"""

    ENUM = (0x00, "B", 0xFF)
    UINT8 = (0x02, "B", 0xFF)
    UINT16 = (0x84, "H", 0xFFFF)
    UINT32 = (0x86, "I", 0xFFFFFFFF)
    FLOAT32 = (0x88, "f", math.nan)  # written as all ones, see _number
    STRING = (0x07, "s", b"")
    BYTES = (0x0D, "s", b"")


@dataclass(frozen=True, slots=True)
class Field:
    """A field's number in its message, its kind, and the factor that makes it whole (`size` for strings and bytes)."""

    number: int
    kind: Kind
    scale: float = 1.0
    size: int = 0

    @property
    def bytes(self) -> int:
        return self.size or struct.calcsize("<" + self.kind.value[1])


class FitWriter:
    """Define messages, write them, take `content`. Each definition stays valid to the end of the file."""

    def __init__(self) -> None:
        self._body = bytearray()
        self._fields: list[tuple[Field, ...]] = []

    def define(self, message: int, fields: Sequence[Field], developer_fields: Sequence[Field] = ()) -> int:
        """The local number under which to write. Raises ValueError when all 16 are used.

        `developer_fields` carry the numbers given to them by field descriptions, of developer data index 0.
        """
        local = len(self._fields)
        if local > 15:
            raise ValueError("a FIT file has room for 16 definitions at a time")
        developer_flag = 0x20 if developer_fields else 0
        self._body += struct.pack("<BBBHB", 0x40 | developer_flag | local, 0, 0, message, len(fields))
        for field in fields:
            self._body += bytes((field.number, field.bytes, field.kind.value[0]))
        if developer_fields:
            self._body.append(len(developer_fields))
            for field in developer_fields:
                self._body += bytes((field.number, field.bytes, 0))
        self._fields.append((*fields, *developer_fields))
        return local

    def write(self, local: int, values: Sequence[Value]) -> None:
        """One message; a value per field in the order of its definition, None or NaN where not measured."""
        self._body.append(local)
        for field, value in zip(self._fields[local], values, strict=True):
            self._body += _encoded(field, value)

    def add(
        self, message: int, told: Sequence[tuple[Field, Value]], developer: Sequence[tuple[Field, Value]] = ()
    ) -> None:
        """Defines a message that is written once, and writes it."""
        local = self.define(message, [field for field, _ in told], [field for field, _ in developer])
        self.write(local, [value for _, value in (*told, *developer)])

    def content(self) -> bytes:
        head = struct.pack("<BBHI4s", 14, PROTOCOL_VERSION, PROFILE_VERSION, len(self._body), b".FIT")
        whole = head + struct.pack("<H", crc16(head)) + bytes(self._body)
        return whole + struct.pack("<H", crc16(whole))


def _encoded(field: Field, value: Value) -> bytes:
    _, code, invalid = field.kind.value
    if code == "s":
        raw = value.encode() if isinstance(value, str) else bytes(value or b"")  # type: ignore[arg-type]
        return raw[: field.size].ljust(field.size, b"\0")
    if value is None or isinstance(value, (str, bytes)) or not math.isfinite(value):
        return b"\xff" * field.bytes
    if field.kind is Kind.FLOAT32:
        return struct.pack("<f", value)
    whole = round(value * field.scale)
    return struct.pack("<" + code, whole if 0 <= whole < invalid else invalid)


def _crc_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0xA001 if crc & 1 else 0)
        table.append(crc)
    return tuple(table)


_CRC = _crc_table()


def crc16(content: bytes) -> int:
    """CRC-16/ARC: polynomial 0x8005 reflected, start 0."""
    crc = 0
    for byte in content:
        crc = (crc >> 8) ^ _CRC[(crc ^ byte) & 0xFF]
    return crc
