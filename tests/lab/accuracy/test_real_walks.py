"""Landmarks of the real pose model: walks read WALKING, a rendered runner with known truth is
measured right.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import station.demo
from station.sense.poses import load_poses
from station.types import NS, Activity, Pose, View
from tests.analysed import analyse
from tests.lab.accuracy.real_walks import AZIMUTH_DEG, activities, against_capture, filmed, turning


@pytest.mark.parametrize("clip", ["sports2d_demo", "opencap_walk/walk_video", "opencap_walk/walk_ts_video"])
def test_walking_is_reported_and_running_never(shared: Path, clip: str) -> None:
    reported = activities(*filmed(shared / "data" / "video" / f"{clip}.mp4"))
    assert Activity.RUNNING not in reported
    assert reported[Activity.WALKING] > 0.25  # the short clips hold two steps; the first makes it known


@pytest.mark.parametrize("deg_s", [6.0, 12.0, 40.0])
def test_a_walk_in_a_slow_turn_is_no_run(shared: Path, deg_s: float) -> None:
    capture = shared / "data" / "video" / "opencap_walk" / "walk_sample_mocap.json"
    reported = activities(list(turning(capture, deg_s, -60.0, min(120.0 / deg_s, 12.0))), View(1280, 1000))
    assert Activity.RUNNING not in reported
    assert reported[Activity.WALKING] > 0.7


def test_knee_lifts_are_no_run() -> None:
    """The pose model exchanges the legs of this rendered person in every second frame of a lift."""
    found = load_poses(Path(__file__).parent / "drill_kept" / "p06.drill.npz")
    poses = [Pose(t, xy, s) for t, xy, s in zip(found.t_ns.tolist(), found.xy_px, found.score, strict=True)]
    assert Activity.RUNNING not in activities(poses, View(480, 640))


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


def test_the_demo_runner_is_measured_right() -> None:
    """Ten seconds of the clip that ships: rendered, so the truth is exact; landmarks by the model,
    so the errors are real.
    """
    demo = Path(station.demo.__path__[0])
    poses, view = filmed(demo / "demo_runner.webm", most=300)
    found = analyse(poses, view)
    with np.load(demo / "demo_runner.truth.npz") as truth:
        off = found.angles["thigh_near_deg"] - truth["thigh_right_deg"][: len(poses)]
        contacts_s = {side: truth[f"contact_{side}_s"] for side in ("left", "right")}
    assert found.last.near_side == "right"
    assert np.sqrt(np.nanmean(off[60:] ** 2)) < 5.5
    assert found.last.swaps_repaired <= 3, "the model exchanges no legs here"
    assert len(found.strides) >= 10
    near = [e for e in found.events if e.kind == "contact"]
    gaps_ms = [1000 * float(np.abs(contacts_s[e.side] - e.t_ns / NS).min()) for e in near]
    assert len(near) >= 20
    assert np.median(gaps_ms) < 15
