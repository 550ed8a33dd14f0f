"""An installer's stick: settings for the station, taken because the station's own key lies beside them.

    installer.key    a copy of /etc/station/installer.key, which is made when the package is installed and read by root alone
    station.toml     what to change, as in the same file on the boot partition

Both at the top of the stick. Anybody can plug in a stick beside a treadmill; only who once had root, or the card, has the key.
It is read by the exporter's child, which has given up root; what the settings may say is for `provision` to judge.
"""

from __future__ import annotations

import hmac
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from station.provision import LARGEST_BYTES

KEY_NAME, SETTINGS_NAME = "installer.key", "station.toml"
SHORTEST_KEY = 32  # characters; an empty or cut-off key file opens nothing


@dataclass(frozen=True, slots=True)
class Found:
    """`settings` None: the stick carries none. `trusted`: the station's key lies beside them."""

    settings: bytes | None = None
    trusted: bool = False


def station_key(path: Path) -> bytes:
    """The station's own key, b"" when it has none that is long enough."""
    try:
        key = path.read_bytes().strip()
    except OSError:
        return b""
    return key if len(key) >= SHORTEST_KEY else b""


def settings_on(mounted: Path, key: bytes) -> Found:
    """What lies at the top of a mounted stick. Never raises: a stranger's stick may hold anything under these names."""
    settings = _plain_file(mounted / SETTINGS_NAME)
    if settings is None:
        return Found()
    told = (_plain_file(mounted / KEY_NAME) or b"").strip()
    return Found(settings, bool(key) and hmac.compare_digest(told, key))  # takes the same time wherever they differ


def _plain_file(path: Path) -> bytes | None:
    """At most LARGEST_BYTES + 1 of it, so that a larger one is seen to be. A link, folder or pipe counts as not there."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return None
        with open(handle, "rb", closefd=False) as file:
            return file.read(LARGEST_BYTES + 1)
    except OSError:  # a bad block
        return None
    finally:
        os.close(handle)
