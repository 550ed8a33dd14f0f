"""Cadence and speed for a watch: the bytes of the specification, and a BlueZ that reads them over a
real D-Bus.
"""
# ruff: noqa: F722, F821

import asyncio
import contextlib
import gc
import shutil
import struct
import subprocess
import threading
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from station.errors import HardwareError
from station.present import rsc
from station.present import watch as watch_module
from station.present.watch import ADVERT_PATH, Watch
from station.testing import screen_samples
from station.types import NAN, NS, Activity, Measure, Snapshot, Speed

pytest.importorskip("dbus_fast")


@pytest.mark.parametrize(
    ("speed_mps", "cadence_spm", "running", "expected"),
    [
        (3.0, 170.0, True, "05 0003 55 d400"),  # 768/256 m/s, 85 strides, 2.12 m a stride
        (1.25, 110.0, False, "01 4001 37 8800"),
        (3.0, NAN, True, "04 0003 00"),  # without a cadence no stride length
        (NAN, 170.0, True, "04 0000 55"),
        (NAN, NAN, False, "00 0000 00"),
        (300.0, 900.0, True, "05 ffff ff 8717"),  # never more than the fields hold
        (-1.0, -5.0, False, "00 0000 00"),
    ],
)
def test_the_bytes_of_a_measurement(speed_mps: float, cadence_spm: float, running: bool, expected: str) -> None:
    assert rsc.encode(speed_mps, cadence_spm, running) == bytes.fromhex(expected)


def test_a_treadmill_s_own_measurement_counts_strides_too() -> None:
    """A Technogym MyRun at a walk of 2.6 km/h sends 51 a minute (TrackMyIndoorWorkout,
    test/technogym_myrun_rsc_test.dart): no walk of 102 steps would be 51, so it is revolutions, as
    here."""
    sent = bytes.fromhex("02 b900 33 8a020000")
    ours = rsc.encode(sent[1] / rsc.PER_MPS, 102.0, False)
    assert ours[1:4] == sent[1:4]


def test_the_feature_promises_what_is_sent() -> None:
    assert struct.pack("<H", 0b101) == rsc.SUPPORTED  # stride length, walking or running


def moment(activity: Activity = Activity.RUNNING, spm: float = 170.0, mps: float = 3.0) -> Snapshot:
    snapshot = screen_samples.coach()
    measures = {"cadence_spm": Measure(spm, spm - 1, spm + 1, 30)} if spm == spm else {}
    return replace(snapshot, gait=replace(snapshot.gait, activity=activity, speed=Speed(mps, "given"), measures=measures))


# --- over a D-Bus of its own ---


class BlueZ:
    """org.bluez on a bus: takes an application and an advertisement, reads both, and listens like a
    watch.
    """

    def __init__(self, address: str, refuses: str = "", adapter: str = "hci0", powered: bool = True) -> None:
        self.address, self.refuses = address, refuses
        self.adapter, self.powered = f"/org/bluez/{adapter}", powered
        self.services: dict[str, Any] = {}
        self.advert: dict[str, Any] = {}
        self.heard: list[bytes] = []
        self.adverts: list[str] = []
        self.two = threading.Event()
        self._up, self._stop = threading.Event(), asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()
        assert self._up.wait(20)

    def close(self) -> None:
        with contextlib.suppress(RuntimeError):  # it has ended with its bus
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def _work(self) -> None:
        try:
            self._loop.run_until_complete(self._run())
        finally:
            self._loop.close()

    async def _run(self) -> None:
        from dbus_fast import DBusError, Message, MessageType, PropertyAccess
        from dbus_fast.aio import MessageBus
        from dbus_fast.service import ServiceInterface, dbus_property

        try:
            from dbus_fast.service import dbus_method
        except ImportError:  # its name of old, as in Debian 12
            from dbus_fast.service import method as dbus_method

        bus = await MessageBus(bus_address=self.address).connect()
        lost = asyncio.ensure_future(bus.wait_for_disconnect())
        outer = self

        async def ask(to: str, path: str, interface: str, member: str, signature: str = "", *body: Any) -> Any:
            answer = await bus.call(Message(to, path, interface, member, signature=signature, body=list(body)))
            assert answer is not None
            assert answer.message_type is not MessageType.ERROR, answer.body
            return answer.body[0] if answer.body else None

        async def listen() -> None:
            found = await ask(self.client, "/", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects")
            self.services = {
                path: {name: value.value for interface in what.values() for name, value in interface.items()}
                for path, what in found.items()
                if any(name.startswith("org.bluez.Gatt") for name in what)
            }
            path = next(path for path, what in self.services.items() if what["UUID"] == rsc.MEASUREMENT)
            match = f"type='signal',interface='org.freedesktop.DBus.Properties',path='{path}'"
            bus.add_message_handler(self._changed)
            await ask("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "AddMatch", "s", match)
            await ask(self.client, path, "org.bluez.GattCharacteristic1", "StartNotify")

        class Gatt(ServiceInterface):
            @dbus_method()
            async def RegisterApplication(self, app: "o", options: "a{sv}"):
                if outer.refuses:
                    raise DBusError("org.bluez.Error.NotReady", outer.refuses)
                outer._listening = asyncio.ensure_future(listen())

        class Adverts(ServiceInterface):
            @dbus_method()
            async def UnregisterAdvertisement(self, advert: "o"):
                outer.adverts.append(f"end {advert}")

            @dbus_method()
            async def RegisterAdvertisement(self, advert: "o", options: "a{sv}"):
                outer.adverts.append(advert)
                outer._read = asyncio.ensure_future(read(advert))

        class Adapter(ServiceInterface):
            @dbus_property(PropertyAccess.READ)
            def Powered(self) -> "b":
                return outer.powered

        class Device(ServiceInterface):
            @dbus_property(PropertyAccess.READ)
            def Connected(self) -> "b":
                return True

        device = Device("org.bluez.Device1")
        self.connects = lambda: self._loop.call_soon_threadsafe(device.emit_properties_changed, {"Connected": True})

        async def release() -> None:
            await ask(self.client, self._advert_path, "org.bluez.LEAdvertisement1", "Release")

        self.release = lambda: self._loop.call_soon_threadsafe(lambda: asyncio.ensure_future(release()))

        async def read(advert: str) -> None:
            self._advert_path = advert
            properties = "org.freedesktop.DBus.Properties"
            found = await ask(self.client, advert, properties, "GetAll", "s", "org.bluez.LEAdvertisement1")
            self.advert = {name: value.value for name, value in found.items()}

        def remember(message: Message) -> None:
            if message.sender and message.path == self.adapter:
                self.client = message.sender

        bus.add_message_handler(remember)
        bus.export(self.adapter, Adapter("org.bluez.Adapter1"))
        bus.export(f"{self.adapter}/dev_AA_BB_CC_DD_EE_FF", device)
        bus.export(self.adapter, Gatt("org.bluez.GattManager1"))
        bus.export(self.adapter, Adverts("org.bluez.LEAdvertisingManager1"))
        await bus.request_name("org.bluez")
        self._up.set()
        await self._stop.wait()
        lost.cancel()
        await asyncio.gather(lost, return_exceptions=True)
        bus.disconnect()

    def _changed(self, message: Any) -> None:
        if message.member == "PropertiesChanged" and "Value" in message.body[1]:
            self.heard.append(bytes(message.body[1]["Value"].value))
            if len(self.heard) >= 2:
                self.two.set()


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[str]:
    if shutil.which("dbus-daemon") is None:
        pytest.skip("needs dbus-daemon")
    command = ["dbus-daemon", "--session", "--nofork", "--print-address", f"--address=unix:path={tmp_path}/bus"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as daemon:
        assert daemon.stdout is not None
        yield daemon.stdout.readline().strip()
        daemon.terminate()


def ticking(watch: Watch, until: Callable[[], bool]) -> None:
    """Seconds of the station's clock, as fast as they go."""
    t_ns, waited = 0, threading.Event()
    for _ in range(600):
        if until():
            return
        t_ns += NS
        watch.tick(t_ns)
        waited.wait(0.05)
    raise AssertionError("nothing came")


def test_a_watch_reads_service_name_and_values(bus: str) -> None:
    bluez = BlueZ(bus)
    watch = Watch("gym-3", bus)
    watch.see(moment())
    ticking(watch, bluez.two.is_set)
    ticking(watch, lambda: bool(bluez.advert))
    by_uuid = {what["UUID"]: what for what in bluez.services.values()}
    assert by_uuid[rsc.SERVICE]["Primary"] is True
    assert by_uuid[rsc.MEASUREMENT]["Flags"] == ["notify"]
    assert bytes(by_uuid[rsc.FEATURE]["Value"]) == rsc.SUPPORTED
    assert bluez.advert == {"Type": "peripheral", "ServiceUUIDs": [rsc.SERVICE], "LocalName": "gym-3", "Discoverable": True}
    assert bluez.heard[-1] == rsc.encode(3.0, 170.0, True)
    watch.see(moment(Activity.STANDING))
    ticking(watch, lambda: bluez.heard[-1] == rsc.encode(NAN, NAN, False))
    watch.close()
    watch.close()
    bluez.close()


def test_a_bluez_that_dies_is_noticed_and_its_next_one_is_given_all_anew(bus: str) -> None:
    """The bus stays, and nobody says to the station that its service is forgotten."""
    bluez = BlueZ(bus)
    watch = Watch("gym-3", bus)
    bluez.close()
    with pytest.raises(HardwareError, match="Bluetooth has gone"):
        ticking(watch, lambda: False)
    watch.close()
    bluez = BlueZ(bus)
    watch = Watch("gym-3", bus)
    ticking(watch, bluez.two.is_set)
    watch.close()
    bluez.close()


def test_what_has_gone_is_told_even_while_its_thread_still_ends(bus: str) -> None:
    bluez = BlueZ(bus)
    watch = Watch("gym-3", bus)
    ending, may_end = threading.Event(), threading.Event()
    last = watch._ready.set  # what its thread does last

    def ends() -> None:
        last()
        ending.set()
        may_end.wait()

    watch._ready.set = ends  # type: ignore[method-assign]
    bluez.close()
    ending.wait()
    with pytest.raises(HardwareError, match="Bluetooth has gone"):
        watch.tick(0)
    may_end.set()
    watch.close()


def test_an_advertisement_that_bluez_takes_away_is_noticed(bus: str) -> None:
    bluez = BlueZ(bus)
    watch = Watch("gym-3", bus)
    ticking(watch, lambda: bool(bluez.advert))
    bluez.release()
    with pytest.raises(HardwareError, match="Bluetooth has gone"):
        ticking(watch, lambda: False)
    watch.close()
    bluez.close()


def test_it_can_be_found_while_another_is_connected(bus: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Linux ends an advertisement when a device connects: to whoever comes first."""
    monkeypatch.setattr(watch_module, "SETTLED_S", 0.0)
    bluez = BlueZ(bus)
    watch = Watch("gym-3", bus)
    ticking(watch, bluez.two.is_set)
    assert bluez.adverts == [ADVERT_PATH]
    bluez.connects()
    ticking(watch, lambda: len(bluez.adverts) == 3)
    assert bluez.adverts == [ADVERT_PATH, f"end {ADVERT_PATH}", ADVERT_PATH]
    watch.close()
    bluez.close()


def test_any_adapter_that_is_on_will_do(bus: str) -> None:
    bluez = BlueZ(bus, adapter="hci3")
    watch = Watch("gym-3", bus)
    ticking(watch, bluez.two.is_set)
    watch.close()
    bluez.close()
    bluez = BlueZ(bus, powered=False)
    with pytest.raises(HardwareError, match=r"no Bluetooth adapter that is on.*rfkill"):
        Watch("gym-3", bus)
    bluez.close()


def test_bluetooth_that_is_off_is_said_with_the_remedy(bus: str) -> None:
    bluez = BlueZ(bus, refuses="Not Ready")
    with pytest.raises(HardwareError, match=r"Bluetooth cannot be used \(Not Ready\).*rfkill"):
        Watch("gym-3", bus)
    bluez.close()


def test_without_bluetooth_it_is_said_too(bus: str) -> None:
    with pytest.raises(HardwareError, match="Bluetooth cannot be used"):
        Watch("gym-3", bus)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # dbus-fast leaves its socket open
        with pytest.raises(HardwareError, match="Bluetooth cannot be used"):
            Watch("gym-3", "unix:path=/nowhere")
        gc.collect()


def test_a_bus_that_goes_is_noticed(tmp_path: Path) -> None:
    if shutil.which("dbus-daemon") is None:
        pytest.skip("needs dbus-daemon")
    command = ["dbus-daemon", "--session", "--nofork", "--print-address", f"--address=unix:path={tmp_path}/bus"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as daemon:
        assert daemon.stdout is not None
        address = daemon.stdout.readline().strip()
        bluez = BlueZ(address)
        watch = Watch("gym-3", address)
        daemon.terminate()
    with pytest.raises(HardwareError):
        ticking(watch, lambda: False)
    watch.close()
    bluez.close()
