"""From settings to the parts that `run`, `demo` and `analyze` share."""

from __future__ import annotations

from station.config import Config
from station.cues.plan import Plan
from station.errors import ConfigError
from station.ports import FrameSource, MarkFinder, PoseSource
from station.pose.estimator import TrackingEstimator, open_estimator
from station.pose.hip_belt import HipBeltFinder
from station.pose.pelvis_model import NAME as PELVIS_MODEL
from station.pose.pelvis_model import PelvisModel, read_bands
from station.pose.store import models_dir, read_card
from station.sense.poses import PosesSource
from station.types import KMH_PER_MPS, NAN, Reading, Side, SourceInfo, TurnBand, View

# Sources that deliver landmarks themselves.
POSE_KINDS = ("poses", "synthetic")
LIVE_KINDS = ("camera", "webcam")


def view_of(config: Config, source: FrameSource | PoseSource, direction: Side | None = None) -> View:
    """The camera's place.

    What the command line says wins over what a poses file says, and that over the settings.
    """
    given, info = config.view, source.info
    scale, faces = (source.px_per_m, source.direction) if isinstance(source, PosesSource) else (None, None)
    return View(
        width_px=info.width_px,
        height_px=info.height_px,
        roll_deg=given.roll_deg,
        azimuth_deg=given.azimuth_deg or 0.0,
        px_per_m=scale or given.px_per_m or NAN,
        direction=direction or faces or given.direction,
        zone=given.zone,
        focal_px=given.focal_px or NAN,
        azimuth_given=given.azimuth_deg is not None,
    )


def plan_of(config: Config, analysis: bool = False) -> Plan:
    """The session's plan as the settings have it.

    Raises ConfigError for one that makes no session.
    """
    settings = config.session.model_dump(exclude={"speed_kmh"})
    try:
        return Plan.offline() if analysis else Plan(**settings)
    except ValueError as error:
        raise ConfigError(str(error), "station.toml", "correct [session]") from None


def given_speed(config: Config, speed_kmh: float | None) -> tuple[Reading, ...]:
    """A person's belt speed as the first reading; the command line wins over the settings."""
    kmh = speed_kmh or config.session.speed_kmh
    return (Reading(0, "speed_given_mps", kmh / KMH_PER_MPS),) if kmh else ()


def estimator_for(config: Config, info: SourceInfo, film: bool = False) -> TrackingEstimator | None:
    """None for a source that delivers landmarks itself; `film` as in `open_estimator`. Raises
    ModelError, ConfigError.
    """
    if info.kind in POSE_KINDS:
        return None
    return open_estimator(config.pose, config.view.zone, film)


def pelvis_model_for(
    config: Config, info: SourceInfo, direction: Side | None
) -> tuple[PelvisModel | None, tuple[TurnBand, ...]]:
    """The pelvis model and how it errs; none for a source that delivers landmarks itself, and where
    the settings want none.

    `direction` is the way the runner faces, where it is given. Raises ModelError.
    """
    if not config.pelvis.enabled or info.kind in POSE_KINDS:
        return None, ()
    path = models_dir(config.pose.models_dir) / f"{PELVIS_MODEL}.md"
    if not path.exists():  # a models folder of one's own may hold a pose model alone
        return None, ()
    card = read_card(path)
    bands = read_bands(card)
    # Without its table nothing could be measured by it: the time is better spent otherwise.
    return (PelvisModel(card, direction), bands) if bands else (None, ())


def mark_finder_for(config: Config, info: SourceInfo) -> MarkFinder | None:
    """None for a source that delivers landmarks itself, and where the settings want no hip belt."""
    return HipBeltFinder() if config.hip_belt.enabled and info.kind not in POSE_KINDS else None
