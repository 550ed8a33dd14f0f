"""BlazePose's detector, as MediaPipe 0.10.21 has it: everybody in a whole frame, roughly."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from station.pose.model import Person, Square
from station.pose.session import Session
from station.pose.store import read_card

DETECTOR = "pose_detector"
GRIDS = ((28, 2), (14, 2), (7, 6))  # cells a side, boxes a cell
MIN_SCORE = 0.5  # as in MediaPipe's graph
SAME_PERSON_OVERLAP = 0.3  # intersection over union of two boxes


class Detector:
    """Raises ModelError when the model file is not what its card says."""

    def __init__(self, folder: Path, threads: int) -> None:
        self._session = Session(read_card(folder / f"{DETECTOR}.md"), threads)
        self._centres = anchor_centres()

    def find(self, image: NDArray[np.uint8], margin: float) -> list[Person]:
        """Everybody in an RGB frame (H, W, 3), surest first; squares `margin` x the circle."""
        whole = Square.of_frame(image)
        picture = whole.cut(image, self._session.size_px, cv2.BORDER_CONSTANT)
        boxes, logits = self._session.run(picture, -1.0, 1.0)
        scores, found = decode_boxes(boxes[0], logits[0, :, 0], self._centres, self._session.size_px)
        people = []
        for score, points in merge(scores, found):
            people.append(Person(Square.around(whole.to_frame(points[2:4]), margin), float(score)))
        return people


def sigmoid(logit: NDArray) -> NDArray:
    return 1 / (1 + np.exp(-np.clip(logit, -80, 80)))  # within float32


def anchor_centres() -> NDArray[np.float32]:
    """(2254, 2): the cell centre, 0..1 across the frame, of each row of the detector's output."""
    rows = []
    for cells, boxes in GRIDS:
        y, x = np.mgrid[:cells, :cells]
        centres = (np.stack([x, y], axis=-1).reshape(-1, 2) + 0.5) / cells
        rows.append(np.repeat(centres, boxes, axis=0))
    return np.concatenate(rows).astype(np.float32)


def decode_boxes(boxes: NDArray, logits: NDArray, centres: NDArray, size: int) -> tuple[NDArray, NDArray]:
    """Detector rows above the score limit: scores (N,) and points (N, 6, 2) in 0..1 across the
    frame.

    A row of `boxes` is box centre, box size, then four points: mid-hip, rim of the body's circle,
    and two of the upper body that are not needed here. The points returned are box low and high
    corner, then the four points.
    """
    scores = sigmoid(logits)
    kept = scores >= MIN_SCORE
    rows = boxes[kept].reshape(-1, 6, 2) / size
    rows[:, 0] += centres[kept]
    rows[:, 2:] += centres[kept, None]
    middle, half = rows[:, 0].copy(), rows[:, 1] / 2
    rows[:, 0], rows[:, 1] = middle - half, middle + half
    return scores[kept], rows


def merge(scores: NDArray, points: NDArray) -> list[tuple[float, NDArray]]:
    """One entry per person, surest first: weighted mean of the rows that overlap its best."""
    people = []
    left = np.argsort(-scores, kind="stable")
    while left.size:
        same = overlap(points[left[0], :2], points[left, :2]) > SAME_PERSON_OVERLAP
        same[0] = True  # also a box of no size, which does not even overlap itself
        rows = left[same]
        people.append((scores[left[0]], np.average(points[rows], axis=0, weights=scores[rows])))
        left = left[~same]
    return people


def overlap(box: NDArray, boxes: NDArray) -> NDArray:
    """Intersection over union of one box (2, 2) with many (N, 2, 2), each low and high corner."""
    sides = np.minimum(box[1], boxes[:, 1]) - np.maximum(box[0], boxes[:, 0])
    shared = np.clip(sides, 0, None).prod(axis=1)
    union = (box[1] - box[0]).prod() + (boxes[:, 1] - boxes[:, 0]).prod(axis=1) - shared
    return shared / np.maximum(union, 1e-12)
