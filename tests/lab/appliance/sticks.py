"""Sticks as people own them, in a machine whose kernel can mount them: what the screen says of
each, and how soon.

    sudo apt install qemu-system-x86 dosfstools exfatprogs ntfs-3g cryptsetup-bin fdisk
    sudo apt install busybox-static
    apt-get download linux-image-VERSION-amd64; dpkg-deb -x linux-image-*.deb KERNEL
    sudo .venv/bin/python -m tests.lab.appliance.sticks KERNEL

What is real: the exporter with its own process for the station's user, the kernel's FAT, exFAT,
ext4 and USB mass storage, and partition tables and file systems as the tools of Linux make them.
What is not: systemd and udev (the exporter's command is started by hand), and the processor, which
is emulated without KVM: times are upper bounds. The machine's disk is this one, read-only, with a
layer in memory above it.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT))

from station.record.store import SqliteStore  # noqa: E402
from tests.made_run import MODEL, SOURCE, VIEW, run  # noqa: E402

MB = 1 << 20
WANTED = (
    *("virtio_pci", "virtio_ring", "9pnet_virtio", "9p", "overlay", "xhci_pci", "usb_storage", "uas", "sd_mod"),
    *("vfat", "exfat", "ext4", "nls_cp437", "nls_ascii", "nls_utf8", "crc32c_generic"),
)
FOLDERS = {
    *("drivers/virtio", "drivers/usb/core", "drivers/usb/common", "drivers/usb/host", "drivers/usb/storage", "net/9p", "fs"),
    *("fs/9p", "fs/netfs", "fs/fscache", "fs/overlayfs", "fs/fat", "fs/exfat", "fs/ext4", "fs/jbd2", "fs/nls", "lib"),
}
SINGLE = {
    *("sd_mod", "scsi_mod", "scsi_common", "t10-pi", "crc16", "crc32c_generic", "crct10dif_common", "crct10dif_generic"),
    *("crc64_rocksoft", "crc64_rocksoft_generic"),
}
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
$b chroot /new {python} {guest} {python} {checkout} {data} {sticks}
echo ALL DONE
/bin/busybox poweroff -f
"""


def sh(*command: object, **more: object) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, **more)
    assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
    return done.stdout


@dataclass(frozen=True)
class Part:
    """A partition: its type for sfdisk, what fills it, its size and attributes."""

    kind: str
    fill: Callable[[Path], object]
    mb: int = 40
    attributes: str = ""


def partitioned(table: str, *parts: Part) -> Callable[[Path], None]:
    def make(image: Path) -> None:
        lines = [f"label: {table}"]
        for part in parts:
            more = f', attrs="{part.attributes}"' if part.attributes else ""
            lines.append(f"size={part.mb}M, type={part.kind}{more}")
        sh("sfdisk", "--quiet", image, input="\n".join(lines) + "\n")
        starts = [one["start"] for one in json.loads(sh("sfdisk", "--json", image))["partitiontable"]["partitions"]]
        for part, start in zip(parts, starts, strict=True):
            inner = image.with_suffix(".part")
            inner.unlink(missing_ok=True)
            with inner.open("wb") as file:
                file.truncate(part.mb * MB)
            part.fill(inner)
            sh("dd", f"if={inner}", f"of={image}", f"seek={start}", "bs=512", "conv=notrunc,sparse")

    return make


def fat(image: Path) -> None:
    sh("mkfs.vfat", "-F", "32", image)


def exfat(image: Path) -> None:
    sh("mkfs.exfat", image)


def ext4(image: Path) -> None:
    # a stranger's stick that asks the kernel to panic at its first error
    sh("mkfs.ext4", "-q", "-e", "panic", image)


def ntfs(image: Path) -> None:
    sh("mkntfs", "--force", "--fast", image)


def luks(image: Path) -> None:
    sh("cryptsetup", "luksFormat", "--batch-mode", "--pbkdf", "pbkdf2", "--iter-time", "10", image, input="secret\n")


def noise(image: Path) -> None:
    size = image.stat().st_size
    image.write_bytes(os.urandom(MB))
    os.truncate(image, size)


def blank(image: Path) -> None:
    """Nothing at all."""


def full(image: Path) -> None:
    fat(image)
    filler = image.with_suffix(".fill")
    for number, size in enumerate((MB, MB // 8, MB // 64)):  # until no more of that size fits
        filler.write_bytes(bytes(size))
        for count in range(200):
            copy = ["mcopy", "-i", image, filler, f"::{number}-{count}.bin"]
            if subprocess.run(copy, capture_output=True, check=False).returncode != 0:
                break
    filler.unlink()


def unclean(image: Path) -> None:
    """Pulled out of another computer while it wrote: FAT's own mark says so."""
    fat(image)
    with image.open("r+b") as file:
        file.seek(0x41)
        file.write(b"\x01")


EFI_GPT, DATA_GPT = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B", "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7"
STICKS: dict[str, Callable[[Path], object]] = {
    "FAT32, no partition table": fat,
    "FAT32 in an MBR": partitioned("dos", Part("c", fat)),
    "exFAT in an MBR": partitioned("dos", Part("7", exfat)),
    "ext4 in a GPT, asks for errors=panic": partitioned("gpt", Part("L", ext4)),
    "NTFS in an MBR": partitioned("dos", Part("7", ntfs)),
    "a Mac's: hidden EFI first, then exFAT": partitioned("gpt", Part(EFI_GPT, fat), Part(DATA_GPT, exfat)),
    "Ventoy's: exFAT, then EFI": partitioned("dos", Part("7", exfat), Part("ef", fat, 34)),
    "Ventoy's with a GPT: no drive letter": partitioned("gpt", Part(DATA_GPT, exfat), Part(DATA_GPT, fat, 34, "GUID:63")),
    "a Windows installer's: NTFS, then EFI": partitioned("dos", Part("7", ntfs), Part("ef", fat, 34)),
    "an EFI partition and nothing else": partitioned("gpt", Part(EFI_GPT, fat)),
    "LUKS": luks,
    "blank": blank,
    "random bytes": noise,
    "FAT32, full": full,
    "FAT32, write-protected": fat,
    "FAT32, not unmounted by the last computer": unclean,
}
PROTECTED, TOGETHER, HUB = "FAT32, write-protected", "two at once, ", "two at once, exFAT behind a hub"
STICKS |= {f"{TOGETHER}FAT32": fat, HUB: exfat}


def initrd(kernel: Path, work: Path, script: str) -> Path:
    tree = work / "initrd"
    (tree / "bin").mkdir(parents=True)
    shutil.copy(shutil.which("busybox") or "/bin/busybox", tree / "bin/busybox")
    modules = next((kernel / "lib/modules").iterdir())
    target = tree / "lib/modules" / modules.name
    for path in (modules / "kernel").rglob("*.ko"):
        folder = str(path.relative_to(modules / "kernel").parent)
        if folder in FOLDERS or path.stem in SINGLE:
            (target / "kernel" / folder).mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target / "kernel" / folder)
    for name in ("modules.order", "modules.builtin", "modules.builtin.modinfo"):
        shutil.copy(modules / name, target / name)
    (tree / "init").write_text(script, encoding="utf-8")
    (tree / "init").chmod(0o755)
    out = work / "initrd.img"
    names = "\n".join(str(path.relative_to(tree)) for path in sorted(tree.rglob("*")))
    with out.open("wb") as file:
        subprocess.run(["cpio", "--quiet", "-o", "-H", "newc"], input=names.encode(), stdout=file, cwd=tree, check=True)
    return out


def closed_folders(*places: Path) -> str:
    """Folders on the way that another user may not enter, as root's home: opened in the machine's
    own layer.
    """
    found = {parent for place in places for parent in place.parents if not parent.stat().st_mode & 0o001}
    return " ".join(f"/new{path}" for path in sorted(found)) or "/new"


def store(folder: Path) -> None:
    sessions = SqliteStore(folder)
    steps = list(run(6.0, fps=30))
    sessions.begin(SOURCE, MODEL, steps[0][0].t_ns, VIEW)
    for given, step in steps:
        sessions.add(given, step)
    sessions.finish(0)
    sessions.close()


def main() -> None:
    parser = argparse.ArgumentParser(description="What the exporter says of sticks as people own them.")
    parser.add_argument("kernel", type=Path, help="an unpacked package of a Debian kernel")
    parser.add_argument("--only", nargs="*", help="names of sticks")
    reported = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="station-sticks-", dir="/var/tmp") as folder:
        work = Path(folder)
        work.chmod(0o755)
        store(work / "data")
        names = {}
        order = ["qemu-system-x86_64", "-machine", "q35", "-cpu", "max,avx2=off", "-smp", "2", "-m", "2G", "-nographic"]
        order += ["-no-reboot", "-nic", "none"]
        for bus in ("usb0", "usb1"):  # a controller has fifteen ports
            order += ["-device", f"qemu-xhci,id={bus},p2=15,p3=15"]
        order += ["-virtfs", "local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap"]
        for number, (name, make) in enumerate(STICKS.items()):
            if reported.only and name not in reported.only:
                continue
            image = work / f"{number}.img"
            with image.open("wb") as file:
                file.truncate((90 + number) * MB)
            make(image)
            names[name] = (90 + number) * MB
            protected = ",readonly=on" if name == PROTECTED else ""
            order += ["-drive", f"if=none,id=s{number},format=raw,file={image}{protected}"]
            port = ",port=15.1" if name == HUB else ""
            order += ["-device", "usb-hub,bus=usb1.0,port=15"] if port else []
            order += ["-device", f"usb-storage,bus=usb{number // 10}.0{port},drive=s{number}"]
        python = Path(sys.executable)
        script = INIT.format(
            wanted=" ".join(WANTED),
            closed=closed_folders(Path(sys.base_prefix).resolve(), Path(sys.prefix).resolve(), ROOT),
            python=python,
            guest=Path(__file__).with_name("guest") / "sticks.py",
            checkout=ROOT,
            data=work / "data",
            sticks=shlex.join(f"{name}={size}" for name, size in names.items()),
        )
        order += ["-kernel", str(next((reported.kernel / "boot").glob("vmlinuz-*")))]
        order += ["-initrd", str(initrd(reported.kernel, work, script)), "-append", "console=ttyS0 quiet panic=-1"]
        print("| stick | the screen | first word after |\n|---|---|---|", flush=True)
        with subprocess.Popen(order, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, errors="replace") as machine:
            assert machine.stdout is not None
            for line in machine.stdout:
                if "STICK {" in line:  # the console may put its own marks before it
                    one = json.loads(line.partition("STICK ")[2])
                    print(f"| {one['name']} | {one['state']}: {one['text']} | {one['word_s']} s |", flush=True)
                else:
                    print(line.rstrip(), file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
