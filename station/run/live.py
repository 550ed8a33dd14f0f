"""The running station: capture -> think -> present, one thread each, joined by slots and inboxes.

    capture thread            think thread                          main thread (SDL wants the display there)
    source -> LatestSlot ---> pose model -> coach -> keeper    +--> LatestSlot(Snapshot) -> screen
    sensors, buttons -> Inbox ---------------^                 +--> Inbox(Cue) -> present thread: sound, lights
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from station.coach import Coach
from station.errors import StationError
from station.ports import Clock, CueSink, Display, EndOfSource, Estimator, FrameSource, PoseSource, Sensor
from station.run.health import Heartbeats, notify
from station.run.slots import Inbox, LatestSlot
from station.types import NS, Activity, Cue, Frame, Input, Mode, Pose, Press, Snapshot, Station, Step, Tick

log = logging.getLogger("station")

READ_TIMEOUT_S = 1.0
TICK_S = 0.25  # without a picture the coach still learns that time passes
PRESENT_S = 0.02  # how often light patterns move on
FRESH_S = {"capture": 5.0, "think": 5.0, "present": 5.0}
THUMBNAIL_PX = 320
EMPTY_BELT_S = 60.0  # after that long with nobody there, the next runner gets a coach that has forgotten everything
AGES_KEPT = 100_000


class Keeper(Protocol):
    """Takes every input with what it led to. `begin` opens a session that counts only once somebody runs."""

    def begin(self) -> None: ...

    def add(self, given: Input, step: Step) -> None: ...

    def finish(self) -> None: ...

    def close(self) -> None: ...

    def trouble(self) -> tuple[tuple[str, str], ...]: ...


class NoKeeper:
    """Keeps nothing: the demo leaves no trace."""

    def begin(self) -> None: ...

    def add(self, given: Input, step: Step) -> None: ...

    def finish(self) -> None: ...

    def close(self) -> None: ...

    def trouble(self) -> tuple[tuple[str, str], ...]:
        return ()


@dataclass
class Parts:
    """What a station is made of. `estimator` is None when the source delivers poses."""

    source: FrameSource | PoseSource
    estimator: Estimator | None
    new_coach: Callable[[], Coach]
    clock: Clock
    keeper: Keeper
    sinks: Sequence[CueSink] = ()
    display: Display | None = None
    sensors: Sequence[Sensor] = ()
    presses: Inbox[Press] | None = None
    station: Callable[[], Station] = Station
    seconds: float | None = None  # stop after that long


@dataclass
class RunReport:
    """What happened, for the closing line and the exit code."""

    poses: int = 0
    frames_replaced: int = 0
    sessions: int = 0
    cues: int = 0
    frame_age_ms: tuple[float, float] = (float("nan"), float("nan"))  # median, 95th percentile when inference starts


class LiveStation:
    """Runs the parts until the source ends, the window closes, the time is up or `stop` is called.

    `run` raises what a worker raised: StationError as it is, anything else as the bug it is.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._stop = threading.Event()
        self._ended = threading.Event()
        self._latest: LatestSlot[tuple[Frame | Pose, int]] = LatestSlot()
        self._shown: LatestSlot[Snapshot] = LatestSlot()
        self._cues: Inbox[Cue] = Inbox(64)
        self._hearts = Heartbeats(parts.clock, FRESH_S)
        self._failure: tuple[str, BaseException] | None = None
        self._off: tuple[tuple[str, str], ...] = ()  # sinks that failed on the way
        self._ages_ms: list[float] = []
        self.report = RunReport()

    def stop(self) -> None:
        self._stop.set()

    def run(self) -> RunReport:
        workers = [
            threading.Thread(target=self._guard, args=(name, work), name=name, daemon=True)
            for name, work in (("capture", self._capture), ("think", self._think), ("present", self._present))
        ]
        with _entered(self._parts.source):
            for worker in workers:
                worker.start()
            try:
                self._show()
            finally:
                self._stop.set()
                for worker in workers:
                    worker.join(timeout=10)
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
            self._failure = self._failure or (name, error)
            self._stop.set()

    def _capture(self) -> None:
        source, clock = self._parts.source, self._parts.clock
        while not self._stop.is_set():
            try:
                item = source.read(READ_TIMEOUT_S)
            except EndOfSource:
                self._ended.set()
                return
            self._hearts.beat("capture")
            if item is not None:
                self._latest.put((item, clock.now_ns()))

    def _think(self) -> None:
        coach = self._parts.new_coach()
        self._parts.keeper.begin()
        memory = _Memory()
        while not self._stop.is_set():
            arrived = self._latest.take(TICK_S)
            self._hearts.beat("think")
            if arrived is None and self._ended.is_set():
                self._stop.set()
                break
            frame, given = self._input(arrived, memory)
            for one in (*self._readings(given.t_ns), given):
                step = coach.step(one)
                self._parts.keeper.add(one, step)
                self._publish(step, frame)
            if memory.session_is_over(step):
                self.report.sessions += memory.had_session
                self._parts.keeper.finish()
                coach, memory = self._parts.new_coach(), _Memory(memory.last_t_ns, memory.last_now_ns)
                self._parts.keeper.begin()
        self.report.sessions += memory.had_session
        self._parts.keeper.finish()

    def _present(self) -> None:
        sinks = list(self._parts.sinks)
        while not self._stop.is_set():
            cue = self._cues.take(PRESENT_S)
            for sink in tuple(sinks):
                try:
                    if cue is not None:
                        sink.present(cue)
                    sink.tick(self._parts.clock.now_ns())
                except StationError as error:
                    sinks.remove(sink)
                    self._off += ((str(error.what), error.remedy),)
                    log.warning("going on without it: %s", error)
            self._hearts.beat("present")

    def _show(self) -> None:
        """The main thread: the screen, systemd's watchdog, the time limit."""
        parts = self._parts
        end_ns = None if parts.seconds is None else parts.clock.now_ns() + round(parts.seconds * NS)
        ready = False
        while not self._stop.is_set():
            snapshot = self._shown.take(0.1)
            if snapshot is not None and not ready:
                ready = True
                notify("READY=1")
            if snapshot is not None and parts.display is not None and not parts.display.show(snapshot):
                return
            stale = self._hearts.stale()
            if stale:
                notify(f"STATUS=silent: {', '.join(stale)}")
            elif ready:
                notify("WATCHDOG=1")
            if end_ns is not None and parts.clock.now_ns() >= end_ns:
                return

    # --- one step ---

    def _input(self, arrived: tuple[Frame | Pose, int] | None, memory: _Memory) -> tuple[Frame | None, Pose | Tick]:
        now = self._parts.clock.now_ns()
        if arrived is None:
            return None, Tick(memory.now_in_source_time(now))
        item, arrival_ns = arrived
        if len(self._ages_ms) < AGES_KEPT:
            self._ages_ms.append((now - arrival_ns) / 1e6)
        memory.saw(item.t_ns, arrival_ns)
        self.report.poses += 1
        if isinstance(item, Pose):
            return None, item
        if self._parts.estimator is None:
            raise TypeError("a source of pictures needs a pose estimator")
        return item, self._parts.estimator.estimate(item)

    def _readings(self, t_ns: int) -> tuple[Input, ...]:
        readings: list[Input] = [reading for sensor in self._parts.sensors for reading in sensor.poll(t_ns)]
        if self._parts.presses is not None:
            readings += [replace(press, t_ns=t_ns) for press in self._parts.presses.drain()]
        return tuple(readings)

    def _publish(self, step: Step, frame: Frame | None) -> None:
        for cue in step.cues:
            self.report.cues += cue.action == "start"
            log.info("%8.2f s  %s %s: %s", cue.t_ns / NS, cue.action, cue.rule or "station", cue.text)
            self._cues.put(cue)
        station = self._parts.station()
        trouble = (*station.trouble, *self._parts.keeper.trouble(), *self._off)
        picture = _thumbnail(frame) if frame is not None and step.mode is Mode.FRAMING else None
        station = replace(station, trouble=trouble, healthy=station.healthy and not trouble, thumbnail=picture)
        self._shown.put(replace(step.snapshot, station=station))

    def _conclude(self) -> None:
        self.report.frames_replaced = self._latest.replaced
        if self._ages_ms:
            median, late = np.percentile(self._ages_ms, [50, 95])
            self.report.frame_age_ms = (float(median), float(late))

    def _close(self) -> None:
        closers = [*self._parts.sinks, *self._parts.sensors, self._parts.keeper]
        closers += [part for part in (self._parts.estimator, self._parts.display) if part is not None]
        for part in closers:
            try:
                part.close()
            except StationError as error:
                log.warning("while closing: %s", error)


class _Memory:
    """What the think thread remembers between inputs: source time against the clock, and whether there was a session."""

    def __init__(self, last_t_ns: int = 0, last_now_ns: int | None = None) -> None:
        self.last_t_ns, self.last_now_ns = last_t_ns, last_now_ns
        self.had_session = False
        self._nobody_since_ns: int | None = None
        self._was_done = False

    def saw(self, t_ns: int, now_ns: int) -> None:
        self.last_t_ns, self.last_now_ns = t_ns, now_ns

    def now_in_source_time(self, now_ns: int) -> int:
        """Source time goes on at the clock's pace while no picture comes."""
        if self.last_now_ns is None:
            self.last_now_ns = now_ns
        return self.last_t_ns + max(0, now_ns - self.last_now_ns)

    def session_is_over(self, step: Step) -> bool:
        """True when this coach may be replaced: its session is done and shown, or the belt was empty for a minute."""
        if step.mode not in (Mode.IDLE, Mode.FRAMING, Mode.DRILL, Mode.CONTRAST):
            self.had_session = True
        done = self._was_done and step.mode is not Mode.DONE
        self._was_done = step.mode is Mode.DONE
        if step.mode is not Mode.IDLE or step.gait.activity is not Activity.ABSENT:
            self._nobody_since_ns = None
            return done
        if self._nobody_since_ns is None:
            self._nobody_since_ns = step.t_ns
        return done or step.t_ns - self._nobody_since_ns > EMPTY_BELT_S * NS


def _entered(source: FrameSource | PoseSource) -> AbstractContextManager[object]:
    return source


def _thumbnail(frame: Frame) -> np.ndarray:
    """Every k-th pixel, at most THUMBNAIL_PX on the longer side: enough to see whether the runner stands in the picture."""
    height, width, _ = frame.image.shape
    step = max(1, -(-max(height, width) // THUMBNAIL_PX))
    return np.ascontiguousarray(frame.image[::step, ::step])
