"""Pelvic turn: about the vertical, at stride frequency, by lock-in against the near thigh.

Per stride, H1 of a signal over the phase phi of the stride is its complex amplitude P: the signal
holds Re(P e^(j phi)). The same fit carries a constant and the second harmonic, so camera yaw, a
mean offset and whatever moves at step rate fall out (what the odd-harmonic comb does, also when
samples are missing). No filter runs before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite, sqrt

import numpy as np
from numpy.typing import NDArray

from station.gait import history as h
from station.gait.curve import harmonics
from station.gait.pelvis.source import PelvicStride, Thighs
from station.stats import middle, student_t975, usual
from station.types import PELVIC_TURN, Measure

# Between hip joint centres; mean of the four tuning runners of data/rbds (0.152 .. 0.191)
WIDTH_M = 0.163
WIDTH_SD = 0.08  # relative scatter between people, in the same data
THIGH_M = 0.445  # hip to knee joint centre, the same runners: the scale when the view gives none
SCALE_SD = 0.11  # relative scatter of WIDTH_M / THIGH_M between people
STRIDES = 60  # the window; beyond it more strides do not help today
FEWEST = 6  # strides (chosen)
HALF_WIDTH_DEG = 2.0  # a wider interval tells nothing
# Of landmarks, in all: an interval wider than the fall that a rule looks for is no measurement. In
# tests/lab/end_to_end hip landmarks show a
# twentieth to a fifth of the turn and 33 to 47 deg that are not there, and the drill does not take
# that out.
WIDEST_HALF_DEG = 6.0
# What perspective and unequal legs leave even in perfect landmarks; from the tuning runners.
ANGLE_SD_DEG = 0.2

HANGING_DEG, RAISED_DEG = 15.0, 30.0  # thigh in a knee lift: where the hips are compared
DRIFT_OF_DRAG = 0.3  # guess: how much the drag in a run differs from that in the drill, relative

NOT_CALIBRATED = "hip landmarks follow the thighs; the knee lifts of the drill have not been done"
FEW_STRIDES = "too few strides yet"
NOT_SEEN = "both hips are seen in too few strides"
NO_PHASE = "the turn is too small to have a phase"
NEEDS_BELT = "needs a hip belt"
DRAGGED = "the hip landmarks follow the thighs by more than the pelvis turns: only a hip belt can tell"
TOO_NOISY = "noise wider than 2 degrees: loose clothing, hands in front of the hip, dark picture or oblique camera"


def lock_in(t_s: NDArray[np.float64], y: NDArray[np.float64], start_s: float, end_s: float) -> complex:
    """Complex H1 of y (NaN = missing) over the stride [start, end); NaN with too large a hole."""
    return complex(harmonics(t_s, y, start_s, end_s, (1, 2))[0])


def lifted(thigh_deg: NDArray[np.float64], moved: NDArray[np.float64], read: NDArray[np.float64]) -> float | None:
    """How far `read` changes per unit of `moved` while a thigh is lifted; None: seen too little.

    Two levels in place of a regression: a hip's own error may be in both quantities and would tilt
    a line through all points.
    """
    seen = np.isfinite(moved) & np.isfinite(read)
    up, down = seen & (thigh_deg > RAISED_DEG), seen & (thigh_deg < HANGING_DEG)
    if up.sum() < 3 or down.sum() < 3:
        return None
    return float(read[up].mean() - read[down].mean()) / float(moved[up].mean() - moved[down].mean())


def thighs_lock_in(rows: NDArray[np.float64], start_s: float, end_s: float) -> Thighs:
    """Of one stride: H1 of the near thigh, deg; H1 of how far the near knee is ahead of the far
    one, px, which gives the stride's phase (with legs of unequal swing too); usual length of the
    near thigh, px."""
    t_s = rows[:, h.T_S]
    near_px, far_px = middle(rows[:, h.LENGTH_NEAR].tolist()), middle(rows[:, h.LENGTH_FAR].tolist())
    thigh = lock_in(t_s, rows[:, h.THIGH_NEAR], start_s, end_s)
    near = near_px * lock_in(t_s, np.sin(np.radians(rows[:, h.THIGH_NEAR])), start_s, end_s)
    far = far_px * lock_in(t_s, np.sin(np.radians(rows[:, h.THIGH_FAR])), start_s, end_s)
    return Thighs(thigh, near - far if isfinite(far.real) else 2.0 * near, near_px)


class LandmarkPelvis:
    """The two hip landmarks, which the thighs drag: nothing before the drill shows how much."""

    name = "landmarks"

    def __init__(self, px_per_m: float) -> None:
        self._px_per_m = px_per_m
        self._ring: list[PelvicStride] = []
        # Drag seen in each knee lift, a share of the hip-to-knee distance.
        self._lifts: list[float] = []
        self.reset()

    def reset(self) -> None:
        self.forget()
        self._lifts.clear()

    def forget(self) -> None:
        self._ring.clear()
        self._unseen = 0
        self._cached: Mapping[str, Measure] = self._nothing(FEW_STRIDES)

    @property
    def calibrated(self) -> bool:
        return len(self._lifts) >= 3

    def lift(self, rows: NDArray[np.float64], near: bool) -> None:
        """One knee lift of the drill, pelvis still: its history rows and the standing before."""
        thigh = rows[:, h.THIGH_NEAR if near else h.THIGH_FAR]
        length = rows[:, h.LENGTH_NEAR if near else h.LENGTH_FAR]
        # A hand on the hip lies still here and does no harm.
        share = lifted(thigh, length * np.sin(np.radians(thigh)), rows[:, h.HIPS_D])
        if share is not None:
            self._lifts = [*self._lifts, share if near else -share][-16:]

    def close(self, rows: NDArray[np.float64], thighs: Thighs, start_s: float, end_s: float) -> PelvicStride | None:
        t_s = rows[:, h.T_S]
        distance = np.where(rows[:, h.HAND] == 0.0, rows[:, h.HIPS_D], np.nan)
        turn = lock_in(t_s, distance, start_s, end_s)
        if not isfinite(turn.real):
            turn = lock_in(t_s, rows[:, h.HIPS_D], start_s, end_s)
        thigh, drag, near_px = thighs
        scale = self._px_per_m if isfinite(self._px_per_m) else near_px / THIGH_M
        if not (isfinite(turn.real + thigh.real + drag.real) and scale > 0 and abs(thigh) > 0 and abs(drag) > 0):
            self._unseen += 1
            self._cached = self._estimate()
            return None
        to_deg = 2.0 * np.degrees(1.0) / (scale * WIDTH_M)
        # What the thighs drag along is in phase by definition, also with unequal legs.
        back = (drag / abs(drag)).conjugate()
        stride = PelvicStride(turn * back * to_deg, drag * back * to_deg, 2.0 * abs(thigh))
        self._ring = [*self._ring, stride][-STRIDES:]
        self._cached = self._estimate()
        return stride

    def measures(self) -> Mapping[str, Measure]:
        return self._cached

    def _nothing(self, reason: str) -> Mapping[str, Measure]:
        return {**dict.fromkeys(MEASURED, Measure.cannot_tell(reason, len(self._ring))), **BELT_ONLY}

    def _estimate(self) -> Mapping[str, Measure]:
        if len(self._ring) < FEWEST:
            return self._nothing(NOT_SEEN if self._unseen > FEWEST else FEW_STRIDES)
        if not self.calibrated:
            return self._nothing(NOT_CALIBRATED)
        lifts = np.array(self._lifts)
        share, share_se = float(lifts.mean()), float(lifts.std(ddof=1)) / sqrt(len(lifts))
        turns = np.array([s.turn - share * s.drag for s in self._ring])
        turns = turns[usual(turns)]  # one landmark that jumped spoils a stride
        drag_deg = float(np.mean([abs(s.drag) for s in self._ring]))
        scale_sd = WIDTH_SD if isfinite(self._px_per_m) else SCALE_SD
        thigh_deg = float(np.mean([s.thigh_deg for s in self._ring]))
        measures = estimate(turns, thigh_deg, scale_sd, share_se * drag_deg, DRIFT_OF_DRAG * abs(share) * drag_deg)
        turn = measures["pelvic_turn_deg"]
        if turn.measured and turn.high - turn.low > 2 * WIDEST_HALF_DEG:
            measures = dict.fromkeys(PELVIC_TURN, Measure.cannot_tell(DRAGGED, turn.n))
        return {**measures, **BELT_ONLY}


MEASURED = (*PELVIC_TURN, "pelvic_list_deg", "pelvic_tilt_deg")
BELT_ONLY = {name: Measure.cannot_tell(NEEDS_BELT) for name in ("pelvic_list_deg", "pelvic_tilt_deg")}


def estimate(
    turns: NDArray[np.complex128],
    thigh_deg: float,
    scale_sd: float = WIDTH_SD,
    lifts_sd_deg: float = 0.0,
    drift_sd_deg: float = 0.0,
    angle_cov: NDArray[np.float64] | None = None,
    widest_share: float = 0.0,
) -> Mapping[str, Measure]:
    """The four pelvic measures from the strides' turns (peak to peak, deg), with 95 % intervals.

    The size is corrected for what scatter adds to it, |A|^2 = |mean|^2 - S^2 / n, or a still pelvis
    could never read zero. Its interval is the nearest and farthest distance from zero of the error
    ellipse round the mean.

    Args:
        scale_sd: relative uncertainty of the scale (hip width, pixels per metre).
        lifts_sd_deg, drift_sd_deg: what the calibration leaves of the thighs' drag, in phase with
            the thigh: by the scatter between knee lifts, and because a run is not a knee lift.
        angle_cov: (2, 2) deg^2, what the way of seeing the pelvis leaves in both parts; None: hip
            landmarks.
        widest_share: of the turn, that the noise's half-width may have beyond HALF_WIDTH_DEG.
    """
    n = len(turns)
    mean = complex(turns.mean())
    xy = np.array([mean.real, mean.imag])
    noise = np.cov(turns.real, turns.imag) / n * (student_t975(n - 1) / 1.96) ** 2
    scatter = noise + np.diag([lifts_sd_deg**2, 0.0])
    size = sqrt(max(float(xy @ xy - np.trace(scatter)), 0.0))
    angle = ANGLE_SD_DEG**2 * np.eye(2) if angle_cov is None else angle_cov
    cov = scatter + np.diag([drift_sd_deg**2, 0.0]) + angle + scale_sd**2 * np.outer(xy, xy)
    if 1.96 * sqrt(float(np.linalg.eigvalsh(noise)[-1])) > max(HALF_WIDTH_DEG, widest_share * size):
        return dict.fromkeys(PELVIC_TURN, Measure.cannot_tell(TOO_NOISY if n >= STRIDES else FEW_STRIDES, n))
    low, high = _distances(xy, cov)
    low, high = min(low, size), max(high, size)
    q_half = 1.96 * sqrt(float(cov[1, 1]))
    return {
        "pelvic_turn_deg": Measure(size, low, high, n),
        "pelvic_turn_quadrature_deg": Measure(mean.imag, mean.imag - q_half, mean.imag + q_half, n),
        "pelvic_lead_deg": _lead(xy, cov, n) if low > 0.0 else Measure.cannot_tell(NO_PHASE, n),
        "pelvis_thigh_ratio": Measure(size / thigh_deg, low / thigh_deg, high / thigh_deg, n),
    }


def _distances(xy: NDArray[np.float64], cov: NDArray[np.float64]) -> tuple[float, float]:
    """Nearest and farthest distance from zero of the error ellipse, over all directions.

    The nearer end takes 2.2 SD: between 1.96, right for a large size, and 2.45, right for none (two
    dimensions).
    """
    reach = _DIRECTIONS @ xy
    error = np.sqrt(np.einsum("ki,ij,kj->k", _DIRECTIONS, cov, _DIRECTIONS))
    return max(0.0, float((reach - 2.2 * error).max())), float((reach + 1.96 * error).max())


def _lead(xy: NDArray[np.float64], cov: NDArray[np.float64], n: int) -> Measure:
    """Phase of the mean ahead of the thigh. Only for a turn that surely is one."""
    size = float(np.hypot(*xy))
    across = np.array([-xy[1], xy[0]]) / max(size, 1e-9)
    half = float(np.degrees(1.96 * sqrt(float(across @ cov @ across)) / max(size, 1e-9)))
    lead = float(np.degrees(np.arctan2(xy[1], xy[0])))
    return Measure(lead, lead - half, lead + half, n)


_DIRECTIONS = np.stack([np.cos(np.arange(72) * np.pi / 36), np.sin(np.arange(72) * np.pi / 36)], axis=1)

