"""What README says of `station demo`: the runner is told of the push she lacks, praised when it is
back, and told to run tall when she sits; whether or not the station is given her speed.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from station.coach import Coach
from station.config import Config
from station.run.clock import SystemClock
from station.run.demo import PLAN
from station.run.demo_clip import CLIP, STRETCHES, frame_order
from station.run.wiring import estimator_for, view_of
from station.sense.open import open_source
from station.sense.opened import frames
from station.types import NS, ErrorBand, Pose, Reading, View
from tests.lab.render.demo import demo_spec

FPS = 30


@pytest.fixture(scope="module")
def seen() -> Iterator[tuple[View, list[Pose], tuple[ErrorBand, ...]]]:
    """The clip through the station's own model."""
    config = Config()
    with open_source(CLIP, config, SystemClock()) as source:
        view, estimator = view_of(config, source), estimator_for(config, source.info)
        assert estimator is not None
        yield view, [estimator.estimate(frame) for frame in frames(source, 60.0)], estimator.model.errors
        estimator.close()


@pytest.mark.parametrize("speed_mps", [None, demo_spec().motion.parameter("speed_mps", np.zeros(1))[0]])
def test_the_demo_tells_what_it_promises(
    seen: tuple[View, list[Pose], tuple[ErrorBand, ...]], speed_mps: float | None
) -> None:
    view, poses, errors = seen
    coach = Coach(view, PLAN, errors)
    if speed_mps is not None:
        coach.step(Reading(0, "speed_given_mps", speed_mps))
    steps = (
        coach.step(Pose(round(i * NS / FPS), poses[frame].xy_px, poses[frame].score))
        for i, frame in enumerate(frame_order(STRETCHES))
    )
    said = [(cue.rule, cue.action) for step in steps for cue in step.cues if cue.rule not in ("", "session")]
    assert [(rule, action) for rule, action in said if action != "stop"] == [
        ("thigh_only_drive", "start"),
        ("thigh_only_drive", "praise"),
        ("sitting", "start"),
    ]
