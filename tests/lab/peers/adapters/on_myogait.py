"""myogait's pipeline over a clip, with its MediaPipe backend.

PYTHON on_myogait.py CLIP OUT [--running]

myogait fetches a larger model from the net when it first runs; here nothing is fetched, and it
falls back on `mp.solutions.pose`, as its own code provides. `--running` sets what its call offers
for faster gait: strides from 0.4 s, and a filter that lets a running leg through. It has no thigh
angle; its hip is thigh against trunk, times 0.8 (its `correction_factor`). Its landmarks are
MediaPipe's, filtered; they are not kept.
"""

from __future__ import annotations

import argparse
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from found import ANGLES, SIDES, Found, measured

RUNNING = {"min_cycle_duration_s": 0.4, "butterworth_cutoff": 10.0}
OTHER = {"left": "right", "right": "left"}


def _no_download(model_path: str | None = None) -> str:
    raise OSError("nothing is fetched here")


def frames_of(clip: Path) -> tuple[int, float]:
    import cv2

    video = cv2.VideoCapture(str(clip))
    return int(video.get(cv2.CAP_PROP_FRAME_COUNT)), video.get(cv2.CAP_PROP_FPS)


def converted(result: dict[str, Any], found: Found) -> None:
    """Into `found`. It mirrors a clip of somebody who faces right, and with it the names of the
    sides: that is undone.
    """
    data = result["data"]
    mirrored = bool(data["extraction"]["was_flipped"])
    # The true side to its name for it.
    named = {side: OTHER[side] if mirrored else side for side in SIDES}
    for frame in data["angles"]["frames"]:
        for side in SIDES:
            hip = frame[f"hip_{named[side][0].upper()}"]
            found.angles_deg[frame["frame_idx"], ANGLES.index(f"hip_{side}")] = np.nan if hip is None else hip
    events = data["events"]
    found.contacts_s = {side: [float(event["time"]) for event in events[f"{named[side]}_hs"]] for side in SIDES}


def main() -> None:
    import mediapipe  # noqa: F401  before the clock runs
    import myogait
    import myogait.models.mediapipe as backend

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clip", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--running", action="store_true")
    asked = parser.parse_args()
    backend._ensure_model = _no_download
    reported: dict = {"versions": {name: version(name) for name in ("myogait", "mediapipe")}, "notes": [], "cadence_spm": None}
    found = Found.nothing(*frames_of(asked.clip))
    with measured(reported):
        data = myogait.extract(str(asked.clip), model="mediapipe", show_progress=False)
        result = myogait.run_pipeline(data, **(RUNNING if asked.running else {}))
    converted(result, found)
    if result["stats"]:
        reported["cadence_spm"] = result["stats"]["spatiotemporal"]["cadence_steps_per_min"]
    reported["notes"] += result["quality"]["warnings"]
    found.reported = reported
    found.save(asked.out)


if __name__ == "__main__":
    main()
