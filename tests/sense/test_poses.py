"""Poses files: what is written comes back, at its pace."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from station.errors import StoreError
from station.ports import EndOfSource
from station.sense.poses import Poses, PosesSource, load_poses, save_poses
from station.testing.synthetic import SyntheticRunner
from station.testing.synthetic_motion import RunnerSpec
from station.types import JOINTS, NAN, NS, Joint, Pose
from tests.manual_clock import ManualClock


@pytest.fixture(scope="module")
def runner() -> SyntheticRunner:
    return SyntheticRunner([(1, RunnerSpec("absent")), (1, RunnerSpec())])


def of_runner(runner: SyntheticRunner, **more: object) -> Poses:
    filming = runner.filming
    return Poses(runner.t_ns, runner.xy_px, runner.score, filming.width_px, filming.height_px, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("optional", [{}, {"px_per_m": 450.0, "direction": "left"}, {"px_per_m": 123.5}])
def test_what_is_written_comes_back(tmp_path: Path, runner: SyntheticRunner, optional: dict) -> None:
    path = tmp_path / "a.npz"
    poses = of_runner(runner, **optional)
    save_poses(path, poses)
    back = load_poses(path)
    np.testing.assert_array_equal(back.t_ns, poses.t_ns)
    np.testing.assert_array_equal(back.xy_px, poses.xy_px)
    np.testing.assert_array_equal(back.score, poses.score)
    assert (back.width_px, back.height_px, back.direction) == (poses.width_px, poses.height_px, poses.direction)
    assert back.px_per_m == pytest.approx(poses.px_per_m, nan_ok=True)
    assert back.fps == pytest.approx(50)
    assert [p.name for p in tmp_path.iterdir()] == ["a.npz"]


def test_the_source_plays_what_the_file_holds(tmp_path: Path, runner: SyntheticRunner) -> None:
    save_poses(tmp_path / "a.npz", of_runner(runner, direction="right", px_per_m=450.0))
    source = PosesSource(tmp_path / "a.npz")
    with source:
        assert (source.direction, source.px_per_m) == ("right", 450.0)
        info = source.info
        assert (info.kind, info.frames, info.width_px, info.height_px) == ("poses", 100, 720, 1280)
        poses = [source.read(1.0) for _ in range(100)]
        with pytest.raises(EndOfSource):
            source.read(1.0)
    assert all(isinstance(pose, Pose) for pose in poses)
    assert [pose.t_ns for pose in poses if pose] == runner.t_ns.tolist()
    assert not poses[0].seen  # type: ignore[union-attr]
    assert poses[-1].seen  # type: ignore[union-attr]


def test_without_scale_and_direction_they_are_none(tmp_path: Path, runner: SyntheticRunner) -> None:
    save_poses(tmp_path / "a.npz", of_runner(runner))
    with PosesSource(tmp_path / "a.npz") as source:
        assert (source.direction, source.px_per_m) == (None, None)


def test_in_real_time_poses_are_stamped_on_the_clock(tmp_path: Path, runner: SyntheticRunner) -> None:
    save_poses(tmp_path / "a.npz", of_runner(runner))
    clock = ManualClock(3 * NS)
    with PosesSource(tmp_path / "a.npz", clock, realtime=True) as source:
        assert source.read(1.0).t_ns == 3 * NS  # type: ignore[union-attr]
        assert source.read(0.005) is None
        assert source.read(1.0).t_ns == 3 * NS + 20_000_000  # type: ignore[union-attr]
        assert clock.now_ns() == 3 * NS + 20_000_000


def test_a_loop_never_ends_and_never_goes_back(tmp_path: Path, runner: SyntheticRunner) -> None:
    save_poses(tmp_path / "a.npz", of_runner(runner))
    with PosesSource(tmp_path / "a.npz", loop=True) as source:
        times = [source.read(1.0).t_ns for _ in range(250)]  # type: ignore[union-attr]
    assert np.diff(times).tolist() == [20_000_000] * 249


def test_times_of_day_count_from_the_first(tmp_path: Path) -> None:
    write(tmp_path / "a.npz", t_s=1.7e9 + np.arange(4) / 4)
    assert load_poses(tmp_path / "a.npz").t_ns.tolist() == [0, 250_000_000, 500_000_000, 750_000_000]


def test_legs_alone_are_enough(tmp_path: Path) -> None:
    xy_px, score = np.full((4, JOINTS, 2), NAN), np.zeros((4, JOINTS))
    legs = list(range(Joint.LEFT_HIP, JOINTS))
    xy_px[:, legs], score[:, legs] = 100.0, 0.9
    write(tmp_path / "a.npz", xy_px=xy_px, score=score)
    poses = load_poses(tmp_path / "a.npz")
    assert np.isnan(poses.xy_px[:, Joint.NOSE]).all()
    assert (poses.xy_px[:, legs] == 100).all()


def test_half_a_landmark_and_one_without_score_are_not_seen(tmp_path: Path) -> None:
    xy_px, score = np.full((4, JOINTS, 2), 5.0), np.ones((4, JOINTS))
    xy_px[0, 3, 1] = NAN
    score[1, 7] = 0
    write(tmp_path / "a.npz", xy_px=xy_px, score=score)
    poses = load_poses(tmp_path / "a.npz")
    assert np.isnan(poses.xy_px[[0, 1], [3, 7]]).all()
    assert poses.score[[0, 1], [3, 7]].tolist() == [0, 0]
    assert np.isnan(poses.xy_px).sum() == 4


def test_one_pose_is_a_file(tmp_path: Path) -> None:
    write(tmp_path / "a.npz", t_s=[3.0], xy_px=np.zeros((1, JOINTS, 2)), score=np.ones((1, JOINTS)))
    with PosesSource(tmp_path / "a.npz") as source:
        assert np.isnan(source.info.fps)
        assert source.read(1.0).t_ns == 0  # type: ignore[union-attr]


def test_unknown_arrays_are_left_alone(tmp_path: Path) -> None:
    write(tmp_path / "a.npz", made_by="somebody", extra=np.eye(3))
    assert len(load_poses(tmp_path / "a.npz").t_ns) == 4


def test_a_folder_that_is_not_there_is_reported(tmp_path: Path, runner: SyntheticRunner) -> None:
    with pytest.raises(StoreError, match="cannot be written"):
        save_poses(tmp_path / "none" / "a.npz", of_runner(runner))


def test_it_must_be_open(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="not open"):
        PosesSource(tmp_path / "a.npz").read(1.0)


def write(path: Path, **changed: object) -> None:
    arrays: dict = {
        "t_s": np.arange(4) / 30,
        "xy_px": np.zeros((4, JOINTS, 2), np.float32),
        "score": np.ones((4, JOINTS), np.float32),
        "width_px": 640,
        "height_px": 480,
        "skeleton": "blazepose33",
    }
    np.savez(path, **(arrays | changed))
