"""Real people on film: two oblique walks beside their motion capture, and one in side view.

    python -m tests.lab.accuracy.real_walks

../shared/data/video: OpenCap's sample walks (Apache-2.0; 60 fps, seen from about 45 degrees, 1.3 s each) and Sports2D's demo
(BSD-3).
The landmarks come from the station's own pose model, so this is the error of model and core together.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from station.config import PoseSection
from station.gait import GaitCore
from station.ports import EndOfSource
from station.pose.estimator import open_estimator
from station.sense.video import VideoSource
from station.types import Activity, Pose, View
from tests.analysed import Analysis, analyse
from tests.lab.accuracy.norms import SHARED
from tests.lab.accuracy.truth import angle

AZIMUTH_DEG = 45.0  # of both OpenCap walks, about
SIDES = {"near": "l", "far": "r"}  # both walk to the left in the picture
SEGMENTS = {"thigh": ("femur", "tibia"), "shank": ("tibia", "talus")}
LAGS_S = np.arange(-0.1, 0.1, 0.01)  # clip and motion capture start within this of each other


@dataclass(frozen=True)
class Fit:
    """Error of one segment against motion capture: root mean square, mean, and what is left without the mean, degrees."""

    segment: str
    rmse_deg: float
    bias_deg: float
    spread_deg: float


@cache
def filmed(clip: Path, most: int | None = None) -> tuple[list[Pose], View]:
    """Poses of every picture of a clip, or of the first `most`, by the station's pose model."""
    estimator, poses = open_estimator(PoseSection()), []
    with VideoSource(clip) as source:
        view = View(source.info.width_px, source.info.height_px)
        while most is None or len(poses) < most:
            try:
                frame = source.read(1.0)
            except EndOfSource:
                break
            if frame is not None:
                poses.append(estimator.estimate(frame))
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


def activities(poses: list[Pose], view: View) -> dict[Activity, float]:
    """Share of the poses with somebody in them at which each activity was told."""
    core = GaitCore(view)
    told = [core.step(pose).activity for pose in poses]
    seen = [activity for activity, pose in zip(told, poses, strict=True) if pose.seen]
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
