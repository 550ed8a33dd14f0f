"""BlazePose: a detector over the whole frame and 33 landmarks in a square around one person.

Bazarevsky et al. 2020, "BlazePose: On-device Real-time Body Pose tracking", arXiv:2006.10204. The
numbers below are those of MediaPipe 0.10.21, which the weights come from; tests/pose/test_parity.py
holds this file to its results.
"""

from __future__ import annotations

from time import perf_counter_ns

import cv2
import numpy as np
from numpy.typing import NDArray

from station.pose.detector import sigmoid
from station.pose.model import Landmarks, Square
from station.pose.two_stage import TwoStage
from station.types import JOINTS

BODY_ROWS = slice(33, 35)  # after the 33 landmarks: centre and rim of the body's circle
HEATMAP_REACH = 4  # cells to each side: a 9 x 9 window
HEATMAP_MIN_PEAK = 0.5  # as in MediaPipe's graph
WINDOW = np.arange(-HEATMAP_REACH, HEATMAP_REACH + 1)


class BlazePose(TwoStage):
    """`PoseModel` with the landmark weights `name`. Raises ModelError when a model file is not what
    its card says.
    """

    margin = 1.25

    def measure(self, image: NDArray[np.uint8], square: Square) -> Landmarks:
        """The landmarks of the person in the square of an RGB frame (H, W, 3)."""
        times = [perf_counter_ns()]
        picture = square.cut(image, self._network.size_px, cv2.BORDER_REPLICATE)
        times.append(perf_counter_ns())
        values, presence, heatmap = self._network.run(picture, 0.0, 1.0)
        times.append(perf_counter_ns())
        rows = values.reshape(-1, 5).astype(np.float64)
        xy_px = square.to_frame(refine(rows[:, :2] / self._network.size_px, heatmap[0]))
        # Columns 3 and 4: is the landmark visible, is it inside the frame. It is as sure as the
        # less sure of the two.
        score = sigmoid(rows[:JOINTS, 3:5].min(axis=1))
        times.append(perf_counter_ns())
        self._measured(times)
        return Landmarks(xy_px[:JOINTS], score, float(presence[0, 0]), xy_px[BODY_ROWS])


def refine(uv: NDArray, heatmap: NDArray) -> NDArray:
    """Landmarks (N, 2), 0..1 across the square, drawn to the centre of mass of their heatmap (N,
    cells, cells) around them.

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
