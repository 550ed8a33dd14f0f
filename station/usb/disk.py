"""What is on a disk that was plugged in: its volumes as blkid and the kernel know them, and the one
for the runner.

Nothing is mounted for it and nothing written. Every name comes from the kernel's /sys, so none
leads elsewhere.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from station.usb.folders import StickError

SYS = Path("/sys/class/block")
MOUNTS = Path("/proc/self/mountinfo")

SAFE = "nosuid,nodev,noexec,noatime,errors=remount-ro"  # ext4 on a stick may ask for errors=panic
OWNED = "uid={uid},gid={gid},umask=077"
# The file systems that sticks come with, first those that every computer reads, and how each is
# mounted. `flush` writes early, so that unmounting is quick.
OPTIONS = {"vfat": f"{SAFE},flush,{OWNED}", "exfat": f"{SAFE},{OWNED}", "ext4": SAFE}

# Partitions that other computers do not show: their owner would never find what was written there.
# UEFI specification 2.10, section 5.3.3, and Microsoft's PARTITION_INFORMATION_GPT for the GPT
# ones; Ralf Brown's interrupt list and Microsoft's PARTITION_INFORMATION_MBR for the others.
HIDDEN_TYPES = frozenset(
    {
        "c12a7328-f81f-11d2-ba4b-00a0c93ec93b",  # EFI system
        "e3c9e316-0b5c-4db8-817d-f92df00215ae",  # Microsoft reserved
        "de94bba4-06d1-4d40-a16a-bfd50179d6ac",  # Windows recovery
        "21686148-6449-6e6f-744e-656564454649",  # BIOS boot
        "bc13c2ff-59e6-4262-a352-b275fd6f7172",  # Linux extended boot
        "426f6f74-0000-11aa-aa11-00306543ecac",  # Apple boot
        *("0xef", "0x27", "0x11", "0x14", "0x16", "0x17", "0x1b", "0x1c", "0x1e", "0xee"),
    }
)
HIDDEN_FLAGS = 1 << 63 | 1 << 62 | 1 << 0  # GPT: no drive letter, hidden, needed by the firmware
EXTENDED = frozenset({"0x5", "0xf", "0x85"})  # hold other partitions and nothing themselves

Run = Callable[[Sequence[str]], "subprocess.CompletedProcess[str]"]


@dataclass(frozen=True, slots=True)
class Volume:
    """A partition, or a disk without any. `kind`, `usage`: blkid's TYPE and USAGE, or ""."""

    name: str
    kind: str
    usage: str
    hidden: bool
    size_bytes: int

    @property
    def options(self) -> str | None:
        return OPTIONS.get(self.kind)


def insertion(disk: str, sys: Path = SYS) -> str:
    """The kernel's number of this insertion (`diskseq`, since Linux 5.15), "" where it has none."""
    path = sys / disk / "diskseq"
    return path.read_text(encoding="ascii").strip() if path.is_file() else ""


def is_no_stick(disk: str, sys: Path = SYS, mounts: Path = MOUNTS) -> str:
    """Why it is nobody's stick, "" if it is: an empty reader, or in use by the system."""
    folder = sys / disk
    if _size_bytes(folder) == 0:
        return "no medium in it"
    numbers = {_text(part / "dev") for part in (folder, *_partitions(folder))}
    used = {line.split()[2] for line in mounts.read_text(encoding="utf-8", errors="replace").splitlines()}
    if numbers & used:
        return "the system itself uses it"
    holders = [part / "holders" for part in (folder, *_partitions(folder))]
    return "the system itself uses it" if any(path.is_dir() and any(path.iterdir()) for path in holders) else ""


def volume_for_sessions(disk: str, run: Run, sys: Path = SYS) -> Volume:
    """The volume that its owner sees on every computer; the largest, where there are several.

    Hidden ones only where nothing else is there. Raises StickError when there is none to write on.
    """
    volumes = volumes_of(disk, run, sys)
    visible = [one for one in volumes if not one.hidden]
    alone = len([one for one in volumes if one.kind]) == 1
    seen = visible or volumes
    usable = [one for one in seen if one.options and (visible or alone)]
    if usable:
        order = list(OPTIONS)
        return min(usable, key=lambda one: (order.index(one.kind), -one.size_bytes))
    where = f"/dev/{disk}"
    if any(one.usage == "crypto" or one.kind == "BitLocker" for one in seen):
        raise StickError("encrypted", where)
    kinds = sorted({one.kind for one in seen if one.kind})
    if not kinds:
        raise StickError("blank", where)
    raise StickError("unsupported", where, ", ".join(kinds))


def volumes_of(disk: str, run: Run, sys: Path = SYS) -> list[Volume]:
    """In the kernel's order; the disk itself where it has no partitions."""
    folder = sys / disk
    found = []
    for path in _partitions(folder) or [folder]:
        tags = _tags(run(["blkid", "-p", "-o", "export", f"/dev/{path.name}"]).stdout)
        kind = tags.get("PART_ENTRY_TYPE", "").lower()
        if kind in EXTENDED:
            continue
        flags = int(tags.get("PART_ENTRY_FLAGS", "0"), 16) if tags.get("PART_ENTRY_SCHEME") == "gpt" else 0
        hidden = kind in HIDDEN_TYPES or bool(flags & HIDDEN_FLAGS)
        found.append(Volume(path.name, tags.get("TYPE", ""), tags.get("USAGE", ""), hidden, _size_bytes(path)))
    return found


def _tags(text: str) -> dict[str, str]:
    pairs = (line.partition("=") for line in text.splitlines())
    return {name: value for name, _, value in pairs}


def _partitions(folder: Path) -> list[Path]:
    parts = [path.parent for path in folder.glob(f"{folder.name}*/partition")]
    return sorted(parts, key=lambda path: int(_text(path / "partition")))


def _size_bytes(folder: Path) -> int:
    # the kernel counts in 512 bytes, whatever the disk does
    return 512 * int(_text(folder / "size") or 0)


def _text(path: Path) -> str:
    return path.read_text(encoding="ascii").strip() if path.is_file() else ""
