"""Real people on film: two oblique walks beside their motion capture, and one in side view.

    python -m tests.lab.accuracy.real_walks

../shared/data/video: OpenCap's sample walks (Apache-2.0; 60 fps, seen from about 45 degrees, 1.3 s
each) and Sports2D's demo (BSD-3).
The landmarks come from the station's own pose model, so this is the error of model and core
together.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from station.config import PoseSection
from station.gait import GaitCore
from station.pose.estimator import open_estimator
from station.sense.opened import frames
from station.sense.video import VideoSource
from station.types import JOINTS, NS, Activity, Joint, Pose, View
from tests.analysed import Analysis, analyse
from tests.lab.accuracy.norms import SHARED
from tests.lab.accuracy.truth import angle

AZIMUTH_DEG = 45.0  # of both OpenCap walks, about
SIDES = {"near": "l", "far": "r"}  # both walk to the left in the picture
SEGMENTS = {"thigh": ("femur", "tibia"), "shank": ("tibia", "talus")}
LAGS_S = np.arange(-0.1, 0.1, 0.01)  # clip and motion capture start within this of each other


@dataclass(frozen=True)
class Fit:
    """Error of one segment against motion capture: root mean square, mean, and what is left without
    the mean, degrees.
    """

    segment: str
    rmse_deg: float
    bias_deg: float
    spread_deg: float


@cache
def filmed(clip: Path, most: int | None = None) -> tuple[list[Pose], View]:
    """Poses of every picture of a clip, or of the first `most`, by the station's pose model."""
    estimator = open_estimator(PoseSection())
    with VideoSource(clip) as source:
        view = View(source.info.width_px, source.info.height_px)
        poses = [estimator.estimate(frame) for frame in islice(frames(source, 1.0), most)]
    estimator.close()
    return poses, view


def against_capture(found: Analysis, capture: Path) -> Iterator[Fit]:
    """Both legs' thigh and shank, at the time shift that fits each best."""
    data = json.loads(capture.read_text(encoding="utf-8"))
    t_s = np.array(data["time"]) - data["time"][0]
    joints = {name: np.array(body["translation"]) for name, body in data["bodies"].items()}
    for segment, (upper, lower) in SEGMENTS.items():
        for leg, side in SIDES.items():
            true = angle(joints[f"{upper}_{side}"], joints[f"{lower}_{side}"])
            yield _best(f"{leg} {segment}", found.t_s, found.angles[f"{segment}_{leg}_deg"], t_s, true)


def _best(
    name: str, t_s: NDArray[np.float64], seen: NDArray[np.float64], true_s: NDArray[np.float64], true: NDArray[np.float64]
) -> Fit:
    known = np.isfinite(seen)
    off = [seen[known] - np.interp(t_s[known] + lag_s, true_s, true) for lag_s in LAGS_S]
    best = min(off, key=lambda e: float(e.std()))
    return Fit(name, float(np.sqrt((best**2).mean())), float(best.mean()), float(best.std()))


PARTS = {"femur": Joint.LEFT_HIP, "tibia": Joint.LEFT_KNEE, "talus": Joint.LEFT_ANKLE, "calcn": Joint.LEFT_HEEL}
PARTS |= {"toes": Joint.LEFT_FOOT_INDEX}
CAMERA_M, FOCAL_PX = 3.5, 1100.0


def turning(capture: Path, deg_s: float, from_deg: float, seconds: float, fps: float = 30.0) -> Iterator[Pose]:
    """A captured walk, one stride over and over on the spot, of somebody who slowly turns before a
    camera at hip height.
    """
    data = json.loads(capture.read_text(encoding="utf-8"))
    bodies = {name: np.array(body["translation"]) for name, body in data["bodies"].items()}
    t_s = np.array(data["time"]) - data["time"][0]
    way = bodies["pelvis"][-1] - bodies["pelvis"][0]
    way[1] = 0.0
    ahead = way / np.linalg.norm(way)
    axes = np.stack([ahead, (0.0, 1.0, 0.0), np.cross(ahead, (0.0, 1.0, 0.0))], axis=1)
    local = {name: (xyz - np.outer(t_s, way / t_s[-1]) - bodies["pelvis"][0]) @ axes for name, xyz in bodies.items()}
    thigh = angle(local["femur_r"], local["tibia_r"])
    stride = min(range(80, len(t_s) - 8), key=lambda n: float(np.mean((thigh[n:] - thigh[:-n]) ** 2)))
    rng = np.random.default_rng(1)
    for i in range(int(seconds * fps)):
        row = round(100 * i / fps) % stride
        turn = np.radians(from_deg + deg_s * i / fps)
        xy, score = np.full((JOINTS, 2), np.nan), np.zeros(JOINTS)
        for part, joint in PARTS.items():
            for side in (0, 1):
                x, y, z = local[f"{part}_{'lr'[side]}"][row]
                depth = CAMERA_M - (x * np.sin(turn) + z * np.cos(turn))
                across = x * np.cos(turn) - z * np.sin(turn)
                xy[joint + side] = np.array([640 + FOCAL_PX * across / depth, 500 - FOCAL_PX * y / depth]) + rng.normal(0, 1.5, 2)
                score[joint + side] = 0.9
        yield Pose(round(i / fps * NS), xy, score)


def activities(poses: list[Pose], view: View) -> dict[Activity, float]:
    """Share of the poses with somebody in them at which each activity was told."""
    core = GaitCore(view)
    reported = [core.step(pose).activity for pose in poses]
    seen = [activity for activity, pose in zip(reported, poses, strict=True) if pose.seen]
    return {activity: seen.count(activity) / len(seen) for activity in set(seen)}


def lines(shared: Path = SHARED) -> Iterator[str]:
    """A table for a page."""
    videos = shared / "data" / "video"
    yield "| clip | segment | RMSE, deg | bias, deg | spread, deg |"
    yield "|---|---|---|---|---|"
    for name in ("walk", "walk_ts"):
        poses, view = filmed(videos / "opencap_walk" / f"{name}_video.mp4")
        found = analyse(poses, View(view.width_px, view.height_px, azimuth_deg=AZIMUTH_DEG))
        for fit in against_capture(found, videos / "opencap_walk" / f"{name}_sample_mocap.json"):
            yield f"| {name} | {fit.segment} | {fit.rmse_deg:.1f} | {fit.bias_deg:+.1f} | {fit.spread_deg:.1f} |"


if __name__ == "__main__":
    print("\n".join(lines()))
