"""`station analyze`: the live station's core over a recording, every frame, as fast as it goes."""

from __future__ import annotations

import contextlib
import math
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import click

from station import wall_clock
from station.coach import Coach
from station.config import Config, load
from station.errors import HardwareError, InputError, NothingFound, StationError, UsageError
from station.export.analysis_json import analysis_json
from station.export.bundle import ON_REQUEST, missing, write_all
from station.files import json_bytes, write_output
from station.gait import CORE_VERSION
from station.ports import EndOfSource, FrameSource, PoseSource
from station.pose.estimator import TrackingEstimator
from station.record.collect import Collector
from station.run.clock import SystemClock
from station.run.film_doubts import ENOUGH_S, speed_doubt, too_short, turned_deg_of, without_times
from station.run.hidden_leg import HiddenLeg
from station.run.inlet import CoreInput, Inlet
from station.run.overlay import FILM, Overlay
from station.run.pipeline import Pipeline, begun
from station.run.text_table import summary_table
from station.run.wiring import LIVE_KINDS, estimator_for, given_speed, mark_finder_for, pelvis_model_for, plan_of, view_of
from station.sense.film_date import film_date
from station.sense.film_reading import FilmReading
from station.sense.open import open_source
from station.types import NS, Frame, Pose, Recording, Side, SourceInfo

READ_TIMEOUT_S = 1.0  # chosen
LIVE_S = 60.0  # how long a camera is watched unless said otherwise
# Frames that each stage may be ahead; chosen: a frame of 4K takes 25 MB, and some ten are in memory
# at once.
AHEAD = 2
Progress = Callable[[float], None]  # is given the seconds of recording that were worked through


@dataclass(frozen=True)
class Options:
    """What the command line asks for."""

    source_text: str
    config_file: Path | None = None
    speed_kmh: float | None = None
    direction: str | None = None
    json_to: str | None = None
    out_dir: Path | None = None
    opensim: bool = False  # those files too, whatever the settings say
    overlay: bool = False
    coached: bool = False
    reading: FilmReading = field(default_factory=FilmReading)
    seconds: float | None = None


@dataclass
class Stopwatch:
    """CPU-independent wall time per stage, for the `timing` of the result."""

    spent_s: dict[str, float] = field(default_factory=dict)

    @contextlib.contextmanager
    def stage(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self.spent_s[name] = self.spent_s.get(name, 0.0) + time.perf_counter() - start


def run_analysis(options: Options) -> None:
    """Analyse and write what was asked for. What was measured before a file breaks off is written,
    then the break is reported.

    Raises NothingFound when nobody could be measured, InputError for an unreadable file,
    UsageError, ConfigError, ModelError.
    """
    for option, given in (("--overlay", options.overlay), ("--opensim", options.opensim)):
        if given and options.out_dir is None:
            raise UsageError(f"{option} needs a place to write to", "", "add --out DIR")
    config = load(options.config_file)
    recording, problem = analyse_file(options, config)
    doubt = speed_doubt(recording)
    if doubt:
        recording = without_times(recording, doubt)
    short = too_short(recording)
    if short:
        recording = replace(recording, notes=(*recording.notes, short))
    _write(recording, options, config)
    cadence = recording.summary.get("cadence_spm")
    if recording.source.kind == "video" and not (cadence and cadence.measured) and problem is None:
        turn = turned_deg_of(options.source_text, config, options.reading)
        if turn:
            way = {90: "90 degrees clockwise", 180: "180 degrees", 270: "90 degrees counter-clockwise"}[turn]
            remedy = f"turn the film by {way}: --turn {(turn + options.reading.turned_deg) % 360}"
            raise NothingFound("the film lies on its side or upside down", options.source_text, remedy)
    if recording.tracked_fraction == 0:
        remedy = "film one person from the side, head to foot, as large as fits"
        raise NothingFound("no runner found", options.source_text, remedy)
    if problem is not None:
        raise StationError(f"{problem.what}; what came before it was analysed", problem.where, problem.remedy)
    if doubt:
        raise StationError(doubt, options.source_text, "say how many frames a second the camera took: --fps")
    if short:
        remedy = f"film {ENOUGH_S:.0f} s of running or more; of slow motion that many times longer"
        raise NothingFound(short, options.source_text, remedy)
    if recording.running_fraction == 0:
        remedy = "angles were written; rules need running. If it is slow motion, say the camera's rate with --fps"
        raise NothingFound("somebody is there, but nobody runs", options.source_text, remedy)


def analyse_file(options: Options, config: Config) -> tuple[Recording, StationError | None]:
    """The recording, and the error that ended it early, if one did. Ctrl-C ends it in order.

    Raises InputError, or HardwareError of a camera, when nothing came before it.
    """
    watch = Stopwatch()
    problem: StationError | None = None
    start = time.perf_counter()
    with open_source(options.source_text, config, SystemClock(), reading=options.reading) as source:
        info, (date, date_notes) = source.info, _date(options.source_text, config, source.info.kind in LIVE_KINDS)
        view = view_of(config, source, cast("Side | None", options.direction))
        turn_reader, turn_bands = pelvis_model_for(config, info, view.direction)
        estimator = estimator_for(config, info, film=True)
        errors = estimator.model.errors if estimator else ()
        coach = Coach(view, plan_of(config, analysis=not options.coached), errors, turn_bands)
        collector = Collector(info, estimator.model if estimator else None, view, keep_poses=options.out_dir is not None)
        finder = mark_finder_for(config, info)
        overlays, hidden = _overlays(options, info, estimator is not None), HiddenLeg()
        with contextlib.ExitStack() as stack:
            if estimator:
                stack.callback(estimator.close)
            for overlay in overlays:
                stack.enter_context(overlay)
            progress = stack.enter_context(_progress(info.duration_s))
            for reading in given_speed(config, options.speed_kmh):
                collector.add(reading, coach.step(reading))
            inlet = Inlet(estimator, finder, stage=watch.stage, turn_reader=turn_reader)
            # Four stages that overlap: decoding, the pose model (two frames at once), what is found
            # where the runner is, and here core and files. Each keeps the order.
            line = stack.enter_context(Pipeline())
            frames = line.ahead(_items(source, watch, options.seconds), AHEAD, "decode")
            posed = line.ahead(_posed(frames, inlet, estimator), AHEAD, "pose")
            try:
                for given, frame in line.ahead(_inputs(posed, inlet), AHEAD, "find"):
                    with watch.stage("core"):
                        step = coach.step(given)
                    with watch.stage("record"):
                        collector.add(given, step)
                    if frame is not None and isinstance(given, Pose):
                        hidden.add(frame, given, step)
                        for overlay in overlays:
                            overlay.add(frame, given, step)
                    progress(given.t_ns / NS)
            except (InputError, HardwareError) as error:
                problem = error
            except KeyboardInterrupt:
                click.echo("stopped; what was seen so far is written", err=True)
        problem = problem or _passed_over(source, inlet, options.source_text)
        notes = (*getattr(source, "notes", ()), *date_notes, *hidden.notes)
        for note in notes:
            click.echo(f"note: {options.source_text}: {note}", err=True)
        if problem is not None and collector.poses == 0:
            raise problem
        wall_s = time.perf_counter() - start
        notes += (problem.what,) if problem is not None else ()
        return collector.recording(timing=_timing(watch, wall_s, collector.poses), notes=notes, **date), problem


def _date(source_text: str, config: Config, live: bool) -> tuple[dict[str, Any], tuple[str, ...]]:
    """When the recording was made, as parts of Recording, and what is to be noted of it.

    A film is dated by itself or by its file, never by the day of its analysis.
    """
    now, zone = wall_clock.now(), wall_clock.zone_name(config.station.time_zone)
    if live:
        return {"started_utc": now.utc, "clock_trusted": now.trusted, "time_zone": zone}, ()
    latest = wall_clock.utc_time(now.utc)
    found = film_date(Path(source_text), latest if latest.year >= wall_clock.BUILT_YEAR else None)
    if found is None:
        return {"time_zone": zone}, ("no date that can be true is in it, and its file has none either",)
    when, origin = found
    date = {"started_utc": wall_clock.utc_text(when), "date_from": origin, "time_zone": zone}
    clock = f"{wall_clock.local(date['started_utc'], zone):%Y-%m-%d %H:%M} {zone}"
    note = f"no date is in it: dated by its file, which was last changed on {clock}"
    return date, (note,) if origin == "file" else ()


def _overlays(options: Options, info: SourceInfo, has_frames: bool) -> tuple[Overlay, ...]:
    """The one that was asked for, if it was.

    Raises UsageError where there is nothing to draw on, or nothing to write a film with.
    """
    if not options.overlay or options.out_dir is None:
        return ()
    if not has_frames:
        raise UsageError("--overlay draws on frames, and this file holds landmarks only", options.source_text, "leave it out")
    return (Overlay(options.out_dir, info),)


def _items(source: FrameSource | PoseSource, watch: Stopwatch, seconds: float | None) -> Iterator[Frame | Pose]:
    """The source's items, their times from the first one on; a camera has no end of its own."""
    live = source.info.kind in LIVE_KINDS
    end_s = seconds or (LIVE_S if live else math.inf)
    first_ns: int | None = None
    while True:
        with watch.stage("decode"):
            try:
                item = source.read(READ_TIMEOUT_S)
            except EndOfSource:
                return
        if item is None:
            continue
        first_ns = first_ns if first_ns is not None else item.t_ns if live else 0
        item = replace(item, t_ns=item.t_ns - first_ns) if first_ns else item
        if item.t_ns > end_s * NS:
            return
        yield item


def _posed(
    items: Iterator[Frame | Pose], inlet: Inlet, estimator: TrackingEstimator | None
) -> Iterator[tuple[Frame | Pose, Pose]]:
    def begin(item: Frame | Pose) -> Callable[[], Pose] | None:
        return estimator.start(item) if estimator and isinstance(item, Frame) else None

    for item, ending in begun(items, begin, estimator.at_once if estimator else 1):
        pose = inlet.pose(item, ending)
        if pose is not None:
            yield item, pose


def _inputs(posed: Iterator[tuple[Frame | Pose, Pose]], inlet: Inlet) -> Iterator[tuple[CoreInput, Frame | None]]:
    for item, pose in posed:
        frame = item if isinstance(item, Frame) else None
        for given in inlet.found(item, pose):
            yield given, frame


def _passed_over(source: FrameSource | PoseSource, inlet: Inlet, where: str) -> InputError | None:
    """What was wrong with frames that were left out: damage, or the pose model failed on them."""
    problems = getattr(source, "problems", ())
    if problems:
        return InputError(str(problems[0]), where, "copy or convert the file again")
    if inlet.skipped:
        what = f"{inlet.skipped} frames could not be judged: the pose model failed on them"
        return InputError(what, where, "see the lines above")
    return None


def _timing(watch: Stopwatch, wall_s: float, poses: int) -> dict[str, float]:
    timing = {"wall_s": wall_s, "frames_per_s": poses / wall_s if wall_s > 0 else 0.0}
    return timing | {f"stage_ms.{name}": 1e3 * spent / max(1, poses) for name, spent in watch.spent_s.items()}


@contextlib.contextmanager
def _progress(duration_s: float) -> Iterator[Progress]:
    """A bar on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty() or not duration_s > 0:
        yield lambda done_s: None
        return
    with click.progressbar(length=round(duration_s * 1000), label="analysing", width=0, file=sys.stderr) as bar:
        yield lambda done_s: bar.update(max(0, round(done_s * 1000) - bar.pos))


def _write(recording: Recording, options: Options, config: Config) -> None:
    """A dated recording keeps the date of its own end: the same film gives the same bytes."""
    end_utc = wall_clock.later(recording.started_utc, recording.source.duration_s) if recording.dated else wall_clock.now().utc
    if options.out_dir is not None:
        opensim = options.opensim or config.record.opensim
        beside, language = (FILM,) if options.overlay else (), config.station.language
        for path in write_all(recording, options.out_dir, beside, CORE_VERSION, end_utc, opensim, language=language):
            click.echo(f"wrote {path}", err=True)
        for words in (*missing(recording, opensim).values(), *(() if opensim else (ON_REQUEST,))):
            click.echo(f"note: {words}", err=True)
    if options.json_to is not None:
        write_output(options.json_to, json_bytes(analysis_json(recording, CORE_VERSION, end_utc)))
    if options.json_to != "-":
        click.echo(summary_table(recording))
