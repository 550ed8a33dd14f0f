"""The lock that keeps two stations apart, and what a crash, a full or a read-only card leave of it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from station.config import Config, parse
from station.errors import UsageError
from station.run.single_instance import LOCK_NAME, only_one


def at(folder: Path) -> Config:
    return parse({"station": {"data_dir": str(folder)}})


HOLDER = """
import sys, time
from station.config import parse
from station.run.single_instance import only_one
with only_one(parse({"station": {"data_dir": sys.argv[1]}})):
    print("held", flush=True)
    sys.stdin.read()
"""


def holder(folder: Path) -> subprocess.Popen[str]:
    order = [sys.executable, "-c", HOLDER, str(folder)]
    process = subprocess.Popen(order, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_killed_station_leaves_the_folder_free_and_its_number_means_nothing(tmp_path: Path) -> None:
    process = holder(tmp_path)
    reported = rf"another station is running here \(process {process.pid}\).*kill {process.pid}"
    with pytest.raises(UsageError, match=reported), only_one(at(tmp_path)):
        pass
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert (tmp_path / LOCK_NAME).read_text() == f"{process.pid}\n"
    with only_one(at(tmp_path)):
        assert (tmp_path / LOCK_NAME).read_text() == f"{os.getpid()}\n"


def test_a_folder_is_made_and_two_folders_are_two_stations(tmp_path: Path) -> None:
    with only_one(at(tmp_path / "a" / "b")), only_one(at(tmp_path / "c")):
        assert (tmp_path / "a" / "b" / LOCK_NAME).exists()


def test_a_folder_that_cannot_be_used_does_not_keep_a_station_from_coaching(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with only_one(at(tmp_path / "file" / "data")):
        pass


@pytest.mark.parametrize("content", [b"", b"rubbish\xff", b"12\n34"])
def test_a_lock_without_a_readable_number_is_a_lock_all_the_same(tmp_path: Path, content: bytes) -> None:
    process = holder(tmp_path)
    (tmp_path / LOCK_NAME).write_bytes(content)
    with (
        pytest.raises(UsageError, match=r"another station is running here\. .*sudo systemctl stop station\)"),
        only_one(at(tmp_path)),
    ):
        pass
    process.communicate()
