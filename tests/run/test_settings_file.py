"""The settings file that the code prints: every key with its default, each line one that a station
takes.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from station.cli import cli
from station.config import Config, load, parse
from station.run.settings_file import example

PACKAGED = Path(__file__).resolve().parents[2] / "systemd/deb/station.toml"


def uncommented(text: str) -> str:
    return re.sub(r"(?m)^#(?=\w+ = )", "", text)


def test_as_it_is_it_changes_nothing_but_the_folder() -> None:
    assert parse(tomllib.loads(example())) == Config()
    moved = parse(tomllib.loads(example(Path("/srv/runs"))))
    assert moved.station.data_dir == Path("/srv/runs")
    assert moved.model_copy(update={"station": Config().station}) == Config()


def test_every_key_is_there_with_its_default_and_a_word_about_it() -> None:
    values = tomllib.loads(uncommented(example()))
    for name, section in Config.model_fields.items():
        assert set(values[name]) == set(type(section.default).model_fields)
    taken = parse(values)
    for name in Config.model_fields:
        for key, default in getattr(Config(), name):
            now = getattr(getattr(taken, name), key)
            assert now is not None if default is None else now == (default.expanduser() if isinstance(default, Path) else default)
    lines = example().splitlines()
    for number, line in enumerate(lines):
        if re.match(r"#?\w+ = ", line):
            assert lines[number - 1].startswith("# "), f"nothing is said about: {line}"
    assert max(map(len, lines)) <= 100


def test_limits_and_choices_are_those_of_the_code() -> None:
    text = example()
    assert '("en", ' not in text
    assert re.search(r"\(10 to 120; not set by\n# default\)\n#fps = 90.0", text)
    assert re.search(r"\(50 or 60\)\n#mains_hz = 50", text)
    assert re.search(r"in the installed file only\)\n#data_dir", text)


def test_the_packaged_file_is_the_printed_one() -> None:
    """After a change: python -m station config --example --data-dir /var/lib/station >
    systemd/deb/station.toml
    """
    assert PACKAGED.read_text(encoding="utf-8") == example(Path("/var/lib/station"))


def test_the_settings_in_force_are_printed_as_a_file_that_says_the_same(tmp_path: Path) -> None:
    file = tmp_path / "station.toml"
    file.write_text(f'[station]\ndata_dir = "{tmp_path}"\n[pins]\nfitted = ["buzzer", "light"]\n[view]\nroll_deg = 1\n')
    done = CliRunner().invoke(cli, ["config", "--config", str(file)], catch_exceptions=False)
    assert done.output.startswith(f"# in force, from {file}\n")
    assert parse(tomllib.loads(done.output)) == load(file)


@pytest.mark.parametrize("arguments", [["config", "--data-dir", "x"]])
def test_options_that_go_together_say_so(arguments: list[str]) -> None:
    done = CliRunner().invoke(cli, arguments)
    assert done.exit_code == 2
    assert "--example" in done.output
