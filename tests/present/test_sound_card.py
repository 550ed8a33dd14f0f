"""Opening the sound card: by name, and what is said when it is not there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from station.config import SoundSection
from station.errors import HardwareError
from station.present.mixer import PygameMixer, sound_cards
from station.present.sound import open_speaker


@pytest.fixture
def pi(tmp_path: Path) -> Path:
    """Two cards as /proc/asound shows them: a folder per card, and a link by name."""
    folder = tmp_path / "proc/asound"
    for number, name in enumerate(("vc4hdmi0", "Device")):
        (folder / f"card{number}").mkdir(parents=True)
        (folder / f"card{number}/id").write_text(f"{name}\n")
        (folder / name).symlink_to(f"card{number}")
    return tmp_path


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """No real device is ever touched, and the environment comes back."""
    monkeypatch.setenv("SDL_AUDIODRIVER", "dummy")
    monkeypatch.setenv("AUDIODEV", "")


def test_cards_are_listed_by_name(pi: Path, tmp_path: Path) -> None:
    assert sound_cards(pi) == ("vc4hdmi0", "Device")
    assert sound_cards(tmp_path / "nothing") == ()


def test_named_card_is_asked_for_without_its_number(pi: Path) -> None:
    mixer = PygameMixer("Device", pi)
    assert os.environ["AUDIODEV"] == "plughw:CARD=Device"
    mixer.advance(0)
    mixer.close()


def test_absent_card_names_those_present(pi: Path) -> None:
    with pytest.raises(HardwareError, match=r"Speaker2: there is no such sound card\..*choose from: vc4hdmi0, Device"):
        PygameMixer("Speaker2", pi)


def test_unplugged_card_is_told(pi: Path) -> None:
    mixer = PygameMixer("Device", pi)
    (pi / "proc/asound/Device").unlink()
    with pytest.raises(HardwareError, match="Device: the sound card was unplugged"):
        mixer.advance(1)
    mixer.close()


def test_no_device_at_all_is_a_hardware_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_AUDIODRIVER", "no such driver")
    with pytest.raises(HardwareError, match=r"no sound device opens .*sound\.enabled = false") as caught:
        open_speaker(SoundSection())
    assert caught.value.exit_code == 3
