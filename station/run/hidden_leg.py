"""Whether something in front of the runner hides the near leg: a rail, a towel over it, somebody
who stands there.

A pose model guesses what it does not see, and is sure of its guess. Two signs give it away. A leg
that passes over a pixel changes its colour; where the leg's line passes and the colour stays,
something else is in front (or the leg looks like what is behind it, and the model sees as little).
What stands in front and moves takes away the model's own sureness.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from station.run.overlay import chain
from station.types import NS, Activity, Frame, Pose, Step

SIDE_PX = 240  # of the small frames that are compared: noise and compression are averaged away
WINDOW_S = 2.0  # three strides: every pixel that the leg passes shows something else in between
SAME_LEVELS = 6  # of 256, least to greatest value in a window: what stands still keeps within
# Share of a part's points in a window that may keep their colour: 0.00 where nothing is in front of
# the leg, 0.05 in flat black tights, 0.10 and more behind a bar or a towel (the films of
# tests/lab/field; both limits were chosen on such).
MOST_SAME = 0.08
# Places along thigh (0) and lower leg (1), as shares of their length. Nearer to the hip the pelvis
# always fills the pixel.
PARTS = {
    "hip": ((0, 0.2), (0, 0.3)),
    "thigh": ((0, 0.4), (0, 0.5), (0, 0.6), (0, 0.7)),
    "knee": ((0, 0.8), (0, 0.9), (0, 1.0), (1, 0.1), (1, 0.2)),
    "shin": ((1, 0.3), (1, 0.4), (1, 0.5), (1, 0.6), (1, 0.7)),
    "ankle": ((1, 0.85), (1, 0.92), (1, 1.0)),
}
# Score of the near knee; share of the frames: 0.00 in the former, 0.05 and more in the latter.
UNSURE, MOST_UNSURE = 0.8, 0.03
DOUBT = "angles may be off by five degrees or more, and cadence too"  # by the same films


@dataclass
class _Window:
    """`low`, `high`: extremes of each pixel. `points`: (y, x) where each part was."""

    start_ns: int
    low: NDArray[np.uint8]
    high: NDArray[np.uint8]
    points: dict[str, list[tuple[int, int]]] = field(default_factory=lambda: {part: [] for part in PARTS})

    def hidden(self) -> set[str]:
        same = (self.high.astype(np.int16) - self.low).max(axis=2) < SAME_LEVELS
        shares = {part: same[tuple(np.array(places).T)].mean() for part, places in self.points.items() if places}
        return {part for part, share in shares.items() if share >= MOST_SAME}


class HiddenLeg:
    """`add` every frame; `notes` says what hides the leg, and for how long, once all were added."""

    def __init__(self) -> None:
        self._window: _Window | None = None
        self._windows = 0
        self._hidden: set[str] = set()
        self._any = 0
        self._frames = self._unsure = 0

    def add(self, frame: Frame, pose: Pose, step: Step) -> None:
        gait = step.gait
        if gait.activity is not Activity.RUNNING or gait.near_side is None:
            self._window = None
            return
        _, hip, knee, ankle, *_ = chain(gait.near_side, gait.legs_exchanged)
        self._frames += 1
        self._unsure += pose.score[knee] < UNSURE
        scale = SIDE_PX / max(frame.image.shape[:2])
        small = np.asarray(cv2.resize(frame.image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
        window = self._window
        if window is None or frame.t_ns - window.start_ns >= WINDOW_S * NS:
            if window is not None:
                self._judge(window)
            window = self._window = _Window(frame.t_ns, small, small.copy())
        np.minimum(window.low, small, out=window.low)
        np.maximum(window.high, small, out=window.high)
        ends = (hip, knee), (knee, ankle)
        for part, places in PARTS.items():
            for bone, share in places:
                start, end = (pose.xy_px[joint] for joint in ends[bone])
                x, y = (start + share * (end - start)) * scale
                if 0 <= x < small.shape[1] and 0 <= y < small.shape[0]:
                    window.points[part].append((int(y), int(x)))

    def _judge(self, window: _Window) -> None:
        hidden = window.hidden()
        self._windows += 1
        self._any += bool(hidden)
        self._hidden |= hidden

    @property
    def notes(self) -> tuple[str, ...]:
        if self._any:
            parts = ", ".join(part for part in PARTS if part in self._hidden)
            seconds = f"{self._any * WINDOW_S:.0f} of {self._windows * WINDOW_S:.0f} s"
            return (f"the near {parts} cannot be told from what is in front of it or behind it for {seconds}: {DOUBT}",)
        if self._unsure > MOST_UNSURE * self._frames:
            return (f"the near knee is hidden or unclear in {self._unsure / self._frames:.0%} of the frames: {DOUBT}",)
        return ()
