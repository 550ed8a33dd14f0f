"""People made of squares, and a pose model that sees them: what the tests of the lock look at."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from station.pose.estimator import TrackingEstimator
from station.pose.model import Landmarks, Person, Square
from station.pose.who import Who
from station.run.pipeline import begun
from station.types import NS, Frame, ModelInfo

WIDTH, HEIGHT = 1280, 720
EVERYWHERE = (0.0, 0.0, 1.0, 1.0)
at_once = 1  # frames that `watch` lets the estimator measure at once


@dataclass
class Actor:
    """Somebody whose body has its centre at `x(t_s)` across the frame, None while away. `in_front`
    hides the others.
    """

    x: Callable[[float], float | None]
    side_px: float = 600.0
    shrinks_px_s: float = 0.0
    in_front: bool = False
    reach: float = 0.15  # how far, in sides, somebody in front draws the landmarks to himself

    def body(self, t_s: float) -> Square | None:
        x = self.x(t_s)
        return None if x is None else Square(x * WIDTH, HEIGHT / 2, self.side_px - self.shrinks_px_s * t_s)


@dataclass
class SceneModel:
    """`PoseModel` over actors. In a square it sees the front person within reach of the middle,
    else the nearest. What time it is stands in the image.
    """

    actors: list[Actor]
    info = ModelInfo("scene", "0" * 64)
    margin = 1.25
    many_at_once = True
    finds: list[float] = field(default_factory=list)
    measured: list[tuple[float, Square]] = field(default_factory=list)
    stage_ms: dict[str, float] = field(default_factory=dict)

    def find(self, image: NDArray[np.uint8]) -> list[Person]:
        t_s = time_of(image)
        self.finds.append(t_s)
        return [Person(body, 0.9) for actor in self.actors if (body := actor.body(t_s))]

    def measure(self, image: NDArray[np.uint8], square: Square) -> Landmarks:
        near, t_s = [], time_of(image)
        self.measured.append((t_s, square))
        for actor in self.actors:
            body = actor.body(t_s)
            if body is not None:
                away = math.hypot(body.x_px - square.x_px, body.y_px - square.y_px) / square.side_px
                near.append((not (actor.in_front and away < actor.reach), away, body))
        _, away, body = min(near, key=lambda entry: entry[:2], default=(True, math.inf, square))
        centre = np.array([body.x_px, body.y_px])
        rim = centre - [0, body.side_px / self.margin / 2]
        points = np.tile(centre, (33, 1))
        return Landmarks(points, np.ones(33), float(away < 0.5), np.array([centre, rim]))

    def close(self) -> None:
        self.actors = []


@dataclass
class Watched:
    """What came out: times, where the pose was across the frame (NaN: nobody), and when the whole
    frame was searched.
    """

    t_s: NDArray[np.float64]
    x: NDArray[np.float64]
    finds: NDArray[np.float64]

    def during(self, start_s: float, end_s: float) -> NDArray[np.float64]:
        return self.x[(self.t_s >= start_s) & (self.t_s < end_s)]


def image_at(t_s: float) -> NDArray[np.uint8]:
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    image.reshape(-1)[:8].view(np.float64)[0] = t_s
    return image


def time_of(image: NDArray[np.uint8]) -> float:
    return float(image.reshape(-1)[:8].view(np.float64)[0])


def watch(actors: list[Actor], seconds: float, fps: float = 30.0, zone: tuple = EVERYWHERE, stay_s: float = 0.25) -> Watched:
    return watch_at(actors, np.arange(0, seconds, 1 / fps), zone, stay_s)


def watch_at(actors: list[Actor], times_s: Iterable[float], zone: tuple = EVERYWHERE, stay_s: float = 0.25) -> Watched:
    model = SceneModel(actors)
    estimator = TrackingEstimator(model, Who(zone, smallest=0.3, stay_s=stay_s), at_once, threads=at_once)
    frames = (Frame(round(t_s * NS), seq, image_at(t_s)) for seq, t_s in enumerate(times_s))
    times, places = [], []
    for frame, end in begun(frames, estimator.start, at_once):
        times.append(frame.t_ns / NS)
        places.append(end().xy_px[0, 0] / WIDTH)
    finds = np.array(model.finds)
    estimator.close()
    return Watched(np.array(times), np.array(places), finds)
