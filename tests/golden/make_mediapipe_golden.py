"""Runs MediaPipe's own pose pipeline over a clip and stores the landmarks it gives: the golden of tests/pose/test_parity.py.

    python tests/golden/make_mediapipe_golden.py sports2d_demo.mp4 --first 60 --frames 140 \\
        --to tests/golden/mediapipe_sports2d_demo.npz

From frame 60 on the detector sees only the woman; from frame 0 MediaPipe would lock on the man on the box.

Runs in an environment of its own (Python 3.11, `pip install mediapipe==0.10.21 av`): MediaPipe pins an old NumPy and brings
another OpenCV. The clip comes from the Sports2D project (BSD-3). `--json` prints the times.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import time
from importlib.metadata import version
from itertools import islice
from pathlib import Path

import av
import numpy as np


def measure(clip: Path, first: int, frames: int) -> dict[str, np.ndarray]:
    """Landmarks of those frames in pixels, NaN where MediaPipe saw nobody, and the processor time of each frame."""
    from mediapipe.python.solutions.pose import Pose  # slow to import, and logs while it does

    xy_px, visibility, cpu_ms = [], [], []
    with Pose(model_complexity=1, smooth_landmarks=False, static_image_mode=False) as pose, av.open(str(clip)) as container:
        for frame in islice(container.decode(video=0), first, first + frames):
            image = frame.to_ndarray(format="rgb24")
            start = time.process_time()
            found = pose.process(image).pose_landmarks
            cpu_ms.append((time.process_time() - start) * 1e3)
            rows = [(p.x, p.y, p.visibility) for p in found.landmark] if found else np.full((33, 3), np.nan)
            rows = np.asarray(rows)
            xy_px.append(rows[:, :2] * (frame.width, frame.height))
            visibility.append(rows[:, 2])
    return {"xy_px": np.array(xy_px, np.float32), "visibility": np.array(visibility, np.float32), "cpu_ms": np.array(cpu_ms)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clip", type=Path)
    parser.add_argument("--first", type=int, default=0, help="frame to start with (default 0)")
    parser.add_argument("--frames", type=int, default=sys.maxsize, help="how many frames (default: to the end)")
    parser.add_argument("--to", type=Path, help="npz file to write")
    parser.add_argument("--json", action="store_true", help="print the times")
    arguments = parser.parse_args()
    measured = measure(arguments.clip, arguments.first, arguments.frames)
    cpu_ms = measured.pop("cpu_ms")
    versions = {name: version(name) for name in ("mediapipe", "numpy", "opencv-contrib-python", "av")}
    versions["python"] = platform.python_version()
    if arguments.to:
        facts = {"clip": arguments.clip.name, "first": arguments.first, "versions": json.dumps(versions)}
        np.savez_compressed(arguments.to, **facts, **measured)
    if arguments.json:
        tracked = np.isfinite(measured["xy_px"]).all(axis=(1, 2))
        times = {"frames": len(cpu_ms), "tracked": int(tracked.sum()), "median_tracked_cpu_ms": float(np.median(cpu_ms[tracked]))}
        print(json.dumps(times | {"versions": versions}))


if __name__ == "__main__":
    main()
