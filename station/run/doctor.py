"""`station doctor`: every part of this machine's station, with verdict, evidence and remedy."""

from __future__ import annotations

import asyncio
import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from station import __version__, wall_clock
from station.calibrate.calibration import load, misfit, path_of
from station.calibrate.scene import drift_of
from station.check import Check
from station.config import Config
from station.errors import HardwareError, StationError, StoreError
from station.export.documents import PUBLISHED
from station.files import json_bytes, write_output
from station.ports import FrameSource, PoseSource
from station.pose.estimator import open_estimator
from station.pose.store import cards, models_dir, verified
from station.provision import Provision, provision
from station.run.check_list import not_ok, print_checks
from station.run.clock import SystemClock
from station.run.spoken import speaking
from station.sense.open import PICAMERA, open_source
from station.sense.opened import frames
from station.sense.treadmill import AUTO, chosen, look
from station.types import Frame

PACKAGES = (
    "numpy",
    "onnxruntime",
    "opencv-python-headless",
    "av",
    "pygame-ce",
    "gpiozero",
    "pydantic",
    "click",
    "jinja2",
    "fit-tool",
    "xlsxwriter",
)
MIN_FREE_BYTES = 500_000_000  # chosen
CAMERA_FRAMES, CAMERA_WAIT_S = 5, 2.0  # chosen
SETTLED, AVERAGED = 50, 10  # frames until the exposure has settled, and then looked at
THROTTLED_NOW = {
    0: "the voltage is low",
    1: "the frequency is capped",
    2: "it is slowed down",
    3: "the temperature limit is reached",
}


@PUBLISHED
@dataclass(frozen=True)
class Doctor:
    """What `station doctor` found."""

    schema: Literal["station.doctor/1"]
    version: str
    verdicts: list[Check]


def run_doctor(config_file: Path | None, as_json: bool) -> None:
    """Prints all checks.

    Raises HardwareError when something is missing, StationError when something is wrong.
    """
    provided = provision(config_file)
    with speaking(provided.config.station.language) as say:
        checks = [settings(provided), *examine(provided.config)]
        if as_json:
            write_output("-", json_bytes(asdict(Doctor("station.doctor/1", __version__, checks))))
        else:
            print_checks(checks, say)
        _conclude(checks)


def _conclude(checks: Sequence[Check]) -> None:
    wrong, absent = not_ok(checks, "bad", "cannot_tell"), not_ok(checks, "missing")
    if wrong:
        raise StationError(f"not in order: {wrong}", "", "follow the remedies above")
    if absent:
        raise HardwareError(f"not here: {absent}", "", "follow the remedies above; `station demo` runs without them")


def examine(config: Config, parts: Sequence[str] | None = None) -> list[Check]:
    """Runs every check, or those of some parts; one that fails never stops the next."""
    return [_checked(part, CHECKS[part], config) for part in (CHECKS if parts is None else parts)]


def _checked(part: str, check: Callable[[Config], str], config: Config) -> Check:
    try:
        return Check(part, "ok", check(config))
    except HardwareError as error:
        return Check(part, "missing", *error.trouble)
    except StationError as error:
        return Check(part, "bad", *error.trouble)


def settings(provided: Provision) -> Check:
    """Which files the settings come from, and what is wrong with the one on the boot partition."""
    evidence = ", ".join(map(str, provided.sources)) or "all defaults"
    if provided.trouble:
        what, remedy = provided.trouble[0]
        return Check("settings", "bad", f"{evidence}; {what}", remedy)
    return Check("settings", "ok", evidence)


# --- the checks: evidence when all is well, a StationError when not ---


def machine(_: Config) -> str:
    model = Path("/proc/device-tree/model")
    name = model.read_text(encoding="utf-8").strip("\0") if model.exists() else platform.machine()
    return f"{name}, {os.cpu_count()} cores, Python {platform.python_version()}, station {__version__}"


def packages(_: Config) -> str:
    found, absent = [], []
    for name in PACKAGES:
        try:
            found.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            absent.append(name)
    if absent:
        raise StationError(f"not installed: {', '.join(absent)}", sys.prefix, "install the station again")
    return ", ".join(found)


def models(config: Config) -> str:
    names = []
    for card in cards(models_dir(config.pose.models_dir)):
        verified(card)
        names.append(card.name)
    return f"{', '.join(names)}: hashes as on their cards"


def pose(config: Config) -> str:
    estimator = open_estimator(config.pose)
    start = time.perf_counter()
    estimator.estimate(Frame(0, 0, np.zeros((640, 480, 3), np.uint8)))
    taken_ms = 1e3 * (time.perf_counter() - start)
    estimator.close()
    return f"an empty frame takes {taken_ms:.0f} ms with {config.pose.threads} threads"


def camera(config: Config) -> str:
    """Opens it and waits for frames: a listed camera may be dead, in use, or out of memory."""
    with open_source(PICAMERA, config, SystemClock()) as source:
        if not list(islice(frames(source, CAMERA_WAIT_S), CAMERA_FRAMES)):
            raise HardwareError("delivers no frame", "camera", "check the ribbon cable at both ends")
        info = source.info
        seen = f"{info.path}: {info.width_px}x{info.height_px} at {info.fps:g} frames a second"
        return "; ".join((seen, *getattr(source, "notes", ())))


def place(config: Config) -> str:
    """Whether there is a calibration, and whether the camera still stands where it stood then."""
    path = path_of(config, "camera")
    calibration = load(path)
    remedy = "with the belt empty, run `station calibrate`"
    if calibration is None:
        raise StationError("the camera was never calibrated", str(path), remedy)
    made = f"calibrated {calibration.created_utc or 'at an unknown time'}"
    with open_source(PICAMERA, config, SystemClock()) as source:
        why = misfit(calibration, source.info, config)
        if why:
            raise StationError(f"the calibration is not used: {why}", str(path), remedy)
        grey = _mean_grey(source)
    if calibration.scene is None:
        raise StationError(f"{made}, with somebody in the way: whether the camera moved is not known", str(path), remedy)
    drift = drift_of(calibration.scene, grey)
    if drift.state in ("moved", "unknown"):
        raise StationError(f"{made}, and the camera was moved since: {drift.evidence}", str(path), remedy)
    return f"{made}; {drift.evidence}"


def _mean_grey(source: FrameSource | PoseSource) -> NDArray[np.uint8]:
    """Of the frames after the exposure has settled. Raises HardwareError when none comes."""
    settled = islice(frames(source, CAMERA_WAIT_S), SETTLED, SETTLED + AVERAGED)
    greys = [cv2.cvtColor(frame.image, cv2.COLOR_RGB2GRAY) for frame in settled]
    if not greys:
        raise HardwareError("delivers no picture", "camera", "check the ribbon cable at both ends")
    return np.mean(greys, axis=0).astype(np.uint8)


def pins(config: Config) -> str:
    claimed = config.pins.claimed()
    if not (config.light.enabled and claimed):
        return "none fitted"
    from station.present.lights import open_lights
    from station.present.pins import open_pin_factory

    factory = open_pin_factory(config.pins)
    open_lights(config, factory).close()
    return ", ".join(f"{name} GPIO {pin}" for name, pin in claimed.items())


def sound(config: Config) -> str:
    if not config.sound.enabled:
        return "switched off in the settings"
    from station.present.sound import open_speaker
    from station.present.voices import load_voices

    open_speaker(config.sound, load_voices(config.station.language)).close()
    return f"a device opens; volume {config.sound.volume:.0%}"


def display(config: Config) -> str:
    if not config.screen.enabled:
        return "switched off in the settings"
    from station.present.screen.window import Screen

    Screen(config.screen, config.station.language).close()
    return f"a display opens at {config.screen.width_px}x{config.screen.height_px} or its own size"


def storage(config: Config) -> str:
    folder = config.station.data_folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".doctor"
        probe.write_bytes(b"x")
        probe.unlink()
    except OSError as error:
        remedy = "check its owner, or set station.data_dir"
        raise StoreError(f"cannot be written ({error.strerror})", str(folder), remedy) from None
    free = shutil.disk_usage(folder).free
    if free < MIN_FREE_BYTES:
        raise StoreError(f"only {free // 1_000_000} MB are free", str(folder), "delete old sessions or use a larger card")
    return f"{folder} is writable, {free / 1e9:.1f} GB free"


def clock(_: Config) -> str:
    now, by = wall_clock.now(), wall_clock.now.vouched_by()
    if int(now.utc[:4]) < wall_clock.BUILT_YEAR:
        raise StationError(f"the clock says {now.utc[:4]}", "", "set it, or fit the battery of the real-time clock")
    return f"{now.utc}, vouched for by {by}" if by else f"{now.utc}, but nobody vouches for it: sessions get no date"


def power(_: Config) -> str:
    if shutil.which("vcgencmd") is None:
        return "not a Raspberry Pi: nothing to read"
    answer = subprocess.run(["vcgencmd", "get_throttled"], capture_output=True, text=True, timeout=10, check=False).stdout.strip()
    try:
        bits = int(answer.partition("=")[2], 16)
    except ValueError:
        return f"vcgencmd says {answer!r}"
    now = [name for bit, name in THROTTLED_NOW.items() if bits >> bit & 1]
    if now:
        raise StationError(f"{', '.join(now)} right now ({answer})", "", "use the official supply and a cooler")
    return f"{answer}: there was trouble since boot" if bits else f"{answer}: never throttled since boot"


def treadmill(config: Config) -> str:
    """The treadmills in reach, and whether the one of the settings is among them."""
    wanted = config.treadmill.bluetooth
    if not wanted:
        return "not asked (treadmill.bluetooth is empty)"
    found = asyncio.run(look(wanted))
    heard = ", ".join(map(str, found)) or "none"
    mine = chosen(found, wanted)
    if mine is None:
        raise HardwareError(f"{wanted!r} is not in reach; heard: {heard}", "", "switch it on, or correct treadmill.bluetooth")
    unsure = wanted == AUTO and len(found) > 1
    several = "; several are in reach: set treadmill.bluetooth to the right one's name" if unsure else ""
    return f"{mine.name or mine.address}; in reach: {heard}{several}"


CHECKS: dict[str, Callable[[Config], str]] = {
    check.__name__: check
    for check in (
        *(machine, packages, models, pose, camera, place, treadmill),
        *(pins, sound, display, storage, clock, power),
    )
}
