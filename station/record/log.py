"""The input log: everything the coach consumed, in order, to the bit, and the cues that it gave.

    "STATLOG1" | u32 length, u32 CRC-32 | header as JSON
    record:  u8 tag, u16 length, u32 CRC-32 (of tag, length and payload) | payload

All numbers are little-endian. A payload begins with t_ns (i64). A pose is a 33-bit mask of the
landmarks that were seen and x, y, score (float32) of those, so an empty frame costs 20 bytes and a
whole body 416. Marks are 34 bytes a tag: its id (i16) and four corners (float32). An input that led
to cues is one record with them, so that a power cut never parts the two: the input's tag and
length, its payload, then the cues as JSON. A gap record says how many inputs never reached the log.
(`station.log/1` wrote cues as records of their own behind their input; it is still read.)

A power cut can only tear the end: reading yields the records before the first one whose frame or
checksum is wrong.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from station.errors import InputError
from station.jsonable import jsonable, restored
from station.types import (
    JOINTS,
    NS,
    Cue,
    HipTurn,
    Input,
    Marks,
    ModelInfo,
    Pose,
    Press,
    Reading,
    SourceInfo,
    Tick,
    TurnBand,
    View,
)

SCHEMA = "station.log/2"
CUES_APART = "station.log/1"  # each cue in a record behind its input: a power cut may part them
MAGIC = b"STATLOG1"
SYNC_NS = NS  # a power cut may cost this much of the session
MAX_HEADER_BYTES = 1 << 20  # chosen

_HEAD = struct.Struct("<II")
_RECORD = struct.Struct("<BHI")
_TAGGED = struct.Struct("<BH")
_TIME = struct.Struct("<q")
_VALUE = struct.Struct("<qd")
_COUNT = struct.Struct("<qI")
_TURN = struct.Struct("<qdd")

# The file's own tags: never renumbered.
POSE, READING, PRESS, TICK, MARKS, HIP_TURN = 1, 2, 3, 4, 5, 6
CUE, GAP, WITH_CUES = 16, 17, 18  # likewise

_MASK_BYTES = (JOINTS + 7) // 8
_MARK = np.dtype([("id", "<i2"), ("corners_px", "<f4", (4, 2))])
# What types.Pose says of a landmark that was not seen.
_UNSEEN = np.array([np.nan, np.nan, 0.0], np.float32)
_UNSEEN_BITS = _UNSEEN.view(np.uint32)


@dataclass(frozen=True, slots=True)
class LogHeader:
    """What a replay must know before the first input. `plan` are the coach's settings as plain
    values, `turn_bands` how the pelvis model errs.

    `started_ns` is the monotonic time of the session's begin within boot `boot_id`; `torn_bytes`
    and `schema` are filled by reading.
    """

    source: SourceInfo
    model: ModelInfo | None = None
    view: View = field(default_factory=View)
    plan: Mapping[str, Any] = field(default_factory=dict)
    session_id: str = ""
    station_version: str = ""
    core_version: str = ""
    started_utc: str = ""
    clock_trusted: bool = False
    boot_id: str = ""
    started_ns: int = 0
    turn_bands: tuple[TurnBand, ...] = ()
    torn_bytes: int = 0
    schema: str = SCHEMA


class LogWriter:
    """Appends records; what was added reaches the disk at the latest one second (of input time)
    later.

    The file must not exist yet. Raises OSError (disk full, no permission): the caller decides what
    a full disk means.
    """

    def __init__(self, path: Path, header: LogHeader, sync_ns: int = SYNC_NS) -> None:
        self.path = path
        self._sync_ns = sync_ns
        self._synced_ns: int | None = None
        values = jsonable(header) | {"schema": SCHEMA}
        del values["torn_bytes"]
        text = json.dumps(values, allow_nan=False).encode()
        self._file: BinaryIO = open(path, "xb", buffering=1 << 18)  # noqa: SIM115 - closed by close()
        self._file.write(MAGIC + _HEAD.pack(len(text), zlib.crc32(text)) + text)
        self.sync()

    def add(self, given: Input, cues: Sequence[Cue] = ()) -> None:
        """One input, and the cues that it led to."""
        tag, payload = _encode(given)
        if cues:
            payload = _TAGGED.pack(tag, len(payload)) + payload + json.dumps(jsonable(cues)).encode()
            tag = WITH_CUES
        self._file.write(_frame(tag, payload))
        if self._synced_ns is None:
            self._synced_ns = given.t_ns
        elif given.t_ns - self._synced_ns >= self._sync_ns:
            self._synced_ns = given.t_ns
            self.sync()

    def add_gap(self, t_ns: int, lost: int) -> None:
        """So many inputs before `t_ns` did not reach the log: a replay may differ from here on."""
        self._file.write(_frame(GAP, _COUNT.pack(t_ns, lost)))

    def sync(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Writes what is left and closes, even on a full disk; a second call does nothing."""
        if not self._file.closed:
            try:
                self.sync()
            finally:
                self._file.close()


def _frame(tag: int, payload: bytes) -> bytes:
    head = _TAGGED.pack(tag, len(payload))
    return head + zlib.crc32(payload, zlib.crc32(head)).to_bytes(4, "little") + payload


def _encode(given: Input) -> tuple[int, bytes]:
    if isinstance(given, Pose):
        rows = np.empty((JOINTS, 3), np.float32)
        rows[:, :2] = given.xy_px
        rows[:, 2] = given.score
        # Compared as bits, not as numbers: every other NaN, and -0, is kept as it came.
        kept = (rows.view(np.uint32) != _UNSEEN_BITS).any(axis=1)
        return POSE, _TIME.pack(given.t_ns) + np.packbits(kept, bitorder="little").tobytes() + rows[kept].astype("<f4").tobytes()
    if isinstance(given, Reading):
        return READING, _VALUE.pack(given.t_ns, given.value) + given.channel.encode()
    if isinstance(given, Marks):
        marks = np.empty(len(given.ids), _MARK)
        marks["id"], marks["corners_px"] = given.ids, given.corners_px
        return MARKS, _TIME.pack(given.t_ns) + marks.tobytes()
    if isinstance(given, HipTurn):
        return HIP_TURN, _TURN.pack(given.t_ns, given.turn_deg, given.spread_deg)
    if isinstance(given, Press):
        return PRESS, _TIME.pack(given.t_ns) + given.button.encode()
    return TICK, _TIME.pack(given.t_ns)


def _decode(tag: int, payload: bytes) -> Input | None:
    """The input in a record, None without one. Raises struct.error, ValueError."""
    if tag == WITH_CUES:
        return _decode(*_parted(payload)[:2])
    if tag == POSE:
        (t_ns,) = _TIME.unpack_from(payload)
        bits = np.frombuffer(payload, np.uint8, _MASK_BYTES, _TIME.size)
        kept = np.unpackbits(bits, count=JOINTS, bitorder="little").astype(bool)
        rows = np.tile(_UNSEEN, (JOINTS, 1))
        rows[kept] = np.frombuffer(payload, "<f4", offset=_TIME.size + _MASK_BYTES).reshape(-1, 3)
        return Pose(t_ns, rows[:, :2].copy(), rows[:, 2].copy())
    if tag == READING:
        t_ns, value = _VALUE.unpack_from(payload)
        return Reading(t_ns, payload[_VALUE.size :].decode(), value)
    if tag == MARKS:
        marks = np.frombuffer(payload, _MARK, offset=_TIME.size)
        return Marks(_TIME.unpack_from(payload)[0], marks["id"], marks["corners_px"])
    if tag == HIP_TURN:
        return HipTurn(*_TURN.unpack(payload))
    if tag == PRESS:
        return Press(_TIME.unpack_from(payload)[0], payload[_TIME.size :].decode())
    if tag == TICK:
        return Tick(_TIME.unpack_from(payload)[0])
    return None


def _parted(payload: bytes) -> tuple[int, bytes, bytes]:
    """Tag and payload of the input in a WITH_CUES record, and its cues' text."""
    tag, length = _TAGGED.unpack_from(payload)
    if tag == WITH_CUES:
        raise ValueError("a record with cues inside a record with cues")
    end = _TAGGED.size + length
    if end > len(payload):
        raise ValueError("an input is longer than its record")
    return tag, payload[_TAGGED.size : end], payload[end:]


def read_log(path: Path) -> tuple[LogHeader, Iterator[Input]]:
    """The header and the inputs, lazily, up to the first torn record (`header.torn_bytes` says how
    much lies behind it).

    Raises InputError: cannot be read, not an input log, another schema, damaged header.
    """
    header, start = _read_header(path)
    valid_end, size = _valid_end(path, start)
    return replace(header, torn_bytes=size - valid_end), _inputs(path, start, valid_end)


def read_cues(path: Path) -> tuple[Cue, ...]:
    """The cues given while the log was written. Raises InputError, also while they are read."""
    _, start = _read_header(path)
    cues: list[Cue] = []
    for tag, payload, end in _records(path, start):
        if tag not in (CUE, WITH_CUES):
            continue
        with _understood(path, end):
            entries = json.loads(_parted(payload)[2]) if tag == WITH_CUES else [json.loads(payload[_TIME.size :])]
            cues += [restored(Cue, entry) for entry in entries]
    return tuple(cues)


def read_lost(path: Path) -> int:
    """How many inputs the disk was too slow for. Raises InputError like `read_log`."""
    _, start = _read_header(path)
    lost = 0
    for tag, payload, end in _records(path, start):
        if tag == GAP:
            with _understood(path, end):
                lost += _COUNT.unpack(payload)[1]
    return lost


@contextmanager
def _understood(path: Path, end: int) -> Iterator[None]:
    """A record of right checksum and wrong content was no accident, but still an input error."""
    try:
        yield
    except (struct.error, TypeError, ValueError, RecursionError) as error:
        where = f"record before byte {end}"
        raise InputError(f"{where} cannot be understood ({_clause(error)})", str(path), "use another log") from None


def _clause(error: Exception) -> str:
    """The first line of what a library said."""
    return str(error).partition("\n")[0]


def repair(path: Path) -> int:
    """Cuts a torn tail off; returns its bytes (0: none). Raises InputError like `read_log`."""
    _, start = _read_header(path)
    valid_end, size = _valid_end(path, start)
    if valid_end < size:
        with open(path, "r+b") as file:
            file.truncate(valid_end)
            os.fsync(file.fileno())
    return size - valid_end


def _inputs(path: Path, start: int, valid_end: int) -> Iterator[Input]:
    for tag, payload, end in _records(path, start):
        if end > valid_end:
            return
        with _understood(path, end):
            given = _decode(tag, payload)
        if given is not None:
            yield given


def _valid_end(path: Path, start: int) -> tuple[int, int]:
    end = max((end for _, _, end in _records(path, start)), default=start)
    return end, path.stat().st_size


def _records(path: Path, start: int) -> Iterator[tuple[int, bytes, int]]:
    """(tag, payload, offset of its end) from `start` to the first torn or damaged record."""
    with open(path, "rb") as file:
        file.seek(start)
        end = start
        while len(head := file.read(_RECORD.size)) == _RECORD.size:
            tag, length, checksum = _RECORD.unpack(head)
            payload = file.read(length)
            if len(payload) < length or zlib.crc32(payload, zlib.crc32(head[: _TAGGED.size])) != checksum:
                return
            end += _RECORD.size + length
            yield tag, payload, end


def _read_header(path: Path) -> tuple[LogHeader, int]:
    """The header and the offset of the first record."""
    try:
        with open(path, "rb") as file:
            magic = file.read(len(MAGIC))
            head = file.read(_HEAD.size)
            length, checksum = _HEAD.unpack(head) if len(head) == _HEAD.size else (0, 0)
            text = file.read(length) if length <= MAX_HEADER_BYTES else b""
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", str(path), "check the path and its permissions") from None
    if magic != MAGIC:
        raise InputError("is not an input log of the station", str(path), "give a file that ends in .log from the logs folder")
    if len(text) != length or not text or zlib.crc32(text) != checksum:
        raise InputError("the log's header is damaged", str(path), "nothing of it can be replayed; use another log")
    return _header_of(text, path), len(MAGIC) + _HEAD.size + length


def _header_of(text: bytes, path: Path) -> LogHeader:
    try:
        values = json.loads(text)
        if not isinstance(values, dict):
            raise TypeError("it is no object")
        schema = values.get("schema")
        if schema not in (SCHEMA, CUES_APART):
            what = f"has schema {schema!r}, expected {SCHEMA!r}"
            raise InputError(what, str(path), "replay it with the version that wrote it")
        values["source"] = restored(SourceInfo, values["source"])
        values["model"] = values["model"] and restored(ModelInfo, values["model"])
        values["view"] = restored(View, values["view"])
        return restored(LogHeader, values)
    except InputError:
        raise
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        what = f"the log's header cannot be understood ({_clause(error)})"
        raise InputError(what, str(path), "use another log") from None
