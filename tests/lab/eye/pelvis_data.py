"""Batches for the pelvis network: random frames of all shards that are there, cut and photographed
anew each time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch.utils.data import DataLoader, IterableDataset

from station.pose.hip_crop import cut, hip_crop
from tests.lab.ground.shards import Shard, load, stored
from tests.lab.ground.views import HIPS, drawn_cut, draws, photographed
from tests.lab.render.clip import LANDMARK_NAMES

from .pelvis import AUX_SCALE, Shape

SCAN_EVERY = 5_000
"""Frames after which a loader looks for new shards: a renderer may be at work meanwhile."""


@dataclass(frozen=True)
class Sample:
    """One frame as the network is given it."""

    picture: np.ndarray
    """(S, S, 3) uint8 RGB, facing right."""
    turn_deg: float
    aux: np.ndarray
    """(aux,) in units of `AUX_SCALE`."""
    thighs: np.ndarray
    """(4,) sine and cosine of the near and the far thigh, as landmarks might have them."""


def sample_of(shard: Shard, i: int, shape: Shape, rng: np.random.Generator | None,
              drawn: tuple[dict[str, float], dict[str, float]] | None = None) -> Sample:
    """Frame i; with `rng` cut and photographed with errors (`drawn`: a row of `views.draws`),
    without as perfect landmarks and a perfect camera have it."""
    truth = shard.truth
    px, scale, right = truth["px"][i].astype(float), float(truth["px_per_m"][i]), bool(truth["right"][i])
    if rng is None:
        matrix = hip_crop(px[HIPS].mean(axis=0), scale, mirrored=not right, size_px=shape.size_px, width_m=shape.width_m)
    else:
        optics, wrong = drawn or next(draws(rng, 1))
        matrix = drawn_cut(px, scale, right, rng, shape.size_px, shape.width_m, wrong)
    picture = cut(shard.tile(i), matrix, shape.size_px)
    if rng is not None:
        picture = photographed(picture, rng, optics)
    at = (px @ matrix[:2, :2].T + matrix[:2, 2] - shape.size_px / 2) * 112 / shape.size_px
    sides = ("right", "left") if right else ("left", "right")
    hips = np.concatenate([at[LANDMARK_NAMES.index(f"hip_{side}")] for side in sides])
    names = list(AUX_SCALE)[:5]
    aux = np.concatenate([[truth[name][i] for name in names], hips]) / list(AUX_SCALE.values())
    thighs = np.radians([truth["thigh_near_deg"][i], truth["thigh_far_deg"][i]])
    if rng is not None:
        thighs = thighs + np.radians(rng.normal(0, 5, 2))
    return Sample(picture, float(truth["apparent_turn_deg"][i]), aux.astype("f4"),
                  np.concatenate([np.sin(thighs), np.cos(thighs)]).astype("f4"))


class Stream(IterableDataset):
    """Random frames of hip or body shards without end. Every worker holds its own share of them in
    memory, as JPEG.
    """

    def __init__(self, folders: list[Path], shape: Shape, seed: int) -> None:
        self._folders, self._shape, self._seed = folders, shape, seed

    def __iter__(self) -> Iterator[tuple]:
        info = torch.utils.data.get_worker_info()
        worker, workers = (info.id, info.num_workers) if info else (0, 1)
        cv2.setNumThreads(1)
        rng = np.random.default_rng([self._seed, worker])
        held: dict[Path, Shard] = {}
        while True:
            there = [path for folder in self._folders for path in stored(folder)]
            for path in there[worker::workers] or there:
                if path not in held:
                    held[path] = load(path)
            if not held:
                raise FileNotFoundError(f"no shards in {self._folders}: render some first (tests/lab/ground/README.md)")
            shards = list(held.values())
            ends = np.cumsum([len(s) for s in shards])
            for at, drawn in zip(rng.integers(ends[-1], size=SCAN_EVERY).tolist(), draws(rng, SCAN_EVERY), strict=True):
                k = int(np.searchsorted(ends, at, side="right"))
                sample = sample_of(shards[k], int(at - ends[k] + len(shards[k])), self._shape, rng, drawn)
                yield sample.picture, np.float32(sample.turn_deg), sample.aux, sample.thighs


def batches(folders: list[Path], shape: Shape, seed: int, size: int, workers: int) -> DataLoader:
    """Without end: pictures (N, S, S, 3) uint8, turn (N,), aux (N, aux), thighs (N, 4)."""
    return DataLoader(Stream(folders, shape, seed), batch_size=size, num_workers=workers,
                      prefetch_factor=4 if workers else None)
