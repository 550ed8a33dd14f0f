"""Frames of the open footage with what the published models see in them, to be trained on and
compared with.

The teacher is BlazePose heavy (Apache-2.0; `python -m tests.lab.end_to_end models FOLDER` builds
it). It only says where a joint roughly is: see `landmarks_loss.py`. Every clip is cut in time: what
comes before TRAIN_SHARE of it is trained on, what comes after HELD_OUT_SHARE is only compared, and
nothing between is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from station.pose.blazepose import BlazePose
from station.pose.model import Square
from station.pose.runner import CENTRE_DOWN, ROWS, SQUARE_TRUNKS, trunk
from station.types import Joint

CLIPS = {  # of ../shared/data/video: every so many frames
    "sports2d_demo.mp4": 1,
    "opencap_walk/walk_video.mp4": 2,
    "opencap_walk/walk_ts_video.mp4": 2,
    "vtest.avi": 8,
}
TRAIN_SHARE, HELD_OUT_SHARE = 0.6, 0.67
PATCH_PX = (448, 352)
"""Height and width of what is kept of a frame: the square of the run, and half as much again around
it.
"""
PATCH_SQUARE_PX = 290
SURE = 0.5
"""The teacher's score from which its joint counts."""
SMALLEST_TRUNK_PX = 22
UPRIGHT, WHOLE = 0.85, 0.5
"""Cosine of the trunk's lean, and the teacher's score of every joint of the legs."""


@dataclass(frozen=True)
class RealFrames:
    """`picture` (N, *PATCH_PX, 3) uint8; `xy_px` (N, K, 2) in it and `sure` (N, K) by the teacher;
    `today_px` by the model shipped as `pose_landmark_full`; `there` (N,) whether somebody is in the
    middle; `time` (N,) 0..1 within the clip, `clip` (N,).
    """

    picture: NDArray[np.uint8]
    xy_px: NDArray[np.float32]
    sure: NDArray[np.float32]
    today_px: NDArray[np.float32]
    there: NDArray[np.bool_]
    time: NDArray[np.float32]
    clip: NDArray[np.str_]

    @classmethod
    def load(cls, path: Path) -> RealFrames:
        with np.load(path) as stored:
            return cls(**{name: stored[name] for name in cls.__dataclass_fields__})

    def rows(self, kept: NDArray[np.bool_]) -> RealFrames:
        return RealFrames(**{name: getattr(self, name)[kept] for name in self.__dataclass_fields__})

    @property
    def training(self) -> RealFrames:
        return self.rows(self.time < TRAIN_SHARE)

    @property
    def held_out(self) -> RealFrames:
        """Empty squares, and people as a station may see them: upright, and whole in the frame."""
        legs = [i for i, joint in enumerate(ROWS) if joint >= Joint.LEFT_HIP]
        shoulders, hips = (self.xy_px[:, [ROWS.index(left), ROWS.index(left) + 1]].mean(axis=1)
                           for left in (Joint.LEFT_SHOULDER, Joint.LEFT_HIP))  # fmt: skip
        trunk_px = hips - shoulders
        upright = trunk_px[:, 1] > UPRIGHT * np.hypot(*trunk_px.T)
        whole = (self.sure[:, legs] >= WHOLE).all(axis=1)
        return self.rows((self.time >= HELD_OUT_SHARE) & (~self.there | (upright & whole)))


def collect(videos: Path, heavy_folder: Path, full_folder: Path, out: Path) -> None:
    """Look at every clip of CLIPS with both models and write one npz."""
    teacher = BlazePose(heavy_folder, "pose_landmark_heavy", 1)
    today = BlazePose(full_folder, "pose_landmark_full", 1)
    rng = np.random.default_rng(1)
    kept = []
    for clip, every in CLIPS.items():
        followed: list[Square] = []
        with av.open(str(videos / clip)) as container:
            count = container.streams.video[0].frames
            for i, frame in enumerate(container.decode(video=0)):
                if i % every == 0:
                    image = frame.to_ndarray(format="rgb24")
                    rows, followed = _people(image, [*followed, *_found(image, teacher)], teacher, today)
                    kept += [(*row, i / count, clip) for row in rows]
                    kept += [(*row, i / count, clip) for row in _nobody(image, teacher, rng)]
        print(f"{clip}: {len(kept)} in all", flush=True)
    columns = [np.array(column) for column in zip(*kept, strict=True)]
    names = list(RealFrames.__dataclass_fields__)
    np.savez_compressed(out, **dict(zip(names, columns, strict=True)))


def _found(image: NDArray[np.uint8], teacher: BlazePose) -> list[Square]:
    """Whom the detector finds in the whole frame and, for small people, in four overlapping parts
    of it.
    """
    height, width = image.shape[:2]
    squares = [person.square for person in teacher.find(image)]
    for y, x in ((0, 0), (0, 1), (1, 0), (1, 1)):
        top, left = round(0.4 * y * height), round(0.4 * x * width)
        part = np.ascontiguousarray(image[top : top + round(0.6 * height), left : left + round(0.6 * width)])
        squares += [Square(s.x_px + left, s.y_px + top, s.side_px, s.turn_rad) for s in (p.square for p in teacher.find(part))]
    return squares


def _people(image: NDArray[np.uint8], squares: list[Square], teacher: BlazePose, today: BlazePose):
    """One row per person in one of the squares of whom the teacher is sure; and where to look for
    them next.
    """
    rows, bodies = [], []
    for square in squares:
        seen = teacher.measure(image, square)
        # The detector's is rough: look again where the body is.
        square = Square.around(seen.body_px, teacher.margin)
        if any(np.hypot(square.x_px - b.x_px, square.y_px - b.y_px) < 0.15 * b.side_px for b in bodies):
            continue
        seen = teacher.measure(image, square)
        middle, length = trunk(seen.xy_px)
        if seen.presence < 0.9 or length < SMALLEST_TRUNK_PX:
            continue
        bodies.append(Square.around(seen.body_px, teacher.margin))
        picture, to_patch = _patch(image, middle + np.array([0.0, CENTRE_DOWN * length]), SQUARE_TRUNKS * length)
        plain = today.measure(image, square).xy_px[list(ROWS)]
        score = seen.score[list(ROWS)].astype(np.float32)
        rows.append((picture, to_patch(seen.xy_px[list(ROWS)]), score, to_patch(plain), True))
    return rows, bodies


def _nobody(image: NDArray[np.uint8], teacher: BlazePose, rng: np.random.Generator) -> list[tuple]:
    """A square in which the teacher sees nobody, if the first one tried is such."""
    height, width = image.shape[:2]
    side = height * rng.uniform(0.4, 1.0)
    centre = np.array([rng.uniform(0.1, 0.9) * width, rng.uniform(0.3, 0.7) * height])
    if teacher.measure(image, Square(*centre.tolist(), side * 1.25)).presence > 0.05:
        return []
    picture, _ = _patch(image, centre, side)
    nothing = np.full((len(ROWS), 2), np.nan, np.float32)
    return [(picture, nothing, np.zeros(len(ROWS), np.float32), nothing, False)]


def _patch(image: NDArray[np.uint8], centre: NDArray, side_px: float):
    """What is kept of a frame around `centre`, and what takes its points along."""
    scale = PATCH_SQUARE_PX / side_px
    rows, columns = PATCH_PX
    matrix = np.array([[scale, 0, columns / 2 - scale * centre[0]], [0, scale, rows / 2 - scale * centre[1]]])
    flags = cv2.INTER_AREA if scale < 0.5 else cv2.INTER_LINEAR
    picture = cv2.warpAffine(image, matrix, (columns, rows), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return picture, lambda xy: (xy @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)
