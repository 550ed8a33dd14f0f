"""The treadmill by Bluetooth: found by name or address, lost and found again, and never a reason to
stop.
"""

from __future__ import annotations

import asyncio
import struct
import threading
from collections.abc import Callable

import pytest

from station.errors import HardwareError
from station.run.clock import SystemClock
from station.sense.treadmill import Found, Treadmill, chosen

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

    async def look(self) -> list[Found]:
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
        async def look(self) -> list[Found]:
            found = await super().look()
            if len(self.looks) == 1:
                looked.set()
            return found

    air = Counted([FAR], [FAR], [FAR])
    sensor = air.sensor("Runner T7")
    assert looked.wait(30)
    ((what, remedy),) = sensor.trouble
    sensor.close()
    assert "'Runner T7' is not in reach; heard: GymTrack 9 (AA:BB:CC:DD:EE:02)" in what
    assert "treadmill.bluetooth" in remedy


def test_a_bug_in_the_library_is_said_and_the_sensor_lives_on() -> None:
    air = Air(RuntimeError("odd"), [NEAR])
    sensor = air.sensor()
    assert air.enough.wait(30)
    assert sensor.poll(2**62)
    sensor.close()
