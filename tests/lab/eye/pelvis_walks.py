"""The pelvis model on the only real people whose pelvis is known: two walks with motion capture.

    python -m tests.lab.eye.pelvis_walks

OpenCap's sample walks in ../shared/data/video (Apache-2.0) come towards the camera, about 45
degrees from the front: at the edge of what the model was trained for. The station leaves out the
frames whose spread is beyond its limit.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from station.config import PoseSection
from station.gait.pelvis.pixels import WIDEST_SPREAD_DEG
from station.pose.estimator import open_estimator
from station.pose.pelvis_model import NAME, PelvisModel
from station.pose.store import models_dir, read_card
from station.sense.opened import frames
from station.sense.video import VideoSource
from tests.lab.accuracy.norms import SHARED

WALKS = ("walk", "walk_ts")


def true_deg(capture: Path) -> NDArray[np.float64]:
    """(T,) turn of the line through the hip joints about the vertical, from an arbitrary zero."""
    bodies = json.loads(capture.read_text(encoding="utf-8"))["bodies"]
    left, right = (np.array(bodies[f"femur_{side}"]["translation"]) for side in "lr")
    across = right - left
    return np.degrees(np.unwrap(np.arctan2(across[:, 2], across[:, 0])))


def read(film: Path) -> NDArray[np.float64]:
    """(N, 2) turn and spread, deg, of the frames in which anything is read."""
    model, estimator = PelvisModel(read_card(models_dir() / f"{NAME}.md")), open_estimator(PoseSection())
    with VideoSource(film) as source:
        seen = [model.find(frame, estimator.estimate(frame)) for frame in frames(source, 1.0)]
    estimator.close()
    return np.array([(turn.turn_deg, turn.spread_deg) for turn in seen if turn is not None])


def lines(shared: Path = SHARED) -> Iterator[str]:
    yield "| walk | range of the true turn, deg | of what is read | spread, median | frames read | beyond the limit |"
    yield "|---|---|---|---|---|---|"
    folder = shared / "data" / "video" / "opencap_walk"
    for name in WALKS:
        turn_deg, spread_deg = read(folder / f"{name}_video.mp4").T
        true = np.ptp(true_deg(folder / f"{name}_sample_mocap.json"))
        beyond = 100 * float((spread_deg > WIDEST_SPREAD_DEG).mean())
        yield (f"| {name} | {true:.1f} | {np.ptp(turn_deg):.0f} | {np.median(spread_deg):.1f} "
               f"| {len(turn_deg)} | {beyond:.0f} % |")  # fmt: skip


if __name__ == "__main__":
    print("\n".join(lines()))
