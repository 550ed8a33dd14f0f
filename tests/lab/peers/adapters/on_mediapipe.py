"""MediaPipe's pose solution over a clip, with the angles that its users usually compute from it.

PYTHON on_mediapipe.py CLIP OUT [--unsmoothed]

MediaPipe gives landmarks; angles are the user's own. The hip is the three-point angle shoulder,
hip, knee of one side, as in most tutorials: 180 degrees less the angle between the two limbs, so it
has no sign. The thigh is taken against the vertical. It offers neither cadence nor contacts.
"""

from __future__ import annotations

import argparse
from importlib.metadata import version
from pathlib import Path

import numpy as np
from found import JOINTS, SIDES, Found, down_deg, forward_of, measured

# The left one; the right one follows.
LANDMARK = {"shoulder": 11, "hip": 23, "knee": 25, "ankle": 27, "heel": 29, "toe": 31}
ROWS = [LANDMARK[name.split("_")[0]] + (name.endswith("right")) for name in JOINTS]


def landmarks(clip: Path, smoothed: bool) -> tuple[np.ndarray, float]:
    """(N, 12, 2) pixels and the clip's pictures a second."""
    import cv2
    import mediapipe

    video, rows = cv2.VideoCapture(str(clip)), []
    fps = video.get(cv2.CAP_PROP_FPS)
    with mediapipe.solutions.pose.Pose(model_complexity=1, smooth_landmarks=smoothed) as pose:
        while True:
            there, picture = video.read()
            if not there:
                break
            seen = pose.process(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)).pose_landmarks
            size = picture.shape[1], picture.shape[0]
            points = [(seen.landmark[i].x, seen.landmark[i].y) for i in ROWS] if seen else np.full((len(ROWS), 2), np.nan)
            rows.append(np.array(points) * size)
    return np.array(rows), fps


def three_point_deg(a: np.ndarray, middle: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Angle at `middle` between the directions to a and b, 0..180."""
    u, v = a - middle, b - middle
    return np.degrees(np.arccos((u * v).sum(axis=1) / np.hypot(*u.T) / np.hypot(*v.T)))


def main() -> None:
    import mediapipe  # noqa: F401  before the clock runs

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clip", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--unsmoothed", action="store_true")
    asked = parser.parse_args()
    reported: dict = {"versions": {"mediapipe": version("mediapipe")}, "notes": [], "cadence_spm": None}
    with measured(reported):
        xy, fps = landmarks(asked.clip, not asked.unsmoothed)
        found = Found.nothing(len(xy), fps)
        found.xy_px[:] = xy
        joint = found.joint
        forward = forward_of(found)
        thighs = [down_deg(joint(f"hip_{s}"), joint(f"knee_{s}"), forward) for s in SIDES]
        hips = [180.0 - three_point_deg(joint(f"shoulder_{s}"), joint(f"hip_{s}"), joint(f"knee_{s}")) for s in SIDES]
        found.angles_deg[:] = np.column_stack([*thighs, *hips])
    found.reported = reported
    found.save(asked.out)


if __name__ == "__main__":
    main()
