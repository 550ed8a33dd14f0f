"""A station that cannot go on: counted over restarts, said on the screen, never at rest without a
word.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from station.errors import HardwareError, StationError
from station.run import start
from station.run.restarts import MOST, NO_WORD, WINDOW_S, Restarts
from station.run.station_parts import RunReport
from tests.manual_clock import ManualClock

BURST = 8  # StartLimitBurst of station.service


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(10**12)


def fails(restarts: Restarts, error: BaseException) -> None:
    with pytest.raises(type(error)), restarts.counted():
        raise error


def test_a_run_that_ends_in_order_is_forgotten(tmp_path: Path, clock: ManualClock) -> None:
    for _ in range(20):
        restarts = Restarts(clock, tmp_path)
        with restarts.counted():
            assert restarts.rest_s == 0
            assert restarts.trouble == ()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (HardwareError("stopped delivering", "camera", "check the cable"), "camera: stopped delivering"),
        (ZeroDivisionError("division by zero"), "ZeroDivisionError: division by zero"),
        (SystemExit(134), NO_WORD),  # an abort: nothing could be written any more
    ],
)
def test_the_next_run_says_for_a_minute_why_the_last_one_ended(
    tmp_path: Path, clock: ManualClock, error: BaseException, reason: str
) -> None:
    fails(Restarts(clock, tmp_path), error)
    clock.push(5)
    restarts = Restarts(clock, tmp_path)
    with restarts.counted():
        ((what, remedy),) = restarts.trouble
        assert what == f"the station has restarted: {reason}"
        assert remedy
        clock.push(61)
        assert restarts.trouble == ()


@pytest.mark.parametrize("lives_s", [0.0, 2.0, 30.0])
def test_systemd_never_gets_to_rest_it(tmp_path: Path, clock: ManualClock, lives_s: float) -> None:
    """A station that dies `lives_s` after each start, for an hour: no eight starts lie within five
    minutes.
    """
    began: list[int] = []
    end_ns = clock.now_ns() + 3600 * 10**9
    while clock.now_ns() < end_ns:
        began.append(clock.now_ns())
        restarts = Restarts(clock, tmp_path)
        with suppress(ZeroDivisionError), restarts.counted():
            if restarts.rest_s:
                assert "times in five minutes; the last run ended: ZeroDivisionError" in restarts.error.what
                clock.push(restarts.rest_s)
            clock.push(lives_s)
            raise ZeroDivisionError
        clock.push(3.0)  # RestartSec
    assert len(began) > 3600 / WINDOW_S * (MOST - 2)
    assert all(later - earlier > WINDOW_S * 10**9 for earlier, later in zip(began, began[BURST:], strict=False))


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{}", b'{"starts_ns": 5, "reason": ""}', b'{"starts_ns": [1e999], "reason": ""}', b"\xff", b"[" * 5000],
)
def test_a_list_that_cannot_be_understood_is_begun_anew(tmp_path: Path, clock: ManualClock, content: bytes) -> None:
    (tmp_path / "starts").write_bytes(content)
    restarts = Restarts(clock, tmp_path)
    with restarts.counted():
        assert restarts.rest_s == 0


def test_a_folder_that_cannot_be_written_keeps_nobody_from_coaching(tmp_path: Path, clock: ManualClock) -> None:
    restarts = Restarts(clock, tmp_path / "nowhere")
    with restarts.counted():
        assert restarts.trouble == ()


def test_the_sixth_start_in_five_minutes_shows_the_reason_before_it_coaches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: ManualClock
) -> None:
    happened: list[Any] = []

    def coach(*_: object) -> RunReport:
        happened.append("coach")
        raise ZeroDivisionError

    def show(error: StationError, config: object, clock: ManualClock, headless: bool, seconds: float) -> None:
        happened.append(error.what)
        clock.push(seconds)

    monkeypatch.setenv("NOTIFY_SOCKET", "@nobody")
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path))
    settings = tmp_path / "station.toml"
    settings.write_text(f'[station]\ndata_dir = "{tmp_path}/data"\n')
    monkeypatch.setattr(start, "SystemClock", lambda: clock)
    monkeypatch.setattr(start, "_coach", coach)
    monkeypatch.setattr(start, "show", show)
    for _ in range(MOST + 1):
        with pytest.raises(ZeroDivisionError):
            start.run_station(start.Options(settings))
        clock.push(3)
    assert happened[:MOST] == ["coach"] * MOST
    assert happened[MOST:] == [
        "the station was started 6 times in five minutes; the last run ended: ZeroDivisionError",
        "coach",
    ]


def test_a_keyboard_at_the_console_is_no_switch_for_a_service(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped: list[str] = []
    live: Any = SimpleNamespace(stop=lambda: stopped.append("stopped"))
    monkeypatch.setenv("NOTIFY_SOCKET", "@nobody")
    with start.stopped_by_signals(live):
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP, signal.SIGHUP):
            os.kill(os.getpid(), number)
        assert stopped == []
        os.kill(os.getpid(), signal.SIGTERM)
        assert stopped == ["stopped"]
    monkeypatch.delenv("NOTIFY_SOCKET")
    with start.stopped_by_signals(live):
        os.kill(os.getpid(), signal.SIGINT)
        assert stopped == ["stopped"] * 2
