"""Frame in, pose of the runner out: finds somebody, follows them, looks again when they go."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

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
# Frames of a film that are measured at once. Each is cut where the runner was so many frames
# before, whatever the machine: the same film gives the same numbers on one core as on eight.
FILM_AT_ONCE = 2
STAGES = ("detector", "warp", "landmarks", "decode")

# Model name in station.toml -> what opens it: (folder of the models, name, threads).
MODELS: dict[str, type[BlazePose | RunnerPose | mediapipe_pose.MediaPipePose]] = {
    "pose_landmark_full": BlazePose,
    "pose_runner": RunnerPose,
    mediapipe_pose.NAME: mediapipe_pose.MediaPipePose,
}


def known_model(settings: PoseSection) -> None:
    """Raises ConfigError for an unknown model."""
    if settings.model not in MODELS:
        raise ConfigError(f"pose.model = {settings.model!r} is not known", "station.toml", f"choose one of {', '.join(MODELS)}")


def open_estimator(settings: PoseSection, zone: Zone = (0.0, 0.0, 1.0, 1.0), film: bool = False) -> TrackingEstimator:
    """The estimator that station.toml asks for, warmed up. `zone` is the treadmill, as in
    `types.View`.

    Live, all threads work on one frame, which is soonest done. For a `film` several frames are
    measured at once, one thread each, which is soonest done with all of them.

    Raises ConfigError for an unknown model and ModelError for a file that is not what its card
    says.
    """
    known_model(settings)
    kind = MODELS[settings.model]
    at_once = FILM_AT_ONCE if film and kind.many_at_once else 1
    model = kind(models_dir(settings.models_dir), settings.model, settings.threads if at_once == 1 else 1)
    blank = np.zeros((64, 64, 3), np.uint8)  # the first run of a session allocates and is slow
    model.find(blank)
    model.measure(blank, Square.of_frame(blank))
    return TrackingEstimator(model, Who(zone, settings.smallest_person, settings.stay_s), at_once, settings.threads)


class TrackingEstimator:
    """`ports.Estimator` over any `PoseModel`. `stage_ms` holds what the stages of the last frame
    took, 0 for those not run; with several frames `at_once` it is not to be relied on.
    """

    def __init__(self, model: PoseModel, who: Who, at_once: int = 1, threads: int = 1) -> None:
        self._model, self._who = model, who
        self.at_once = at_once
        self._pool = ThreadPoolExecutor(min(at_once, threads), "measure") if at_once > 1 else None
        self._square: Square | None = None  # where to measure next
        self._chosen = 0  # how often somebody was picked out: a square is good until the next time
        # MediaPipe's constants for the points that the next square is cut from; the landmarks
        # themselves stay raw.
        self._steady = OneEuro(min_cutoff_hz=0.01, beta=10.0, speed_cutoff_hz=1.0)
        self.stage_ms = dict.fromkeys(STAGES, 0.0)

    @property
    def model(self) -> ModelInfo:
        return self._model.info

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
        self._model.close()

    def estimate(self, frame: Frame) -> Pose:
        """The runner's landmarks in one frame; `Pose.nobody` while nobody is locked. Frames in time
        order.

        Raises InputError for a frame that is not (H, W, 3) uint8 with at least one pixel.
        """
        return self.start(frame)()

    def start(self, frame: Frame) -> Callable[[], Pose]:
        """Begins a frame, in the square where the runner was when it was begun; what is returned
        ends it as `estimate` does. `at_once` frames may be under way; they end in the order in
        which they began.
        """
        measured = None
        if self._square is not None and self._who.locked and _is_rgb(frame.image):
            work = partial(self._model.measure, frame.image, self._square)
            measured = self._pool.submit(work).result if self._pool is not None else work
        return partial(self._end, frame, measured, self._chosen)

    def _end(self, frame: Frame, measured: Callable[[], Landmarks] | None, chosen: int) -> Pose:
        image = frame.image
        if not _is_rgb(image):
            raise InputError(f"image is {image.shape} {image.dtype}, expected (height, width, 3) uint8", f"frame {frame.seq}")
        self._model.stage_ms.clear()
        self._who.begin(frame.t_ns, image.shape[1], image.shape[0])
        if not self._who.locked:
            seen = self._search(image)
        elif measured is not None and chosen == self._chosen:
            seen = self._follow(image, measured())
        else:  # begun before somebody was picked out
            assert self._square is not None
            seen = self._follow(image, self._model.measure(image, self._square))
        self.stage_ms = dict.fromkeys(STAGES, 0.0) | self._model.stage_ms
        if seen is None:
            return Pose.nobody(frame.t_ns)
        diameter = 2 * float(np.hypot(*(seen.body_px[1] - seen.body_px[0])))
        self._square = Square.around(self._steady(frame.t_ns, seen.body_px, diameter), self._model.margin)
        return Pose(frame.t_ns, seen.xy_px.astype(np.float32), seen.score.astype(np.float32))

    def _search(self, image: NDArray[np.uint8]) -> Landmarks | None:
        """The person to lock, looked for in the whole frame at a bounded rate."""
        return self._pick(image, self._who.choose) if self._who.may_look() else None

    def _follow(self, image: NDArray[np.uint8], seen: Landmarks) -> Landmarks | None:
        """The locked person, or None for a frame in which they were not measured."""
        if seen.presence < MIN_PRESENCE:
            self._who.lose()
            return None
        if not self._who.follows(self._body(seen)):
            return None
        if self._who.left_home():
            return self._pick(image, self._who.recheck) or seen
        return seen

    def _pick(self, image: NDArray[np.uint8], choose: Callable[[list[Square]], int | None]) -> Landmarks | None:
        """Measures whom the detector found, lets `choose` decide: some guesses are ghosts."""
        people = self._model.find(image)[:MOST_PEOPLE]
        seen = [found for p in people if (found := self._model.measure(image, p.square)).presence >= MIN_PRESENCE]
        chosen = choose([self._body(found) for found in seen])
        if chosen is None:
            return None
        self._steady.reset()
        self._chosen += 1
        return seen[chosen]

    def _body(self, seen: Landmarks) -> Square:
        return Square.around(seen.body_px, WHO_MARGIN)


def _is_rgb(image: NDArray) -> bool:
    return image.ndim == 3 and image.shape[2] == 3 and image.dtype == np.uint8 and image.size > 0
