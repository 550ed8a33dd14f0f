"""Runs MediaPipe's own pose pipeline over a clip and stores what it finds: the golden of
tests/pose/test_parity.py.

    python tests/lab/makers/mediapipe_golden.py sports2d_demo.mp4 --first 60 --frames 130 \\
        --to tests/golden/mediapipe_sports2d_demo.npz

From frame 60 on the detector sees only the woman; from frame 0 MediaPipe would lock on the man on
the box. After frame 190 she walks out of the picture. The clip comes from the Sports2D project
(BSD-3).
Runs in an environment of its own (Python 3.11, `pip install mediapipe==0.10.21 av`): MediaPipe pins
an old NumPy and brings another OpenCV.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from importlib.metadata import version
from itertools import islice
from pathlib import Path

import av
import numpy as np
from mediapipe.python.solution_base import SolutionBase

GRAPH = "mediapipe/modules/pose_landmark/pose_landmark_cpu.binarypb"
SIDE_INPUTS = {
    "model_complexity": 1,
    "smooth_landmarks": False,
    "enable_segmentation": False,
    "smooth_segmentation": False,
    "use_prev_landmarks": True,
}
# `mediapipe.solutions.pose.Pose` is this graph with its first output only; the rectangles show
# where it looked.
OUTPUTS = ["pose_landmarks", "pose_rect_from_detection", "pose_rect_from_landmarks"]


def measure(clip: Path, first: int, frames: int) -> dict[str, np.ndarray]:
    """Of each frame: landmarks and the square they were measured in (x, y, side in px, turn in
    rad); NaN: nobody.
    """
    rows: list[tuple[np.ndarray, np.ndarray]] = []
    following = None
    mediapipe = SolutionBase(binary_graph_path=GRAPH, side_inputs=SIDE_INPUTS, outputs=OUTPUTS)
    with mediapipe as graph, av.open(str(clip)) as container:
        for frame in islice(container.decode(video=0), first, first + frames):
            image = frame.to_ndarray(format="rgb24")
            found = graph.process({"image": image})
            rect = found.pose_rect_from_detection or following
            following = found.pose_rect_from_landmarks
            marks, square = np.full((33, 3), np.nan), np.full(4, np.nan)
            if found.pose_landmarks:
                marks[:] = [(m.x * frame.width, m.y * frame.height, m.visibility) for m in found.pose_landmarks.landmark]
                x, y = rect.x_center * frame.width, rect.y_center * frame.height
                square[:] = x, y, rect.width * frame.width, rect.rotation
            rows.append((marks, square))
    marks, squares = (np.array(column, np.float32) for column in zip(*rows, strict=True))
    return {"xy_px": marks[..., :2], "visibility": marks[..., 2], "square": squares}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clip", type=Path)
    parser.add_argument("--first", type=int, default=0, help="frame to start with (default 0)")
    parser.add_argument("--frames", type=int, default=sys.maxsize, help="how many frames (default: to the end)")
    parser.add_argument("--to", type=Path, required=True, help="npz file to write")
    arguments = parser.parse_args()
    measured = measure(arguments.clip, arguments.first, arguments.frames)
    versions = {name: version(name) for name in ("mediapipe", "numpy", "opencv-contrib-python", "av")}
    versions["python"] = platform.python_version()
    facts = {"clip": arguments.clip.name, "first": arguments.first, "versions": json.dumps(versions)}
    np.savez_compressed(arguments.to, **facts, **measured)


if __name__ == "__main__":
    main()
