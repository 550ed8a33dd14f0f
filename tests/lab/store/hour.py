"""What an hour costs: time per pose, growth on the card, export to a folder. Prints one line of
JSON.

    python -m tests.lab.store.hour [SECONDS] [FOLDER]

Times are of this machine while it does whatever else it does; `cpu` is the processor's share of
them. FOLDER is where the "stick" lies (default: beside the data).
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from station.record.archive import Archive
from station.record.log import LogHeader
from station.record.store import SqliteStore
from station.record.writer import Writer
from station.types import ANGLES, Input, Step
from station.usb.stick import export_to
from tests.made_run import MODEL, SOURCE, VIEW, run

WAITING = 1800  # let the writer catch up now and then, as real time would


def noisy(given: Input, step: Step, rng: np.random.Generator) -> tuple[Input, Step]:
    """All nine angles, with a pose model's noise of 1 deg: the exact sines of the made run would
    compress too well.
    """
    angles = step.gait.angles
    if angles is None:
        return given, step
    values = np.nan_to_num(np.array(angles.tolist())) + rng.normal(0, 1, len(ANGLES))
    made = np.array(tuple(np.round(values, 2)), ANGLES)[()]
    return given, replace(step, gait=replace(step.gait, angles=made))


def main(seconds: float, stick: Path | None) -> dict[str, float]:
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "data"
        writer = Writer(SqliteStore(folder), lambda: LogHeader(SOURCE, MODEL, VIEW))
        writer.begin()
        spent_ns = []
        for number, (given, step) in enumerate(run(seconds)):
            item = noisy(given, step, rng)
            start = time.perf_counter_ns()
            writer.add(*item)
            spent_ns.append(time.perf_counter_ns() - start)
            while number % WAITING == 0 and writer.waiting:
                time.sleep(0.01)
        writer.finish()
        writer.close()
        hours = seconds / 3600
        database_mb, log_mb = ((folder / name).stat().st_size / 1e6 for name in ("station.db", f"logs/{_only(folder)}.log"))
        start, start_cpu = time.perf_counter(), time.process_time()
        export_to(stick or Path(place), Archive(folder), "last", "gym-1")
        export_s, export_cpu_s = time.perf_counter() - start, time.process_time() - start_cpu
    return {
        "poses": len(spent_ns),
        "dropped": writer.dropped,
        "think_thread_us_mean": round(float(np.mean(spent_ns)) / 1000, 2),
        "think_thread_us_p99": round(float(np.percentile(spent_ns, 99)) / 1000, 2),
        "database_mb_per_hour": round(database_mb / hours, 1),
        "log_mb_per_hour": round(log_mb / hours, 1),
        "export_s": round(export_s, 2),
        "export_cpu_s": round(export_cpu_s, 2),
    }


def _only(folder: Path) -> str:
    return Archive(folder).choose("last")[0]


if __name__ == "__main__":
    reported = sys.argv[1:]
    print(json.dumps(main(float(reported[0]) if reported else 3600.0, Path(reported[1]) if len(reported) > 1 else None)))
