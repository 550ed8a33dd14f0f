"""The pelvis model at run time: a crop round the hips of every frame, and what the network reads of
it.

Where the crop lies follows from the landmarks alone (hip_crop.py), and its scale from the median
trunk of the last seconds. Which way the runner faces is asked of the landmarks too, unless the
settings say it: the crop is mirrored so that everybody faces right.
"""

from __future__ import annotations

import math
from collections import deque
from statistics import median

from station.pose.hip_crop import cut, hip_crop, px_per_m, trunk_px
from station.pose.session import Session
from station.pose.store import Card, error_table
from station.types import NS, Frame, HipTurn, Joint, ModelInfo, Pose, Side, TurnBand

NAME = "pelvis_turn"
TRUNK_S = 2.0  # the trunk's length is the median over so long (chosen: three strides)
FACING_S = 1.0  # chosen: a runner does not turn round within it
LEAST_SCORE = 0.3  # of a landmark that the crop or the direction rests on (chosen)
# Of the trunk: a smaller runner's crop holds less than 70 pixels across (chosen)
SMALLEST_PX = 40.0

HIPS = (Joint.LEFT_HIP, Joint.RIGHT_HIP)
SHOULDERS = (Joint.LEFT_SHOULDER, Joint.RIGHT_SHOULDER)
# Pairs (behind, ahead) of landmarks: the way from one to the other is the way the runner faces.
FORWARD = (
    (Joint.LEFT_HEEL, Joint.LEFT_FOOT_INDEX),
    (Joint.RIGHT_HEEL, Joint.RIGHT_FOOT_INDEX),
    (Joint.LEFT_EAR, Joint.NOSE),
    (Joint.RIGHT_EAR, Joint.NOSE),
)


class PelvisModel:
    """`ports.TurnReader` over the ONNX file: a HipTurn of each frame that shows the trunk.

    Raises ModelError when the file is not its card's.
    """

    def __init__(self, card: Card, direction: Side | None = None) -> None:
        self._session = Session(card, threads=1)
        self._given = direction
        self.info = ModelInfo(card.name, card.sha256)
        self._trunks: deque[tuple[int, float]] = deque()
        self._facing: deque[tuple[int, float]] = deque()

    def find(self, frame: Frame, pose: Pose) -> HipTurn | None:
        if not pose.seen:
            return None
        hips, shoulders = pose.xy_px[list(HIPS)], pose.xy_px[list(SHOULDERS)]
        if float(pose.score[[*HIPS, *SHOULDERS]].min()) < LEAST_SCORE:
            return None
        trunk = self._usual(self._trunks, frame.t_ns, float(trunk_px(hips, shoulders)), TRUNK_S)
        ahead_px = self._usual(self._facing, frame.t_ns, _ahead_px(pose), FACING_S)
        side = self._given or ("right" if ahead_px > 0 else "left" if ahead_px < 0 else None)
        if side is None or not trunk >= SMALLEST_PX:
            return None
        to_crop = hip_crop(hips.mean(axis=0), float(px_per_m(trunk)), mirrored=side == "left", size_px=self._session.size_px)
        turn = self._session.run(cut(frame.image, to_crop, self._session.size_px), 0.0, 1.0)[0].reshape(-1)
        return HipTurn(frame.t_ns, float(turn[0]), math.exp(float(turn[1])))

    @staticmethod
    def _usual(kept: deque[tuple[int, float]], t_ns: int, value: float, seconds: float) -> float:
        if math.isfinite(value):
            kept.append((t_ns, value))
        while kept and t_ns - kept[0][0] > seconds * NS:
            kept.popleft()
        return median(entry for _, entry in kept) if kept else math.nan


def _ahead_px(pose: Pose) -> float:
    """How far, summed over what is seen, the front lies right of the back; NaN when unseen."""
    xy, score = pose.xy_px, pose.score
    ways = [float(xy[b, 0] - xy[a, 0]) for a, b in FORWARD if min(score[a], score[b]) >= LEAST_SCORE]
    known = [way for way in ways if math.isfinite(way)]
    return sum(known) if known else math.nan


def read_bands(card: Card) -> tuple[TurnBand, ...]:
    """How the model errs, from `pelvis_turn.errors.json` beside it; none where there is none for
    these weights.

    Raises ModelError for a damaged table.
    """
    return error_table(card, lambda bands: tuple(TurnBand(**band) for band in bands))
