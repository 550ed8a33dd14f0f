"""The single trials behind the figures: recorded runners filmed from many sides, one line each,
kept in trials.json.

python -m tests.lab.evidence.trials        some minutes; needs ../shared/data/rbds
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from station.types import View
from tests.lab.accuracy import suite
from tests.lab.accuracy.norms import SHARED
from tests.lab.accuracy.projection import HELD, Filming, Trial
from tests.lab.accuracy.scores import Scores

KEPT = Path(__file__).with_name("trials.json")
AZIMUTHS_DEG = (-45, -30, -20, -10, 0, 10, 20, 30, 45, 60)
DRAGS = (0.02, 0.05, 0.1)


@dataclass(frozen=True)
class Untold(Filming):
    """The same, but the station believes that the camera stands square to the belt."""

    @property
    def view(self) -> View:
        return replace(super().view, azimuth_deg=0.0)


def lines() -> list[dict[str, Any]]:
    """One per trial."""
    made = []
    for azimuth_deg in AZIMUTHS_DEG:
        made += _run("azimuth", Filming(azimuth_deg=azimuth_deg))
        made += _run("azimuth not told", Untold(azimuth_deg=azimuth_deg))
    made += _run("locked", suite.again(Filming()), suite.LOCKED)
    for drag in DRAGS:
        made += _run("drag", Filming(drag=drag))
    return made


def _run(kind: str, filming: Filming, yaw_scale: float = 1.0) -> list[dict[str, Any]]:
    found = [_line(kind, filming, trial, scores) for trial, scores in suite.run(SHARED, HELD, filming, yaw_scale)]
    print(f"{kind}, {filming.azimuth_deg:g} deg, drag {filming.drag:g}: {len(found)} trials", flush=True)
    return found


def _line(kind: str, filming: Filming, trial: Trial, found: Scores) -> dict[str, Any]:
    turn = found.turn
    return {
        "kind": kind,
        "azimuth_deg": filming.azimuth_deg,
        "drag": filming.drag,
        "trial": trial.name,
        "thigh_rmse_deg": round(found.thigh_rmse_deg, 3),
        "tle_off_deg": round(found.tle_deg, 3),
        "cadence_off_spm": round(found.cadence_spm, 3),
        "speed_off_pct": round(found.speed_pct, 3) if np.isfinite(found.speed_pct) else None,
        "true_turn_deg": round(abs(found.true_turn), 3),
        "turn_deg": [round(value, 3) for value in (turn.value, turn.low, turn.high)] if turn.measured else None,
        # What the hip points alone would say.
        "landmarks_turn_deg": round(abs(complex(np.nanmean(found.raw_turn))), 3),
    }


if __name__ == "__main__":
    KEPT.write_text("[\n" + ",\n".join(json.dumps(line) for line in lines()) + "\n]\n", encoding="utf-8")
