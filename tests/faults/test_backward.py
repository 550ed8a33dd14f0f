"""A runner who runs backward is not judged by the norms of running forward."""

from __future__ import annotations

from pathlib import Path

import pytest

from station.coach import Coach
from station.cues import Plan
from station.faults.window import BACKWARD, backward
from station.types import NAN, Pose
from tests.lab.accuracy.projection import Filming, filmed, load


@pytest.mark.parametrize("reversed_", [False, True])
def test_a_recording_played_backward_is_not_judged(shared: Path, reversed_: bool) -> None:
    filming = Filming()
    poses = filmed(load(shared, "016", "25"), filming)[:1500]
    if reversed_:
        poses = [Pose(now.t_ns, other.xy_px, other.score) for now, other in zip(poses, reversed(poses), strict=True)]
    coach = Coach(filming.view, Plan.offline())
    steps = [coach.step(pose) for pose in poses]
    reasons = {fault.reason for fault in steps[-1].faults}
    assert (reasons == {BACKWARD}) == reversed_


def test_a_few_strides_or_none_are_not_backward() -> None:
    assert not backward([])
    assert not backward([-50.0, NAN, NAN])
    assert not backward([50.0, -50.0, 55.0])
    assert backward([-50.0, -55.0, NAN, -52.0])
