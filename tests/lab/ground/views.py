"""From a tile to what a network is given: cut as the station cuts, with its errors, and taken by a
worse camera.

Everything here is drawn anew each time a tile is used, so that no epoch repeats the last one's
pictures.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import cv2
import numpy as np

from station.pose.hip_crop import SIZE_PX, WIDTH_M, cut, hip_crop
from tests.lab.render.clip import LANDMARK_NAMES

from . import ranges

HIPS = [LANDMARK_NAMES.index(f"hip_{side}") for side in ("left", "right")]
KNEES = [LANDMARK_NAMES.index(f"knee_{side}") for side in ("left", "right")]


def hip_view(tile: np.ndarray, px: np.ndarray, px_per_m: float, right: bool, rng: np.random.Generator | None = None,
             size_px: int = SIZE_PX, width_m: float = WIDTH_M) -> np.ndarray:
    """The crop round the hips of a hip tile, (size, size, 3) uint8, facing right.

    `px` (17, 2), `px_per_m` and `right` are the tile's truth. With `rng` the crop errs as
    `ranges.HIP_CUT` says and is then `photographed`; without, it is the one that perfect landmarks
    give.
    """
    if rng is None:
        return cut(tile, hip_crop(px[HIPS].mean(axis=0), px_per_m, mirrored=not right, size_px=size_px, width_m=width_m), size_px)
    return photographed(cut(tile, drawn_cut(px, px_per_m, right, rng, size_px, width_m), size_px), rng)


def drawn_cut(px: np.ndarray, px_per_m: float, right: bool, rng: np.random.Generator, size_px: int = SIZE_PX,
              width_m: float = WIDTH_M, wrong: dict[str, float] | None = None) -> np.ndarray:
    """Tile -> crop as a pose model's landmarks might have it, (3, 3). `wrong`: one row of `draws`'
    second table.
    """
    wrong = wrong or next(draws(rng, 1))[1]
    middle = px[HIPS].mean(axis=0)
    dragged = wrong["thigh_drag"] * (px[KNEES].mean(axis=0) - middle)
    off = np.array([wrong["offset_m"], wrong["offset_up_m"]]) * px_per_m
    return hip_crop(middle + dragged + off, px_per_m * np.exp(wrong["scale"]), mirrored=not right, size_px=size_px,
                    width_m=width_m, roll_rad=np.radians(wrong["roll_deg"]))


def draws(rng: np.random.Generator, n: int) -> Iterator[tuple[dict[str, float], dict[str, float]]]:
    """`n` rows of `ranges.OPTICS` and of `ranges.HIP_CUT`; many at once cost little."""
    optics, wrong = (ranges.drawn(table, rng, n) for table in (ranges.OPTICS, ranges.HIP_CUT))
    wrong["offset_up_m"] = ranges.HIP_CUT["offset_m"].draw(rng, n)
    for i in range(n):
        yield {name: float(v[i]) for name, v in optics.items()}, {name: float(v[i]) for name, v in wrong.items()}


def photographed(picture: np.ndarray, rng: np.random.Generator, want: dict[str, float] | None = None) -> np.ndarray:
    """A picture (H, W, 3) uint8 as a real camera might have it. `want`: one row of `draws`' first
    table.
    """
    want = want or next(draws(rng, 1))[0]
    out = _spread(picture, want, rng)
    out = cv2.LUT(out, _tones(want, rng))
    if want["saturation"] < 1.0 or want["saturation"] > 1.1:
        grey = cv2.cvtColor(cv2.cvtColor(out, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
        out = cv2.addWeighted(out, want["saturation"], grey, 1 - want["saturation"], 0)
    if want["noise_sd"] > 0.5:
        out = _noisy(out, want["noise_sd"], rng)
    if want["jpeg_quality"] < 100:
        _, data = cv2.imencode(".jpg", out, [cv2.IMWRITE_JPEG_QUALITY, int(want["jpeg_quality"])])
        out = cv2.imdecode(data, cv2.IMREAD_COLOR)
    return out


def _spread(picture: np.ndarray, want: dict[str, float], rng: np.random.Generator) -> np.ndarray:
    """Coarse pixels, a lens out of focus, a hand or a limb that moved."""
    height, width = picture.shape[:2]
    out = picture
    if want["coarse"] < 1.0:
        small = (max(8, round(width * want["coarse"])), max(8, round(height * want["coarse"])))
        kind = cv2.INTER_AREA if rng.random() < 0.6 else cv2.INTER_LINEAR
        out = cv2.resize(cv2.resize(out, small, interpolation=kind), (width, height), interpolation=cv2.INTER_LINEAR)
    if want["blur_px"]:
        out = cv2.GaussianBlur(out, (0, 0), want["blur_px"])
    if want["streak_px"]:
        reach, turn = int(np.ceil(want["streak_px"])), rng.uniform(0, np.pi)
        kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
        half = want["streak_px"] / 2 * np.array([np.cos(turn), np.sin(turn)])
        ends = [tuple(round(float(v)) for v in 16 * (reach + sign * half)) for sign in (-1, 1)]
        cv2.line(kernel, *ends, 1.0, 1, cv2.LINE_8, 4)
        out = cv2.filter2D(out, -1, kernel / max(kernel.sum(), 1e-6))
    return out


def _tones(want: dict[str, float], rng: np.random.Generator) -> np.ndarray:
    """(256, 1, 3) uint8: exposure, contrast and colour of the light."""
    gains = want["exposure"] * rng.uniform(ranges.OPTICS["channel_gain"].low, ranges.OPTICS["channel_gain"].high, 3)
    levels = (np.arange(256) / 255.0) ** (2.2 * want["gamma"])
    return np.clip(255 * np.outer(levels, gains) ** (1 / 2.2), 0, 255).astype(np.uint8)[:, None]


@cache
def _strip() -> np.ndarray:
    """Normal noise, SD 32, as int8: drawing it anew for every picture would cost more than the
    network.
    """
    return np.clip(32 * np.random.default_rng(1).standard_normal(1 << 22), -127, 127).astype(np.int8)


def _noisy(picture: np.ndarray, sd: float, rng: np.random.Generator) -> np.ndarray:
    start = int(rng.integers(len(_strip()) - picture.size))
    noise = _strip()[start : start + picture.size].reshape(picture.shape)
    return cv2.add(picture, np.round(noise * np.float32(sd / 32)).astype(np.int16), dtype=cv2.CV_8U)
