"""The exporter that systemd starts for a stick: mount, write as the station's user, read-only, unmount, tell.

    python -m station.usb.job DEVICE [CONFIG]       as root, from station-usb-export@DEVICE.service

A stick with the station's key on it is an installer's: its settings are taken, and nothing is written (see installer.py).

Root only mounts, in a mount namespace that dies with the job. Reading the sessions and writing the files happen in a child
that has become the station's user, so that neither the stick nor the database meets root. FAT and exFAT belong to that user
by mount option; on ext4 root makes the station's folder and gives it away.
"""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from station import wall_clock as moment
from station.config import Config
from station.errors import StationError, StoreError
from station.provision import provision, take_from_stick
from station.record.archive import Archive
from station.usb.installer import settings_on, station_key
from station.usb.status import StickStatus, write_status
from station.usb.stick import Failure, StickError, export_to, make_own_folder

SAFE = "nosuid,nodev,noexec,noatime"
OWNED = "uid={uid},gid={gid},umask=077"
# The file systems that sticks come with, and how each is mounted. `flush` writes early, so that unmounting is quick.
OPTIONS = {"vfat": f"{SAFE},flush,{OWNED}", "exfat": f"{SAFE},{OWNED}", "ext4": SAFE}
SYS_CLASS_BLOCK = Path("/sys/class/block")
COMMAND_TIMEOUT_S = 30
SERVICE = "station.service"
NOTHING_YET = "nothing to write yet, put it in again after the run"

Run = Callable[[Sequence[str]], "subprocess.CompletedProcess[str]"]


@dataclass(frozen=True, slots=True)
class Job:
    """One stick. `uid`, `gid`: who owns the sessions and does the writing; `run` starts blkid, mount, umount and systemctl.

    `key`: what an installer's stick has to carry, b"" to take settings from none; `config_file`: what these are laid over.
    """

    device: Path
    mounted: Path
    config: Config
    uid: int
    gid: int
    run: Run
    key: bytes = b""
    config_file: Path | None = None

    def do(self) -> StickStatus:
        """All of it, telling the station before and after. Never raises for a bad stick.

        Raises OSError when the station cannot be told.
        """
        status_path = self.config.usb.status_path
        write_status(status_path, StickStatus("writing"))
        try:
            status = self._serve()
        except StickError as error:
            status = StickStatus("failed", f"{error.failure}: {error.remedy}")
        except StationError as error:
            status = StickStatus("failed", str(error))
        write_status(status_path, status)
        return status

    def _serve(self) -> StickStatus:
        kind = self.run(["blkid", "-p", "-o", "value", "-s", "TYPE", str(self.device)]).stdout.strip()
        if kind not in OPTIONS:
            raise StickError("unsupported", str(self.device), kind or "no file system")
        options = OPTIONS[kind].format(uid=self.uid, gid=self.gid)
        mounting = self.run(["mount", "-t", kind, "-o", options, str(self.device), str(self.mounted)])
        if mounting.returncode != 0:
            raise StickError(why_not_mounted(mounting.stderr), str(self.device), mounting.stderr.strip()[:120])
        try:
            taken, note = self._take_settings()
            if taken is not None:
                return taken
            if kind == "ext4":
                make_own_folder(self.mounted, self.config.station.name, self.uid, self.gid)
            sessions = self._write_as_owner()
            if sessions is None:
                return StickStatus("failed", NOTHING_YET + note)
            count = len(sessions)
            return StickStatus("done", f"{count} session{'' if count == 1 else 's'} on the stick{note}")
        finally:
            # FAT remembers an unclean end: going read-only first takes the mark off even if somebody pulls during the unmount.
            self.run(["mount", "-o", "remount,ro", str(self.mounted)])
            self.run(["umount", str(self.mounted)])

    def _take_settings(self) -> tuple[StickStatus | None, str]:
        """What became of an installer's settings, None when it is not an installer's stick; and a note for who thought it was."""
        said = in_child(self.uid, self.gid, lambda: take(self.mounted, self.key, self.config_file))
        if said["settings"] == "new":
            self.run(["systemctl", "--no-block", "try-restart", SERVICE])
            return StickStatus("settings", "new settings: the station starts again with them"), ""
        if said["settings"] == "same":
            return StickStatus("settings", "these settings are in force already"), ""
        if said["settings"] == "refused":
            return StickStatus("refused", said["why"]), ""
        return None, "; its station.toml was not taken, the station's key is not on it" if said["settings"] == "stranger" else ""

    def _write_as_owner(self) -> list[str] | None:
        """The sessions that are on the stick now; None when no run is over yet."""
        said = in_child(self.uid, self.gid, lambda: write(self.mounted, self.config))
        if "failure" in said:
            raise StickError(said["failure"], str(self.device), said["detail"])
        if "error" in said:
            raise StoreError(said["error"], said["where"], said["remedy"])
        return None if said["sessions"] is None else list(said["sessions"])


def why_not_mounted(message: str) -> Failure:
    """What mount(8) said, as one of the five words."""
    if "unknown filesystem" in message:
        return "unsupported"
    if "write-protected" in message or "read-only" in message:
        return "read-only"
    return "pulled out" if "does not exist" in message or "No such" in message else "unreadable"


def take(mounted: Path, key: bytes, config_file: Path | None) -> dict[str, Any]:
    """The first child's work: settings from a stick that carries the key. Anybody else's are not even looked into."""
    found = settings_on(mounted, key)
    if found.settings is None or not found.trusted:
        return {"settings": "none" if found.settings is None else "stranger"}
    try:
        return {"settings": "new" if take_from_stick(found.settings, config_file) else "same"}
    except StationError as error:
        return {"settings": "refused", "why": f"{error.where}: {error.what}" if error.where else error.what}


def write(mounted: Path, config: Config) -> dict[str, Any]:
    """The second child's work; its answer goes through a pipe, so it is plain."""
    archive = Archive(config.station.data_dir.expanduser())
    try:
        if all(row.state == "open" for row in archive.sessions()):
            return {"sessions": None}
        done = export_to(mounted, archive, config.usb.which, config.station.name, config.record.opensim)
    except StickError as error:
        return {"failure": error.failure, "detail": error.what}
    except StationError as error:
        return {"error": error.what, "where": error.where, "remedy": error.remedy}
    sessions = (*done.written, *done.already)
    with suppress(StoreError):  # they are on the stick; the worst is that they are looked at again
        archive.mark_exported(sessions, moment.now().utc)
    return {"sessions": sessions}


def in_child(uid: int, gid: int, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Does the work in a child that has given up root for good, and returns its answer. Raises StoreError when it died."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(reading)
            if os.getuid() == 0:
                os.setgroups([])
                os.setresgid(gid, gid, gid)
                os.setresuid(uid, uid, uid)  # the last: with it go all capabilities
            os.umask(0o077)
            answer = json.dumps(work()).encode()
            with open(writing, "wb") as pipe:
                pipe.write(answer)
            code = 0
        except BaseException:  # nothing may run on as a second parent: it is printed here and told by the exit code
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    os.close(writing)
    with open(reading, "rb") as pipe:
        answer = pipe.read()
    _, status = os.waitpid(child, 0)
    if status != 0:
        raise StoreError(f"the exporter stopped (status {status})", "", "see its journal: journalctl -u 'station-usb-export@*'")
    return dict(json.loads(answer))


@contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """Two sticks, or two partitions of one, wait for each other."""
    handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def insertion_mark(name: str, folder: Path, sys_class_block: Path = SYS_CLASS_BLOCK) -> Path | None:
    """A file that stands for this insertion of this disk: there once one of its partitions was written.

    The kernel numbers insertions (`diskseq`, since Linux 5.15). None without a number: then every partition is written.
    """
    device = (sys_class_block / name).resolve()
    for path in (device / "diskseq", device.parent / "diskseq"):  # a partition lies in its disk's folder
        if path.is_file():
            return folder / f"written-{path.read_text().strip()}"
    return None


def run_command(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=COMMAND_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 124, "", "took too long")


def main(name: str, config_file: Path | None) -> int:
    """Exit code 0 when the sessions are on the stick, or an installer's settings are taken.

    Raises ConfigError, OSError (no data folder, status not writable).
    """
    config = provision(config_file).config
    folder = config.usb.status_path.parent
    owner = config.station.data_dir.expanduser().stat()
    with one_at_a_time(folder):
        mark = insertion_mark(name, folder)
        if mark is not None and mark.exists():
            return 0
        mounted = folder / "stick"
        mounted.mkdir(exist_ok=True)
        key = station_key(config.usb.key_path)
        status = Job(Path("/dev") / name, mounted, config, owner.st_uid, owner.st_gid, run_command, key, config_file).do()
        served = status.state in ("done", "settings")
        if served and mark is not None:
            mark.touch()
    print(f"{name}: {status.state}: {status.text}")
    return 0 if served else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]) if len(sys.argv) > 2 else None))
