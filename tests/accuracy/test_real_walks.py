"""Real walks read WALKING, and the angles of a known oblique view lie near motion capture."""

from __future__ import annotations

from pathlib import Path

import pytest

from station.gait import analyse
from station.types import Activity, View
from tests.accuracy.real_walks import AZIMUTH_DEG, activities, against_capture, filmed


@pytest.mark.parametrize("clip", ["sports2d_demo", "opencap_walk/walk_video", "opencap_walk/walk_ts_video"])
def test_walking_is_told_and_running_never(shared: Path, clip: str) -> None:
    told = activities(*filmed(shared / "data" / "video" / f"{clip}.mp4"))
    assert Activity.RUNNING not in told
    assert told[Activity.WALKING] > 0.25  # the short clips hold two steps; the first makes it known


@pytest.mark.parametrize("name", ["walk", "walk_ts"])
def test_angles_beside_motion_capture(shared: Path, name: str) -> None:
    folder = shared / "data" / "video" / "opencap_walk"
    poses, view = filmed(folder / f"{name}_video.mp4")
    known, ignored = (analyse(poses, View(view.width_px, view.height_px, azimuth_deg=a)) for a in (AZIMUTH_DEG, 0.0))
    fits = {fit.segment: fit for fit in against_capture(known, folder / f"{name}_sample_mocap.json")}
    unknown = {fit.segment: fit for fit in against_capture(ignored, folder / f"{name}_sample_mocap.json")}
    assert fits["near thigh"].rmse_deg < 6.0
    assert all(fit.spread_deg < 9.0 for fit in fits.values())
    assert fits["near thigh"].spread_deg < unknown["near thigh"].spread_deg, "a known azimuth helps"
