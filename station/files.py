"""Files that others rely on: no name stands for half a file; one JSON writer, one lock."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import sys
from pathlib import Path
from typing import Any

from station.errors import StoreError

TEMPORARY = ".part"


def write_atomic(path: Path, content: bytes) -> None:
    """Writes beside the name, makes it durable, then renames. Raises OSError; then nothing is left.
    """
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
    # What an interrupted run left; O_EXCL then makes sure that the file is ours.
    _remove(folder, name)
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


def json_bytes(document: Any, indent: int | None = None) -> bytes:
    """Strict JSON in UTF-8, a line feed at its end. Raises ValueError for NaN and infinity.

    A file name whose bytes are no text keeps them as escapes, which JSON can carry.
    """
    text = json.dumps(document, allow_nan=False, ensure_ascii=False, indent=indent)
    return text.encode("utf-8", "backslashreplace") + b"\n"


def write_output(to: Path | str, content: bytes) -> None:
    """What a person asked for, to a file or, named -, to standard output.

    A file appears under its name only when it is whole; pipes and devices are written straight.
    Raises StoreError.
    """
    if str(to) == "-":
        sys.stdout.write(content.decode())
        sys.stdout.flush()
        return
    path = Path(to)
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(content)
        else:
            write_atomic(_resolved(path), content)
    except (OSError, ValueError) as error:  # ValueError: a name with a NUL
        raise StoreError(f"cannot be written ({_words(error)})", str(to), "choose another place") from None


def why_not_writable(path: Path) -> str:
    """Why this file cannot be written, asked before hours of work; "" when it seems it can."""
    try:
        folder = _resolved(path).parent
        if path.is_dir():
            return "is a folder"
        if not folder.is_dir():
            return f"there is no folder {folder}"
        if not os.access(path if path.exists() else folder, os.W_OK):
            return "no permission to write there"
    except (OSError, ValueError) as error:
        return _words(error)
    return ""


def why_no_folder(path: Path) -> str:
    """Why this folder cannot be made or filled; "" when it seems it can."""
    try:
        nearest = _resolved(path)
        while not nearest.exists():
            nearest = nearest.parent
        if not nearest.is_dir():
            return f"{nearest} is no folder"
        if not os.access(nearest, os.W_OK | os.X_OK):
            return f"no permission to write in {nearest}"
    except (OSError, ValueError) as error:
        return _words(error)
    return ""


def _resolved(path: Path) -> Path:
    """Without links. Raises OSError for a loop of them, which `Path.resolve` does until 3.12 only.
    """
    found = Path(os.path.realpath(path))
    if any(one.is_symlink() for one in (found, *found.parents)):
        raise OSError(errno.ELOOP, "a loop of links")
    return found


def _words(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)


def held_lock(path: Path | str, *, folder: int | None = None, wait: bool = False) -> int:
    """A descriptor that holds the file's lock until it is closed or the process ends, however.

    The file is made where it is missing and means nothing by itself; it is relative to `folder`, an
    open descriptor, and never a link there. A card that has turned read-only can be locked too.
    Raises BlockingIOError when another process holds it and `wait` is False, OSError when there is
    no such file and none can be made.
    """
    safe = os.O_CLOEXEC | (os.O_NOFOLLOW if folder is not None else 0)
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | safe, 0o600 if folder is not None else 0o644, dir_fd=folder)
    except OSError:
        handle = os.open(path, os.O_RDONLY | safe, dir_fd=folder)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except OSError:
        os.close(handle)
        raise
    return handle
