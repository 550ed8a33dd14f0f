"""Whoever is the station's user stays it: what that user writes never tells root where to mount,
open or change.

The attack as it was done: settings in the data folder that name a status file of the attacker's,
beside it a link named `stick` to a folder of the system's; at the next stick root mounted over that
folder.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from station.record.log import LogHeader
from station.record.store import SqliteStore
from tests.folders import everybodys_folder
from tests.made_run import MODEL, SOURCE, VIEW, run

ROOT = Path(__file__).resolve().parents[2]
UNIT = ROOT / "systemd/station-usb-export@.service"
MACHINE = Path(__file__).with_name("own_machine.py")


def why_not() -> str:
    """What this machine lacks for a mount namespace with a loop device in it, "" when nothing."""
    if os.geteuid() != 0:
        return "mounting needs root"
    for tool in ("unshare", "mkfs.ext4", "losetup", "blkid", "setpriv"):
        if shutil.which(tool) is None:
            return f"{tool} is not installed"
    trial = subprocess.run(["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, check=False)
    if trial.returncode != 0:
        return "this machine does not allow a mount namespace"
    return "" if list(Path("/dev").glob("loop*")) else "this machine has no loop devices"


REASON = why_not()
pytestmark = pytest.mark.skipif(bool(REASON), reason=REASON)


@pytest.fixture(scope="module")
def data() -> Iterator[Path]:
    with everybodys_folder() as folder:
        store = SqliteStore(folder)
        steps = list(run(6.0, fps=30))
        store.begin(LogHeader(SOURCE, MODEL, VIEW), steps[0][0].t_ns)
        for given, step in steps:
            store.add(given, step)
        store.finish(0)
        store.close()
        yield folder


def export(folder: Path, data: Path, attack: str = "true", **more: Any) -> dict[str, Any]:
    """The exporter in a machine of its own, after `attack` ran in the data folder; what was seen of
    it.
    """
    unit = dict(line.split("=", 1) for line in UNIT.read_text(encoding="utf-8").splitlines() if "=" in line)
    capabilities = [f"+{name.removeprefix('CAP_').lower()}" for name in unit["CapabilityBoundingSet"].split()]
    order = {
        "data": str(data),
        "checkout": str(ROOT),
        "attack": attack,
        "command": unit["ExecStart"].replace("/usr/bin/python3", sys.executable).split(),
        "capabilities": ",".join(capabilities),
        "env": {"PYTHONPATH": str(ROOT), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
        **more,
    }
    (folder / "order.json").write_text(json.dumps(order), encoding="utf-8")
    inside = ["unshare", "--mount", "--propagation", "private", sys.executable, str(MACHINE), str(folder / "order.json")]
    done = subprocess.run(inside, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def assert_border_held(seen: dict[str, Any]) -> None:
    assert seen["victim_seen"] == [], "root looked into a folder that the station's user chose"
    assert seen["victim_same"]
    assert seen["mounts_same"]
    for asked in seen["asked"]:
        assert asked.split()[-1] == "/run/station-usb/stick", asked


def sessions_on(seen: dict[str, Any]) -> list[str]:
    return [name for name in seen["stick"] if name.endswith("session.json")]


def test_a_stick_gets_its_session_in_a_machine_of_its_own(everybodys: Path, data: Path) -> None:
    """Without it the tests below would be content with an exporter that does nothing."""
    seen = export(everybodys, data)
    assert_border_held(seen)
    assert seen["rc"] == 0, seen["said"]
    (written,) = sessions_on(seen)
    assert written.startswith("STATION/gym-1/")
    assert seen["stick"][written].split()[:2] == ["0o100644", "4321"], "its owner's other computer can read it"


SETTINGS = '[usb]\nstatus_path = "/var/lib/station/x/status"\nkey_path = "/var/lib/station/x/key"\n'
PLANT = f"mkdir x; ln -s /var/lib/victim x/stick; printf '{SETTINGS}' > {{name}}; chown -R -h 4321:4321 ."
ATTACKS = {
    "boot settings in the data folder": PLANT.format(name="provisioned.toml"),
    "installer's settings in the data folder": PLANT.format(name="installer.toml"),
    "both": PLANT.format(name="provisioned.toml") + "; cp provisioned.toml installer.toml",
    "a name that climbs": r"""printf '[station]\nname = "../../victim"\n' | tee provisioned.toml > installer.toml""",
    "the data folder is a link": "cd /; rm -r /var/lib/station; ln -s /var/lib/victim /var/lib/station",
    "a database that is a link": "rm station.db*; ln -s /var/lib/victim/ld.so.preload station.db",
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_what_the_stations_user_writes_leads_root_nowhere(everybodys: Path, data: Path, attack: str) -> None:
    seen = export(everybodys, data, attack)
    assert_border_held(seen)
    assert seen["status"], "whatever was planted, the runner gets a word"


def test_a_user_station_that_is_root_gets_nothing_done(everybodys: Path, data: Path) -> None:
    seen = export(everybodys, data, station_uid=0)
    assert_border_held(seen)
    assert seen["asked"] == []
    assert "is root" in "".join(seen["status"].values())


@pytest.mark.parametrize("folder", ["/run/station-usb", "/var/lib/station-usb"])
@pytest.mark.parametrize("how", ["is the station's", "may be written by all", "is a link"])
def test_a_folder_that_is_not_roots_alone_is_no_place_for_root(everybodys: Path, data: Path, folder: str, how: str) -> None:
    change = {
        "is the station's": f"chown 4321 {folder}",
        "may be written by all": f"chmod 777 {folder}",
        "is a link": f"mv {folder} {folder}.was; ln -s {folder}.was {folder}",
    }[how]
    seen = export(everybodys, data, change)
    assert_border_held(seen)
    assert seen["asked"] == []
    assert seen["rc"] != 0


STICKS = {
    "STATION is a link": "ln -s /var/lib/victim STATION",
    "the station's folder is a link": "mkdir STATION; ln -s /var/lib/victim STATION/gym-1",
    "settings that are links": "ln -s /var/lib/victim/ld.so.preload station.toml; ln -s /etc/shadow station.toml.signature",
    "settings with a signature of nobody": "echo > station.toml; echo 'counter = 1' > station.toml.signature",
    "folders that only another may enter": "mkdir -m 700 STATION; chown 1000 STATION; chmod 500 .",
}


@pytest.mark.parametrize("stick", STICKS.values(), ids=STICKS)
def test_a_hostile_stick_leads_root_nowhere(everybodys: Path, data: Path, stick: str) -> None:
    seen = export(everybodys, data, stick=stick)
    assert_border_held(seen)
    assert seen["status"]
