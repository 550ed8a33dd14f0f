"""Settings from the boot partition: taken when good, refused when not, never lost."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from station.config import Config
from station.errors import ConfigError, UsageError
from station.provision import INSTALLERS, KEPT_NAME, LARGEST_BYTES, STARTS_NAME, merged, misnamed, provision, why_refused


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
    provided = card.start()
    assert (provided.config.camera.mains_hz, provided.sources, provided.trouble) == (60, (card.installed,), ())
    assert not card.data.exists()


def test_the_boot_file_wins_key_by_key(card: Card) -> None:
    card.put("[camera]\nturned_deg = 270\n")
    provided = card.start()
    assert (provided.config.camera.turned_deg, provided.config.camera.mains_hz) == (270, 60)
    assert provided.config.station.data_dir == card.data
    assert provided.sources == (card.installed, card.boot)


@pytest.mark.parametrize(
    ("bad", "word"),
    [
        ("[camera]\nturned_deg = 45\n", "camera.turned_deg"),
        ("[camera]\nturn = 90\n", "unknown key"),
        ("[camera\n", "not valid TOML"),
        ("[station]\nname = 3\n[light]\nbrightness = 0\n", "2 problems"),
    ],
)
def test_a_bad_boot_file_is_reported_and_the_last_good_one_stays(card: Card, bad: str, word: str) -> None:
    card.put("[camera]\nturned_deg = 270\n")
    card.start()
    card.put(bad)
    provided = card.start()
    assert provided.config.camera.turned_deg == 270
    [(what, remedy)] = provided.trouble
    assert word in what
    assert remedy
    assert provided.sources[-1].name == KEPT_NAME


def test_a_bad_boot_file_on_a_new_station_leaves_the_installed_settings(card: Card) -> None:
    card.put("[camera]\nturned_deg = 45\n")
    provided = card.start()
    assert (provided.config.camera.turned_deg, provided.config.camera.mains_hz) == (90, 60)
    assert len(provided.trouble) == 1
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


def test_a_mark_of_windows_does_no_harm_in_any_layer(card: Card) -> None:
    mark = b"\xef\xbb\xbf"
    card.installed.write_bytes(mark + card.installed.read_bytes())
    card.boot.write_bytes(mark + b"[camera]\nturned_deg = 180\n")
    assert card.take(mark + b"[camera]\nexposure_us = 2000\n") is None
    provided = card.start()
    camera = provided.config.camera
    assert (camera.mains_hz, camera.turned_deg, camera.exposure_us) == (60, 180, 2000)
    assert provided.trouble == ()


def test_the_shared_file_with_a_mark_is_taken(card: Card, shared: Path) -> None:
    content = (shared / "data/field/bom.toml").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    card.boot.write_bytes(content)
    assert card.start().trouble == ()


NO_SETTINGS = {
    "not UTF-8": b"\xff\xfe[",
    "too large": b"\x00" * (LARGEST_BYTES + 1),
    "lists 3,000 deep": b"x = " + b"[" * 3000,
    "closed lists 3,000 deep": b"x = " + b"[" * 3000 + b"]" * 3000,
    "lists 20 deep": b"[view]\nzone = " + b"[" * 20 + b"]" * 20,
    "lists 3,000 deep, a line each": b"x = " + b"[\n" * 3000,
    "tables 3,000 deep": b"x = " + b"{a = " * 3000,
    "a dotted key of 30,000 parts": b".".join([b"a"] * 30_000) + b" = 1",
    "a table of 30,000 parts": b"[" + b".".join([b"a"] * 30_000) + b"]",
    "a setting that is a deep table": b"[station]\nname." + b".".join([b"a"] * 3000) + b" = 1",
    "a number of 5,000 digits": b"[session]\nsession_number = " + b"9" * 5000,
    "a number of 60,000 hex digits": b"[session]\nsession_number = 0x" + b"f" * 60_000,
    "a fraction of 5,000 digits": b"[session]\nplanned_s = 1" + b"0" * 5000 + b".0",
    "a float from a huge integer": b"[session]\nplanned_s = 0x" + b"f" * 900,
    "a huge integer": b"[session]\nsession_number = 0x" + b"f" * 900,
    "a table of 400 parts": b"[" + b".".join([b"a"] * 400) + b"]",
    "a NUL in a name": b'[station]\nname = "a\\u0000b"',
    "a text of 60,000 letters": b'[station]\nname = "' + b"a" * 60_000 + b'"',
    "a section that is a number": b"camera = 3",
    "a list for a section": b"[[camera]]\nturned_deg = 90",
    "a language that nobody speaks here": b'[station]\nlanguage = "xx"',
    "a model that is not here": b'[pose]\nmodel = "nosuch"',
    "a session without time to coach": b"[session]\nplanned_s = 300",
}


@pytest.mark.parametrize("content", NO_SETTINGS.values(), ids=NO_SETTINGS)
def test_what_no_start_could_use_is_an_ordinary_refusal_in_every_layer(card: Card, content: bytes) -> None:
    refused = card.take(content)
    assert refused is not None
    assert len(refused) < 600
    card.boot.write_bytes(content)
    provided = card.start()
    assert (provided.config.camera.mains_hz, len(provided.trouble)) == (60, 1)
    card.boot.unlink()
    (card.data / KEPT_NAME).parent.mkdir(exist_ok=True)
    (card.data / KEPT_NAME).write_bytes(content)
    card.installers.write_bytes(content)
    assert len(card.start().trouble) == 2


def test_what_only_the_installed_settings_may_say_is_refused_above_them(card: Card) -> None:
    for text in (
        '[station]\ndata_dir = "/tmp/x"',
        '[station]\ndata_dir = "~nosuch"',
        '[station]\ndata_dir = "a\\u0000b"',
        '[pose]\nmodels_dir = "/tmp"',
        '[pins]\nwork_dir = "/etc"',
        '[usb]\nstatus_path = "/no/such/folder/status"',
        '[usb]\nkey_path = "/tmp/key"',
    ):
        refused = card.take(text.encode())
        assert refused is not None
        assert "only" in refused or "unknown key" in refused
        card.put(text)
        provided = card.start()
        assert provided.config.station.data_dir == card.data
        assert len(provided.trouble) == 1


def test_every_setting_is_on_the_list_or_left_out_on_purpose() -> None:
    """A new setting makes this fail: decide whether an installer's stick may set it."""
    everything = {f"{name}.{key}" for name, section in Config.model_fields.items() for key in type(section.default).model_fields}
    listed = {f"{name}.{key}" for name, keys in INSTALLERS.items() for key in keys}
    assert everything - listed == {"station.data_dir", "pose.models_dir", "pins.work_dir"}
    assert listed <= everything


@pytest.mark.parametrize("name", ["station.toml.txt", "Station.TOML.txt", "STATION.TXT", "station.toml.toml"])
def test_a_name_that_an_editor_spoiled_is_said(card: Card, name: str) -> None:
    (card.boot.parent / name).write_text("[camera]\nturned_deg = 270\n", encoding="utf-8")
    [(what, remedy)] = card.start().trouble
    assert name in what
    assert "station.toml" in remedy


def test_other_names_are_nobodys_settings() -> None:
    assert misnamed(["station.toml", "config.txt", "station.tomlx", "my station.toml"]) == ""


# --- what only a start can find out ---


def failing_start(card: Card) -> None:
    with pytest.raises(RuntimeError), card.start().starting():
        raise RuntimeError("no such camera")


def good_start(card: Card) -> None:
    provided = card.start()
    with provided.starting():
        provided.started()


def turn(card: Card) -> int:
    return card.start().config.camera.turned_deg


@pytest.mark.parametrize("by", ["boot partition", "stick"])
def test_after_two_failed_starts_the_settings_that_started_last_come_back(card: Card, by: str) -> None:
    def bring(text: str) -> None:
        if by == "stick":
            assert card.take(text.encode()) is None
        else:
            card.put(text)

    bring("[camera]\nturned_deg = 270\n")
    good_start(card)
    bring("[camera]\nturned_deg = 180\nnumber = 3\n")
    failing_start(card)
    assert turn(card) == 180, "once may be chance"
    failing_start(card)
    provided = card.start()
    assert (provided.config.camera.turned_deg, provided.config.camera.number) == (270, 0)
    [(what, remedy)] = provided.trouble
    assert "did not start" in what
    assert remedy
    good_start(card)
    assert turn(card) == 270, "it stays so at the next start"
    bring("[camera]\nturned_deg = 180\n")
    good_start(card)
    assert (turn(card), card.start().trouble) == (180, ())


def test_where_nothing_ever_started_the_installed_settings_come_back(card: Card) -> None:
    card.put("[camera]\nnumber = 3\n")
    failing_start(card)
    failing_start(card)
    provided = card.start()
    assert (provided.config.camera.number, provided.config.camera.mains_hz) == (0, 60)
    assert provided.trouble


def test_where_the_old_settings_fail_as_well_the_new_ones_get_another_try(card: Card) -> None:
    """The camera was unplugged all the while: that is not the settings' doing."""
    card.put("[camera]\nturned_deg = 270\n")
    good_start(card)
    card.put("[camera]\nturned_deg = 180\n")
    for expected in (180, 180, 270, 180, 180, 270):
        assert turn(card) == expected
        failing_start(card)
    assert turn(card) == 180
    good_start(card)
    assert (turn(card), card.start().trouble) == (180, ())


def test_settings_that_started_once_are_never_blamed_again(card: Card) -> None:
    card.put("[camera]\nturned_deg = 270\n")
    good_start(card)
    for _ in range(5):
        failing_start(card)
    assert (turn(card), card.start().trouble) == (270, ())


def test_a_start_that_is_stopped_in_order_blames_nobody(card: Card) -> None:
    card.put("[camera]\nturned_deg = 270\n")
    for _ in range(3):
        with card.start().starting():
            pass
    assert turn(card) == 270


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'{"failed": 3, "started": 4}',
        b"\xff",
        b"[" * 100_000,
        b"9" * 9_999,
        b'{"failed": {"x": 1e999}, "started": ["", ""]}',
    ],
)
def test_a_spoiled_record_of_starts_is_no_record(card: Card, content: bytes) -> None:
    card.put("[camera]\nturned_deg = 270\n")
    card.data.mkdir()
    (card.data / STARTS_NAME).write_bytes(content)
    assert turn(card) == 270
    good_start(card)
    assert turn(card) == 270


def test_a_folder_that_cannot_be_written_stops_no_start(card: Card) -> None:
    card.data.write_text("a file where the folder should be", encoding="utf-8")
    card.put("[camera]\nturned_deg = 270\n")
    good_start(card)
    assert turn(card) == 270


def test_root_keeps_its_hands_off_another_users_sessions(card: Card) -> None:
    card.data.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root could")
    for uid, name in ((65534, "nobody"), (54321, "'#54321'")):
        os.chown(card.data, uid, uid)
        with pytest.raises(UsageError, match="another user's") as caught:
            card.start()
        assert f"sudo -u {name} station" in caught.value.remedy


@pytest.mark.parametrize("text", ["~nosuchuser/x", "a\\u0000b"])
def test_a_data_folder_that_cannot_be_is_a_fault_of_the_installed_settings(card: Card, text: str) -> None:
    card.installed.write_text(f'[station]\ndata_dir = "{text}"\n', encoding="utf-8")
    with pytest.raises(ConfigError, match="data_dir"):
        card.start()


def test_without_any_home_the_default_folder_is_a_fault_with_a_remedy(card: Card, monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless(path: Path) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "expanduser", homeless)
    card.installed.write_text("", encoding="utf-8")
    with pytest.raises(ConfigError, match="no home folder"):
        card.start()


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
    provided = card.start()
    assert provided.config.camera.turned_deg == 270
    assert "cannot be written" in provided.trouble[0][0]


def test_kept_settings_that_no_longer_fit_are_reported(card: Card) -> None:
    card.data.mkdir()
    (card.data / KEPT_NAME).write_text("[camera]\nno_longer_a_key = 1\n", encoding="utf-8")
    provided = card.start()
    assert provided.config.camera.mains_hz == 60
    assert "no_longer_a_key" in provided.trouble[0][0]


def test_an_installers_settings_lie_on_top_and_an_empty_file_takes_them_back(card: Card) -> None:
    card.put("[camera]\nturned_deg = 270\nexposure_us = 2000\n")
    assert card.take(b"[camera]\nturned_deg = 180\n") is None
    provided = card.start()
    camera = provided.config.camera
    assert (camera.turned_deg, camera.exposure_us, camera.mains_hz) == (180, 2000, 60)
    assert provided.sources == (card.installed, card.boot, card.installers)
    assert card.take(b"") is None
    assert card.start().config.camera.turned_deg == 270


def test_an_installers_settings_are_checked_with_those_below_them(card: Card) -> None:
    card.put("[session]\nretention_s = 900\n")
    assert "planned_s must be longer" in (card.take(b"[session]\nplanned_s = 600\n") or "")
    assert card.take(b"[session]\nplanned_s = 3000\n") is None


def test_an_installers_settings_that_no_longer_fit_are_reported(card: Card) -> None:
    card.take(b"[session]\nplanned_s = 600\n")
    card.put("[session]\nretention_s = 900\n")
    provided = card.start()
    assert provided.sources == (card.installed, card.boot)
    assert any("planned_s" in what for what, _ in provided.trouble)


def test_faults_of_the_installed_settings_are_errors(card: Card) -> None:
    card.installed.write_text("[camera]\nmains_hz = 55\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="mains_hz"):
        card.start()


def test_merging_replaces_lists_and_joins_tables() -> None:
    assert merged({"a": {"x": 1, "l": [1]}, "b": 2}, {"a": {"l": [2], "y": 3}}) == {"a": {"x": 1, "l": [2], "y": 3}, "b": 2}
