"""Make the training ground's frames, and look at them."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import cv2
import numpy as np

from . import ranges
from .bodies import SPLITS
from .frames import KINDS, Ground
from .shards import render
from .views import hip_view, photographed

SHEET = 10


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.lab.ground", description=(__doc__ or "").strip())
    commands = parser.add_subparsers(dest="command", required=True)
    drawn = commands.add_parser("render", help="write shards of frames; those that are there already are kept")
    sheet = commands.add_parser("sheet", help="one picture with 100 frames as a network is given them")
    commands.add_parser("ranges", help="print what is varied, and how far")
    for command in (drawn, sheet):
        command.add_argument("kind", choices=KINDS)
        command.add_argument("split", choices=SPLITS)
        command.add_argument("--to", type=Path, required=True, help="folder of the shards; file of the sheet")
    drawn.add_argument("--shards", type=int, default=100, help="of 480 frames each (default 100)")
    drawn.add_argument("--first", type=int, default=0, help="number of the first shard (default 0)")
    drawn.add_argument("--steady", action="store_true", help="short films in place of single frames: for tests of a lock-in")
    drawn.add_argument("--per-person", type=int, default=24, help="frames of each person (default 24)")
    sheet.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    if given.command == "ranges":
        print(ranges.as_markdown())
    elif given.command == "sheet":
        cv2.imwrite(str(given.to), cv2.cvtColor(_sheet(given.kind, given.split, given.seed), cv2.COLOR_RGB2BGR))
    else:
        start = time.monotonic()
        for i, path in enumerate(render(given.kind, given.split, given.to, given.shards, first=given.first,
                                        steady=given.steady, per_person=given.per_person)):
            print(f"{path.name} {(time.monotonic() - start) / (i + 1):.1f} s a shard", flush=True)


def _sheet(kind: str, split: str, seed: int) -> np.ndarray:
    """Ten rows of ten frames, two frames of each person."""
    rng, out = np.random.default_rng(seed), []
    for group, _ in zip(Ground(kind, split, seed, per_person=2).groups(), range(SHEET * SHEET // 2), strict=False):
        truth = group.truth
        for i, tile in enumerate(group.tiles):
            out.append(hip_view(tile, truth["px"][i], float(truth["px_per_m"][i]), bool(truth["right"][i]), rng)
                       if kind == "hip" else photographed(tile, rng))
    return np.vstack([np.hstack(out[i : i + SHEET]) for i in range(0, len(out), SHEET)])


if __name__ == "__main__":
    main()
