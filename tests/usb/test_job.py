"""The job around the exporter: mounting, giving up root, telling the station. With a pretended mount, and with a real one."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from station.config import Config, parse
from station.errors import StoreError
from station.export.bundle import render
from station.present.screen import strings
from station.provision import provision
from station.record.archive import Archive
from station.record.store import SqliteStore
from station.run.clock import ManualClock
from station.run.station_state import StationState
from station.usb.installer import station_key
from station.usb.job import Job, in_child, insertion_mark, one_at_a_time, run_command, why_not_mounted
from station.usb.status import StickStatus, read_status, write_status
from tests.made_run import MODEL, SOURCE, VIEW, run

NOBODY = 65534

# Other tests may have left threads; the job itself has none when it forks, and the child touches no lock of theirs.
pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")


@pytest.fixture
def config(tmp_path: Path) -> Config:
    data, status = tmp_path / "data", tmp_path / "run" / "status"
    status.parent.mkdir()
    store = SqliteStore(data)
    steps = list(run(6.0, fps=30))
    store.begin(SOURCE, MODEL, steps[0][0].t_ns, VIEW)
    for given, step in steps:
        store.add(given, step)
    store.finish(0)
    store.close()
    return parse({"station": {"name": "gym-1", "data_dir": str(data)}, "usb": {"status_path": str(status)}})


class Commands:
    """blkid and mount as they would answer; keeps what was asked and what the station was told at that moment."""

    def __init__(self, config: Config, kind: str = "vfat", mount_error: str = "") -> None:
        self.asked: list[list[str]] = []
        self.states: list[str] = []
        self._config, self._kind, self._mount_error = config, kind, mount_error

    def __call__(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        self.asked.append(list(command))
        self.states.append(read_status(self._config.usb.status_path).state)
        if command[0] == "blkid":
            return subprocess.CompletedProcess(command, 0, self._kind + "\n", "")
        failed = bool(self._mount_error) and command[0] == "mount"
        return subprocess.CompletedProcess(command, 32 if failed else 0, "", self._mount_error if failed else "")


def job(config: Config, commands: Commands, stick: Path) -> Job:
    stick.mkdir(exist_ok=True)
    return Job(Path("/dev/sdz1"), stick, config, os.getuid(), os.getgid(), commands)


def test_stick_is_mounted_safely_written_and_let_go(config: Config, tmp_path: Path) -> None:
    commands = Commands(config)
    status = job(config, commands, tmp_path / "stick").do()
    assert status == StickStatus("done", "1 session on the stick") == read_status(config.usb.status_path)
    assert [command[0] for command in commands.asked] == ["blkid", "mount", "mount", "umount"]
    options = commands.asked[1][commands.asked[1].index("-o") + 1].split(",")
    assert {"nosuid", "nodev", "noexec", "flush", f"uid={os.getuid()}", "umask=077"} <= set(options)
    assert commands.asked[2][1:3] == ["-o", "remount,ro"]
    assert set(commands.states) == {"writing"}
    assert len(list((tmp_path / "stick" / "STATION" / "gym-1").iterdir())) == 1
    assert Archive(config.station.data_dir).sessions()[0].exported_utc


@pytest.mark.parametrize(
    ("kind", "mount_error", "failure"),
    [
        ("ntfs", "", "unsupported"),
        ("", "", "unsupported"),
        ("exfat", "mount: /x: unknown filesystem type 'exfat'.", "unsupported"),
        ("vfat", "mount: /x: wrong fs type, bad option, bad superblock on /dev/sdz1", "unreadable"),
        ("vfat", "mount: /x: cannot mount /dev/sdz1 read-only.", "read-only"),
        ("vfat", "mount: /x: special device /dev/sdz1 does not exist.", "pulled out"),
        ("vfat", "took too long", "unreadable"),
    ],
)
def test_what_went_wrong_has_a_name_and_a_remedy(
    config: Config, tmp_path: Path, kind: str, mount_error: str, failure: str
) -> None:
    status = job(config, Commands(config, kind, mount_error), tmp_path / "stick").do()
    assert status.state == "failed"
    assert status.text.startswith(failure + ": ")
    assert len(status.text) > len(failure) + 10
    assert read_status(config.usb.status_path) == status


def test_a_bad_stick_is_let_go_too(config: Config, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    (stick / "STATION").write_text("in the way")
    commands = Commands(config)
    status = job(config, commands, stick).do()
    assert status.text.startswith("unsupported")
    assert commands.asked[-1][0] == "umount"


@pytest.mark.parametrize("which", ["last", "new", "all"])
@pytest.mark.parametrize("running", [False, True])
def test_a_stick_before_the_first_run_is_over_is_told_to_come_again(
    config: Config, tmp_path: Path, which: str, running: bool
) -> None:
    station = config.station.model_copy(update={"data_dir": tmp_path / "fresh"})
    fresh = config.model_copy(update={"station": station, "usb": config.usb.model_copy(update={"which": which})})
    store = SqliteStore(station.data_dir)
    steps = list(run(6.0, fps=30))
    if running:
        store.begin(SOURCE, MODEL, steps[0][0].t_ns, VIEW)
        for given, step in steps:
            store.add(given, step)
    status = job(fresh, Commands(fresh), tmp_path / "stick").do()
    assert status == StickStatus("failed", "nothing to write yet, put it in again after the run")
    shown = StationState((), ManualClock(), fresh.usb.status_path, False, None)()
    assert strings.stick(shown) == "Could not write to the stick: nothing to write yet, put it in again after the run"
    assert not list((tmp_path / "stick").rglob("session.json"))
    if running:
        store.finish(0)
        status = job(fresh, Commands(fresh), tmp_path / "stick").do()
        assert status == StickStatus("done", "1 session on the stick")
    store.close()


# --- an installer's stick ---

KEY = b"7c" * 32


def installers_job(config: Config, commands: Commands, stick: Path, settings: bytes, key: bytes | None) -> Job:
    stick.mkdir(exist_ok=True)
    (stick / "station.toml").write_bytes(settings)
    if key is not None:
        (stick / "installer.key").write_bytes(key)
    installed = stick.parent / "installed.toml"
    installed.write_text(f'[station]\nname = "gym-1"\ndata_dir = "{config.station.data_dir}"\n', encoding="utf-8")
    return Job(Path("/dev/sdz1"), stick, config, os.getuid(), os.getgid(), commands, KEY, installed)


def in_force(stick: Path, config: Config) -> Config:
    return provision(stick.parent / "installed.toml", stick.parent / "no boot partition").config


def test_an_installers_stick_brings_settings_and_the_station_starts_again(config: Config, tmp_path: Path) -> None:
    commands, stick = Commands(config), tmp_path / "stick"
    status = installers_job(config, commands, stick, b"[camera]\nturned_deg = 270\n", KEY + b"\r\n").do()
    assert status == StickStatus("settings", "new settings: the station starts again with them")
    assert in_force(stick, config).camera.turned_deg == 270
    assert ["systemctl", "--no-block", "try-restart", "station.service"] in commands.asked
    assert [command[0] for command in commands.asked[-2:]] == ["mount", "umount"]
    assert {path.name for path in stick.iterdir()} == {"station.toml", "installer.key"}, "no runner's data on it"

    again = Commands(config)
    status = installers_job(config, again, stick, b"[camera]\nturned_deg = 270\n", KEY).do()
    assert status == StickStatus("settings", "these settings are in force already")
    assert "systemctl" not in {command[0] for command in again.asked}, "left in, or put in again, it disturbs nobody"

    installers_job(config, commands, stick, b"[camera]\nturned_deg = 0\n", KEY).do()
    assert in_force(stick, config).camera.turned_deg == 0
    assert (config.station.data_dir / "installer.toml.before").read_bytes() == b"[camera]\nturned_deg = 270\n"


def test_bad_settings_of_an_installer_are_told_and_the_old_ones_stay(config: Config, tmp_path: Path) -> None:
    commands, stick = Commands(config), tmp_path / "stick"
    installers_job(config, commands, stick, b"[camera]\nturned_deg = 270\n", KEY).do()
    for bad, word in [
        (b"[camera]\nturned_deg = 45\n", "camera.turned_deg"),
        (b"[camera]\nturn = 1\n", "unknown key"),
        (b"[camera", "not valid TOML"),
        (b"\xff\xfe", "UTF-8"),
        (b"#" * 70_000, "larger than"),
    ]:
        commands = Commands(config)
        status = installers_job(config, commands, stick, bad, KEY).do()
        assert status.state == "refused"
        assert status.text.startswith("station.toml on the stick: ")
        assert word in status.text
        assert in_force(stick, config).camera.turned_deg == 270
        assert "systemctl" not in {command[0] for command in commands.asked}
    state = StationState((), ManualClock(), config.usb.status_path, False, None)()
    ((what, remedy),) = state.trouble  # the page for trouble
    assert what == status.text
    assert "correct station.toml on the stick and put it in again" in remedy


@pytest.mark.parametrize(
    "key", [None, b"", b"\n", b"7c" * 31 + b"7d", b"7c" * 33, KEY[:-2], KEY.upper(), b"\xff" * 64, b"7c" * 40_000]
)
def test_a_strangers_stick_changes_no_setting_and_gets_its_sessions(config: Config, tmp_path: Path, key: bytes | None) -> None:
    commands, stick = Commands(config), tmp_path / "stick"
    status = installers_job(config, commands, stick, b"[camera]\nturned_deg = 270\n", key).do()
    assert status == StickStatus("done", "1 session on the stick; its station.toml was not taken, the station's key is not on it")
    assert in_force(stick, config).camera.turned_deg == 90
    assert not (config.station.data_dir / "installer.toml").exists()
    assert len(list((stick / "STATION" / "gym-1").iterdir())) == 1


@pytest.mark.parametrize("own", [b"", b"short", None])
def test_a_station_without_a_proper_key_listens_to_no_stick(config: Config, tmp_path: Path, own: bytes | None) -> None:
    path = tmp_path / "own.key"
    if own is not None:
        path.write_bytes(own)
    assert station_key(path) == b""
    stick = tmp_path / "stick"
    one = installers_job(config, Commands(config), stick, b"[camera]\nturned_deg = 270\n", own or b"")
    assert replace(one, key=station_key(path)).do().state == "done"
    assert in_force(stick, config).camera.turned_deg == 90


@pytest.mark.parametrize("name", ["installer.key", "station.toml"])
@pytest.mark.parametrize("kind", ["link", "folder", "pipe"])
def test_only_plain_files_of_the_stick_count(config: Config, tmp_path: Path, name: str, kind: str) -> None:
    stick = tmp_path / "stick"
    one = installers_job(config, Commands(config), stick, b"[camera]\nturned_deg = 270\n", KEY)
    path = stick / name
    content = path.read_bytes()
    path.unlink()
    if kind == "link":
        (tmp_path / "outside").write_bytes(content)
        path.symlink_to(tmp_path / "outside")
    elif kind == "folder":
        path.mkdir()
    else:
        os.mkfifo(path)
    status = one.do()
    assert status.state == "done", status
    assert in_force(stick, config).camera.turned_deg == 90


def test_child_is_another_user_and_cannot_come_back() -> None:
    if os.getuid() != 0:
        pytest.skip("giving up root needs root")

    def work() -> dict[str, object]:
        said: dict[str, object] = {"ids": [*os.getresuid(), *os.getresgid(), *os.getgroups()]}
        try:
            os.setuid(0)
        except PermissionError:
            said["back"] = False
        return said

    assert in_child(NOBODY, NOBODY, work) == {"ids": [NOBODY] * 6, "back": False}


def test_child_that_dies_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    def work() -> dict[str, object]:
        raise ZeroDivisionError("bug")

    with pytest.raises(StoreError, match="the exporter stopped"):
        in_child(os.getuid(), os.getgid(), work)
    assert "ZeroDivisionError" in capfd.readouterr().err


def test_one_export_an_insertion(tmp_path: Path) -> None:
    """/sys as the kernel lays it out: a disk with its number, its partition inside, both linked from class/block."""
    disk = tmp_path / "devices" / "usb1" / "block" / "sdz"
    (disk / "sdz1").mkdir(parents=True)
    (disk / "diskseq").write_text("17\n")
    classes = tmp_path / "class"
    classes.mkdir()
    for name, target in (("sdz", disk), ("sdz1", disk / "sdz1"), ("sdy", tmp_path)):
        (classes / name).symlink_to(target)
    assert insertion_mark("sdz", tmp_path, classes) == insertion_mark("sdz1", tmp_path, classes) == tmp_path / "written-17"
    assert insertion_mark("sdy", tmp_path, classes) is None


def test_jobs_wait_for_each_other(tmp_path: Path) -> None:
    with one_at_a_time(tmp_path):
        done = subprocess.run(["flock", "--nonblock", str(tmp_path / "lock"), "true"], check=False)
        assert done.returncode == 1
    assert subprocess.run(["flock", "--nonblock", str(tmp_path / "lock"), "true"], check=False).returncode == 0


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"state": "evil"}', b"\xff", json.dumps({"state": 3}).encode()])
def test_odd_status_is_no_stick(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "status"
    path.write_bytes(content)
    assert read_status(path) == StickStatus()
    assert read_status(tmp_path / "none") == StickStatus()
    write_status(path, StickStatus("failed", "full: free some space"))
    assert read_status(path) == StickStatus("failed", "full: free some space")


def test_words_of_mount() -> None:
    assert why_not_mounted("mount: WARNING: source write-protected, mounted read-only.") == "read-only"


# --- a real ext4 image, where this machine lets one be mounted ---


@pytest.fixture
def loop_device(tmp_path: Path) -> Iterator[Path]:
    image = tmp_path / "stick.img"
    with open(image, "wb") as file:
        file.truncate(16 << 20)
    for command in (["mkfs.ext4", "-q", str(image)], ["losetup", "--find", "--show", str(image)]):
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        except FileNotFoundError:
            pytest.skip(f"no {command[0]} here")
        if done.returncode != 0:
            pytest.skip(f"{command[0]} is not allowed here")
    device = Path(done.stdout.strip())
    yield device
    subprocess.run(["losetup", "--detach", str(device)], check=True)


def test_real_stick_from_end_to_end_as_another_user(config: Config, tmp_path: Path, loop_device: Path) -> None:
    mounted = tmp_path / "mounted"
    mounted.mkdir()
    data = config.station.data_dir
    for path in (tmp_path.parent.parent, tmp_path.parent, tmp_path):
        path.chmod(0o755)  # so that the other user gets there
    # Python may lie where the other user cannot read it: whatever an export imports is imported before.
    list(render(Archive(data).recording(Archive(data).choose("last")[0]), "2026-11-22T18:30:00Z"))
    for path in (data, *data.rglob("*")):
        os.chown(path, NOBODY, NOBODY)
    try:
        trial = run_command(["mount", "-o", "ro", str(loop_device), str(mounted)])
        if trial.returncode != 0:
            pytest.skip("this machine does not let a loop device be mounted")
        run_command(["umount", str(mounted)])
        status = Job(loop_device, mounted, config, NOBODY, NOBODY, run_command).do()
        assert status == StickStatus("done", "1 session on the stick")
        assert list(mounted.iterdir()) == []  # unmounted
        run_command(["mount", "-o", "ro", str(loop_device), str(mounted)])
        (folder,) = (mounted / "STATION" / "gym-1").iterdir()
        assert folder.stat().st_uid == NOBODY
        check = subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=folder, capture_output=True, check=False)
        assert check.returncode == 0, check.stderr
    finally:
        run_command(["umount", str(mounted)])
    assert run_command(["e2fsck", "-fn", str(loop_device)]).returncode == 0
