"""Settings without a keyboard: a `station.toml` that somebody put on the boot partition of the card.

Whoever can write that partition holds the card and could change everything anyway; no other place is looked at, least of all a
stick that somebody plugs in. What the file says wins over the installed settings, key by key. It is checked together with them
before anything uses it. A bad one changes nothing: the last good one stays in force and the fault is shown. A good one is copied
to the data folder, so that a boot partition that cannot be read one day changes nothing either; to go back to the installed
settings, put an empty file there.
"""

from __future__ import annotations

import logging
import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from station.config import Config, load, parse
from station.errors import ConfigError

log = logging.getLogger("station")

BOOT_FILE = Path("/boot/firmware/station.toml")
KEPT_NAME = "provisioned.toml"  # in station.data_dir of the installed settings
LARGEST_BYTES = 64 * 1024  # a settings file has a few hundred; whatever is larger is something else


@dataclass(frozen=True)
class Provision:
    """The settings in force, where they came from, and what is wrong with the boot file: (what, remedy) pairs for the screen."""

    config: Config
    sources: tuple[Path, ...]
    trouble: tuple[tuple[str, str], ...] = ()


def provision(config_file: Path | None, boot_file: Path = BOOT_FILE) -> Provision:
    """Installed settings with those of the boot file, or of the last good copy of it, on top.

    Never fails because of the boot file. Raises ConfigError for faults in `config_file` itself.
    """
    installed = load(config_file)
    base, sources = (_values(config_file), (config_file,)) if config_file is not None else ({}, ())
    kept_file = installed.station.data_dir.expanduser() / KEPT_NAME
    trouble = []
    try:
        fresh = _small_file(boot_file)
        if fresh is not None:
            config = _on_top(base, fresh, boot_file)
            trouble += _keep(fresh, kept_file)
            return Provision(config, (*sources, boot_file), tuple(trouble))
    except ConfigError as error:
        log.warning("the settings on the boot partition are not used: %s", error)
        trouble.append((f"{boot_file}: {error.what}", "correct the file; until then the settings before it apply"))
    try:
        kept = _small_file(kept_file)
        if kept is not None:
            return Provision(_on_top(base, kept, kept_file), (*sources, kept_file), tuple(trouble))
    except ConfigError as error:  # the installed settings changed since, or the card is damaged
        log.warning("the kept settings are not used: %s", error)
        trouble.append((f"{kept_file}: {error.what}", f"put a good station.toml beside {boot_file.with_name('config.txt')}"))
    return Provision(installed, sources, tuple(trouble))


def _on_top(base: dict[str, Any], text: bytes, where: Path) -> Config:
    try:
        values = tomllib.loads(text.decode("utf-8-sig"))  # Windows' editor puts a mark in front
    except UnicodeDecodeError:
        raise ConfigError("is not UTF-8 text", str(where), "save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"is not valid TOML: {error}", str(where), "correct that line") from None
    return parse(merged(base, values), str(where))


def merged(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """`over` wins, key by key; only tables are merged, a list replaces a list."""
    both = dict(under)
    for key, value in over.items():
        mine = both.get(key)
        both[key] = merged(mine, value) if isinstance(mine, dict) and isinstance(value, dict) else value
    return both


def _values(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))  # `load` has read it before: it is there and it is TOML


def _small_file(path: Path) -> bytes | None:
    """Its content, or None when there is no such file. Raises ConfigError when it is there and cannot be what it should be."""
    try:
        if path.is_symlink() or (path.exists() and not path.is_file()):
            raise ConfigError("is not a plain file", str(path), "put a plain text file there")
        with path.open("rb") as file:
            content = file.read(LARGEST_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(f"cannot be read ({error.strerror})", str(path), "check the card") from None
    if len(content) > LARGEST_BYTES:
        raise ConfigError(f"is larger than {LARGEST_BYTES // 1024} kB", str(path), "put a settings file there")
    return content


def _keep(content: bytes, kept_file: Path) -> list[tuple[str, str]]:
    """Copies the good file so that a power cut leaves the old copy or the new one. A full disk is told, not fatal."""
    try:
        if kept_file.exists() and kept_file.read_bytes() == content:
            return []
        kept_file.parent.mkdir(parents=True, exist_ok=True)
        half = kept_file.with_suffix(".tmp")
        with half.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        half.replace(kept_file)
    except OSError as error:
        log.warning("the settings of the boot partition are used but could not be kept: %s", error)
        return [(f"{kept_file}: cannot be written ({error.strerror})", "free space on the card, or check its owner")]
    log.info("new settings from the boot partition")
    return []
