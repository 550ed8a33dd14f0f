"""Writing a file so that its name never stands for half of it."""

from __future__ import annotations

import os
from pathlib import Path

TEMPORARY = ".part"


def write_atomic(path: Path, content: bytes) -> None:
    """Writes beside the name, makes it durable, then gives it the name. Raises OSError; nothing is left behind then."""
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        publish(folder, path.name, content)
    finally:
        os.close(folder)


def publish(folder: int, name: str, content: bytes) -> None:
    """`write_atomic` inside an open folder (a descriptor), following no link. Raises OSError."""
    temporary = name + TEMPORARY
    try:
        _write_new(folder, temporary, content)
        os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except OSError:
        _remove(folder, temporary)
        raise
    os.fsync(folder)


def _write_new(folder: int, name: str, content: bytes) -> None:
    _remove(folder, name)  # what an interrupted run left; O_EXCL then makes sure that the file is ours
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with open(os.open(name, flags, 0o644, dir_fd=folder), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _remove(folder: int, name: str) -> None:
    try:
        os.unlink(name, dir_fd=folder)
    except FileNotFoundError:
        return
