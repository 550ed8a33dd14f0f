"""Frames on disk: shards of a few hundred tiles with their truth, written one after the other and
never half.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from .frames import Ground

PEOPLE_PER_SHARD = 20
JPEG_QUALITY = 94


@dataclass(frozen=True)
class Shard:
    """Frames as they lie on disk. `truth[name]` (N, ...); tiles are decoded when asked for."""

    jpegs: list[np.ndarray]
    truth: dict[str, np.ndarray]

    def tile(self, i: int) -> np.ndarray:
        """(S, S, 3) uint8 RGB."""
        return cv2.cvtColor(cv2.imdecode(self.jpegs[i], cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)

    def __len__(self) -> int:
        return len(self.jpegs)


def render(kind: str, split: str, folder: Path, shards: int, *, first: int = 0, steady: bool = False,
           per_person: int = 24) -> Iterator[Path]:
    """Write the shards `first` .. `first + shards - 1` that are not there yet, and name each as it
    is done.

    Shard i is the same wherever it is made: seeds come from its number.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(first, first + shards):
        path = folder / f"shard_{number:05d}.npz"
        if not path.exists():
            ground = Ground(kind, split, number, per_person, steady)
            people = [group for group, _ in zip(ground.groups(), range(PEOPLE_PER_SHARD), strict=False)]
            ground.release()
            _write(path, people)
        yield path


def load(path: Path) -> Shard:
    """One shard. Raises OSError or ValueError when it is not one."""
    with np.load(path) as data:
        stream, ends = data["jpeg_bytes"], data["jpeg_ends"]
        truth = {name: data[name] for name in data.files if not name.startswith("jpeg_")}
    return Shard(np.split(stream, ends[:-1]), truth)


def stored(folder: Path) -> list[Path]:
    """The shards of a folder, in order; more may come while a renderer works."""
    return sorted(folder.glob("shard_*.npz"))


def _write(path: Path, people: list) -> None:
    tiles = np.concatenate([group.tiles for group in people])
    truth = {name: np.concatenate([group.truth[name] for group in people]) for name in people[0].truth}
    truth["person"] = np.repeat(np.arange(len(people), dtype=np.int32), [len(group.tiles) for group in people])
    quality = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
    jpegs = [cv2.imencode(".jpg", cv2.cvtColor(tile, cv2.COLOR_RGB2BGR), quality)[1].ravel() for tile in tiles]
    part = path.with_suffix(".part")
    with part.open("wb") as out:
        np.savez(out, jpeg_bytes=np.concatenate(jpegs), jpeg_ends=np.cumsum([len(j) for j in jpegs]), **truth)
    os.replace(part, path)
