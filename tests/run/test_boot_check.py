"""The doctor's cheap checks at the start of the running station."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from station.check import Check
from station.config import Config, parse
from station.run.boot_check import PARTS, BootCheck
from station.run.doctor import CHECKS, examine
from station.run.station_state import StationState
from tests.manual_clock import ManualClock

CLAIM_DEVICES = {"camera", "place", "pins", "sound", "display", "pose"}


def test_what_fails_is_reported_with_its_remedy() -> None:
    def look(_: Config, parts: Sequence[str]) -> list[Check]:
        return [Check("clock", "bad", "the clock says 1970", "set it"), Check("storage", "ok", "fine")]

    check = BootCheck(Config(), look)
    check.join(10)
    assert check.trouble == (("clock: the clock says 1970", "set it"),)


def test_no_device_is_claimed() -> None:
    assert set(PARTS) <= set(CHECKS)
    assert not set(PARTS) & CLAIM_DEVICES


def test_a_full_or_forbidden_data_folder_is_found(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("no folder")
    check = BootCheck(parse({"station": {"data_dir": str(tmp_path / "data")}}))
    check.join(30)
    assert [what.split(":")[0] for what, _ in check.trouble if what.startswith("storage")] == ["storage"]


def test_a_doctor_that_falls_ill_takes_nobody_along(caplog: pytest.LogCaptureFixture) -> None:
    def look(_: Config, parts: Sequence[str]) -> list[Check]:
        raise RuntimeError("unforeseen")

    check = BootCheck(Config(), look)
    check.join(10)
    assert check.trouble == ()
    assert "broke off" in caplog.text


def test_what_it_finds_is_shown(tmp_path: Path) -> None:
    part = SimpleNamespace(trouble=())
    state = StationState((), ManualClock(), False, None, also=(part, object()))
    assert state().healthy
    part.trouble = (("clock: wrong", "set it"),)
    assert state().trouble == (("clock: wrong", "set it"),)
    assert not state().healthy


def test_only_the_parts_asked_for_are_examined() -> None:
    assert [verdict.part for verdict in examine(Config(), ("clock", "machine"))] == ["clock", "machine"]
