"""Disks that write down what reaches them: block devices whose every write and flush is logged.

A FUSE file system in a process of its own shows one file a disk; a loop device on each makes it a
block device, so that a real file system with its journal lies between the station and the log. What
the kernel sends comes here unchanged and in order: the files are opened with direct I/O, a flush of
the device comes as fsync. A further file, `marks`, takes words of the program that is watched; they
stand in the log between the writes.

`after_a_cut` says what a power cut at any place of the log may leave on the disks: everything
before a disk's last flush, and of the writes since then all, none, or any of them, one of them torn
at a sector. That is what a card with a write cache promises.
"""

from __future__ import annotations

import ctypes
import errno
import os
import random
import stat
import struct
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Literal

SECTOR = 512
MARKS = "marks"
PATIENCE_S = 300.0  # a busy machine takes its time
CLONE_NEWNS = 0x00020000  # linux/sched.h
_HEAD = struct.Struct("<BQQ")  # which disk, or MARK; offset, or FLUSH; bytes that follow
_MARK, _FLUSH = 255, (1 << 64) - 1
How = Literal["all", "none", "some"]


@dataclass(frozen=True, slots=True)
class Write:
    disk: int
    offset: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Flush:
    disk: int


@dataclass(frozen=True, slots=True)
class Mark:
    text: str


Entry = Write | Flush | Mark
Cut = tuple[int, How, random.Random]
"""How many entries were before it, what of the unflushed writes is left, chance."""


# --- writing the log ---


def _serve(at: Path, names: Sequence[str], size: int, log: Path) -> None:
    """The process that is the disks; ends when `at` is unmounted."""
    import mfusepy

    contents = [bytearray(size) for _ in names]
    disk_of = {f"/{name}": number for number, name in enumerate(names)} | {f"/{MARKS}": _MARK}

    class Disks(mfusepy.Operations):
        use_ns = True

        def getattr(self, path: str, fh: Any = None) -> dict[str, int]:
            if path == "/":
                return {"st_mode": stat.S_IFDIR | 0o700, "st_nlink": 2}
            if path not in disk_of:
                raise OSError(errno.ENOENT, os.strerror(errno.ENOENT))
            return {"st_mode": stat.S_IFREG | 0o600, "st_nlink": 1, "st_size": 0 if path == f"/{MARKS}" else size}

        def readdir(self, path: str, fh: int) -> list[str]:
            return [".", "..", *names, MARKS]

        def open(self, path: str, fi: Any) -> int:
            fi.direct_io = 1
            return 0

        def read(self, path: str, count: int, offset: int, fi: Any) -> bytes:
            return bytes(contents[disk_of[path]][offset : offset + count])

        def write(self, path: str, data: bytes, offset: int, fi: Any) -> int:
            disk = disk_of[path]
            if disk != _MARK:
                contents[disk][offset : offset + len(data)] = data
            out.write(_HEAD.pack(disk, offset, len(data)) + data)
            return len(data)

        def fsync(self, path: str, datasync: int, fi: Any) -> int:
            out.write(_HEAD.pack(disk_of[path], _FLUSH, 0))
            return 0

    with open(log, "wb") as out:
        mfusepy.FUSE(Disks(), str(at), foreground=True, nothreads=True, raw_fi=True)


def read_log(log: Path) -> list[Entry]:
    entries: list[Entry] = []
    with open(log, "rb") as file:
        while head := file.read(_HEAD.size):
            disk, offset, length = _HEAD.unpack(head)
            content = file.read(length)
            if disk == _MARK:
                entries += map(Mark, content.decode().splitlines())
            else:
                entries.append(Flush(disk) if offset == _FLUSH else Write(disk, offset, content))
    return entries


@contextmanager
def logged_disks(at: Path, names: Sequence[str], size: int, log: Path) -> Iterator[list[str]]:
    """Block devices of `size` bytes, by name; the log is whole once the context is left."""
    at.mkdir()
    server = get_context("fork").Process(target=_serve, args=(at, names, size, log))
    server.start()
    try:
        _wait_for(at / MARKS, server)
        with ExitStack() as stack:
            stack.callback(ran, "umount", str(at))
            yield [stack.enter_context(loop_device(at / name)) for name in names]
    finally:
        server.join(PATIENCE_S)
        if server.is_alive():
            server.kill()


def _wait_for(path: Path, server: Any) -> None:
    end_s = time.monotonic() + PATIENCE_S
    while server.is_alive() and time.monotonic() < end_s:
        if path.exists():
            return
        time.sleep(0.05)
    raise RuntimeError("the disks cannot be made: is FUSE allowed here?")


# --- what a cut leaves ---


def after_a_cut(entries: Sequence[Entry], disks: int, size: int, cuts: Sequence[Cut]) -> Iterator[list[bytearray]]:
    """For each cut, in the order of the log, the disks' contents."""
    safe = [bytearray(size) for _ in range(disks)]
    pending: list[list[Write]] = [[] for _ in range(disks)]
    done = 0
    for count, how, chance in cuts:
        for entry in entries[done:count]:
            if isinstance(entry, Write):
                pending[entry.disk].append(entry)
            elif isinstance(entry, Flush):
                for write in pending[entry.disk]:
                    _apply(safe[entry.disk], write.offset, write.content)
                pending[entry.disk].clear()
        done = count
        yield [_left(content, writes, how, chance) for content, writes in zip(safe, pending, strict=True)]


def _left(safe: bytearray, pending: Sequence[Write], how: How, chance: random.Random) -> bytearray:
    content = bytearray(safe)
    kept = pending if how == "all" else [write for write in pending if how == "some" and chance.random() < 0.5]
    torn = chance.choice(kept) if kept and how == "some" else None
    for write in kept:
        end = chance.randrange(0, len(write.content) + 1, SECTOR) if write is torn else len(write.content)
        _apply(content, write.offset, write.content[:end])
    return content


def _apply(content: bytearray, offset: int, written: bytes) -> None:
    content[offset : offset + len(written)] = written


# --- what needs root ---


def ran(*words: str) -> str:
    """Raises RuntimeError with what the program said."""
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout.strip()


def alone() -> None:
    """Gives this process mounts of its own: another program that copies its own meanwhile would
    keep these, and go on writing to their disks.
    """
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS):
        raise OSError(ctypes.get_errno(), "no mount namespace")
    ran("mount", "--make-rprivate", "/")


@contextmanager
def loop_device(file: Path) -> Iterator[str]:
    device = ran("losetup", "--find", "--show", str(file))
    try:
        yield device
    finally:
        ran("losetup", "--detach", device)


@contextmanager
def mounted(device: str, at: Path, options: str) -> Iterator[Path]:
    at.mkdir(exist_ok=True)
    ran("mount", "-o", options, device, str(at))
    try:
        yield at
    finally:
        ran("umount", str(at))


def why_not() -> str:
    """Why such disks cannot be made here, "" when they can."""
    if os.geteuid() != 0:
        return "loop devices need root"
    if not os.access("/dev/fuse", os.W_OK):
        return "there is no /dev/fuse"
    if not os.access("/dev/loop-control", os.W_OK):
        return "there are no loop devices"
    try:
        import mfusepy  # noqa: F401
    except (ImportError, OSError):
        return "needs mfusepy and libfuse"
    return ""
