"""Settings without a keyboard: a `station.toml` on the boot partition of the card, and one from an installer's stick.

Whoever can write the boot partition holds the card and could change everything anyway. A stick is listened to only with the
station's key on it (see usb/job.py). Settings are laid over each other, key by key: installed, boot partition, stick.
Each layer is checked together with those below it before anything uses it. A bad one changes nothing: the last good one stays
in force and the fault is shown. A good one is copied to the data folder, so that a boot partition that cannot be read one day
changes nothing either. To go back, an empty file does: on the boot partition to the installed settings, on the stick to both.
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
INSTALLER_FILE = Path("/var/lib/station-usb/installer.toml")  # root's: usb/job.py puts it there
LARGEST_BYTES = 64 * 1024  # a settings file has a few hundred; whatever is larger is something else


@dataclass(frozen=True)
class Provision:
    """The settings in force, where they came from, and what is wrong with the boot file: (what, remedy) pairs for the screen."""

    config: Config
    sources: tuple[Path, ...]
    trouble: tuple[tuple[str, str], ...] = ()


class _Layers:
    """Settings laid over each other so far, and what was wrong with those that were not."""

    def __init__(self, config_file: Path | None) -> None:
        self.config = load(config_file)
        self._values = _values(config_file) if config_file is not None else {}
        self.sources: tuple[Path, ...] = (config_file,) if config_file is not None else ()
        self.trouble: list[tuple[str, str]] = []
        self.folder = self.config.station.data_dir.expanduser()  # that of the installed settings

    def add(self, content: bytes, where: Path) -> None:
        """Raises ConfigError, and then nothing has changed."""
        values = merged(self._values, _parsed(content, where))
        self.config = parse(values, str(where))
        self._values, self.sources = values, (*self.sources, where)

    def add_kept(self, path: Path, remedy: str) -> None:
        """A copy that was good when it was made; by now the settings below it may have changed, or the card is damaged."""
        try:
            content = _small_file(path)
            if content is not None:
                self.add(content, path)
        except ConfigError as error:
            log.warning("the kept settings are not used: %s", error)
            self.trouble.append((f"{path}: {error.what}", remedy))

    def add_boot_file(self, boot_file: Path) -> None:
        """That file, or the last good copy of it."""
        kept_file = self.folder / KEPT_NAME
        try:
            fresh = _small_file(boot_file)
            if fresh is not None:
                self.add(fresh, boot_file)
                self.trouble += _keep(fresh, kept_file)
                return
        except ConfigError as error:
            log.warning("the settings on the boot partition are not used: %s", error)
            self.trouble.append((f"{boot_file}: {error.what}", "correct the file; until then the settings before it apply"))
        self.add_kept(kept_file, f"put a good station.toml beside {boot_file.with_name('config.txt')}")


def provision(config_file: Path | None, boot_file: Path = BOOT_FILE, installer_file: Path = INSTALLER_FILE) -> Provision:
    """Installed settings, with those of the boot file (or of its last good copy) and of the installer's stick on top.

    Never fails because of the latter two. Raises ConfigError for faults in `config_file` itself.
    """
    layers = _Layers(config_file)
    layers.add_boot_file(boot_file)
    layers.add_kept(installer_file, "bring the installer's stick with a good station.toml")
    return Provision(layers.config, layers.sources, tuple(layers.trouble))


def why_refused(content: bytes, config_file: Path | None, boot_file: Path = BOOT_FILE) -> str | None:
    """What is wrong with settings that an installer's stick brings, None when the station would start with them.

    Raises ConfigError for faults in `config_file` itself.
    """
    layers = _Layers(config_file)
    layers.add_boot_file(boot_file)
    where = Path("station.toml on the stick")
    if len(content) > LARGEST_BYTES:
        return f"{where}: is larger than {LARGEST_BYTES // 1024} kB"
    try:
        layers.add(content, where)
    except ConfigError as error:
        return f"{error.where}: {error.what}"
    return None


def _parsed(text: bytes, where: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text.decode("utf-8-sig"))  # Windows' editor puts a mark in front
    except UnicodeDecodeError:
        raise ConfigError("is not UTF-8 text", str(where), "save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"is not valid TOML: {error}", str(where), "correct that line") from None


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
        log.warning("new settings could not be kept: %s", error)
        return [(f"{kept_file}: cannot be written ({error.strerror})", "free space on the card, or check its owner")]
    log.info("new settings kept in %s", kept_file)
    return []
