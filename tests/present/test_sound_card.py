"""Opening the sound card: by name, and what is said when it is not there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pygame
import pytest

from station.config import SoundSection
from station.errors import HardwareError
from station.present.mixer import PygameMixer, playback_position, sound_cards
from station.present.sound import open_speaker
from station.present.voices import Voices


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


class Time:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def look(mixer: PygameMixer, now: Time, seconds: float) -> None:
    """Ticks every 0.5 s for so long."""
    for _ in range(round(seconds / 0.5)):
        now.now_s += 0.5
        mixer.advance(0)


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


def test_unplugged_card_is_reported(pi: Path) -> None:
    now = Time()
    mixer = PygameMixer("Device", pi, now)
    look(mixer, now, 1.0)
    (pi / "proc/asound/Device").unlink()
    with pytest.raises(HardwareError, match="Device: the sound card was unplugged"):
        look(mixer, now, 0.5)
    mixer.close()


def test_no_device_at_all_is_a_hardware_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SDL_AUDIODRIVER", "no such driver")
    with pytest.raises(HardwareError, match=r"no sound device opens .*sound\.enabled = false") as caught:
        open_speaker(SoundSection(), Voices("en", {}, {}))
    assert caught.value.exit_code == 3


def play_at(pi: Path, text: str) -> None:
    """What ALSA says of the card, as the kernel prints it."""
    (pi / "proc/asound/card1/pcm0p/sub0").mkdir(parents=True, exist_ok=True)
    (pi / "proc/asound/card1/pcm0p/sub0/status").write_text(text)


RUNNING = "state: RUNNING\nowner_pid   : 4711\ntrigger_time: 5.0\n-----\nhw_ptr      : {}\nappl_ptr    : 99\n"


def test_a_card_whose_position_stands_is_dead_and_one_that_moves_is_not(pi: Path) -> None:
    now = Time()
    (pi / "proc/self/task/4711").mkdir(parents=True)
    mixer = PygameMixer("Device", pi, now)
    for played in range(0, 48_000 * 20, 24_000):
        play_at(pi, RUNNING.format(played))
        look(mixer, now, 0.5)
    assert playback_position(pi) == 48_000 * 20 - 24_000
    look(mixer, now, 3.0)
    with pytest.raises(HardwareError, match="Device: the sound card no longer plays"):
        look(mixer, now, 1.0)
    mixer.close()


def test_the_position_of_somebody_else_s_sound_says_nothing(pi: Path) -> None:
    play_at(pi, RUNNING.format(1000))
    assert playback_position(pi) is None
    play_at(pi, "closed\n")
    assert playback_position(pi) is None


def test_without_alsa_a_device_that_uses_up_no_samples_is_dead(pi: Path) -> None:
    now = Time()
    mixer = PygameMixer("", pi, now)
    pygame.mixer.pause()  # the device goes on, but takes nothing of ours
    look(mixer, now, 3.0)
    with pytest.raises(HardwareError, match="sound: the sound card no longer plays"):
        look(mixer, now, 1.5)
    mixer.close()


def test_a_stopped_process_is_no_dead_card(pi: Path) -> None:
    now = Time()
    mixer = PygameMixer("", pi, now)
    look(mixer, now, 0.5)
    now.now_s += 3600
    mixer.advance(0)
    mixer.close()


def test_alsa_s_own_lines_do_not_reach_standard_error() -> None:
    program = "from station.config import SoundSection as S\nfrom station.present.mixer import PygameMixer\nPygameMixer()"
    environment = {name: value for name, value in os.environ.items() if name not in ("SDL_AUDIODRIVER", "AUDIODEV")}
    environment |= {"SDL_AUDIODRIVER": "alsa", "AUDIODEV": "nosuchcard"}
    said = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False).stderr
    assert "no sound device opens" in said
    assert "ALSA lib" not in said
