"""The threads of the running station: what is handed on, what stops it, what it survives."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from station.errors import HardwareError, StationError
from station.ports import EndOfSource
from station.run.clock import SystemClock
from station.run.live import LiveStation
from station.run.presenter import Presenter
from station.run.slots import Inbox
from station.run.station_parts import NoStore, StationParts
from station.testing.synthetic import RunnerSpec, SyntheticRunner
from station.types import (
    NS,
    Activity,
    Cue,
    Frame,
    Gait,
    Input,
    Mode,
    ModelInfo,
    Pose,
    Press,
    Reading,
    Snapshot,
    SourceInfo,
    Station,
    Step,
    Tick,
)


class InStep:
    """A source that hands out the next item only when the coach has taken the one before: nothing
    is passed over.
    """

    info = SourceInfo("in step", "synthetic", 640, 480)

    def __init__(self, items: list[Any]) -> None:
        self._items = iter(items)
        self.taken = threading.Semaphore(1)

    def read(self, timeout_s: float) -> Any:
        if not self.taken.acquire(timeout=timeout_s):
            return None
        item = next(self._items, None)
        if item is None:
            raise EndOfSource
        if isinstance(item, Exception):
            raise item
        return item


class ScriptedCoach:
    """Answers pose number n with what `script[n]` says: a mode, or a cue."""

    def __init__(self, source: InStep, script: dict[int, Mode | str], seen: list[Input]) -> None:
        self._source, self._script, self._seen = source, script, seen
        self._poses, self._mode = 0, Mode.IDLE

    def step(self, given: Input) -> Step:
        self._seen.append(given)
        cues: tuple[Cue, ...] = ()
        activity = Activity.RUNNING
        if isinstance(given, Pose):
            self._source.taken.release()
            answer = self._script.get(self._poses)
            self._poses += 1
            if isinstance(answer, Mode):
                self._mode = answer
            elif answer is not None:
                cues = (Cue(given.t_ns, 1, answer, "sitting", "start", ("audio", "light", "screen"), "Run tall"),)
        gait = Gait(given.t_ns, activity)
        return Step(given.t_ns, gait, (), self._mode, cues, (), Snapshot(given.t_ns, self._mode, 0.0, 0.0, gait))


class Sink:
    def __init__(self, error: Exception | None = None) -> None:
        self.cues: list[Cue] = []
        self.ticks = 0
        self.closed = False
        self._error = error

    def present(self, cue: Cue) -> None:
        self.cues.append(cue)
        if self._error:
            raise self._error

    def see(self, snapshot: Snapshot) -> None: ...

    def tick(self, t_ns: int) -> None:
        self.ticks += 1

    def close(self) -> None:
        self.closed = True


class Shown:
    def __init__(self, closes_at: int | None = None) -> None:
        self.snapshots: list[Snapshot] = []
        self._closes_at = closes_at

    def show(self, snapshot: Snapshot) -> bool:
        self.snapshots.append(snapshot)
        return len(self.snapshots) != self._closes_at

    def close(self) -> None: ...


class Kept(NoStore):
    def __init__(self) -> None:
        self.words: list[str] = []

    def begin(self) -> None:
        self.words.append("begin")

    def add(self, given: Input, step: Step) -> None:
        self.words.append(type(given).__name__)

    def finish(self) -> None:
        self.words.append("finish")


def poses(count: int) -> list[Pose]:
    start = SystemClock().now_ns()
    runner = SyntheticRunner(RunnerSpec(), seconds=max(1.0, count / 30))
    return [Pose(start + i, pose.xy_px, pose.score) for i, pose in zip(range(count), runner.poses(), strict=False)]


def station(items: list[Any], script: dict[int, Mode | str] | None = None, **parts: Any) -> tuple[LiveStation, list[Input]]:
    source, seen = InStep(items), []
    new_coach: Callable[[], Any] = lambda: ScriptedCoach(source, script or {}, seen)  # noqa: E731
    sinks = parts.pop("sinks", ())
    clock = SystemClock()
    presenters = [Presenter(f"sink {number}", lambda sink=sink: sink, clock) for number, sink in enumerate(sinks)]  # type: ignore[misc]
    given: dict[str, Any] = {"estimator": None, "store": NoStore(), "clock": clock, "presenters": presenters} | parts
    return LiveStation(StationParts(source=source, new_coach=new_coach, **given)), seen  # type: ignore[arg-type]


def test_every_pose_reaches_the_coach_and_the_end_of_the_file_ends_the_run() -> None:
    live, seen = station(poses(20))
    report = live.run()
    assert report.poses == 20
    assert sum(isinstance(one, Pose) for one in seen) == 20
    assert np.isfinite(report.frame_age_ms).all()


def test_a_cue_reaches_every_sink_and_the_log_counts_it() -> None:
    sinks = [Sink(), Sink()]
    live, _ = station(poses(40), {3: "cue.sitting"}, sinks=sinks)
    report = live.run()
    assert report.cues == 1
    assert [[cue.id for cue in sink.cues] for sink in sinks] == [["cue.sitting"]] * 2
    assert all(sink.closed for sink in sinks)


def test_presses_that_nobody_could_take_are_named_at_the_end(caplog: pytest.LogCaptureFixture) -> None:
    presses: Inbox[Press] = Inbox(1)
    for _ in range(4):
        presses.put(Press(0, "button"))
    live, _ = station(poses(5), presses=presses)
    with caplog.at_level("WARNING"):
        live.run()
    assert "3 presses of the button came faster than they could be taken and were dropped" in caplog.text
    assert "cues" not in caplog.text


def test_a_dead_loudspeaker_is_dropped_and_shown_while_the_light_goes_on() -> None:
    dead, light = Sink(HardwareError("sound card is gone", "", "plug it in")), Sink()
    shown = Shown()
    live, _ = station(poses(400), {3: "cue.sitting"}, sinks=[dead, light], display=shown)
    live.run()
    assert [cue.id for cue in light.cues] == ["cue.sitting"]
    assert shown.snapshots[-1].station.trouble == (("sound card is gone", "plug it in"),)
    assert not shown.snapshots[-1].station.healthy


def test_what_was_given_beforehand_comes_first_and_again_for_the_next_runner() -> None:
    script: dict[int, Mode | str] = {2: Mode.BASELINE, 5: Mode.DONE, 8: Mode.IDLE}
    kept = Kept()
    live, seen = station(poses(30), script, given=(Reading(0, "speed_given_mps", 3.0),), store=kept)
    report = live.run()
    readings = [i for i, one in enumerate(seen) if isinstance(one, Reading)]
    assert len(readings) == len([word for word in kept.words if word == "begin"]) >= 2
    assert readings[0] == 0
    assert seen[0].t_ns == seen[1].t_ns
    assert report.sessions >= 1
    assert kept.words[0] == "begin"
    assert kept.words[-1] == "finish"


def test_who_ran_before_the_coach_began_is_a_session_too() -> None:
    """It is stored, so that a film that ends then is not one in which nobody ran."""
    live, _ = station(poses(5), {0: Mode.FRAMING})
    assert live.run().sessions == 1


def test_a_worker_that_fails_ends_the_run_with_its_error() -> None:
    live, _ = station([*poses(3), StationError("the camera burns", "", "put it out")])
    with pytest.raises(StationError, match="burns"):
        live.run()


def test_a_bug_in_the_coach_is_raised_not_swallowed() -> None:
    class Broken:
        def step(self, given: Input) -> Step:
            raise ZeroDivisionError

    source = InStep(poses(3))
    live = LiveStation(StationParts(source=source, estimator=None, new_coach=Broken, store=NoStore(), clock=SystemClock()))  # type: ignore[arg-type]
    with pytest.raises(ZeroDivisionError):
        live.run()


def test_closing_the_window_stops_the_station() -> None:
    live, _ = station(poses(1000), display=Shown(closes_at=1))
    assert live.run().poses < 1000


def test_it_says_once_that_it_is_ready_and_only_after_the_first_frame_was_drawn() -> None:
    """What counts as a start that succeeded, for the settings it was made with."""
    shown, seen_when_ready = Shown(closes_at=5), []
    station(poses(200), display=shown, ready=lambda: seen_when_ready.append(len(shown.snapshots)))[0].run()
    assert seen_when_ready == [1]

    never: list[int] = []
    with pytest.raises(HardwareError):
        station([HardwareError("no camera")], display=Shown(), ready=lambda: never.append(1))[0].run()
    assert never == []


def test_a_silent_camera_makes_ticks() -> None:
    live, seen = station([], seconds=0.6)
    live._parts.source.taken.acquire()  # type: ignore[union-attr]  # nothing will ever come
    live.run()
    assert seen
    assert all(isinstance(one, Tick) for one in seen)


def test_frames_are_estimated_and_shown_small_while_framing() -> None:
    class Estimator:
        model = ModelInfo("fake", "")
        closed = False

        def estimate(self, frame: Frame) -> Pose:
            return Pose.nobody(frame.t_ns)

        def close(self) -> None:
            self.closed = True

    start, image = SystemClock().now_ns(), np.zeros((960, 720, 3), np.uint8)
    frames = [Frame(start + i, i, image) for i in range(60)]
    shown, estimator = Shown(), Estimator()
    live, _ = station(frames, {1: Mode.FRAMING}, estimator=estimator, display=shown, station=lambda: Station(stick="none"))
    live.run()
    framing = [one.station.thumbnail for one in shown.snapshots if one.mode is Mode.FRAMING]
    assert framing
    assert all(picture is not None and max(picture.shape[:2]) <= 320 for picture in framing)
    assert all(one.station.thumbnail is None for one in shown.snapshots if one.mode is Mode.IDLE)
    assert estimator.closed


def test_an_inference_that_takes_very_long_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python aborts (exit code 134) when it ends while ONNX Runtime still works in a thread."""
    asked, answer, events = threading.Event(), threading.Event(), []

    class Estimator:
        model = ModelInfo("slow", "")

        def estimate(self, frame: Frame) -> Pose:
            asked.set()
            answer.wait()
            events.append("inference done")
            return Pose.nobody(frame.t_ns)

        def close(self) -> None:
            events.append("model closed")

    class Thread(threading.Thread):
        def join(self, timeout: float | None = None) -> None:
            """Every time limit passes before the inference ends; only a wait without one sees its
            end.
            """
            if self.name == "think" and timeout is not None:
                return
            if self.name == "think":
                answer.set()
            super().join()

    monkeypatch.setattr("station.run.live.threading.Thread", Thread)
    frame = Frame(SystemClock().now_ns(), 0, np.zeros((96, 72, 3), np.uint8))
    live, _ = station([frame], estimator=Estimator())
    Thread(target=lambda: (asked.wait(), live.stop()), daemon=True).start()
    live.run()
    answer.set()
    assert events == ["inference done", "model closed"]


def test_a_frame_from_before_the_last_tick_is_not_judged() -> None:
    late = poses(1)[0]
    live, seen = station([Pose(5 * NS + SystemClock().now_ns(), late.xy_px, late.score), late], seconds=1.0)
    live._parts.source.taken.release()  # type: ignore[union-attr]
    live.run()
    times = [one.t_ns for one in seen]
    assert times == sorted(times)
    assert sum(isinstance(one, Pose) for one in seen) == 1


class Seeing:
    """A pose model that fails on the frames named."""

    model = ModelInfo("failing", "")

    def __init__(self, fails_on: range, closing: Exception | None = None) -> None:
        self._fails_on, self._closing = fails_on, closing
        self.asked = 0

    def estimate(self, frame: Frame) -> Pose:
        self.asked += 1
        if frame.seq in self._fails_on:
            raise RuntimeError("the model got a NaN")
        return Pose.nobody(frame.t_ns)

    def close(self) -> None:
        if self._closing:
            raise self._closing


class Ticking(ScriptedCoach):
    """Lets the source go on after a skipped frame too, of which the coach hears a tick."""

    def step(self, given: Input) -> Step:
        step = super().step(given)
        if isinstance(given, Tick):
            self._source.taken.release()
        return step


def filmed(count: int, estimator: Any, **parts: Any) -> tuple[LiveStation, list[Input]]:
    start, image = SystemClock().now_ns(), np.zeros((96, 72, 3), np.uint8)
    source, seen = InStep([Frame(start + i, i, image) for i in range(count)]), []
    new_coach: Callable[[], Any] = lambda: Ticking(source, {}, seen)  # noqa: E731
    given: dict[str, Any] = {"store": NoStore(), "clock": SystemClock()} | parts
    return LiveStation(StationParts(source=source, estimator=estimator, new_coach=new_coach, **given)), seen  # type: ignore[arg-type]


def test_one_frame_that_fails_is_skipped_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    live, seen = filmed(30, Seeing(range(4, 5)))
    report = live.run()
    assert report.frames_skipped == 1
    assert report.poses >= 28
    assert sum(isinstance(one, Pose) for one in seen) == report.poses
    assert "the model got a NaN" in caplog.text


def test_ten_frames_in_a_row_that_fail_are_a_reason_to_restart() -> None:
    model = Seeing(range(5, 1000))
    live, _ = filmed(100, model)
    with pytest.raises(StationError, match=r"the pose model failed 10 times in a row \(RuntimeError: the model got a NaN\)"):
        live.run()
    assert model.asked <= 5 + 10


def test_a_finder_and_a_watch_that_always_fail_are_shown_and_the_frames_go_on() -> None:
    class Broken:
        def find(self, *_: object) -> None:
            raise IndexError("no such tag")

        def step(self, *_: object) -> None:
            raise ValueError("no such light")

    shown = Shown()
    live, _ = filmed(200, Seeing(range(0)), mark_finder=Broken(), frame_watch=Broken(), display=shown)
    report = live.run()
    assert report.frames_skipped == 0
    assert report.poses > 190
    said = {what for what, _ in shown.snapshots[-1].station.trouble}
    assert said == {
        "the search for a hip belt failed 10 times in a row (IndexError: no such tag)",
        "the watch over light and lens failed 10 times in a row (ValueError: no such light)",
    }


def test_a_source_that_errs_by_mistake_once_goes_on_and_ten_times_ends_with_the_reason() -> None:
    live, seen = station([*poses(3), IndexError("list index out of range"), *poses(3)])
    live._parts.source.taken = threading.Semaphore(100)  # type: ignore[union-attr]
    live.run()
    assert any(isinstance(one, Pose) for one in seen)
    live, _ = station([*[KeyError("SensorTimestamp") for _ in range(10)], *poses(3)])
    live._parts.source.taken = threading.Semaphore(100)  # type: ignore[union-attr]
    with pytest.raises(StationError, match=r"the camera failed 10 times in a row \(KeyError: 'SensorTimestamp'\)"):
        live.run()


@pytest.mark.parametrize("part", ["sink", "sensor", "estimator", "display"])
def test_a_part_that_cannot_be_closed_leaves_no_other_open(part: str) -> None:
    class Stubborn(Sink):
        channels = ()

        def poll(self, t_ns: int) -> tuple[Reading, ...]:
            return ()

        def show(self, snapshot: Snapshot) -> bool:
            return True

        def close(self) -> None:
            raise ZeroDivisionError

    class Closed(NoStore):
        closed = False

        def close(self) -> None:
            self.closed = True

    store, light, stubborn = Closed(), Sink(), Stubborn()
    parts = {"sink": {"sinks": [stubborn, light]}, "sensor": {"sensors": [stubborn]}, "display": {"display": stubborn}}
    estimator = {"estimator": Seeing(range(0), ZeroDivisionError())} if part == "estimator" else {}
    live, _ = station(poses(5), store=store, **({"sinks": [light]} | parts.get(part, {}) | estimator))
    live.run()
    assert store.closed
    assert light.closed


def test_a_bug_in_the_store_is_raised_once_everything_is_closed() -> None:
    class Buggy(NoStore):
        def close(self) -> None:
            raise ZeroDivisionError

    light = Sink()
    live, _ = station(poses(5), store=Buggy(), sinks=[light])
    with pytest.raises(ZeroDivisionError):
        live.run()
    assert light.closed


def test_a_display_and_a_sensor_that_raise_are_shown_and_the_light_goes_on() -> None:
    class Broken:
        channels = ()

        def show(self, snapshot: Snapshot) -> bool:
            raise ValueError("no surface")

        def poll(self, t_ns: int) -> tuple[Reading, ...]:
            raise OSError("gone")

        def close(self) -> None: ...

    seen: list[Snapshot] = []

    class Watching(Sink):
        def see(self, snapshot: Snapshot) -> None:
            seen.append(snapshot)

    light = Watching()
    live, _ = station(poses(400), {300: "cue.sitting"}, display=Broken(), sensors=[Broken()], sinks=[light])
    live.run()
    assert [cue.id for cue in light.cues] == ["cue.sitting"]
    said = {what for what, _ in seen[-1].station.trouble}
    assert said >= {"a sensor failed 10 times in a row (OSError: gone)"}
