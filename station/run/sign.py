"""`station sign-settings`: settings for a stick, checked and signed on another machine."""

from __future__ import annotations

import os
import secrets
import time
from pathlib import Path

import click

from station.errors import ConfigError, InputError, StoreError, UsageError
from station.files import write_atomic
from station.provision import LARGEST_BYTES, why_refused
from station.usb.signature import MOST_DIGITS, SETTINGS_NAME, SHORTEST_KEY, SIGNATURE_NAME, signature, usable_key

COUNTER_SUFFIX = ".counter"  # beside the key: the counter of what was signed last


def new_key(path: Path) -> None:
    """Makes a key only its owner can read. Raises UsageError if there is one, StoreError."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with open(handle, "w", encoding="ascii") as file:
            file.write(f"{secrets.token_hex(32)}\n")
    except FileExistsError:
        raise UsageError("is there already, and stations may be using it", str(path), "choose another name") from None
    except OSError as error:
        raise StoreError(f"cannot be written ({error.strerror})", str(path), "choose a folder of your own") from None
    click.echo(f"wrote {path}: keep it on this machine and off every stick")
    click.echo(f"on each station: sudo install -m 600 -o root -g root {path.name} /etc/station/installer.key")


def sign_settings(settings_file: Path, key_file: Path, folder: Path) -> None:
    """Writes settings and signature into `folder`, the top of a stick.

    Raises ConfigError for settings that a station would refuse, InputError, UsageError (no key),
    StoreError.
    """
    settings, key = _read(settings_file, LARGEST_BYTES), usable_key(_read(key_file, LARGEST_BYTES))
    if not key:
        what = f"is no key: it has less than {SHORTEST_KEY} characters"
        raise UsageError(what, str(key_file), "make one with --new-key, or copy a station's")
    if folder.resolve() in key_file.resolve().parents:
        raise UsageError("lies on the stick, where whoever finds it has it", str(key_file), "move it to a folder of your own")
    refused = why_refused(settings, None, boot_file=None)
    if refused is not None:
        raise ConfigError(refused.partition(": ")[2], str(settings_file), "correct it, then sign it")
    counter = _next_counter(key_file)
    try:
        for name, content in ((SETTINGS_NAME, settings), (SIGNATURE_NAME, signature(key, counter, settings))):
            write_atomic(folder / name, content)
            click.echo(f"wrote {folder / name}")
    except OSError as error:
        raise StoreError(f"cannot be written ({error.strerror})", str(folder), "name the folder where the stick is") from None
    click.echo(f"counter {counter}: stations take it after everything that was signed with this key before")


def _next_counter(key_file: Path) -> int:
    """Above the last one and the seconds since 1970: so that two machines seldom meet."""
    path = key_file.with_name(key_file.name + COUNTER_SUFFIX)
    try:
        last = path.read_text(encoding="ascii").strip() if path.exists() else "0"
        if not last.isdecimal() or len(last) > MOST_DIGITS:
            raise StoreError("is not the last counter", str(path), "write a number there, at least that of the last signature")
        counter = max(int(last) + 1, int(time.time()))
        write_atomic(path, f"{counter}\n".encode())
    except (OSError, UnicodeDecodeError) as error:
        what = f"the last counter cannot be kept ({error})"
        raise StoreError(what, str(path), "keep the key in a folder of your own") from None
    return counter


def _read(path: Path, most: int) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(most + 1)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise InputError(f"cannot be read ({why})", str(path), "check the path") from None
    if len(content) > most:
        raise InputError(f"is larger than {most // 1024} kB", str(path), "name a small text file")
    return content
