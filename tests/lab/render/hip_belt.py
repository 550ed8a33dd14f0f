"""A belt of square fiducial tags round the hips: its shape on a body, the tags on it, and where a
camera sees them.

The belt is a vertical cylinder over the convex outline of body, shorts and shirt, rigid to the
pelvis. Everything here is in the pelvis' own axes (origin mid-hip, x forward, y up, z to the right,
as the body stands at rest) unless it says world. Needs only NumPy; `hip_belt_mesh.py` makes the
triangles.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np

OUTLINES = Path(__file__).with_name("hip_outlines.json")
MARGIN_M = 0.005
"""White round the black square of a tag."""
STRIP_M = 0.060
"""Height of the belt."""
CLOTH_GAP_M = 0.004
"""Between clothes and belt."""

PATCH_M = 0.001
"""Thickness of a patch on the strip."""

Covered = Literal["none", "rear half", "front half", "upper half"]


@dataclass(frozen=True)
class HipBelt:
    """How a belt of DICT_4X4_50 tags is made and how it is worn.

    Ids rise from `first_id` to the right as one looks at the belt from outside, from the buckle in
    front round the left side, the back and the right side. As many tags as the outline holds, 16 at
    most.
    """

    first_id: int = 0
    tag_m: float = 0.050
    """Side of the black square."""
    pitch_m: float = 0.065
    height_above_hip_m: float = 0.075
    print_scale: float = 1.0
    """A sheet printed at the wrong size: tags and pitch alike."""
    curved: bool = False
    """Tags follow the body; otherwise each sits on a flat, stiff patch."""
    mount_sd_m: float = 0.0005
    """How far a patch is off its place, along and across the strip."""
    tilt_deg: float = 0.0
    """Put on with the front higher."""
    off_centre_deg: float = 0.0
    """Put on with the buckle this far towards the left hip."""
    slip_deg: float = 0.0
    """The belt turns on the pelvis at stride frequency, the near side forward with the near thigh.
    """
    covered: Covered = "none"
    """What clothes lie over."""
    upside_down: bool = False
    folded: tuple[int, ...] = ()
    """Ids of tags of which the upper half is folded away."""
    damaged: tuple[int, ...] = ()
    """Ids of tags with a dirty corner."""


@dataclass(frozen=True)
class Poster:
    """Tags on a board that stands in the gym, its front towards the camera."""

    ids: tuple[int, ...]
    tag_m: float = 0.08
    middle_m: tuple[float, float, float] = (-0.45, 0.95, -0.9)


def outlined() -> tuple[str, ...]:
    """The bodies on which a belt can be worn."""
    return tuple(_table())


def outline_m(body: str) -> np.ndarray:
    """(K, 2) forward and right, evenly spaced, from the front round the left side: what a belt on
    that body lies on.

    `body` is a name of `skeletons()` or an ellipse as "P/R": perimeter in metres, width over depth.
    """
    if "/" not in body:
        return _table()[body]
    perimeter_m, ratio = (float(part) for part in body.split("/"))
    angle = np.linspace(0, 2 * np.pi, 721)
    ring = np.stack([np.cos(angle), -ratio * np.sin(angle)], axis=1)
    return evenly(ring[:-1] * perimeter_m / length_m(ring))


@cache
def _table() -> dict[str, np.ndarray]:
    return {name: np.array(points) for name, points in json.loads(OUTLINES.read_text()).items()}


def evenly(ring: np.ndarray, count: int = 96) -> np.ndarray:
    """A closed line (K, 2) resampled to `count` places of equal distance along it, the first one
    kept.
    """
    closed = np.vstack([ring, ring[:1]])
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(closed, axis=0), axis=1))])
    places = np.arange(count) / count * along[-1]
    return np.stack([np.interp(places, along, closed[:, i]) for i in range(2)], axis=1)


def length_m(ring: np.ndarray) -> float:
    """Length of a closed line (K, 2)."""
    return float(np.linalg.norm(np.diff(np.vstack([ring, ring[:1]]), axis=0), axis=1).sum())


def on_ring(ring: np.ndarray, along_m: np.ndarray) -> np.ndarray:
    """Points (..., 2) at a distance along the closed line from its first point."""
    place = np.asarray(along_m) / length_m(ring) * len(ring)
    return np.stack([np.interp(place, np.arange(len(ring)), ring[:, i], period=len(ring)) for i in range(2)], axis=-1)


def tag_ids(belt: HipBelt, ring: np.ndarray) -> np.ndarray:
    """(N,) ids of the tags that fit."""
    return belt.first_id + np.arange(min(16, int(length_m(ring) / (belt.pitch_m * belt.print_scale))))


def tag_corners_m(belt: HipBelt, ring: np.ndarray, margin_m: float = 0.0) -> np.ndarray:
    """(N, 4, 3) corners of the tags in the pelvis' axes: each tag's own top left, top right, bottom
    right, bottom left.

    `margin_m` grows every square: the printed patch is MARGIN_M larger all round.
    """
    return worn(belt, laid_m(belt, ring, margin_m))


def laid_m(belt: HipBelt, ring: np.ndarray, margin_m: float = 0.0) -> np.ndarray:
    """As `tag_corners_m` on a belt round the origin, before it is put on."""
    n = len(tag_ids(belt, ring))
    half = belt.tag_m * belt.print_scale / 2 + margin_m
    along = length_m(ring) / 2 + (np.arange(n) - (n - 1) / 2) * belt.pitch_m * belt.print_scale
    along += belt.off_centre_deg / 360 * length_m(ring)
    off = belt.mount_sd_m * np.random.default_rng(belt.first_id).standard_normal((n, 2))
    along += off[:, 0]
    left, right = on_ring(ring, along - half), on_ring(ring, along + half)
    if not belt.curved:
        left, right = _flat(ring, along, half)
    out = np.empty((n, 4, 3))
    for corner, (side, up) in enumerate(((left, half), (right, half), (right, -half), (left, -half))):
        out[:, corner, 0], out[:, corner, 2] = side[:, 0], side[:, 1]
        out[:, corner, 1] = up + off[:, 1]
    outwards = np.cross(out[:, 1] - out[:, 0], out[:, 0] - out[:, 3])
    return out + PATCH_M * (outwards / np.linalg.norm(outwards, axis=1, keepdims=True))[:, None]


def _flat(ring: np.ndarray, along: np.ndarray, half: float) -> tuple[np.ndarray, np.ndarray]:
    """Ends (N, 2) of stiff patches: along the chord, pushed out until they clear the body."""
    reach = half + MARGIN_M
    chord = on_ring(ring, along + reach) - on_ring(ring, along - reach)
    chord /= np.linalg.norm(chord, axis=1, keepdims=True)
    outwards = np.stack([-chord[:, 1], chord[:, 0]], axis=1)
    under = on_ring(ring, along[:, None] + np.linspace(-reach, reach, 13))
    middle = on_ring(ring, along)
    middle = middle + ((under - middle[:, None]) @ outwards[:, :, None]).max(axis=1) * outwards
    return middle - half * chord, middle + half * chord


def worn(belt: HipBelt, points: np.ndarray) -> np.ndarray:
    """Points (..., 3) of a belt round the origin -> the pelvis' axes: turned over, tilted, lifted
    to its height.
    """
    out = points * np.array([1.0, -1.0, -1.0]) if belt.upside_down else points
    a = np.radians(belt.tilt_deg)
    pitch = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    return out @ pitch.T + np.array([0.0, belt.height_above_hip_m, 0.0])


def is_covered(belt: HipBelt, corners_m: np.ndarray) -> np.ndarray:
    """(N,) whether clothes lie over any of a tag, and whether it is folded: then nothing can read
    it.
    """
    x, y = corners_m[..., 0].min(axis=-1), corners_m[..., 1].max(axis=-1)
    hidden = {
        "none": np.zeros(len(x), bool),
        "rear half": x < 0.02,
        "front half": corners_m[..., 0].max(axis=-1) > 0.02,
        "upper half": y > belt.height_above_hip_m,
    }[belt.covered]
    ids = belt.first_id + np.arange(len(x))
    return hidden | np.isin(ids, belt.folded)
