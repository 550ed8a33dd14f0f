"""Pictures to crops: what the landmark network is shown, drawn anew each time."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from station.pose.runner import CENTRE_DOWN, HEIGHT_PX, ROWS, SIDE_PX, SQUARE_TRUNKS, WIDTH_PX
from station.types import Joint

from .landmarks_loss import EXACT, LEG_WEIGHT, OUTSIDE, ROUGH, UNKNOWN

NAMES = tuple(joint.name for joint in ROWS)
INDEX = {name: i for i, name in enumerate(NAMES)}
MIRRORED = [INDEX[n.replace("LEFT", "?").replace("RIGHT", "LEFT").replace("?", "RIGHT")] for n in NAMES]
LEGS = ("HIP", "KNEE", "ANKLE", "HEEL", "FOOT_INDEX", "SHOULDER")
WEIGHT = torch.tensor([LEG_WEIGHT if any(part in name for part in LEGS) else 1.0 for name in NAMES])
SIZE = np.array([WIDTH_PX, HEIGHT_PX])

SCALE_SD, SCALE_WIDE, WIDE_SHARE = 0.06, (0.6, 1.35), 0.15
"""How a square differs from the one that the true joints would give: mostly a little, sometimes as
after the detector.
"""
OFFSET_SD, OFFSET_WIDE = 0.03, 0.12
ROLL_SD_DEG = 2.5


@dataclass(frozen=True)
class Crops:
    """pictures (N, HEIGHT_PX, WIDTH_PX, 3) uint8; xy_px (N, K, 2); known (N, K), see
    landmarks_loss; there (N,) float32.
    """

    pictures: NDArray[np.uint8]
    xy_px: torch.Tensor
    known: torch.Tensor
    there: torch.Tensor


def square_of(xy_px: NDArray) -> tuple[NDArray, float]:
    """Centre and side of the square that `station.pose.runner` would cut next around these joints
    (K, 2).
    """
    shoulders, hips = (xy_px[[INDEX[f"LEFT_{p}"], INDEX[f"RIGHT_{p}"]]].mean(axis=0) for p in ("SHOULDER", "HIP"))
    length = float(np.hypot(*(shoulders - hips)))
    return hips + np.array([0.0, CENTRE_DOWN * length]), SQUARE_TRUNKS * length


def cut(picture: NDArray[np.uint8], centre: NDArray, side_px: float, roll_deg: float = 0.0, mirrored: bool = False):
    """The crop, and the matrix (2, 3) that takes points of the picture into it."""
    scale = HEIGHT_PX / side_px
    c, s = scale * np.cos(np.radians(roll_deg)), scale * np.sin(np.radians(roll_deg))
    turn = np.array([[c, -s], [s, c]])
    if mirrored:
        turn[0] *= -1
    middle = np.array([HEIGHT_PX / 2 - SIDE_PX, HEIGHT_PX / 2])
    matrix = np.column_stack([turn, middle - turn @ centre])
    crop = cv2.warpAffine(picture, matrix, (WIDTH_PX, HEIGHT_PX), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return crop, matrix


def drawn_square(centre: NDArray, side_px: float, rng: np.random.Generator) -> tuple[NDArray, float, float]:
    """A square as a pose model or the detector might give it, and a roll in degrees."""
    wide = rng.random() < WIDE_SHARE
    scale = np.exp(rng.uniform(*np.log(SCALE_WIDE))) if wide else np.exp(SCALE_SD * rng.standard_normal())
    offset = (OFFSET_WIDE if wide else OFFSET_SD) * side_px * np.clip(rng.standard_normal(2), -2, 2)
    return centre + offset, side_px / scale, ROLL_SD_DEG * float(rng.standard_normal())


def crop_of(picture: NDArray[np.uint8], xy_px: NDArray, sort: NDArray, rng: np.random.Generator | None):
    """One crop: (picture, xy (K, 2), known (K,)). `sort` (K,) is EXACT, ROUGH or UNKNOWN; without
    `rng` nothing is drawn.
    """
    centre, side_px = square_of(xy_px)
    roll_deg, mirrored = 0.0, False
    if rng is not None:
        centre, side_px, roll_deg = drawn_square(centre, side_px, rng)
        mirrored = bool(rng.random() < 0.5)
    crop, matrix = cut(picture, centre, side_px, roll_deg, mirrored)
    xy = xy_px @ matrix[:, :2].T + matrix[:, 2]
    if mirrored:
        xy, sort = xy[MIRRORED], sort[MIRRORED]
    inside = ((xy >= 0) & (xy < SIZE)).all(axis=1)
    return crop, xy.astype(np.float32), np.where(sort == UNKNOWN, UNKNOWN, np.where(inside, sort, OUTSIDE))


def rough_of(sure: NDArray, at_least: float) -> NDArray:
    """What is known of a teacher's joints by its scores."""
    return np.where(sure >= at_least, ROUGH, UNKNOWN)


def exact_of(xy_px: NDArray) -> NDArray:
    return np.where(np.isfinite(xy_px).all(axis=-1), EXACT, UNKNOWN)


def joint_rows(names: tuple[str, ...]) -> list[int]:
    """Where in a list of truth names ("hip_left", "toe_right", "nose") each heat map's joint
    stands; -1 where it has none.
    """
    parts = {"FOOT_INDEX": "toe"}
    rows = []
    for joint in ROWS:
        side, _, part = Joint(joint).name.partition("_")
        name = f"{parts.get(part, part.lower())}_{side.lower()}" if part else side.lower()
        rows.append(names.index(name) if name in names else -1)
    return rows
