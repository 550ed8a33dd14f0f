from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from station.config import Config, load, parse
from station.errors import ConfigError


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "station.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_no_file_and_an_empty_file_are_all_defaults(tmp_path: Path) -> None:
    assert load(None) == load(written(tmp_path, "")) == Config()


def test_every_problem_is_reported_at_once(tmp_path: Path) -> None:
    path = written(tmp_path, "colour = 1\n[sound]\nvolume = 7\nvolumne = 1\n[view]\ndirection = 'up'\n[pose]\nthreads = 'many'\n")
    with pytest.raises(ConfigError) as caught:
        load(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert "5 problems" in message
    for part in (
        "colour: unknown key",
        "sound.volumne: unknown key",
        "sound.volume = 7",
        "view.direction = 'up'",
        "pose.threads = 'many'",
    ):
        assert part in message
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"[view\n", "not valid TOML"),
        (b"\xff\xfe", "not UTF-8"),
        (b"[view]\nroll_deg = nan\n", "view.roll_deg"),
        (b"x = " + b"[\n" * 3000, "nested too deeply"),
        (b".".join([b"a"] * 400) + b" = 1", "nested too deeply"),
        (b".".join([b"a"] * 9000) + b" = 1", "more than 1000 characters"),
        (b"x = " + b"9" * 5000, "more than 1000 characters"),
        (b"[session]\nsession_number = 0x" + b"f" * 900, "session_number"),
        (b"[session]\nsession_number = -0" + b"\n", "session_number"),
        (b"[session]\nplanned_s = 0x" + b"f" * 900, "planned_s"),
        (b'[station]\ndata_dir = "~nosuchuser"', "no such home folder"),
        (b'[station]\ndata_dir = "a\\u0000"', "NUL"),
    ],
)
def test_files_that_are_no_settings(content: bytes, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "station.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=problem):
        load(path)


def test_a_byte_order_mark_is_no_error(tmp_path: Path) -> None:
    path = tmp_path / "station.toml"
    path.write_bytes(b"\xef\xbb\xbf[view]\r\nroll_deg = 1\r\n")
    assert load(path).view.roll_deg == 1.0


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(ConfigError, match="cannot be read"):
            load(path)


def test_settings_cannot_be_changed_later() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Config().sound.volume = 1.0  # type: ignore[misc]


values = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8), st.lists, max_leaves=4)


@given(
    st.dictionaries(st.sampled_from([*Config.model_fields, "other"]), st.dictionaries(st.text(max_size=12), values, max_size=3))
)
def test_any_table_is_settings_or_one_config_error(tables: dict[str, dict[str, object]]) -> None:
    try:
        assert isinstance(parse(tables), Config)
    except ConfigError as error:
        assert str(error)  # noqa: PT017
