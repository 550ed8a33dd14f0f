"""A few deaths of parts, others on every day; all of them by `python -m
tests.lab.faults.dead_parts`.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.lab.faults.dead_parts import DEATHS, Death, tried

DAY = datetime.now(UTC).toordinal()
FEW = 3


def test_every_death_has_a_name_of_its_own() -> None:
    names = [death.name for death in DEATHS]
    assert len(set(names)) == len(names) >= 23


@pytest.mark.parametrize("death", random.Random(DAY).sample(DEATHS, FEW), ids=lambda death: death.name)
def test_no_part_that_dies_ends_the_coaching(
    death: Death, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tried(death, tmp_path, monkeypatch, capsys).wrong == []
