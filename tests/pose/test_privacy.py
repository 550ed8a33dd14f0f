"""The inference library reports to its maker unless it is told not to before it is imported."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def test_using_the_pose_model_leaves_no_device_id(tmp_path: Path) -> None:
    home = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"} | {"HOME": str(tmp_path)}
    home.pop("XDG_CACHE_HOME", None)
    script = (
        "from station.config import PoseSection; from station.pose.estimator import open_estimator;"
        "open_estimator(PoseSection()).close()"
    )
    subprocess.run([sys.executable, "-c", script], env=home, check=True, cwd=Path(__file__).resolve().parents[2])
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
