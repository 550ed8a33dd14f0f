"""How far the exporter is, in a file a disk: it writes, the running station reads."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast, get_args

from station.files import json_bytes, publish

StickState = Literal["none", "writing", "done", "failed", "settings", "refused"]
STATES = get_args(StickState)
FOLDER = Path("/run/station-usb")  # root's; systemd makes it for the exporter
PREFIX = "status-"  # then the disk's name: pulling one stick takes no other's word away
MOST_BYTES = 4096  # chosen: far more than is written
MOST_SESSIONS = 10_000  # chosen: more than a card holds


@dataclass(frozen=True, slots=True)
class StickStatus:
    """`text`: which of full, read-only and so on, with the remedy; or what was written.

    `settings`: an installer's were taken; `refused`: they were not, and `text` says why. `earlier`:
    sessions that the stick already carried when it came, None when nobody looked.
    """

    state: StickState = "none"
    text: str = ""
    earlier: int | None = None


def write_status(folder: int, disk: str, status: StickStatus) -> None:
    """Into the open folder (a descriptor). Raises OSError."""
    content = {"state": status.state, "text": status.text, "at_ns": time.monotonic_ns(), "earlier": status.earlier}
    publish(folder, PREFIX + disk, json_bytes(content))


def read_status(folder: Path = FOLDER) -> StickStatus:
    """What was last written of any stick; "none" without one, or for what makes no sense."""
    found: list[tuple[int, StickStatus]] = []
    with suppress(OSError):
        for path in folder.glob(f"{PREFIX}*"):
            with suppress(OSError, ValueError, RecursionError):
                found.append(_read(path))
    return max(found, key=lambda one: one[0])[1] if found else StickStatus()


def _read(path: Path) -> tuple[int, StickStatus]:
    """Raises OSError, or ValueError or RecursionError for what no exporter wrote."""
    with open(path, "rb") as file:
        values = json.loads(file.read(MOST_BYTES))
    if not isinstance(values, dict) or values.get("state") not in STATES or not isinstance(values.get("at_ns"), int):
        raise ValueError("no status")
    earlier = values.get("earlier")
    known = earlier if type(earlier) is int and 0 <= earlier <= MOST_SESSIONS else None
    return values["at_ns"], StickStatus(cast("StickState", values["state"]), str(values.get("text", ""))[:200], known)
