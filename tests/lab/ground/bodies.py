"""The bodies of the training ground: more than two hundred, each drawn from its name, so that
everybody has the same ones.
"""

from __future__ import annotations

import zlib
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from tests.lab.render.body import body_model, rest_of, skeleton_of
from tests.lab.render.skeleton import Skeleton

from . import ranges

if TYPE_CHECKING:
    import anny

SPLITS = {"train": 240, "test": 16}
"""How many bodies each split has; no body is in both."""
RUNNERS = {
    "train": ("rbds001", "rbds002", "rbds010", "rbds012", "rbds016", "rbds020"),
    "test": ("rbds024", "rbds03"),
}
"""Whose stride curves each split uses."""


_common: dict[str, np.ndarray] = {}
"""What is the same for all bodies is kept once."""


def body_names(split: str) -> list[str]:
    """The names of a split's bodies. Raises KeyError for another split."""
    return [f"{split}{i:03d}" for i in range(SPLITS[split])]


@cache
def body_of(name: str) -> tuple[dict[str, np.ndarray], Skeleton, dict[str, float]]:
    """Rest mesh, skeleton, and what else is drawn of a body (its row of `ranges.BODY` and
    `SHAPES`).
    """
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    drawn = {n: float(v) for n, v in ranges.drawn(ranges.BODY, rng).items()}
    if rng.random() < 0.75:
        drawn["gender"] = float(round(drawn["gender"]))
    shape = {n: float(v) for n, v in ranges.drawn(ranges.SHAPES, rng).items()}
    phenotype = {n: drawn[n] for n in ("gender", "age", "muscle", "weight", "height", "proportions")}
    rest = rest_of(_model(), phenotype, shape)
    _common.update({n: _common.get(n, rest[n]) for n in ("triangles", "weights", "bones")})
    rest |= _common
    return rest, skeleton_of(name, rest, drawn["hip_medial"]), drawn | shape


@cache
def _model() -> anny.Anny:
    return body_model(tuple(ranges.SHAPES))
