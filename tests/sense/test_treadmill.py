"""The treadmill by Bluetooth: found by name or address, lost and found again, and never a reason to
stop. What BlueZ and bleak do here was seen in tests/lab/appliance/bluetooth.py.
"""

from __future__ import annotations

import asyncio
import struct
import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from station.errors import HardwareError
from station.run.clock import SystemClock
from station.sense import bluez, treadmill
from station.sense.ftms import SERVICE, TREADMILL_DATA
from station.sense.treadmill import AUTO, Found, NoTreadmill, Treadmill, chosen, listen, look

NEAR, FAR = Found("Runner T7", "AA:BB:CC:DD:EE:01", -48), Found("GymTrack 9", "AA:BB:CC:DD:EE:02", -81)
SPEED = struct.pack("<HH", 0, 1080)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [("auto", NEAR), ("gymtrack 9", FAR), ("aa:bb:cc:dd:ee:02", FAR), ("Nobody", None), ("AA:BB:CC:DD:EE:99", None)],
)
def test_which_one_is_meant(wanted: str, expected: Found | None) -> None:
    assert chosen([NEAR, FAR], wanted) == expected
    assert chosen([], wanted) is None


class Air:
    """What the sensor hears: a list of what each look finds or raises, and what the treadmill then
    sends.
    """

    def __init__(self, *looks: list[Found] | Exception, sends: int = 3) -> None:
        self.looks, self.sends, self.listened = list(looks), sends, 0
        self.enough = threading.Event()

    async def look(self, wanted: str) -> list[Found]:
        found = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        if isinstance(found, Exception):
            raise found
        return found

    async def listen(self, treadmill: Found, heard: Callable[[bytes], None]) -> None:
        self.listened += 1
        for _ in range(self.sends):
            heard(SPEED)
            await asyncio.sleep(0)
        if self.listened >= 2:
            self.enough.set()

    def sensor(self, wanted: str = "auto") -> Treadmill:
        return Treadmill(wanted, SystemClock(), self.look, self.listen, waits_s=(0.0,))


def test_it_is_found_lost_and_found_again() -> None:
    air = Air([], HardwareError("off", "treadmill.bluetooth", "switch it on"), [FAR, NEAR])
    sensor = air.sensor()
    assert air.enough.wait(30)
    readings = sensor.poll(2**62)
    sensor.close()
    assert {one.channel for one in readings} == {"speed_ftms_mps"}
    assert {round(one.value, 6) for one in readings} == {3.0}
    assert len(readings) >= 4


def test_readings_are_never_from_after_the_frame_that_they_come_with() -> None:
    air = Air([NEAR])
    sensor = air.sensor()
    assert air.enough.wait(30)
    assert all(one.t_ns <= 5 for one in sensor.poll(5))
    sensor.close()


def test_one_that_is_not_there_is_said_with_those_that_are() -> None:
    looked = threading.Event()

    class Counted(Air):
        async def look(self, wanted: str) -> list[Found]:
            found = await super().look(wanted)
            if len(self.looks) == 1:
                looked.set()
            return found

    air = Counted([FAR], [FAR], [FAR])
    sensor = air.sensor("Runner T7")
    assert looked.wait(30)
    ((what, remedy),) = sensor.trouble
    sensor.close()
    assert "'Runner T7' is not in reach; heard: GymTrack 9 (AA:BB:CC:DD:EE:02, -81 dBm)" in what
    assert "treadmill.bluetooth" in remedy


def test_a_bug_in_the_library_is_said_and_the_sensor_lives_on() -> None:
    air = Air(RuntimeError("odd"), [NEAR])
    sensor = air.sensor()
    assert air.enough.wait(30)
    assert sensor.poll(2**62)
    sensor.close()


# --- the same one again, and no other machine ---


class Gym(Air):
    """Each look finds the next list; whom the sensor then listened to."""

    def __init__(self, *looks: list[Found], belts: bool = True) -> None:
        super().__init__(*looks)
        self.belts, self.heard_from = belts, []

    async def listen(self, treadmill: Found, heard: Callable[[bytes], None]) -> None:
        self.heard_from.append(treadmill)
        if treadmill.name == "Bike 3":
            raise NoTreadmill("measures no belt: it is another machine", treadmill.name, "name the treadmill")
        await super().listen(treadmill, heard)


def listened(gym: Gym, wanted: str = AUTO) -> list[Found]:
    sensor = gym.sensor(wanted)
    assert gym.enough.wait(30)
    sensor.close()
    return gym.heard_from


def test_one_that_was_lost_is_not_replaced_by_its_neighbour() -> None:
    """The neighbour's belt speed would be a wrong one."""
    assert set(listened(Gym([NEAR], [FAR], [FAR], [FAR, NEAR]))) == {NEAR}


def test_one_with_a_new_address_is_known_by_its_name() -> None:
    again = Found(NEAR.name, "AA:BB:CC:DD:EE:77", -50)
    assert listened(Gym([NEAR], [again]))[:2] == [NEAR, again]
    twin = Found(NEAR.name, "AA:BB:CC:DD:EE:78", -49)
    assert twin not in listened(Gym([NEAR], [twin, again], [NEAR]))


def test_a_machine_without_a_belt_is_passed_over() -> None:
    bicycle = Found("Bike 3", "AA:BB:CC:DD:EE:03", -40)
    heard_from = listened(Gym([bicycle, NEAR]))
    assert heard_from[0] == bicycle
    assert set(heard_from[1:]) == {NEAR}


# --- what bleak and BlueZ say ---


class Bleak:
    """The package, as far as it is used. `advertised`: address to name, services, service data and
    signal."""

    class exc:
        class BleakError(Exception): ...

    def __init__(self, advertised: dict[str, tuple[str, list[str], dict[str, bytes], int | None]]) -> None:
        self.advertised = advertised
        self.connects: Exception | None = None
        self.characteristics, self.subscribed = {TREADMILL_DATA}, []
        self.BleakScanner = SimpleNamespace(discover=self._discover)
        bleak = self

        class BleakClient:
            def __init__(self, address: str, disconnected_callback: Callable[[Any], None]) -> None:
                self.address, self._gone = address, disconnected_callback
                known = bleak.characteristics
                self.services = SimpleNamespace(get_characteristic=lambda uuid: uuid if uuid in known else None)

            async def __aenter__(self) -> BleakClient:
                if bleak.connects is not None:
                    raise bleak.connects
                return self

            async def __aexit__(self, *_: object) -> None: ...

            async def start_notify(self, uuid: str, notified: Callable[[Any, bytearray], None]) -> None:
                bleak.subscribed.append((self.address, uuid))
                notified(None, bytearray(SPEED))
                self._gone(self)

        self.BleakClient = BleakClient

    async def _discover(self, timeout: float, return_adv: bool) -> dict[str, tuple[Any, Any]]:
        return {
            address: (
                SimpleNamespace(address=address, name=name),
                SimpleNamespace(local_name=name, rssi=signal, service_uuids=uuids, service_data=data),
            )
            for address, (name, uuids, data, signal) in self.advertised.items()
        }


TREADMILL_TYPE, BICYCLE_TYPE = bytes.fromhex("01 0100"), bytes.fromhex("01 2000")


@pytest.fixture
def bleak(monkeypatch: pytest.MonkeyPatch) -> Bleak:
    package = Bleak(
        {
            NEAR.address: (NEAR.name, [SERVICE.upper()], {SERVICE: TREADMILL_TYPE}, NEAR.signal_dbm),
            FAR.address: (FAR.name, [], {}, FAR.signal_dbm),
            "AA:BB:CC:DD:EE:03": ("Bike 3", [SERVICE], {SERVICE: BICYCLE_TYPE}, -40),
            "AA:BB:CC:DD:EE:04": ("Headset", [], {}, -35),
        }
    )

    async def nobody(service: str) -> list[tuple[str, str]]:
        return []

    monkeypatch.setattr(treadmill, "bleak", lambda: package)
    monkeypatch.setattr(bluez, "connected", nobody)
    return package


def test_a_bicycle_is_no_treadmill(bleak: Bleak) -> None:
    assert asyncio.run(look()) == [NEAR]


def test_one_that_is_named_need_not_say_that_it_is_a_treadmill(bleak: Bleak) -> None:
    assert asyncio.run(look(FAR.name.upper())) == [NEAR, FAR]
    assert asyncio.run(look(FAR.address.lower())) == [NEAR, FAR]


def test_one_that_a_killed_station_left_connected_is_found_and_freed(bleak: Bleak, monkeypatch: pytest.MonkeyPatch) -> None:
    freed = []

    async def mine(service: str) -> list[tuple[str, str]]:
        return [(FAR.name, FAR.address)] if service == SERVICE else []

    async def disconnect(address: str) -> None:
        freed.append(address)

    monkeypatch.setattr(bluez, "connected", mine)
    monkeypatch.setattr(bluez, "disconnect", disconnect)
    first, second = asyncio.run(look())
    assert (first, second) == (Found(FAR.name, FAR.address, None), NEAR)
    assert str(first) == "GymTrack 9 (AA:BB:CC:DD:EE:02, connected)"
    heard: list[bytes] = []
    asyncio.run(listen(first, heard.append))
    assert (freed, heard) == ([FAR.address], [SPEED])
    asyncio.run(listen(second, heard.append))
    assert freed == [FAR.address]


def test_a_machine_without_treadmill_data_is_said(bleak: Bleak) -> None:
    bleak.characteristics.clear()
    with pytest.raises(NoTreadmill, match="measures no belt"):
        asyncio.run(listen(NEAR, lambda _: None))
    assert not bleak.subscribed


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (TimeoutError(), "no answer"),
        (OSError("no bus"), "no bus"),
        (Bleak.exc.BleakError("It is off.", 3), "It is off"),
        (Bleak.exc.BleakError("Device was not found."), "Device was not found"),
        (Bleak.exc.BleakError("org.bluez.Error.Failed", "aborted"), ".*org.bluez.Error.Failed.*aborted.*"),
    ],
)
def test_one_that_does_not_answer_is_said_in_words(bleak: Bleak, error: Exception, said: str) -> None:
    bleak.connects = error
    with pytest.raises(HardwareError, match=rf"cannot be reached \({said}\)"):
        asyncio.run(listen(NEAR, lambda _: None))
