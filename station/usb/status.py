"""How far the exporter is, in a small file that the running station reads: two processes, one writes, one looks."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from station.files import write_atomic

State = Literal["none", "writing", "done", "failed", "settings", "refused"]
STATES = ("none", "writing", "done", "failed", "settings", "refused")
MOST_BYTES = 4096


@dataclass(frozen=True, slots=True)
class StickStatus:
    """`text`: which of full, read-only, unreadable, unsupported, pulled out, with the remedy; or what was written.

    `settings`: an installer's were taken; `refused`: they were not, and `text` says why.
    """

    state: State = "none"
    text: str = ""


def write_status(path: Path, status: StickStatus) -> None:
    """Raises OSError."""
    write_atomic(path, json.dumps({"state": status.state, "text": status.text}).encode())


def read_status(path: Path) -> StickStatus:
    """What the exporter last wrote; "none" when there is no stick, or nothing that can be understood."""
    try:
        with open(path, "rb") as file:
            values = json.loads(file.read(MOST_BYTES))
    except (OSError, ValueError):
        return StickStatus()
    if not isinstance(values, dict) or values.get("state") not in STATES:
        return StickStatus()
    return StickStatus(cast("State", values["state"]), str(values.get("text", ""))[:200])
