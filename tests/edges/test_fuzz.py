"""A short, seeded run of tests/lab/faults/fuzz.py: every parser refuses damaged and hostile files
in its own words.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.lab.faults.fuzz import PARSERS

ROOT = Path(__file__).resolve().parents[2]


def test_spoilt_files_are_ordinary_refusals() -> None:
    # A process of its own: it forks, and the test process may have threads.
    command = [sys.executable, "-m", "tests.lab.faults.fuzz", "400", "3"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert done.stdout.count(" 0 finds") == len(PARSERS)
