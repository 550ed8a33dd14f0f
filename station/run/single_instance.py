"""One station at a time on one data folder, for camera, pins and database."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from station.config import Config
from station.errors import ConfigError, UsageError
from station.files import held_lock

LOCK_NAME = "running"  # in the data folder; holds the number of the process that runs


@contextmanager
def only_one(config: Config) -> Iterator[None]:
    """Holds the data folder's lock. A folder that cannot be used is not locked: coaching needs
    none.

    Raises UsageError naming the process that runs already.
    """
    try:
        path = config.station.data_folder / LOCK_NAME
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
        handle = held_lock(path)
    except BlockingIOError:
        raise _runs_already(path) from None
    except (OSError, ConfigError):
        yield
        return
    try:
        with suppress(OSError):  # read-only or full: then it holds without a number
            os.truncate(handle, 0)
            os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)


def _runs_already(path: Path) -> UsageError:
    number = ""
    with suppress(OSError):
        number = path.read_text(encoding="ascii", errors="replace").strip()
    who, kill = (f" (process {number})", f", or kill {number}") if number.isdigit() else ("", "")
    remedy = f"stop that one first (sudo systemctl stop station{kill}), or give this one its own station.data_dir"
    return UsageError(f"another station is running here{who}", str(path.parent), remedy)
