"""One sink in its thread: it dies in every way a part can die, and comes back when it can."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from station.errors import HardwareError
from station.run.presenter import RETRY_S, STEADY_S, Presenter
from station.types import NS, Cue, Gait, Mode, Snapshot
from tests.manual_clock import ManualClock

CUE = Cue(0, 1, "cue.sitting", "sitting", "start", ("audio", "light"), "Run tall")
PATIENCE_S = 30.0


class Part:
    """A sink that fails on order, and remembers."""

    def __init__(self) -> None:
        self.fails: dict[str, Exception] = {}
        self.done: list[object] = []
        self.opened = 0

    def open(self) -> Part:
        self._do("open")
        self.opened += 1
        return self

    def _do(self, what: str, thing: object = None) -> None:
        if what in self.fails:
            raise self.fails[what]
        self.done.append(thing or what)

    def present(self, cue: Cue) -> None:
        self._do("present", cue)

    def see(self, snapshot: Snapshot) -> None:
        self._do("see", snapshot)

    def tick(self, t_ns: int) -> None:
        self._do("tick")

    def close(self) -> None:
        self._do("close")


def until(happens: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not happens():
        assert time.monotonic() < end, "did not happen"
        time.sleep(0.001)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(10**12)


def test_cues_and_snapshots_reach_it_in_its_own_thread(clock: ManualClock) -> None:
    part = Part()
    presenter = Presenter("light", part.open, clock)
    snapshot = Snapshot(0, Mode.IDLE, 0.0, 0.0, Gait(0))
    presenter.give(CUE)
    presenter.show(snapshot)
    until(lambda: CUE in part.done and snapshot in part.done)
    presenter.close()
    assert part.done[-1] == "close"
    assert presenter.trouble is None


@pytest.mark.parametrize("way", ["present", "see", "tick"])
@pytest.mark.parametrize(
    "error", [HardwareError("is gone", "GPIO 5", "plug it in"), OSError(5, "Input/output error"), KeyError("x")]
)
def test_whatever_it_raises_it_is_closed_reported_and_opened_again(clock: ManualClock, way: str, error: Exception) -> None:
    part = Part()
    presenter = Presenter("light", part.open, clock)
    part.fails = {way: error}
    presenter.give(CUE)
    presenter.show(Snapshot(0, Mode.IDLE, 0.0, 0.0, Gait(0)))
    until(lambda: presenter.trouble)
    until(lambda: "close" in part.done)
    what, remedy = presenter.trouble or ("", "")
    assert what == ("GPIO 5: is gone" if isinstance(error, HardwareError) else what)
    assert "light" in what or "GPIO 5" in what
    assert remedy
    presenter.give(CUE)  # while it is dead: a late cue is a wrong one
    part.fails = {}
    part.done.clear()
    clock.push(RETRY_S[0] + 0.01)
    until(lambda: presenter.trouble is None and part.done.count("tick") > 2)
    assert CUE not in part.done
    presenter.close()


def test_the_waits_grow_and_begin_anew_after_a_steady_time(clock: ManualClock) -> None:
    part = Part()
    part.fails = {"open": HardwareError("there is no such sound card")}
    presenter = Presenter("loudspeaker", part.open, clock)
    assert not presenter.works
    for wait_s in (*RETRY_S, RETRY_S[-1]):
        failures = presenter._failures
        clock.push(wait_s - 0.01)
        time.sleep(0.06)
        assert presenter._failures == failures, "not before its time"
        clock.push(0.02)
        until(lambda before=failures: presenter._failures == before + 1)  # type: ignore[misc]
    part.fails = {}
    clock.push(RETRY_S[-1])
    until(lambda: presenter.works)
    clock.push(STEADY_S + 1)
    until(lambda: presenter._failures == 0)
    presenter.close()


def test_one_that_cannot_even_be_closed_is_opened_again(clock: ManualClock) -> None:
    part = Part()
    presenter = Presenter("loudspeaker", part.open, clock)
    part.fails = {"tick": OSError("No such device"), "close": OSError("No such device")}
    until(lambda: presenter.trouble)
    part.fails = {}
    clock.push(RETRY_S[0] + 0.01)
    until(lambda: presenter.works and presenter.trouble is None)
    presenter.close()


def test_one_that_hangs_is_reported_and_does_not_hold_up_the_end(clock: ManualClock) -> None:
    let_go = threading.Event()

    class Hanging(Part):
        def tick(self, t_ns: int) -> None:
            let_go.wait()

    presenter = Presenter("loudspeaker", Hanging().open, clock)
    assert presenter.trouble is None
    clock.push(5.0)
    assert presenter.trouble == ("the loudspeaker does not answer", "switch the station off and on")
    presenter.close(timeout_s=0.05)
    let_go.set()


def test_cues_that_come_too_fast_are_counted(clock: ManualClock) -> None:
    let_go = threading.Event()

    class Slow(Part):
        def present(self, cue: Cue) -> None:
            let_go.wait()

    presenter = Presenter("light", Slow().open, clock)
    for _ in range(200):
        presenter.give(CUE)
    assert presenter.refused >= 200 - 64 - 1
    let_go.set()
    presenter.close()


def test_time_is_the_clock_s(clock: ManualClock) -> None:
    times: list[int] = []

    class Timed(Part):
        def tick(self, t_ns: int) -> None:
            times.append(t_ns)

    presenter = Presenter("light", Timed().open, clock)
    until(lambda: times)
    clock.push(3.0)
    until(lambda: times[-1] == 10**12 + 3 * NS)
    presenter.close()
