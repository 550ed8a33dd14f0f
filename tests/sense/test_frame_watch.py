"""A camera that delivers, but nothing to see."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from station.sense.frame_watch import FrameWatch
from station.types import NS, Frame

RANDOM = np.random.default_rng(2)


def noisy(level: float, contrast: float = 0.0) -> np.ndarray:
    """A living sensor: never twice the same."""
    scene = level + contrast * np.tile(np.linspace(-1, 1, 320)[None, :, None], (240, 1, 3))
    return np.clip(scene + RANDOM.normal(0, 2, (240, 320, 3)), 0, 255).astype(np.uint8)


STILL = noisy(120, 60)
GYM: Callable[[], np.ndarray] = lambda: noisy(120, 60)  # noqa: E731


def reported(pictures: list[Callable[[], np.ndarray]], fps: float = 10) -> list[str]:
    watch = FrameWatch()
    return [watch.step(Frame(round(i / fps * NS), i, make())) for i, make in enumerate(pictures)]


@pytest.mark.parametrize(
    ("make", "trouble"), [(lambda: noisy(8, 5), "dark"), (lambda: noisy(90), "covered"), (lambda: STILL, "frozen")]
)
def test_trouble_is_reported_after_two_seconds_and_ends_at_once(make: Callable[[], np.ndarray], trouble: str) -> None:
    says = reported([GYM] * 10 + [make] * 40 + [GYM] * 10)
    assert set(says[:30]) == {""}
    assert set(says[32:50]) == {trouble}
    assert set(says[50:]) == {""}


def test_a_gym_is_fine_bright_or_dim() -> None:
    for level, contrast in ((120, 60), (50, 40), (220, 30)):
        assert set(reported([lambda level=level, contrast=contrast: noisy(level, contrast)] * 60)) == {""}  # type: ignore[misc]


def test_a_hand_before_the_lens_for_a_second_is_no_trouble() -> None:
    assert set(reported(([GYM] * 20 + [lambda: noisy(30)] * 15) * 3)) == {""}


def test_a_real_film_is_fine(shared: Path) -> None:
    from station.sense.video import VideoSource

    watch = FrameWatch()
    with VideoSource(shared / "data/video/vtest.avi") as source:
        frames = [frame for frame in (source.read(1.0) for _ in range(60)) if frame]
    assert {watch.step(frame) for frame in frames} == {""}
