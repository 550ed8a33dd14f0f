"""The input log keeps every input to the bit, and a torn end costs only the end."""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from station.errors import InputError
from station.jsonable import jsonable
from station.record import log as log_module
from station.record.log import LogHeader, LogWriter, read_cues, read_log, read_lost, repair
from station.types import JOINTS, Cue, Input, Marks, ModelInfo, Pose, Press, Reading, SourceInfo, Tick, View

HEADER = LogHeader(
    source=SourceInfo("camera", "camera", 1280, 720, fps=60.0),
    model=ModelInfo("pose_landmark_full", "ab" * 32),
    view=View(1280, 720, roll_deg=1.5, direction="left", zone=(0.1, 0.0, 0.9, 1.0)),
    plan={"baseline_s": 180.0, "cue_share": [1.0, 0.75]},
    session_id="00001-a3f9",
    started_utc="2026-11-22T18:30:00Z",
    boot_id="b" * 32,
    started_ns=12_345,
)
CUE = Cue(30, 1, "run_tall", "sitting", "start", ("audio", "light"), "Run tall")

floats = st.floats(width=32, allow_nan=True)
times = st.integers(-(2**63), 2**63 - 1)


@st.composite
def poses(draw: st.DrawFn) -> Pose:
    """Any bits at all in any landmark, besides the usual unseen ones."""
    bits = draw(st.lists(st.integers(0, 2**32 - 1), min_size=3 * JOINTS, max_size=3 * JOINTS))
    values = np.array(bits, np.uint32).view(np.float32).reshape(JOINTS, 3)
    for joint in draw(st.sets(st.integers(0, JOINTS - 1))):
        values[joint] = (np.nan, np.nan, 0)
    return Pose(draw(times), values[:, :2], values[:, 2])


@st.composite
def marks(draw: st.DrawFn) -> Marks:
    count = draw(st.integers(0, 5))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    return Marks(draw(times), rng.integers(0, 48, count), rng.normal(300, 90, (count, 4, 2)))


inputs = st.one_of(
    poses(),
    st.builds(Reading, times, st.text(max_size=20), st.floats(allow_nan=False)),
    marks(),
    st.builds(Press, times, st.text(max_size=20)),
    st.builds(Tick, times),
)


def write(path: Path, given_inputs: list[Input], cues: tuple[Cue, ...] = ()) -> None:
    log = LogWriter(path, HEADER)
    for one in given_inputs[:-1]:
        log.add(one)
    for one in given_inputs[-1:]:
        log.add(one, cues)
    log.close()


def same(a: Input, b: Input) -> bool:
    if isinstance(a, Pose) and isinstance(b, Pose):
        return a.t_ns == b.t_ns and a.xy_px.tobytes() == b.xy_px.tobytes() and a.score.tobytes() == b.score.tobytes()
    if isinstance(a, Marks) and isinstance(b, Marks):
        return a.t_ns == b.t_ns and a.ids.tobytes() == b.ids.tobytes() and a.corners_px.tobytes() == b.corners_px.tobytes()
    return a == b


def some_inputs(count: int = 20) -> list[Input]:
    rng = np.random.default_rng(4)
    made: list[Input] = [Tick(0), Reading(1, "speed_given_mps", 2.5), Press(2, "start")]
    made += [Pose(3 + i, rng.normal(500, 90, (JOINTS, 2)), rng.random(JOINTS)) for i in range(count - 4)]
    return [*made, Pose.nobody(count)]


@settings(max_examples=60)
@given(given_inputs=st.lists(inputs, max_size=6))
def test_every_input_comes_back_to_the_bit(tmp_path_factory: pytest.TempPathFactory, given_inputs: list[Input]) -> None:
    path = tmp_path_factory.mktemp("log") / "session.log"
    write(path, given_inputs)
    header, read = read_log(path)
    back = list(read)
    assert len(back) == len(given_inputs)
    assert all(same(a, b) for a, b in zip(given_inputs, back, strict=True))
    assert header.torn_bytes == 0


def test_header_comes_back(tmp_path: Path) -> None:
    write(tmp_path / "a.log", [])
    header, _ = read_log(tmp_path / "a.log")
    assert np.isnan(header.view.px_per_m)
    assert header.source.frames is None
    assert repr(header.source) == repr(HEADER.source)  # repr, because NaN is not equal to itself
    assert (header.model, header.plan, header.view.zone) == (HEADER.model, HEADER.plan, HEADER.view.zone)
    assert (header.session_id, header.started_ns, header.boot_id) == (HEADER.session_id, HEADER.started_ns, HEADER.boot_id)


def test_cues_stand_in_the_record_of_their_input_and_gaps_beside(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    log = LogWriter(path, HEADER)
    log.add(Tick(1), [CUE])
    log.add_gap(2, 17)
    log.add(Tick(3))
    log.close()
    assert [one.t_ns for one in read_log(path)[1]] == [1, 3]
    assert read_cues(path) == (CUE,)
    assert read_lost(path) == 17


@pytest.mark.parametrize("seed", range(12))
def test_cut_anywhere_yields_the_valid_prefix(tmp_path: Path, seed: int) -> None:
    path, whole = tmp_path / "a.log", some_inputs()
    write(path, whole)
    data = path.read_bytes()
    start = data.index(b"}", data.rindex(b'"started_ns"')) + 1  # the header's last key
    cut = int(np.random.default_rng(seed).integers(start, len(data)))
    path.write_bytes(data[:cut])
    header, read = read_log(path)
    back = list(read)
    assert len(back) < len(whole)
    assert all(same(a, b) for a, b in zip(whole, back, strict=False))
    torn = header.torn_bytes
    assert repair(path) == torn
    assert path.stat().st_size == cut - torn
    assert read_log(path)[0].torn_bytes == 0
    assert len(list(read_log(path)[1])) == len(back)


def test_one_flipped_bit_ends_the_log_there(tmp_path: Path) -> None:
    path, whole = tmp_path / "a.log", some_inputs()
    write(path, whole)
    data = bytearray(path.read_bytes())
    data[-300] ^= 1
    path.write_bytes(data)
    header, read = read_log(path)
    # The last whole-body pose is damaged, the empty one follows it.
    assert len(list(read)) == len(whole) - 2
    assert header.torn_bytes > 400


def test_nothing_torn_is_nothing_repaired(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    write(path, some_inputs())
    before = path.read_bytes()
    assert repair(path) == 0
    assert path.read_bytes() == before


def test_a_second_log_never_overwrites_the_first(tmp_path: Path) -> None:
    write(tmp_path / "a.log", [])
    with pytest.raises(FileExistsError):
        LogWriter(tmp_path / "a.log", HEADER)


def test_a_whole_body_costs_416_bytes_and_nobody_20(tmp_path: Path) -> None:
    write(tmp_path / "none.log", [])
    write(tmp_path / "one.log", [some_inputs()[5]])
    write(tmp_path / "empty.log", [Pose.nobody(0)])
    empty = (tmp_path / "none.log").stat().st_size
    assert (tmp_path / "one.log").stat().st_size - empty == 416
    assert (tmp_path / "empty.log").stat().st_size - empty == 20


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is not an input log"),
        (b"PNG" * 100, "is not an input log"),
        (b"STATLOG1", "header is damaged"),
        (b"STATLOG1" + struct.pack("<II", 20, 0) + b"{}", "header is damaged"),
        (b"STATLOG1" + struct.pack("<II", 0xFFFFFFFF, 0) + b"{}", "header is damaged"),
        (b"STATLOG1" + struct.pack("<II", 2, 0xBFC92E1E) + b"{}", "header is damaged"),
    ],
)
def test_not_a_log_says_so(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "x.log"
    path.write_bytes(content)
    for reader in (read_log, read_cues, repair):
        with pytest.raises(InputError, match=message):
            reader(path)


def test_other_schema_says_so(tmp_path: Path) -> None:
    path = tmp_path / "x.log"
    write(path, [])
    data = path.read_bytes().replace(b"station.log/2", b"station.log/9")
    text = data[16:]
    path.write_bytes(data[:8] + struct.pack("<II", len(text), zlib.crc32(text)) + text)
    with pytest.raises(InputError, match=r"station\.log/9"):
        read_log(path)


def crafted(header: object, *records: tuple[int, bytes]) -> bytes:
    """A log whose checksums are all right, whatever it says."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    content = log_module.MAGIC + struct.pack("<II", len(text), zlib.crc32(text)) + text
    return content + b"".join(log_module._frame(tag, payload) for tag, payload in records)


GOOD_HEADER = jsonable(HEADER)
T = struct.pack("<q", 5)


@pytest.mark.parametrize(
    "header",
    [
        b"[1, 2]",
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"schema": ' + b"1" * 5000 + b"}",
        GOOD_HEADER | {"source": None},
        GOOD_HEADER | {"source": [1, 2]},
        GOOD_HEADER | {"view": {"width_px": "wide"}},
        GOOD_HEADER | {"view": GOOD_HEADER["view"] | {"zone": [0, 1]}},
        GOOD_HEADER | {"plan": 5},
        GOOD_HEADER | {"started_ns": "yesterday"},
        GOOD_HEADER | {"more": 1},
    ],
    ids=lambda header: str(header)[:40],
)
def test_a_header_that_says_nonsense_is_an_ordinary_refusal(tmp_path: Path, header: object) -> None:
    path = tmp_path / "x.log"
    path.write_bytes(crafted(header))
    with pytest.raises(InputError):
        read_log(path)


@pytest.mark.parametrize(
    ("tag", "payload"),
    [
        (log_module.TICK, b""),
        (log_module.POSE, T),
        (log_module.POSE, T + b"\xff" * 5 + b"\0" * 7),
        (log_module.READING, T + b"\0" * 8 + b"\xff"),
        (log_module.PRESS, T + b"\xff"),
        (log_module.MARKS, T + b"\0" * 5),
        (log_module.CUE, T + b"{"),
        (log_module.CUE, T + b"[" * 50_000),
        (log_module.CUE, T + b'{"t_ns": "x"}'),
        (log_module.CUE, T + b"5"),
        (log_module.WITH_CUES, b""),
        (log_module.WITH_CUES, struct.pack("<BH", log_module.TICK, 500) + T),
        (log_module.WITH_CUES, struct.pack("<BH", log_module.WITH_CUES, 3) + b"\0\0\0"),
        (log_module.WITH_CUES, struct.pack("<BH", log_module.TICK, 8) + T + b"7"),
        (log_module.GAP, b"\0"),
    ],
)
def test_a_record_that_says_nonsense_is_an_ordinary_refusal(tmp_path: Path, tag: int, payload: bytes) -> None:
    path = tmp_path / "x.log"
    path.write_bytes(crafted(GOOD_HEADER | {"schema": log_module.SCHEMA}, (tag, payload)))
    with pytest.raises(InputError, match="cannot be understood"):
        _ = [list(read_log(path)[1]), read_cues(path), read_lost(path)]


def test_logs_of_the_first_format_are_still_read(tmp_path: Path) -> None:
    path = tmp_path / "x.log"
    cue = struct.pack("<q", CUE.t_ns) + json.dumps(jsonable(CUE)).encode()
    header = {name: value for name, value in GOOD_HEADER.items() if name != "torn_bytes"} | {"schema": "station.log/1"}
    path.write_bytes(crafted(header, (log_module.TICK, struct.pack("<q", 30)), (log_module.CUE, cue)))
    read, inputs = read_log(path)
    assert read.schema == "station.log/1"
    assert [one.t_ns for one in inputs] == [30]
    assert read_cues(path) == (CUE,)


def test_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_log(tmp_path / "none.log")
