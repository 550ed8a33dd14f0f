"""Damaged and hostile files for every parser: an ordinary refusal is right, anything else is a
find.

    python -m tests.lab.faults.fuzz [INPUTS] [SEED] [PARSER ...]

Good files are made, then spoilt: flipped bits, cut or repeated pieces, wrong numbers, deep nesting,
text of another encoding; logs also with checksums that are right all the same. Each is read in a
child process. A find is an exception that is not the parser's own refusal, a crash of the process,
more than LIMIT_S seconds or more than LIMIT_BYTES of memory. Prints a line per parser and
each find with the seed and number that make it again; exit code 1 when there was one.
"""

from __future__ import annotations

import os
import random
import resource
import select
import shutil
import signal
import struct
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from station import provision
from station.calibrate import calibration
from station.config import load as load_config
from station.errors import StationError
from station.export.bundle import write_all
from station.export.earlier import read_earlier
from station.export.session_json import session_json
from station.ports import EndOfSource
from station.pose.store import read_card, read_errors
from station.present import voices
from station.record import log
from station.record.archive import DATABASE, Archive
from station.record.log import LogHeader
from station.record.store import SqliteStore
from station.run.replay import replayed
from station.run.restarts import Restarts
from station.sense import ftms
from station.sense.poses import Poses, load_poses, save_poses
from station.sense.still import StillSource
from station.sense.video import VideoSource
from station.types import JOINTS, NS, Measure
from station.usb import signature
from station.usb.status import PREFIX, StickStatus, read_status, write_status
from station.validate.measured import read_folder
from station.validate.reference import read_reference
from tests.made_film import numbered, write_film
from tests.made_run import MODEL, SOURCE, VIEW, run
from tests.manual_clock import ManualClock

INPUTS = 10_000
LIMIT_S = 20.0
LIMIT_BYTES = 1 << 30
FRAMES_READ = 20
MODELS = Path(__file__).resolve().parents[3] / "models"


@dataclass(frozen=True)
class Parser:
    """`make` writes good files into a folder and returns them; `read` reads one. `refusals`: what
    `read` may raise.
    """

    make: Callable[[Path], list[Path]]
    read: Callable[[Path], object]
    refusals: tuple[type[Exception], ...] = (StationError,)
    share: float = 1.0  # of the inputs, against the other parsers


# --- good files ---


def make_log(folder: Path) -> list[Path]:
    writer = log.LogWriter(folder / "good.log", log.LogHeader(SOURCE, MODEL, VIEW))
    for given, step in run(4.0, 15):
        writer.add(given, step.cues)
    writer.close()
    return [folder / "good.log"]


def make_database(folder: Path) -> list[Path]:
    store = SqliteStore(folder / "made")
    for seconds in (3.0, 6.0):
        steps = list(run(seconds, 15))
        store.begin(LogHeader(SOURCE, MODEL, VIEW), steps[0][0].t_ns)
        for given, step in steps:
            store.add(given, step)
        store.finish(steps[-1][0].t_ns)
    store.close()
    return [folder / "made" / DATABASE]


def make_session(folder: Path) -> list[Path]:
    make_database(folder)
    archive = Archive(folder / "made")
    path = folder / "session.json"
    path.write_bytes(session_json(archive.recording(archive.choose("last")[0]), "2026-03-01T18:30:00Z"))
    return [path]


def make_exported(folder: Path) -> list[Path]:
    make_database(folder)
    archive = Archive(folder / "made")
    write_all(archive.recording(archive.choose("last")[0]), folder / "exported", created_utc="2026-03-01T18:30:00Z")
    return [folder / "exported" / name for name in ("session.json", "strides.csv")]


def make_settings(folder: Path) -> list[Path]:
    path = folder / "station.toml"
    path.write_text('[station]\nname = "gym-1"\n[view]\nroll_deg = 1.5\nzone = [0.1, 0.0, 0.9, 1.0]\n[session]\nspeed_kmh = 9\n')
    return [path]


def make_calibration(folder: Path) -> list[Path]:
    reported = Measure(1.0, 0.5, 1.5, 9)
    taken = calibration.Taken("camera", "camera", 1280, 720, 0, 0)
    path = folder / "calibration.json"
    four = (reported,) * 4
    one = calibration.Calibration(taken, "2026-03-01T18:30:00Z", *four, "left", (0.1, 0.0, 0.9, 1.0), None)
    calibration.save(path, one)
    return [path]


def make_poses(folder: Path) -> list[Path]:
    t_ns = np.arange(60, dtype=np.int64) * NS // 30
    rng = np.random.default_rng(1)
    xy_px = rng.normal(300, 50, (60, JOINTS, 2)).astype(np.float32)
    save_poses(folder / "poses.npz", Poses(t_ns, xy_px, np.ones((60, JOINTS), np.float32), 640, 480, 300.0, "left"))
    return [folder / "poses.npz"]


def make_pictures(folder: Path) -> list[Path]:
    image = np.random.default_rng(1).integers(0, 255, (48, 64, 3), np.uint8)
    paths = [folder / f"picture{suffix}" for suffix in (".png", ".jpg", ".bmp")]
    for path in paths:
        cv2.imwrite(str(path), image)
    return paths


def make_films(folder: Path) -> list[Path]:
    return [write_film(folder / f"film{suffix}", map(numbered, range(12))) for suffix in (".mp4", ".mkv", ".avi")]


def make_reference(folder: Path) -> list[Path]:
    path = folder / "reference.csv"
    path.write_text("runner,session,steps,from_s,to_s\nA,last,86,5,35\nA,last,43,40,55\n")
    return [path]


def make_status(folder: Path) -> list[Path]:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        write_status(handle, "sda", StickStatus("done", "2 sessions"))
    finally:
        os.close(handle)
    return [next(folder.glob("*sda*"))]


def read_status_file(path: Path) -> None:
    """As the station finds it: in a folder of its own, under the name that the exporter gives it.
    """
    own = path.parent / "status"
    own.mkdir(exist_ok=True)
    path.replace(own / f"{PREFIX}sda")
    read_status(own)


def make_card(folder: Path) -> list[Path]:
    card = folder / "pose_landmark_full.md"
    card.write_bytes((MODELS / card.name).read_bytes())
    return [card]


def make_error_table(folder: Path) -> list[Path]:
    card = make_card(folder)[0]
    table = card.with_suffix(".errors.json")
    table.write_bytes((MODELS / table.name).read_bytes())
    return [table]


def make_starts(folder: Path) -> list[Path]:
    path = folder / "starts.json"
    path.write_text('{"failed": {"0123abcd": 1}, "started": ["[camera]\\nfps = 30\\n", ""]}')
    return [path]


def make_restarts(folder: Path) -> list[Path]:
    path = folder / "starts"
    path.write_text('{"starts_ns": [1000000000, 2000000000], "reason": "the camera is gone"}')
    return [path]


def make_signature(folder: Path) -> list[Path]:
    path = folder / signature.SIGNATURE_NAME
    path.write_bytes(signature.signature(b"k" * 64, 1764338400, b"[camera]\n"))
    return [path]


def make_manifest(folder: Path) -> list[Path]:
    shutil.copytree(voices.VOICE_DIR / "en", folder / "en")
    return [folder / "en" / "manifest.json"]


def make_notification(folder: Path) -> list[Path]:
    """Speed 9.00 km/h, 1200 m, 1.5 % of incline, elapsed time."""
    path = folder / "notification"
    path.write_bytes(bytes.fromhex("0c04 8403 b00400 0f00 0000 3c00"))
    return [path]


# --- reading them as the station does ---


def read_log(path: Path) -> None:
    _, inputs = log.read_log(path)
    _ = list(inputs), log.read_cues(path), log.read_lost(path)
    replayed(path)


def read_database(path: Path) -> None:
    folder = path.parent / "data"
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        if old.is_file():
            old.unlink()
    path.replace(folder / DATABASE)
    SqliteStore(folder).close()
    archive = Archive(folder)
    rows = archive.sessions()
    for session_id in archive.choose("all"):
        try:
            archive.recording(session_id)
        except StationError:
            archive.mark_damaged([session_id])
    for row in rows:
        archive.forget(row.id)


def read_error_table(path: Path) -> None:
    """Beside its card, as `station models` finds it."""
    card = path.with_name("pose_landmark_full.md")
    path.replace(card.with_suffix(".errors.json"))
    read_errors(read_card(card))


def read_exported(path: Path) -> None:
    """One of the two files is spoilt, the others are as they were."""
    whole, own = path.parent / "exported", path.parent / "own"
    shutil.copytree(whole, own, dirs_exist_ok=True)
    path.replace(own / ("session.json" if path.suffix == ".json" else "strides.csv"))
    read_folder(own)


def read_restarts(path: Path) -> None:
    own = path.parent / "runtime"
    own.mkdir(exist_ok=True)
    path.replace(own / "starts")
    with Restarts(ManualClock(3 * NS), own).counted():
        pass


def read_manifest(path: Path) -> None:
    path.replace(path.parent / "en" / "manifest.json")
    voices.load_voices("en", path.parent)


def read_frames(source: StillSource | VideoSource) -> None:
    with source:
        for _ in range(FRAMES_READ):
            try:
                source.read(1.0)
            except EndOfSource:
                return


PARSERS = {
    "log": Parser(make_log, read_log),
    "database": Parser(make_database, read_database, share=0.3),
    "session.json": Parser(make_session, lambda path: read_earlier(path.read_bytes()), (ValueError,)),
    "settings": Parser(make_settings, load_config),
    "calibration": Parser(make_calibration, calibration.load),
    "poses": Parser(make_poses, load_poses),
    "picture": Parser(make_pictures, lambda path: read_frames(StillSource(path))),
    "film": Parser(make_films, lambda path: read_frames(VideoSource(path)), share=0.5),
    "reference": Parser(make_reference, read_reference),
    "exported folder": Parser(make_exported, read_exported, share=0.5),
    "stick status": Parser(make_status, read_status_file, ()),
    "model card": Parser(make_card, read_card),
    "error table": Parser(make_error_table, read_error_table),
    "starts": Parser(make_starts, provision._record, ()),
    "restarts": Parser(make_restarts, read_restarts, ()),
    "signature": Parser(make_signature, lambda path: signature.signed_counter(b"k" * 64, b"[camera]\n", path.read_bytes()), ()),
    "voice": Parser(make_manifest, read_manifest, share=0.3),
    "treadmill": Parser(make_notification, lambda path: ftms.decode(path.read_bytes()), ()),
}


# --- spoiling ---

WORDS = (
    *(b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"9" * 5000, b"-1", b"1e999", b"NaN", b"null", b"{}", b"[]", b'""', b"\n", b";"),
    *(b"[" * 3000, b'{"a":' * 3000, b"\xed\xa0\x80", b"true", b"4294967296", b"18446744073709551616", b"0x7f", b"=", b"\t", b'"'),
)


def spoilt(good: bytes, rng: random.Random) -> bytes:
    content = bytearray(good)
    for _ in range(rng.choice((1, 1, 1, 2, 5, 20))):
        at = rng.randrange(len(content) + 1)
        match rng.randrange(8):
            case 0 | 1:
                if at < len(content):
                    content[at] ^= 1 << rng.randrange(8)
            case 2:
                content[at : at + rng.randrange(1, 64)] = rng.randbytes(rng.randrange(1, 64))
            case 3:
                del content[at : at + rng.choice((1, 4, 100, 5000))]
            case 4:
                content[at:at] = content[at : at + rng.choice((4, 64, 2000))]
            case 5:
                content[at : at + rng.choice((0, 1, 4))] = rng.choice(WORDS)
            case 6:
                content[at : at + 4] = struct.pack("<I", rng.choice((0, 1, 0x7FFFFFFF, 0xFFFFFFFF, 65536)))
            case 7:
                content[at : at + 4] = struct.pack(">I", rng.choice((0, 1, 0x7FFFFFFF, 0xFFFFFFFF, 65536)))
        if not content:
            return b""
    return bytes(content)


def resealed(content: bytes) -> bytes:
    """A log whose records have the right checksums again, as far as they can be told apart."""
    out = bytearray(content)
    try:
        length, _ = struct.unpack_from("<II", out, 8)
        text = bytes(out[16 : 16 + length])
        struct.pack_into("<I", out, 12, zlib.crc32(text))
        at = 16 + length
        while at + 7 <= len(out):
            tag_length = bytes(out[at : at + 3])
            size = struct.unpack("<H", tag_length[1:])[0]
            struct.pack_into("<I", out, at + 3, zlib.crc32(bytes(out[at + 7 : at + 7 + size]), zlib.crc32(tag_length)))
            at += 7 + size
    except struct.error:
        pass
    return bytes(out)


def inputs_for(name: str, goods: list[bytes], seed: int, start: int, count: int) -> Iterator[tuple[int, bytes, int]]:
    for number in range(start, count):
        rng = random.Random(f"{name} {seed} {number}")
        which = rng.randrange(len(goods))
        content = spoilt(goods[which], rng)
        yield number, resealed(content) if name == "log" and rng.random() < 0.7 else content, which


# --- running ---


def run_child(name: str, goods: list[Path], folder: Path, seed: int, start: int, count: int, pipe: int) -> None:
    parser = PARSERS[name]
    contents = [path.read_bytes() for path in goods]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, 2)
    for number, content, which in inputs_for(name, contents, seed, start, count):
        path = folder / f"spoilt{goods[which].suffix}"
        path.write_bytes(content)
        os.write(pipe, f"{number} begin\n".encode())
        find = ""
        try:
            parser.read(path)
        except parser.refusals:
            pass
        except Exception as error:
            find = f"{type(error).__name__}: {str(error)[:200]!r}"
        now = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        if (now - peak) * 1024 > LIMIT_BYTES:
            find = f"{(now - peak) // 1024} MiB of memory {find}"
        peak = max(peak, now)
        if find:
            os.write(pipe, f"{number} find {find}\n".encode())
    os.write(pipe, f"{count} end\n".encode())


def fuzz(name: str, seed: int, count: int, folder: Path) -> list[str]:
    """The finds of one parser."""
    goods = PARSERS[name].make(folder)
    finds: list[str] = []
    start = 0
    while start < count:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            try:
                run_child(name, goods, folder, seed, start, count, writing)
            finally:
                os._exit(0)
        os.close(writing)
        start = watch(name, reading, child, count, finds)
        os.close(reading)
    return finds


def watch(name: str, reading: int, child: int, count: int, finds: list[str]) -> int:
    """Follows a child to its end; returns the number to go on with."""
    buffered, last = b"", -1
    while True:
        ready, _, _ = select.select([reading], [], [], LIMIT_S)
        block = os.read(reading, 1 << 16) if ready else b""
        if not block:
            if not ready:
                os.kill(child, signal.SIGKILL)
            _, status = os.waitpid(child, 0)
            why = f"signal {os.WTERMSIG(status)}" if os.WIFSIGNALED(status) else f"exit {os.waitstatus_to_exitcode(status)}"
            finds.append(f"{name} {last}: " + (f"more than {LIMIT_S:.0f} s" if not ready else why))
            return last + 1
        buffered += block
        *lines, buffered = buffered.split(b"\n")
        for line in lines:
            number, word, *rest = line.decode().split(" ", 2)
            last = int(number)
            if word == "find":
                finds.append(f"{name} {last}: {rest[0]}")
            elif word == "end":
                os.waitpid(child, 0)
                return count


def main(inputs: int, seed: int, names: list[str]) -> int:
    shares = {name: PARSERS[name].share for name in names or PARSERS}
    every: list[str] = []
    for name, share in shares.items():
        count = max(1, round(inputs * share / sum(shares.values())))
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as place:
            finds = fuzz(name, seed, count, Path(place))
        print(f"{name:<14} {count:6} inputs {len(finds):4} finds {time.monotonic() - began:7.1f} s", flush=True)
        every += finds
    for find in every:
        print(f"seed {seed}: {find}")
    return 1 if every else 0


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:] if word.isdigit()]
    sys.exit(main(*(numbers + [INPUTS, 1][len(numbers) :]), [word for word in sys.argv[1:] if not word.isdigit()]))
