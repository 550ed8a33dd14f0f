"""What `bleak` leaves out of BlueZ, the Bluetooth of Linux: devices that are connected already.

BlueZ keeps a connection when the program that made it dies, and a treadmill with a listener does
not advertise: a station that was killed would never find its own treadmill again.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any

BLUEZ, DEVICE = "org.bluez", "org.bluez.Device1"


async def connected(service: str) -> list[tuple[str, str]]:
    """Name and address of each connected device that has this service. Raises OSError without a
    D-Bus; empty on other systems than Linux.
    """
    async with _devices() as (_, found):
        return [
            (device.get("Alias", ""), device["Address"])
            for device in found.values()
            if device.get("Connected") and service in [uuid.lower() for uuid in device.get("UUIDs", ())]
        ]


async def disconnect(address: str) -> None:
    """Ends the connection, whoever made it."""
    from dbus_fast import Message

    async with _devices() as (bus, found):
        for path, device in found.items():
            if device["Address"] == address:
                await bus.call(Message(BLUEZ, path, DEVICE, "Disconnect"))


@contextlib.asynccontextmanager
async def _devices() -> AsyncIterator[tuple[Any, dict[str, dict[str, Any]]]]:
    """The bus, and the properties of every device that BlueZ knows, by its path there."""
    try:
        from dbus_fast import BusType, Message
        from dbus_fast.aio import MessageBus
    except ImportError:  # `bleak` brings it along on Linux alone
        yield None, {}
        return
    bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
    try:
        answer = await bus.call(Message(BLUEZ, "/", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects"))
        objects = answer.body[0] if answer is not None and not answer.error_name else {}
        yield (
            bus,
            {
                path: {name: value.value for name, value in interfaces[DEVICE].items()}
                for path, interfaces in objects.items()
                if DEVICE in interfaces
            },
        )
    finally:
        bus.disconnect()
