"""BlazePose: a detector over the whole picture and 33 landmarks in a square around one person.

Bazarevsky et al. 2020, "BlazePose: On-device Real-time Body Pose tracking", arXiv:2006.10204. The numbers below are those of
MediaPipe 0.10.21, which the weights come from; tests/pose/test_parity.py holds this file to its results.
"""

from __future__ import annotations

from pathlib import Path
from time import perf_counter_ns

import cv2
import numpy as np
from numpy.typing import NDArray

from station.pose.model import Landmarks, Person, Square
from station.pose.session import Session
from station.pose.store import read_card
from station.types import JOINTS, ModelInfo

DETECTOR = "pose_detector"
DETECTOR_GRIDS = ((28, 2), (14, 2), (7, 6))  # cells a side, boxes a cell
MIN_DETECTION_SCORE = 0.5
SAME_PERSON_OVERLAP = 0.3  # intersection over union of two boxes
BODY_ROWS = slice(33, 35)  # after the 33 landmarks: centre and rim of the body's circle
HEATMAP_REACH = 4  # cells to each side: a 9 x 9 window
HEATMAP_MIN_PEAK = 0.5
WINDOW = np.arange(-HEATMAP_REACH, HEATMAP_REACH + 1)


class BlazePose:
    """`PoseModel` with the landmark weights `name`. Raises ModelError when a model file is not what its card says."""

    margin = 1.25

    def __init__(self, folder: Path, name: str, threads: int) -> None:
        card = read_card(folder / f"{name}.md")
        self.info = ModelInfo(name, card.sha256)
        self.stage_ms: dict[str, float] = {}
        self._detector = Session(read_card(folder / f"{DETECTOR}.md"), threads)
        self._landmarker = Session(card, threads)
        self._centres = anchor_centres()

    def find(self, image: NDArray[np.uint8]) -> list[Person]:
        """Everybody the detector sees in an RGB picture (H, W, 3), surest first."""
        start = perf_counter_ns()
        whole = Square.of_picture(image)
        picture = whole.cut(image, self._detector.size_px, cv2.BORDER_CONSTANT)
        boxes, logits = self._detector.run(picture, -1.0, 1.0)
        scores, found = decode_boxes(boxes[0], logits[0, :, 0], self._centres, self._detector.size_px)
        people = []
        for score, points in merge(scores, found):
            body = whole.to_picture(points[2:4])
            people.append(Person(Square.around(body, self.margin), float(score)))
        self.stage_ms["detector"] = self.stage_ms.get("detector", 0.0) + (perf_counter_ns() - start) / 1e6
        return people

    def measure(self, image: NDArray[np.uint8], square: Square) -> Landmarks:
        """The landmarks of the person in the square of an RGB picture (H, W, 3)."""
        times = [perf_counter_ns()]
        picture = square.cut(image, self._landmarker.size_px, cv2.BORDER_REPLICATE)
        times.append(perf_counter_ns())
        values, presence, heatmap = self._landmarker.run(picture, 0.0, 1.0)
        times.append(perf_counter_ns())
        rows = values.reshape(-1, 5).astype(np.float64)
        xy_px = square.to_picture(refine(rows[:, :2] / self._landmarker.size_px, heatmap[0]))
        # Columns 3 and 4: is the landmark visible, is it inside the picture. It is as sure as the less sure of the two.
        score = sigmoid(rows[:JOINTS, 3:5].min(axis=1))
        times.append(perf_counter_ns())
        for stage, spent_ns in zip(("warp", "landmarks", "decode"), np.diff(times).tolist(), strict=True):
            self.stage_ms[stage] = self.stage_ms.get(stage, 0.0) + spent_ns / 1e6
        return Landmarks(xy_px[:JOINTS], score, float(presence[0, 0]), xy_px[BODY_ROWS])

    def close(self) -> None:
        del self._detector, self._landmarker


def sigmoid(logit: NDArray) -> NDArray:
    return 1 / (1 + np.exp(-np.clip(logit, -80, 80)))  # within float32


def anchor_centres() -> NDArray[np.float32]:
    """(2254, 2): the cell centre, 0..1 across the picture, that each row of the detector's output counts from."""
    rows = []
    for cells, boxes in DETECTOR_GRIDS:
        y, x = np.mgrid[:cells, :cells]
        centres = (np.stack([x, y], axis=-1).reshape(-1, 2) + 0.5) / cells
        rows.append(np.repeat(centres, boxes, axis=0))
    return np.concatenate(rows).astype(np.float32)


def decode_boxes(boxes: NDArray, logits: NDArray, centres: NDArray, size: int) -> tuple[NDArray, NDArray]:
    """Detector rows above the score limit: scores (N,) and points (N, 6, 2) in 0..1 across the picture.

    A row of `boxes` is box centre, box size, then four points: mid-hip, rim of the body's circle, and two of the upper
    body that are not needed here. The points returned are box low and high corner, then the four points.
    """
    scores = sigmoid(logits)
    kept = scores >= MIN_DETECTION_SCORE
    rows = boxes[kept].reshape(-1, 6, 2) / size
    rows[:, 0] += centres[kept]
    rows[:, 2:] += centres[kept, None]
    middle, half = rows[:, 0].copy(), rows[:, 1] / 2
    rows[:, 0], rows[:, 1] = middle - half, middle + half
    return scores[kept], rows


def merge(scores: NDArray, points: NDArray) -> list[tuple[float, NDArray]]:
    """One entry per person, surest first: the score-weighted mean of the rows whose boxes overlap its best row's."""
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


def refine(uv: NDArray, heatmap: NDArray) -> NDArray:
    """Landmarks (N, 2), 0..1 across the square, drawn to the centre of mass of their heatmap (N, cells, cells) around them.

    A landmark outside the square, or whose heatmap has no clear peak near it, stays where it was.
    """
    cells = heatmap.shape[-1]
    column, row = (uv * cells).astype(np.int64).T
    inside = (uv >= 0).all(axis=1) & (column < cells) & (row < cells)
    columns, rows = column[:, None] + WINDOW, row[:, None] + WINDOW  # (N, 9)
    on_map = ((rows >= 0) & (rows < cells))[:, :, None] & ((columns >= 0) & (columns < cells))[:, None, :]
    nearest_rows, nearest_columns = rows.clip(0, cells - 1), columns.clip(0, cells - 1)
    index = np.arange(len(uv))[:, None, None]
    mass = sigmoid(heatmap[index, nearest_rows[:, :, None], nearest_columns[:, None, :]]) * on_map
    clear = inside & (mass.max(axis=(1, 2)) >= HEATMAP_MIN_PEAK)
    total = mass.sum(axis=(1, 2))[clear]
    result = uv.copy()
    result[clear, 0] = (mass.sum(axis=1) * columns)[clear].sum(axis=1) / total / cells
    result[clear, 1] = (mass.sum(axis=2) * rows)[clear].sum(axis=1) / total / cells
    return result
