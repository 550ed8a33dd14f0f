"""From what was seen and found to what is kept."""

from __future__ import annotations

from station import wall_clock
from station.calibrate.calibration import Calibration, taken_from
from station.calibrate.deck import Deck
from station.calibrate.scene import Box, scene_of
from station.calibrate.watched import Watched
from station.config import Config
from station.types import Measure, Side, SourceInfo

CROWDED = 0.5  # of the frame hidden by a person: not enough left to know the scene again


def calibration_of(watched: Watched, config: Config, deck: Deck, direction: Side | None) -> Calibration:
    """What is kept. Azimuth: + is a camera moved towards the treadmill's rear."""
    now = wall_clock.now()
    azimuth = deck.place.azimuth
    if direction is None:
        azimuth = Measure.cannot_tell("the direction is not known")
    elif direction == "left":
        azimuth = Measure(-azimuth.value, -azimuth.high, -azimuth.low, azimuth.n, azimuth.reason)
    people = watched.people
    scene = None
    if people is None or _share(people, watched.info) < CROWDED:
        scene = scene_of(watched.still, people)
    return Calibration(
        taken_from(watched.info, config),
        now.utc if now.trusted else "",
        deck.place.roll,
        azimuth,
        deck.px_per_m,
        deck.focal,
        direction,
        deck.zone,
        scene,
    )


def _share(box: Box, info: SourceInfo) -> float:
    x0, y0, x1, y1 = box
    width = min(x1, info.width_px) - max(x0, 0.0)
    return width * (min(y1, info.height_px) - max(y0, 0.0)) / (info.width_px * info.height_px)
