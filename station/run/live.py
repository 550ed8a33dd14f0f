"""The running station: capture -> think -> present, one thread each, joined by slots and inboxes.

    capture thread            think thread                          main thread (SDL wants the display there)
    source -> LatestSlot ---> pose model -> coach -> keeper    +--> LatestSlot(Snapshot) -> screen
    sensors, buttons -> Inbox ---------------^                 +--> Inbox(Cue) -> present thread: sound, lights

All times are the clock's: a camera's frames carry it anyway, and files that play in real time are stamped like a camera's.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from station.calibrate.scene import Drift
from station.calibrate.watch import PlaceWatch
from station.coach import Coach
from station.cues.lines import LINES
from station.errors import StationError
from station.ports import Clock, CueSink, Display, EndOfSource, Estimator, FrameSource, MarkFinder, PoseSource, Sensor
from station.run.health import Heartbeats, notify
from station.run.slots import Inbox, LatestSlot
from station.sense.picture import PictureWatch
from station.types import NS, Activity, Cue, Frame, Input, Marks, Mode, Pose, Press, Reading, Snapshot, Station, Step, Tick

log = logging.getLogger("station")

READ_TIMEOUT_S = 1.0
TICK_S = 0.25  # without a picture the coach still learns that time passes
PRESENT_S = 0.02  # how often light patterns move on
JOIN_S = 10.0  # what capture and present are given to end
FRESH_S = {"capture": 5.0, "think": 5.0, "present": 5.0}
THUMBNAIL_PX = 320
EMPTY_BELT_S = 60.0  # after that long with nobody there, the next runner gets a coach that has forgotten everything
AGES_KEPT = 100_000
STICK_DONE = "stick.done"
PICTURE_REMEDY = {
    "dark": "switch the light on, or aim the camera away from the window",
    "covered": "take away what is in front of the lens, and wipe it",
    "frozen": "switch the station off and on; then check the camera's ribbon cable",
}
BEFORE_RUNNING = (Mode.IDLE, Mode.FRAMING, Mode.DRILL, Mode.CONTRAST)


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
    """What a station is made of. `source` is entered already; `estimator` is None when it delivers poses."""

    source: FrameSource | PoseSource
    estimator: Estimator | None
    new_coach: Callable[[], Coach]
    clock: Clock
    keeper: Keeper
    mark_finder: MarkFinder | None = None
    sinks: Sequence[CueSink] = ()
    display: Display | None = None
    sensors: Sequence[Sensor] = ()
    presses: Inbox[Press] | None = None
    picture_watch: PictureWatch | None = None  # for cameras
    place_watch: PlaceWatch | None = None  # its verdict changes the view that `new_coach` takes
    told: tuple[Reading, ...] = ()  # what a person told beforehand, the first thing each coach hears
    watchers: Sequence[Callable[[Snapshot], None]] = ()  # see every snapshot in the think thread: must return at once
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
        self._latest: LatestSlot[Frame | Pose] = LatestSlot()
        self._shown: LatestSlot[Snapshot] = LatestSlot()
        self._cues: Inbox[Cue] = Inbox(64)
        self._hearts = Heartbeats(parts.clock, FRESH_S)
        self._failure: tuple[str, BaseException] | None = None
        self._off: tuple[tuple[str, str], ...] = ()  # sinks that failed on the way
        self._ages_ms: list[float] = []
        self._last_t_ns = -1
        self._picture = ""  # what is wrong with it, "" when nothing is
        self._stick = "none"
        self._start_ns = parts.clock.now_ns()
        self.report = RunReport()

    def stop(self) -> None:
        self._stop.set()

    def run(self) -> RunReport:
        workers = [
            threading.Thread(target=self._guard, args=(name, work), name=name, daemon=True)
            for name, work in (("capture", self._capture), ("think", self._think), ("present", self._present))
        ]
        for worker in workers:
            worker.start()
        try:
            self._show()
        finally:
            self._stop.set()
            for worker in workers:
                # An inference that is still running when Python ends aborts the process, so that one is waited for. A camera
                # or a sound card may never answer.
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
            self._failure = self._failure or (name, error)
            self._stop.set()

    def _capture(self) -> None:
        source = self._parts.source
        while not self._stop.is_set():
            try:
                item = source.read(READ_TIMEOUT_S)
            except EndOfSource:
                self._ended.set()
                return
            self._hearts.beat("capture")
            if item is not None:
                self._latest.put(item)

    def _think(self) -> None:
        while not self._stop.is_set():
            self._coach_one_runner()

    def _coach_one_runner(self) -> None:
        """One coach's life: from an empty belt to the end of a session, or to the next empty belt."""
        coach, life, drift = self._parts.new_coach(), _Life(), self._drift
        told = self._parts.told
        self._parts.keeper.begin()
        try:
            while not self._stop.is_set():
                arrived = self._latest.take(TICK_S)
                self._hearts.beat("think")
                if arrived is None and self._ended.is_set():
                    self._stop.set()
                    return
                frame, given = self._input(arrived)
                said = (replace(reading, t_ns=given.t_ns) for reading in told)
                for one in (*said, *self._readings(given.t_ns), *self._marks(frame, given), given):
                    step = coach.step(one)
                    self._parts.keeper.add(one, step)
                    self._publish(step, frame)
                told = ()
                if life.is_over(step) or (life.nobody_came and self._drift is not drift):
                    return
        finally:
            self.report.sessions += life.had_session
            self._parts.keeper.finish()

    @property
    def _drift(self) -> Drift | None:
        return self._parts.place_watch.drift if self._parts.place_watch is not None else None

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

    def _input(self, arrived: Frame | Pose | None) -> tuple[Frame | None, Pose | Tick]:
        now = self._parts.clock.now_ns()
        if arrived is None or arrived.t_ns <= self._last_t_ns:  # a picture from before the last tick says nothing new
            self._last_t_ns = max(now, self._last_t_ns)
            return None, Tick(self._last_t_ns)
        self._last_t_ns = arrived.t_ns
        if len(self._ages_ms) < AGES_KEPT:
            self._ages_ms.append((now - arrived.t_ns) / 1e6)
        self.report.poses += 1
        if isinstance(arrived, Pose):
            return None, arrived
        if self._parts.estimator is None:
            raise TypeError("a source of pictures needs a pose estimator")
        if self._parts.picture_watch is not None:
            self._picture = self._parts.picture_watch.step(arrived)
        pose = self._parts.estimator.estimate(arrived)
        if self._parts.place_watch is not None:
            self._parts.place_watch.step(arrived, pose)
        return arrived, pose

    def _readings(self, t_ns: int) -> tuple[Input, ...]:
        readings: list[Input] = [reading for sensor in self._parts.sensors for reading in sensor.poll(t_ns)]
        if self._parts.presses is not None:
            readings += [replace(press, t_ns=t_ns) for press in self._parts.presses.drain()]
        return tuple(readings)

    def _marks(self, frame: Frame | None, given: Pose | Tick) -> tuple[Marks, ...]:
        finder = self._parts.mark_finder
        if finder is None or frame is None or not isinstance(given, Pose):
            return ()
        found = finder.find(frame, given)
        return () if found is None else (found,)

    def _publish(self, step: Step, frame: Frame | None) -> None:
        for cue in step.cues:
            self.report.cues += cue.action == "start"
            log.info("%8.2f s  %s %s: %s", (cue.t_ns - self._start_ns) / NS, cue.action, cue.rule or "station", cue.text)
            self._cues.put(cue)
        station = self._parts.station()
        self._tell_of_stick(step.t_ns, station.stick)
        trouble = (*station.trouble, *self._parts.keeper.trouble(), *self._off)
        if self._picture:
            trouble = (*trouble, (f"the picture is {self._picture}", PICTURE_REMEDY[self._picture]))
        picture = _thumbnail(frame) if frame is not None and step.mode is Mode.FRAMING else None
        station = replace(station, trouble=trouble, healthy=station.healthy and not trouble, thumbnail=picture)
        snapshot = replace(step.snapshot, station=station)
        for watch in self._parts.watchers:
            watch(snapshot)
        self._shown.put(snapshot)

    def _tell_of_stick(self, t_ns: int, stick: str) -> None:
        if stick == "done" and self._stick != "done":
            self._cues.put(Cue(t_ns, 0, STICK_DONE, "", "start", ("audio",), LINES[STICK_DONE].screen))
        self._stick = stick

    def _conclude(self) -> None:
        self.report.frames_replaced = self._latest.replaced
        for name, inbox in (("cues", self._cues), ("presses of the button", self._parts.presses)):
            if inbox is not None and inbox.refused:
                log.warning("%d %s came faster than they could be taken and were dropped", inbox.refused, name)
        if self._ages_ms:
            median, late = np.percentile(self._ages_ms, [50, 95])
            self.report.frame_age_ms = (float(median), float(late))

    def _close(self) -> None:
        parts = self._parts
        for part in (*parts.sinks, *parts.sensors, parts.keeper, parts.estimator, parts.display):
            try:
                if part is not None:
                    part.close()
            except StationError as error:
                log.warning("while closing: %s", error)


class _Life:
    """What the think thread remembers of one coach's life: whether there was a session, and since when the belt is empty."""

    def __init__(self) -> None:
        self.had_session = False
        self._nobody_since_ns: int | None = None
        self._was_done = False

    @property
    def nobody_came(self) -> bool:
        """True while the belt is empty and no session has begun: another coach is as good."""
        return self._nobody_since_ns is not None and not self.had_session

    def is_over(self, step: Step) -> bool:
        """True when this coach may be replaced: its session is done and shown, or the belt was empty for a minute."""
        if step.mode not in BEFORE_RUNNING:
            self.had_session = True
        done = self._was_done and step.mode is not Mode.DONE
        self._was_done = step.mode is Mode.DONE
        if step.mode is not Mode.IDLE or step.gait.activity is not Activity.ABSENT:
            self._nobody_since_ns = None
            return done
        if self._nobody_since_ns is None:
            self._nobody_since_ns = step.t_ns
        return done or step.t_ns - self._nobody_since_ns > EMPTY_BELT_S * NS


def _thumbnail(frame: Frame) -> np.ndarray:
    """Every k-th pixel, at most THUMBNAIL_PX on the longer side: enough to see whether the runner stands in the picture."""
    height, width, _ = frame.image.shape
    step = max(1, -(-max(height, width) // THUMBNAIL_PX))
    return np.ascontiguousarray(frame.image[::step, ::step])
