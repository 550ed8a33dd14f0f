"""The landmarks of a runner: 19 joints as heat maps, in an upright crop that is taller than wide.

The network is BlazePose's encoder with a decoder trained on rendered runners
(models/pose_runner.md). Each heat map, as a softmax, is a distribution over places: a joint is
where its peak is, drawn to the centre of mass around it, and it is as sure as the share of the
distribution that lies there.
"""

from __future__ import annotations

import math
from time import perf_counter_ns

import cv2
import numpy as np
from numpy.typing import NDArray

from station.pose.model import Landmarks, Square
from station.pose.two_stage import TwoStage
from station.types import JOINTS, NAN, Joint

HEIGHT_PX, WIDTH_PX, CELL_PX = 224, 160, 4  # of the network's input, and of a cell of its output
SIDE_PX = (HEIGHT_PX - WIDTH_PX) // 2  # left out at either side of the square
ROWS = (
    Joint.NOSE,
    Joint.LEFT_EAR,
    Joint.RIGHT_EAR,
    *(Joint(i) for i in range(Joint.LEFT_SHOULDER, Joint.RIGHT_WRIST + 1)),
    *(Joint(i) for i in range(Joint.LEFT_HIP, Joint.RIGHT_FOOT_INDEX + 1)),
)
REACH = 3  # cells to each side of a peak: 7 x 7
# A runner in a square, in lengths of the trunk (middle of the shoulders to middle of the hips):
# 2.05 to the soles, 1.75 to the top of the head, 1.5 to the hindmost toe (the stride curves of
# eight runners up to 6 m/s on six bodies).
SQUARE_TRUNKS, CENTRE_DOWN = 4.2, 0.12
CIRCLE_TRUNKS = 1.84  # radius of the body's circle, as BlazePose has it: head and feet lie on it


class RunnerPose(TwoStage):
    """`PoseModel` with the weights `name`. Raises ModelError when a file is not its card's."""

    margin = SQUARE_TRUNKS / (2 * CIRCLE_TRUNKS)

    def measure(self, image: NDArray[np.uint8], square: Square) -> Landmarks:
        """Landmarks of the person in the square of an RGB frame (H, W, 3); NaN: no heat map.

        The crop is turned by whole quarters alone, for a frame that lies on its side: the network
        was trained on people who lean, upright as cameras see them.
        """
        times = [perf_counter_ns()]
        turn_rad = round(square.turn_rad / (math.pi / 2)) * math.pi / 2
        upright = Square(square.x_px, square.y_px, square.side_px, turn_rad)
        picture = upright.cut(image, HEIGHT_PX, cv2.BORDER_REPLICATE)[:, SIDE_PX : SIDE_PX + WIDTH_PX]
        times.append(perf_counter_ns())
        heat, presence = self._network.run(picture, 0.0, 1.0)
        times.append(perf_counter_ns())
        crop_px, sure = read(heat[0])
        xy_px, score = np.full((JOINTS, 2), NAN), np.zeros(JOINTS)
        xy_px[list(ROWS)], score[list(ROWS)] = upright.to_frame((crop_px + np.array([SIDE_PX, 0])) / HEIGHT_PX), sure
        middle, length = trunk(xy_px)
        down = length * np.array([-math.sin(turn_rad), math.cos(turn_rad)])
        centre = middle + CENTRE_DOWN * down
        body_px = np.array([centre, centre - CIRCLE_TRUNKS * down])
        times.append(perf_counter_ns())
        self._measured(times)
        return Landmarks(xy_px, score, float(presence[0, 0]), body_px)


def trunk(xy_px: NDArray) -> tuple[NDArray[np.float64], float]:
    """Of landmarks (33, 2): the middle of the hips, and the distance to it from the middle of the
    shoulders.
    """
    shoulders = xy_px[Joint.LEFT_SHOULDER : Joint.RIGHT_SHOULDER + 1].mean(axis=0)
    hips = xy_px[Joint.LEFT_HIP : Joint.RIGHT_HIP + 1].mean(axis=0)
    return hips, float(np.hypot(*(shoulders - hips)))


def read(heat: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Joints (K, 2) in crop pixels and how sure each is (K,), from logits (K, rows, columns)."""
    count, _, columns = heat.shape
    share = np.exp(heat - heat.max(axis=(1, 2), keepdims=True))
    peak_y, peak_x = np.divmod(share.reshape(count, -1).argmax(axis=1), columns)
    padded = np.pad(share, ((0, 0), (REACH, REACH), (REACH, REACH)))
    window = np.arange(2 * REACH + 1)
    near = padded[np.arange(count)[:, None, None], (peak_y[:, None] + window)[:, :, None], (peak_x[:, None] + window)[:, None, :]]
    mass = near.sum(axis=(1, 2))
    x = peak_x + (near.sum(axis=1) @ (window - REACH)) / mass
    y = peak_y + (near.sum(axis=2) @ (window - REACH)) / mass
    return (np.stack([x, y], axis=1) + 0.5) * CELL_PX, (mass / share.sum(axis=(1, 2))).astype(np.float64)
