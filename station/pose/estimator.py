"""Frame in, pose of the runner out: finds somebody, follows them, and looks again when they are
gone.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from station.config import PoseSection
from station.errors import ConfigError, InputError
from station.pose import mediapipe_pose
from station.pose.blazepose import BlazePose
from station.pose.model import Landmarks, PoseModel, Square
from station.pose.runner import RunnerPose
from station.pose.smooth import OneEuro
from station.pose.store import models_dir
from station.pose.who import Who, Zone
from station.types import Frame, ModelInfo, Pose

MIN_PRESENCE = 0.5  # as in MediaPipe's graph
WHO_MARGIN = 1.25  # of the squares that who.py's numbers are made for, whatever a model cuts
MOST_PEOPLE = 4  # of those found, how many are measured to choose from
STAGES = ("detector", "warp", "landmarks", "decode")

# Model name in station.toml -> what opens it: (folder of the models, name, threads).
MODELS: dict[str, Callable[[Path, str, int], PoseModel]] = {
    "pose_landmark_full": BlazePose,
    "pose_runner": RunnerPose,
    mediapipe_pose.NAME: mediapipe_pose.MediaPipePose,
}


def known_model(settings: PoseSection) -> None:
    """Raises ConfigError for an unknown model."""
    if settings.model not in MODELS:
        raise ConfigError(f"pose.model = {settings.model!r} is not known", "station.toml", f"choose one of {', '.join(MODELS)}")


def open_estimator(settings: PoseSection, zone: Zone = (0.0, 0.0, 1.0, 1.0)) -> TrackingEstimator:
    """The estimator that station.toml asks for, warmed up. `zone` is the treadmill, as in
    `types.View`.

    Raises ConfigError for an unknown model and ModelError for a file that is not what its card
    says.
    """
    known_model(settings)
    model = MODELS[settings.model](models_dir(settings.models_dir), settings.model, settings.threads)
    blank = np.zeros((64, 64, 3), np.uint8)  # the first run of a session allocates and is slow
    model.find(blank)
    model.measure(blank, Square.of_frame(blank))
    return TrackingEstimator(model, Who(zone, settings.smallest_person, settings.stay_s))


class TrackingEstimator:
    """`ports.Estimator` over any `PoseModel`. `stage_ms` holds what the stages of the last frame
    took, 0 for those not run.
    """

    def __init__(self, model: PoseModel, who: Who) -> None:
        self._model, self._who = model, who
        self._square: Square | None = None  # where to measure next
        # MediaPipe's constants for the points that the next square is cut from; the landmarks
        # themselves stay raw.
        self._steady = OneEuro(min_cutoff_hz=0.01, beta=10.0, speed_cutoff_hz=1.0)
        self.stage_ms = dict.fromkeys(STAGES, 0.0)

    @property
    def model(self) -> ModelInfo:
        return self._model.info

    def reset(self) -> None:
        """Forget the person: the next frame belongs to another scene."""
        self._who.reset()
        self._steady.reset()

    def close(self) -> None:
        self._model.close()

    def estimate(self, frame: Frame) -> Pose:
        """The runner's landmarks in one frame; `Pose.nobody` while nobody is locked. Frames in time
        order.

        Raises InputError for a frame that is not (H, W, 3) uint8 with at least one pixel.
        """
        image = frame.image
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or image.size == 0:
            raise InputError(f"image is {image.shape} {image.dtype}, expected (height, width, 3) uint8", f"frame {frame.seq}")
        self._model.stage_ms.clear()
        self._who.begin(frame.t_ns, image.shape[1], image.shape[0])
        seen = self._follow(image) if self._who.locked else self._search(image)
        self.stage_ms = dict.fromkeys(STAGES, 0.0) | self._model.stage_ms
        if seen is None:
            return Pose.nobody(frame.t_ns)
        diameter = 2 * float(np.hypot(*(seen.body_px[1] - seen.body_px[0])))
        self._square = Square.around(self._steady(frame.t_ns, seen.body_px, diameter), self._model.margin)
        return Pose(frame.t_ns, seen.xy_px.astype(np.float32), seen.score.astype(np.float32))

    def _search(self, image: NDArray[np.uint8]) -> Landmarks | None:
        """The person to lock, looked for in the whole frame at a bounded rate."""
        return self._pick(image, self._who.choose) if self._who.may_look() else None

    def _follow(self, image: NDArray[np.uint8]) -> Landmarks | None:
        """The locked person, or None for a frame in which they were not measured."""
        assert self._square is not None
        seen = self._model.measure(image, self._square)
        if seen.presence < MIN_PRESENCE:
            self._who.lose()
            return None
        if not self._who.follows(self._body(seen)):
            return None
        if self._who.left_home():
            return self._pick(image, self._who.recheck) or seen
        return seen

    def _pick(self, image: NDArray[np.uint8], choose: Callable[[list[Square]], int | None]) -> Landmarks | None:
        """Measures whom the detector found and lets `choose` decide: its guesses are rough, and
        some are ghosts.
        """
        people = self._model.find(image)[:MOST_PEOPLE]
        seen = [found for p in people if (found := self._model.measure(image, p.square)).presence >= MIN_PRESENCE]
        chosen = choose([self._body(found) for found in seen])
        if chosen is None:
            return None
        self._steady.reset()
        return seen[chosen]

    def _body(self, seen: Landmarks) -> Square:
        return Square.around(seen.body_px, WHO_MARGIN)
