"""The README promises nothing that is not there, and leaves out no command."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from station.cli import cli
from station.config import Config
from station.faults.registry import rule_table
from station.present.lights import light_table

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def readme() -> str:
    return (ROOT / "README.md").read_text(encoding="utf-8")


def options(command: click.Command) -> set[str]:
    return {name for parameter in command.params for name in parameter.opts if name.startswith("--")} - {
        "--help",
        "--config",
        "--version",
    }


def test_exactly_two_commands_to_begin_with(readme: str) -> None:
    blocks = re.findall(r"```sh\n(.*?)```", readme, flags=re.DOTALL)
    assert len(blocks) == 2
    assert all(len(block.strip().splitlines()) == 1 for block in blocks)
    assert "station demo" in blocks[0]
    assert blocks[1].strip() in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_every_command_and_option_is_in_the_table(readme: str) -> None:
    rows = "\n".join(line for line in readme.splitlines() if line.startswith("| `station"))
    for name, command in cli.commands.items():
        parts = command.commands.items() if isinstance(command, click.Group) else [("", command)]
        for part, leaf in parts:
            assert f"`station {name} {part}".strip() in rows
            row = next(line for line in rows.splitlines() if f"`station {name} {part}".strip() in line)
            assert {option for option in options(leaf) if option not in row} == set()


def test_tables_are_those_of_the_code(readme: str) -> None:
    assert rule_table(3.0) in readme
    assert light_table() in readme


def test_every_linked_file_exists(readme: str) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", readme)
    assert len(links) > 5
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_no_key_of_the_settings_is_without_a_default() -> None:
    assert Config() == Config.model_validate({})
