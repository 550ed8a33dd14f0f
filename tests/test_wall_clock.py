"""Whom a time is believed: network, kernel, battery clock; and what day it is on the gym's wall."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from station.wall_clock import (
    BUILT_YEAR,
    UNDISCIPLINED_US,
    Moment,
    WallClock,
    dated,
    kernel_error_us,
    later,
    local,
    zone,
    zone_name,
)

NOW_S = datetime(BUILT_YEAR, 11, 28, 12, tzinfo=UTC).timestamp()


def rtc(folder: Path, shown_s: float, hctosys: str = "1") -> Path:
    one = folder / "rtc0"
    one.mkdir(parents=True)
    (one / "hctosys").write_text(f"{hctosys}\n")
    (one / "since_epoch").write_text(f"{shown_s:.0f}\n")
    return folder


def clock(folder: Path, now_s: float = NOW_S, error_us: int = UNDISCIPLINED_US, rtcs: Path | None = None) -> WallClock:
    return WallClock(folder / "synchronized", rtcs or folder / "none", lambda: error_us, lambda: now_s)


def test_nobody_vouches_for_a_pi_without_network_and_battery(tmp_path: Path) -> None:
    made = clock(tmp_path)
    assert (made.vouched_by(), made().trusted, made().utc) == ("", False, f"{BUILT_YEAR}-11-28T12:00:00Z")


def test_timesyncd_vouches_and_what_it_set_stays_set(tmp_path: Path) -> None:
    made = clock(tmp_path)
    (tmp_path / "synchronized").touch()
    assert made.vouched_by() == "the network"
    (tmp_path / "synchronized").unlink()
    assert made().trusted


def test_chrony_vouches_through_the_kernel(tmp_path: Path) -> None:
    assert clock(tmp_path, error_us=21_000).vouched_by() == "the network"
    assert clock(tmp_path, error_us=UNDISCIPLINED_US).vouched_by() == ""


def test_a_battery_clock_that_kept_time_vouches(tmp_path: Path) -> None:
    assert clock(tmp_path, rtcs=rtc(tmp_path / "kept", NOW_S + 40)).vouched_by() == "the battery clock"


@pytest.mark.parametrize(
    ("shown_s", "hctosys"),
    [(NOW_S, "0"), (17.0, "1"), (datetime(BUILT_YEAR - 1, 12, 31, tzinfo=UTC).timestamp(), "1"), (NOW_S - 90_000, "1")],
    ids=["the clock was not set from it", "it began anew", "it shows a year before the build", "somebody set the clock by hand"],
)
def test_a_battery_clock_that_did_not_vouches_for_nothing(tmp_path: Path, shown_s: float, hctosys: str) -> None:
    assert clock(tmp_path, rtcs=rtc(tmp_path / "lost", shown_s, hctosys)).vouched_by() == ""


def test_a_spoiled_report_of_the_battery_clock_vouches_for_nothing(tmp_path: Path) -> None:
    folder = rtc(tmp_path / "odd", NOW_S)
    (folder / "rtc0" / "since_epoch").write_text("never\n")
    assert clock(tmp_path, rtcs=folder).vouched_by() == ""


def test_nobody_is_believed_a_year_before_the_build(tmp_path: Path) -> None:
    (tmp_path / "synchronized").touch()
    then_s = datetime(BUILT_YEAR - 1, 6, 1, tzinfo=UTC).timestamp()
    made = clock(tmp_path, now_s=then_s, error_us=10, rtcs=rtc(tmp_path / "r", then_s))
    assert made.vouched_by() == ""


def test_a_laptop_of_another_system_has_a_clock_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert clock(tmp_path).vouched_by() == ""
    monkeypatch.setattr("station.wall_clock.sys.platform", "darwin")
    assert clock(tmp_path).vouched_by() == "the system"
    assert clock(tmp_path, now_s=0.0).vouched_by() == ""


def test_so_much_later_is_another_moment() -> None:
    assert later("2026-02-28T23:59:50Z", 12.6) == "2026-03-01T00:00:02Z"


def test_the_kernel_can_be_asked_or_says_that_it_cannot() -> None:
    assert 0 <= kernel_error_us() <= UNDISCIPLINED_US


def test_an_earlier_time_of_this_boot_has_a_date() -> None:
    now = Moment("2026-11-28T12:00:00Z", True, "boot", 7_200_000_000_000)
    assert dated(now, 3_600_000_000_000) == "2026-11-28T11:00:00Z"


def test_summer_and_winter_on_the_gyms_wall() -> None:
    assert local("2026-07-01T10:00:00Z", "Europe/Berlin").isoformat() == "2026-07-01T12:00:00+02:00"
    assert local("2026-12-01T23:30:00Z", "Europe/Berlin").isoformat() == "2026-12-02T00:30:00+01:00"
    assert local("2026-10-25T00:30:00Z", "Europe/Berlin").hour == local("2026-10-25T01:30:00Z", "Europe/Berlin").hour == 2


@pytest.mark.parametrize("name", ["Berlin", "", "../../etc/passwd", "/etc/localtime", "a\0b", "Europe", "x" * 5000])
def test_what_is_no_time_zone_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        zone(name)


def test_the_machines_own_zone_has_a_name_that_can_be_used() -> None:
    assert zone_name("Asia/Tokyo") == "Asia/Tokyo"
    assert local("2026-12-01T23:30:00Z", zone_name(""))
