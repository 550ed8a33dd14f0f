from __future__ import annotations

import sys
from dataclasses import replace
from types import ModuleType

import pytest

from station.faults import Judge
from station.faults.registry import load
from station.types import Own
from tests.made_gait import MadeRunner


def test_a_file_without_a_rule_is_none() -> None:
    assert load("norms") is None


@pytest.mark.parametrize("content", [{"RULE": object()}, {"RULE": replace(load("low_cadence"))}])
def test_a_file_with_a_useless_rule_takes_only_its_own_rule_away(content: dict, monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("station.faults.sitting")
    vars(module).update(content)
    monkeypatch.setitem(sys.modules, "station.faults.sitting", module)
    off, fine = load("sitting"), load("low_cadence")
    rows: tuple = ()
    judge = Judge((off, fine))
    for gait in MadeRunner().run(60):
        rows = judge.step(gait, Own())
    assert rows[0].state == "cannot_tell"
    assert "station/faults/sitting.py cannot be used" in rows[0].reason
    assert "reinstall" in rows[0].reason
    assert rows[1].state == "ok"
    assert off.broken
    assert off.coaching is None


def test_a_name_without_a_file_is_off_too() -> None:
    assert "ModuleNotFoundError" in getattr(load("no_such_rule"), "source", "")
