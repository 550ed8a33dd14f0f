from __future__ import annotations

import numpy as np
import pytest

from station.types import ANGLES, JOINTS, STRIDE, Measure, Pose


def test_nobody_is_all_unknown() -> None:
    pose = Pose.nobody(5)
    assert np.isnan(pose.xy_px).all()
    assert not pose.seen


def test_a_pose_cannot_be_changed_and_leaves_its_source_alone() -> None:
    xy = np.zeros((JOINTS, 2), np.float32)
    pose = Pose(0, xy, np.ones(JOINTS, np.float32))
    with pytest.raises(ValueError, match="read-only"):
        pose.xy_px[0] = 1
    xy[0] = 1  # the caller's own array stays writable, and the pose as it was
    assert not pose.xy_px.any()


@pytest.mark.parametrize("shape", [(JOINTS, 3), (17, 2), (JOINTS,)])
def test_other_shapes_are_refused_and_both_are_named(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="expected"):
        Pose(0, np.zeros(shape, np.float32), np.zeros(JOINTS, np.float32))


@pytest.mark.parametrize("kind", [ANGLES, STRIDE])
def test_every_column_carries_its_unit(kind: np.dtype) -> None:
    units = ("_deg", "_s", "_ms", "_cm", "_m", "_mps", "_spm", "_pct", "_fraction")
    plain = {"tle_share_near", "swaps_repaired", "running"}  # numbers without a unit
    assert all(name.endswith(units) or name in plain for name in kind.names or ())


def test_a_measure_is_either_measured_or_has_a_reason() -> None:
    assert Measure(1.0, 0.5, 1.5, 10).measured
    unknown = Measure.cannot_tell("no strides yet")
    assert not unknown.measured
    assert np.isnan(unknown.value)
