"""When and in which boot: wall-clock time for people, with an honest word on whether it can be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

# systemd-timesyncd leaves this behind once it has set the clock from the network.
CLOCK_SET = Path("/run/systemd/timesync/synchronized")
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Moment:
    """`utc` is ISO 8601 to the second; without `trusted` it may be wrong by years (no clock battery, no network)."""

    utc: str
    trusted: bool
    boot_id: str


def now() -> Moment:
    boot_id = BOOT_ID.read_text().strip().replace("-", "") if BOOT_ID.is_file() else ""
    return Moment(datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), CLOCK_SET.exists(), boot_id)
