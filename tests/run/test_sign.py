"""Settings signed on the installer's machine are those that a station takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from station.errors import ConfigError, InputError, StationError, StoreError, UsageError
from station.run.sign import new_key, sign_settings
from station.usb.signature import signed_counter, usable_key

GOOD = b"[camera]\nturned_deg = 270\n"


class Workshop:
    """The installer's machine: a key, settings, and a stick that is in."""

    def __init__(self, folder: Path) -> None:
        self.key, self.settings, self.stick = folder / "gym.key", folder / "settings.toml", folder / "stick"
        self.stick.mkdir()
        self.settings.write_bytes(GOOD)
        new_key(self.key)

    def sign(self) -> int:
        sign_settings(self.settings, self.key, self.stick)
        text = (self.stick / "station.toml.signature").read_bytes()
        counter = signed_counter(usable_key(self.key.read_bytes()), (self.stick / "station.toml").read_bytes(), text)
        assert counter is not None
        return counter


@pytest.fixture
def workshop(tmp_path: Path) -> Workshop:
    return Workshop(tmp_path)


def test_a_key_is_secret_random_and_never_overwritten(workshop: Workshop, tmp_path: Path) -> None:
    key = workshop.key.read_bytes()
    assert (len(key), workshop.key.stat().st_mode & 0o777) == (65, 0o600)
    new_key(tmp_path / "other.key")
    assert (tmp_path / "other.key").read_bytes() != key
    with pytest.raises(UsageError, match="there already"):
        new_key(workshop.key)
    assert workshop.key.read_bytes() == key


def test_the_stick_carries_settings_and_signature_and_no_key(workshop: Workshop) -> None:
    assert workshop.sign() > 1_700_000_000
    assert {path.name for path in workshop.stick.iterdir()} == {"station.toml", "station.toml.signature"}
    assert (workshop.stick / "station.toml").read_bytes() == GOOD
    secret = workshop.key.read_bytes().strip()
    assert not any(secret in path.read_bytes() for path in workshop.stick.iterdir())


def test_every_signature_is_later_than_the_one_before_whatever_the_clock_says(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    counters = []
    for now_s in (1e9, 5e9, 1e9, 2e9):
        monkeypatch.setattr("time.time", lambda now_s=now_s: now_s)
        counters.append(workshop.sign())
    assert counters == [1_000_000_000, 5_000_000_000, 5_000_000_001, 5_000_000_002]


@pytest.mark.parametrize(
    "bad", [b"[camera]\nturned_deg = 45\n", b'[station]\ndata_dir = "/tmp"\n', b'[station]\nlanguage = "xx"\n', b"x = [" * 99]
)
def test_settings_that_a_station_would_refuse_are_not_signed(workshop: Workshop, bad: bytes) -> None:
    workshop.settings.write_bytes(bad)
    with pytest.raises(ConfigError) as caught:
        workshop.sign()
    assert caught.value.where == str(workshop.settings)
    assert not list(workshop.stick.iterdir())


@pytest.mark.parametrize(
    ("spoil", "kind"),
    [
        (lambda it: it.key.write_text("short"), UsageError),
        (lambda it: it.key.unlink(), InputError),
        (lambda it: it.settings.unlink(), InputError),
        (lambda it: it.settings.write_bytes(b"#" * 70_000), InputError),
        (lambda it: it.stick.rmdir(), StoreError),
        (lambda it: it.key.with_name("gym.key.counter").write_text("9" * 30), StoreError),
        (lambda it: setattr(it, "key", it.key.rename(it.stick / "gym.key")), UsageError),
    ],
)
def test_what_is_missing_is_named(workshop: Workshop, spoil, kind: type[StationError]) -> None:
    spoil(workshop)
    with pytest.raises(kind) as caught:
        workshop.sign()
    assert caught.value.remedy
