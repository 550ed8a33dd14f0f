"""Loudspeaker, lights, buzzer and button: opened as far as they are there, with what they need to know besides cues."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from station.config import Config
from station.errors import HardwareError, StoreError
from station.ports import Clock, CueSink
from station.present.buzzer import Buzzer
from station.present.lights import Lights, open_lights
from station.present.pins import PressButton, open_pin_factory
from station.present.sound import Speaker, open_speaker
from station.present.voices import all_lines
from station.run.slots import Inbox
from station.types import Press, Snapshot

if TYPE_CHECKING:
    from gpiozero.pins import Factory

log = logging.getLogger("station")
Part = TypeVar("Part")
Watcher = Callable[[Snapshot], None]


@dataclass
class Openings:
    """Opens parts that a session can do without: one that is missing is said once and shown all the time.

    `trouble` is (what, remedy) of each; `undo` closes what the running station does not close by itself.
    """

    trouble: list[tuple[str, str]] = field(default_factory=list)
    undo: ExitStack = field(default_factory=ExitStack)

    def try_open(self, open_part: Callable[[], Part]) -> Part | None:
        try:
            return open_part()
        except (HardwareError, StoreError) as error:
            log.warning("going on without it: %s", error)
            self.note(f"{error.where}: {error.what}" if error.where else error.what, error.remedy)
            return None

    def note(self, what: str, remedy: str) -> None:
        self.trouble.append((what, remedy))


def open_sinks(config: Config, clock: Clock, presses: Inbox[Press], openings: Openings) -> list[CueSink]:
    """Everything that can tell the runner something, and the button. Raises InputError for damaged voice lines."""
    sinks: list[CueSink | None] = []
    if config.sound.enabled:
        speaker = openings.try_open(lambda: open_speaker(config.sound, config.station.language))
        sinks.append(speaker)
        missing = speaker.missing(list(all_lines())) if speaker else ()
        if missing:
            openings.note(f"no voice line for {', '.join(missing)}: a chime only", "install the station again")
    if config.light.enabled and config.pins.fitted:
        factory = openings.try_open(lambda: open_pin_factory(config.pins))
        if factory is not None:
            sinks += _on_pins(config, clock, presses, openings, factory)
    return [sink for sink in sinks if sink is not None]


def _on_pins(config: Config, clock: Clock, presses: Inbox[Press], openings: Openings, factory: Factory) -> list[CueSink | None]:
    lights = openings.try_open(lambda: open_lights(config, factory))
    if lights is not None:
        lights.show_status("starting")
        lights.start_self_test()
    sinks: list[CueSink | None] = [lights]
    if "buzzer" in config.pins.fitted:
        sinks.append(openings.try_open(lambda: Buzzer(config.pins.buzzer, factory)))
    if "button" in config.pins.fitted:

        def post(press: Press) -> None:
            presses.put(press)

        button = openings.try_open(lambda: PressButton(config.pins.button, factory, clock, post))
        if button is not None:
            openings.undo.callback(button.close)  # it works only as long as somebody keeps it
    return sinks


def watchers(sinks: list[CueSink]) -> list[Watcher]:
    """What loudspeaker and lights need besides cues: the cadence to beat, and the state that the status LED shows."""
    watching: list[Watcher] = []
    for sink in sinks:
        if isinstance(sink, Speaker):
            watching.append(partial(_aim_beat, sink))
        elif isinstance(sink, Lights):
            watching.append(partial(_show_status, sink))
    return watching


def _aim_beat(speaker: Speaker, snapshot: Snapshot) -> None:
    speaker.aim_cadence(snapshot.aim_cadence_spm)


def _show_status(lights: Lights, snapshot: Snapshot) -> None:
    station = snapshot.station
    lights.show_status("trouble" if station.trouble else "writing" if station.stick == "writing" else "ready")
