"""The same frames cut by true hips and by those that the station's pose model finds: what its
errors cost.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime

from station.pose.hip_crop import cut, hip_crop, px_per_m, trunk_px
from station.pose.model import PoseModel, Square
from station.types import Joint
from tests.lab.ground.frames import BODY_MARGIN
from tests.lab.ground.shards import Shard, load, stored
from tests.lab.ground.views import HIPS
from tests.lab.render.clip import LANDMARK_NAMES

from .pelvis_measure import COLUMNS, Readings

FOUND_HIPS = [Joint.LEFT_HIP, Joint.RIGHT_HIP]
FOUND_SHOULDERS = [Joint.LEFT_SHOULDER, Joint.RIGHT_SHOULDER]
SHOULDERS = [LANDMARK_NAMES.index(f"shoulder_{side}") for side in ("left", "right")]


def compare(model: Path, pose: PoseModel, folders: list[Path]) -> tuple[Readings, Readings, np.ndarray]:
    """Body frames that hold one whole person: read with true hips, read with found ones, and how
    far the found mid-hip lies off (N, 2), metres of the runner, x towards where they face."""
    session = onnxruntime.InferenceSession(model)
    told, off, rows = [], [], []
    for number, path in enumerate(path for folder in folders for path in stored(folder)):
        shard = load(path)
        truth = shard.truth | {"person": shard.truth["person"] + 1000 * number}
        for i in np.flatnonzero(~truth["nobody"] & ~truth["second_person"]).tolist():
            true, found = _places(shard, i, pose)
            mirrored = not truth["right"][i]
            told.append([_read(session, shard.tile(i), place, mirrored) for place in (true, found)])
            off.append((found[0] - true[0]) / true[1] * [-1 if mirrored else 1, 1])
            rows.append({name: truth[name][i] for name in (*COLUMNS, "body", "act", "person")})
    columns = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    values = np.array(told)
    with_true, with_found = (Readings(values[:, k, 0], np.exp(values[:, k, 1]), columns) for k in (0, 1))
    return with_true, with_found, np.array(off)


def _places(shard: Shard, i: int, pose: PoseModel) -> list[tuple[np.ndarray, float]]:
    """Mid-hip and scale, true and found."""
    px, tile = shard.truth["px"][i].astype(float), shard.tile(i)
    middle = px[HIPS].mean(axis=0)
    found = pose.measure(tile, Square(*middle.tolist(), len(tile) / BODY_MARGIN)).xy_px
    return [(hips.mean(axis=0), float(px_per_m(trunk_px(hips, shoulders)))) for hips, shoulders in (
        (px[HIPS], px[SHOULDERS]), (found[FOUND_HIPS], found[FOUND_SHOULDERS]))]


def _read(session: onnxruntime.InferenceSession, tile: np.ndarray, place: tuple[np.ndarray, float], mirrored: bool) -> np.ndarray:
    crop = cut(tile, hip_crop(*place, mirrored=mirrored))
    return session.run(None, {"image": crop[None].astype("f4") / 255})[0][0]
