"""When and in which boot: wall-clock time for people, and whether it can be trusted.

A Raspberry Pi without a battery starts with whatever time it had last, or with the year its system
was built in. So a time counts only when somebody vouches for it: the network (systemd-timesyncd,
chrony or ntpd, asked through the kernel), or a real-time clock that kept time while the power was
off. Within a boot the monotonic clock is always right: a session that was recorded before the time
was known gets it afterwards, by `dated`.
"""

from __future__ import annotations

import ctypes
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

BUILT_YEAR = 2026  # a clock that shows less has lost its time
# systemd-timesyncd leaves this behind once it has set the clock from the network.
TIMESYNCD = Path("/run/systemd/timesync/synchronized")
RTCS = Path("/sys/class/rtc")
LOCALTIME = Path("/etc/localtime")
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
# What timedatectl goes by: the kernel takes 16 s for the largest error of a clock that nobody
# disciplines, and lets it grow by half a millisecond a second.
UNDISCIPLINED_US = 16_000_000
# chosen: more apart, and somebody set one of the two by hand; they drift 4 s a day
RTC_AGREES_S = 3600.0


@dataclass(frozen=True, slots=True)
class Moment:
    """`utc`: ISO 8601 to the second, wrong by years unless `trusted`; `monotonic_ns`: of then."""

    utc: str
    trusted: bool
    boot_id: str
    monotonic_ns: int = 0


class WallClock:
    """Call it for the present moment. `vouched_by` says who vouches for the time, "": nobody.

    What the network has set once is trusted for as long as the program runs, cable or not.
    """

    def __init__(
        self,
        timesyncd: Path = TIMESYNCD,
        rtcs: Path = RTCS,
        error_us: Callable[[], int] = lambda: kernel_error_us(),
        now_s: Callable[[], float] = time.time,
    ) -> None:
        self._timesyncd, self._rtcs, self._error_us, self._now_s = timesyncd, rtcs, error_us, now_s
        self._was_set = False

    def __call__(self) -> Moment:
        boot_id = BOOT_ID.read_text().strip().replace("-", "") if BOOT_ID.is_file() else ""
        utc = utc_text(datetime.fromtimestamp(self._now_s(), UTC))
        return Moment(utc, bool(self.vouched_by()), boot_id, time.monotonic_ns())

    def vouched_by(self) -> str:
        if datetime.fromtimestamp(self._now_s(), UTC).year < BUILT_YEAR:
            return ""
        if sys.platform != "linux":  # a laptop: its clock runs from its own battery
            return "the system"
        self._was_set = self._was_set or self._timesyncd.exists() or self._error_us() < UNDISCIPLINED_US
        if self._was_set:
            return "the network"
        return "the battery clock" if self._kept_by_battery() else ""

    def _kept_by_battery(self) -> bool:
        """Whether the kernel set the clock from a battery clock (`hctosys`) of a possible year."""
        for folder in self._rtcs.glob("rtc*"):
            try:
                set_from_it = (folder / "hctosys").read_text().strip() == "1"
                shown_s = int((folder / "since_epoch").read_text())
            except (OSError, ValueError):
                continue
            plausible = datetime.fromtimestamp(shown_s, UTC).year >= BUILT_YEAR
            if set_from_it and plausible and abs(shown_s - self._now_s()) <= RTC_AGREES_S:
                return True
        return False


def kernel_error_us() -> int:
    """The clock's largest error as the kernel has it; UNDISCIPLINED_US where it cannot be asked."""
    timex = (ctypes.c_byte * 256)()  # struct timex has 208 bytes; `modes` 0 only reads
    try:
        if ctypes.CDLL(None, use_errno=True).adjtimex(timex) < 0:
            return UNDISCIPLINED_US
    except (OSError, AttributeError):  # not Linux
        return UNDISCIPLINED_US
    # modes (padded), offset, freq, maxerror: each as long as a `long`
    return ctypes.c_long.from_buffer(timex, 3 * ctypes.sizeof(ctypes.c_long)).value


now = WallClock()


def dated(moment: Moment, monotonic_ns: int) -> str:
    """The wall-clock time of an earlier monotonic time of the same boot."""
    return later(moment.utc, (monotonic_ns - moment.monotonic_ns) / 1e9)


def later(utc: str, seconds: float) -> str:
    """That moment so many seconds later."""
    return utc_text(utc_time(utc) + timedelta(seconds=seconds))


def utc_text(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def utc_time(text: str) -> datetime:
    """ISO 8601 text as a moment, in UTC where it names no zone. Raises ValueError."""
    when = datetime.fromisoformat(text)
    return when if when.tzinfo else when.replace(tzinfo=UTC)


def zone(name: str) -> tzinfo:
    """A time zone by its IANA name. Raises ValueError for an unknown one."""
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):  # not there, or no name at all
        raise ValueError(f"no time zone {name!r} here, write it as in Europe/Berlin") from None


def zone_name(configured: str) -> str:
    """The zone's IANA name: configured, or the machine's own for ""; UTC where it has none."""
    if configured:
        return configured
    _, found, name = os.path.realpath(LOCALTIME).partition("/zoneinfo/")
    try:
        return name if found and zone(name) else "UTC"
    except ValueError:
        return "UTC"


def local(utc: str, name: str) -> datetime:
    """That moment on the clock on the gym's wall, summer time included. Raises ValueError."""
    return utc_time(utc).astimezone(zone(name))
