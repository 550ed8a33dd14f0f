"""A few held-out crops with their truth, small enough to lie with the product's tests."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from tests.lab.ground.shards import load, stored

from .pelvis import Shape
from .pelvis_data import sample_of
from .pelvis_report import JUDGES

KEPT = {"plain": 64, "coat": 24, "oblique": 16, "second person": 24, "coarse": 24, "nobody": 16}
COARSE_PX = 30
"""Pixels across a coarse crop before it is enlarged: of a runner some 60 pixels high."""


def write(folders: list[Path], out: Path, seed: int = 5) -> None:
    """`jpeg_bytes`, `jpeg_ends`; `turn_deg` (N,) against the line of sight; `what` (N,) one of
    `KEPT`.
    """
    rng, found = np.random.default_rng(seed), {name: [] for name in KEPT}
    for path in (path for folder in folders for path in stored(folder)):
        shard = load(path)
        for i in np.flatnonzero(np.isin(shard.truth["body"], JUDGES)).tolist():
            found[_what({name: v[i] for name, v in shard.truth.items()})].append((shard, i))
    found["coarse"] = found["plain"]
    jpegs, turns, whats = [], [], []
    for what, count in KEPT.items():
        for k in rng.permutation(len(found[what]))[:count]:
            sample = sample_of(*found[what][k], Shape(), None)
            bgr = cv2.cvtColor(sample.picture, cv2.COLOR_RGB2BGR)
            if what == "coarse":
                bgr = cv2.resize(cv2.resize(bgr, (COARSE_PX, COARSE_PX), interpolation=cv2.INTER_AREA), bgr.shape[:2])
            jpegs.append(cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].ravel())
            turns.append(sample.turn_deg)
            whats.append(what)
    np.savez(out, jpeg_bytes=np.concatenate(jpegs), jpeg_ends=np.cumsum([len(j) for j in jpegs]),
             turn_deg=np.array(turns, "f4"), what=np.array(whats))


def _what(truth: dict[str, np.ndarray]) -> str:
    """The first that is so."""
    kinds = {"nobody": truth["nobody"], "oblique": abs(truth["bearing_deg"]) > 45, "coat": truth["coat"],
             "second person": truth["second_person"]}  # fmt: skip
    return next((name for name, is_so in kinds.items() if is_so), "plain")
