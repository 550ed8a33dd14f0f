"""The peer's side of `station bench --vs mediapipe`: run as a script by a Python that has mediapipe
installed.

    PYTHON mediapipe_peer.py FRAMES.npy

It imports nothing of the station, so that the peer can live in an environment of its own (it needs
numpy < 2). Prints one JSON object: CPU and wall milliseconds per frame of `mp.solutions.pose`
(complexity 1), after a warm-up, and what was found.
"""

from __future__ import annotations

import json
import sys
import time

WARM_UP = 5  # frames; as in stages.py


def main(frames_file: str) -> None:
    import mediapipe
    import numpy as np

    frames = np.load(frames_file, mmap_mode="r")
    options = {"static_image_mode": False, "model_complexity": 1, "smooth_landmarks": False}
    with mediapipe.solutions.pose.Pose(**options) as pose:
        for frame in frames[:WARM_UP]:
            pose.process(np.ascontiguousarray(frame))
        found = 0
        cpu, wall = time.process_time(), time.perf_counter()
        for frame in frames[WARM_UP:]:
            found += pose.process(np.ascontiguousarray(frame)).pose_landmarks is not None
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    count = len(frames) - WARM_UP
    result = {
        "version": mediapipe.__version__,
        "cpu_ms": 1e3 * cpu / count,
        "wall_ms": 1e3 * wall / count,
        "tracked": found / count,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main(sys.argv[1])
