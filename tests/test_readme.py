"""The README: one minute long, its two commands are what is tested, and it promises nothing that is
not there.
"""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from station.cli import cli
from station.config import Config
from tests.lab.evidence.tables import columns

ROOT = Path(__file__).resolve().parents[1]
MOST_WORDS = 700


@pytest.fixture(scope="module")
def readme() -> str:
    return (ROOT / "README.md").read_text(encoding="utf-8")


def test_it_is_read_in_a_minute_or_three(readme: str) -> None:
    assert len(readme.split()) <= MOST_WORDS


def test_exactly_two_commands_to_begin_with(readme: str) -> None:
    blocks = re.findall(r"```sh\n(.*?)```", readme, flags=re.DOTALL)
    assert len(blocks) == 2
    assert all(len(block.strip().splitlines()) == 1 for block in blocks)
    assert "station demo" in blocks[0]
    assert blocks[1].strip() in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_every_command_and_option_that_it_names_exists(readme: str) -> None:
    for line in re.findall(r"`station ([^`]+)`", readme):
        words = line.split()
        command = cli.commands[words[0]]
        known = {name for parameter in command.params for name in parameter.opts}
        assert {word for word in words[1:] if word.startswith("--")} <= known, line
        assert isinstance(command, click.Command)


def test_its_accuracy_through_the_pose_model_is_that_of_the_results(readme: str) -> None:
    results = "tests/lab/end_to_end/RESULTS.md"
    ((rmse,), *_) = columns(results, "near thigh RMSE", under="## In short")
    held = columns(results, "in a circle: held", under="### Through `pose_runner`")
    shares = [int(share.removesuffix(" %")) for (share,) in held]
    assert f"RMSE {rmse} deg; {min(shares)} to {max(shares)} % hold" in readme


def test_no_key_of_the_settings_is_without_a_default() -> None:
    assert Config() == Config.model_validate({})
