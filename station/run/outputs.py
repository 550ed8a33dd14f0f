"""Loudspeaker, lights, buzzer and button, each of which may be missing, come and go."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from station.config import Config
from station.errors import StationError
from station.ports import Clock, CueSink
from station.present.buzzer import Buzzer
from station.present.lights import open_lights
from station.present.pins import PressButton, open_pin_factory
from station.present.sound import open_speaker
from station.present.voices import Voices, all_lines, load_voices
from station.present.watch import Watch
from station.run.presenter import Presenter
from station.run.slots import Inbox
from station.run.tolerated import described
from station.types import Press

if TYPE_CHECKING:
    from gpiozero.pins import Factory

log = logging.getLogger("station")
Part = TypeVar("Part")


@dataclass
class OptionalParts:
    """Opens parts that a session can do without: one that is missing is said once and shown all the
    time.

    `trouble` is (what, remedy) of each; `undo` closes what the running station does not close by
    itself.
    """

    trouble: list[tuple[str, str]] = field(default_factory=list)
    undo: ExitStack = field(default_factory=ExitStack)

    def presenter(self, name: str, open_sink: Callable[[], CueSink], clock: Clock) -> Presenter:
        """Closed when something that is opened later fails; closing twice does no harm."""
        presenter = Presenter(name, open_sink, clock)
        self.undo.callback(presenter.close)
        return presenter

    def try_open(self, name: str, open_part: Callable[[], Part]) -> Part | None:
        try:
            return open_part()
        except StationError as error:
            log.warning("going on without %s: %s", name, error)
            self.trouble.append(error.trouble)
        except Exception as error:  # a part that can be missing is never a reason not to coach
            log.warning("going on without %s", name, exc_info=error)
            self.trouble.append((f"{name} cannot be used ({described(error)})", "restart the station and keep its system log"))
        return None


class Header:
    """The pin factory that lights, buzzer and button share: gpiozero keeps one table of pins a
    process. Opened when first asked for; raises HardwareError each time until that succeeds.
    """

    def __init__(self, config: Config) -> None:
        self._pins = config.pins
        self._lock = threading.Lock()
        self._factory: Factory | None = None

    def __call__(self) -> Factory:
        with self._lock:
            if self._factory is None:
                self._factory = open_pin_factory(self._pins)
            return self._factory


def open_presenters(config: Config, clock: Clock, header: Header, optional: OptionalParts) -> list[Presenter]:
    """Everything that can show the runner a cue, there or not."""
    presenters = []
    if config.sound.enabled:
        language = config.station.language
        loaded = optional.try_open("the voice", lambda: load_voices(language))
        voices = loaded or Voices(language, {}, {})  # a chime is better than silence
        missing = [text_id for text_id in all_lines() if text_id not in voices.lines]
        if missing and loaded and loaded.lines:
            optional.trouble.append((f"no voice line for {', '.join(missing)}: a chime only", "install the station again"))
        presenters.append(optional.presenter("loudspeaker", lambda: open_speaker(config.sound, voices), clock))
    if config.light.enabled and {"light", "status"} & config.pins.fitted:
        presenters.append(optional.presenter("light", lambda: _lights(config, header()), clock))
    if config.light.enabled and "buzzer" in config.pins.fitted:
        presenters.append(optional.presenter("buzzer", lambda: Buzzer(config.pins.buzzer, header()), clock))
    return presenters


def open_watch(config: Config, clock: Clock, optional: OptionalParts) -> list[Presenter]:
    """What hands on cadence and speed, where the settings ask for it. It tells the runner no cue,
    so a station with nothing else does not start.
    """
    if not config.watch.enabled:
        return []
    return [optional.presenter("Bluetooth service", lambda: Watch(config.station.name), clock)]


def _lights(config: Config, factory: Factory) -> CueSink:
    lights = open_lights(config, factory)
    lights.show_status("starting")
    lights.start_self_test()
    return lights


def open_button(config: Config, clock: Clock, header: Header, presses: Inbox[Press], optional: OptionalParts) -> None:
    """The button beside the treadmill, where one is fitted; its presses go to `presses`."""
    if not (config.light.enabled and "button" in config.pins.fitted):
        return

    button = optional.try_open("the button", lambda: PressButton(config.pins.button, header(), clock, presses.put))
    if button is not None:
        optional.undo.callback(button.close)  # it works only as long as somebody keeps it
