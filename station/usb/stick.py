"""Sessions onto a mounted stick, and nothing else: what the exporter may do with a stranger's file
system.

    STATION/<station-name>/<session-id>/   the files of export/, SHA256SUMS last

It opens folders one by one without following links and works only through those descriptors; it
writes to temporary names, syncs, renames, drops the cache and reads back; it reads nothing but the
session.json files of its own folder, which earlier.py checks. A session whose SHA256SUMS is there
and right is done; an interrupted one is taken up where it stopped.
"""

from __future__ import annotations

import errno
import hashlib
import itertools
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from station.export.bundle import ALWAYS, CHECKSUMS, SOMETIMES, checksums, names, render, sha256
from station.export.earlier import MOST_BYTES, Earlier, order, read_earlier
from station.files import publish
from station.record.archive import SESSION_ID, Archive, DamagedSession
from station.usb.folders import FILE, TOP, failures_named, made, opened

MOST_ENTRIES = 2000  # of a folder's listing: beyond that, names are not looked at
MOST_EARLIER = 12  # sessions in the trend
LARGEST_FILE = 1 << 28  # an hour of markers.trc is a quarter of that
BLOCK = 1 << 20  # bytes copied at a time (chosen)

@dataclass(frozen=True, slots=True)
class Exported:
    """`written` sessions got files now, `already` were whole on the stick before; `earlier`: how
    many were on it when it came, whoever recorded them.
    """

    written: tuple[str, ...]
    already: tuple[str, ...]
    earlier: int = 0


def export_to(
    mounted: Path, archive: Archive, which: str, station_name: str, opensim: bool = False, language: str = "en"
) -> Exported:
    """Writes the sessions that `which` names (see Archive.choose) below STATION/<station_name>, the
    report in that language. Raises StickError, or StoreError when the archive fails.
    """
    chosen = archive.choose(which)
    written, already = [], []
    with failures_named(str(mounted)), opened(str(mounted), None) as root, _own_folder(root, station_name) as own:
        earlier = sum(1 for name in _names(own) if SESSION_ID.fullmatch(name))
        for session_id in chosen:
            row = archive.session(session_id)
            try:
                recording = archive.recording(session_id, landmarks=opensim)
            except DamagedSession:
                archive.mark_damaged([session_id])
                continue
            # The session's own end for a date, so that an export taken up again writes the same
            # bytes.
            created_utc, before = row.finished_utc or row.started_utc, earlier_sessions(own, session_id)
            files = render(recording, created_utc, row.core_version, opensim, before, language)
            name, content = next(files)
            if _is_whole(own, session_id, names(recording, opensim), content):
                already.append(session_id)
                continue
            with made(own, session_id) as folder:
                _write_session(folder, itertools.chain([(name, content)], files))
            written.append(session_id)
    return Exported(tuple(written), tuple(already), earlier)


def earlier_sessions(own: int, session_id: str) -> list[Earlier]:
    """Sessions of this station before this one, oldest first; what looks odd is left out."""
    named = (name for name in _names(own) if SESSION_ID.fullmatch(name))
    names = sorted((name for name in named if order(name) < order(session_id)), key=order)
    found = []
    for name in names[-MOST_EARLIER:]:
        try:
            with opened(name, own) as folder:
                earlier = read_earlier(_read(folder, "session.json", MOST_BYTES + 1))
        except (OSError, ValueError):
            continue
        if earlier.session_id == name:
            found.append(earlier)
    return found


def earlier_below(folder: Path, session_id: str) -> list[Earlier]:
    """The same for a folder of one's own disk, which may not be there yet."""
    try:
        with opened(os.path.realpath(folder), None) as own:
            return earlier_sessions(own, session_id)
    except OSError:
        return []


def _write_session(folder: int, files: Iterable[tuple[str, bytes]]) -> None:
    digests: dict[str, str] = {}
    for name, content in files:
        digests[name] = sha256(content)
        if not _holds(folder, name, digests[name], len(content)):
            publish(folder, name, content)
            _verify(folder, name, digests[name])
    content = checksums(digests)
    publish(folder, CHECKSUMS, content)
    _verify(folder, CHECKSUMS, sha256(content))


def _verify(folder: int, name: str, digest: str) -> None:
    """Reads back from the medium: the cache is dropped first, as far as the kernel allows."""
    handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    try:
        with suppress(OSError):
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(handle)
    if not _holds(folder, name, digest):
        raise OSError(errno.EIO, "what was read back is not what was written")


def _holds(folder: int, name: str, digest: str, size: int | None = None) -> bool:
    """Whether that content is there; anything else under that name will be replaced."""
    try:
        with _regular(folder, name, LARGEST_FILE) as file:
            if size is not None and os.fstat(file.fileno()).st_size != size:
                return False
            found = hashlib.sha256()
            for block in iter(lambda: file.read(BLOCK), b""):
                found.update(block)
    except (FileNotFoundError, ValueError):
        return False
    return found.hexdigest() == digest


def _is_whole(own: int, session_id: str, wanted: Sequence[str], content: bytes) -> bool:
    """Whether every file of the session's SHA256SUMS is there and right, none that is wanted is
    missing, and the first of those is the station's own to the byte.

    Sums alone prove nothing: whoever makes a folder of that name makes them too.
    """
    try:
        with opened(session_id, own) as folder:
            lines = _read(folder, CHECKSUMS, 4096).decode("ascii").splitlines()
            digests = {one: digest for digest, _, one in (line.partition("  ") for line in lines)}
            if not set(wanted) <= set(digests) <= {*ALWAYS, *SOMETIMES}:
                return False
            if digests[wanted[0]] != sha256(content):
                return False
            return all(_holds(folder, one, digest) for one, digest in digests.items())
    except (FileNotFoundError, ValueError):
        return False


def _read(folder: int, name: str, most: int) -> bytes:
    with _regular(folder, name, most) as file:
        return file.read(most)


@contextmanager
def _regular(folder: int, name: str, most: int) -> Iterator[BinaryIO]:
    """A regular file of so many bytes at most, open. Raises ValueError for others, OSError."""
    try:
        handle = os.open(name, FILE, dir_fd=folder)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):  # a link, a socket
            raise ValueError(f"{name!r} is not a file") from None
        raise
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode) or status.st_size > most:
        os.close(handle)
        raise ValueError(f"{name!r} is not a file that the station wrote")
    with open(handle, "rb") as file:
        yield file


def _names(folder: int) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in itertools.islice(entries, MOST_ENTRIES):
            yield entry.name


@contextmanager
def _own_folder(root: int, station_name: str) -> Iterator[int]:
    with made(root, TOP) as top, made(top, station_name) as own:
        if os.fstat(own).st_dev != os.fstat(root).st_dev:
            raise OSError(errno.EXDEV, "another file system is mounted inside the stick")
        yield own
