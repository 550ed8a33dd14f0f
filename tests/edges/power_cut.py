"""Kills a writing process at random moments, again and again, and looks at what it left. Run by
test_power_cut.py, or by hand:

    python -m tests.edges.power_cut KILLS [SEED]

A child lives a station's life in fast motion: sessions of twelve seconds, each exported to a stick
when it ends, and the one before it forgotten then. It says over a pipe what it has finished; the
parent kills it (SIGKILL) in the middle, opens the store as the next boot would, and checks every
promise against what the child had said. Exit code 0 and one line of JSON when all held.

SIGKILL takes the process and its buffers, not the page cache. What a real power cut adds, blocks
that never reached the card, is tried by tests/lab/faults/block_cut.py with the same life.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from station.config import RecordSection
from station.record.archive import Archive
from station.record.log import LogHeader, read_log
from station.record.store import SqliteStore
from station.types import Input, Pose, Step
from station.usb.stick import export_to
from tests.made_run import MODEL, SOURCE, VIEW, run

FPS = 15.0
SECONDS = 12.0
LONGEST_LIFE = 3  # sessions with their exports that a child may finish before it is killed
AFTER_WORD_S = 0.01  # and up to so long after the word that was waited for
DATA, STICK = "data", "stick"
SMALL_DISK = RecordSection(free_floor_mb=0)  # else logs would go so that other programs have space
WORDS = ("added", "finished", "exported", "forgetting", "forgotten")
NAMES = {"session.json", "strides.csv", "events.csv", "series.csv", "session.xlsx", "report.html"}


def live(folder: Path, steps: list[tuple[Input, Step]], pipe: int, sessions: int | None = None) -> None:
    """The child: without a number of sessions it never returns by itself."""
    store = SqliteStore(folder / DATA, SMALL_DISK)
    archive = Archive(folder / DATA)
    before = ""
    for _ in itertools.count() if sessions is None else range(sessions):
        session_id = store.begin(LogHeader(SOURCE, MODEL, VIEW), steps[0][0].t_ns)
        for number, (given, step) in enumerate(steps, start=1):
            store.add(given, step)
            os.write(pipe, f"added {session_id} {number}\n".encode())
        store.finish(steps[-1][0].t_ns)
        os.write(pipe, f"finished {session_id} 0\n".encode())
        export_to(folder / STICK, archive, session_id, "gym-1")
        os.write(pipe, f"exported {session_id} 0\n".encode())
        if before:
            os.write(pipe, f"forgetting {before} 0\n".encode())
            archive.forget(before)
            os.write(pipe, f"forgotten {before} 0\n".encode())
        before = session_id


def one_life(folder: Path, steps: list[tuple[Input, Step]], words: int, after_s: float) -> dict[str, dict[str, int]]:
    """Forks, kills the child a moment after it said so many words, and returns what it had said:
    word -> session -> number.

    A life is counted in words, not seconds, so that the same moments are hit on a fast and on a
    busy machine.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            live(folder, steps, writing)
        finally:
            os._exit(1)  # only an exception comes here; the parent sees that it was not killed
    os.close(writing)
    said = b""
    while said.count(b"\n") < words:
        block = os.read(reading, 1 << 16)
        assert block, "the child died by itself"
        said += block
    time.sleep(after_s)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    os.set_blocking(reading, False)
    said += _read_all(reading)
    os.close(reading)
    assert os.WIFSIGNALED(status), "the child died by itself"
    return promises(said.decode().splitlines())


def promises(said: Iterable[str]) -> dict[str, dict[str, int]]:
    """word -> session -> number, the last of each."""
    reported: dict[str, dict[str, int]] = {word: {} for word in WORDS}
    for line in said:
        word, session_id, number = line.split()
        reported[word][session_id] = int(number)
    return reported


def _read_all(pipe: int) -> bytes:
    content = b""
    while True:
        try:
            block = os.read(pipe, 1 << 16)
        except BlockingIOError:
            return content
        if not block:
            return content
        content += block


def check(
    folder: Path, steps: list[tuple[Input, Step]], reported: dict[str, dict[str, int]], names_hold: bool = True
) -> dict[str, int]:
    """What the next boot finds: counts of what was seen.

    Raises AssertionError for a broken promise. `names_hold`: whether the stick's file system
    renames at once or not at all; FAT does not.
    """
    store, archive = SqliteStore(folder / DATA, SMALL_DISK), Archive(folder / DATA)
    assert store.trouble == (), store.trouble
    rows = {row.id: row for row in store.archive.sessions()}
    seen = {"finished": 0, "recovered": 0, "lost_at_most": 0, "stick_whole": 0, "stick_part": 0}
    check_listed({name: row.state for name, row in rows.items()}, reported)
    assert not any(archive.log_path(name).exists() for name in reported["forgotten"])
    for session_id, row in rows.items():
        recording = store.archive.recording(session_id)
        stored = len(recording.t_s)
        if row.state == "finished":
            assert stored == len(steps) - 1, "a finished session lacks frames"
            seen["finished"] += 1
        else:
            assert row.state == "recovered"
            added = reported["added"].get(session_id, 0)
            lost = max(0, added - 1 - stored)
            assert lost <= FPS + 1, f"{lost} of {added} inputs lost: more than the last second"
            seen["recovered"] += 1
            seen["lost_at_most"] = max(seen["lost_at_most"], lost)
        if session_id not in reported["forgetting"]:
            _check_log(archive.log_path(session_id), steps, row.state)
        assert recording.t_s.tolist() == [(given.t_ns - steps[0][0].t_ns) / 1e9 for given, _ in steps[1 : stored + 1]]
    store.close()
    _check_stick(folder, set(rows), reported, seen, names_hold)
    return seen


def check_listed(states: dict[str, str], reported: dict[str, dict[str, int]]) -> None:
    """What was said to be finished is, and what was said to be forgotten is gone."""
    for session_id in reported["finished"]:
        if session_id not in reported["forgetting"]:
            assert states[session_id] == "finished"
    assert not set(reported["forgotten"]) & set(states), "a forgotten session is there again"


def _check_log(path: Path, steps: list[tuple[Input, Step]], state: str) -> None:
    header, inputs = read_log(path)
    back = list(inputs)
    assert header.torn_bytes == 0, "a torn tail was left"
    assert state == "recovered" or len(back) == len(steps)
    for (given, _), read in zip(steps, back, strict=False):
        assert given.t_ns == read.t_ns
        if isinstance(given, Pose) and isinstance(read, Pose):
            assert given.xy_px.tobytes() == read.xy_px.tobytes()


def _check_stick(
    folder: Path, stored: set[str], reported: dict[str, dict[str, int]], seen: dict[str, int], names_hold: bool
) -> None:
    """No final name with wrong content, and the next insertion finishes the job."""
    own = folder / STICK / "STATION" / "gym-1"
    for session in sorted(own.iterdir()) if own.exists() else ():
        before = {name: digest for name, digest in _digests(session).items() if not name.endswith(".part")}
        if "SHA256SUMS" in before:
            seen["stick_whole"] += 1
        else:
            seen["stick_part"] += 1
            assert session.name not in reported["exported"]
        if session.name not in stored:
            continue
        export_to(folder / STICK, Archive(folder / DATA), session.name, "gym-1")
        after = _digests(session)
        # That one only where the clock is set.
        assert set(after) - {"run.fit"} == NAMES | {"SHA256SUMS"}
        for name, digest in before.items() if names_hold else ():
            assert after[name] == digest, f"{name} had its final name and wrong content"
        sums = dict(reversed(line.split("  ")) for line in (session / "SHA256SUMS").read_text().splitlines())
        assert sums == {name: digest for name, digest in after.items() if name != "SHA256SUMS"}


def check_sums(stick: Path, reported: dict[str, dict[str, int]]) -> None:
    """Sums that are there are right, and are there for all that was said to be exported."""
    whole = set()
    for sums in stick.glob("STATION/*/*/SHA256SUMS"):
        digests, lines = _digests(sums.parent), sums.read_text().splitlines()
        for line in lines:
            digest, _, name = line.partition("  ")
            assert digests.get(name) == digest, f"{name} is not what SHA256SUMS says"
        if lines:
            whole.add(sums.parent.name)
    assert whole >= set(reported["exported"]), "what was said to be exported is not there"


def _digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def moment(rng: random.Random, inputs: int) -> tuple[int, float]:
    """When to kill: anywhere in a session, in the export that follows it, or while one is
    forgotten.
    """
    session = inputs + 4  # one word an input, finished, exported, forgetting, forgotten
    sessions = rng.randrange(LONGEST_LIFE)
    said_before = max(0, sessions * session - 2)  # the first one has none to forget
    within = rng.choice((rng.randint(1, inputs), inputs + 1, inputs + 3 if sessions else inputs + 1))
    return said_before + within, rng.uniform(0, AFTER_WORD_S)


def main(kills: int, seed: int) -> dict[str, float]:
    rng = random.Random(seed)
    steps = list(run(SECONDS, FPS))
    counts: dict[str, float] = {"kills": 0}
    # Memory-backed where there is such a place: the question is what order things are written in,
    # not how fast the disk is.
    base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=base) as place:
        for _ in range(kills):
            folder = Path(place) / "life"
            (folder / STICK).mkdir(parents=True)
            reported = one_life(folder, steps, *moment(rng, len(steps)))
            for name, value in check(folder, steps, reported).items():
                counts[name] = max(counts.get(name, 0), value) if name == "lost_at_most" else counts.get(name, 0) + value
            counts["kills"] += 1
            shutil.rmtree(folder)
    return counts


if __name__ == "__main__":
    started = time.monotonic()
    result = main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    print(json.dumps(result | {"wall_s": round(time.monotonic() - started, 1)}))
