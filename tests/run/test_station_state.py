from __future__ import annotations

import os
from pathlib import Path

from station.run.station_state import StationState
from station.usb.status import StickStatus, write_status
from tests.manual_clock import ManualClock


class Panel:
    trouble = ""


def test_what_was_missing_at_the_start_stays_reported(tmp_path: Path) -> None:
    state = StationState((("no light", "connect it"),), ManualClock(), False, None, stick_folder=tmp_path)()
    assert state.trouble == (("no light", "connect it"),)
    assert not state.healthy
    assert state.stick == "none"


def test_a_screen_that_comes_back_is_no_trouble_any_more(tmp_path: Path) -> None:
    panel = Panel()
    state = StationState((), ManualClock(), True, panel, stick_folder=tmp_path)
    assert state().healthy
    panel.trouble = "unplugged"
    assert state().trouble == (("unplugged", ""),)
    panel.trouble = ""
    assert state().healthy


def test_the_stick_is_looked_at_once_a_second(tmp_path: Path) -> None:
    clock, folder = ManualClock(), os.open(tmp_path, os.O_RDONLY)
    state = StationState((), clock, False, None, stick_folder=tmp_path)
    assert state().stick == "none"
    write_status(folder, "sda", StickStatus("done", "2 sessions"))
    os.close(folder)
    assert state().stick == "none"
    clock.push(1.1)
    assert (state().stick, state().stick_text) == ("done", "2 sessions")
