"""A small machine in QEMU whose disk is this one's, read-only, with a layer in memory above it: a
real kernel, and a program of ours as the only one.

    sudo apt install qemu-system-x86 busybox-static
    apt-get download linux-image-VERSION-amd64; dpkg-deb -x linux-image-*.deb KERNEL

The processor is emulated without KVM: times are upper bounds.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
WANTED = ("virtio_pci", "virtio_ring", "9pnet_virtio", "9p", "overlay")
FOLDERS = ("drivers/virtio", "net/9p", "fs/9p", "fs/netfs", "fs/fscache", "fs/overlayfs")
# Without what an emulated processor does slowly and nobody needs here.
CONSOLE = "console=ttyS0 quiet panic=-1 cryptomgr.notests mitigations=off"
INIT = """#!/bin/busybox sh
b=/bin/busybox
$b mkdir -p /proc /sys /dev /low /up /new; $b mount -t proc proc /proc; $b mount -t sysfs sys /sys; $b mount -t devtmpfs dev /dev
$b depmod 2>/dev/null
for m in {wanted}; do $b modprobe $m 2>&1; done
$b mount -t 9p -o trans=virtio,version=9p2000.L,cache=loose,ro,msize=262144 host /low
$b mount -t tmpfs tmpfs /up; $b mkdir /up/u /up/w
$b mount -t overlay -o lowerdir=/low,upperdir=/up/u,workdir=/up/w over /new
for p in proc sys dev; do $b mount --move /$p /new/$p; done
$b mount -t tmpfs -o mode=755 tmpfs /new/run
$b chmod 755 {closed}
{also}
$b chroot /new {command}
echo ALL DONE
/bin/busybox poweroff -f
"""


@dataclass(frozen=True)
class Modules:
    """Of the kernel, beside those for the disk: `wanted` are loaded; `folders` and `single` say
    where they and what they need lie.
    """

    wanted: tuple[str, ...]
    folders: tuple[str, ...] = ()
    single: tuple[str, ...] = ()


def lines(
    kernel: Path, work: Path, modules: Modules, command: tuple[object, ...], devices: list[str], also: str = ""
) -> Iterator[str]:
    """What the machine's console says while `command` runs in it as root, until it switches itself
    off. `also` are lines for its first shell.
    """
    script = INIT.format(
        wanted=" ".join(WANTED + modules.wanted),
        closed=_closed(Path(sys.base_prefix).resolve(), Path(sys.prefix).resolve(), ROOT),
        also=also,
        command=shlex.join(str(word) for word in command),
    )
    order = ["qemu-system-x86_64", "-machine", "q35", "-cpu", "max,avx2=off", "-smp", "2", "-m", "2G", "-nographic"]
    order += ["-no-reboot", "-nic", "none"]
    order += ["-virtfs", "local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap"]
    order += ["-kernel", str(next((kernel / "boot").glob("vmlinuz-*")))]
    order += ["-initrd", str(_initrd(kernel, work, modules, script)), "-append", CONSOLE]
    order += devices
    with subprocess.Popen(order, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, errors="replace") as machine:
        assert machine.stdout is not None
        yield from machine.stdout


def _initrd(kernel: Path, work: Path, modules: Modules, script: str) -> Path:
    tree = work / "initrd"
    (tree / "bin").mkdir(parents=True)
    shutil.copy(shutil.which("busybox") or "/bin/busybox", tree / "bin/busybox")
    source = next((kernel / "lib/modules").iterdir())
    target = tree / "lib/modules" / source.name
    for path in (source / "kernel").rglob("*.ko"):
        folder = str(path.relative_to(source / "kernel").parent)
        if folder in FOLDERS + modules.folders or path.stem in modules.single:
            (target / "kernel" / folder).mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target / "kernel" / folder)
    for name in ("modules.order", "modules.builtin", "modules.builtin.modinfo"):
        shutil.copy(source / name, target / name)
    (tree / "init").write_text(script, encoding="utf-8")
    (tree / "init").chmod(0o755)
    out = work / "initrd.img"
    names = "\n".join(str(path.relative_to(tree)) for path in sorted(tree.rglob("*")))
    with out.open("wb") as file:
        subprocess.run(["cpio", "--quiet", "-o", "-H", "newc"], input=names.encode(), stdout=file, cwd=tree, check=True)
    return out


def _closed(*places: Path) -> str:
    """Folders on the way that another user may not enter, as root's home: opened in the machine's
    own layer.
    """
    found = {parent for place in places for parent in place.parents if not parent.stat().st_mode & 0o001}
    return " ".join(f"/new{path}" for path in sorted(found)) or "/new"
