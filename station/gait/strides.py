"""One row of facts per stride (types.STRIDE). What was not seen well enough is NaN."""

from __future__ import annotations

from math import nan

import numpy as np
from numpy.typing import NDArray

from station.gait import history as h
from station.gait.bounce import rise_px
from station.gait.curve import bottom, frame_s, hill, top, value_at
from station.gait.events import FAR, NEAR, Landing, Leg, landing
from station.gait.measures import fast_enough
from station.gait.pelvis.landmarks import lock_in
from station.gait.pelvis.source import PelvicStride
from station.types import STRIDE

# Of any run (chosen, round the norms' 0.17 .. 0.30)
SHORTEST_CONTACT_S, LONGEST_CONTACT_S = 0.08, 0.45
# A knee that carries; the norms end at 46, a deep squat run is not one (chosen)
DEEPEST_STANCE_DEG = 75.0
# Share of the stance in which the knee bends and stretches again as a parabola does: so the tuning
# runners of data/rbds read right in the mean (`python -m tests.lab.accuracy.quantities --tuned`)
BENT = 0.8
LANDED_HALF_S = 0.035  # half-width of the fits at the landing (chosen)
HALF = 0.09  # half-width of the fits round extremes, as a share of the stride
PHASES = np.linspace(0.0, 1.0, 51)


def swing(rows: NDArray[np.float64], leg: Leg, peak_s: float, stride_s: float) -> tuple[float, float]:
    """Forward and backward extreme of a thigh in the stride that peaks near `peak_s`, degrees."""
    t_s, thigh = rows[:, h.T_S], rows[:, leg.thigh]
    _, forward = top(t_s, thigh, peak_s - 0.35 * stride_s, peak_s + 0.35 * stride_s, HALF * stride_s)
    _, backward = bottom(t_s, thigh, peak_s + 0.3 * stride_s, peak_s + 0.8 * stride_s, HALF * stride_s)
    return forward, backward


def thighs(rows: NDArray[np.float64], inside: NDArray[np.float64], start_s: float, end_s: float) -> dict[str, float]:
    """Swing of both thighs and the trunk's lean, without a foot. `inside`: rows of [start, end)."""
    stride_s = end_s - start_s
    forward, backward = swing(rows, NEAR, start_s, stride_s)
    far_forward, far_backward = swing(rows, FAR, start_s - 0.5 * stride_s, stride_s)
    lean = inside[:, h.LEAN]
    lean = lean[np.isfinite(lean)]
    near_h1 = lock_in(inside[:, h.T_S], inside[:, h.THIGH_NEAR], start_s, end_s)
    shank_h1 = lock_in(inside[:, h.T_S], inside[:, h.SHANK_NEAR], start_s, end_s)
    ahead = float(np.degrees(np.angle(near_h1 * shank_h1.conjugate())))
    return {
        "thigh_forward_near_deg": forward,
        "tle_near_deg": -backward,
        "thigh_excursion_near_deg": forward - backward,
        "tle_share_near": -backward / (forward - backward) if forward > backward else nan,
        "thigh_forward_far_deg": far_forward,
        "tle_far_deg": -far_backward,
        "thigh_excursion_far_deg": far_forward - far_backward,
        "trunk_lean_deg": float(lean.mean()) if len(lean) >= 0.5 * len(inside) else nan,
        "thigh_shank_phase_deg": ahead,
    }


def stance(rows: NDArray[np.float64], near: Landing, start_s: float, end_s: float) -> dict[str, float]:
    """What hangs on the near foot's contact and toe-off.

    Retraction begins at the thigh's last forward peak before the heel is farthest ahead of the hips
    and ends there, some 29 ms before the foot lands: so are its norms defined.
    """
    stride_s, t_s = end_s - start_s, rows[:, h.T_S]
    flexion = rows[:, h.THIGH_NEAR] - rows[:, h.SHANK_NEAR]
    half_s = 0.07 * stride_s
    stance_deg = hill(t_s, flexion, near.contact_s, near.contact_s + BENT * (near.toe_off_s - near.contact_s))
    _, swing_deg = top(t_s, flexion, near.toe_off_s + 0.05 * stride_s, end_s, half_s)
    thigh = rows[:, h.THIGH_NEAR]
    flexed_s, flexed_deg = top(t_s, thigh, near.ahead_s - 0.35 * stride_s, near.ahead_s + 0.02 * stride_s, HALF * stride_s)
    at_reach_deg = value_at(t_s, thigh, near.ahead_s, half_s)
    contact_s = near.toe_off_s - near.contact_s
    step_s = frame_s(t_s)
    timed, bent = fast_enough("contact_time_ms", step_s), fast_enough("knee_flexion_stance_near_deg", step_s)
    contact_s = contact_s if timed and SHORTEST_CONTACT_S < contact_s < LONGEST_CONTACT_S else nan
    return {
        "frame_s": step_s,
        "contact_s": contact_s,
        "flight_time_ms": 1000.0 * (0.5 * stride_s - contact_s),
        "duty_factor_pct": 100.0 * contact_s / stride_s,
        "knee_flexion_stance_near_deg": stance_deg if bent and 0.0 < stance_deg < DEEPEST_STANCE_DEG else nan,
        "knee_flexion_swing_near_deg": swing_deg,
        "retraction_near_pct": 100.0 * (near.ahead_s - flexed_s) / stride_s,
        "retraction_near_deg": flexed_deg - at_reach_deg,
    }


def landings(rows: NDArray[np.float64], start_s: float, end_s: float) -> tuple[Landing, Landing]:
    """Near foot of the stride, far foot of the half stride before: both are wholly seen."""
    stride_s = end_s - start_s
    return landing(rows, NEAR, start_s, stride_s), landing(rows, FAR, start_s - 0.5 * stride_s, stride_s)


def bounced(inside: NDArray[np.float64], start_s: float, end_s: float, px_per_m: float, step_m: float) -> dict[str, float]:
    """Rise of the trunk in a step of that length, NaN where scale or length are unknown.

    `inside`: the rows of [start, end) alone.
    """
    rise_cm = 100.0 * rise_px(inside, start_s, end_s) / px_per_m
    return {"vertical_oscillation_cm": rise_cm, "vertical_ratio_pct": rise_cm / step_m if step_m > 0.0 else nan}


def landed(rows: NDArray[np.float64], near: Landing, px_per_m: float) -> dict[str, float]:
    """Where the near foot lands before the hip, and how its shank stands then."""
    t_s = rows[:, h.T_S]
    when_s = near.contact_s if fast_enough("overstride_near_cm", frame_s(t_s)) else nan
    ahead_px, shank_deg = (value_at(t_s, rows[:, column], when_s, LANDED_HALF_S) for column in (h.REACH_NEAR, h.SHANK_NEAR))
    return {"overstride_near_cm": 100.0 * ahead_px / px_per_m, "shank_contact_near_deg": shank_deg}


def seen_fraction(rows: NDArray[np.float64], start_s: float, end_s: float) -> float:
    """Measured share of the samples that the stride should have."""
    seen = int(np.count_nonzero(np.isfinite(rows[:, h.THIGH_NEAR])))
    return min(1.0, seen * frame_s(rows[:, h.T_S]) / (end_s - start_s)) if len(rows) > 1 else 0.0


def curve(rows: NDArray[np.float64], column: int, start_s: float, end_s: float) -> NDArray[np.float64]:
    """A history column at 51 phases of the stride, (51,)."""
    seen = np.isfinite(rows[:, column])
    if np.count_nonzero(seen) < 5:
        return np.full(len(PHASES), nan)
    return np.interp(start_s + PHASES * (end_s - start_s), rows[seen, h.T_S], rows[seen, column])


def pelvic(found: PelvicStride | None) -> dict[str, float]:
    if found is None:
        return {}
    return {"pelvic_in_phase_deg": found.turn.real, "pelvic_quadrature_deg": found.turn.imag}


def as_record(row: dict[str, float]) -> np.void:
    """A STRIDE record, rounded: seconds to 1 ms, shares to 0.001, else to 0.01; NaN if missing."""
    record = np.array([tuple(round(row.get(name, nan), digits) for name, digits in _DIGITS.items())], dtype=STRIDE)
    record.flags.writeable = False
    return record[0]


THOUSANDTHS = {"tle_share_near", "seen_fraction", "step_length_m", "speed_mps"}
_DIGITS = {name: 3 if name.endswith("_s") or name in THOUSANDTHS else 2 for name in STRIDE.names or ()}
