"""The signature beside an installer's settings: who has the key wrote them, and after all that were
taken before.

    station.toml              the settings
    station.toml.signature    counter = 1764338400
                              hmac-sha256 = "9f86d0..."

The signature is HMAC-SHA256 (RFC 2104) over the counter and the settings, to the byte. The key lies
on the installer's machine and, readable by root alone, on each station; never on a stick. A station
takes settings only when their counter is greater than that of the settings it has, so an old stick,
or a copy of one, brings nothing back.
"""

from __future__ import annotations

import hashlib
import hmac
import re

SETTINGS_NAME, SIGNATURE_NAME = "station.toml", "station.toml.signature"
SHORTEST_KEY = 32  # characters; an empty or cut-off key file opens nothing
# so that the key can never be made to sign anything else
CONTEXT = b"treadmill station settings 1\n"
MOST_DIGITS = 18  # fits 64 bits
TEXT = re.compile(rb'\s*counter = ([1-9][0-9]{0,17})\s+hmac-sha256 = "([0-9a-f]{64})"\s*')
KEPT = re.compile(rb"# counter ([1-9][0-9]{0,17})\n")
MARK = b"\xef\xbb\xbf"  # what Windows' editor puts in front


def digest(key: bytes, counter: int, settings: bytes) -> str:
    return hmac.new(key, CONTEXT + b"%d\n" % counter + settings, hashlib.sha256).hexdigest()


def signature(key: bytes, counter: int, settings: bytes) -> bytes:
    return f'counter = {counter}\nhmac-sha256 = "{digest(key, counter, settings)}"\n'.encode()


def signed_counter(key: bytes, settings: bytes, text: bytes) -> int | None:
    """The counter these settings were signed with by that key, else None. Never raises."""
    found = TEXT.fullmatch(text.removeprefix(MARK))
    if not key or found is None:
        return None
    counter = int(found[1])
    return counter if hmac.compare_digest(digest(key, counter, settings), found[2].decode()) else None


def kept(counter: int, settings: bytes) -> bytes:
    """Settings as a station keeps them: in one file with their counter."""
    return b"# counter %d\n" % counter + settings.removeprefix(MARK)


def kept_counter(content: bytes | None) -> int:
    """The counter of settings that were kept, 0 when there are none."""
    found = KEPT.match(content or b"")
    return int(found[1]) if found else 0


def usable_key(content: bytes) -> bytes:
    """A key file's content without what an editor adds, b"" when it is too short to be one."""
    key = content.strip()
    return key if len(key) >= SHORTEST_KEY else b""
