"""How many sessions the runner's stick carries, as a sensor."""

from __future__ import annotations

from pathlib import Path

from station.types import NS, Reading
from station.usb.status import FOLDER, read_status

EVERY_NS = 10 * NS  # chosen: each coach hears of it before anybody has run for long


class StickSessions:
    """A ports.Sensor over what the exporter tells of the stick; silent without one."""

    channels: tuple[str, ...] = ("earlier_sessions",)

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder
        self._next_ns: int | None = None

    def poll(self, t_ns: int) -> tuple[Reading, ...]:
        if self._next_ns is not None and t_ns < self._next_ns:
            return ()
        self._next_ns = t_ns + EVERY_NS
        earlier = read_status(self._folder).earlier
        return () if earlier is None else (Reading(t_ns, self.channels[0], float(earlier)),)

    def close(self) -> None:
        """Nothing is held open."""
