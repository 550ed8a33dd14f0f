"""The direction: found from the frame, then held."""

from __future__ import annotations

import numpy as np
import pytest

from station.gait import GaitCore
from station.testing.synthetic import SyntheticRunner
from station.testing.synthetic_body import Filming
from station.testing.synthetic_motion import RunnerSpec
from station.types import NS, Joint, Pose, View
from tests.gait.conftest import film, noisy

UPPER = [j for j in Joint if j < Joint.LEFT_HIP]


@pytest.mark.parametrize("direction", ["left", "right"])
@pytest.mark.parametrize("doing", ["running", "walking", "standing"])
def test_found_within_a_second(direction: str, doing: str) -> None:
    reported = film((4.0, RunnerSpec(doing, flaws=noisy())), direction=direction)  # type: ignore[arg-type]
    late = [g for g in reported.gaits if g.t_ns > NS]
    assert {g.direction for g in late} == {direction}
    assert {g.near_side for g in late} == {direction}


def test_found_without_head_and_shoulders() -> None:
    runner = SyntheticRunner(RunnerSpec(flaws=noisy()), seconds=2.0)
    core = GaitCore()
    for pose in runner.poses():
        xy, score = pose.xy_px.copy(), pose.score.copy()
        xy[UPPER], score[UPPER] = np.nan, 0.0
        gait = core.step(Pose(pose.t_ns, xy, score))
    assert gait.direction == runner.filming.direction


def test_given_direction_is_not_doubted() -> None:
    runner = SyntheticRunner(RunnerSpec(), seconds=4.0)
    other = "left" if runner.filming.direction == "right" else "right"
    core = GaitCore(View(direction=other))
    assert {core.step(pose).direction for pose in runner.poses()} == {other}


def test_held_against_a_glance_and_given_up_when_it_is_plainly_wrong() -> None:
    right, left = (
        list(SyntheticRunner(RunnerSpec(), seconds=6.0, filming=Filming(direction=d)).poses()) for d in ("right", "left")
    )
    core = GaitCore()
    for pose in right:
        core.step(pose)
    later_ns = right[-1].t_ns + NS // 60
    sides = [core.step(Pose(pose.t_ns + later_ns, pose.xy_px, pose.score)).direction for pose in left]
    assert sides[:60] == ["right"] * 60  # a second of it changes nothing
    assert sides[-1] == "left"


def test_nobody_faces_nowhere() -> None:
    core = GaitCore()
    gait = core.step(Pose.nobody(0))
    assert gait.direction is None
    assert gait.angles is None
