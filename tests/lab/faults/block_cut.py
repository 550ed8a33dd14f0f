"""The power goes at any moment: what the blocks that reached the card and the stick are worth at
the next start.

    python -m tests.lab.faults.block_cut [POINTS] [SEED] [SESSIONS]

A station's life (tests/edges/power_cut.py: sessions, each exported when it ends, the one before it
forgotten then) runs on two logged disks (logged_disk.py) with a real file system each: the card and
the stick. Then the power is cut at POINTS places of the log, both disks at once, a third each with
all, none, or some of what was not flushed yet. Each time both are mounted read-only and read; then
as the next boot does, and every promise is checked: what was said to be finished is there and
whole, a running session lost at most its last second, what was said to be exported is whole, what
was said to be forgotten is gone, and no file has its final name and wrong content (on FAT, whose
rename is two writes: none that SHA256SUMS names). Needs root, FUSE and loop devices.
"""

from __future__ import annotations

import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from station.record.archive import Archive
from tests.edges import power_cut
from tests.edges.power_cut import DATA, FPS, SECONDS, STICK, promises
from tests.lab.faults.logged_disk import (
    MARKS,
    Cut,
    Entry,
    Flush,
    How,
    Mark,
    Write,
    after_a_cut,
    alone,
    logged_disks,
    loop_device,
    mounted,
    ran,
    read_log,
    why_not,
)
from tests.made_run import run

SESSIONS = 4
SIZE = 32 << 20
HOWS: tuple[How, ...] = ("all", "none", "some")
OPTIONS = "noatime"


def stick_system() -> str:
    """The stick's file system: what gyms bring, where this kernel has it."""
    known = Path("/proc/filesystems").read_text(encoding="ascii").split()
    return "vfat" if "vfat" in known else "ext4"


def format_disk(system: str, device: str) -> None:
    if system == "vfat":
        ran("mkfs.vfat", device)
    else:
        ran("mkfs.ext4", "-q", "-E", "lazy_itable_init=0,lazy_journal_init=0,nodiscard", device)


def recorded(place: Path, sessions: int) -> list[Entry]:
    """The log of a station's life, from the fresh file systems on."""
    steps = list(run(SECONDS, FPS))
    with logged_disks(place / "disks", (DATA, STICK), SIZE, place / "log") as devices:
        for system, device in zip(("ext4", stick_system()), devices, strict=True):
            format_disk(system, device)
        marks = os.open(place / "disks" / MARKS, os.O_WRONLY | os.O_APPEND)
        os.write(marks, b"formatted\n")
        life = place / "life"
        life.mkdir()
        with both_mounted(devices, life, OPTIONS):
            child = get_context("fork").Process(target=power_cut.live, args=(life, steps, marks, sessions))
            child.start()
            child.join()
            os.write(marks, b"over\n")
        os.close(marks)
        if child.exitcode != 0:
            raise RuntimeError(f"the station's life ended with {child.exitcode}")
    return read_log(place / "log")


def places(entries: Sequence[Entry], points: int, rng: random.Random) -> list[Cut]:
    """Where to cut: half of them just before or after a flush, the others anywhere; in the order of
    the log.
    """
    words = [entry.text if isinstance(entry, Mark) else "" for entry in entries]
    first, last = words.index("formatted") + 1, words.index("over")
    flushes = [at for at in range(first, last) if isinstance(entries[at], Flush)]
    beside = [rng.choice(flushes) + rng.randrange(2) for _ in range(points // 2)]
    at = sorted(beside + [rng.randrange(first, last) for _ in range(points - len(beside))])
    return [(count, HOWS[number % len(HOWS)], random.Random(rng.random())) for number, count in enumerate(at)]


def judged(place: Path, disks: Sequence[bytearray], said: Sequence[str]) -> dict[str, int]:
    """What was seen.

    Raises AssertionError for a broken promise, RuntimeError for disks that cannot be mounted.
    """
    reported = promises(said)
    life = place / "next"
    life.mkdir(exist_ok=True)
    with ExitStack() as stack:
        devices = []
        for name, content in zip((DATA, STICK), disks, strict=True):
            (place / f"{name}.img").write_bytes(content)
            devices.append(stack.enter_context(loop_device(place / f"{name}.img")))
        with both_mounted(devices, life, f"ro,{OPTIONS}"):
            in_a_process(look, life, reported)
        with both_mounted(devices, life, OPTIONS):
            return in_a_process(power_cut.check, life, list(run(SECONDS, FPS)), reported, stick_system() != "vfat")


@contextmanager
def both_mounted(devices: Sequence[str], life: Path, options: str) -> Iterator[None]:
    with ExitStack() as mounts:
        for name, device in zip((DATA, STICK), devices, strict=True):
            mounts.enter_context(mounted(device, life / name, options))
        yield


def in_a_process(work: Callable[..., Any], *given: Any) -> Any:
    """What `work` returns; what it leaves open is closed when it ends, or nothing could be
    unmounted.
    """
    context = get_context("fork")
    receiving, sending = context.Pipe(duplex=False)

    def worker() -> None:
        try:
            sending.send((True, work(*given)))
        except Exception as error:
            sending.send((False, f"{type(error).__name__}: {error}"))

    child = context.Process(target=worker)
    child.start()
    good, result = receiving.recv()
    child.join()
    if not good:
        raise AssertionError(result)
    return result


def look(life: Path, reported: dict[str, dict[str, int]]) -> None:
    """Both disks read-only, as somebody sees them who pulled them out: the stick's files, and the
    sessions by `Archive`.
    """
    archive = Archive(life / DATA)
    listed = {row.id: row.state for row in archive.sessions()}
    power_cut.check_listed(listed, reported)
    assert archive.damaged() == ()
    for session_id in listed:
        archive.recording(session_id)
    power_cut.check_sums(life / STICK, reported)


def main(points: int, seed: int, sessions: int) -> dict[str, object]:
    rng = random.Random(seed)
    counts: dict[str, object] = {"stick": stick_system(), "points": 0}
    base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=base) as folder:
        place = Path(folder)
        entries = recorded(place, sessions)
        cuts = places(entries, points, rng)
        counts |= {kind.__name__.lower(): sum(isinstance(one, kind) for one in entries) for kind in (Write, Flush)}
        broken: list[str] = []
        for (count, how, _), disks in zip(cuts, after_a_cut(entries, 2, SIZE, cuts), strict=True):
            said = [entry.text for entry in entries[:count] if isinstance(entry, Mark) and " " in entry.text]
            try:
                seen = judged(place, disks, said)
            except Exception as error:
                broken.append(f"cut {count} ({how}): {type(error).__name__}: {error}")
                continue
            counts["points"] = int(str(counts["points"])) + 1
            for name, value in seen.items():
                before = int(str(counts.get(name, 0)))
                counts[name] = max(before, value) if name == "lost_at_most" else before + value
    return counts | {"broken": broken}


if __name__ == "__main__":
    if why_not():
        sys.exit(f"cannot be done here: {why_not()}")
    alone()
    numbers = [int(word) for word in sys.argv[1:]]
    started = time.monotonic()
    result = main(*(numbers + [300, 1, SESSIONS][len(numbers) :]))
    print(json.dumps(result | {"wall_s": round(time.monotonic() - started, 1)}, indent=1))
    sys.exit(bool(result["broken"]))
