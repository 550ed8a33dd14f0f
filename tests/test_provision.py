"""Settings from the boot partition: taken when good, refused when not, never lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from station.errors import ConfigError
from station.provision import KEPT_NAME, LARGEST_BYTES, merged, provision, why_refused


class Card:
    """Installed settings, a boot partition and a data folder."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self.installed = folder / "etc.toml"
        self.boot = folder / "boot" / "station.toml"
        self.boot.parent.mkdir()
        self.installers = folder / "installer.toml"  # what root's exporter keeps
        self.installed.write_text(f'[station]\ndata_dir = "{self.data}"\n[camera]\nmains_hz = 60\n', encoding="utf-8")

    def put(self, text: str) -> None:
        self.boot.write_text(text, encoding="utf-8")

    def start(self):
        return provision(self.installed, self.boot, self.installers)

    def take(self, text: bytes) -> str | None:
        """As from an installer's stick; what is wrong with them, None when they are kept."""
        refused = why_refused(text, self.installed, self.boot)
        if refused is None:
            self.installers.write_bytes(text)
        return refused


@pytest.fixture
def card(tmp_path: Path) -> Card:
    return Card(tmp_path)


def test_without_a_boot_file_the_installed_settings_apply(card: Card) -> None:
    told = card.start()
    assert (told.config.camera.mains_hz, told.sources, told.trouble) == (60, (card.installed,), ())
    assert not card.data.exists()


def test_the_boot_file_wins_key_by_key(card: Card) -> None:
    card.put("[camera]\nturned_deg = 270\n")
    told = card.start()
    assert (told.config.camera.turned_deg, told.config.camera.mains_hz) == (270, 60)
    assert told.config.station.data_dir == card.data
    assert told.sources == (card.installed, card.boot)


@pytest.mark.parametrize(
    ("bad", "word"),
    [
        ("[camera]\nturned_deg = 45\n", "camera.turned_deg"),
        ("[camera]\nturn = 90\n", "unknown key"),
        ("[camera\n", "not valid TOML"),
        ("[station]\nname = 3\n[light]\nbrightness = 0\n", "2 problems"),
    ],
)
def test_a_bad_boot_file_is_told_and_the_last_good_one_stays(card: Card, bad: str, word: str) -> None:
    card.put("[camera]\nturned_deg = 270\n")
    card.start()
    card.put(bad)
    told = card.start()
    assert told.config.camera.turned_deg == 270
    [(what, remedy)] = told.trouble
    assert word in what
    assert remedy
    assert told.sources[-1].name == KEPT_NAME


def test_a_bad_boot_file_on_a_new_station_leaves_the_installed_settings(card: Card) -> None:
    card.put("[camera]\nturned_deg = 45\n")
    told = card.start()
    assert (told.config.camera.turned_deg, told.config.camera.mains_hz) == (90, 60)
    assert len(told.trouble) == 1
    assert not (card.data / KEPT_NAME).exists()


def test_a_boot_partition_that_is_gone_changes_nothing_and_an_empty_file_goes_back(card: Card) -> None:
    card.put("[camera]\nturned_deg = 270\n")
    card.start()
    card.boot.unlink()
    assert card.start().config.camera.turned_deg == 270
    card.put("")
    assert card.start().config.camera.turned_deg == 90
    card.boot.unlink()
    assert card.start().config.camera.turned_deg == 90


def test_marks_of_windows_editors_do_no_harm(card: Card) -> None:
    card.boot.write_bytes(b"\xef\xbb\xbf[camera]\r\nturned_deg = 180\r\n")
    assert card.start().config.camera.turned_deg == 180


@pytest.mark.parametrize("content", [b"\xff\xfe[", b"\x00" * (LARGEST_BYTES + 1)])
def test_what_is_no_settings_file_is_refused(card: Card, content: bytes) -> None:
    card.boot.write_bytes(content)
    told = card.start()
    assert told.config.camera.mains_hz == 60
    assert len(told.trouble) == 1


def test_a_link_or_a_folder_is_refused(card: Card, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text("[camera]\nturned_deg = 0\n", encoding="utf-8")
    card.boot.symlink_to(other)
    assert "plain file" in card.start().trouble[0][0]
    card.boot.unlink()
    card.boot.mkdir()
    assert "plain file" in card.start().trouble[0][0]


def test_settings_that_cannot_be_kept_are_used_all_the_same(card: Card) -> None:
    card.data.write_text("a file where the folder should be", encoding="utf-8")
    card.put("[camera]\nturned_deg = 270\n")
    told = card.start()
    assert told.config.camera.turned_deg == 270
    assert "cannot be written" in told.trouble[0][0]


def test_kept_settings_that_no_longer_fit_are_told(card: Card) -> None:
    card.data.mkdir()
    (card.data / KEPT_NAME).write_text("[camera]\nno_longer_a_key = 1\n", encoding="utf-8")
    told = card.start()
    assert told.config.camera.mains_hz == 60
    assert "no_longer_a_key" in told.trouble[0][0]


def test_an_installers_settings_lie_on_top_and_an_empty_file_takes_them_back(card: Card) -> None:
    card.put("[camera]\nturned_deg = 270\nexposure_us = 2000\n")
    assert card.take(b"[camera]\nturned_deg = 180\n") is None
    told = card.start()
    assert (told.config.camera.turned_deg, told.config.camera.exposure_us, told.config.camera.mains_hz) == (180, 2000, 60)
    assert told.sources == (card.installed, card.boot, card.installers)
    assert card.take(b"") is None
    assert card.start().config.camera.turned_deg == 270


def test_an_installers_settings_are_checked_with_those_below_them(card: Card) -> None:
    card.put("[session]\nretention_s = 900\n")
    assert "planned_s must be longer" in (card.take(b"[session]\nplanned_s = 600\n") or "")
    assert card.take(b"[session]\nplanned_s = 3000\n") is None


def test_an_installers_settings_that_no_longer_fit_are_told(card: Card) -> None:
    card.take(b"[session]\nplanned_s = 600\n")
    card.put("[session]\nretention_s = 900\n")
    told = card.start()
    assert told.sources == (card.installed, card.boot)
    assert any("planned_s" in what for what, _ in told.trouble)


def test_faults_of_the_installed_settings_are_errors(card: Card) -> None:
    card.installed.write_text("[camera]\nmains_hz = 55\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="mains_hz"):
        card.start()


def test_merging_replaces_lists_and_joins_tables() -> None:
    assert merged({"a": {"x": 1, "l": [1]}, "b": 2}, {"a": {"l": [2], "y": 3}}) == {"a": {"x": 1, "l": [2], "y": 3}, "b": 2}
