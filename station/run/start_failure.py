"""A station that cannot start says why on its screen and its status LED before it gives up.

Only as a service: nobody reads the log of a box in a gym, while whoever types `station run` gets
the message and the exit code at once. It ends all the same, and systemd starts it again.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from station.config import Config
from station.errors import CameraLost, HardwareError, StationError
from station.ports import Clock
from station.present.lights import Lights, open_lights
from station.present.pins import open_pin_factory
from station.present.screen.window import Screen
from station.run.health import as_a_service, notify
from station.types import NS, Gait, Mode, Snapshot, Station

if TYPE_CHECKING:
    from collections.abc import Iterator

# Six starts in five minutes: fewer than station.service allows, so it tries for ever.
SHOWN_S = 45.0
STEP_S = 0.05  # chosen


@contextmanager
def shown_when_it_fails(config: Config, clock: Clock, headless: bool) -> Iterator[None]:
    """Shows a StationError of the block, for SHOWN_S when run as a service, and raises it again.

    Not the loss of a camera that has worked: there a start comes first, and only if that fails
    there is something to tell.
    """
    try:
        yield
    except CameraLost:
        raise
    except StationError as error:
        if as_a_service():
            show(error, config, clock, headless)
        raise


def show(error: StationError, config: Config, clock: Clock, headless: bool, seconds: float = SHOWN_S) -> None:
    """Message and remedy on the page for trouble and the LED's sign for it, for so long."""
    notify(f"STATUS={error}")
    station = Station(healthy=False, trouble=(error.trouble,))
    with ExitStack() as opened:
        lights = _lights(config)
        if lights is not None:
            opened.callback(lights.close)
            lights.show_status("trouble")
        screen = None if headless or not config.screen.enabled else Screen(config.screen, config.station.language, patient=True)
        if screen is not None:
            opened.callback(screen.close)
        end_ns = clock.now_ns() + round(seconds * NS)
        while (now := clock.now_ns()) < end_ns:
            notify("WATCHDOG=1")
            if lights is not None:
                lights.tick(now)
            if screen is not None and not screen.show(Snapshot(now, Mode.IDLE, 0.0, 0.0, Gait(now), station=station)):
                return
            clock.sleep(STEP_S)


def _lights(config: Config) -> Lights | None:
    if not (config.light.enabled and "status" in config.pins.fitted):
        return None
    try:
        return open_lights(config, open_pin_factory(config.pins))
    except HardwareError:
        return None
