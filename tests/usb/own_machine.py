"""A machine of its own for the exporter, inside a mount namespace: run by test_escalation.py, never
imported.

    unshare --mount --propagation private python own_machine.py ORDER.json

/etc, /run and /var/lib are copies or new, so whatever root does here is gone with the namespace.
The exporter is started by the very command of its unit, as root, for a real ext4 image on a loop
device, with the unit's capabilities, its view of /proc and its refusal of memory that is written
and executed. Prints what could be seen of it as one line of JSON: what `mount` was asked, what
happened to a folder that nothing may touch (by inotify and by its content), the stick afterwards,
the screen's word.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

UID = 4321
PR_SET_MDWE, REFUSE_EXEC_GAIN = 65, 1
VICTIM = Path("/var/lib/victim")
IN_ALL = 0x00000FFF
IN_NONBLOCK = 0o4000
MOUNT_SPY = """#!/bin/sh
echo "$@" >> {log}
exec {real} "$@"
"""


class Watch:
    """Every event inside one folder since it was made, as (mask, name): opening, reading, writing,
    listing.
    """

    def __init__(self, folder: Path) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        self._handle = libc.inotify_init1(IN_NONBLOCK)
        if libc.inotify_add_watch(self._handle, os.fsencode(folder), IN_ALL) < 0:
            raise OSError(ctypes.get_errno(), "inotify_add_watch")

    def seen(self) -> list[tuple[int, str]]:
        found = []
        try:
            content = os.read(self._handle, 1 << 16)
        except BlockingIOError:
            return []
        while content:
            _, mask, _, length = struct.unpack_from("iIII", content)
            found.append((mask, content[16 : 16 + length].rstrip(b"\0").decode()))
            content = content[16 + length :]
        return found


def sh(*command: object) -> str:
    return subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True).stdout


def tree(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): f"{oct(path.lstat().st_mode)} {path.lstat().st_uid} "
        + (hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() and not path.is_symlink() else "")
        for path in sorted(folder.rglob("*"))
    }


def open_the_way(place: Path, stash: Path) -> None:
    """Other users reach `place` too, which may lie in root's home: Python and this checkout on a
    developer's machine.
    """
    closed = [parent for parent in reversed(place.parents) if not parent.stat().st_mode & 0o001]
    if not closed:
        return
    stash.mkdir()
    sh("mount", "--bind", place, stash)
    sh("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", closed[0])
    place.mkdir(parents=True)
    sh("mount", "--move", stash, place)


def set_up(order: dict[str, Any], work: Path) -> None:
    for number, place in enumerate({Path(sys.base_prefix), Path(sys.prefix), Path(order["checkout"])}):
        open_the_way(place.resolve(), work / f"stash{number}")
    shutil.copytree("/etc", work / "etc", symlinks=True, ignore_dangling_symlinks=True)
    sh("mount", "--bind", work / "etc", "/etc")
    for place in ("/run", "/var/lib"):
        sh("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", place)
    uid = order.get("station_uid", UID)
    with open("/etc/passwd", "a", encoding="utf-8") as file:
        file.write(f"station:x:{uid}:{uid}::/var/lib/station:/usr/sbin/nologin\n")
    VICTIM.mkdir(mode=0o700)
    (VICTIM / "ld.so.preload").write_text("", encoding="utf-8")
    data = Path("/var/lib/station")
    shutil.copytree(order["data"], data)
    for path in (data, *data.rglob("*")):
        os.lchown(path, UID, UID)
    Path("/etc/station").mkdir()
    Path("/etc/station/station.toml").write_text('[station]\nname = "gym-1"\ndata_dir = "/var/lib/station"\n', encoding="utf-8")
    # as systemd makes them for the unit
    for folder in ("/run/station-usb", "/var/lib/station-usb"):
        Path(folder).mkdir(mode=0o755)
    real = work / "mount"
    shutil.copy(shutil.which("mount") or "/usr/bin/mount", real)
    (work / "spy").write_text(MOUNT_SPY.format(log=work / "mounts", real=real), encoding="utf-8")
    (work / "spy").chmod(0o755)
    sh(real, "--bind", work / "spy", os.path.realpath(shutil.which("mount") or "/usr/bin/mount"))


def stick(order: dict[str, Any], work: Path) -> str:
    image, content = work / "stick.img", work / "content"
    content.mkdir()
    subprocess.run(["sh", "-ec", order.get("stick", "true")], cwd=content, check=True)
    with open(image, "wb") as file:
        file.truncate(16 << 20)
    sh("mkfs.ext4", "-q", "-d", content, image)
    return sh("losetup", "--find", "--show", image).strip()


def main() -> None:
    order = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    work = Path(sys.argv[1]).parent / "own"
    work.mkdir()
    set_up(order, work)
    loop = stick(order, work)
    try:
        subprocess.run(["sh", "-ec", order["attack"]], cwd="/var/lib/station", check=True)
        sh(work / "mount", "-t", "proc", "-o", "subset=pid,hidepid=invisible", "proc", "/proc")
        ctypes.CDLL(None).prctl(PR_SET_MDWE, REFUSE_EXEC_GAIN, 0, 0, 0)
        before, mounts, watch = tree(VICTIM), Path("/proc/self/mounts").read_text(), Watch(VICTIM)
        command = [part.replace("%I", Path(loop).name) for part in order["command"]]
        done = subprocess.run(
            ["setpriv", "--no-new-privs", "--bounding-set", f"-all,{order['capabilities']}", "--inh-caps", "-all", *command],
            capture_output=True, text=True, check=False, env=order["env"], umask=0o077,
        )
        seen = watch.seen()
        found = {
            "rc": done.returncode,
            "said": done.stdout + done.stderr,
            "asked": (work / "mounts").read_text().splitlines() if (work / "mounts").exists() else [],
            "mounts_same": Path("/proc/self/mounts").read_text() == mounts,
            "victim_seen": seen,
            "victim_same": tree(VICTIM) == before,
            "status": {path.name: path.read_text() for path in Path("/run/station-usb").glob("status*") if path.is_file()},
        }
        (work / "after").mkdir()
        sh(work / "mount", "-o", "ro", loop, work / "after")
        found["stick"] = tree(work / "after")
        sh("umount", work / "after")
    finally:
        sh("losetup", "--detach", loop)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
