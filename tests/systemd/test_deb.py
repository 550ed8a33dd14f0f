"""What the Debian package is made of. Building and installing it: see
tests/lab/appliance/install.py.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from email.utils import parsedate_to_datetime
from pathlib import Path

import av
import pytest

from station import __version__
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


def test_the_changelog_is_debians_and_begins_with_this_version() -> None:
    text = (DEB / "changelog").read_text(encoding="utf-8")
    entries = re.findall(r"(?m)^station \((\S+)\) stable; urgency=medium\n\n((?:  .*\n)+)\n -- .* <\S+>  (.*)\n", text)
    assert entries[0][0] == __version__
    for _, _, date in entries:
        parsedate_to_datetime(date)
    assert "/usr/share/doc/station/changelog.gz" in (DEB / "build").read_text(encoding="utf-8")


@pytest.mark.parametrize("script", ["postinst", "prerm", "postrm"])
def test_the_package_scripts_are_plain_shell_and_stop_at_the_first_error(script: str) -> None:
    text = (DEB / script).read_text(encoding="utf-8")
    assert text.startswith("#!/bin/sh\n")
    assert "\nset -e\n" in text
    subprocess.run(["sh", "-n", str(DEB / script)], check=True, timeout=10)


def test_only_a_purge_deletes_sessions(tmp_path: Path) -> None:
    """Runs the script with `rm` and `rmdir` replaced by something that tells what they were asked.
    """
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
            assert order.lstrip("-") in ("/usr/bin/station", "/usr/bin/python3", "/usr/bin/systemctl"), unit.name


def test_the_copyright_file_says_what_is_under_the_gpl_and_where_its_source_is() -> None:
    folder = Path(av.__file__).parents[1]
    done = subprocess.run([sys.executable, DEB / "copyright.py", folder], capture_output=True, text=True, check=True, timeout=60)
    assert list(folder.glob("av.libs/libx264*")), "PyAV's wheel has no x264 any more: correct copyright.py, NOTICE and README"
    assert f"the wheel of PyAV {av.__version__}" in done.stdout
    assert "x264 and x265, which are GPL-2.0-or-later" in done.stdout
    assert "https://github.com/PyAV-Org/pyav-ffmpeg" in done.stdout
    assert re.search(r"(?m)^  pygame-ce +\S+ +LGPL", done.stdout)
    assert done.stdout.rstrip().endswith((ROOT / "LICENSE").read_text(encoding="utf-8").rstrip())
    listed = {line.split()[0].lower().replace("_", "-") for line in done.stdout.splitlines() if line.startswith("  ")}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert names(project["dependencies"]) <= listed


def test_the_installers_key_is_secret_random_made_once_and_purged(tmp_path: Path) -> None:
    """The lines of postinst that make it, run twice in a folder of ours."""
    text = (DEB / "postinst").read_text(encoding="utf-8")
    lines = re.search(r"(?ms)^if \[ ! -s /etc/station/installer.key \].*?^fi$", text)[0]
    order = lines.replace("/etc/station", str(tmp_path))
    key = tmp_path / "installer.key"
    subprocess.run(["sh", "-ec", order], check=True, timeout=30)
    first = key.read_bytes()
    assert re.fullmatch(rb"[0-9a-f]{64}\n", first)
    assert key.stat().st_mode & 0o777 == 0o600
    subprocess.run(["sh", "-ec", order], check=True, timeout=30)
    assert key.read_bytes() == first, "an upgrade keeps it, or every installer's stick would be void"
    key.unlink()
    subprocess.run(["sh", "-ec", order], check=True, timeout=30)
    assert key.read_bytes() != first
    assert "rm -f /etc/station/installer.key" in (DEB / "postrm").read_text(encoding="utf-8")
