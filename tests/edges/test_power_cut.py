"""Power cuts during sessions and exports: see power_cut.py. A thousand take a few minutes, so here
is a short run.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KILLS = 25


def test_power_cuts_break_no_promise() -> None:
    # A process of its own: it forks, and the test process may have threads.
    done = subprocess.run(
        [sys.executable, "-m", "tests.edges.power_cut", str(KILLS), "7"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    seen = json.loads(done.stdout)
    assert seen["kills"] == KILLS
    assert seen["finished"] + seen["recovered"] > 0
