"""Looking at the treadmill for some seconds: the still scene, and whoever was there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from station.calibrate.scene import Box
from station.errors import InputError
from station.ports import Estimator, FrameSource
from station.sense.opened import frames
from station.types import NS, Frame, Pose, SourceInfo

READ_TIMEOUT_S = 5.0  # chosen
POSE_EVERY_S, GREY_EVERY_S, GREYS = 0.06, 0.25, 40  # chosen
WARM_S = 2.0  # a camera's exposure settles first
PERSON_MARGIN = 0.15  # of a body's box: hair, hands and clothes reach beyond the landmarks


@dataclass(frozen=True, eq=False)
class Watched:
    """The scene without what moved (H, W) grey, samples of it in time, and whoever was there."""

    info: SourceInfo
    still: NDArray[np.uint8]
    greys: Sequence[NDArray[np.uint8]]
    poses: Sequence[Pose]

    @property
    def people(self) -> Box | None:
        """The box in which somebody was, px, with a margin; None when nobody was seen."""
        seen = [pose.xy_px for pose in self.poses if pose.seen]
        if not seen:
            return None
        x0, y0 = np.nanmin(seen, axis=(0, 1))
        x1, y1 = np.nanmax(seen, axis=(0, 1))
        margin = PERSON_MARGIN * float(y1 - y0)
        return float(x0) - margin, float(y0) - margin, float(x1) + margin, float(y1) + margin


def watch(source: FrameSource, estimator: Estimator, seconds: float) -> Watched:
    """Looks for that long: the median of each pixel is the scene, whoever moves before it."""
    greys: list[NDArray[np.uint8]] = []
    poses: list[Pose] = []
    grey_due_ns = 0
    try:
        for frame in _within(source, seconds + (WARM_S if source.info.kind == "camera" else 0.0)):
            if not poses or frame.t_ns - poses[-1].t_ns >= POSE_EVERY_S * NS:
                poses.append(estimator.estimate(frame))
                if frame.t_ns >= grey_due_ns and len(greys) < GREYS:
                    greys.append(np.asarray(cv2.cvtColor(frame.image, cv2.COLOR_RGB2GRAY), np.uint8))
                    grey_due_ns = frame.t_ns + round(GREY_EVERY_S * NS)
    finally:
        estimator.close()
    if not greys:
        raise InputError("delivered no frame", source.info.path, "check the camera with `station doctor`")
    if source.info.kind == "camera":
        greys = greys[min(len(greys) - 1, int(WARM_S / GREY_EVERY_S)) :]
    still = greys[0] if len(greys) == 1 else np.median(np.stack(greys), axis=0).astype(np.uint8)
    return Watched(source.info, still, greys, poses)


def _within(source: FrameSource, seconds: float) -> Iterator[Frame]:
    first_ns = None
    for frame in frames(source, READ_TIMEOUT_S):
        first_ns = frame.t_ns if first_ns is None else first_ns
        if frame.t_ns - first_ns > seconds * NS:
            return
        yield frame
