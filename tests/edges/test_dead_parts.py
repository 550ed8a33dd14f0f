"""A few deaths of parts, others on every day; all of them by `python -m
tests.lab.faults.dead_parts`.
"""

from __future__ import annotations

import os
import random
import signal
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from station.types import NS, Snapshot
from tests import made_appliance
from tests.lab.faults.dead_parts import DEATHS, Death, tried
from tests.made_appliance import FPS, Appliance, NeverCame

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


def test_a_signal_that_was_for_the_tests_ends_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    box = Appliance(tmp_path, monkeypatch, capsys)

    def stopped_from_outside(_: Snapshot) -> bool:
        if len(box.shown) == 1:
            os.kill(os.getpid(), signal.SIGTERM)
        return False

    with pytest.raises(KeyboardInterrupt):
        box.run(until=stopped_from_outside)


def test_what_never_comes_is_waited_for_by_the_stations_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(made_appliance, "PATIENCE_S", 2.0)
    box = Appliance(tmp_path, monkeypatch, capsys)
    with pytest.raises(NeverCame, match="not within 2 s"):
        box.run(until=lambda _: False)
    seen = [now.t_ns for now in box.shown]
    assert max(np.diff(seen)) < 1.5 * NS / FPS, "a frame was passed over"
