"""`station calibrate`: how the camera stands to the treadmill, found out once and kept for `station run`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

import click
import cv2
import numpy as np
from numpy.typing import NDArray

from station import __version__
from station import wall_clock as moment
from station.calibrate import framing
from station.calibrate.calibration import Calibration, path_of, save, taken_from
from station.calibrate.deck import Deck, Ruler, deck_of
from station.calibrate.drawing import draw
from station.calibrate.lines import Line, find_lines, ordered
from station.calibrate.orientation import Known
from station.calibrate.scene import Box, scene_of
from station.check import Check
from station.config import Config
from station.errors import InputError, StationError, UsageError
from station.files import json_bytes, write_output
from station.gait.core import GaitCore
from station.ports import EndOfSource, FrameSource, PoseSource
from station.pose.estimator import open_estimator
from station.provision import provision
from station.run.check_list import not_ok, print_checks
from station.run.clock import SystemClock
from station.run.single_instance import alone
from station.run.wiring import POSE_KINDS
from station.sense.open import PICAMERA, open_source
from station.sense.picture_file import is_picture
from station.sense.still import StillSource
from station.types import NS, Frame, Measure, Pose, Side, SourceInfo, View

READ_TIMEOUT_S = 5.0
POSE_EVERY_S, GREY_EVERY_S, GREYS = 0.06, 0.25, 40
WARM_S = 2.0  # a camera's exposure settles first
PERSON_MARGIN = 0.15  # of a body's box: hair, hands and clothes reach beyond the landmarks
CROWDED = 0.5  # of the picture hidden by a person: not enough left to know the scene again
# Angle of view along the long side, deg, of cameras sold with their lens (Raspberry Pi's camera hardware page, November 2026).
LENSES = {"imx708": 66.0, "imx708_wide": 102.0}
FOUR = "two points as X1,Y1,X2,Y2 in pixels of the picture"


@dataclass(frozen=True)
class Order:
    """What the command line asks for. Lengths in m; points in px."""

    source_text: str = PICAMERA
    config_file: Path | None = None
    seconds: float = 8.0
    plumb: str | None = None
    deck: str | None = None
    deck_length_m: float | None = None
    deck_width_m: float | None = None
    distance_m: float | None = None
    direction: str | None = None
    picture: Path | None = None
    json_to: str | None = None


@dataclass(frozen=True, eq=False)
class Watched:
    """What was seen: the scene without what moved (H, W) grey, samples of it in time, and whoever was there."""

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


def run_calibration(order: Order) -> None:
    """Looks, tells, keeps. Raises InputError, UsageError, HardwareError, StoreError; StationError names what is not in order."""
    config = provision(order.config_file).config
    told_lines, ruler = (points(order.plumb, "--plumb"), points(order.deck, "--deck")), _ruler(order, config)
    with contextlib.ExitStack() as stack:
        if order.source_text == PICAMERA:
            stack.enter_context(alone(config))
        source = _source(order, config)
        stack.enter_context(source)
        if source.info.kind in POSE_KINDS:
            raise InputError("has no pictures, only landmarks", order.source_text, "name a picture or a video file")
        known = _known(*told_lines, config, source.info)
        watched = watch(cast("FrameSource", source), config, order.seconds)
    lines = find_lines(watched.still)
    deck = deck_of(watched.still, lines, known, ruler)
    told = cast("Side | None", order.direction) or config.view.direction
    direction = told or direction_of(watched)
    findings = [*looked_at(watched, config, lines, deck), *measured(deck, ruler, direction, told is not None)]
    calibration = calibration_of(watched, config, deck, direction)
    path = None if framing.blind(watched.still) else path_of(config, watched.info.kind)
    if path is not None:
        save(path, calibration)
    _tell(order, findings, calibration, path)
    _write_picture(order, watched, deck)
    wrong = not_ok(findings)
    if path is None:
        raise StationError("nothing was kept: there is nothing to be seen", order.source_text, findings[0].remedy)
    if wrong:
        raise StationError(f"kept, but not in order: {wrong}", "", "follow the remedies above, then calibrate again")


# --- what the person told -----------------------------------------------------------------------------------------


def _known(plumb: Line | None, deck: Line | None, config: Config, info: SourceInfo) -> Known:
    if plumb and abs(plumb.tilt_deg) > 45:
        raise UsageError("the points of --plumb lie side by side", "", "name the upper and the lower end of the line")
    if deck and abs(deck.slope_deg) > 45:
        raise UsageError("the points of --deck lie one above the other", "", "name the left and the right end of the edge")
    _inside(plumb, deck, info)
    return Known(plumb, deck, config.view.focal_px or focal_of(info))


def focal_of(info: SourceInfo) -> float | None:
    """The focal length, px, of a camera whose lens is fixed; None where any lens may be on it."""
    for model, view_deg in LENSES.items():
        if info.kind == "camera" and f"({model})" in info.path.replace("_noir", ""):
            return max(info.width_px, info.height_px) / 2 / float(np.tan(np.radians(view_deg) / 2))
    return None


def points(text: str | None, option: str) -> Line | None:
    """A line from `X1,Y1,X2,Y2`. Raises UsageError for anything else."""
    if text is None:
        return None
    try:
        x0, y0, x1, y1 = (float(part) for part in text.split(","))
    except ValueError:
        raise UsageError(f"{option} {text!r} is not {FOUR}", "", f"say for example {option} 120,900,620,905") from None
    if not np.isfinite([x0, y0, x1, y1]).all() or np.hypot(x1 - x0, y1 - y0) < 10:
        raise UsageError(f"the points of {option} are nearly the same", "", "name two points far apart")
    return ordered(x0, y0, x1, y1)


def _inside(plumb: Line | None, deck: Line | None, info: SourceInfo) -> None:
    for line, option in ((plumb, "--plumb"), (deck, "--deck")):
        if line is not None:
            fits = 0 <= min(line.x0, line.x1) <= max(line.x0, line.x1) <= info.width_px
            fits = fits and 0 <= min(line.y0, line.y1) <= max(line.y0, line.y1) <= info.height_px
            if not fits:
                where = f"the picture has {info.width_px}x{info.height_px} pixels"
                raise UsageError(f"{option} points outside the picture", "", f"{where}: name points in it")


def _ruler(order: Order, config: Config) -> Ruler:
    distance_m = order.distance_m or config.deck.distance_m
    return Ruler(
        order.deck_length_m or config.deck.length_m,
        order.deck_width_m or config.deck.width_m,
        distance_m or config.camera.focus_m,
        distance_m is not None,
    )


# --- looking ------------------------------------------------------------------------------------------------------


def _source(order: Order, config: Config) -> FrameSource | PoseSource:
    path = Path(order.source_text)
    if order.source_text != PICAMERA and is_picture(path):
        return StillSource(path)
    return open_source(order.source_text, config, SystemClock())


def watch(source: FrameSource, config: Config, seconds: float) -> Watched:
    """Looks for that long: the middle value of each pixel is the scene, whoever moves in front of it."""
    estimator = open_estimator(config.pose)
    greys: list[NDArray[np.uint8]] = []
    poses: list[Pose] = []
    grey_due_ns = 0
    try:
        for frame in _frames(source, seconds + (WARM_S if source.info.kind == "camera" else 0.0)):
            if not poses or frame.t_ns - poses[-1].t_ns >= POSE_EVERY_S * NS:
                poses.append(estimator.estimate(frame))
                if frame.t_ns >= grey_due_ns and len(greys) < GREYS:
                    greys.append(np.asarray(cv2.cvtColor(frame.image, cv2.COLOR_RGB2GRAY), np.uint8))
                    grey_due_ns = frame.t_ns + round(GREY_EVERY_S * NS)
    finally:
        estimator.close()
    if not greys:
        raise InputError("delivered no picture", source.info.path, "check the camera with `station doctor`")
    if source.info.kind == "camera":
        greys = greys[min(len(greys) - 1, int(WARM_S / GREY_EVERY_S)) :]
    still = greys[0] if len(greys) == 1 else np.median(np.stack(greys), axis=0).astype(np.uint8)
    return Watched(source.info, still, greys, poses)


def _frames(source: FrameSource, seconds: float) -> Iterator[Frame]:
    first_ns, silent = None, 0
    while silent < 3:
        try:
            frame = source.read(READ_TIMEOUT_S)
        except EndOfSource:
            return
        if frame is None:
            silent += 1
            continue
        first_ns = frame.t_ns if first_ns is None else first_ns
        if frame.t_ns - first_ns > seconds * NS:
            return
        yield frame


def direction_of(watched: Watched) -> Side | None:
    """The way that whoever was seen faces, by the station's own core."""
    core = GaitCore(View(watched.info.width_px, watched.info.height_px))
    for pose in watched.poses:
        core.step(pose)
    return core.side


# --- telling ------------------------------------------------------------------------------------------------------


def looked_at(watched: Watched, config: Config, lines: Sequence[Line], deck: Deck) -> list[Check]:
    """Light first, then whether the picture is sharp, upright and large enough."""
    turned = config.camera.turned_deg if watched.info.kind == "camera" else None
    height_px, width_px = watched.still.shape
    upright = framing.upright(watched.poses, turned)
    if upright.state == "cannot_tell":  # an empty belt is how it should be done
        upright = Check("upright", "ok", f"{upright.evidence}; the running station goes on looking")
    return [
        framing.light(watched.greys),
        framing.focus(watched.still, lines),
        upright,
        framing.room(deck.reach, watched.poses, width_px, height_px),
    ]


def measured(deck: Deck, ruler: Ruler, direction: Side | None, told: bool) -> list[Check]:
    """Every number with what it stands on, or why there is none and what to do."""
    place, n = deck.place, (len(deck.place.plumb), len(deck.place.deck))
    basis = f"{n[0]} plumb lines and {n[1]} along the belt"
    hang = "hang a plumb line beside the treadmill and calibrate again, or name its ends with --plumb"
    mark = "lay a folding rule along the near rail and name its ends: --deck X1,Y1,X2,Y2 --deck-length-m LENGTH"
    edge = deck.edge
    where = "no deck edge" if edge is None else f"edge from {edge.x0:.0f},{edge.y0:.0f} to {edge.x1:.0f},{edge.y1:.0f}"
    distance = f"{ruler.distance_m:.2f} m away" + ("" if ruler.distance_told else " (a guess: measure it, --distance-m)")
    width = "" if ruler.width_m or deck.by_lens else "; deck width guessed (--deck-width-m)"
    by = "the lens" if deck.by_lens else where
    scale = _finding("scale", deck.px_per_m, "px per m at the mid-line", f"{by}, {distance}{width}", mark)
    if deck.px_per_m.measured and not _plausible(deck, ruler):
        told_m = f"the picture says {deck.distance_m:.2f} m to the mid-line, you {ruler.distance_m:.2f} m"
        scale = Check(
            "scale", "bad", f"{scale.evidence}; {told_m}", "check the length, and that the edge drawn is the one measured"
        )
    facing = "given" if told else "from the runner"
    return [
        _finding("roll", place.roll, "deg clockwise", basis, hang),
        _finding("azimuth", place.azimuth, "deg (right end farther: +)", basis, "tell the deck's length and the distance"),
        scale,
        Check("direction", "ok", f"{direction} ({facing})")
        if direction
        else Check(
            "direction", "cannot_tell", "nobody was seen", "let somebody run a few seconds, or say --direction left|right"
        ),
        Check("zone", "ok", " ".join(f"{value:.2f}" for value in deck.zone) + " of the picture")
        if deck.zone
        else Check("zone", "cannot_tell", "it needs the scale; the whole picture is used", mark),
    ]


def _plausible(deck: Deck, ruler: Ruler) -> bool:
    """A lens that was told and a distance that was told must agree within what two tape measures can err."""
    return not ruler.distance_told or not np.isfinite(deck.distance_m) or abs(deck.distance_m / ruler.distance_m - 1) < 0.08


def _finding(part: str, value: Measure, unit: str, basis: str, remedy: str) -> Check:
    if not value.measured:
        return Check(part, "cannot_tell", f"{value.reason} ({basis})", remedy)
    digits = 0 if abs(value.value) >= 100 else 1
    half = (value.high - value.low) / 2
    return Check(part, "ok", f"{value.value:.{digits}f} +/- {half:.1f} {unit}, from {basis}")


def calibration_of(watched: Watched, config: Config, deck: Deck, direction: Side | None) -> Calibration:
    """What is kept. The azimuth's sign needs the direction: + is a camera moved towards the treadmill's rear."""
    now = moment.now()
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


def _write_picture(order: Order, watched: Watched, deck: Deck) -> None:
    if order.picture is None:
        return
    if watched.people is not None:
        raise UsageError("no picture is written: somebody is in it", str(order.picture), "step out of the picture and repeat")
    if not cv2.imwrite(str(order.picture), draw(watched.still, deck)):
        raise StationError("cannot be written", str(order.picture), "name a .png file in a folder that can be written to")


def _tell(order: Order, findings: Sequence[Check], calibration: Calibration, path: Path | None) -> None:
    if order.json_to is not None:
        kept = {"taken": asdict(calibration.taken), "view": calibration.view(), "file": str(path) if path else None}
        found = [asdict(finding) for finding in findings]
        document = {"schema": "station.calibrate/1", "version": __version__, "findings": found, **kept}
        write_output(order.json_to, json_bytes(document))
        return
    print_checks(findings)
    if path is not None:
        click.echo(f"kept in {path}")
