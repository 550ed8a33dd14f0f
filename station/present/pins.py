"""The 40-pin header: which pin does what, and the one way to get at it.

Raspberry Pi kernels renumber /dev/gpiochip* from time to time, so the chip is found by what it is.
There is no fall-back to another library or to mock pins: a station that seems to light its LEDs and
does not is worse than one that says so. The kernel gives each line to one process; open the pins in
the process that uses them, once.
"""

from __future__ import annotations

import fcntl
import logging
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from station.config import PinsSection
from station.errors import HardwareError
from station.ports import Clock
from station.types import Press

if TYPE_CHECKING:
    from gpiozero import OutputDevice
    from gpiozero.pins import Factory

log = logging.getLogger("station")

# The header's controller on a Pi 5, a Pi 4, and older ones: device-tree name without its maker, and
# driver label. Source: the kernel's pinctrl-rp1.c and pinctrl-bcm2835.c with their bindings.
HEADER_CHIPS = {"rp1-gpio", "bcm2711-gpio", "bcm2835-gpio"}
HEADER_LABELS = {"pinctrl-rp1", "pinctrl-bcm2711", "pinctrl-bcm2835"}
# Linux/gpio.h: _IOR(0xB4, 1, struct gpiochip_info), 68 bytes: name[32], label[32], lines.
GPIO_GET_CHIPINFO = 0x8044B401


# --- finding the chip -----------------------------------------------------------------------------


def chip_label(device: Path) -> str:
    """What the driver calls the chip behind a /dev/gpiochip*. Raises OSError."""
    answer = bytearray(68)
    with device.open("rb") as handle:
        fcntl.ioctl(handle, GPIO_GET_CHIPINFO, answer)
    return answer[32:64].split(b"\0")[0].decode("ascii", "replace")


def find_header_chip(root: Path = Path("/"), label_of: Callable[[Path], str] = chip_label) -> int:
    """The N of the /dev/gpiochipN of the 40-pin header: by device-tree name, else by driver label.

    `root` holds `sys` and `dev`. Raises HardwareError naming the chips that are there when none is
    the header's.
    """
    by_name = {}
    for folder in sorted((root / "sys/bus/gpio/devices").glob("gpiochip*")):
        try:
            names = (folder / "of_node/compatible").read_text(encoding="ascii").split("\0")
        except OSError:
            continue
        by_name[folder.name] = {name.partition(",")[2] for name in names}
    chips = [chip for chip, names in by_name.items() if names & HEADER_CHIPS]
    labels = {} if chips else _labels(root, label_of)
    chips += [chip for chip, label in labels.items() if label in HEADER_LABELS]
    present = [chip for chip in chips if (root / "dev" / chip).exists()]
    if present:
        return int(present[0].removeprefix("gpiochip"))
    if chips:
        raise HardwareError("has no device file", f"/dev/{chips[0]}", "check udev, and what the service's sandbox lets in")
    seen = ", ".join(f"{chip} {label}" for chip, label in labels.items()) or "no GPIO chip at all"
    raise HardwareError(
        f"the chip of the 40-pin header was not found, only {seen}",
        str(root / "sys/bus/gpio/devices"),
        "run on a Raspberry Pi, or set pins.fitted = []",
    )


def _labels(root: Path, label_of: Callable[[Path], str]) -> dict[str, str]:
    labels = {}
    for device in sorted((root / "dev").glob("gpiochip*")):
        try:
            labels[device.name] = label_of(device)
        except OSError as error:
            labels[device.name] = f"({error.strerror or error})"
    return labels


# --- opening it -----------------------------------------------------------------------------------


def open_pin_factory(pins: PinsSection, root: Path = Path("/"), label_of: Callable[[Path], str] = chip_label) -> Factory:
    """gpiozero's lgpio pins on the header's chip.

    Raises HardwareError: no such chip, lgpio missing or an empty shell, its work folder unusable,
    or no permission.
    """
    chip = find_header_chip(root, label_of)
    lgpio = _import_lgpio(work_dir(pins))
    from gpiozero.pins.lgpio import LGPIOFactory

    try:
        return LGPIOFactory(chip=chip)
    except (lgpio.error, OSError) as error:
        raise HardwareError(
            f"cannot be opened ({_words(error)})", f"/dev/gpiochip{chip}", "add the user to the group gpio, then log in again"
        ) from error


def work_dir(pins: PinsSection) -> Path:
    """Where lgpio may put its pipe: $LG_WD, the setting, systemd's runtime folder, a temporary one.

    Absolute. Raises HardwareError when it is not a folder that this user can write.
    """
    runtime = os.environ.get("RUNTIME_DIRECTORY", "").split(":")[0]
    folder = Path(os.environ.get("LG_WD") or pins.work_dir or runtime or tempfile.gettempdir()).expanduser()
    if not (folder.is_absolute() and folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)):
        raise HardwareError("is not an absolute path of a writable folder", str(folder), "correct pins.work_dir or LG_WD")
    return folder


def _import_lgpio(folder: Path) -> Any:
    """lgpio makes a pipe in LG_WD when imported and moves the process there; we move back."""
    os.environ["LG_WD"] = str(folder)
    remedy = "sudo apt install python3-lgpio, and use a Python environment that sees system packages"
    try:
        with chdir(Path.cwd()):
            import lgpio
    except ImportError as error:
        raise HardwareError(f"cannot be imported ({error})", "lgpio", remedy) from error
    except OSError as error:
        raise HardwareError(f"cannot make its pipe ({_words(error)})", str(folder), "correct pins.work_dir or LG_WD") from error
    if not hasattr(lgpio, "gpiochip_open"):
        raise HardwareError("is an empty package, as on PyPI for Python 3.13", lgpio.__file__, f"pip uninstall lgpio; {remedy}")
    return lgpio


def mock_pin_factory() -> Factory:
    """Pins that only remember, with PWM: for demo, bench and tests, never for missing hardware.

    `factory.pin(n).changes` lists (monotonic time in ns, level) of every change.
    """
    from gpiozero.pins.mock import MockFactory, MockPWMPin

    class RememberingPin(MockPWMPin):
        def __init__(self, *arguments: Any) -> None:
            self.changes: list[tuple[int, float]] = []
            super().__init__(*arguments)

        def _change_state(self, value: float) -> bool:
            changed = bool(super()._change_state(value))
            if changed:
                self.changes.append((time.monotonic_ns(), float(value)))
            return changed

    return MockFactory(pin_class=RememberingPin)


@contextmanager
def claiming(name: str, pin: int) -> Iterator[None]:
    """Turns a pin library's refusal into a HardwareError that names function and pin."""
    try:
        yield
    except _refusals() as error:
        raise HardwareError(
            f"cannot be used for {name} ({_words(error)})",
            f"GPIO {pin}",
            f"stop the program that holds it (`gpioinfo` names it), or set pins.{name} to a free pin",
        ) from error


def let_go(device: OutputDevice) -> None:
    """Switches an output off and gives its pin back, even if it refuses: the pin is wanted again.
    """
    if device.closed:
        return
    pin = device.pin.info.name
    try:
        device.off()
        device.close()
    except _refusals() as error:
        device.pin_factory.release_pins(device, pin)
        log.warning("%s could not be switched off (%s)", pin, _words(error))


def _refusals() -> tuple[type[Exception], ...]:
    from gpiozero import GPIOZeroError

    library = sys.modules.get("lgpio")
    return (GPIOZeroError, OSError, *((library.error,) if library else ()))


def _words(error: Exception) -> str:
    """lgpio's errors print as a quoted string."""
    return str(error).strip("'\"") or type(error).__name__


# --- the button -------------------------------------------------------------------------------


class PressButton:
    """Reports presses of the button beside the treadmill, for as long as this object is kept.

    `post` runs on the pin library's thread, so it may only enqueue.
    """

    def __init__(self, pin: int, factory: Factory, clock: Clock, post: Callable[[Press], object]) -> None:
        """Raises HardwareError when the pin is held by another program."""
        from gpiozero import Button

        with claiming("button", pin):
            self._button = Button(pin, pull_up=True, bounce_time=0.03, pin_factory=factory)
        self._button.when_pressed = lambda: post(Press(clock.now_ns(), "button"))

    def close(self) -> None:
        self._button.close()
