"""The face of every view, compared at a reduced size with the picture that was last looked at and
agreed to.

A quarter of the size and a tolerance forgive what another FreeType or OpenCV draws differently
along an edge; a moved or missing part is far beyond it. After a change that is meant, write them
anew with `--update-golden` and look at them.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from station.present.screen import render_rgb
from station.testing import screen_samples as samples

HERE = Path(__file__).parent / "screen"
PAGES = [(view, (1280, 720)) for view in samples.SAMPLES] + [(view, (720, 1280)) for view in ("COACH", "DONE", "FRAMING")]
MEAN_OFF = 1.0  # grey levels, mean over the picture
BLOCK_OFF = 24.0  # grey levels, mean over any block of 8 x 8 reduced pixels


def reduced(view: str, size: tuple[int, int]) -> np.ndarray:
    return cv2.resize(render_rgb(samples.sample(view), size), None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)


def distance(one: np.ndarray, other: np.ndarray) -> tuple[float, float]:
    """(mean, largest block mean) of the absolute difference, grey levels."""
    off = np.abs(one.astype(float) - other).mean(axis=2)
    return float(off.mean()), float(cv2.blur(off, (8, 8)).max())


@pytest.mark.parametrize(("view", "size"), PAGES, ids=lambda value: value if isinstance(value, str) else f"{value[0]}x{value[1]}")
def test_view_looks_as_agreed(view: str, size: tuple[int, int], request: pytest.FixtureRequest) -> None:
    path = HERE / f"{view.lower()}-{size[0]}x{size[1]}.png"
    now = reduced(view, size)
    if request.config.getoption("--update-golden"):
        HERE.mkdir(exist_ok=True)
        cv2.imwrite(str(path), now[..., ::-1])
    agreed = cv2.imread(str(path))
    assert agreed is not None, f"{path.name} is missing: run with --update-golden"
    mean, block = distance(now, agreed[..., ::-1])
    assert mean < MEAN_OFF, f"{view} has changed: {mean:.2f} grey levels off on average"
    assert block < BLOCK_OFF, f"a part of {view} has changed: {block:.1f} grey levels off"


def test_the_comparison_sees_a_missing_part_and_forgives_an_edge() -> None:
    page = reduced("COACH", (1280, 720))
    gone = page.copy()
    gone[36:72, 5:65] = page[0, 0]  # one of the two numbers
    assert distance(page, gone)[1] > BLOCK_OFF
    softer = cv2.GaussianBlur(page, (3, 3), 0.35)
    mean, block = distance(page, softer)
    assert mean < MEAN_OFF
    assert block < BLOCK_OFF
