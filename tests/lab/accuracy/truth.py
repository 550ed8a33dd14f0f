"""What really happened in a recording of data/rbds: from joint centres without error, the pelvis'
markers and the force plate.

Written without the product's code, so that the two can disagree.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from station.types import Joint, Side
from tests.lab.accuracy.projection import Trial

ON_PLATE_N = 50.0


@dataclass(frozen=True)
class Truth:
    """Of one side's leg; times in seconds, angles in degrees. Per-stride arrays are between
    successive forward peaks.
    """

    t_s: NDArray[np.float64]
    thigh_deg: NDArray[np.float64]
    shank_deg: NDArray[np.float64]
    peaks_s: NDArray[np.float64]
    forward_deg: NDArray[np.float64]
    tle_deg: NDArray[np.float64]
    contacts_s: NDArray[np.float64]  # of this leg
    toe_offs_s: NDArray[np.float64]
    # Per stride: H1 of the pelvic turn relative to the thigh's, peak to peak.
    turn: NDArray[np.complex128]

    @property
    def cadence_spm(self) -> float:
        return 120.0 * (len(self.peaks_s) - 1) / float(self.peaks_s[-1] - self.peaks_s[0])


def angle(upper: NDArray[np.float64], lower: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sagittal angle of a segment against the vertical, forward +."""
    return np.degrees(np.arctan2(lower[:, 0] - upper[:, 0], upper[:, 1] - lower[:, 1]))


def truth(trial: Trial, side: Side) -> Truth:
    k = 0 if side == "left" else 1
    p, t_s = trial.points, trial.t_s
    thigh = angle(p[Joint.LEFT_HIP + k], p[Joint.LEFT_KNEE + k])
    shank = angle(p[Joint.LEFT_KNEE + k], p[Joint.LEFT_ANKLE + k])
    peaks = _peaks(t_s, thigh)
    forward, tle, turn = [], [], []
    yaw = trial.yaw_deg if side == "right" else -trial.yaw_deg
    for start_s, end_s in pairwise(peaks.tolist()):
        inside = (t_s >= start_s) & (t_s < end_s)
        forward.append(max(thigh[np.searchsorted(t_s, start_s) - 2 :][:5]))
        tle.append(-thigh[inside].min())
        turn.append(2.0 * _h1(t_s[inside], yaw[inside], start_s, end_s) / _unit(_h1(t_s[inside], thigh[inside], start_s, end_s)))
    contacts, toe_offs = _plate(trial, k)
    return Truth(t_s, thigh, shank, peaks, np.array(forward), np.array(tle), contacts, toe_offs, np.array(turn))


def _unit(z: complex) -> complex:
    return z / abs(z)


def _h1(t_s: NDArray[np.float64], y: NDArray[np.float64], start_s: float, end_s: float) -> complex:
    """Complex amplitude of the first harmonic by the plain mean over the stride."""
    return complex(2.0 * np.mean((y - y.mean()) * np.exp(-2j * np.pi * (t_s - start_s) / (end_s - start_s))))


def _peaks(t_s: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Largest sample of every hill above the middle of the range, moved to the vertex of its
    three-point parabola.
    """
    high = y > 0.5 * (y.max() + y.min())
    edges = np.flatnonzero(np.diff(high.astype(int)))
    starts, ends = [e for e in edges if high[e + 1]], [e for e in edges if not high[e + 1]]
    found = []
    for start in starts:
        end = next((e for e in ends if e > start), None)
        if end is None or end - start < 8:
            continue
        i = start + int(np.argmax(y[start : end + 1]))
        if 0 < i < len(y) - 1:
            a, b, c = y[i - 1 : i + 2]
            found.append(t_s[i] + 0.5 * (a - c) / (a - 2 * b + c) * (t_s[1] - t_s[0]))
    return np.array(found)


def _plate(trial: Trial, k: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Contacts and toe-offs of leg k: crossings of ON_PLATE_N, each stance given to the lower foot.
    """
    loaded = trial.force_n > ON_PLATE_N
    step = np.diff(loaded.astype(int))
    starts, ends = np.flatnonzero(step == 1), np.flatnonzero(step == -1)
    ankles = [trial.points[Joint.LEFT_ANKLE + i][:, 1] for i in (0, 1)]
    contacts, toe_offs = [], []
    for start in starts:
        later = ends[ends > start]
        if not len(later) or not 8 <= later[0] - start <= 70:
            continue
        middle = (start + later[0]) // 2
        if ankles[k][middle] < ankles[1 - k][middle]:
            contacts.append(_crossing(trial, start))
            toe_offs.append(_crossing(trial, later[0]))
    return np.array(contacts), np.array(toe_offs)


def _crossing(trial: Trial, i: int) -> float:
    a, b = trial.force_n[i], trial.force_n[i + 1]
    return float(trial.t_s[i] + (ON_PLATE_N - a) / (b - a) * (trial.t_s[i + 1] - trial.t_s[i]))
