"""What compression does to a film's measures.

python -m tests.lab.end_to_end compression FOLDER [--write]    --write: COMPRESSION.md

The own running of everybody at 30 frames a second, encoded again as H.264 at a lower quality, read
by the same pose model, and measured as the clip itself: how much the measures move. A film that is
handed to `station analyze` is compressed; what a camera gives the station is not, and the error
tables are made of what a camera gives.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from station.config import Config
from station.run.clock import SystemClock
from station.sense.open import open_source
from station.sense.opened import frames
from station.types import QUANTITIES
from tests.lab.render.clip import write_video

from .cells import label, signed, table
from .clips import CLIPS, Clip
from .errors import NOTHING, measured, strides_of
from .estimate import READ_S, estimated, poses_path
from .models import open_model
from .streams import Seen

FPS = 30.0
# H.264's constant quality: the usual one, a small file, a messenger's (chosen).
QUALITIES = (23, 30, 36)
PAGE = Path(__file__).with_name("COMPRESSION.md")
HEAD = """# What compression does to a film

`python -m tests.lab.end_to_end compression FOLDER --write`: the own running of {people} rendered people at 30 frames a second,
encoded again as H.264 and read by `{model}`. Each cell: how much a measure moves, mean ± SD over the people, against the same
frames as a camera gives them, of which the error tables are made.
"""


def page(folder: Path, model: str) -> Iterator[str]:
    """Markdown."""
    moved: dict[int, list[dict[str, float]]] = {crf: [] for crf in QUALITIES}
    bits: dict[int, list[float]] = {crf: [] for crf in QUALITIES}
    for clip, every in _clips(folder, model):
        plain = Seen.load(clip, poses_path(folder, model, clip.name, every), every)
        before = _values(plain)
        with open_source(folder / f"{clip.name}.mp4", Config(), SystemClock()) as source:
            images = [frame.image for frame in islice(frames(source, READ_S), 0, None, every)]
        for crf in QUALITIES:
            seen, spent = _compressed(images, plain, model, crf, folder)
            after = _values(seen)
            moved[crf].append({name: after[name] - before[name] for name in before if name in after})
            bits[crf].append(spent)
    yield HEAD.format(people=len(bits[QUALITIES[0]]), model=model)
    head = ("measure", *(f"crf {crf}, {np.mean(bits[crf]):.2f} bits a pixel" for crf in QUALITIES))
    names = [name for name in QUANTITIES if any(name in one for one in moved[QUALITIES[0]])]
    yield "\n".join(table(head, [(label(name), *(_cell(name, moved[crf]) for crf in QUALITIES)) for name in names]))


def _cell(name: str, moved: list[dict[str, float]]) -> str:
    values = [one[name] for one in moved if name in one]
    digits = max(QUANTITIES[name].decimals, 1)
    return f"{signed(float(np.mean(values)), digits)} ± {np.std(values):.{digits}f}" if values else "–"


def _clips(folder: Path, model: str) -> Iterator[tuple[Clip, int]]:
    for clip in CLIPS:
        if clip.row == "own" or (clip.group == "body" and not clip.tuned):
            every = round(clip.spec.sensor.fps / FPS)
            if poses_path(folder, model, clip.name, every).exists():
                yield clip, every


def _values(seen: Seen) -> dict[str, float]:
    return {name: m.value for name, m in measured(strides_of(seen), NOTHING).items() if m.measured and not math.isnan(m.value)}


def _compressed(images: list[NDArray[np.uint8]], plain: Seen, model: str, crf: int, folder: Path) -> tuple[Seen, float]:
    """What the model sees of the film at that quality, and its bits a pixel."""
    with TemporaryDirectory() as made:
        film = Path(made) / "film.mp4"
        write_video(film, images, FPS, crf=crf)
        estimator = open_model(model, folder)
        poses = estimated(film, estimator)
        estimator.close()
        pixels = len(images) * images[0].shape[0] * images[0].shape[1]
        return replace(plain, poses=poses), 8 * film.stat().st_size / pixels
