from __future__ import annotations

import pytest

from station.pose.blazepose import BlazePose
from station.pose.store import models_dir


@pytest.fixture(scope="session")
def blazepose() -> BlazePose:
    return BlazePose(models_dir(), "pose_landmark_full", threads=1)
