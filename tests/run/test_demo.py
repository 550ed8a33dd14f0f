"""What README says of `station demo`: the runner is told of the push she lacks, praised when it is
back, and told to run tall when she sits.
"""

from __future__ import annotations

from station.coach import Coach
from station.config import Config
from station.run.clock import SystemClock
from station.run.demo import PLAN
from station.run.demo_clip import CLIP, STRETCHES, frame_order
from station.run.wiring import estimator_for, view_of
from station.sense.open import open_source
from station.sense.opened import frames
from station.types import NS, Pose

FPS = 30


def test_the_demo_tells_what_it_promises() -> None:
    config = Config()
    with open_source(CLIP, config, SystemClock()) as source:
        view, estimator = view_of(config, source), estimator_for(config, source.info)
        assert estimator is not None
        poses = [estimator.estimate(frame) for frame in frames(source, 60.0)]
        coach = Coach(view, PLAN, estimator.model.errors)
        estimator.close()
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
