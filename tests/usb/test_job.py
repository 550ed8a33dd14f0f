"""The job around the exporter: mounting, giving up root, telling the station. With a pretended
mount, and with a real one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from station.config import Config, parse
from station.errors import StationError, StoreError
from station.present.screen import strings
from station.provision import provision
from station.record.archive import Archive
from station.record.log import LogHeader
from station.record.store import SqliteStore
from station.run.station_state import StationState
from station.usb import owner
from station.usb.disk import insertion, is_no_stick, volume_for_sessions
from station.usb.folders import FOLDER, StickError, roots_folder
from station.usb.job import Job, Owner, ask_owner, ended, one_at_a_time, owner_of_sessions, station_key, why_not_mounted
from station.usb.signature import signature
from station.usb.status import StickStatus, read_status, write_status
from tests.made_run import MODEL, SOURCE, VIEW, run
from tests.manual_clock import ManualClock

NOBODY = 65534
CAPTURED: dict[str, Any] = {"capture_output": True, "text": True, "check": True, "timeout": 60}
FROM_SITE = {"sitecustomize", "usercustomize"}

@pytest.fixture
def config(tmp_path: Path) -> Config:
    data = tmp_path / "data"
    store = SqliteStore(data)
    steps = list(run(6.0, fps=30))
    store.begin(LogHeader(SOURCE, MODEL, VIEW), steps[0][0].t_ns)
    for given, step in steps:
        store.add(given, step)
    store.finish(0)
    store.close()
    for name in ("told", "kept"):
        (tmp_path / name).mkdir()
    return parse({"station": {"name": "gym-1", "data_dir": str(data)}})


class Commands:
    """blkid and mount as they would answer; keeps what was asked and what the station was told at
    that moment.
    """

    def __init__(self, folder: Path, kind: str = "vfat", mount_error: str = "") -> None:
        self.asked: list[list[str]] = []
        self.states: list[str] = []
        self._folder, self._kind, self._mount_error = folder, kind, mount_error

    def __call__(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        self.asked.append(list(command))
        self.states.append(read_status(self._folder).state)
        if command[0] == "blkid":
            return subprocess.CompletedProcess(command, 0, f"TYPE={self._kind}\nUSAGE=filesystem\n" if self._kind else "", "")
        failed = bool(self._mount_error) and command[0] == "mount"
        return subprocess.CompletedProcess(command, 32 if failed else 0, "", self._mount_error if failed else "")


class Stick:
    """A folder that passes for a mounted stick, the job for it, and what the station is told and
    keeps.
    """

    def __init__(self, folder: Path, config: Config, kind: str = "vfat", mount_error: str = "", key: bytes = b"") -> None:
        self.path, self.reported, self.kept = folder / "stick", folder / "told", folder / "kept"
        self.path.mkdir(exist_ok=True)
        self.installed = folder / "installed.toml"
        self.installed.write_text(f'[station]\nname = "gym-1"\ndata_dir = "{config.station.data_dir}"\n', encoding="utf-8")
        self.commands, self._config, self._key = Commands(self.reported, kind, mount_error), config, key

    def ask(self, command: Sequence[str], given: bytes) -> dict[str, Any]:
        """As a process of the owner's would answer, in this one."""
        task, *place = command
        try:
            if task == "look":
                answer = owner.look(Path(place[0]))
            elif task == "try":
                answer = owner.try_settings(given, self.installed)
            else:
                answer = owner.write(Path(place[0]), self._config)
        except StationError as error:  # as owner.main does
            answer = {"error": error.what, "where": error.where, "remedy": error.remedy}
        return dict(json.loads(json.dumps(answer)))

    def put_in(self) -> StickStatus:
        reported, kept = os.open(self.reported, FOLDER), os.open(self.kept, FOLDER)
        try:
            who = Owner(os.getuid(), os.getgid())
            return Job("sdz", self.path, who, self.commands, self.ask, reported, kept, self._key).do()
        finally:
            os.close(reported)
            os.close(kept)

    @property
    def in_force(self) -> Config:
        return provision(self.installed, self.path.parent / "no boot partition", self.kept / "installer.toml").config


def test_stick_is_mounted_safely_written_and_let_go(config: Config, tmp_path: Path) -> None:
    stick = Stick(tmp_path, config)
    status = stick.put_in()
    assert status == StickStatus("done", "1 session on the stick", 0) == read_status(stick.reported)
    asked = stick.commands.asked
    assert [command[0] for command in asked] == ["blkid", "mount", "mount", "umount"]
    options = asked[1][asked[1].index("-o") + 1].split(",")
    wanted = {"nosuid", "nodev", "noexec", "flush", "errors=remount-ro", f"uid={os.getuid()}", "umask=077"}
    assert wanted <= set(options)
    assert asked[2][1:3] == ["-o", "remount,ro"]
    assert set(stick.commands.states[1:]) == {"writing"}
    assert len(list((stick.path / "STATION" / "gym-1").iterdir())) == 1
    assert Archive(config.station.data_dir).sessions()[0].exported_utc


@pytest.mark.parametrize(
    ("kind", "mount_error", "failure"),
    [
        ("ntfs", "", "unsupported"),
        ("", "", "blank"),
        ("btrfs", "", "unsupported"),
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
    stick = Stick(tmp_path, config, kind, mount_error)
    status = stick.put_in()
    assert status.state == "failed"
    assert status.text.startswith(failure + ": ")
    assert len(status.text) > len(failure) + 10
    assert read_status(stick.reported) == status


def test_a_bad_stick_is_let_go_too(config: Config, tmp_path: Path) -> None:
    stick = Stick(tmp_path, config)
    (stick.path / "STATION").write_text("in the way")
    assert stick.put_in().text.startswith("unsupported")
    assert stick.commands.asked[-1][0] == "umount"


@pytest.mark.parametrize("which", ["last", "new", "all"])
@pytest.mark.parametrize("running", [False, True])
def test_a_stick_before_the_first_run_is_over_is_asked_to_come_again(
    config: Config, tmp_path: Path, which: str, running: bool
) -> None:
    station = config.station.model_copy(update={"data_dir": tmp_path / "fresh"})
    fresh = config.model_copy(update={"station": station, "usb": config.usb.model_copy(update={"which": which})})
    store = SqliteStore(station.data_dir)
    steps = list(run(6.0, fps=30))
    if running:
        store.begin(LogHeader(SOURCE, MODEL, VIEW), steps[0][0].t_ns)
        for given, step in steps:
            store.add(given, step)
    stick = Stick(tmp_path, fresh)
    assert stick.put_in() == StickStatus("failed", "nothing to write yet, put it in again after the run")
    shown = StationState((), ManualClock(), False, None, stick_folder=stick.reported)()
    assert strings.stick(shown) == "Could not write to the stick: nothing to write yet, put it in again after the run"
    assert not list(stick.path.rglob("session.json"))
    if running:
        store.finish(0)
        assert stick.put_in().text == "1 session on the stick"
    store.close()


# --- an installer's stick ---

KEY = b"7c" * 32
TURNED = b"[camera]\nturned_deg = 270\n"


def installers(folder: Path, config: Config, settings: bytes, counter: int = 7, text: bytes | None = None) -> Stick:
    stick = Stick(folder, config, key=KEY)
    (stick.path / "station.toml").write_bytes(settings)
    (stick.path / "station.toml.signature").write_bytes(signature(KEY, counter, settings) if text is None else text)
    return stick


def test_an_installers_stick_brings_settings(config: Config, tmp_path: Path) -> None:
    stick = installers(tmp_path, config, TURNED)
    assert stick.put_in() == StickStatus("settings", "new settings: the station starts again with them")
    assert stick.in_force.camera.turned_deg == 270
    assert [command[0] for command in stick.commands.asked[-2:]] == ["mount", "umount"]
    assert {path.name for path in stick.path.iterdir()} == {"station.toml", "station.toml.signature"}, "no runner's data on it"

    before = (stick.kept / "installer.toml").stat()
    assert installers(tmp_path, config, TURNED).put_in() == StickStatus("settings", "these settings are in force already")
    assert (stick.kept / "installer.toml").stat().st_ino == before.st_ino, "left in, or put in again, it disturbs nobody"

    installers(tmp_path, config, b"[camera]\nturned_deg = 0\n", counter=8).put_in()
    assert stick.in_force.camera.turned_deg == 0


def test_an_old_stick_or_a_copy_of_it_brings_nothing_back(config: Config, tmp_path: Path) -> None:
    installers(tmp_path, config, TURNED, counter=7).put_in()
    installers(tmp_path, config, b"[camera]\nturned_deg = 0\n", counter=8).put_in()
    for settings, counter in ((TURNED, 7), (TURNED, 8), (b"", 1)):
        stick = installers(tmp_path, config, settings, counter)
        assert stick.put_in() == StickStatus("refused", "station.toml on the stick: is older than the settings in force")
        assert stick.in_force.camera.turned_deg == 0


def test_a_mark_of_windows_is_signed_with_the_settings_and_does_no_harm(config: Config, tmp_path: Path) -> None:
    stick = installers(tmp_path, config, b"\xef\xbb\xbf" + TURNED.replace(b"\n", b"\r\n"))
    assert stick.put_in().state == "settings"
    assert stick.in_force.camera.turned_deg == 270


def test_bad_settings_of_an_installer_are_reported_and_the_old_ones_stay(config: Config, tmp_path: Path) -> None:
    installers(tmp_path, config, TURNED).put_in()
    for counter, (bad, word) in enumerate(
        [
            (b"[camera]\nturned_deg = 45\n", "camera.turned_deg"),
            (b"[camera]\nturn = 1\n", "unknown key"),
            (b"[camera", "not valid TOML"),
            (b"\xff\xfe", "UTF-8"),
            (b'[station]\ndata_dir = "/tmp/elsewhere"\n', "only"),
            (b'[station]\nlanguage = "xx"\n', "language"),
            (b"x = [" + b"[\n" * 3000, "nested"),
        ],
        start=8,
    ):
        stick = installers(tmp_path, config, bad, counter)
        status = stick.put_in()
        assert status.state == "refused"
        assert status.text.startswith("station.toml on the stick: ")
        assert word in status.text
        assert stick.in_force.camera.turned_deg == 270
    state = StationState((), ManualClock(), False, None, stick_folder=stick.reported)()
    ((what, remedy),) = state.trouble  # the page for trouble
    assert what == status.text
    assert "correct station.toml on the stick and put it in again" in remedy
    mended = installers(tmp_path, config, TURNED + b"# again", 8).put_in()
    assert mended.state == "settings", "the counter of what was refused counts for nothing"


def forged(settings: bytes) -> dict[str, bytes]:
    right = signature(KEY, 7, settings)
    mac = right.split(b'"')[1]
    return {
        "nothing": b"",
        "another key": signature(b"7d" * 32, 7, settings),
        "another counter": right.replace(b"counter = 7", b"counter = 8"),
        "other settings": signature(KEY, 7, settings + b" "),
        "an empty signature": b'counter = 7\nhmac-sha256 = ""\n',
        "half a signature": right.replace(mac, mac[:32]),
        "capitals": right.replace(mac, mac.upper()),
        "a negative counter": right.replace(b"= 7", b"= -7"),
        "a counter of 5,000 digits": right.replace(b"= 7", b"= " + b"7" * 5000),
        "the key itself": KEY,
        "no text": b"\xff" * 64,
        "too much": right + b"x" * 70_000,
        "two": right + right,
    }


@pytest.mark.parametrize("how", forged(TURNED))
def test_a_strangers_stick_changes_no_setting_and_gets_its_sessions(config: Config, tmp_path: Path, how: str) -> None:
    stick = installers(tmp_path, config, TURNED, text=forged(TURNED)[how])
    reported = "1 session on the stick; its station.toml was not taken, it is not signed for this station"
    assert stick.put_in() == StickStatus("done", reported, 0)
    assert stick.in_force.camera.turned_deg == 90
    assert not list(stick.kept.iterdir())
    assert len(list((stick.path / "STATION" / "gym-1").iterdir())) == 1


def test_a_station_without_a_key_takes_nothing_even_when_signed_with_none(config: Config, tmp_path: Path) -> None:
    stick = installers(tmp_path, config, TURNED, text=signature(b"", 7, TURNED))
    keyless = Stick(tmp_path, config, key=b"")
    assert keyless.put_in().state == "done"
    assert stick.in_force.camera.turned_deg == 90


def test_a_name_that_an_editor_spoiled_is_said(config: Config, tmp_path: Path) -> None:
    stick = Stick(tmp_path, config, key=KEY)
    (stick.path / "station.toml.txt").write_bytes(TURNED)
    status = stick.put_in()
    assert status.state == "done"
    assert "station.toml.txt was not looked into, the name must be station.toml" in status.text


@pytest.mark.parametrize("own", [b"", b"short", None, b"7c" * 32])
def test_a_station_without_a_secret_key_listens_to_no_stick(tmp_path: Path, own: bytes | None) -> None:
    path = tmp_path / "installer.key"
    if own is not None:
        path.write_bytes(own)
        path.chmod(0o644)  # a key that everybody reads is none
    folder = os.open(tmp_path, FOLDER)
    assert station_key(folder) == b""
    if own and len(own) >= 32 and os.getuid() == 0:
        path.chmod(0o600)
        assert station_key(folder) == own
    os.close(folder)


@pytest.mark.parametrize("name", ["station.toml.signature", "station.toml"])
@pytest.mark.parametrize("kind", ["link", "folder", "pipe"])
def test_only_plain_files_of_the_stick_count(config: Config, tmp_path: Path, name: str, kind: str) -> None:
    stick = installers(tmp_path, config, TURNED)
    path = stick.path / name
    content = path.read_bytes()
    path.unlink()
    if kind == "link":
        (tmp_path / "outside").write_bytes(content)
        path.symlink_to(tmp_path / "outside")
    elif kind == "folder":
        path.mkdir()
    else:
        os.mkfifo(path)
    assert stick.put_in().state == "done"
    assert stick.in_force.camera.turned_deg == 90


def test_installed_settings_with_a_fault_are_reported_and_an_installers_stick_is_read_all_the_same(
    config: Config, tmp_path: Path
) -> None:
    stick = installers(tmp_path, config, TURNED)
    stick.installed.write_text("[camera]\nturned_deg = 45\n", encoding="utf-8")
    status = stick.put_in()
    assert status.state == "failed"
    assert "camera.turned_deg" in status.text


# --- who does the work ---


def test_the_half_that_is_root_imports_the_standard_library_alone() -> None:
    look = "import sys, station.usb.job; print(*{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {os.getcwd()!r}); {look}"], **CAPTURED)
    outside = {name for name in done.stdout.split() if not name.startswith("_")} - set(sys.stdlib_module_names)
    assert outside - FROM_SITE == {"station"}, "or a job that waits for its turn holds a hundred megabytes as root"


def test_the_owner_is_another_process_without_anything_of_roots(everybodys: Path) -> None:
    if os.getuid() != 0:
        pytest.skip("giving up root needs root")
    spy = everybodys / "python"
    spy.write_text("#!/bin/sh\ncat /proc/self/status >&2; ls /proc/self/fd >&2; echo '{}'\n", encoding="utf-8")
    spy.chmod(0o755)
    ask = f"ask_owner(Owner({NOBODY}, {NOBODY}), [], b'')"
    code = f"import sys; sys.executable = {str(spy)!r}; from station.usb.job import *; {ask}"
    done = subprocess.run([sys.executable, "-c", code], **CAPTURED)
    reported = {name: value.split() for name, _, value in (line.partition(":") for line in done.stderr.splitlines())}
    assert reported["Uid"] == reported["Gid"] == [str(NOBODY)] * 4
    assert reported["Groups"] == []
    assert reported["CapPrm"] == reported["CapEff"] == ["0" * 16]


def test_an_owner_who_dies_or_talks_nonsense_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for answer in ("exit 1", "echo nonsense", "echo '[]'", "echo '[[[['", "head -c 3000000 /dev/zero", "kill -9 $$"):
        spy = tmp_path / "python"
        spy.write_text(f"#!/bin/sh\n{answer}\n", encoding="utf-8")
        spy.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(spy))
        with pytest.raises(StoreError, match="the exporter stopped"):
            ask_owner(Owner(os.getuid(), os.getgid()), [], b"x" * 100_000)


def test_root_under_another_name_is_no_owner() -> None:
    with pytest.raises(StoreError, match="is root"):
        owner_of_sessions("root")
    with pytest.raises(StoreError, match="no user"):
        owner_of_sessions("no such user")


def test_root_works_only_in_folders_that_are_its_own(tmp_path: Path) -> None:
    os.close(roots_folder(Path("/etc")))
    with pytest.raises(OSError):
        roots_folder(Path("/etc/no such folder"))
    inner = tmp_path / "inner"
    inner.mkdir()
    with pytest.raises(StoreError, match="not root's alone"):  # /tmp is everybody's
        roots_folder(inner)
    with pytest.raises(OSError):
        roots_folder(Path("/proc/self/cwd"))


# --- one job an insertion, one stick at a time ---


def kernel(folder: Path, size: int = 1 << 20, **partitions: int) -> Path:
    """/sys as the kernel lays it out: a disk with its number, its partitions inside, linked from
    class/block.
    """
    disk = folder / "devices" / "usb1" / "block" / "sdz"
    disk.mkdir(parents=True)
    for name, text in {"diskseq": "17", "size": str(size), "dev": "8:400"}.items():
        (disk / name).write_text(f"{text}\n")
    for number, (name, sectors) in enumerate(partitions.items(), start=1):
        (disk / name).mkdir()
        for what, text in {"partition": str(number), "size": str(sectors), "dev": f"8:{400 + number}"}.items():
            (disk / name / what).write_text(f"{text}\n")
    classes = folder / "class"
    classes.mkdir()
    (classes / "sdz").symlink_to(disk)
    return classes


def test_an_insertion_has_the_kernels_number(tmp_path: Path) -> None:
    classes = kernel(tmp_path)
    assert (insertion("sdz", classes), insertion("sdy", classes)) == ("17", "")


def test_an_empty_reader_and_the_systems_own_disk_are_no_sticks(tmp_path: Path) -> None:
    classes, mounts = kernel(tmp_path, sdz1=100, sdz2=100), tmp_path / "mountinfo"
    mounts.write_text("26 1 254:0 / / rw - ext4 /dev/root rw\n")
    assert is_no_stick("sdz", classes, mounts) == ""
    mounts.write_text("26 1 8:402 / / rw - ext4 /dev/root rw\n")
    assert is_no_stick("sdz", classes, mounts) == "the system itself uses it"
    mounts.write_text("")
    (tmp_path / "class" / "sdz" / "sdz1" / "holders" / "dm-0").mkdir(parents=True)
    assert is_no_stick("sdz", classes, mounts) == "the system itself uses it"
    (tmp_path / "class" / "sdz" / "size").write_text("0\n")
    assert is_no_stick("sdz", classes, mounts) == "no medium in it"


DATA, EFI, RESERVED = (
    "ebd0a0a2-b9e5-4433-87c0-68b6b72699c7",
    "c12a7328-f81f-11d2-ba4b-00a0c93ec93b",
    "e3c9e316-0b5c-4db8-817d-f92df00215ae",
)


def part(kind: str, entry: str = DATA, flags: int = 0, scheme: str = "gpt") -> str:
    tags = f"TYPE={kind}\nUSAGE={'crypto' if kind in ('crypto_LUKS', 'BitLocker') else 'filesystem'}\n" if kind else ""
    return f"{tags}PART_ENTRY_SCHEME={scheme}\nPART_ENTRY_TYPE={entry}\nPART_ENTRY_FLAGS={flags:#x}\n"


@pytest.mark.parametrize(
    ("parts", "chosen"),
    [
        ([part("vfat", EFI), part("exfat")], "sdz2"),  # formatted by a Mac's Disk Utility
        ([part("vfat", EFI), part("hfsplus", "48465300-0000-11aa-aa11-00306543ecac")], "unsupported"),
        ([part("vfat", EFI), part("apfs", "7c3457ef-0000-11aa-aa11-00306543ecac")], "unsupported"),
        # Ventoy.
        ([part("exfat", "0x7", scheme="dos"), part("vfat", "0xef", scheme="dos")], "sdz1"),
        ([part("exfat"), part("vfat", DATA, 0x8000000000000001)], "sdz1"),  # Ventoy with a GPT
        # A Windows installer by Rufus.
        ([part("ntfs", "0x7", scheme="dos"), part("vfat", "0xef", scheme="dos")], "unsupported"),
        ([part("", RESERVED), part("exfat")], "sdz2"),  # Windows' Disk Management
        ([part("vfat", EFI)], "sdz1"),  # nothing else is there
        ([part("vfat", EFI), part("", RESERVED)], "sdz1"),
        # A Linux installer.
        ([part("iso9660", "0x0", scheme="dos"), part("vfat", "0xef", scheme="dos")], "unsupported"),
        ([part("iso9660", "0x17", scheme="dos"), part("vfat", "0xef", scheme="dos")], "unsupported"),
        # A Raspberry Pi's card.
        ([part("vfat", "0xc", scheme="dos"), part("ext4", "0x83", scheme="dos")], "sdz1"),
        ([part("vfat"), part("vfat"), part("exfat")], "sdz2"),  # the larger one
        ([part("crypto_LUKS")], "encrypted"),
        ([part("BitLocker")], "encrypted"),
        ([part("vfat", EFI), part("crypto_LUKS")], "encrypted"),
        # A logical partition.
        ([part("", "0x5", scheme="dos"), part("vfat", "0xb", scheme="dos")], "sdz2"),
        ([part("")], "blank"),
        ([part("vfat", EFI), part("")], "blank"),
        (["TYPE=exfat\nUSAGE=filesystem\n"], "sdz"),  # without a partition table
        ([""], "blank"),
        (["TYPE=BitLocker\n"], "encrypted"),
        (["PTTYPE=gpt\n"], "blank"),
    ],
)
def test_sessions_go_where_the_sticks_owner_will_see_them(tmp_path: Path, parts: list[str], chosen: str) -> None:
    whole = len(parts) == 1 and "PART_ENTRY" not in parts[0]
    sizes = {} if whole else {f"sdz{number}": 1000 * number for number in range(1, len(parts) + 1)}
    answers = {f"/dev/{name}": text for name, text in zip(sizes or ["sdz"], parts, strict=True)}

    def blkid(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, 0, answers[command[-1]], "")

    classes = kernel(tmp_path, **sizes)
    if chosen.startswith("sdz"):
        assert volume_for_sessions("sdz", blkid, classes).name == chosen
        return
    with pytest.raises(StickError) as caught:
        volume_for_sessions("sdz", blkid, classes)
    assert caught.value.failure == chosen
    assert caught.value.remedy


def test_jobs_wait_for_each_other(tmp_path: Path) -> None:
    folder = os.open(tmp_path, FOLDER)
    with one_at_a_time(folder):
        done = subprocess.run(["flock", "--nonblock", str(tmp_path / "lock"), "true"], check=False)
        assert done.returncode == 1
    assert subprocess.run(["flock", "--nonblock", str(tmp_path / "lock"), "true"], check=False).returncode == 0
    os.close(folder)


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"state": "evil"}', b"\xff", b'{"state": 3}', b"[" * 4000, b'{"state": "done"}', b"9" * 4000]
)
def test_odd_status_is_no_stick(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "status-sda").write_bytes(content)
    assert read_status(tmp_path) == StickStatus()
    assert read_status(tmp_path / "none") == StickStatus()


def test_of_two_sticks_the_last_word_counts_and_each_takes_its_own_away(tmp_path: Path) -> None:
    folder = os.open(tmp_path, FOLDER)
    write_status(folder, "sda", StickStatus("done", "1 session on the stick"))
    write_status(folder, "sdb", StickStatus("failed", "full: free some space"))
    assert read_status(tmp_path) == StickStatus("failed", "full: free some space")
    (tmp_path / "status-sdb").unlink()  # as the udev rule does
    assert read_status(tmp_path) == StickStatus("done", "1 session on the stick")
    os.close(folder)


@pytest.mark.parametrize("state", ["writing", "done"])
@pytest.mark.parametrize("still_in", [True, False])
def test_a_job_that_was_killed_leaves_no_writing_on_the_screen(tmp_path: Path, state: str, still_in: bool) -> None:
    folder, classes = os.open(tmp_path, FOLDER), kernel(tmp_path)
    disk = "sdz" if still_in else "sdy"
    write_status(folder, disk, StickStatus(state, "text"))
    ended(disk, folder, classes)
    shown = read_status(tmp_path)
    if state == "done":
        assert shown == StickStatus("done", "text")
    else:
        assert shown.state == ("failed" if still_in else "none")
    os.close(folder)


def test_words_of_mount() -> None:
    assert why_not_mounted("mount: WARNING: source write-protected, mounted read-only.") == "read-only"
