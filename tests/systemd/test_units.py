"""The units as systemd reads them: nothing to complain about, little to attack, and in step with
the code.
"""

from __future__ import annotations

import configparser
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from station.cli import run as run_command
from station.provision import INSTALLER_FILE
from station.run.live import FRESH_S
from station.usb import job
from station.usb.status import PREFIX

UNITS = Path(__file__).resolve().parents[2] / "systemd"
SERVICES = sorted(path.name for path in UNITS.glob("*.service"))
VERIFIED = [*SERVICES, *sorted(path.name for kind in ("timer", "path", "slice") for path in UNITS.glob(f"*.{kind}"))]
# Tenths, as `systemd-analyze security` counts: 100 is a service without any sandbox.
# systemd/README.md says the same.
EXPOSURE = {"station.service": 16, "station-usb-export@.service": 20, "station-settings.service": 7}
BREAKS_THE_STATION = ("PrivateDevices", "ProtectClock", "MemoryDenyWriteExecute", "PrivateUsers", "PrivateNetwork", "ProcSubset")

needs_analyze = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="making users and folders in a test root needs root")


def settings(unit: str, section: str) -> dict[str, list[str]]:
    """Every key of one section with all its values, in order: systemd's keys may come twice, an INI
    reader's may not.
    """
    found: dict[str, list[str]] = {}
    here = ""
    for line in (UNITS / unit).read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            here = line.strip("[]")
        elif here == section and "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


@pytest.fixture
def unit_folder(tmp_path: Path) -> Path:
    """The units as they lie on a station, but for the program: its path has to exist for systemd to
    be content.
    """
    for path in map(UNITS.joinpath, VERIFIED):
        text = re.sub(r"(?m)^(Exec\w+=[-+!@:]*)/usr/\S+", r"\1/bin/true", path.read_text(encoding="utf-8"))
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    return tmp_path


def complaints(unit: Path) -> str:
    """What `systemd-analyze verify` prints: it exits 0 with unknown keys, so only silence counts.
    """
    found = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)],
        env={**os.environ, "SYSTEMD_UNIT_PATH": f"{unit.parent}:"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return found.stdout + found.stderr


@needs_analyze
@pytest.mark.parametrize("unit", VERIFIED)
def test_systemd_has_nothing_to_say(unit_folder: Path, unit: str) -> None:
    assert complaints(unit_folder / unit) == ""


@needs_analyze
def test_systemd_would_say_something(unit_folder: Path) -> None:
    broken = unit_folder / "station.service"
    broken.write_text(broken.read_text(encoding="utf-8").replace("WatchdogSec=", "WatchdogSeconds="), encoding="utf-8")
    assert "WatchdogSeconds" in complaints(broken)


@needs_analyze
@pytest.mark.parametrize("unit", SERVICES)
def test_the_sandbox_is_tight(unit_folder: Path, unit: str) -> None:
    order = ["systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE[unit]}", str(unit_folder / unit)]
    found = subprocess.run(order, capture_output=True, text=True, timeout=60, check=False)
    assert found.returncode == 0, found.stdout[-300:] + found.stderr


def test_the_sandbox_leaves_the_station_its_devices() -> None:
    service = settings("station.service", "Service")
    assert not set(service) & set(BREAKS_THE_STATION)
    classes = {value.split()[0] for value in service["DeviceAllow"]}
    assert {"char-video4linux", "char-media", "char-dma_heap", "char-gpiochip", "char-drm", "char-alsa", "char-input"} <= classes
    assert {"AF_UNIX", "AF_NETLINK"} == set(service["RestrictAddressFamilies"][0].split())


def test_nothing_gets_out() -> None:
    service = settings("station.service", "Service")
    assert service["IPAddressDeny"] == ["any"]
    assert "AF_INET" not in service["RestrictAddressFamilies"][0]
    assert "ORT_DISABLE_TELEMETRY=1" in service["Environment"]
    assert 'os.environ["ORT_DISABLE_TELEMETRY"] = "1"' in (UNITS / "deb/station").read_text(encoding="utf-8")


def test_the_command_is_one_that_the_station_knows() -> None:
    program, command, *options = settings("station.service", "Service")["ExecStart"][0].split()
    assert (program, command) == ("/usr/bin/station", "run")
    reported = run_command.make_context("run", options).params
    assert reported["config_file"] == Path("/etc/station/station.toml")
    assert reported["source_text"] == "picamera"
    assert not reported["headless"]


def test_the_readme_says_how_exposed_each_service_is() -> None:
    text = (UNITS / "README.md").read_text(encoding="utf-8")
    for unit, tenths in EXPOSURE.items():
        assert f"| `{unit}` | {tenths / 10} |" in text


def test_the_exporter_works_where_its_unit_says() -> None:
    service = settings("station-usb-export@.service", "Service")
    assert settings("station.service", "Service")["User"] == [job.USER]
    assert Path("/run", *service["RuntimeDirectory"]) == job.FOLDER
    assert service["RuntimeDirectoryPreserve"] == ["yes"], "or the end of one job takes the word about another stick away"
    assert Path("/var/lib", *service["StateDirectory"]) == job.KEPT
    assert "User" not in service  # then those two folders are root's
    kept = settings("station-settings.path", "Path")["PathChanged"]
    assert kept == [str(job.KEPT / job.KEPT_NAME)] == [str(INSTALLER_FILE)]


def test_all_jobs_together_are_bounded() -> None:
    (slice_,) = settings("station-usb-export@.service", "Service")["Slice"]
    assert "MemoryMax" in settings(slice_, "Slice")


def test_one_job_for_a_disk_however_many_partitions_it_has() -> None:
    rules = (UNITS / "99-station-usb.rules").read_text(encoding="utf-8").replace("\\\n", "")
    started = dict(re.findall(r'ENV\{DEVTYPE\}=="(\w+)".*ENV\{SYSTEMD_WANTS\}\+="(\S+)"', rules))
    assert started == {"disk": "station-usb-export@%k.service", "partition": "station-usb-export@%P.service"}
    assert f"{job.FOLDER}/{PREFIX}%k" in rules


def test_the_watchdog_waits_longer_than_a_part_may_be_silent() -> None:
    assert float(settings("station.service", "Service")["WatchdogSec"][0]) > max(FRESH_S.values())


def test_the_last_restart_leads_to_the_timer_and_the_timer_back() -> None:
    unit = settings("station.service", "Unit")
    assert unit["OnFailure"] == ["station-again.timer"]
    timer = settings("station-again.timer", "Timer")
    assert timer["Unit"] == ["station.service"]
    rest_min, span_min = (int(text.removesuffix("min")) for text in (timer["OnActiveSec"][0], unit["StartLimitIntervalSec"][0]))
    assert rest_min > span_min  # or the budget would still be spent when it tries again


@needs_root
@pytest.mark.skipif(shutil.which("systemd-sysusers") is None, reason="systemd-sysusers is not installed")
def test_user_and_folders_are_made_as_the_service_expects(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    in_root = f"--root={tmp_path}"
    subprocess.run(["systemd-sysusers", in_root, str(UNITS / "station-sysusers.conf")], check=True, timeout=60)
    members = {fields[0]: fields[3] for fields in table(tmp_path / "etc/group")}
    wanted = settings("station.service", "Service")["SupplementaryGroups"][0].split()
    assert {group for group, users in members.items() if users == "station"} == set(wanted)
    subprocess.run(["systemd-tmpfiles", in_root, "--create", str(UNITS / "station-tmpfiles.conf")], check=True, timeout=60)
    home = (tmp_path / "var/lib/station").stat()
    user = next(fields for fields in table(tmp_path / "etc/passwd") if fields[0] == "station")
    assert (oct(home.st_mode & 0o777), str(home.st_uid)) == ("0o750", user[2])
    assert user[6].endswith("nologin")


def table(path: Path) -> list[list[str]]:
    return [line.split(":") for line in path.read_text(encoding="utf-8").splitlines()]


def test_the_journal_is_kept_in_memory_and_bounded() -> None:
    journal = configparser.ConfigParser(comment_prefixes="#", delimiters="=")
    journal.read(UNITS / "station-journald.conf", encoding="utf-8")
    assert journal["Journal"]["Storage"] == "volatile"
    assert journal["Journal"]["RuntimeMaxUse"] == "32M"
