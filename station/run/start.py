"""`station run`: open what the settings ask for, say what is off, coach until stopped."""

from __future__ import annotations

import contextlib
import logging
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from station.calibrate.calibration import in_force
from station.calibrate.watch import PlaceWatch
from station.coach import Coach
from station.config import Config, LightSection
from station.errors import HardwareError, NothingFound
from station.faults import RULES
from station.gait import CORE_VERSION
from station.ports import Clock, Store
from station.present.screen.window import Screen
from station.provision import Provision, provision
from station.record.log import LogHeader
from station.record.store import SqliteStore
from station.record.writer import Writer
from station.run.boot_check import BootCheck
from station.run.clock import SystemClock
from station.run.health import as_a_service, notify
from station.run.live import LiveStation
from station.run.outputs import Header, OptionalParts, open_button, open_presenters, open_watch
from station.run.restarts import Restarts
from station.run.single_instance import only_one
from station.run.slots import Inbox
from station.run.spoken import speaking
from station.run.start_failure import show, shown_when_it_fails
from station.run.station_parts import NoStore, RunReport, StationParts
from station.run.station_state import StationState
from station.run.stick_sessions import StickSessions
from station.run.wiring import LIVE_KINDS, estimator_for, given_speed, mark_finder_for, pelvis_model_for, plan_of, view_of
from station.sense.film_reading import FilmReading
from station.sense.frame_watch import FrameWatch
from station.sense.open import PICAMERA, open_source
from station.sense.treadmill import Treadmill
from station.types import Press, SourceInfo

log = logging.getLogger("station")

# Of settings that say nothing: nobody knows what the pins are wired to.
UNREADABLE = Config(light=LightSection(enabled=False))


@dataclass(frozen=True)
class Options:
    """What the command line asks for."""

    config_file: Path | None = None
    source_text: str = PICAMERA
    headless: bool = False
    speed_kmh: float | None = None
    reading: FilmReading = field(default_factory=FilmReading)


def run_station(options: Options) -> None:
    """Coaches until stopped, or until a file ends.

    Raises UsageError (another station runs already), HardwareError (no camera, or nothing to tell
    the runner with), NothingFound (a file in which nobody ran), InputError, ConfigError,
    ModelError.
    """
    clock = SystemClock()
    with shown_when_it_fails(UNREADABLE, clock, options.headless):
        provided = provision(options.config_file)
    with speaking(provided.config.station.language):
        _run(options, provided, clock)


def _run(options: Options, provided: Provision, clock: Clock) -> None:
    restarts = Restarts(clock)
    said = shown_when_it_fails(provided.config, clock, options.headless)
    with only_one(provided.config), restarts.counted(), said, provided.starting():
        if restarts.rest_s:
            notify("READY=1")  # or systemd takes the rest for a start that hangs
            show(restarts.error, provided.config, clock, options.headless, restarts.rest_s)
        report = _coach(options, provided, clock, restarts)
    log.info(closing_line(report))
    if options.source_text != PICAMERA and report.sessions == 0:
        raise NothingFound("nobody ran: no session, no cue", options.source_text, "film one runner from the side, head to foot")


def _coach(options: Options, provided: Provision, clock: Clock, restarts: Restarts) -> RunReport:
    config, optional = provided.config, OptionalParts([*provided.trouble])
    plan = plan_of(config)
    with open_source(options.source_text, config, clock, realtime=True, reading=options.reading) as source, optional.undo:
        presses: Inbox[Press] = Inbox(8)
        header = Header(config)
        presenters = open_presenters(config, clock, header, optional)
        open_button(config, clock, header, presses, optional)
        # By a person who may end it; in a gym a keyboard is not a switch.
        watched = options.source_text != PICAMERA
        screen = _screen(config, options.headless, watched, optional)
        if not watched and not any(one.works for one in presenters) and (screen is None or screen.trouble):
            remedy = "connect one of them; `station doctor` says what is missing"
            raise HardwareError("there is no light, no loudspeaker and no screen", "", remedy)
        presenters += open_watch(config, clock, optional)
        optional.trouble += [(rule.source, "") for rule in RULES if rule.broken]
        found = optional.try_open("the calibration", lambda: calibrated(config, source.info))
        config, place = found or (config, PlaceWatch(None, None))
        estimator = estimator_for(config, source.info)
        view, boot = view_of(config, source), BootCheck(config)
        pelvis = optional.try_open("the pelvis model", lambda: pelvis_model_for(config, source.info, view.direction))
        turn_reader, turn_bands = pelvis or (None, ())
        model = estimator.model if estimator else None

        def header_of_log() -> LogHeader:
            return LogHeader(source.info, model, place.corrected(view), plan.to_dict(), turn_bands=turn_bands)

        def recorder() -> Store:
            return Writer(SqliteStore(config.station.data_folder, config.record, CORE_VERSION), header_of_log)

        store = optional.try_open("a record", recorder)
        treadmills = _treadmills(config, source.info, clock)
        also = (restarts, boot, place, source, *treadmills)
        live = LiveStation(
            StationParts(
                source=source,
                estimator=estimator,
                new_coach=lambda: Coach(place.corrected(view), plan, model.errors if model else (), turn_bands),
                clock=clock,
                store=store or NoStore(),
                mark_finder=mark_finder_for(config, source.info),
                turn_reader=turn_reader,
                presenters=presenters,
                display=screen,
                presses=presses,
                frame_watch=FrameWatch() if source.info.kind in LIVE_KINDS else None,
                place_watch=place,
                sensors=(StickSessions(), *treadmills),
                given=given_speed(config, options.speed_kmh),
                ready=provided.started,
                station=StationState(tuple(optional.trouble), clock, config.record.input_log, screen, also),
            )
        )
        with stopped_by_signals(live):
            return live.run()


def _screen(config: Config, headless: bool, watched: bool, optional: OptionalParts) -> Screen | None:
    """None where none is wanted; closed again when what is opened after it fails."""
    if headless or not config.screen.enabled:
        return None
    screen = Screen(config.screen, config.station.language, patient=True, keys=watched)
    optional.undo.callback(screen.close)
    return screen


def _treadmills(config: Config, info: SourceInfo, clock: Clock) -> tuple[Treadmill, ...]:
    """The one that the settings name, beside a camera: a film has no treadmill."""
    wanted = config.treadmill.bluetooth
    return (Treadmill(wanted, clock),) if wanted and info.kind in LIVE_KINDS else ()


def calibrated(config: Config, info: SourceInfo) -> tuple[Config, PlaceWatch]:
    """The settings with what `station calibrate` measured, and the watch over it.

    Raises StoreError.
    """
    config, calibration = in_force(config, info)
    turned_deg = config.camera.turned_deg if info.kind == "camera" else None
    return config, PlaceWatch(calibration.scene if calibration else None, turned_deg)


@contextlib.contextmanager
def stopped_by_signals(live: LiveStation) -> Iterator[None]:
    """SIGTERM and SIGINT end the run in order, the second one at once.

    SIGHUP, which a bare display can draw, does nothing; as a service neither do the signals that a
    keyboard at the console can send: in a gym it is not a switch.
    """
    ignored = [signal.SIGHUP, *((signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP) if as_a_service() else ())]
    previous: dict[int, Any] = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, *ignored)}

    def stop(number: int, _: object) -> None:
        live.stop()
        signal.signal(number, previous[number])

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def closing_line(report: RunReport) -> str:
    median, late = report.frame_age_ms
    return (
        f"{report.poses} frames judged, {report.frames_replaced} passed over for newer ones, {report.frames_skipped} unusable, "
        f"{report.sessions} sessions, {report.cues} cues; frame age {median:.0f} ms (95 %: {late:.0f} ms)"
    )
