"""From a step of the coach to loudspeaker, light and screen."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from station.cues.lines import LINES
from station.ports import Display
from station.run.presenter import Presenter
from station.run.slots import LatestSlot
from station.run.tolerated import described
from station.types import NS, Cue, Frame, Mode, Snapshot, Station, Step, Troubles

log = logging.getLogger("station")

THUMBNAIL_PX = 320  # chosen
STICK_DONE = "stick.done"


class Outlet:
    """`publish` from the thread that thinks, `draw` from the one that owns the display. Neither
    raises nor waits for a device.

    `station` and `trouble` are asked at every step: what is wrong goes with the snapshot to whoever
    can show it.
    """

    def __init__(
        self,
        presenters: Sequence[Presenter],
        display: Display | None,
        station: Callable[[], Station],
        trouble: Callable[[], Troubles],
        start_ns: int,
    ) -> None:
        self._presenters, self._display = presenters, display
        self._station, self._other_trouble = station, trouble
        self._start_ns = start_ns
        self._display_trouble: Troubles = ()
        self._stick = "none"
        self._shown: LatestSlot[Snapshot] = LatestSlot()
        self.cues = 0

    @property
    def refused(self) -> int:
        """Cues that came faster than a presenter could take them."""
        return sum(presenter.refused for presenter in self._presenters)

    def publish(self, step: Step, frame: Frame | None) -> None:
        for cue in step.cues:
            self.cues += cue.action == "start"
            log.info("%8.2f s  %s %s: %s", (cue.t_ns - self._start_ns) / NS, cue.action, cue.rule or "station", cue.text)
            self._give(cue)
        station = self._station()
        self._report_stick(step.t_ns, station.stick)
        trouble = (*station.trouble, *self._trouble())
        thumbnail = _thumbnail(frame) if frame is not None and step.mode is Mode.FRAMING else None
        station = replace(station, trouble=trouble, healthy=station.healthy and not trouble, thumbnail=thumbnail)
        self._show(replace(step.snapshot, station=station))

    def draw(self, timeout_s: float) -> bool | None:
        """Draws the next snapshot: None when none came in time, False once the window is closed."""
        snapshot = self._shown.take(timeout_s)
        if snapshot is None or self._display is None:
            return None if snapshot is None else True
        try:
            return self._display.show(snapshot)
        except Exception as error:  # the cues go on: the screen is the one part that may be missing
            log.warning("going on without the screen", exc_info=error)
            self._display, self._display_trouble = None, ((f"the screen failed ({described(error)})", "restart the station"),)
            return True

    def _show(self, snapshot: Snapshot) -> None:
        for presenter in self._presenters:
            presenter.show(snapshot)
        self._shown.put(snapshot)

    def _give(self, cue: Cue) -> None:
        for presenter in self._presenters:
            presenter.give(cue)

    def _trouble(self) -> Troubles:
        dead = tuple(trouble for presenter in self._presenters if (trouble := presenter.trouble))
        return (*dead, *self._display_trouble, *self._other_trouble())

    def _report_stick(self, t_ns: int, stick: str) -> None:
        if stick == "done" and self._stick != "done":
            self._give(Cue(t_ns, 0, STICK_DONE, "", "start", ("audio",), LINES[STICK_DONE].screen))
        self._stick = stick


def _thumbnail(frame: Frame) -> np.ndarray:
    """Every k-th pixel, THUMBNAIL_PX at most: enough to see where the runner stands."""
    height, width, _ = frame.image.shape
    step = max(1, -(-max(height, width) // THUMBNAIL_PX))
    return np.ascontiguousarray(frame.image[::step, ::step])
