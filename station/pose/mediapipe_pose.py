"""MediaPipe's own runtime behind the seam: the same weights as `pose_landmark_full`, with Google's
tracking and crops.

For whoever wants to compare live, or runs where it is faster. It looks at whole frames and follows
one person by itself, so `find` names nobody but them, and the square is not asked for. Needs the
extra `mediapipe`; versions from 0.10.30 on have no `solutions` any more.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from time import perf_counter_ns
from typing import Any

import numpy as np
from numpy.typing import NDArray

from station.errors import ModelError
from station.pose.model import Landmarks, Person, Square
from station.pose.runner import CENTRE_DOWN, CIRCLE_TRUNKS, trunk
from station.types import JOINTS, NAN, ModelInfo

NAME = "mediapipe"
WEIGHTS = "modules/pose_landmark/pose_landmark_full.tflite"  # in the package
REMEDY = "install it with pip install 'treadmill-station[mediapipe]' (Python 3.11, 3.12), or choose another pose.model"


def package() -> Any:
    """MediaPipe with its `solutions`. Raises ModelError with the remedy if missing or too new."""
    try:
        import mediapipe
    except ImportError as error:
        raise ModelError(f"the package mediapipe cannot be imported ({error})", "pose.model", REMEDY) from None
    if not hasattr(mediapipe, "solutions"):
        raise ModelError(f"mediapipe {mediapipe.__version__} has no solutions.pose any more", "pose.model", REMEDY)
    return mediapipe


class MediaPipePose:
    """`PoseModel` over `mediapipe.solutions.pose`, complexity 1, without its smoothing. Its threads
    are its own affair.

    `folder` and `threads` are those of the other models, and not needed. Raises ModelError.
    """

    margin = 1.25
    many_at_once = False

    def __init__(self, folder: Path, name: str, threads: int) -> None:
        mediapipe = package()
        weights = Path(mediapipe.__file__).parent / WEIGHTS
        digest = hashlib.sha256(weights.read_bytes()).hexdigest() if weights.is_file() else ""
        # The error tables were measured with the station's own runtime: none is claimed for this
        # one.
        self.info = ModelInfo(f"{NAME} {mediapipe.__version__}", digest)
        self.stage_ms: dict[str, float] = {}
        self._pose = mediapipe.solutions.pose.Pose(static_image_mode=False, model_complexity=1, smooth_landmarks=False)
        self._of: NDArray[np.uint8] | None = None
        self._seen = _nobody()

    def find(self, image: NDArray[np.uint8]) -> list[Person]:
        seen = self._look(image)
        return [Person(Square.around(seen.body_px, self.margin), seen.presence)] if seen.presence else []

    def measure(self, image: NDArray[np.uint8], square: Square) -> Landmarks:
        """The one person that the runtime follows, wherever the square is."""
        return self._look(image)

    def close(self) -> None:
        self._pose.close()
        self._of = None

    def _look(self, image: NDArray[np.uint8]) -> Landmarks:
        """Each frame once: its tracking takes every call for a new frame."""
        if image is not self._of:
            start_ns = perf_counter_ns()
            found = self._pose.process(np.ascontiguousarray(image)).pose_landmarks
            self._of, self._seen = image, _nobody() if found is None else _landmarks(found.landmark, image)
            self.stage_ms["landmarks"] = self.stage_ms.get("landmarks", 0.0) + (perf_counter_ns() - start_ns) / 1e6
        return self._seen


def _nobody() -> Landmarks:
    return Landmarks(np.full((JOINTS, 2), NAN), np.zeros(JOINTS), 0.0, np.full((2, 2), NAN))


def _landmarks(found: Any, image: NDArray[np.uint8]) -> Landmarks:
    """MediaPipe's landmarks, 0..1 across the frame, as ours; its visibility as the score."""
    height, width = image.shape[:2]
    xy_px = np.array([(one.x * width, one.y * height) for one in found])
    score = np.array([one.visibility for one in found])
    middle, length = trunk(xy_px)
    centre = middle + np.array([0.0, CENTRE_DOWN * length])
    return Landmarks(xy_px, score, 1.0, np.array([centre, centre - np.array([0.0, CIRCLE_TRUNKS * length])]))
