"""How many frames a second `station analyze` gets through: on one core, and on two."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

from station.errors import StationError

SECONDS = 10  # of the film (chosen: 300 frames, so that opening it hardly counts)
ROUNDS = 3  # one core and two take turns, so that a busy minute hits both


def analysis_rate(film: Path) -> dict[str, float]:
    """Frames a second of `station analyze`, medians, and the median of the ratios. One core alone
    where the machine has no second, or does not let choose.
    """
    free = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if len(free) < 2:
        return {"one_core": _frames_per_s(film, free)}
    one, two = zip(*((_frames_per_s(film, free[:1]), _frames_per_s(film, free[:2])) for _ in range(ROUNDS)), strict=True)
    ratio = statistics.median(b / a for a, b in zip(one, two, strict=True))
    return {"one_core": statistics.median(one), "two_cores": statistics.median(two), "ratio": ratio}


def _frames_per_s(film: Path, cores: list[int]) -> float:
    command = [sys.executable, "-m", "station", "analyze", str(film), "--seconds", str(SECONDS), "--json", "-"]
    before = os.sched_getaffinity(0) if cores else set()
    try:
        if cores:
            os.sched_setaffinity(0, cores)  # a process inherits them
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    finally:
        if cores:
            os.sched_setaffinity(0, before)
    if not done.stdout:
        raise StationError("could not be analysed", str(film), "see what `station analyze` says of it")
    return float(json.loads(done.stdout)["timing"]["frames_per_s"])
