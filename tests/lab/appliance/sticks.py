"""Sticks as people own them, in a machine whose kernel can mount them: what the screen says of
each, and how soon.

    sudo apt install dosfstools exfatprogs ntfs-3g cryptsetup-bin fdisk
    sudo .venv/bin/python -m tests.lab.appliance.sticks KERNEL   # and what small.py asks for

What is real: the exporter with its own process for the station's user, the kernel's FAT, exFAT,
ext4 and USB mass storage, and partition tables and file systems as the tools of Linux make them.
What is not: systemd and udev (the exporter's command is started by hand), and the processor
(small.py): times are upper bounds.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT))

from station.record.log import LogHeader  # noqa: E402
from station.record.store import SqliteStore  # noqa: E402
from tests.lab.appliance.small import Modules, lines  # noqa: E402
from tests.made_run import MODEL, SOURCE, VIEW, run  # noqa: E402

MB = 1 << 20
MODULES = Modules(
    ("xhci_pci", "usb_storage", "uas", "sd_mod", "vfat", "exfat", "ext4", "nls_cp437", "nls_ascii", "nls_utf8", "crc32c_generic"),
    (
        *("drivers/usb/core", "drivers/usb/common", "drivers/usb/host", "drivers/usb/storage", "fs", "fs/fat", "fs/exfat"),
        *("fs/ext4", "fs/jbd2", "fs/nls", "lib"),
    ),
    (
        *("sd_mod", "scsi_mod", "scsi_common", "t10-pi", "crc16", "crc32c_generic", "crct10dif_common", "crct10dif_generic"),
        *("crc64_rocksoft", "crc64_rocksoft_generic"),
    ),
)


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


def store(folder: Path) -> None:
    sessions = SqliteStore(folder)
    steps = list(run(6.0, fps=30))
    sessions.begin(LogHeader(SOURCE, MODEL, VIEW), steps[0][0].t_ns)
    for given, step in steps:
        sessions.add(given, step)
    sessions.finish(0)
    sessions.close()


def main() -> None:
    parser = argparse.ArgumentParser(description="What the exporter says of sticks as people own them.")
    parser.add_argument("kernel", type=Path, help="an unpacked package of a Debian kernel")
    parser.add_argument("--only", nargs="*", help="names of sticks")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="station-sticks-", dir="/var/tmp") as folder:
        work = Path(folder)
        work.chmod(0o755)
        store(work / "data")
        names = {}
        devices: list[str] = []
        for bus in ("usb0", "usb1"):  # a controller has fifteen ports
            devices += ["-device", f"qemu-xhci,id={bus},p2=15,p3=15"]
        for number, (name, make) in enumerate(STICKS.items()):
            if given.only and name not in given.only:
                continue
            image = work / f"{number}.img"
            with image.open("wb") as file:
                file.truncate((90 + number) * MB)
            make(image)
            names[name] = (90 + number) * MB
            protected = ",readonly=on" if name == PROTECTED else ""
            devices += ["-drive", f"if=none,id=s{number},format=raw,file={image}{protected}"]
            port = ",port=15.1" if name == HUB else ""
            devices += ["-device", "usb-hub,bus=usb1.0,port=15"] if port else []
            devices += ["-device", f"usb-storage,bus=usb{number // 10}.0{port},drive=s{number}"]
        guest = Path(__file__).with_name("guest") / "sticks.py"
        plugged = [f"{name}={size}" for name, size in names.items()]
        command = (sys.executable, guest, sys.executable, ROOT, work / "data", *plugged)
        print("| stick | the screen | first word after |\n|---|---|---|", flush=True)
        for line in lines(given.kernel, work, MODULES, command, devices):
            if "STICK {" in line:  # the console may put its own marks before it
                one = json.loads(line.partition("STICK ")[2])
                print(f"| {one['name']} | {one['state']}: {one['text']} | {one['word_s']} s |", flush=True)
            else:
                print(line.rstrip(), file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
