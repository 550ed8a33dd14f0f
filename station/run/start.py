"""`station run`: open what the settings ask for, say what is off, coach until stopped."""

from __future__ import annotations

import contextlib
import logging
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from station.coach import Coach
from station.config import Config, load
from station.cues.plan import Plan
from station.errors import HardwareError, NothingFound, StoreError
from station.gait import CORE_VERSION
from station.ports import Clock, CueSink, Estimator, FrameSource, PoseSource
from station.present.lights import Lights, open_lights
from station.present.pins import PressButton, open_pin_factory
from station.present.screen.window import Screen
from station.present.sound import Speaker, open_speaker
from station.record.store import SqliteStore
from station.record.writer import Description, Writer
from station.run.clock import SystemClock
from station.run.live import Keeper, LiveStation, NoKeeper, Parts, RunReport
from station.run.slots import Inbox
from station.run.state import StationState
from station.run.wiring import estimator_for, plan_of, told_speed, view_of
from station.sense.open import PICAMERA, open_source
from station.types import NAN, Press, Snapshot

log = logging.getLogger("station")
Part = TypeVar("Part")


@dataclass
class Openings:
    """Opens parts that a session can do without: one that is missing is said once and shown all the time."""

    trouble: list[tuple[str, str]] = field(default_factory=list)

    def try_open(self, open_part: Callable[[], Part]) -> Part | None:
        try:
            return open_part()
        except (HardwareError, StoreError) as error:
            log.warning("going on without it: %s", error)
            self.trouble.append((f"{error.where}: {error.what}" if error.where else error.what, error.remedy))
            return None


def run_station(config_file: Path | None, source_text: str, headless: bool, speed_kmh: float | None) -> None:
    """Coaches until stopped, or until a file ends.

    Raises HardwareError (no camera, or nothing to tell the runner with), NothingFound (a file in which nobody ran),
    InputError, ConfigError, ModelError.
    """
    config, clock = load(config_file), SystemClock()
    with open_source(source_text, config, clock, realtime=True) as source:
        openings = Openings()
        presses: Inbox[Press] = Inbox(8)
        sinks = open_sinks(config, clock, presses, openings)
        display = None if headless or not config.screen.enabled else Screen(config.screen, patient=True)
        if source_text == PICAMERA and not sinks and (display is None or display.trouble):
            raise HardwareError(
                "there is no light, no loudspeaker and no screen",
                "",
                "connect one of them; `station doctor` says what is missing",
            )
        plan = plan_of(config)
        estimator = estimator_for(config, source.info)
        keeper = openings.try_open(lambda: open_keeper(config, source, estimator, plan)) or NoKeeper()
        view = view_of(config, source.info, px_per_m=getattr(source, "px_per_m", None))
        state = StationState(tuple(openings.trouble), clock, config.usb.status_path, config.record.input_log, display)
        parts = Parts(
            source=source,
            estimator=estimator,
            new_coach=lambda: Coach(view, plan),
            clock=clock,
            keeper=keeper,
            sinks=sinks,
            watchers=watchers(sinks),
            display=display,
            presses=presses,
            told=told_speed(config, speed_kmh),
            station=state,
        )
        live = LiveStation(parts)
        with stopped_by_signals(live):
            report = live.run()
    log.info(closing_line(report))
    if source_text != PICAMERA and report.sessions == 0:
        raise NothingFound("nobody ran: no session, no cue", source_text, "film one runner from the side, head to foot")


def open_sinks(config: Config, clock: Clock, presses: Inbox[Press], openings: Openings) -> list[CueSink]:
    """The loudspeaker, and the lights and the button on real pins, as far as they are there."""
    sinks: list[CueSink | None] = []
    if config.sound.enabled:
        sinks.append(openings.try_open(lambda: open_speaker(config.sound, config.station.language)))
    if config.light.enabled and config.pins.fitted:
        factory = openings.try_open(lambda: open_pin_factory(config.pins))
        if factory is not None:
            sinks.append(openings.try_open(lambda: open_lights(config, factory)))
            if "button" in config.pins.fitted:
                openings.try_open(lambda: PressButton(config.pins.button, factory, clock, lambda press: _post(presses, press)))
    return [sink for sink in sinks if sink is not None]


def watchers(sinks: Sequence[CueSink]) -> list[Callable[[Snapshot], None]]:
    """What loudspeaker and lights need besides cues: the cadence to beat, and the state that the status LED shows."""
    watching: list[Callable[[Snapshot], None]] = []
    for sink in sinks:
        if isinstance(sink, Speaker):
            watching.append(partial(_aim_beat, sink))
        elif isinstance(sink, Lights):
            watching.append(partial(_show_status, sink))
    return watching


def _aim_beat(speaker: Speaker, snapshot: Snapshot) -> None:
    band = snapshot.bands.get("cadence_spm")
    speaker.aim_cadence(band.low if band is not None else NAN)


def _show_status(lights: Lights, snapshot: Snapshot) -> None:
    station = snapshot.station
    lights.show_status("trouble" if station.trouble else "writing" if station.stick == "writing" else "ready")


def _post(presses: Inbox[Press], press: Press) -> None:
    presses.put(press)


def open_keeper(config: Config, source: FrameSource | PoseSource, estimator: Estimator | None, plan: Plan) -> Keeper:
    store = SqliteStore(config.station.data_dir, config.record, CORE_VERSION)
    view = view_of(config, source.info, px_per_m=getattr(source, "px_per_m", None))
    return Writer(store, lambda: Description(source.info, estimator.model if estimator else None, view, plan.to_dict()))


@contextlib.contextmanager
def stopped_by_signals(live: LiveStation) -> Iterator[None]:
    """SIGTERM and SIGINT end the run in order; SIGHUP, which a display on a bare terminal can draw, does nothing."""
    previous = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    signal.signal(signal.SIGTERM, lambda *_: live.stop())
    signal.signal(signal.SIGINT, lambda *_: live.stop())
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def closing_line(report: RunReport) -> str:
    median, late = report.frame_age_ms
    return (
        f"{report.poses} pictures judged, {report.frames_replaced} passed over for newer ones, "
        f"{report.sessions} sessions, {report.cues} cues; picture age {median:.0f} ms (95 %: {late:.0f} ms)"
    )
