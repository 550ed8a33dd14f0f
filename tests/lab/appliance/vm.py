"""A whole machine in QEMU: started, asked through a virtio port, its power cut, its sticks plugged
and pulled.
"""

from __future__ import annotations

import base64
import hashlib
import json
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PORT = "station.agent"
COMMAND_LINE = "root=LABEL=station rw console=ttyS0 quiet panic=5"


def run(*order: str | Path) -> str:
    words = [str(one) for one in order]
    done = subprocess.run(words, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, f"{' '.join(words)}:\n{done.stdout[-3000:]}"
    return done.stdout


def make_stick(path: Path) -> Path:
    """A stick as they are sold: one FAT partition's worth, without a partition table."""
    with path.open("wb") as file:
        file.truncate(64 << 20)
    run("mkfs.vfat", "-n", "STICK", path)
    return path


class Machine:
    """A running QEMU. `sh` runs a command in it as root; `plug` and `pull` do what a hand does."""

    def __init__(self, work: Path, disk: Path, kernel: Path, initrd: Path) -> None:
        # Without AVX2: QEMU stumbles over the gathers (vgatherqpd) of NumPy's argsort, and a Pi has
        # no such thing.
        self._order = ["qemu-system-x86_64", "-machine", "q35", "-cpu", "max,avx2=off", "-smp", "2", "-m", "2G"]
        self._order += ["-display", "none", "-vga", "none", "-device", "virtio-vga,xres=1280,yres=720"]
        self._order += ["-kernel", str(kernel), "-initrd", str(initrd), "-append", COMMAND_LINE, "-nic", "none"]
        self._order += ["-drive", f"file={disk},format=raw,if=virtio,cache=writethrough"]
        self._order += ["-device", "qemu-xhci,id=usb", "-device", "virtio-serial"]
        self._order += ["-chardev", f"socket,id=agent,path={work}/agent,server=on,wait=off"]
        self._order += ["-qmp", f"unix:{work}/qmp,server=on,wait=off"]
        self._order += ["-device", f"virtserialport,chardev=agent,name={PORT}", "-serial", f"file:{work}/console.log"]
        self._work = work

    def start(self, limit_s: float = 400) -> None:
        for name in ("agent", "qmp"):
            (self._work / name).unlink(missing_ok=True)
        self._process = subprocess.Popen(self._order, stdin=subprocess.DEVNULL)
        self._agent = self._connect("agent", limit_s)
        self._qmp = self._connect("qmp", 60)
        self._qmp.readline()
        self.qmp("qmp_capabilities")
        assert self._agent.readline() == b"up\n"

    def _connect(self, name: str, limit_s: float) -> Any:
        until(lambda: (self._work / name).exists(), 30, f"QEMU's socket {name}")
        channel = socket.socket(socket.AF_UNIX)
        channel.connect(str(self._work / name))
        channel.settimeout(limit_s)
        return channel.makefile("rwb")

    def sh(self, order: str, rc: int | None = 0) -> str:
        self._agent.write(base64.b64encode(order.encode()) + b"\n")
        self._agent.flush()
        code, text = json.loads(self._agent.readline())
        assert rc is None or code == rc, f"{order}: {code}\n{text[-3000:]}"
        return str(text)

    def qmp(self, execute: str, **arguments: Any) -> None:
        self._qmp.write(json.dumps({"execute": execute, "arguments": arguments}).encode() + b"\n")
        self._qmp.flush()
        while True:
            answer = json.loads(self._qmp.readline())
            assert "error" not in answer, answer
            if "return" in answer:
                return

    def plug(self, image: Path, bytes_per_s: int = 0) -> None:
        file = {"driver": "file", "filename": str(image)}
        node: dict[str, Any] = {"driver": "raw", "node-name": "stick", "file": file}
        if bytes_per_s:
            self.qmp("object-add", **{"qom-type": "throttle-group", "id": "slow", "limits": {"bps-write": bytes_per_s}})
            node = {"driver": "throttle", "node-name": "stick", "throttle-group": "slow", "file": {"driver": "raw", "file": file}}
        self.qmp("blockdev-add", **node)
        self.qmp("device_add", driver="usb-storage", id="stick", drive="stick", removable=True)

    def pull(self, slow: bool = False) -> None:
        self.qmp("device_del", id="stick")
        until(lambda: "sd" not in self.sh("ls /sys/block"), 60, "the stick's device to go")
        until(lambda: self._freed(), 60, "QEMU to let the image go")
        if slow:
            self.qmp("object-del", id="slow")

    def _freed(self) -> bool:
        try:
            self.qmp("blockdev-del", **{"node-name": "stick"})
        except AssertionError:
            return False
        return True

    def cut_power(self) -> None:
        self._process.kill()
        self._process.wait()


def until(happens: Callable[[], Any], limit_s: float, what: str) -> Any:
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        answer = happens()
        if answer:
            return answer
        time.sleep(1)
    raise AssertionError(f"waited {limit_s:.0f} s in vain for {what}")


@contextmanager
def scenario(name: str) -> Iterator[list[str]]:
    start, found = time.monotonic(), []
    yield found
    print(f"ok  {name}: {'; '.join(found)} ({time.monotonic() - start:.0f} s)", flush=True)


def show(machine: Machine, *properties: str) -> dict[str, str]:
    text = machine.sh(f"systemctl show station.service --property={','.join(properties)}")
    return dict(line.split("=", 1) for line in text.splitlines())


def wait_active(machine: Machine) -> str:
    until(lambda: show(machine, "ActiveState")["ActiveState"] == "active", 300, "the service to say that it is ready")
    return show(machine, "MainPID")["MainPID"]


def ask_database(machine: Machine, question: str) -> str:
    """One value out of the station's database, read beside the running station."""
    (answer,) = machine.sh(f"python3 /srv/ask.py '{question}'").split()
    return answer


def strides_stored(machine: Machine) -> int:
    return int(ask_database(machine, "select count(*) from stride"))


def status(machine: Machine) -> dict[str, str]:
    text = machine.sh("cat /run/station-usb/status-* 2>/dev/null", rc=None)
    return json.loads(text) if text.strip() else {}


def files_on(image: Path) -> dict[str, str]:
    """Path to sha256 of every file on a FAT image, read without the machine."""
    with tempfile.TemporaryDirectory() as folder:
        run("mcopy", "-s", "-n", "-i", image, "::*", folder)
        return {
            str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(Path(folder).rglob("*"))
            if path.is_file()
        }
