"""From settings to the parts that `run`, `demo` and `analyze` share."""

from __future__ import annotations

from station.config import Config
from station.cues.plan import Plan
from station.pose.estimator import TrackingEstimator, open_estimator
from station.types import NAN, Reading, Side, SourceInfo, View

KMH_PER_MPS = 3.6
# Sources that deliver landmarks themselves.
POSE_KINDS = ("poses", "synthetic")


def view_of(config: Config, info: SourceInfo, direction: Side | None = None, px_per_m: float | None = None) -> View:
    """The camera's place: what the settings say, for pictures of this source's size. Arguments win over settings."""
    told = config.view
    scale = px_per_m or told.px_per_m
    return View(
        width_px=info.width_px,
        height_px=info.height_px,
        roll_deg=told.roll_deg,
        azimuth_deg=told.azimuth_deg,
        px_per_m=scale if scale else NAN,
        direction=direction or told.direction,
        zone=told.zone,
    )


def plan_of(config: Config, analysis: bool = False) -> Plan:
    told = config.session
    values = {name: value for name, value in told.model_dump().items() if name != "speed_kmh" and value is not None}
    if analysis:
        return Plan.offline(language=config.station.language)
    return Plan(language=config.station.language, **values)


def told_speed(config: Config, speed_kmh: float | None) -> tuple[Reading, ...]:
    """The belt speed that a person told, as the first reading of the input; the command line wins over the settings."""
    kmh = speed_kmh or config.session.speed_kmh
    return (Reading(0, "speed_given_mps", kmh / KMH_PER_MPS),) if kmh else ()


def estimator_for(config: Config, info: SourceInfo) -> TrackingEstimator | None:
    """None for a source that delivers landmarks itself. Raises ModelError, ConfigError."""
    if info.kind in POSE_KINDS:
        return None
    return open_estimator(config.pose, config.view.zone)
