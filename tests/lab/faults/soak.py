"""Hours of the running station in minutes: does its memory grow?

    python -m tests.lab.faults.soak [HOURS] [MINUTES OF EACH RUN]

The whole `station run` of tests/made_appliance.py on its own clock, as fast as this machine goes:
one runner after the other, an empty belt between them, cues, a store, a screen. Every so often the
memory of the process is read (VmRSS after a garbage collection), and what of its heap is in use.
The slope is a straight line through the second half, its error that of the line; the first half
fills caches. Python's own allocator is off (PYTHONMALLOC=malloc), so that the heap in use counts
every object: with it, memory comes in pieces of 1 MB, of which one object keeps the whole.
"""

from __future__ import annotations

import ctypes
import gc
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from station.record.writer import Writer
from station.run import start
from station.stats import student_t975
from station.testing.fake_picamera2 import FakeLibrary
from station.types import NS, Frame, Pose, Snapshot
from tests.lab.faults.dead_parts import Printed
from tests.made_appliance import FPS, Appliance, Sitter, gym, sitting

EVERY_S, MEAN_H = 30.0, 1 / 6  # of the station's clock
LEAST_H = 1.25  # a slope needs three whole means in its second half
RUN_MIN, PAUSE_S = 2.5, 70.0  # a runner, and an empty belt that gives the next one a new coach
HEAP_FIELDS = ["arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"]
STANDING = round(3 * FPS)  # so many poses of `sitting` come before the run


class Visitors(Sitter):
    """One runner after the other."""

    def __init__(self, run_s: float) -> None:
        super().__init__()
        self._run_s = run_s

    def estimate(self, frame: Frame) -> Pose:
        self._start_ns = frame.t_ns if self._start_ns is None else self._start_ns
        into_s = (frame.t_ns - self._start_ns) / NS % (self._run_s + PAUSE_S)
        if into_s > self._run_s:
            return Pose.nobody(frame.t_ns)
        poses, number = sitting(), round(into_s * FPS)
        if number >= len(poses):
            number = STANDING + (number - STANDING) % (len(poses) - STANDING)
        one = poses[number]
        return Pose(frame.t_ns, one.xy_px, one.score)


class _Heap(ctypes.Structure):
    """`struct mallinfo2` of glibc 2.33 and later, bytes."""

    _fields_ = tuple((name, ctypes.c_size_t) for name in HEAP_FIELDS)


def heap_mb() -> float:
    """What has been asked for and not given back, MB; free pieces between are not counted, as they
    are in `memory_mb`.
    """
    ask = ctypes.CDLL(None).mallinfo2
    ask.restype = _Heap
    heap = ask()
    return float(heap.uordblks + heap.hblkhd) / (1 << 20)


def memory_mb() -> float:
    """What this process holds in memory now, MB."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    raise RuntimeError("this system does not say")


def soaked(hours: float, run_s: float, folder: Path, patch: pytest.MonkeyPatch, printed: Printed) -> NDArray[np.float64]:
    """(N, 3) hours, MB of the process, MB of its heap that are in use."""
    box = Appliance(folder, patch, printed)  # type: ignore[arg-type]
    box.boots_with(FakeLibrary(box.clock, gym()))
    patch.setattr("tests.made_appliance.PATIENCE_S", 1e9)
    patch.setattr(start, "estimator_for", lambda *_: Visitors(run_s))
    writers: list[Writer] = []
    patch.setattr(start, "Writer", lambda *given: writers.append(Writer(*given)) or writers[-1])
    begin_ns = box.clock.now_ns()
    readings: list[tuple[float, float, float]] = []

    def long_enough(_: Snapshot) -> bool:
        # What the box keeps for its stories is not the station's memory.
        box.shown.clear()
        box.lit.clear()
        for pin in box.pins.pins.values():
            pin.changes.clear()
            pin.clear_states()
        while writers and writers[-1].waiting > 100:  # the disk's time is real, this clock's is not
            time.sleep(0.001)
        passed_s = (box.clock.now_ns() - begin_ns) / NS
        if passed_s >= len(readings) * EVERY_S:
            printed.readouterr()
            gc.collect()
            readings.append((passed_s / 3600, memory_mb(), heap_mb()))
        return passed_s >= hours * 3600

    code = box.run(until=long_enough, times=1)
    if code != 0:
        raise RuntimeError(f"the station ended with {code}")
    return np.array(readings)


def means(readings: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean of each ten minutes: neighbours are too alike to count as so many."""
    parts = (readings[:, 0] / MEAN_H).astype(int)
    # The last one is not over.
    return np.array([readings[parts == part].mean(axis=0) for part in range(parts.max())])


def slope(at: NDArray[np.float64], mb: NDArray[np.float64]) -> tuple[float, float]:
    """MB an hour and its 95 % error, of a line through the second half."""
    at, mb = at[len(at) // 2 :], mb[len(mb) // 2 :]
    (rise, _), covariance = np.polyfit(at, mb, 1, cov=True)
    return float(rise), student_t975(len(at) - 2) * float(np.sqrt(covariance[0, 0]))


def lines(readings: NDArray[np.float64], took_s: float) -> Iterator[str]:
    yield f"{readings[-1][0]:.2f} h of the station's clock in {took_s / 60:.1f} min; {len(readings)} readings"
    at, *kinds = means(readings).T
    for name, mb in zip(("the process", "its heap in use"), kinds, strict=True):
        rise, error = slope(at, mb)
        yield f"{name}, means of ten minutes, MB: {' '.join(f'{one:.1f}' for one in mb)}"
        yield f"slope of its second half {rise:+.2f} +/- {error:.2f} MB/h"


def main(hours: float, run_min: float = RUN_MIN) -> None:
    if not hours >= LEAST_H:
        print(f"{hours:g} h are too short to tell a leak: give {LEAST_H:g} h or more", file=sys.stderr)
        raise SystemExit(2)
    printed = Printed()
    began_s = time.monotonic()
    try:
        with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
            readings = soaked(hours, run_min * 60, Path(folder), patch, printed)
    finally:
        printed.give_back()
    print("\n".join(lines(readings, time.monotonic() - began_s)))


if __name__ == "__main__":
    if os.environ.get("PYTHONMALLOC") != "malloc":
        again = [sys.executable, "-m", "tests.lab.faults.soak", *sys.argv[1:]]
        os.execve(sys.executable, again, {**os.environ, "PYTHONMALLOC": "malloc"})
    given = [float(word) for word in sys.argv[1:]]
    main(*(given or [2.0]))
