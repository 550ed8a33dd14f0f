from __future__ import annotations

import socket
from pathlib import Path

import pytest

from station.run.health import Heartbeats, notify
from tests.manual_clock import ManualClock


def test_a_silent_worker_is_named() -> None:
    clock = ManualClock()
    hearts = Heartbeats(clock, {"capture": 2.0, "think": 3.0})
    clock.push(1.9)
    assert hearts.stale() == ()
    hearts.beat("think")
    clock.push(0.2)
    assert hearts.stale() == ("capture",)
    hearts.beat("capture")
    assert hearts.stale() == ()


@pytest.mark.parametrize("abstract", [False, True])
def test_messages_reach_the_service_manager(abstract: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"station-test-{tmp_path.name}"
    address = "\0" + name if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(address)
        manager.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", "@" + name if abstract else address)
        assert notify("READY=1")
        assert manager.recv(64) == b"READY=1"


def test_nobody_listening_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert not notify("READY=1")
    monkeypatch.setenv("NOTIFY_SOCKET", "/nowhere/at/all")
    assert not notify("READY=1")
