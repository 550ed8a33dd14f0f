"""Cadence and belt speed for a watch or a virtual-running program, as a foot pod sends them.

Off unless the settings ask for it. The station is a Bluetooth peripheral by BlueZ's D-Bus interface
(GattManager1, LEAdvertisingManager1): it is found, connected to and read; nothing that another
device sends is taken. Needs the package `dbus-fast`, which `bleak` brings along.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Awaitable
from typing import Any

from station.errors import HardwareError
from station.present import rsc
from station.types import NAN, NS, Activity, Cue, Snapshot

APP = "/station/watch"
SERVICE_PATH, MEASUREMENT_PATH, FEATURE_PATH = f"{APP}/service0", f"{APP}/service0/char0", f"{APP}/service0/char1"
ADVERT_PATH = f"{APP}/advert0"
BLUEZ, DBUS = "org.bluez", "org.freedesktop.DBus"
DEVICE = f"{BLUEZ}.Device1"
GATT, ADVERTS = f"{BLUEZ}.GattManager1", f"{BLUEZ}.LEAdvertisingManager1"
EVERY_NS = NS  # the service asks for about one measurement a second
OPENING_S = 10.0  # chosen
SETTLED_S = 1.0  # chosen: a device that comes is asked for its services first
REMEDY = "switch Bluetooth on (`rfkill unblock bluetooth`), or set watch.enabled to false"
NO_PACKAGE = "install Debian's python3-bleak, or the station's extra `bluetooth`"


class Watch:
    """CueSink that gives no cue: speed and cadence, once a second while somebody listens.

    `bus_address`: of another D-Bus than the system's, for tests. Raises HardwareError: no package,
    no Bluetooth.
    """

    def __init__(self, name: str, bus_address: str | None = None) -> None:
        self._name, self._address = name, bus_address
        self._payload = rsc.encode(NAN, NAN, False)
        self._next_ns = 0
        self._ready, self._ended = threading.Event(), asyncio.Event()
        self._error: HardwareError | None = None
        self._measurement: Any = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._work, name="watch", daemon=True)
        self._thread.start()
        if not self._ready.wait(OPENING_S):
            self._error = HardwareError("Bluetooth does not answer", "watch.enabled", REMEDY)
        if self._error is not None:
            self.close()
            raise self._error

    def present(self, cue: Cue) -> None: ...

    def see(self, snapshot: Snapshot) -> None:
        gait = snapshot.gait
        cadence = gait.measures.get("cadence_spm")
        moves = gait.activity in (Activity.RUNNING, Activity.WALKING)
        known = moves and cadence is not None and cadence.measured
        spm = cadence.value if known and cadence is not None else NAN
        self._payload = rsc.encode(gait.speed.mps if moves else NAN, spm, gait.activity is Activity.RUNNING)

    def tick(self, t_ns: int) -> None:
        """Raises HardwareError once Bluetooth has gone."""
        if t_ns < self._next_ns:
            return
        self._next_ns = t_ns + EVERY_NS
        try:
            self._loop.call_soon_threadsafe(self._tell)
        except RuntimeError:  # the loop has ended by itself
            raise self._error or HardwareError("Bluetooth has gone", "watch.enabled", REMEDY) from None

    def close(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended by itself
            self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(timeout=5.0)

    def _tell(self) -> None:
        if self._measurement is not None:
            self._measurement.tell(self._payload)

    def _work(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        except HardwareError as error:
            self._error = error
        except Exception as error:  # D-Bus has many; each means that nobody hears us
            self._error = HardwareError(f"Bluetooth cannot be used ({error})", "watch.enabled", REMEDY)
        finally:
            self._loop.close()
            self._ready.set()

    async def _serve(self) -> None:
        """Registers service and advertisement, and stays until closed or until the bus, BlueZ or
        the adapter is gone.
        """
        try:
            from dbus_fast import BusType
            from dbus_fast.aio import MessageBus

            from station.present import watch_objects
        except ImportError:
            raise HardwareError("the package dbus-fast is missing", "watch.enabled", NO_PACKAGE) from None
        bus = await MessageBus(bus_address=self._address, bus_type=BusType.SYSTEM).connect()
        gone, lost = asyncio.Event(), asyncio.ensure_future(bus.wait_for_disconnect())
        try:
            measurement = watch_objects.Characteristic(rsc.MEASUREMENT, SERVICE_PATH, ["notify"], self._payload)
            bus.export(SERVICE_PATH, watch_objects.Service(rsc.SERVICE))
            bus.export(MEASUREMENT_PATH, measurement)
            bus.export(FEATURE_PATH, watch_objects.Characteristic(rsc.FEATURE, SERVICE_PATH, ["read"], rsc.SUPPORTED))
            bus.export(ADVERT_PATH, watch_objects.Advertisement(self._name, rsc.SERVICE, gone.set))
            await _tell_when_bluez_goes(bus, gone)
            adapter = await _adapter(bus)
            await _ask(bus, BLUEZ, adapter, GATT, "RegisterApplication", "oa{sv}", APP, {})
            await _ask(bus, BLUEZ, adapter, ADVERTS, "RegisterAdvertisement", "oa{sv}", ADVERT_PATH, {})
            self._measurement = measurement
            self._ready.set()
            await _first(self._ended.wait(), gone.wait(), lost, _advertise_on(bus, adapter))
        finally:
            self._measurement = None
            bus.disconnect()  # BlueZ takes service and advertisement away with it
            lost.cancel()
            await asyncio.gather(lost, return_exceptions=True)


async def _ask(bus: Any, to: str, path: str, interface: str, call: str, signature: str = "", *words: Any) -> Any:
    """The answer's first value. Raises HardwareError with what the other side says."""
    from dbus_fast import Message

    answer = await bus.call(Message(to, path, interface, call, signature=signature, body=list(words)))
    if answer is None or answer.error_name:
        why = answer.body[0] if answer is not None and answer.body else "no answer"
        raise HardwareError(f"Bluetooth cannot be used ({why})", "watch.enabled", REMEDY)
    return answer.body[0] if answer.body else None


async def _adapter(bus: Any) -> str:
    """The first one that can offer a service. Raises HardwareError: there is none, or it is off.
    """
    found = await _ask(bus, BLUEZ, "/", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects")
    for path, interfaces in sorted(found.items()):
        if {GATT, ADVERTS} <= set(interfaces):
            powered = interfaces.get(f"{BLUEZ}.Adapter1", {}).get("Powered")
            if powered is None or powered.value:
                return str(path)
    raise HardwareError("there is no Bluetooth adapter that is on", "watch.enabled", REMEDY)


async def _tell_when_bluez_goes(bus: Any, gone: asyncio.Event) -> None:
    """Sets `gone` once BlueZ has died: its next one knows nothing of us."""
    rule = f"type='signal',interface='{DBUS}',member='NameOwnerChanged',arg0='{BLUEZ}'"

    def heard(message: Any) -> None:
        if message.member == "NameOwnerChanged" and message.body[0] == BLUEZ:
            gone.set()

    bus.add_message_handler(heard)
    await _ask(bus, DBUS, "/org/freedesktop/DBus", DBUS, "AddMatch", "s", rule)


async def _advertise_on(bus: Any, adapter: str) -> None:
    """Advertises anew whenever a device has come or gone. Linux stops when one connects, so that a
    second watch would not find the station, nor the runner's if a stranger's phone came first.
    """
    changed = asyncio.Event()

    def heard(message: Any) -> None:
        if message.member == "PropertiesChanged" and message.body[0] == DEVICE and "Connected" in message.body[1]:
            changed.set()

    bus.add_message_handler(heard)
    rule = f"type='signal',sender='{BLUEZ}',member='PropertiesChanged',path_namespace='{adapter}',arg0='{DEVICE}'"
    await _ask(bus, DBUS, "/org/freedesktop/DBus", DBUS, "AddMatch", "s", rule)
    while True:
        await changed.wait()
        await asyncio.sleep(SETTLED_S)
        changed.clear()
        for call, signature, words in (("UnregisterAdvertisement", "o", ()), ("RegisterAdvertisement", "oa{sv}", ({},))):
            with contextlib.suppress(HardwareError):  # a radio that cannot do both at once says so
                await _ask(bus, BLUEZ, adapter, ADVERTS, call, signature, ADVERT_PATH, *words)


async def _first(*waits: Awaitable[Any]) -> None:
    """Until one of them ends; the others are given up."""
    tasks = [asyncio.ensure_future(one) for one in waits]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for one in tasks:
        one.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
