"""The lines drawn over the analysed video."""

from __future__ import annotations

import numpy as np

from station.run.overlay import FAR, NEAR, draw
from station.types import JOINTS, Gait, Joint, Mode, Snapshot, Step


def drawn(exchanged: bool) -> np.ndarray:
    """Two vertical legs: the right label's at x = 20, the left label's at x = 60; the runner faces right."""
    xy = np.full((JOINTS, 2), np.nan, np.float32)
    xy[[Joint.RIGHT_HIP, Joint.RIGHT_KNEE]] = (20, 60), (20, 95)
    xy[[Joint.LEFT_HIP, Joint.LEFT_KNEE]] = (60, 60), (60, 95)
    image = np.zeros((100, 80, 3), np.uint8)
    gait = Gait(0, near_side="right", legs_exchanged=exchanged)
    draw(image, xy, Step(0, gait, (), Mode.COACH, (), (), Snapshot(0, Mode.COACH, 0.0, 0.0, gait)))
    return image[80]


def test_the_leg_that_the_core_took_for_the_near_one_is_drawn_as_the_near_one() -> None:
    as_named, exchanged = drawn(False), drawn(True)
    assert tuple(as_named[20]) == tuple(exchanged[60]) == NEAR
    assert tuple(as_named[60]) == tuple(exchanged[20]) == FAR
