"""Which parts of the station are alive, and telling systemd so."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Mapping

from station.ports import Clock
from station.types import NS


class Heartbeats:
    """Every worker beats; the watchdog is fed only while all of them are fresh."""

    def __init__(self, clock: Clock, limits_s: Mapping[str, float]) -> None:
        self._clock, self._limits_s = clock, dict(limits_s)
        self._lock = threading.Lock()
        start = clock.now_ns()
        self._last_ns = dict.fromkeys(self._limits_s, start)

    def beat(self, name: str) -> None:
        with self._lock:
            self._last_ns[name] = self._clock.now_ns()

    def stale(self) -> tuple[str, ...]:
        """Names of the workers that were silent for longer than their limit."""
        now = self._clock.now_ns()
        with self._lock:
            return tuple(name for name, last in self._last_ns.items() if now - last > self._limits_s[name] * NS)


def as_a_service() -> bool:
    """Whether systemd listens to this process."""
    return bool(os.environ.get("NOTIFY_SOCKET"))


def notify(message: str) -> bool:
    """Send one sd_notify message (READY=1, WATCHDOG=1, STATUS=...) to systemd; False when it is not
    listening.

    Source: sd_notify(3), "Notes": a datagram to the socket in NOTIFY_SOCKET; a leading @ means the
    abstract namespace.
    """
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return False
    if address.startswith("@"):
        address = "\0" + address[1:]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.connect(address)
            channel.sendall(message.encode())
    except OSError:
        return False  # a missing manager must not stop a session
    return True
