"""Tags of a hip belt in a picture."""

from __future__ import annotations

import cv2
import numpy as np

from station.types import Frame, Marks, Pose


class HipBeltFinder:
    """`ports.MarkFinder` over OpenCV's aruco module: 4x4 tags of the first 48 ids."""

    def __init__(self) -> None:
        self._detector = cv2.aruco.ArucoDetector(cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50))
        self._seen_ns: int | None = None

    def reset(self) -> None:
        self._seen_ns = None

    def find(self, frame: Frame, pose: Pose) -> Marks | None:
        if not pose.seen:
            return None
        corners, ids, _ = self._detector.detectMarkers(cv2.cvtColor(frame.image, cv2.COLOR_RGB2GRAY))
        if ids is None:
            return None
        return Marks(frame.t_ns, ids.ravel().astype(np.int16), np.asarray(corners, np.float32).reshape(-1, 4, 2))
