"""The treadmill by Bluetooth: belt speed, incline, distance. Nothing is ever written to it.

A thread of its own looks for the treadmill, listens, and looks again with growing waits when it is
gone. Needs the package `bleak` (extra `bluetooth`; on the packaged station Debian's python3-bleak).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import re
import threading
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from station.errors import HardwareError
from station.ports import Clock
from station.sense import bluez
from station.sense.ftms import SERVICE, TREADMILL_DATA, decode, may_be_treadmill
from station.types import Reading, Troubles

log = logging.getLogger("station")

AUTO = "auto"
ADDRESS = re.compile(r"([0-9A-F]{2}:){5}[0-9A-F]{2}|[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}", re.IGNORECASE)
LOOK_S = 8.0  # chosen
WAITS_S = (2.0, 5.0, 15.0, 30.0, 60.0)  # between two looks; the last one for good
# A treadmill that says nothing for so long is looked for anew; they send about once a second.
SILENT_S = 10.0
MOST_KEPT = 64  # chosen
STRONGEST_DBM = 127  # more than the field of a signal can hold
NO_BLEAK = "install Debian's python3-bleak, or the station's extra `bluetooth`"


@dataclass(frozen=True, slots=True)
class Found:
    """A treadmill in reach. `signal_dbm`: how strong it is heard; nearer ones are stronger. None
    when this machine is connected to it: then it is silent to others.
    """

    name: str
    address: str
    signal_dbm: int | None

    def is_named(self, wanted: str) -> bool:
        """By its address, or by its name in any case of letters."""
        mine = self.address if ADDRESS.fullmatch(wanted) else self.name
        return mine.lower() == wanted.lower()

    def __str__(self) -> str:
        heard = "connected" if self.signal_dbm is None else f"{self.signal_dbm} dBm"
        return f"{self.name or 'without a name'} ({self.address}, {heard})"


class NoTreadmill(HardwareError):
    """A fitness machine that measures no belt."""


def bleak() -> Any:
    """The package. Raises HardwareError with what to install when it is missing."""
    try:
        import bleak as package  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        raise HardwareError("the package bleak is missing", "treadmill.bluetooth", NO_BLEAK) from None
    return package


async def look(wanted: str = AUTO, seconds: float = LOOK_S) -> list[Found]:
    """Treadmills in reach, the connected ones first, then the strongest; the wanted one even when
    it does not say that it is one.

    Raises HardwareError: no package, no Bluetooth, or it is off.
    """
    package = bleak()
    try:
        heard = await package.BleakScanner.discover(timeout=seconds, return_adv=True)
        connected = await bluez.connected(SERVICE)
    except (package.exc.BleakError, OSError) as error:
        remedy = "switch Bluetooth on (`rfkill unblock bluetooth`), or set treadmill.bluetooth to nothing"
        raise HardwareError(f"Bluetooth cannot be used ({_words(error)})", "treadmill.bluetooth", remedy) from None
    found = [Found(name, address, None) for name, address in connected]
    silent = {one.address for one in found}
    for device, advertised in heard.values():
        one = Found(advertised.local_name or device.name or "", device.address, int(advertised.rssi))
        says_so = SERVICE in [uuid.lower() for uuid in (*advertised.service_uuids, *advertised.service_data)]
        treadmill = says_so and may_be_treadmill(advertised.service_data.get(SERVICE, b""))
        if one.address not in silent and (treadmill or one.is_named(wanted)):
            found.append(one)
    return sorted(found, key=lambda one: -STRONGEST_DBM if one.signal_dbm is None else -one.signal_dbm)


def _words(error: BaseException) -> str:
    """What an error says; some of bleak's carry a code behind their words, and a timeout none."""
    first = error.args[0] if error.args else ""
    words = first if isinstance(first, str) and " " in first else str(error)
    return words.rstrip(".") or "no answer"


def chosen(found: list[Found], wanted: str) -> Found | None:
    """The one that the settings mean: the strongest for "auto", else by address or name."""
    return next((one for one in found if wanted == AUTO or one.is_named(wanted)), None)


async def listen(treadmill: Found, heard: Callable[[bytes], None]) -> None:
    """Hands on every notification until the treadmill is gone or silent.

    Raises HardwareError when it cannot be reached, NoTreadmill when it measures no belt.
    """
    package = bleak()
    gone, spoke = asyncio.Event(), asyncio.Event()

    def notified(_: Any, payload: bytearray) -> None:
        spoke.set()
        heard(bytes(payload))

    name = treadmill.name or treadmill.address
    try:
        if treadmill.signal_dbm is None:
            await bluez.disconnect(treadmill.address)  # by a station that was killed; it is found anew
        async with package.BleakClient(treadmill.address, disconnected_callback=lambda _: gone.set()) as client:
            if client.services.get_characteristic(TREADMILL_DATA) is None:
                remedy = "set treadmill.bluetooth to the treadmill's name"
                raise NoTreadmill("measures no belt: it is another machine", name, remedy)
            await client.start_notify(TREADMILL_DATA, notified)
            while not gone.is_set():
                spoke.clear()
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(gone.wait(), SILENT_S)
                if not spoke.is_set():
                    return
    except NoTreadmill:
        raise
    except (TimeoutError, package.exc.BleakError, OSError) as error:
        remedy = "close other programs that use the treadmill: most take one listener"
        raise HardwareError(f"cannot be reached ({_words(error)})", name, remedy) from None


class Treadmill:
    """`ports.Sensor`. `looks`, `listens` stand for the two functions above in tests.

    `trouble` says why nothing is heard, as (what, remedy); coaching goes on without.
    """

    channels: tuple[str, ...] = ("speed_ftms_mps", "incline_ftms_pct", "distance_ftms_m")

    def __init__(
        self,
        wanted: str,
        clock: Clock,
        looks: Callable[[str], Awaitable[list[Found]]] = look,
        listens: Callable[[Found, Callable[[bytes], None]], Awaitable[None]] = listen,
        waits_s: tuple[float, ...] = WAITS_S,
    ) -> None:
        self._wanted, self._clock, self._waits_s = wanted, clock, waits_s
        self._looks, self._listens = looks, listens
        self._heard: deque[Reading] = deque(maxlen=MOST_KEPT)
        self._tries = 0
        self._mine: Found | None = None  # the one that "auto" has listened to
        self._others: set[str] = set()  # addresses of fitness machines without a belt
        self._stop = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._task: asyncio.Task[None] | None = None
        self.trouble: Troubles = ()
        self._thread = threading.Thread(target=self._work, name="treadmill", daemon=True)
        self._thread.start()

    def poll(self, t_ns: int) -> tuple[Reading, ...]:
        """What came since the last call, each at the time it came, but never later than `t_ns`."""
        readings = [self._heard.popleft() for _ in range(len(self._heard))]
        return tuple(Reading(min(one.t_ns, t_ns), one.channel, one.value) for one in readings)

    def close(self) -> None:
        self._stop.set()
        with contextlib.suppress(RuntimeError):  # the loop has ended by itself
            self._loop.call_soon_threadsafe(self._cancel)
        self._thread.join(timeout=5.0)

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _work(self) -> None:
        async def until_closed() -> None:
            self._task = asyncio.current_task()
            while not self._stop.is_set():
                await self._once()
                await asyncio.sleep(self._waits_s[min(self._tries, len(self._waits_s) - 1)])
                self._tries += 1

        with contextlib.suppress(asyncio.CancelledError):
            self._loop.run_until_complete(until_closed())
        self._loop.close()

    async def _once(self) -> None:
        """One look, and listening for as long as it goes well."""
        treadmill = None
        try:
            found = [one for one in await self._looks(self._wanted) if one.address not in self._others]
            treadmill = self._same(found) if self._mine else chosen(found, self._wanted)
            if treadmill is None:
                others = ", ".join(map(str, found)) or "none"
                name = (self._mine.name or self._mine.address) if self._mine else "" if self._wanted == AUTO else self._wanted
                which = f"the treadmill {name!r}" if name else "a treadmill"
                self._say(f"{which} is not in reach; heard: {others}", "switch it on, or correct treadmill.bluetooth")
                return
            await self._listens(treadmill, partial(self._take, treadmill))
            self._say(f"the treadmill {treadmill.name or treadmill.address} is silent", "check that it is switched on")
        except NoTreadmill as error:
            if treadmill is not None:
                self._others.add(treadmill.address)
            self._say(f"{error.where} {error.what}", error.remedy)
        except HardwareError as error:
            self._say(*error.trouble)
        except Exception as error:
            log.exception("the treadmill's Bluetooth failed")
            self._say(f"the treadmill's Bluetooth failed ({error})", "report this; coaching goes on")

    def _same(self, found: list[Found]) -> Found | None:
        """The one listened to before: never a neighbour's, whose speed would be a wrong one. Some
        have a new address each time they are switched on; then it is the only one of its name.
        """
        assert self._mine is not None
        named = [one for one in found if self._mine.name and one.name == self._mine.name]
        by_address = next((one for one in found if one.address == self._mine.address), None)
        return by_address or (named[0] if len(named) == 1 else None)

    def _say(self, what: str, remedy: str) -> None:
        if not self.trouble:
            log.warning("%s. %s", what, remedy)
        self.trouble = ((what, remedy),)

    def _take(self, treadmill: Found, payload: bytes) -> None:
        if self._wanted == AUTO:
            self._mine = treadmill
        data, t_ns = decode(payload), self._clock.now_ns()
        values = (data.speed_mps, data.incline_pct, data.distance_m)
        for channel, value in zip(self.channels, values, strict=True):
            if not math.isnan(value):
                self._heard.append(Reading(t_ns, channel, value))
        self.trouble, self._tries = (), 0
