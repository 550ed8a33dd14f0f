"""The optional buzzer: one short tone per spoken cue, for a station without a loudspeaker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from station.present.pins import claiming, let_go
from station.types import NS, Cue, Snapshot

if TYPE_CHECKING:
    from gpiozero.pins import Factory

TONE_S = 0.15  # chosen


class Buzzer:
    """CueSink over an active buzzer: TONE_S from the tick after a cue, none for its end."""

    def __init__(self, pin: int, factory: Factory) -> None:
        """Raises HardwareError when the pin is held by another program."""
        from gpiozero import LED  # gpiozero's own Buzzer is the same pin with a thread for beeping

        with claiming("buzzer", pin):
            self._buzzer = LED(pin, pin_factory=factory)
        self._due = False
        self._until_ns: int | None = None

    def present(self, cue: Cue) -> None:
        self._due |= cue.action != "stop" and "audio" in cue.channels

    def see(self, snapshot: Snapshot) -> None: ...

    def tick(self, t_ns: int) -> None:
        if self._due:
            self._due, self._until_ns = False, t_ns + round(TONE_S * NS)
            self._buzzer.on()
        elif self._until_ns is not None and t_ns >= self._until_ns:
            self._until_ns = None
            self._buzzer.off()

    def close(self) -> None:
        """Silent, pin released. May be called twice."""
        let_go(self._buzzer)
