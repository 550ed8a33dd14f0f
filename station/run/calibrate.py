"""`station calibrate`: how the camera stands to the treadmill, found once and kept."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, cast

import click
import cv2

from station import __version__
from station.calibrate import framing
from station.calibrate.calibration import Calibration, Taken, ViewFound, calibration_of, path_of, save
from station.calibrate.deck import Deck, Ruler, deck_of
from station.calibrate.drawing import draw
from station.calibrate.findings import looked_at, measured
from station.calibrate.given import known_of, points
from station.calibrate.lines import find_lines
from station.calibrate.watched import Watched, watch
from station.check import Check
from station.config import Config
from station.errors import InputError, StationError, StoreError
from station.export.documents import PUBLISHED
from station.files import json_bytes, write_output
from station.gait.core import GaitCore
from station.ports import FrameSource, PoseSource
from station.pose.estimator import open_estimator
from station.provision import provision
from station.run.check_list import not_ok, print_checks
from station.run.clock import SystemClock
from station.run.single_instance import only_one
from station.run.wiring import POSE_KINDS
from station.sense.open import PICAMERA, open_source
from station.sense.picture_file import is_picture
from station.sense.still import StillSource
from station.types import Side, View


@dataclass(frozen=True)
class Options:
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


@PUBLISHED
@dataclass(frozen=True)
class Calibrated:
    """What `station calibrate` found, and the file that keeps it (None: not kept)."""

    schema: Literal["station.calibrate/1"]
    version: str
    findings: list[Check]
    taken: Taken
    view: ViewFound
    file: str | None


def run_calibration(options: Options) -> None:
    """Looks, says, keeps. Raises StationError for what is not in order, InputError, UsageError."""
    config = provision(options.config_file).config
    given_lines, ruler = (points(options.plumb, "--plumb"), points(options.deck, "--deck")), _ruler(options, config)
    with contextlib.ExitStack() as stack:
        if options.source_text == PICAMERA:
            stack.enter_context(only_one(config))
        source = _source(options, config)
        stack.enter_context(source)
        if source.info.kind in POSE_KINDS:
            raise InputError("has no frames, only landmarks", options.source_text, "name a photograph or a video file")
        known = known_of(*given_lines, config.view.focal_px, source.info)
        watched = watch(cast("FrameSource", source), open_estimator(config.pose), options.seconds)
    lines = find_lines(watched.still)
    deck = deck_of(watched.still, lines, known, ruler)
    given = cast("Side | None", options.direction) or config.view.direction
    direction = given or direction_of(watched)
    findings = [*looked_at(watched, config, lines, deck), *measured(deck, ruler, direction, given is not None)]
    calibration = calibration_of(watched, config, deck, direction)
    path = None if framing.blind(watched.still) else path_of(config, watched.info.kind)
    if path is not None:
        save(path, calibration)
    _tell(options, findings, calibration, path)
    wrong = not_ok(findings)
    if path is None:
        raise StationError("nothing was kept: there is nothing to be seen", options.source_text, findings[0].remedy)
    undrawn = _write_picture(options, watched, deck)
    if undrawn is not None:
        raise undrawn
    if wrong:
        raise StationError(f"kept, but not in order: {wrong}", "", "follow the remedies above, then calibrate again")


def _ruler(options: Options, config: Config) -> Ruler:
    distance_m = options.distance_m or config.deck.distance_m
    return Ruler(
        options.deck_length_m or config.deck.length_m,
        options.deck_width_m or config.deck.width_m,
        distance_m or config.camera.focus_m,
        distance_m is not None,
    )


def _source(options: Options, config: Config) -> FrameSource | PoseSource:
    path = Path(options.source_text)
    if options.source_text != PICAMERA and is_picture(path):
        return StillSource(path)
    return open_source(options.source_text, config, SystemClock())


def direction_of(watched: Watched) -> Side | None:
    """The way that whoever was seen faces, by the station's own core."""
    core = GaitCore(View(watched.info.width_px, watched.info.height_px))
    for pose in watched.poses:
        core.step(pose)
    return core.side


def _write_picture(options: Options, watched: Watched, deck: Deck) -> StationError | None:
    """Why the picture that was asked for was not written; the calibration is kept all the same."""
    if options.picture is None:
        return None
    if watched.people is not None:
        what = "kept, but no picture is written: somebody is in it"
        return StationError(what, str(options.picture), "step out of the picture and repeat")
    drawn, png = cv2.imencode(options.picture.suffix or ".png", draw(watched.still, deck))
    if not drawn:
        return StationError("kept, but the picture cannot be drawn", str(options.picture), "name a .png file")
    try:
        write_output(options.picture, png.tobytes())
    except StoreError as error:
        return error
    return None


def _tell(options: Options, findings: Sequence[Check], calibration: Calibration, path: Path | None) -> None:
    if options.json_to is not None:
        kept = (calibration.taken, calibration.view(), str(path) if path else None)
        found = Calibrated("station.calibrate/1", __version__, list(findings), *kept)
        write_output(options.json_to, json_bytes(asdict(found)))
        return
    print_checks(findings)
    if path is not None:
        click.echo(f"kept in {path}")
