"""Power cuts below the file system, a few; hundreds by `python -m tests.lab.faults.block_cut`."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lab.faults.logged_disk import Flush, Write, after_a_cut, why_not

ROOT = Path(__file__).resolve().parents[2]
POINTS = 6


def test_what_a_cut_leaves_is_what_was_flushed_and_any_of_the_rest() -> None:

    entries = [Write(0, 0, b"a" * 512), Write(1, 0, b"b" * 512), Flush(0), Write(0, 512, b"c" * 512), Write(0, 0, b"d" * 512)]
    chance = random.Random(1)
    left = list(after_a_cut(entries, 2, 1024, [(2, "none", chance), (2, "all", chance), (5, "none", chance)]))
    assert left[0] == [bytes(1024), bytes(1024)]
    assert left[1] == [b"a" * 512 + bytes(512), b"b" * 512 + bytes(512)]
    assert left[2] == [b"a" * 512 + bytes(512), bytes(1024)]
    some = {bytes(disks[0]) for disks in after_a_cut(entries, 2, 1024, [(5, "some", chance)] * 99)}
    assert some == {first * 512 + second * 512 for first in (b"a", b"d") for second in (b"\0", b"c")}


@pytest.mark.skipif(bool(why_not()), reason=why_not())
def test_blocks_that_never_reached_the_disks_break_no_promise() -> None:
    command = [sys.executable, "-m", "tests.lab.faults.block_cut", str(POINTS), "5", "2"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    seen = json.loads(done.stdout)
    assert seen["points"] == POINTS
    assert seen["finished"] + seen["recovered"] > 0
