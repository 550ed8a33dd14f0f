"""What the screen says of the station itself: what is off, what is kept, the stick."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from station.ports import Clock
from station.present.screen.window import Screen
from station.types import NS, Station, Troubles
from station.usb.status import FOLDER, read_status

STICK_EVERY_NS = NS


class StationState:
    """Call it for the present state.

    `off`: parts that were missing at the start, as (what, remedy); `also`: parts
    that are asked for their `trouble` every time, as far as they have one.
    """

    def __init__(
        self,
        off: Troubles,
        clock: Clock,
        recording: bool,
        screen: Screen | None,
        also: Sequence[object] = (),
        stick_folder: Path = FOLDER,
    ) -> None:
        self._off, self._clock, self._stick_folder, self._recording, self._screen = off, clock, stick_folder, recording, screen
        self._also = also
        self._looked_ns: int | None = None
        self._stick = read_status(stick_folder)

    def __call__(self) -> Station:
        now = self._clock.now_ns()
        if self._looked_ns is None or now - self._looked_ns >= STICK_EVERY_NS:
            self._looked_ns, self._stick = now, read_status(self._stick_folder)
        off = self._off
        if self._screen is not None and self._screen.trouble:
            off = (*off, (self._screen.trouble, ""))
        if self._stick.state == "refused":
            off = (*off, (self._stick.text, "correct station.toml on the stick and put it in again; until then nothing changes"))
        off = (*off, *(one for part in self._also for one in getattr(part, "trouble", ())))
        return Station(
            healthy=not off, trouble=off, recording=self._recording, stick=self._stick.state, stick_text=self._stick.text
        )
