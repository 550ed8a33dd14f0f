"""In the machine of bluetooth.py: D-Bus, BlueZ and the station on one side of the air, treadmills
and watches on the other. Runs the scenarios one after the other; a line of JSON for each.

    python guest/bluetooth.py CHECKOUT BLEAK POSES SCENARIO...
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import struct
import subprocess
import sys
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from air import Air, Treadmill, Watch, trace

UID = 4321
SYSTEM_BUS = "/run/dbus/system_bus_socket"
DAEMON = "/usr/libexec/bluetooth/bluetoothd"
LOG = Path("/run/bluetoothd")
HERE = Path(__file__).resolve().parent
NEAR, OTHER = "F0:00:00:00:00:01", "F0:00:00:00:00:02"
SPEED_KMH = 10.8
# Flags, then the fields in their order: speed in 0.01 km/h; distance in m; incline in 0.1 %.
SPEED = struct.pack("<HH", 0, 1080)
FULL = struct.pack("<HH", 0b1100, 900) + (1234).to_bytes(3, "little") + struct.pack("<hh", -15, 0)
# One that does not fit is sent in two parts; the first says "more data" and holds no speed.
PARTS = (struct.pack("<H", 0b1001) + struct.pack("<hh", 40, 0), struct.pack("<HH", 0, 720))
ODD = (
    *(b"", b"\x00", b"\x00\x00\x10", b"\xff" * 20, bytes(20), b"\xff\x1f" + b"\x7f" * 18),
    *(os.urandom(20), struct.pack("<HH", 0, 0xFFFF)),
)


async def until(happens: Callable[[], Any], limit_s: float, what: str) -> float:
    """Seconds that it took."""
    start = time.monotonic()
    while time.monotonic() < start + limit_s:
        if happens():
            return time.monotonic() - start
        await asyncio.sleep(0.1)
    raise AssertionError(f"waited {limit_s:.0f} s in vain for {what}")


class Process:
    """A program of the station, run as its user. `lines` of its standard output so far."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process, self.lines = process, []
        self.errors = bytearray()
        self._readers = [asyncio.create_task(self._read()), asyncio.create_task(self._read_errors())]

    async def _read(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            self.lines.append(line.decode())

    async def _read_errors(self) -> None:
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            self.errors += line

    async def finish(self) -> int:
        if self.process.stdin is not None:
            self.process.stdin.close()
        code = await asyncio.wait_for(self.process.wait(), 240)
        await asyncio.gather(*self._readers)
        return code

    @property
    def now(self) -> dict[str, Any]:
        return json.loads(self.lines[-1]) if self.lines else {}


class Machine:
    def __init__(self, checkout: str, bleak: str, poses: str) -> None:
        self.path = ":".join(one for one in (bleak, checkout) if one)
        self.poses = poses
        self.air = Air()
        self.watches = 0

    async def start(self) -> None:
        with open("/etc/passwd", "a", encoding="utf-8") as file:
            file.write(f"station:x:{UID}:{UID}::/var/lib/station:/usr/sbin/nologin\nmessagebus:x:4322:4322::/nonexistent:/bin/false\n")
        for folder, user in (("/run/dbus", 0), ("/etc/station", 0), ("/var/lib/station", UID), ("/run/station", UID)):
            os.makedirs(folder, exist_ok=True)
            os.chown(folder, user, user)
        os.chmod("/tmp", 0o1777)
        subprocess.run(["dbus-uuidgen", "--ensure"], check=True)
        subprocess.Popen(["dbus-daemon", "--system", "--nofork", "--nopidfile"], stderr=subprocess.DEVNULL)
        await until(lambda: os.path.exists(SYSTEM_BUS), 60, "D-Bus")
        self.start_bluez()
        for _ in range(4):  # the kernel gives up on a controller that answers later than in two seconds
            await self.air.open()
            if await self.powered(30):
                break
            await self.air.close()
        else:
            raise AssertionError("the adapter does not come up")
        self.treadmill = Treadmill(self.air, "Runner T7", NEAR)
        self.other = Treadmill(self.air, "GymTrack 9", OTHER)

    def start_bluez(self) -> None:
        self.bluez = subprocess.Popen([DAEMON, "-n"], stdout=LOG.open("a", encoding="utf-8"), stderr=subprocess.STDOUT)

    async def adapter(self, call: str, *words: str) -> str:
        return await self.said(
            "dbus-send", "--system", "--print-reply=literal", "--dest=org.bluez", "/org/bluez/hci0", call, *words
        )

    async def powered(self, limit_s: float = 60) -> bool:
        get = ("org.freedesktop.DBus.Properties.Get", "string:org.bluez.Adapter1", "string:Powered")
        end = time.monotonic() + limit_s
        while time.monotonic() < end:
            if "true" in await self.adapter(*get):
                return True
            await asyncio.sleep(0.5)
        return False

    async def switch_radio(self, on: bool) -> None:
        value = f"variant:boolean:{str(on).lower()}"
        said = await self.adapter(
            "org.freedesktop.DBus.Properties.Set", "string:org.bluez.Adapter1", "string:Powered", value
        )
        assert "rror" not in said, said

    async def restart_bluez(self) -> None:
        self.start_bluez()
        assert await self.powered(), "the adapter does not come up"

    def kill_bluez(self) -> None:
        self.bluez.send_signal(signal.SIGKILL)
        self.bluez.wait()

    async def said(self, *words: str) -> str:
        one = await asyncio.create_subprocess_exec(*words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return (await one.communicate())[0].decode()

    async def python(self, *words: object) -> Process:
        environment = {"PYTHONPATH": self.path, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/var/lib/station"}
        return Process(
            await asyncio.create_subprocess_exec(
                sys.executable, *map(str, words), env=environment, user=UID, group=UID, extra_groups=[], cwd="/run/station",
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, limit=1 << 20,
            )
        )

    @asynccontextmanager
    async def guest(self, program: str, word: str) -> AsyncIterator[Process]:
        """A program beside this one, until the scenario is over; then it has to end in order."""
        process = await self.python(HERE / program, word)
        try:
            yield process
        except Exception:
            print(program, *process.lines[-3:], process.errors.decode()[-3000:], flush=True)
            with suppress(ProcessLookupError):
                process.process.kill()
            raise
        code = await process.finish()
        assert (code, process.now) == (0, {"closed": True}), process.errors.decode()[-2000:]

    def sensor(self, wanted: str) -> AbstractAsyncContextManager[Process]:
        return self.guest("sensor.py", wanted)

    def pod(self) -> AbstractAsyncContextManager[Process]:
        """The Bluetooth service alone, for a runner of 172 steps a minute at 3 m/s."""
        return self.guest("pod.py", "gym-3")

    @asynccontextmanager
    async def station(self, settings: str) -> AsyncIterator[Process]:
        """`station run` on a film's poses."""
        await asyncio.to_thread(Path("/etc/station/station.toml").write_text, settings)
        run = ("-m", "station", "run", "--config", "/etc/station/station.toml", "--source", self.poses, "--headless")
        process = await self.python(*run, "--speed-kmh", SPEED_KMH)
        try:
            yield process
        except Exception:
            print("station:", *process.lines[-30:], process.errors.decode()[-3000:], flush=True)
            with suppress(ProcessLookupError):
                process.process.kill()
            raise
        assert process.process.returncode is None, process.errors.decode()[-3000:]
        process.process.send_signal(signal.SIGTERM)
        code = await process.finish()
        assert code == 0, (code, process.errors.decode()[-3000:])

    def watch(self) -> Watch:
        self.watches += 1
        return Watch(self.air, f"watch {self.watches}", f"F1:00:00:00:00:{self.watches:02X}")


@asynccontextmanager
async def sending(treadmill: Treadmill, *payloads: bytes) -> AsyncIterator[None]:
    """A treadmill that says one after the other, twice a second."""

    async def send() -> None:
        while True:
            for payload in payloads:
                await treadmill.send(payload)
                await asyncio.sleep(0.5)

    task = asyncio.create_task(send())
    try:
        yield
    finally:
        task.cancel()


def reads(sensor: Process, **expected: float) -> Callable[[], bool]:
    def right() -> bool:
        return all(abs((sensor.now.get(name) or 0.0) - value) < 0.001 for name, value in expected.items())

    return right


async def doctor(machine: Machine) -> list[str]:
    await machine.treadmill.switch_on()
    await machine.other.switch_on()
    found = []
    for wanted in ("auto", "gymtrack 9", NEAR.lower(), "Nobody's"):
        Path("/etc/station/station.toml").write_text(f'[treadmill]\nbluetooth = "{wanted}"\n')
        process = await machine.python("-m", "station", "doctor", "--config", "/etc/station/station.toml", "--json")
        await process.finish()
        (verdict,) = [one for one in json.loads("".join(process.lines))["verdicts"] if one["part"] == "treadmill"]
        assert all(name in verdict["evidence"] for name in ("Runner T7", "GymTrack 9", NEAR, OTHER)), verdict
        assert verdict["state"] == ("missing" if wanted == "Nobody's" else "ok"), verdict
        found.append(f"{wanted}: {verdict['state']}, {verdict['evidence']}")
    return found


async def by_auto(machine: Machine) -> list[str]:
    await machine.treadmill.switch_on()
    async with machine.sensor("auto") as sensor:
        async with sending(machine.treadmill, SPEED):
            took = await until(reads(sensor, mps=3.0), 90, "the speed")
        found = [f"3.0 m/s {took:.0f} s after its start"]
        async with sending(machine.treadmill, FULL):
            await until(reads(sensor, mps=2.5, incline_ftms_pct=-1.5, distance_ftms_m=1234), 10, "incline and distance")
        async with sending(machine.treadmill, *PARTS):
            await until(reads(sensor, mps=2.0, incline_ftms_pct=4.0), 10, "a measurement in two parts")
        found.append("incline, distance, two parts")
        async with sending(machine.treadmill, *ODD):
            await asyncio.sleep(6)
        async with sending(machine.treadmill, SPEED):
            await until(reads(sensor, mps=3.0), 10, "the speed after odd bytes")
        found.append(f"{len(ODD)} odd payloads taken")
        took = await until(lambda: sensor.now["origin"] == "unknown", 6, "the speed to be forgotten")
        found.append(f"forgotten {took:.1f} s after the last word")
        assert took > 2.5
        async with sending(machine.treadmill, SPEED):
            await until(reads(sensor, mps=3.0), 5, "the speed after a pause")
        assert machine.treadmill.connections == 1, machine.treadmill.connections
    await until(lambda: machine.treadmill.listeners == 0, 10, "it to let go when closed")
    return [*found, "let go at its end"]


async def by_name_and_address(machine: Machine) -> list[str]:
    """Beside another one; then one whose advertisement does not name the service."""
    await machine.treadmill.switch_on()
    found = []
    for wanted, service in (("GymTrack 9", True), (OTHER, True), (OTHER.lower(), False), ("gymtrack 9", False)):
        await machine.other.switch_on(service)
        async with machine.sensor(wanted) as sensor, sending(machine.other, SPEED):
            took = await until(reads(sensor, mps=3.0), 90, f"the speed of {wanted}, service in the advertisement: {service}")
        found.append(f"{wanted}{'' if service else ' (service not advertised)'} {took:.0f} s")
        await machine.other.switch_off()
        await forget(machine)
    assert machine.treadmill.connections == 0
    return found


async def forget(machine: Machine) -> None:
    """What BlueZ remembers of devices, so that each search begins anew."""
    for address in (NEAR, OTHER):
        device = f"objpath:/org/bluez/hci0/dev_{address.replace(':', '_')}"
        await machine.adapter("org.bluez.Adapter1.RemoveDevice", device)


async def away_and_back(machine: Machine) -> list[str]:
    await machine.treadmill.switch_on()
    found = []
    async with machine.sensor("auto") as sensor, sending(machine.treadmill, SPEED):
        await until(reads(sensor, mps=3.0), 90, "the speed")
        for away_s in (5.0, 40.0):
            await machine.treadmill.switch_off()
            await until(lambda: sensor.now["origin"] == "unknown" and sensor.now["trouble"], 60, "its absence to be said")
            said = sensor.now["trouble"][0][0]
            await asyncio.sleep(away_s)
            await machine.treadmill.advertise()
            took = await until(reads(sensor, mps=3.0), 120, "the speed again")
            assert not sensor.now["trouble"], sensor.now
            found.append(f"away ({said}), back after {away_s:.0f} s: read again {took:.0f} s later")
    return found


async def bluez_dies(machine: Machine) -> list[str]:
    await machine.treadmill.switch_on()
    async with machine.sensor("auto") as sensor, sending(machine.treadmill, SPEED):
        await until(reads(sensor, mps=3.0), 90, "the speed")
        machine.kill_bluez()
        await until(lambda: sensor.now["trouble"], 60, "the trouble to be said")
        said = sensor.now["trouble"][0]
        await asyncio.sleep(10)
        await machine.restart_bluez()
        took = await until(reads(sensor, mps=3.0), 150, "the speed again")
        assert not sensor.now["trouble"], sensor.now
    return [f"said: {said}", f"read again {took:.0f} s after BlueZ came back"]


async def killed_and_again(machine: Machine) -> list[str]:
    """BlueZ keeps the connection of a program that dies, and a treadmill with a listener does not
    advertise.
    """
    await machine.treadmill.switch_on()
    async with sending(machine.treadmill, SPEED):
        first = await machine.python(HERE / "sensor.py", "auto")
        await until(reads(first, mps=3.0), 90, "the speed")
        first.process.kill()
        await asyncio.sleep(5)
        assert machine.treadmill.listeners == 1
        async with machine.sensor("auto") as sensor:
            took = await until(reads(sensor, mps=3.0), 120, "the speed after a station that was killed")
    return [f"read again {took:.0f} s after the new start"]


async def another_machine(machine: Machine) -> list[str]:
    """A bicycle that says so, and one that does not, heard first; neither is taken for the
    treadmill.
    """
    bicycle = Treadmill(machine.air, "Bike 3", "F0:00:00:00:00:03", belt=False)
    await bicycle.switch_on()
    async with machine.sensor("auto") as sensor:
        await until(lambda: sensor.now.get("trouble"), 60, "the trouble to be said")
        said = [sensor.now["trouble"][0][0]]
        await machine.treadmill.switch_on()
        async with sending(machine.treadmill, SPEED):
            took = await until(reads(sensor, mps=3.0), 120, "the treadmill beside the bicycle")
    await bicycle.switch_off()
    assert not bicycle.writes, bicycle.writes
    return [*said, f"the treadmill's speed {took:.0f} s after it was switched on"]


async def radio_off_and_on(machine: Machine) -> list[str]:
    await machine.treadmill.switch_on()
    async with machine.sensor("auto") as sensor, sending(machine.treadmill, SPEED):
        await until(reads(sensor, mps=3.0), 90, "the speed")
        await machine.switch_radio(False)
        await until(lambda: sensor.now["trouble"], 60, "the trouble to be said")
        await asyncio.sleep(8)
        said = sensor.now["trouble"][0]
        await machine.switch_radio(True)
        took = await until(reads(sensor, mps=3.0), 150, "the speed again")
    return [f"said: {said}", f"read again {took:.0f} s after the radio came back"]


async def watch_off(machine: Machine) -> list[str]:
    async with machine.station('[station]\nname = "gym-3"\ndata_dir = "/var/lib/station"\n'):
        took = await until(lambda: any(Path("/var/lib/station").glob("*.db")), 240, "the station's record")
        watch = machine.watch()
        await watch.device.power_on()
        seen = await watch.look(30)
    assert not seen, seen
    return [f"the station runs after {took:.0f} s, and advertises nothing in 30 s"]


WATCH_ON = '[station]\nname = "gym-3"\ndata_dir = "/var/lib/station"\n[watch]\nenabled = true\n'


def cadence_spm(payload: bytes) -> tuple[float, float]:
    """Speed (m/s) and steps a minute, read by the specification and not by our code."""
    speed, revolutions = struct.unpack("<HB", payload[1:4])
    return speed / 256, revolutions * 2


async def joined(machine: Machine, limit_s: float = 120) -> Watch:
    """A watch that has found the station and listens. It tries again when the service has just
    gone, as on a slow machine, where the station's first try to open Bluetooth may last too long.
    """
    watch = machine.watch()
    await watch.device.power_on()
    for _ in range(3):
        assert await watch.look(limit_s), f"no foot pod within {limit_s:.0f} s"
        watch.feature = await watch.connect()
        if watch.feature is not None:
            return watch
        await watch.leave()
        await asyncio.sleep(5)
    raise AssertionError("the advertised service is not there")


async def two_watches(machine: Machine) -> list[str]:
    async with machine.pod():
        first = await joined(machine)
        assert first.seen["name"] == "gym-3", first.seen
        assert first.seen["flags"] & 0b10, f"{first.seen}: not to be found"
        assert first.feature == bytes([0b101, 0]), first.feature
        running = lambda heard: heard and cadence_spm(heard[-1])[1] > 150  # noqa: E731
        await until(lambda: running(first.heard), 120, "a cadence")
        speed, cadence = cadence_spm(first.heard[-1])
        assert abs(speed - SPEED_KMH / 3.6) < 0.01, speed
        found = [f"{first.seen}", f"{first.heard[-1].hex()}: {speed:.2f} m/s, {cadence:.0f} steps/min"]
        second = await joined(machine, 30)
        await until(lambda: running(second.heard), 10, "a cadence on the second")
        start, before = time.monotonic(), len(first.heard)
        await asyncio.sleep(10)
        found.append(f"both at once; {(len(first.heard) - before) / (time.monotonic() - start):.1f} a second")
        assert before < len(first.heard)
        await first.leave()
        before = len(second.heard)
        await until(lambda: len(second.heard) > before + 2, 10, "the second to go on without the first")
        again = await joined(machine, 30)
        await until(lambda: running(again.heard), 10, "a cadence after coming back")
        found.append("one left and came back, the other went on")
        (service,) = [one for one in again.peer.services if one.uuid.to_hex_str().lower().endswith("1814")]
        for characteristic in service.characteristics:
            try:
                await characteristic.write_value(b"\x01\x02", with_response=True)
            except Exception as error:
                found.append(f"writing refused: {str(error).splitlines()[0]}")
            else:
                raise AssertionError(f"{characteristic} was written")
        await again.leave()
        await second.leave()
    watch = machine.watch()
    await watch.device.power_on()
    assert not await watch.look(5), "still advertised after the station's end"
    return found


async def station_and_watch(machine: Machine) -> list[str]:
    """The whole station, on the poses of a rendered runner."""
    async with machine.station(WATCH_ON):
        watch = await joined(machine, 240)
        await until(lambda: watch.heard and cadence_spm(watch.heard[-1])[1] > 100, 240, "a cadence")
        speed, cadence = cadence_spm(watch.heard[-1])
        assert abs(speed - SPEED_KMH / 3.6) < 0.01, speed
        await watch.leave()
    return [f"{speed:.2f} m/s, {cadence:.0f} steps/min"]


async def bluez_dies_under_watch(machine: Machine) -> list[str]:
    async with machine.pod() as station:
        first = await joined(machine)
        await until(lambda: len(first.heard) > 3, 60, "measurements")
        machine.kill_bluez()
        await asyncio.sleep(12)
        await machine.restart_bluez()
        start = time.monotonic()
        second = await joined(machine, 90)
        before = len(second.heard)
        await until(lambda: len(second.heard) > before + 3, 60, "measurements again")
        said = [line for line in station.errors.decode().splitlines() if "luetooth" in line]
    return [f"heard again {time.monotonic() - start:.0f} s after BlueZ came back", *said]


SCENARIOS: dict[str, Callable[[Machine], Awaitable[list[str]]]] = {
    one.__name__: one
    for one in (
        doctor, by_auto, by_name_and_address, away_and_back, killed_and_again, another_machine, bluez_dies,
        radio_off_and_on, watch_off, two_watches, bluez_dies_under_watch, station_and_watch,
    )
}


async def main() -> None:
    checkout, bleak, poses, *names = sys.argv[1:]
    machine = Machine(checkout, bleak, poses)
    await machine.start()
    for name in names or SCENARIOS:
        start = time.monotonic()
        for treadmill in (machine.treadmill, machine.other):
            treadmill.writes.clear()
            treadmill.connections = 0
        try:
            found = await asyncio.wait_for(SCENARIOS[name](machine), 900)
            for treadmill in (machine.treadmill, machine.other):
                assert not treadmill.writes, f"written to {treadmill.name}: {treadmill.writes}"
            result = {"ok": True, "found": found}
        except Exception as error:
            traceback.print_exc()
            print(*trace, sep="\n", flush=True)
            result = {"ok": False, "found": [f"{type(error).__name__}: {error}"]}
        for treadmill in (machine.treadmill, machine.other):
            try:
                await treadmill.switch_off()
            except Exception as error:
                print("switching off:", error, flush=True)
        if machine.bluez.poll() is not None:
            await machine.restart_bluez()
        await forget(machine)
        print("BT", json.dumps({"name": name, **result, "s": round(time.monotonic() - start)}), flush=True)
    print(LOG.read_text()[-2000:], flush=True)


if __name__ == "__main__":
    asyncio.run(main())
