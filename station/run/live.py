"""The running station: capture -> think -> present, joined by slots and inboxes.

    capture thread            think thread                       main thread (SDL wants it)
    source -> LatestSlot ---> inlet -> coach -> store
    sensors, buttons -> Inbox ---------^  |
                                          +--> outlet -- snapshots ----> screen
                                                  |
                                                  +- cues, snapshots --> a thread each: sound, light

All times are the clock's: a camera's frames carry it anyway, and files that play in real time are
stamped like a camera's.

What may die without ending the coaching: loudspeaker, light and buzzer, which are opened again by
and by (presenter.py); sensors, the watches over the camera, the hip belt's finder and single frames
(tolerated.py); the display; the store. What ends it, for a restart by the service: the source, the
pose model, a bug in the coach.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import replace

from station.calibrate.scene import Drift
from station.errors import StationError
from station.ports import EndOfSource
from station.run.frame_ages import FrameAges
from station.run.health import Heartbeats, notify
from station.run.inlet import FrameWatch, Inlet
from station.run.outlet import Outlet
from station.run.slots import LatestSlot
from station.run.station_parts import RunReport, StationParts
from station.run.tolerated import Tolerated
from station.run.visit import Visit
from station.types import NS, Frame, Input, Pose, Tick, Troubles

log = logging.getLogger("station")

READ_TIMEOUT_S = 1.0  # chosen
# Chosen: a source that fails at once each time must not fail ten times in a millisecond.
AFTER_FAILURE_S = 0.1
TICK_S = 0.25  # without a frame the coach still learns that time passes
DRAW_S = 0.1  # chosen: the screen never waits longer
JOIN_S = 10.0  # what capture is given to end
FRESH_S = {"capture": 5.0, "think": 5.0}
FRAME_REMEDY = {
    "dark": "switch the light on, or aim the camera away from the window",
    "covered": "take away what is in front of the lens, and wipe it",
    "frozen": "switch the station off and on; then check the camera's ribbon cable",
}


class LiveStation:
    """Runs the parts until the source ends, the window closes, the time is up or `stop` is called.

    `run` raises what ended it: StationError as it is, anything else as the bug it is.
    """

    def __init__(self, parts: StationParts) -> None:
        self._parts, self._clock = parts, parts.clock
        self._stop = threading.Event()
        self._ended = threading.Event()
        self._failure: tuple[str, BaseException] | None = None
        self._hearts = Heartbeats(parts.clock, FRESH_S)
        self._latest: LatestSlot[Frame | Pose] = LatestSlot()
        self._ages = FrameAges()
        self._last_t_ns = -1
        self._frames_are = ""  # what is wrong with the frames, "" when nothing is
        remedy = "check the camera's ribbon cable, then switch the station off and on"
        self._read = Tolerated("the camera", parts.source.read, remedy, passing=(StationError, EndOfSource))
        self._polls = [Tolerated("a sensor", sensor.poll) for sensor in parts.sensors]
        self._inlet = Inlet(parts.estimator, parts.mark_finder, self._watches(), turn_reader=parts.turn_reader)
        self._outlet = Outlet(parts.presenters, parts.display, parts.station, self._trouble, parts.clock.now_ns())
        self.report = RunReport()

    def stop(self) -> None:
        self._stop.set()

    def run(self) -> RunReport:
        workers = [
            threading.Thread(target=self._guard, args=(name, work), name=name, daemon=True)
            for name, work in (("capture", self._capture), ("think", self._think))
        ]
        for worker in workers:
            worker.start()
        try:
            self._show()
        finally:
            self._stop.set()
            for worker in workers:
                # An inference that is still running when Python ends aborts the process, so that
                # one is waited for. A camera may never answer.
                worker.join(timeout=None if worker.name == "think" else JOIN_S)
            self._close()
        if self._failure is not None:
            name, error = self._failure
            log.error("%s stopped: %s", name, error)
            raise error
        self._conclude()
        return self.report

    # --- the threads ---

    def _guard(self, name: str, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:  # a worker must never die unnoticed: the main thread raises it again
            self._fail(name, error)

    def _fail(self, name: str, error: BaseException) -> None:
        self._failure = self._failure or (name, error)
        self._stop.set()

    def _capture(self) -> None:
        while not self._stop.is_set():
            failed_before = self._read.failed
            try:
                item = self._read(READ_TIMEOUT_S)
            except EndOfSource:
                self._ended.set()
                return
            if self._read.error is not None:
                raise self._read.error
            if self._read.failed > failed_before:
                self._clock.sleep(AFTER_FAILURE_S)
            self._hearts.beat("capture")
            if item is not None:
                self._latest.put(item)

    def _think(self) -> None:
        while not self._stop.is_set():
            self._coach_one_runner()

    def _coach_one_runner(self) -> None:
        """One coach's life, from an empty belt to the next."""
        coach, visit, drift = self._parts.new_coach(), Visit(), self._drift
        given = self._parts.given
        self._parts.store.begin()
        try:
            while not self._stop.is_set():
                arrived = self._latest.take(TICK_S)
                self._hearts.beat("think")
                if arrived is None and self._ended.is_set():
                    self._stop.set()
                    return
                frame, inputs = self._inputs(arrived)
                t_ns = inputs[-1].t_ns
                beforehand = (replace(reading, t_ns=t_ns) for reading in given)
                for one in (*beforehand, *self._readings(t_ns), *inputs):
                    step = coach.step(one)
                    self._parts.store.add(one, step)
                    self._outlet.publish(step, frame)
                given = ()
                if visit.is_over(step) or (visit.nobody_came and self._drift is not drift):
                    return
        finally:
            self.report.sessions += visit.somebody_ran
            self._parts.store.finish()

    def _show(self) -> None:
        """The main thread: the screen, systemd's watchdog, the time limit."""
        seconds = self._parts.seconds
        end_ns = None if seconds is None else self._clock.now_ns() + round(seconds * NS)
        ready = False
        while not self._stop.is_set():
            drawn = self._outlet.draw(DRAW_S)
            if drawn is False:
                return
            if drawn and not ready:
                ready = True
                notify("READY=1")
                self._parts.ready()
            stale = self._hearts.stale()
            if stale:
                notify(f"STATUS=silent: {', '.join(stale)}")
            elif ready:
                notify("WATCHDOG=1")
            if end_ns is not None and self._clock.now_ns() >= end_ns:
                return

    # --- one step ---

    def _inputs(self, arrived: Frame | Pose | None) -> tuple[Frame | None, tuple[Input, ...]]:
        """The frame and what the core gets for it.

        Without a frame, or for one that is skipped: that time passes.
        """
        now = self._clock.now_ns()
        # A frame from before the last tick says nothing new.
        if arrived is None or arrived.t_ns <= self._last_t_ns:
            self._last_t_ns = max(now, self._last_t_ns)
            return None, (Tick(self._last_t_ns),)
        self._last_t_ns = arrived.t_ns
        self._ages.add(now - arrived.t_ns)
        inputs = self._inlet.inputs(arrived)
        self.report.poses += bool(inputs)
        return arrived if isinstance(arrived, Frame) else None, inputs or (Tick(arrived.t_ns),)

    def _readings(self, t_ns: int) -> tuple[Input, ...]:
        readings: list[Input] = [reading for poll in self._polls for reading in poll(t_ns) or ()]
        if self._parts.presses is not None:
            readings += [replace(press, t_ns=t_ns) for press in self._parts.presses.drain()]
        return tuple(readings)

    def _watches(self) -> list[tuple[str, FrameWatch]]:
        """What looks at every frame besides the pose model."""
        frames, place = self._parts.frame_watch, self._parts.place_watch
        watches: list[tuple[str, FrameWatch]] = []
        if frames is not None:

            def judge(frame: Frame, _: Pose) -> None:
                self._frames_are = frames.step(frame)

            watches.append(("the watch over light and lens", judge))
        if place is not None:
            watches.append(("the watch over the camera's place", place.step))
        return watches

    @property
    def _drift(self) -> Drift | None:
        return self._parts.place_watch.drift if self._parts.place_watch is not None else None

    def _trouble(self) -> Troubles:
        """What is wrong now with what brings and keeps the inputs, as (what, remedy)."""
        polls = tuple(one for poll in self._polls for one in poll.trouble)
        unfit = ((f"the picture is {self._frames_are}", FRAME_REMEDY[self._frames_are]),) if self._frames_are else ()
        return (*self._parts.store.trouble, *self._inlet.trouble, *polls, *unfit)

    # --- the end ---

    def _close(self) -> None:
        """Closes every part, whatever one raises; a bug in the store is raised at the end."""
        parts = self._parts
        for presenter in parts.presenters:
            presenter.close()
        for part in (parts.store, *parts.sensors, parts.estimator, parts.display):
            try:
                if part is not None:
                    part.close()
            except StationError as error:
                log.warning("while closing: %s", error)
            except Exception as error:
                log.warning("%s cannot be closed", type(part).__name__, exc_info=error)
                if part is parts.store:
                    self._fail("store", error)

    def _conclude(self) -> None:
        report = self.report
        report.cues = self._outlet.cues
        report.frames_replaced, report.frames_skipped = self._latest.replaced, self._inlet.skipped
        report.frame_age_ms = (self._ages.percentile_ms(50), self._ages.percentile_ms(95))
        presses = self._parts.presses.refused if self._parts.presses is not None else 0
        for name, refused in (("cues", self._outlet.refused), ("presses of the button", presses)):
            if refused:
                log.warning("%d %s came faster than they could be taken and were dropped", refused, name)
