"""Devices that BlueZ holds connected, asked for over a D-Bus of its own."""
# ruff: noqa: F722, F821

import asyncio
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from station.sense import bluez
from station.sense.ftms import SERVICE

pytest.importorskip("dbus_fast")
HEART_RATE = "0000180d-0000-1000-8000-00805f9b34fb"


@pytest.fixture
def bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    if shutil.which("dbus-daemon") is None:
        pytest.skip("needs dbus-daemon")
    command = ["dbus-daemon", "--session", "--nofork", "--print-address", f"--address=unix:path={tmp_path}/bus"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as daemon:
        assert daemon.stdout is not None
        address = daemon.stdout.readline().strip()
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
        yield address
        daemon.terminate()


async def ask(address: str) -> tuple[list[tuple[str, str]], list[str]]:
    """Who is connected, and who was let go, with four devices known to BlueZ."""
    from dbus_fast import PropertyAccess
    from dbus_fast.aio import MessageBus
    from dbus_fast.service import ServiceInterface, dbus_property

    try:
        from dbus_fast.service import dbus_method
    except ImportError:  # its name of old, as in Debian 12
        from dbus_fast.service import method as dbus_method

    freed = []

    class Device(ServiceInterface):
        def __init__(self, name: str, mac: str, connected: bool, *uuids: str) -> None:
            super().__init__("org.bluez.Device1")
            self.device_name, self.mac, self.is_connected, self.uuids = name, mac, connected, list(uuids)

        @dbus_property(PropertyAccess.READ)
        def Alias(self) -> "s":
            return self.device_name

        @dbus_property(PropertyAccess.READ)
        def Address(self) -> "s":
            return self.mac

        @dbus_property(PropertyAccess.READ)
        def Connected(self) -> "b":
            return self.is_connected

        @dbus_property(PropertyAccess.READ)
        def UUIDs(self) -> "as":
            return self.uuids

        @dbus_method()
        def Disconnect(self):
            freed.append(self.mac)

    bus = await MessageBus(bus_address=address).connect()
    for number, device in enumerate(
        (
            Device("Runner T7", "AA:BB:CC:DD:EE:01", True, HEART_RATE, SERVICE.upper()),
            Device("GymTrack 9", "AA:BB:CC:DD:EE:02", False, SERVICE),
            Device("Strap", "AA:BB:CC:DD:EE:03", True, HEART_RATE),
            Device("Headset", "AA:BB:CC:DD:EE:04", True),
        )
    ):
        bus.export(f"/org/bluez/hci0/dev_{number}", device)
    await bus.request_name("org.bluez")
    found = await bluez.connected(SERVICE)
    await bluez.disconnect("AA:BB:CC:DD:EE:01")
    bus.disconnect()
    return found, freed


def test_a_treadmill_that_is_connected_is_found_and_let_go(bus: str) -> None:
    found, freed = asyncio.run(ask(bus))
    assert found == [("Runner T7", "AA:BB:CC:DD:EE:01")]
    assert freed == ["AA:BB:CC:DD:EE:01"]


def test_without_bluez_nothing_is_connected(bus: str) -> None:
    assert asyncio.run(bluez.connected(SERVICE)) == []
