"""How fast the core is on this machine: `python -m tests.lab.accuracy.speed`. One core, no threads.

Recorded runners at 60 fps with 8 mm of landmark noise. Streaming is timed pose by pose, the best of
some laps for each pose, so that what else the machine does is left out as far as it can be.
"""

from __future__ import annotations

import platform
import time
from pathlib import Path

import numpy as np

from station.gait import GaitCore
from station.gait.angles import angles
from tests.lab.accuracy.norms import SHARED
from tests.lab.accuracy.projection import SPEEDS, TUNED, Filming, filmed, load

LAPS = 8


def streaming_us(shared: Path) -> np.ndarray:
    """(N,) microseconds per pose of one trial, stride ends included."""
    poses, view, best = filmed(load(shared, TUNED[0], "35"), Filming()), Filming().view, None
    for _ in range(LAPS):
        core, lap = GaitCore(view), np.empty(len(poses))
        for i, pose in enumerate(poses):
            start = time.perf_counter()
            core.step(pose)
            lap[i] = time.perf_counter() - start
        best = lap if best is None else np.minimum(best, lap)
    return 1e6 * np.asarray(best)


def main() -> None:
    print(f"{platform.machine()}, Python {platform.python_version()}, NumPy {np.__version__}")
    us = streaming_us(SHARED)
    print(f"streaming: median {np.median(us):.0f}, mean {us.mean():.0f}, 99th percentile {np.percentile(us, 99):.0f} us per pose")
    xy_px = np.tile(np.stack([pose.xy_px for pose in filmed(load(SHARED, TUNED[0], SPEEDS[0]), Filming())]), (4, 1, 1))[:4096]
    laps = []
    for _ in range(30):
        start = time.perf_counter()
        angles(xy_px, "right")
        laps.append(time.perf_counter() - start)
    print(f"angles alone: {len(xy_px) / min(laps) / 1e6:.1f} million poses a second")


if __name__ == "__main__":
    main()
