"""Settings without a keyboard: from the card's boot partition, and from an installer's stick.

Whoever can write the boot partition holds the card and could change everything anyway. A stick
counts only with the station's signature on it (see usb/signature.py). Settings are laid over each
other, key by key: installed, boot partition, stick. The upper two may set what INSTALLERS names and
nothing else. Each layer is tried together with those below it, on everything that a start would
refuse, before anything uses it. A bad one changes nothing: the last good one stays in force and the
fault is shown. A good one is copied to the data folder, so that a boot partition that cannot be
read one day changes nothing either. To go back, an empty file does: on the boot partition to the
installed settings, on the stick to both.

What no trial can find out, as a camera that is not there, a start does: see `Provision.starting`.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from station.config import Config, load, parse, tables
from station.cues.plan import Plan
from station.errors import ConfigError, StationError, UsageError
from station.files import json_bytes, write_atomic
from station.present.voices import load_voices
from station.types import Troubles

log = logging.getLogger("station")

BOOT_FILE = Path("/boot/firmware/station.toml")
KEPT_NAME = "provisioned.toml"  # in station.data_dir of the installed settings
STARTS_NAME = "starts.json"  # there too
INSTALLER_FILE = Path("/var/lib/station-usb/installer.toml")  # root's: usb/job.py puts it there
LARGEST_BYTES = 64 * 1024  # a settings file has a few hundred; whatever is larger is something else
MOST_FAILED = 2  # starts with new settings, before those that started last come back
STICK = "station.toml on the stick"

# What the boot partition and an installer's stick may set: all that depends on the place. Not where
# files lie: a folder that is not there, or is somebody else's, would take the sessions along.
INSTALLERS = {
    "station": {"name", "language", "time_zone"},
    "camera": {"number", "turned_deg", "mains_hz", "fps", "exposure_us", "long_side_px", "focus_m"},
    "view": {"roll_deg", "azimuth_deg", "px_per_m", "direction", "focal_px", "zone"},
    "deck": {"length_m", "width_m", "distance_m"},
    "pose": {"model", "threads", "smallest_person", "stay_s"},
    "hip_belt": {"enabled"},
    "pelvis": {"enabled"},
    "treadmill": {"bluetooth"},
    "watch": {"enabled"},
    "session": {
        *("speed_kmh", "baseline_s", "cue_block_s", "free_block_s", "retention_s", "planned_s", "session_number"),
    },
    "sound": {"enabled", "volume", "card", "metronome"},
    "light": {"enabled", "leds", "dimming", "brightness", "pwm_hz"},
    "pins": {"fitted", "red", "green", "blue", "status", "button", "buzzer"},
    "screen": {"enabled", "width_px", "height_px", "turn_deg", "width_mm", "distance_m"},
    "record": {"input_log", "logs_quota_mb", "free_floor_mb", "sessions_kept", "hip_belt_pairs", "opensim"},
    "usb": {"which"},
}


@dataclass(frozen=True)
class Provision:
    """The settings in force, their files, and what is wrong with the others."""

    config: Config
    sources: tuple[Path, ...]
    trouble: Troubles
    starts: Starts = field(compare=False)

    @contextmanager
    def starting(self) -> Iterator[None]:
        """Round a start: it failed once more, unless it calls `started` or ends by itself.

        After MOST_FAILED of them, `provision` goes back to the settings that started last, until
        others come. Where even those fail, the settings were not to blame, and the newer ones get
        another try.
        """
        self.starts.begin()
        yield
        self.starts.excuse()

    def started(self) -> None:
        self.starts.started()


class Starts:
    """How starts went, by upper layers: those tried last, how often in vain, and which started.

    None is kept of the installed settings alone. A folder that cannot be written, or a record that
    was spoiled, only means that nothing comes back by itself.
    """

    def __init__(self, folder: Path, upper: tuple[str, str]) -> None:
        self._path, self._upper = folder / STARTS_NAME, upper
        self._name = hashlib.sha256("\0".join(upper).encode()).hexdigest()
        self._seen = _record(self._path)
        self.gave_way = self._seen.failed.get(self._name, 0) >= MOST_FAILED and self._seen.started != upper

    @property
    def fallback(self) -> tuple[str, str]:
        """Boot partition's and stick's settings that started last; ("", "") when none ever did."""
        return self._seen.started

    def begin(self) -> None:
        failed = self._seen.failed
        if self.gave_way:  # if this start fails as well, the newer settings were not the reason
            self._write({})
        elif self._upper != self._seen.started:
            self._write({self._name: failed.get(self._name, 0) + 1})

    def excuse(self) -> None:
        """The start ended as it should, which says nothing against the settings."""
        self._write(self._seen.failed)

    def started(self) -> None:
        if not self.gave_way:
            self._seen = _Record(failed={}, started=self._upper)
        self._write(self._seen.failed)

    def _write(self, failed: dict[str, int]) -> None:
        record = _Record(failed=failed, started=self._seen.started)
        try:
            if any(self._upper) and _record(self._path) != record:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                write_atomic(self._path, json_bytes(record.model_dump()))
        except OSError as error:
            log.warning("how this start went cannot be kept: %s", error)


class _Record(BaseModel):
    failed: dict[str, int]
    started: tuple[str, str]


def _record(path: Path) -> _Record:
    try:
        with path.open("rb") as file:
            return _Record.model_validate_json(file.read(8 * LARGEST_BYTES))
    except (OSError, ValueError):
        return _Record(failed={}, started=("", ""))


class _Layers:
    """Settings laid over each other so far, and what was wrong with those that were not."""

    def __init__(self, config_file: Path | None) -> None:
        self.config = load(config_file)
        self._values = tables(config_file.read_bytes(), str(config_file)) if config_file is not None else {}
        self.sources: tuple[Path, ...] = (config_file,) if config_file is not None else ()
        self.trouble: list[tuple[str, str]] = []
        # the content of each layer above the installed one, "" where there is none
        self.upper: list[str] = []
        self.folder = self.config.station.data_folder

    def add(self, content: bytes, where: Path | str) -> None:
        """Raises ConfigError, and then nothing has changed."""
        values = tables(content, str(where))
        _only_installers(values, str(where))
        both = merged(self._values, values)
        config = parse(both, str(where))
        _try(config, values, str(where))
        self.config, self._values, self.sources = config, both, (*self.sources, Path(where))

    def add_file(self, path: Path, what: str, remedy: str) -> bytes | None:
        """Returns what was added, None for nothing: a bad file is a trouble and changes nothing."""
        try:
            content = _small_file(path)
            if content is not None:
                self.add(content, path)
            return content
        except ConfigError as error:
            log.warning("the %s are not used: %s", what, error)
            self.trouble.append((f"{path}: {error.what}", remedy))
            return None

    def add_boot_file(self, boot_file: Path) -> bytes | None:
        """That file, or the last good copy of it. Returns what was added."""
        kept_file = self.folder / KEPT_NAME
        with suppress(OSError):
            if wrong := misnamed(os.listdir(boot_file.parent)):
                self.trouble.append((f"{boot_file.with_name(wrong)} is not read", f"rename it to {boot_file.name}"))
        remedy = "correct the file; until then the settings before it apply"
        fresh = self.add_file(boot_file, "settings on the boot partition", remedy)
        if fresh is None:
            remedy = f"put a good station.toml beside {boot_file.with_name('config.txt')}"
            return self.add_file(kept_file, "kept settings", remedy)
        self.trouble += _keep(fresh, kept_file)
        return fresh


def provision(config_file: Path | None, boot_file: Path = BOOT_FILE, installer_file: Path = INSTALLER_FILE) -> Provision:
    """Installed settings under those of the boot file (or its good copy) and the installer's stick.

    Never fails because of the latter two. Raises ConfigError for faults in `config_file` itself,
    UsageError when root is about to work on another user's sessions.
    """
    layers = _Layers(config_file)
    _not_as_root(layers.folder)
    boot = layers.add_boot_file(boot_file) or b""
    remedy = "bring the installer's stick with a good station.toml"
    stick = layers.add_file(installer_file, "kept settings", remedy) or b""
    starts = Starts(layers.folder, (boot.decode("utf-8-sig"), stick.decode("utf-8-sig")))
    if starts.gave_way:
        layers = _gone_back(config_file, layers, starts.fallback, (boot_file, installer_file))
    return Provision(layers.config, layers.sources, tuple(layers.trouble), starts)


def _gone_back(config_file: Path | None, new: _Layers, fallback: tuple[str, str], files: tuple[Path, Path]) -> _Layers:
    old = _Layers(config_file)
    for text, path in zip(fallback, files, strict=True):
        try:
            if text:
                old.add(text.encode(), path)
        except ConfigError as error:  # the installed settings have changed since
            log.warning("settings that started once are not used: %s", error)
    what = f"the station did not start with new settings ({', '.join(map(str, new.sources[1:]))}): those before apply again"
    old.trouble = [*new.trouble, (what, "correct them, or sign them again, and bring them once more")]
    return old


def why_refused(content: bytes, config_file: Path | None, boot_file: Path | None = BOOT_FILE) -> str | None:
    """Why a station would not start with an installer's settings; None when it would.

    `boot_file` None: on a machine that is no station. Raises ConfigError for faults in
    `config_file` itself.
    """
    layers = _Layers(config_file)
    if boot_file is not None:
        layers.add_boot_file(boot_file)
    if len(content) > LARGEST_BYTES:
        return f"{STICK}: is larger than {LARGEST_BYTES // 1024} kB"
    try:
        layers.add(content, STICK)
    except ConfigError as error:
        return f"{error.where}: {error.what}"
    return None


def _only_installers(values: dict[str, Any], where: str) -> None:
    """Raises ConfigError for what only the installed settings may set."""
    known = Config.model_fields
    kept_back = [
        f"{section}.{key}"
        for section, inner in values.items()
        if section in known and isinstance(inner, dict)
        for key in inner
        if key in type(known[section].default).model_fields and key not in INSTALLERS[section]
    ]
    if kept_back:
        what = f"{', '.join(kept_back)}: may be set in /etc/station/station.toml only"
        raise ConfigError(what, where, "take it out")


def _try(config: Config, changed: dict[str, Any], where: str) -> None:
    """What a start would refuse of what this layer `changed`. Raises ConfigError."""
    try:
        Plan(**config.session.model_dump(exclude={"speed_kmh"}))
        if "language" in changed.get("station", {}):
            load_voices(config.station.language)
        if "model" in changed.get("pose", {}):
            from station.pose.estimator import known_model  # brings ONNX Runtime along

            known_model(config.pose)
    except StationError as error:
        raise ConfigError(f"{error.what}; {error.remedy}", where, error.remedy) from None
    except ValueError as error:
        raise ConfigError(str(error), where, "correct [session]") from None


def _not_as_root(folder: Path) -> None:
    """Root would follow links that a folder's owner put there. Raises UsageError."""
    if os.geteuid() == 0 and folder.is_dir() and folder.stat().st_uid != 0:
        who = f"'#{folder.stat().st_uid}'"
        with suppress(KeyError):  # a user without a name
            who = folder.owner()
        remedy = f"run it as their owner: sudo -u {who} station ..."
        raise UsageError("root does not work on another user's sessions", str(folder), remedy)


def merged(under: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """`over` wins, key by key; only tables are merged, a list replaces a list."""
    both = dict(under)
    for key, value in over.items():
        mine = both.get(key)
        both[key] = merged(mine, value) if isinstance(mine, dict) and isinstance(value, dict) else value
    return both


def misnamed(names: Iterable[str]) -> str:
    """The name meant to be station.toml, "": none. Windows hides endings, editors add them."""
    meant = ("station.toml.txt", "station.txt", "station.toml.toml", "station.tml", "station .toml")
    return min((name for name in names if name.casefold() in meant), default="")


def _small_file(path: Path) -> bytes | None:
    """Its content, None without such a file. Raises ConfigError for anything but a small file."""
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
    """Copies the good file, whole in a power cut. A full disk is reported, not fatal."""
    try:
        if kept_file.exists() and kept_file.read_bytes() == content:
            return []
        kept_file.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(kept_file, content)
    except OSError as error:
        log.warning("new settings could not be kept: %s", error)
        return [(f"{kept_file}: cannot be written ({error.strerror})", "free space on the card, or check its owner")]
    log.info("new settings kept in %s", kept_file)
    return []
