"""Finding the header's chip, opening its library, and what is said when that fails."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import gpiozero
import pytest

from station.config import Config, PinsSection, parse
from station.errors import ConfigError, HardwareError
from station.present.buzzer import Buzzer
from station.present.lights import open_lights
from station.present.pins import PressButton, find_header_chip, mock_pin_factory, open_pin_factory, work_dir
from station.types import Cue, Press
from tests.lab.docs.tables import HEADER

TABLE = Path(__file__).resolve().parents[2] / "hardware/pins.md"


def machine(root: Path, chips: dict[str, str | None]) -> Path:
    """A root with /dev/gpiochip* and their device-tree names; None = a kernel that does not tell.
    """
    for chip, compatible in chips.items():
        (root / "dev").mkdir(exist_ok=True)
        (root / "dev" / chip).touch()
        folder = root / "sys/bus/gpio/devices" / chip
        folder.mkdir(parents=True)
        if compatible is not None:
            (folder / "of_node").mkdir()
            (folder / "of_node/compatible").write_bytes(compatible.encode() + b"\0")
    return root


def no_label(device: Path) -> str:
    raise OSError(25, "Inappropriate ioctl for device")


@pytest.mark.parametrize(
    ("chips", "number"),
    [
        ({"gpiochip0": "raspberrypi,rp1-gpio", "gpiochip10": "brcm,brcmstb-gpio"}, 0),
        ({"gpiochip10": "brcm,brcmstb-gpio", "gpiochip4": "raspberrypi,rp1-gpio"}, 4),
        ({f"gpiochip{n}": "brcm,brcmstb-gpio" for n in range(11, 15)} | {"gpiochip15": "raspberrypi,rp1-gpio"}, 15),
        ({"gpiochip0": "brcm,bcm2711-gpio\0brcm,bcm2835-gpio", "gpiochip1": "raspberrypi,firmware-gpio"}, 0),
    ],
    ids=["Pi 5 now", "Pi 5 before 6.6.45", "Pi 5 renumbered", "Pi 4"],
)
def test_chip_is_found_by_its_device_tree_name(tmp_path: Path, chips: dict[str, str | None], number: int) -> None:
    assert find_header_chip(machine(tmp_path, chips), no_label) == number


def test_chip_is_found_by_label_when_the_device_tree_is_silent(tmp_path: Path) -> None:
    root = machine(tmp_path, {"gpiochip10": None, "gpiochip11": None})
    labels = {"gpiochip10": "gpio-brcmstb", "gpiochip11": "pinctrl-rp1"}
    assert find_header_chip(root, lambda device: labels[device.name]) == 11


def test_other_chips_are_named_and_never_taken(tmp_path: Path) -> None:
    root = machine(tmp_path, {"gpiochip0": "intel,something", "gpiochip1": None})
    with pytest.raises(HardwareError, match=r"header was not found, only gpiochip0 gpio-ich, gpiochip1 gpio-ich.*pins\.fitted"):
        find_header_chip(root, lambda device: "gpio-ich")


def test_a_chip_without_device_file_is_reported(tmp_path: Path) -> None:
    root = machine(tmp_path, {"gpiochip4": "raspberrypi,rp1-gpio"})
    (root / "dev/gpiochip4").unlink()
    with pytest.raises(HardwareError, match="/dev/gpiochip4: has no device file"):
        find_header_chip(root, no_label)


def test_a_chip_that_may_not_be_asked_is_reported(tmp_path: Path) -> None:
    with pytest.raises(HardwareError, match=r"gpiochip0 \(Inappropriate ioctl"):
        find_header_chip(machine(tmp_path, {"gpiochip0": None}), no_label)


# --- lgpio ----------------------------------------------------------------------------------------

PRETENDED_LGPIO = """
import os
os.chdir(os.environ["LG_WD"])  # as the real one does
open(".lgd-nfy0", "w").close()
BOTH_EDGES, RISING_EDGE, FALLING_EDGE = 3, 1, 2
SET_PULL_NONE, SET_PULL_UP, SET_PULL_DOWN = 0, 1, 2
held, opened = set(), []
class error(Exception): pass
def gpiochip_open(chip):
    if os.environ.get("PRETEND_NO_PERMISSION"):
        raise error("'can not open gpiochip'")
    opened.append(chip)
    return 7
def gpiochip_close(handle): pass
def gpio_claim_input(handle, gpio, flags=0):
    if gpio in held:
        raise error("'GPIO busy'")
def gpio_claim_output(handle, gpio, *rest): gpio_claim_input(handle, gpio)
def gpio_get_mode(handle, gpio): return 2
def gpio_write(handle, gpio, level): pass
def tx_pwm(*arguments): pass
def gpio_read(handle, gpio): return 0
"""


@pytest.fixture
def pi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A machine that looks like a renumbered Pi 5, with a pretended lgpio on the path."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site/lgpio.py").write_text(PRETENDED_LGPIO)
    (tmp_path / "run").mkdir()
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path / "run"))
    monkeypatch.setenv("LG_WD", "")
    yield machine(tmp_path, {"gpiochip15": "raspberrypi,rp1-gpio"})
    for name in ("lgpio", "gpiozero.pins.lgpio"):
        sys.modules.pop(name, None)


def as_pi_5(monkeypatch: pytest.MonkeyPatch) -> None:
    from gpiozero.pins.local import LocalPiFactory

    monkeypatch.setattr(LocalPiFactory, "_get_revision", lambda self: 0xC04170)


def test_factory_opens_the_chip_that_was_found_and_stays_in_its_folder(pi: Path) -> None:
    here = Path.cwd()
    factory = open_pin_factory(PinsSection(), pi, no_label)
    assert factory.chip == 15
    assert Path.cwd() == here, "importing lgpio moves the process; it must come back"
    assert (pi / "run/.lgd-nfy0").exists()
    factory.close()


def test_busy_pin_names_function_pin_and_remedy(pi: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    as_pi_5(monkeypatch)
    factory = open_pin_factory(PinsSection(), pi, no_label)
    sys.modules["lgpio"].held.add(6)  # type: ignore[attr-defined]
    with pytest.raises(HardwareError, match=r"GPIO 6: cannot be used for green \(GPIO busy\).*gpioinfo.*pins\.green") as caught:
        open_lights(Config(), factory)
    assert caught.value.exit_code == 3
    # Red, claimed before green was refused, was given back.
    gpiozero.LED(5, pin_factory=factory).close()


def test_no_permission_names_the_group(pi: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRETEND_NO_PERMISSION", "1")
    with pytest.raises(HardwareError, match=r"/dev/gpiochip15: cannot be opened \(can not open gpiochip\).*group gpio"):
        open_pin_factory(PinsSection(), pi, no_label)


def test_the_empty_lgpio_of_pypi_is_recognised(pi: Path) -> None:
    (pi / "site/lgpio.py").write_text("")
    importlib.invalidate_caches()
    with pytest.raises(HardwareError, match=r"is an empty package.*python3-lgpio"):
        open_pin_factory(PinsSection(), pi, no_label)


def test_missing_lgpio_is_never_replaced_by_another_library(pi: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lgpio", None)
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "mock")
    with pytest.raises(HardwareError, match=r"lgpio: cannot be imported.*python3-lgpio"):
        open_pin_factory(PinsSection(), pi, no_label)


@pytest.mark.parametrize("folder", ["relative/path", "/nowhere/at/all"])
def test_work_folder_must_be_absolute_and_there(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LG_WD", raising=False)
    with pytest.raises(HardwareError, match=r"pins\.work_dir or LG_WD"):
        work_dir(PinsSection(work_dir=Path(folder)))


def test_work_folder_of_the_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LG_WD", str(tmp_path))
    monkeypatch.setenv("RUNTIME_DIRECTORY", "/nowhere:/else")
    assert work_dir(PinsSection()) == tmp_path
    assert os.environ["LG_WD"] == str(tmp_path)


# --- mock pins, button, table ---------------------------------------------------------------------


def test_one_pin_is_not_given_out_twice() -> None:
    factory = mock_pin_factory()
    lights = open_lights(Config(), factory)
    with pytest.raises(HardwareError, match="GPIO 5: cannot be used for red"):
        open_lights(Config(), factory)
    lights.close()


def test_mock_pins_remember_when_they_changed() -> None:
    factory = mock_pin_factory()
    lights = open_lights(Config(), factory)
    lights.show_status("ready")
    for t_ms in range(0, 500, 20):
        lights.tick(t_ms * 1_000_000)
    changes = factory.pin(Config().pins.status).changes
    levels = [level for _, level in changes]
    assert levels[-1] == 1.0
    assert levels == sorted(levels)
    assert [t_ns for t_ns, _ in changes] == sorted(t_ns for t_ns, _ in changes)


class StoppedClock:
    def now_ns(self) -> int:
        return 42

    def sleep(self, seconds: float) -> None:
        raise AssertionError("nobody sleeps here")


def test_buzzer_sounds_once_and_shortly() -> None:
    factory = mock_pin_factory()
    buzzer = Buzzer(12, factory)
    buzzer.present(Cue(0, 1, "cue.sitting", "sitting", "start", ("audio",), "Run tall"))
    levels = []
    for t_ms in range(0, 400, 20):
        buzzer.tick(t_ms * 1_000_000)
        levels.append(int(factory.pin(12).state))
    buzzer.present(Cue(0, 2, "cue.sitting", "sitting", "stop", ("audio",), "Run tall"))
    buzzer.tick(500_000_000)
    buzzer.close()
    assert levels == [1] * 8 + [0] * 12
    assert not factory.pin(12).state


def test_button_posts_presses() -> None:
    factory = mock_pin_factory()
    posted: list[Press] = []
    button = PressButton(17, factory, StoppedClock(), posted.append)
    factory.pin(17).drive_low()
    factory.pin(17).drive_high()
    factory.pin(17).drive_low()
    button.close()
    assert posted == [Press(42, "button")] * 2


@pytest.mark.parametrize(
    ("pins", "said"),
    [
        ({"green": 5}, "GPIO 5 is used by red and by green"),
        ({"red": 16}, "GPIO 16 is used by red and by status"),
        ({"blue": 1}, "GPIO 1 is used by the HAT's EEPROM and by blue"),
        ({"fitted": ["button", "buzzer"], "button": 12}, "GPIO 12 is used by button and by buzzer"),
    ],
)
def test_a_pin_used_twice_is_refused(pins: dict, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        parse({"pins": pins})


def test_pins_of_parts_that_are_not_fitted_may_be_reused() -> None:
    assert parse({"pins": {"red": 17}}).pins.claimed()["red"] == 17


def test_header_holds_each_gpio_once() -> None:
    assert len(HEADER) == 40
    assert sorted(pin for pin in HEADER if pin is not None) == list(range(28))
    assert [HEADER.index(pin) + 1 for pin in (2, 17, 13, 16, 21)] == [3, 11, 33, 36, 40]
