"""The exporter's other half, a process of the station's own user: whatever reads settings, sessions
or a stick's content.

    python -m station.usb.owner look MOUNTED
        -> {"settings": base64 or null, "signature": base64, "misnamed": name}
    python -m station.usb.owner try      (settings on standard input)
        -> {"refused": why or null}
    python -m station.usb.owner write MOUNTED
        -> {"sessions": [...] or null, "earlier": count}, or what went wrong

The answer is one JSON object on standard output. Root believes none of it further than its type.
"""

from __future__ import annotations

import base64
import itertools
import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from station import wall_clock
from station.config import Config
from station.errors import StationError, StoreError
from station.provision import LARGEST_BYTES, misnamed, provision, why_refused
from station.record.archive import Archive
from station.usb.folders import StickError, opened, plain_file
from station.usb.signature import SETTINGS_NAME, SIGNATURE_NAME
from station.usb.stick import MOST_ENTRIES, export_to

INSTALLED = Path("/etc/station/station.toml")


def look(mounted: Path) -> dict[str, Any]:
    """What an installer's stick has at its top. Never raises, whatever is there."""
    found: dict[str, Any] = {"settings": None, "signature": "", "misnamed": ""}
    with suppress(OSError), opened(str(mounted), None) as top:
        settings, signature = (plain_file(top, name, LARGEST_BYTES) for name in (SETTINGS_NAME, SIGNATURE_NAME))
        if settings is not None:
            found |= {"settings": _packed(settings), "signature": _packed(signature or b"")}
        found["misnamed"] = misnamed(itertools.islice(os.listdir(top), MOST_ENTRIES))
    return found


def try_settings(settings: bytes, installed: Path = INSTALLED) -> dict[str, Any]:
    """Whether the station would start with them."""
    return {"refused": why_refused(settings, installed)}


def write(mounted: Path, config: Config) -> dict[str, Any]:
    """The sessions that the stick holds now, None when no run is over yet."""
    archive = Archive(config.station.data_folder, config.station.time_zone)
    now = wall_clock.now()
    with suppress(StoreError):
        archive.date_sessions(now)
    try:
        if all(row.state == "open" for row in archive.sessions()):
            return {"sessions": None}
        done = export_to(mounted, archive, config.usb.which, config.station.name, config.record.opensim, config.station.language)
    except StickError as error:
        return {"failure": error.failure, "detail": error.what}
    except StationError as error:
        return {"error": error.what, "where": error.where, "remedy": error.remedy}
    sessions = (*done.written, *done.already)
    with suppress(StoreError):  # they are on the stick; the worst is that they are looked at again
        archive.mark_exported(sessions, now.utc)
    return {"sessions": sessions, "earlier": done.earlier}


def _packed(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def main(task: str, place: str) -> dict[str, Any]:
    try:
        if task == "look":
            return look(Path(place))
        if task == "try":
            return try_settings(sys.stdin.buffer.read(LARGEST_BYTES + 1))
        return write(Path(place), provision(INSTALLED).config)
    except StationError as error:  # of the installed settings
        return {"error": error.what, "where": error.where, "remedy": error.remedy}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "")))
