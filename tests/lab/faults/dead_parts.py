"""Every part of the running station dies, one at a time, while it coaches: who notices, how soon,
and what still works.

    python -m tests.lab.faults.dead_parts [NAME ...]

Each row runs the whole `station run` (tests/made_appliance.py) until a cue is due, kills the part,
and waits until the screen says so and the runner was still cued by what is left. Times are the
station's own clock.
"""

from __future__ import annotations

import io
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import gpiozero
import pygame
import pytest

from station.calibrate.watch import PlaceWatch
from station.errors import HardwareError, InputError, StoreError
from station.pose.hip_belt import HipBeltFinder
from station.present.buzzer import Buzzer
from station.present.lights import Lights
from station.present.pins import PressButton
from station.record.store import SqliteStore
from station.run import start
from station.run.boot_check import BootCheck
from station.sense.frame_watch import FrameWatch
from station.sense.picamera import PicameraSource
from station.testing.fake_picamera2 import FakeLibrary, Opening
from station.types import NS, Mode, Snapshot
from tests.made_appliance import Appliance, NeverCame, Sitter, cued, gym

WITHIN_S = 5.0  # what is dead must be on the screen by then
EIO = OSError(5, "Input/output error")
How = Literal["coaches", "restarts"]


class Box(Appliance):
    """An appliance one of whose parts fails once `dead` is set; `died_ns` is when it was first
    asked for after that.
    """

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch, printed: Any) -> None:
        super().__init__(folder, patch, printed)
        self.dead = threading.Event()
        self.released = threading.Event()  # lets what hangs go on, at the end
        self.died_ns: int | None = None

    def breaks(self, owner: Any, name: str, error: Exception | None = None, times: int = 10**9) -> None:
        """Makes that method raise, or without an error hang, from the death on."""
        real = getattr(owner, name)
        left = times

        def call(*arguments: Any, **more: Any) -> Any:
            nonlocal left
            if not self.dead.is_set() or left <= 0:
                return real(*arguments, **more)
            left -= 1
            self.died_ns = self.died_ns or self.clock.now_ns()
            if error is not None:
                raise error
            self.clock.hung.add(threading.current_thread())
            self.released.wait()
            return real(*arguments, **more)

        self.patch.setattr(owner, name, call)


@dataclass(frozen=True)
class Death:
    """`words`: what the screen, or for a restart standard error, must say; "" where nothing need be
    said.
    """

    name: str
    kill: Callable[[Box], None]
    words: str
    still: tuple[str, ...] = ("light", "sound")  # what must still cue the runner
    how: How = "coaches"
    from_start: bool = False
    # What it ends with when it is stopped: 70 where the death itself is a bug, which must not be
    # swallowed.
    code: int = 0


@dataclass
class Outcome:
    name: str
    code: int
    said_s: float | None = None  # after the death; None when nothing was said
    wrong: list[str] = field(default_factory=list)


def at_start(error: Exception) -> Callable[..., None]:
    def fails(*_: object, **__: object) -> None:
        raise error

    return fails


def _pins(box: Box, error: Exception) -> None:
    for name in (5, 6, 13):
        pin = box.pins.pin(name)
        box.breaks(pin, "_set_state", error)


def _buzzer(box: Box) -> None:
    box.more_settings = '[pins]\nfitted = ["light", "status", "buzzer"]\n'
    box.breaks(Buzzer, "tick", EIO)


def _button(box: Box) -> None:
    box.more_settings = '[pins]\nfitted = ["light", "status", "button"]\n'
    box.patch.setattr(PressButton, "__init__", at_start(HardwareError("cannot be used for button", "GPIO 17", "free it")))


GONE = Opening(fails={"open": RuntimeError("gone")})


def _camera(*openings: Opening) -> Callable[[Box], None]:
    return lambda box: box.boots_with(FakeLibrary(box.clock, gym(), openings=list(openings)))


def _lights_and_close(box: Box) -> None:
    box.breaks(Lights, "tick", EIO)
    box.breaks(Lights, "close", EIO)


def _speaker_and_close(box: Box) -> None:
    box.breaks(box.speaker, "tick", HardwareError("the sound card was unplugged", "Device", "plug it in again"))
    box.breaks(box.speaker, "close", EIO)


def _calibration(box: Box) -> None:
    box.data.mkdir(parents=True)
    (box.data / "calibration.camera.json").write_bytes(b'{"schema": 5')
    (box.data / "calibration.json").write_bytes(b'{"schema": 5')
    box.patch.setattr(start, "in_force", at_start(KeyError("view")))


SOUND, LIGHT = ("light",), ("sound",)  # what is left when the other one dies

DEATHS = (
    Death(
        "loudspeaker: card unplugged",
        lambda box: box.breaks(box.speaker, "tick", HardwareError("the sound card was unplugged", "Device", "")),
        "unplugged",
        SOUND,
    ),
    Death("loudspeaker: refuses a cue", lambda box: box.breaks(box.speaker, "present", EIO), "loudspeaker", SOUND),
    Death("loudspeaker: and cannot be closed", _speaker_and_close, "unplugged", SOUND),
    Death("loudspeaker: a bug in it", lambda box: box.breaks(box.speaker, "tick", KeyError("clip")), "loudspeaker", SOUND),
    Death("loudspeaker: hangs", lambda box: box.breaks(box.speaker, "tick"), "does not answer", SOUND),
    Death("loudspeaker: one failure only", lambda box: box.breaks(box.speaker, "tick", EIO, times=1), "loudspeaker"),
    Death("light: a pin cannot be written", lambda box: _pins(box, EIO), "light", LIGHT),
    Death("light: gpiozero refuses", lambda box: _pins(box, gpiozero.PinInvalidState("invalid state")), "light", LIGHT),
    Death("light: and cannot be closed", _lights_and_close, "light", LIGHT),
    Death("light: hangs", lambda box: box.breaks(Lights, "tick"), "does not answer", LIGHT),
    Death("light: one failure only", lambda box: box.breaks(Lights, "tick", EIO, times=1), "light"),
    Death("buzzer: cannot be written", _buzzer, "buzzer"),
    Death("button: cannot be claimed", _button, "button", from_start=True),
    Death("screen: the display is lost", lambda box: box.breaks(pygame.display, "flip", pygame.error("lost")), "lost"),
    Death("screen: a bug in the drawing", lambda box: box.breaks(start.Screen, "_draw", ValueError("no surface")), "no surface"),
    Death(
        "screen: raises what it never should",
        lambda box: box.breaks(start.Screen, "show", ValueError("no window")),
        "the screen failed",
    ),
    Death(
        "store: the disk takes nothing",
        lambda box: box.breaks(SqliteStore, "add", StoreError("the database cannot be written", "", "")),
        "",
    ),
    Death(
        "store: a bug while recording",
        lambda box: box.breaks(SqliteStore, "add", KeyError("stride")),
        "recording stopped",
        code=70,
    ),
    Death(
        "store: cannot be opened",
        lambda box: box.patch.setattr(start, "SqliteStore", at_start(StoreError("cannot be opened", "data", "check it"))),
        "cannot be opened",
        from_start=True,
    ),
    Death(
        "store: its history cannot be understood",
        lambda box: box.patch.setattr(start, "SqliteStore", at_start(KeyError("tally"))),
        "record",
        from_start=True,
    ),
    Death(
        "store: does not close",
        lambda box: box.breaks(SqliteStore, "close", StoreError("the last second was not written", "", "")),
        "",
    ),
    Death("calibration: damaged", _calibration, "calibration", from_start=True),
    Death(
        "voice: lines damaged",
        lambda box: box.patch.setattr(
            "station.run.outputs.load_voices", at_start(InputError("is damaged", "manifest.json", "install the station again"))
        ),
        "is damaged",
        from_start=True,
    ),
    Death(
        "boot check: breaks off",
        lambda box: box.patch.setattr(start, "BootCheck", lambda config: BootCheck(config, at_start(RuntimeError("no /proc")))),
        "",
        from_start=True,
    ),
    Death("pose model: fails on one frame", lambda box: box.breaks(Sitter, "estimate", RuntimeError("NaN"), times=1), ""),
    Death(
        "pose model: fails on every frame",
        lambda box: box.breaks(Sitter, "estimate", RuntimeError("NaN")),
        "the pose model failed 10 times in a row",
        (),
        "restarts",
    ),
    Death(
        "hip belt: its finder breaks",
        lambda box: box.breaks(HipBeltFinder, "find", IndexError("no tag")),
        "search for a hip belt",
    ),
    Death(
        "watch over light and lens: breaks",
        lambda box: box.breaks(FrameWatch, "step", ValueError("grey")),
        "watch over light and lens",
    ),
    Death(
        "watch over the camera's place: breaks",
        lambda box: box.breaks(PlaceWatch, "step", ValueError("grey")),
        "watch over the camera's place",
    ),
    Death(
        "camera: one bad frame",
        lambda box: box.breaks(PicameraSource, "read", IndexError("list index out of range"), times=1),
        "",
    ),
    Death(
        "camera: nothing but bad frames",
        lambda box: box.breaks(PicameraSource, "read", KeyError("SensorTimestamp")),
        "the camera failed 10 times in a row",
        (),
        "restarts",
    ),
    Death("camera: stalls once", _camera(Opening(frames=300), Opening()), "", from_start=True),
    Death(
        "camera: gone for good", _camera(Opening(frames=300), GONE), "camera", (), "restarts", from_start=True
    ),
)


class Printed:
    """What was printed since it was asked last, for use outside of pytest."""

    def __init__(self) -> None:
        self.streams = sys.stdout, sys.stderr
        sys.stdout, sys.stderr = io.StringIO(), io.StringIO()

    def readouterr(self) -> Any:
        captured = type("Said", (), {"out": sys.stdout.getvalue(), "err": sys.stderr.getvalue()})  # type: ignore[attr-defined]
        sys.stdout, sys.stderr = io.StringIO(), io.StringIO()
        return captured

    def give_back(self) -> None:
        sys.stdout, sys.stderr = self.streams


def tried(death: Death, folder: Path, patch: pytest.MonkeyPatch, printed: Any) -> Outcome:
    """Lives through one death."""
    box = Box(folder, patch, printed)
    box.with_a_bug = death.code == 70
    said_ns: list[int] = []
    heard = {"light": False, "sound": False}
    death.kill(box)

    def done(now: Snapshot) -> bool:
        if not box.dead.is_set() and (death.from_start or now.mode is Mode.COACH):
            box.dead.set()
            box.lit.clear()
            box.died_ns = box.clock.now_ns() if death.from_start or not death.words or "answer" in death.words else None
        if death.words and not said_ns and any(death.words in what for what, _ in now.station.trouble):
            said_ns.append(box.clock.now_ns())
        heard["light"] |= box.amber
        heard["sound"] |= box.loudest > 0.05
        said = bool(said_ns) or not death.words
        return box.dead.is_set() and cued(now) and said and all(heard[way] for way in death.still)

    outcome = Outcome(death.name, 0)
    try:
        outcome.code = box.run(until=done, times=1)
    except NeverCame as error:
        outcome.wrong.append(str(error))
    finally:
        box.released.set()
    code = outcome.code
    if said_ns and box.died_ns is not None and not (death.from_start and death.how == "restarts"):
        outcome.said_s = max(0.0, (said_ns[0] - box.died_ns) / NS)
    if death.how == "restarts":
        if code in (0, 70) or death.words not in box.said.err:
            outcome.wrong.append(f"ended with {code} and not with the reason: {box.said.err[-300:]}")
        return outcome
    if code != death.code:
        outcome.wrong.append(f"ended with {code}: {box.said.err[-300:]}")
    if not any(cued(snapshot) for snapshot in box.shown):
        outcome.wrong.append("no cue")
    outcome.wrong += [f"no {way}" for way in death.still if not heard[way]]
    if death.words and not said_ns:
        outcome.wrong.append(f"not said: {death.words}; but {sorted(box.trouble)}")
    if outcome.said_s is not None and outcome.said_s > WITHIN_S:
        outcome.wrong.append(f"said only after {outcome.said_s:.1f} s")
    return outcome


def main(names: list[str]) -> int:
    """Prints a row for each death; returns how many were not survived as they should."""
    chosen = [death for death in DEATHS if not names or any(name in death.name for name in names)]
    failed = 0
    for death in chosen:
        printed = Printed()
        try:
            with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
                outcome = tried(death, Path(folder), patch, printed)
        finally:
            printed.give_back()
        said = "" if outcome.said_s is None else f"said after {outcome.said_s:.1f} s"
        failed += bool(outcome.wrong)
        print(f"{death.name:<42} {'; '.join(outcome.wrong) or death.how:<10} exit {outcome.code}  {said}", flush=True)
    print(f"{len(chosen) - failed} of {len(chosen)} survived or told")
    return failed


if __name__ == "__main__":
    sys.exit(bool(main(sys.argv[1:])))
