"""What the Debian package is made of. Building and installing it needs an index and an hour: see tests/appliance/install.py."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from station.config import load

ROOT = Path(__file__).resolve().parents[2]
DEB = ROOT / "systemd/deb"
RELEASES = ("bookworm", "trixie")


def names(requirements: list[str]) -> set[str]:
    return {re.match(r"[A-Za-z0-9_.-]+", line)[0].lower().replace("_", "-") for line in requirements}


def lock_lines(release: str) -> list[str]:
    text = (DEB / f"requirements-{release}.txt").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def test_the_settings_it_ships_are_valid_and_keep_sessions_where_the_service_may_write() -> None:
    config = load(DEB / "station.toml")
    assert str(config.station.data_dir) == "/var/lib/station"
    assert "StateDirectory=station\n" in (ROOT / "systemd/station.service").read_text(encoding="utf-8")


def test_every_setting_it_suggests_is_a_valid_one(tmp_path: Path) -> None:
    shipped = (DEB / "station.toml").read_text(encoding="utf-8")
    suggested = re.sub(r"(?m)^# (?=\[|\w+ = )", "", shipped)
    assert suggested.count("\n[") > shipped.count("\n[")
    file = tmp_path / "station.toml"
    file.write_text(suggested, encoding="utf-8")
    load(file)


@pytest.mark.parametrize("script", ["postinst", "prerm", "postrm"])
def test_the_package_scripts_are_plain_shell_and_stop_at_the_first_error(script: str) -> None:
    text = (DEB / script).read_text(encoding="utf-8")
    assert text.startswith("#!/bin/sh\n")
    assert "\nset -e\n" in text
    subprocess.run(["sh", "-n", str(DEB / script)], check=True, timeout=10)


def test_only_a_purge_deletes_sessions(tmp_path: Path) -> None:
    """Runs the script with `rm` and `rmdir` replaced by something that tells what they were asked."""
    for tool in ("rm", "rmdir", "systemctl", "udevadm"):
        fake = tmp_path / tool
        fake.write_text(f'#!/bin/sh\necho {tool} "$@" >> {tmp_path}/asked\n', encoding="utf-8")
        fake.chmod(0o755)
    asked = tmp_path / "asked"
    for reason in ("remove", "upgrade", "failed-upgrade", "abort-install", "disappear", "purge"):
        asked.write_text("", encoding="utf-8")
        subprocess.run(["sh", str(DEB / "postrm"), reason], env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, check=True, timeout=10)
        assert ("/var/lib/station" in asked.read_text(encoding="utf-8")) == (reason == "purge"), reason


@pytest.mark.parametrize("release", RELEASES)
def test_the_lock_covers_what_the_project_needs_with_one_hash_each(release: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = lock_lines(release)
    assert names(project["dependencies"]) <= names(lines), "run systemd/deb/lock.py again"
    for line in lines:
        assert re.fullmatch(r"[a-z0-9_.-]+==\S+ --hash=sha256:[0-9a-f]{64}", line), line


@pytest.mark.parametrize("release", RELEASES)
def test_what_pip_breaks_on_a_pi_comes_from_apt(release: str) -> None:
    from_pip = names(lock_lines(release))
    from_apt = re.search(r"(?m)^Depends: (.*)$", (DEB / "control").read_text(encoding="utf-8"))[1]
    for package in ("picamera2", "lgpio"):
        assert package not in from_pip
        assert f"python3-{package}" in from_apt
    assert "simplejpeg" in from_pip  # apt's, on Bookworm, cannot work beside this NumPy


def test_the_launcher_and_the_package_agree_on_the_place() -> None:
    launcher = (DEB / "station").read_text(encoding="utf-8")
    assert launcher.startswith("#!/usr/bin/python3 -I")
    assert 'sys.path.insert(0, "/usr/lib/station")' in launcher
    assert "lib=$stage/usr/lib/station\n" in (DEB / "build").read_text(encoding="utf-8")
    for unit in (ROOT / "systemd").glob("*.service"):
        for order in re.findall(r"(?m)^Exec\w+=(\S+)", unit.read_text(encoding="utf-8")):
            assert order in ("/usr/bin/station", "/usr/bin/python3"), unit.name
