"""Real runners (marker data seen by a virtual camera), as they ran and as they might run badly."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from station.coach import Coach
from station.cues import Plan
from station.faults import RULES
from station.types import Fault, Joint, Reading
from tests.lab.accuracy.projection import HELD, Filming, Trial, filmed, load

FILMING = Filming(fps=25.0, noise_mm=6.0)
SPOKEN = {rule.name for rule in RULES if rule.coaching}


def judged(trial: Trial) -> dict[str, Fault]:
    coach = Coach(FILMING.view, Plan.offline())
    coach.step(Reading(0, "speed_given_mps", trial.speed_mps))
    for pose in filmed(trial, FILMING):
        step = coach.step(pose)
    return {fault.rule: fault for fault in step.faults}


def swung_forward(trial: Trial, by_deg: float) -> Trial:
    """The same run with both legs turned forward about the hips: the thigh swings as far, but does
    not open behind.
    """
    c, s = np.cos(np.radians(by_deg)), np.sin(np.radians(by_deg))
    points = dict(trial.points)
    for side in (0, 1):
        hip = trial.points[Joint.LEFT_HIP + side]
        for joint in (Joint.LEFT_KNEE, Joint.LEFT_ANKLE, Joint.LEFT_HEEL, Joint.LEFT_FOOT_INDEX):
            leg = trial.points[joint + side] - hip
            turned = np.stack([c * leg[:, 0] - s * leg[:, 1], s * leg[:, 0] + c * leg[:, 1], leg[:, 2]], axis=1)
            points[joint + side] = hip + turned
    return replace(trial, points=points)


@pytest.mark.parametrize("runner", HELD)
def test_a_healthy_runner_is_left_alone(runner: str, shared: Path) -> None:
    on = {rule for rule, fault in judged(load(shared, runner, "35")).items() if fault.state == "on"}
    assert not on & SPOKEN


@pytest.mark.parametrize("runner", ["016", "024", "020"])
def test_the_same_runner_who_only_swings_the_thighs_forward_is_seen(runner: str, shared: Path) -> None:
    fault = judged(swung_forward(load(shared, runner, "35"), 10.0))["thigh_only_drive"]
    assert fault.value < fault.level
    assert fault.state == "on"
