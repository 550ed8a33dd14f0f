"""`python -m tests.lab.screens [--language CODE] [--inches N ...] [--out FILE.png]`: every view of
the screen in one picture.

A column per display (its diagonal in inches, seen from 2 m; upright ones last), a row per view:
what a person looks at after a change. A second or two per language.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path

import cv2
import numpy as np

from station.language import TONGUES
from station.present.screen import render_rgb
from station.present.screen.sight import Sight
from station.testing import screen_samples as samples

SHAPES = ((1280, 720), (720, 1280))
HIGH_PX = 270
GAP_PX = 8


def sight(inches: float, size: tuple[int, int], distance_m: float = 2.0) -> Sight:
    """How a display of that diagonal is seen that shows a page of that shape."""
    return Sight(25.4 * inches * size[0] / math.hypot(*size), distance_m)


def sheet(language: str, inches: list[float]) -> np.ndarray:
    """(H, W, 3) RGB: every view, landscape on each display and upright on the first."""
    rows = []
    for view in samples.SAMPLES:
        pages = [(SHAPES[0], inch) for inch in inches] + [(SHAPES[1], inches[0])]
        row = [_small(render_rgb(samples.sample(view), size, language, sight(inch, size))) for size, inch in pages]
        rows.append(np.concatenate([np.pad(one, ((GAP_PX, 0), (GAP_PX, 0), (0, 0)), constant_values=90) for one in row], axis=1))
    return np.concatenate(rows)


def _small(page: np.ndarray) -> np.ndarray:
    scale = HIGH_PX / page.shape[0]
    return cv2.resize(page, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--language", choices=[*TONGUES, "all"], default="en")
    parser.add_argument("--inches", type=float, nargs="+", default=[15.6, 24.0, 10.1])
    parser.add_argument("--out", type=Path, default=Path("screens.png"))
    wish = parser.parse_args()
    for code in TONGUES if wish.language == "all" else (wish.language,):
        path = wish.out.with_stem(f"{wish.out.stem}-{code}")
        cv2.imwrite(str(path), sheet(code, wish.inches)[..., ::-1])
        print(path)


if __name__ == "__main__":
    main()
