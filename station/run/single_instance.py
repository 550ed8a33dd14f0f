"""One station at a time on one data folder, so that two do not fight for camera, pins and database."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from station.errors import UsageError

LOCK_NAME = "running"  # in the data folder; holds the number of the process that runs


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Holds the folder's lock. The kernel lets it go when this process ends, however it ends; the file stays and means nothing.

    A folder that cannot be used is not locked: the store tells what is wrong with it, and coaching needs no folder.
    Raises UsageError naming the process that runs already.
    """
    path = folder.expanduser() / LOCK_NAME
    handle = _opened(path)
    if handle is None:
        yield
        return
    try:
        _lock(handle, path)
        yield
    finally:
        os.close(handle)


def _opened(path: Path) -> int | None:
    """A card that has turned read-only can still be locked: for that the file need not be written."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
    for flags in (os.O_RDWR | os.O_CREAT, os.O_RDONLY):
        with suppress(OSError):
            return os.open(path, flags | os.O_CLOEXEC, 0o644)
    return None


def _lock(handle: int, path: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        number = os.pread(handle, 20, 0).decode("ascii", "replace").strip()
        who, kill = (f" (process {number})", f", or kill {number}") if number.isdigit() else ("", "")
        remedy = f"stop that one first (sudo systemctl stop station{kill}), or give this one its own station.data_dir"
        raise UsageError(f"another station is running here{who}", str(path.parent), remedy) from None
    with suppress(OSError):  # read-only or full: then it holds without a number
        os.truncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
