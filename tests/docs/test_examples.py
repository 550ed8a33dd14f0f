"""The examples of station/README.md run as they stand."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from station.faults import RULES
from station.run.demo_clip import CLIP, lengthen
from station.testing.synthetic import RunnerSpec, SyntheticRunner
from station.types import Gait, Own

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "station" / "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)


def names_of(example: str) -> dict[str, Any]:
    space: dict[str, Any] = {}
    exec(example, space)
    return space


def test_there_are_three() -> None:
    assert len(EXAMPLES) == 3


def test_landmarks_to_strides() -> None:
    runner = SyntheticRunner(RunnerSpec(speed_mps=3.0), seconds=12)
    poses = list(runner.poses())
    t_s = [pose.t_ns / 1e9 for pose in poses]
    view = runner.view
    found = names_of(EXAMPLES[0])["strides"](
        t_s, np.array([pose.xy_px for pose in poses]), np.array([pose.score for pose in poses]), view.width_px, view.height_px
    )
    assert len(found) > 8
    true = float(np.median(runner.truth.strides["cadence_spm"]))
    assert float(np.median(found["cadence_spm"])) == pytest.approx(true, abs=0.5)


def test_a_film_to_angles(tmp_path: Path) -> None:
    film = tmp_path / "run.webm"
    lengthen(CLIP, film, ((0, 150, 1),))
    t_s, angles = names_of(EXAMPLES[1])["angles"](film)
    assert len(t_s) == len(angles) == 150
    assert np.nanmax(angles["thigh_near_deg"]) > 15


def test_a_rule_of_ones_own() -> None:
    judge = names_of(EXAMPLES[2])["judge"]
    faults = judge.step(Gait(0), Own(), settled=True)
    assert [fault.rule for fault in faults] == [*(rule.name for rule in RULES), "my_cadence"]
