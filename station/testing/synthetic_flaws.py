"""What a pose model gets wrong: noise, lost landmarks, swapped legs, dragged hips."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from station.types import NAN, Joint

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

LEG = ("HIP", "KNEE", "ANKLE", "HEEL", "FOOT_INDEX")
LEFT_LEG = [int(Joint[f"LEFT_{part}"]) for part in LEG]
RIGHT_LEG = [int(Joint[f"RIGHT_{part}"]) for part in LEG]
NEAR_SCORE, FAR_SCORE = 0.95, 0.8  # chosen


@dataclass(frozen=True)
class Flaws:
    """How wrong the landmarks are.

    noise_px, noise_mm: SD of each coordinate, added up; noise_tau_s: its correlation time, 0 =
    white. dropout_fraction of the time nothing (or not `dropout_joints`) is seen, in runs of about
    dropout_run_s. swap_fraction of the time left and right leg are exchanged, in runs of about
    swap_run_s. thigh_drag: hips follow their knees by this share of the thigh (2 % makes a locked
    pelvis read about 5 deg of turn).
    """

    noise_px: float = 0.0
    noise_mm: float = 0.0
    noise_tau_s: float = 0.04
    dropout_fraction: float = 0.0
    dropout_run_s: float = 0.2
    dropout_joints: tuple[int, ...] | None = None
    swap_fraction: float = 0.0
    swap_run_s: float = 0.2
    thigh_drag: float = 0.0


def drag_hips(xy_px: Array, drag: Array) -> Array:
    """(N, 33, 2) with the hips moved along the belt to their knees by `drag` (N,) of the thigh."""
    dragged = xy_px.copy()
    for side in ("LEFT", "RIGHT"):
        hip, knee = Joint[f"{side}_HIP"], Joint[f"{side}_KNEE"]
        dragged[:, hip, 0] += drag * (xy_px[:, knee, 0] - xy_px[:, hip, 0])
    return dragged


def noise(random: np.random.Generator, t_s: Array, joints: int, tau_s: Array) -> Array:
    """(N, joints, 2) Ornstein-Uhlenbeck noise of unit variance and time constant `tau_s` (N,)."""
    fresh = random.standard_normal((len(t_s), joints, 2))
    step = np.diff(t_s, prepend=t_s[:1])
    keep = np.exp(-step / np.maximum(tau_s, 1e-9))
    for i in range(1, len(t_s)):
        fresh[i] = keep[i] * fresh[i - 1] + np.sqrt(1 - keep[i] ** 2) * fresh[i]
    return fresh


def runs(random: np.random.Generator, t_s: Array, fraction: Array, run_s: Array) -> Flags:
    """(N,) true for about `fraction` of the time, in runs of mean length `run_s`."""
    draw = random.random(len(t_s))
    step = np.diff(t_s, prepend=t_s[:1])
    state, out = False, np.zeros(len(t_s), bool)
    for i, share in enumerate(fraction):
        if share >= 1 or share <= 0:
            state = bool(share >= 1)
        else:
            leave = step[i] / run_s[i]
            enter = leave * share / (1 - share)
            state = bool(draw[i] >= leave) if state else bool(draw[i] < enter)
        out[i] = state
    return out


def swap_legs(xy_px: Array, score: Array, swapped: Flags) -> None:
    """Exchange left and right leg in place where `swapped` (N,)."""
    rows = np.flatnonzero(swapped)[:, None]
    for array in (xy_px, score):
        array[rows, LEFT_LEG + RIGHT_LEG] = array[rows, RIGHT_LEG + LEFT_LEG]


def hide(xy_px: Array, score: Array, hidden: Flags) -> None:
    """Landmarks (N, 33) that were not seen, in place: NaN with score 0."""
    xy_px[hidden] = NAN
    score[hidden] = 0.0
