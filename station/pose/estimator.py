"""Frame in, pose of the runner out: finds somebody, follows him, and looks again when he is gone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from station.config import PoseSection
from station.errors import ConfigError, InputError
from station.pose.blazepose import BlazePose
from station.pose.model import Landmarks, PoseModel, Square
from station.pose.smooth import OneEuro
from station.pose.store import models_dir
from station.pose.who import Who, Zone
from station.types import Frame, ModelInfo, Pose

MIN_PRESENCE = 0.5
STAGES = ("detector", "warp", "landmarks", "decode")

# Model name in station.toml -> what opens it: (folder of the models, name, threads).
MODELS: dict[str, Callable[[Path, str, int], PoseModel]] = {"pose_landmark_full": BlazePose}


def open_estimator(settings: PoseSection, zone: Zone = (0.0, 0.0, 1.0, 1.0)) -> TrackingEstimator:
    """The estimator that station.toml asks for, warmed up. `zone` is the treadmill, as in `types.View`.

    Raises ConfigError for an unknown model and ModelError for a file that is not what its card says.
    """
    if settings.model not in MODELS:
        raise ConfigError(f"pose.model = {settings.model!r} is not known", "station.toml", f"choose one of {', '.join(MODELS)}")
    model = MODELS[settings.model](models_dir(settings.models_dir), settings.model, settings.threads)
    blank = np.zeros((64, 64, 3), np.uint8)  # the first run of a session allocates and is slow
    model.find(blank)
    model.measure(blank, Square.of_picture(blank))
    return TrackingEstimator(model, Who(zone, settings.smallest_person, settings.stay_s))


class TrackingEstimator:
    """`ports.Estimator` over any `PoseModel`. `stage_ms` holds what the stages of the last frame took, 0 for those not run."""

    def __init__(self, model: PoseModel, who: Who) -> None:
        self._model, self._who = model, who
        # MediaPipe's constants for the points that the next square is cut from; the landmarks themselves stay raw.
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
        """The runner's landmarks in one frame; `Pose.nobody` while nobody is locked. Frames in time order.

        Raises InputError for a picture that is not (H, W, 3) uint8 with at least one pixel.
        """
        image, who = frame.image, self._who
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or image.size == 0:
            raise InputError(f"picture is {image.shape} {image.dtype}, expected (height, width, 3) uint8", f"frame {frame.seq}")
        self._model.stage_ms.clear()
        pose = self._estimate(frame, who, image.shape[1], image.shape[0])
        self.stage_ms = dict.fromkeys(STAGES, 0.0) | self._model.stage_ms
        return pose

    def _estimate(self, frame: Frame, who: Who, width_px: int, height_px: int) -> Pose:
        who.begin(frame.t_ns)
        if who.square is None and who.may_look():
            self._steady.reset()
            who.choose(self._model.find(frame.image), width_px, height_px)
        if who.square is None:
            return Pose.nobody(frame.t_ns)
        seen = self._model.measure(frame.image, who.square)
        if seen.presence < MIN_PRESENCE:
            who.lose()
            return Pose.nobody(frame.t_ns)
        if not who.follows(Square.around(seen.body_px, self._model.margin), width_px, height_px):
            return Pose.nobody(frame.t_ns)
        if who.left_home() and who.recheck(self._model.find(frame.image)):
            self._steady.reset()
            return Pose.nobody(frame.t_ns)
        who.square = self._next_square(frame.t_ns, seen)
        return Pose(frame.t_ns, seen.xy_px.astype(np.float32), seen.score.astype(np.float32))

    def _next_square(self, t_ns: int, seen: Landmarks) -> Square:
        diameter = 2 * float(np.hypot(*(seen.body_px[1] - seen.body_px[0])))
        return Square.around(self._steady(t_ns, seen.body_px, diameter), self._model.margin)
