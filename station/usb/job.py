"""The exporter's root half, which systemd starts for a disk: find the volume, mount, have it
written, unmount, report.

    python -m station.usb.job DISK           as root, from station-usb-export@DISK.service
    python -m station.usb.job --ended DISK   afterwards, however it ended

It needs root to mount and does nothing else with it. Every path and every word it obeys stands in
this package or in root's own folders, which it opens without following links; nothing that the
station's user can write is read here. Settings, sessions and what lies on the stick are for
`owner`, a process of the station's user, whose answer is taken as a stranger's. So this half
imports the standard library alone.
"""

from __future__ import annotations

import base64
import json
import os
import pwd
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from station.errors import StationError, StoreError
from station.files import held_lock, publish
from station.usb.disk import SYS, Run, Volume, insertion, is_no_stick, volume_for_sessions
from station.usb.folders import REMEDIES, Failure, StickError, give_top_folder, plain_file, roots_folder
from station.usb.signature import SETTINGS_NAME, kept, kept_counter, signed_counter, usable_key
from station.usb.status import FOLDER, PREFIX, StickStatus, write_status

USER = "station"  # as in station.service
ETC = Path("/etc/station")
KEPT = Path("/var/lib/station-usb")  # root's: what an installer's stick brought
KEY_NAME, KEPT_NAME = "installer.key", "installer.toml"
LARGEST_BYTES = 64 * 1024  # of a key or a settings file
LARGEST_ANSWER = 1 << 20  # chosen
COMMAND_TIMEOUT_S = 30  # chosen
NOTHING_YET = "nothing to write yet, put it in again after the run"
INTERRUPTED = "the export was interrupted: put the stick in again, it goes on where it stopped"

Ask = Callable[[Sequence[str], bytes], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Owner:
    """Whom the sessions belong to, and who does all the work on the stick."""

    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Job:
    """One disk. `run` starts blkid, mount and so on; `ask` has a task done by the owner; the rest
    is root's.

    `statuses`, `settings`: descriptors of the folders for the status and for an installer's
    settings.
    """

    disk: str
    mounted: Path
    owner: Owner
    run: Run
    ask: Ask
    statuses: int
    settings: int
    key: bytes = b""  # what an installer's settings have to be signed with, b"" to take none

    def do(self) -> StickStatus:
        """All of it, reporting before and after. Never raises for a bad stick.

        Raises OSError when the status cannot be written.
        """
        try:
            volume = volume_for_sessions(self.disk, self.run)
            self._report(StickStatus("writing"))
            with one_at_a_time(self.statuses):
                status = self._serve(volume)
        except StickError as error:
            status = StickStatus("failed", f"{error.failure}: {error.remedy}")
        except StationError as error:
            status = StickStatus("failed", str(error))
        self._report(status)
        return status

    def _report(self, status: StickStatus) -> None:
        write_status(self.statuses, self.disk, status)

    def _serve(self, volume: Volume) -> StickStatus:
        device = f"/dev/{volume.name}"
        options = (volume.options or "").format(uid=self.owner.uid, gid=self.owner.gid)
        mounting = self.run(["mount", "-t", volume.kind, "-o", options, device, str(self.mounted)])
        if mounting.returncode != 0:
            raise StickError(why_not_mounted(mounting.stderr), device, mounting.stderr.strip()[:120])
        try:
            taken, note = self._take_settings()
            if taken is not None:
                return taken
            if volume.kind == "ext4":
                give_top_folder(self.mounted, self.owner.uid, self.owner.gid)
            count, earlier = self._write_sessions(device)
            if count is None:
                return StickStatus("failed", NOTHING_YET + note)
            return StickStatus("done", f"{count} session{'' if count == 1 else 's'} on the stick{note}", earlier)
        finally:
            # FAT remembers an unclean end: going read-only first takes the mark off even if
            # somebody pulls during the unmount.
            self.run(["mount", "-o", "remount,ro", str(self.mounted)])
            self.run(["umount", str(self.mounted)])

    def _take_settings(self) -> tuple[StickStatus | None, str]:
        """What became of an installer's settings (None: none there), and a note on them."""
        found = self._asked(["look", str(self.mounted)])
        if found.get("settings") is None:
            wrong = str(found.get("misnamed", ""))[:40]
            return None, f"; {wrong} was not looked into, the name must be {SETTINGS_NAME}" if wrong else ""
        settings, text = _unpacked(found.get("settings")), _unpacked(found.get("signature"))
        counter = signed_counter(self.key, settings, text)
        if counter is None:
            return None, f"; its {SETTINGS_NAME} was not taken, it is not signed for this station"
        now = plain_file(self.settings, KEPT_NAME, 2 * LARGEST_BYTES)
        new = kept(counter, settings)
        if new == now:
            return StickStatus("settings", "these settings are in force already"), ""
        if counter <= kept_counter(now):
            return StickStatus("refused", f"{SETTINGS_NAME} on the stick: is older than the settings in force"), ""
        refused = self._asked(["try"], settings).get("refused")
        if refused is not None:
            return StickStatus("refused", str(refused)), ""
        # station-settings.path sees it and starts the station again
        publish(self.settings, KEPT_NAME, new)
        return StickStatus("settings", "new settings: the station starts again with them"), ""

    def _write_sessions(self, where: str) -> tuple[int | None, int | None]:
        """How many sessions are on the stick (None: no run is over), and were when it came."""
        said = self._asked(["write", str(self.mounted)])
        failure: Failure | None = next((word for word in REMEDIES if word == said.get("failure")), None)
        if failure is not None:
            raise StickError(failure, where, str(said.get("detail")))
        sessions, earlier = said.get("sessions"), said.get("earlier")
        return None if sessions is None else len(sessions), earlier if isinstance(earlier, int) else None

    def _asked(self, command: Sequence[str], given: bytes = b"") -> dict[str, Any]:
        """The owner's answer. Raises StoreError for an error that it names."""
        said = self.ask(command, given)
        if "error" in said:
            raise StoreError(*(str(said.get(part, "")) for part in ("error", "where", "remedy")))
        return said


def why_not_mounted(message: str) -> Failure:
    """What mount(8) said, as one of the words for the screen."""
    if "unknown filesystem" in message:
        return "unsupported"
    if "write-protected" in message or "read-only" in message:
        return "read-only"
    return "pulled out" if "does not exist" in message or "No such" in message else "unreadable"


def owner_of_sessions(user: str = USER) -> Owner:
    """Raises StoreError when there is no such user, or when it is root under another name."""
    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        raise StoreError(f"there is no user {user!r}", "", "install the package again") from None
    if entry.pw_uid == 0 or entry.pw_gid == 0:
        raise StoreError(f"the user {user!r} is root", "/etc/passwd", "install the package again") from None
    return Owner(entry.pw_uid, entry.pw_gid)


def ask_owner(owner: Owner, command: Sequence[str], given: bytes) -> dict[str, Any]:
    """Has a process of that user's do the task, and returns its answer. Raises StoreError when it
    died or talks nonsense.

    It inherits the mount and nothing else: no group of root's, no descriptor but its pipes.
    """
    privileges: dict[str, Any] = {"user": owner.uid, "group": owner.gid, "extra_groups": []} if os.geteuid() == 0 else {}
    whole = [sys.executable, "-s", "-P", "-m", "station.usb.owner", *command]
    # not a pipe: one who reads nothing keeps nobody waiting
    with tempfile.TemporaryFile() as question:
        question.write(given)
        question.seek(0)
        with subprocess.Popen(whole, stdin=question, stdout=subprocess.PIPE, cwd="/", umask=0o022, **privileges) as process:
            assert process.stdout is not None
            answer = process.stdout.read(LARGEST_ANSWER)
    with suppress(ValueError, RecursionError):
        values = json.loads(answer)
        if process.returncode == 0 and isinstance(values, dict):
            return values
    what = f"the exporter stopped (status {process.returncode})"
    raise StoreError(what, "", "see its journal: journalctl -u 'station-usb-export@*'")


def _unpacked(text: object) -> bytes:
    with suppress(ValueError):
        return base64.b64decode(str(text), validate=True)
    return b""


@contextmanager
def one_at_a_time(folder: int) -> Iterator[None]:
    """Two sticks wait for each other: there is one mount point."""
    handle = held_lock("lock", folder=folder, wait=True)
    try:
        yield
    finally:
        os.close(handle)


def station_key(folder: int) -> bytes:
    """The station's own key, b"" for none, a short one, or one that others can get at."""
    key = usable_key(plain_file(folder, KEY_NAME, LARGEST_BYTES) or b"")
    if not key:
        return b""
    status = os.stat(KEY_NAME, dir_fd=folder, follow_symlinks=False)
    return key if status.st_uid == 0 and not status.st_mode & 0o077 else b""


def run_command(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=COMMAND_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 124, "", "took too long")


def serve(disk: str) -> StickStatus:
    """Raises OSError or StoreError when there is no folder of root's to say anything in."""
    why = is_no_stick(disk)
    if why:
        return StickStatus("none", why)
    statuses = roots_folder(FOLDER)
    mark = f"written-{number}" if (number := insertion(disk)) else ""
    if mark and _is_there(statuses, mark):
        return StickStatus("none", "written already")
    try:
        status = prepared(disk, statuses).do()
    except StationError as error:  # the machine is not as the package left it
        status = StickStatus("failed", str(error))
        write_status(statuses, disk, status)
    if mark and status.state in ("done", "settings"):
        os.close(os.open(mark, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=statuses))
    return status


def prepared(disk: str, statuses: int) -> Job:
    """Raises OSError or StoreError: no user, a folder that is missing or not root's alone."""
    owner = owner_of_sessions()
    with suppress(FileExistsError):
        os.mkdir("stick", 0o700, dir_fd=statuses)
    mounted = FOLDER / "stick"
    os.close(roots_folder(mounted))
    key = station_key(roots_folder(ETC)) if ETC.is_dir() else b""
    return Job(
        disk, mounted, owner, run_command, lambda task, given: ask_owner(owner, task, given), statuses, roots_folder(KEPT), key
    )


def ended(disk: str, statuses: int, sys_class: Path = SYS) -> None:
    """What a job that was killed left on the screen: without the stick nothing, with it a word."""
    content = plain_file(statuses, PREFIX + disk, LARGEST_BYTES) or b""
    if b'"writing"' not in content:
        return
    if (sys_class / disk).exists():
        write_status(statuses, disk, StickStatus("failed", INTERRUPTED))
    else:
        os.unlink(PREFIX + disk, dir_fd=statuses)


def _is_there(folder: int, name: str) -> bool:
    with suppress(FileNotFoundError):
        os.stat(name, dir_fd=folder, follow_symlinks=False)
        return True
    return False


def main(arguments: Sequence[str]) -> int:
    """Exit code 0 when the stick has what it should, or is none; 2 for a false name of a disk."""
    disk = arguments[-1]
    if not re.fullmatch(r"[a-z][a-z0-9]{1,30}", disk):
        return 2
    os.umask(0o022)  # the unit's own is tighter, but the station reads the status and the settings
    if arguments[0] == "--ended":
        ended(disk, roots_folder(FOLDER))
        return 0
    try:
        status = serve(disk)
    except (StationError, OSError) as error:  # no place to say it in but the journal
        print(f"{disk}: {error}", file=sys.stderr)
        return 1
    print(f"{disk}: {status.state}: {status.text}")
    return 0 if status.state in ("none", "done", "settings") else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
