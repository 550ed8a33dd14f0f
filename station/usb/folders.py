"""Folders opened one by one, no link followed: on a stick, and in root's own places."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

from station.errors import StoreError

TOP = "STATION"  # the folder on a stick in which everything lies
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Not blocking: opening a named pipe would wait for ever.
FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

Failure = Literal["full", "read-only", "unreadable", "unsupported", "encrypted", "blank", "pulled out"]

FAILURES: dict[int, Failure] = {
    errno.ENOSPC: "full",
    errno.EDQUOT: "full",
    errno.EFBIG: "full",
    errno.EROFS: "read-only",
    errno.EACCES: "read-only",
    errno.EPERM: "read-only",
    errno.ENODEV: "pulled out",
    errno.ENXIO: "pulled out",
    errno.ESTALE: "pulled out",
    errno.ENOTCONN: "pulled out",
    errno.EIO: "unreadable",
    errno.EUCLEAN: "unreadable",
    errno.EBADMSG: "unreadable",
    errno.ELOOP: "unsupported",
    errno.ENOTDIR: "unsupported",
    errno.EISDIR: "unsupported",
    errno.EINVAL: "unsupported",
    errno.EXDEV: "unsupported",
    errno.ENAMETOOLONG: "unsupported",
}
FORMATS = "FAT32, exFAT or ext4"
REMEDIES: dict[Failure, str] = {
    "full": "free some space on the stick and put it in again",
    "read-only": "slide its write protection off, or take another stick",
    "unreadable": "have the stick checked, or take another one",
    "unsupported": f"take a stick formatted as {FORMATS}, without a file or link named {TOP}",
    "encrypted": "take a stick without encryption; the station has no password to open it with",
    "blank": f"format the stick as {FORMATS} on a computer, or take another one",
    "pulled out": "put the stick in again, the export goes on where it stopped",
}


class StickError(StoreError):
    """The stick did not take it. `failure` is one of seven words for the screen."""

    def __init__(self, failure: Failure, where: str, detail: str = "") -> None:
        super().__init__(f"the stick is {failure}" + (f" ({detail})" if detail else ""), where, REMEDIES[failure])
        self.failure: Failure = failure


@contextmanager
def opened(name: str, parent: int | None) -> Iterator[int]:
    handle = os.open(name, FOLDER, dir_fd=parent)
    try:
        yield handle
    finally:
        os.close(handle)


@contextmanager
def made(parent: int, name: str) -> Iterator[int]:
    """The folder, made where missing. What is no folder stays untouched: OSError."""
    with suppress(FileExistsError):
        os.mkdir(name, 0o755, dir_fd=parent)
        os.fsync(parent)
    with opened(name, parent) as folder:
        yield folder


@contextmanager
def failures_named(where: str) -> Iterator[None]:
    """Raises StickError for every OSError of the block."""
    try:
        yield
    except OSError as error:
        failure: Failure = FAILURES.get(error.errno or 0, "unreadable")
        # A stick that is gone answers "input/output error" too; then its root is not there any more
        # either.
        if failure == "unreadable" and not os.access(where, os.F_OK):
            failure = "pulled out"
        raise StickError(failure, where, error.strerror or "") from None


def give_top_folder(mounted: Path, uid: int, gid: int) -> None:
    """Makes the station's folder and gives it to that user. Raises StickError."""
    with failures_named(str(mounted)), opened(str(mounted), None) as root, made(root, TOP) as top:
        if os.fstat(top).st_dev != os.fstat(root).st_dev:
            raise OSError(errno.EXDEV, "another file system is mounted inside the stick")
        os.fchown(top, uid, gid)


def roots_folder(path: Path) -> int:
    """A descriptor of a folder of root's: every folder on the way is root's too, and nobody else
    may write there.

    Raises StoreError naming the first that is not, OSError when one is missing or is a link.
    """
    handle = os.open("/", FOLDER)
    try:
        for here in (*reversed(path.parents), path)[1:]:
            inner = os.open(here.name, FOLDER, dir_fd=handle)
            os.close(handle)
            handle = inner
            status = os.fstat(handle)
            if status.st_uid != 0 or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                remedy = f"run sudo chown root:root {here} and sudo chmod go-w {here}"
                raise StoreError("is not root's alone, so root does nothing there", str(here), remedy)
    except BaseException:
        os.close(handle)
        raise
    return handle


def plain_file(folder: int, name: str, most_bytes: int) -> bytes | None:
    """At most `most_bytes` + 1, to show a larger one; None for a link, folder or pipe."""
    try:
        handle = os.open(name, FILE, dir_fd=folder)
    except OSError:
        return None
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return None
        with open(handle, "rb", closefd=False) as file:
            return file.read(most_bytes + 1)
    except OSError:  # a bad block
        return None
    finally:
        os.close(handle)
