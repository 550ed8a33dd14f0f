"""What a clip's runner truly does, in the station's own measures, and what the rules would say who
saw it exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from station.faults import RULES
from station.faults.rule import Look, Scene
from station.types import Measure, Own, Side
from tests.lab.render.clip import LANDMARK_NAMES, truth_of
from tests.lab.render.spec import ClipSpec

from .clips import LEAD_S, Clip

NOBODY = Own()
FINE_HZ = 300.0
STRIDES = 36  # as many as the long window of the gait room holds


@dataclass(frozen=True)
class Truth:
    """Means over the strides after the lead-in, keyed as in `station.types.QUANTITIES`; seconds in
    the clip's time.
    """

    values: Mapping[str, float]
    turn: complex
    """First harmonic of the pelvic turn against the near thigh's, peak to peak in degrees: in phase
    + j quadrature.
    """
    contact_s: Mapping[str, NDArray[np.float64]]
    toe_off_s: Mapping[str, NDArray[np.float64]]

    def measures(self) -> dict[str, Measure]:
        """As the core would tell them that makes no error."""
        return {name: Measure(value, value, value, STRIDES) for name, value in self.values.items()}


def near_side(spec: ClipSpec) -> Side:
    return "right" if spec.camera.side == "right" else "left"


@lru_cache(maxsize=256)
def truth(spec: ClipSpec, side: Side) -> Truth:
    """Of the leg on that side, from the recipe alone, sampled finely."""
    fine = truth_of(replace(spec, sensor=replace(spec.sensor, fps=FINE_HZ, shutter_s=0.0)))
    other = "left" if side == "right" else "right"
    thigh, knee = fine.angles_deg[f"thigh_{side}"], fine.angles_deg[f"knee_flexion_{side}"]
    own_phase = fine.stride_phase - (0.0 if side == "right" else 0.5)
    duty = _duty(fine.contact_s[side], fine.toe_off_s[side])
    sign = 1.0 if side == "right" else -1.0
    near, contacts_s = fine.m[:, [LANDMARK_NAMES.index(f"{part}_{side}") for part in ("hip", "ankle")], 0], fine.contact_s[side]
    height = fine.m[:, [LANDMARK_NAMES.index(f"hip_{one}") for one in ("left", "right")], 1].mean(axis=1)
    heel_ahead = fine.m[:, LANDMARK_NAMES.index(f"heel_{side}"), 0] - _mid_hip(fine.m)
    rows = []
    # From mid-swing to mid-swing: contact, backward swing and forward peak all lie well inside.
    for inside in _cycles(fine.t_s, own_phase - 0.6):
        stance = inside & ((own_phase % 1.0) < 0.8 * duty)
        rows.append({
            "duration_s": float(np.ptp(fine.t_s[inside])) + 1 / FINE_HZ,
            "thigh_forward_near_deg": thigh[inside].max(),
            "tle_near_deg": -thigh[inside].min(),
            "tle_far_deg": -fine.angles_deg[f"thigh_{other}"][inside].min(),
            "thigh_forward_far_deg": fine.angles_deg[f"thigh_{other}"][inside].max(),
            "trunk_lean_deg": fine.angles_deg["trunk_lean"][inside].mean(),
            "knee_flexion_stance_near_deg": knee[stance].max(),
            "knee_flexion_swing_near_deg": knee[inside].max(),
            **_retraction(thigh[inside], heel_ahead[inside]),
            "vertical_oscillation_cm": 100 * _rise(height[inside]),
            "turn": _relative(sign * fine.angles_deg["pelvic_turn"][inside], thigh[inside]),
            "thigh_h1_deg": 2 * abs(_h1(thigh[inside])),
        })  # fmt: skip
    mean = {name: np.mean([row[name] for row in rows]) for name in rows[0]}
    mean["contact_time_ms"] = 1000 * _stance_s(contacts_s, fine.toe_off_s[side])
    landings_s = contacts_s[contacts_s >= LEAD_S - 0.5]
    mean["overstride_near_cm"] = 100 * np.interp(landings_s, fine.t_s, near[:, 1] - near[:, 0]).mean()
    mean["shank_contact_near_deg"] = np.interp(landings_s, fine.t_s, fine.angles_deg[f"shank_{side}"]).mean()
    return Truth(
        _values(mean, spec.motion.parameter("speed_mps", np.zeros(1))[0]), complex(mean["turn"]), fine.contact_s, fine.toe_off_s
    )


def _values(mean: Mapping[str, float], speed_mps: float) -> dict[str, float]:
    excursion = float(mean["thigh_forward_near_deg"] + mean["tle_near_deg"])
    turn = complex(mean["turn"])
    copied = ("thigh_forward_near_deg", "tle_near_deg", "trunk_lean_deg", "knee_flexion_stance_near_deg",
              "knee_flexion_swing_near_deg", "retraction_near_pct", "retraction_near_deg", "tle_far_deg",
              "thigh_forward_far_deg", "contact_time_ms", "vertical_oscillation_cm", "overstride_near_cm",
              "shank_contact_near_deg")  # fmt: skip
    return {name: float(mean[name]) for name in copied} | {
        "cadence_spm": 120.0 / float(mean["duration_s"]),
        "step_length_m": float(speed_mps * mean["duration_s"] / 2),
        "flight_time_ms": float(500 * mean["duration_s"] - mean["contact_time_ms"]),
        "duty_factor_pct": float(mean["contact_time_ms"] / mean["duration_s"] / 10),
        "vertical_ratio_pct": float(2 * mean["vertical_oscillation_cm"] / (speed_mps * mean["duration_s"])),
        "thigh_excursion_near_deg": excursion,
        "tle_share_near": float(mean["tle_near_deg"]) / excursion,
        "pelvic_turn_deg": abs(turn),
        "pelvic_turn_quadrature_deg": turn.imag,
        "pelvis_thigh_ratio": abs(turn) / float(mean["thigh_h1_deg"]),
    }


def verdicts(clip: Clip, own: Own = NOBODY) -> dict[str, Look]:
    """What each rule says of the true motion: `out` is a fault, `inside` none; `between` its two
    thresholds either will do. `own`: what the runner truly showed before.
    """
    speed_mps = float(clip.spec.motion.parameter("speed_mps", np.zeros(1))[0])
    measures = truth(clip.spec, near_side(clip.spec)).measures()
    scene = Scene(speed_mps, own, pelvic_source="belt", pelvic_calibrated=True)
    return {rule.name: rule.look(measures, scene).look for rule in RULES}


def _cycles(t_s: NDArray[np.float64], phase: NDArray[np.float64]) -> list[NDArray[np.bool_]]:
    """Samples of each whole cycle of `phase` after the lead-in."""
    number = np.floor(phase)
    after = [k for k in np.unique(number)[1:-1] if t_s[number == k][0] >= LEAD_S - 0.5]
    return [number == k for k in after]


def _mid_hip(m: NDArray[np.float64]) -> NDArray[np.float64]:
    return (m[:, LANDMARK_NAMES.index("hip_left"), 0] + m[:, LANDMARK_NAMES.index("hip_right"), 0]) / 2


def _duty(contact_s: NDArray[np.float64], toe_off_s: NDArray[np.float64]) -> float:
    """Share of the stride that the foot is on the belt."""
    return _stance_s(contact_s, toe_off_s) / float(np.median(np.diff(contact_s)))


def _stance_s(contact_s: NDArray[np.float64], toe_off_s: NDArray[np.float64]) -> float:
    return float(np.median([toe_off_s[toe_off_s > at][0] - at for at in contact_s if (toe_off_s > at).any()]))


def _rise(height: NDArray[np.float64]) -> float:
    """From the lowest to the highest, mean of both halves of a stride."""
    half = len(height) // 2
    return float(np.ptp(height[:half]) + np.ptp(height[half:])) / 2


def _retraction(thigh: NDArray[np.float64], heel_ahead: NDArray[np.float64]) -> dict[str, float]:
    """From the forward peak to the heel farthest ahead of the hips, % of the stride and degrees."""
    peak = int(thigh.argmax())
    reach = peak + int(heel_ahead[peak : peak + round(0.34 * len(thigh))].argmax())
    return {"retraction_near_pct": 100.0 * (reach - peak) / len(thigh), "retraction_near_deg": thigh[peak] - thigh[reach]}


def _h1(y: NDArray[np.float64]) -> complex:
    return complex(2.0 * np.mean((y - y.mean()) * np.exp(-2j * np.pi * np.arange(len(y)) / len(y))))


def _relative(turn: NDArray[np.float64], thigh: NDArray[np.float64]) -> complex:
    phase = _h1(thigh)
    return 2.0 * _h1(turn) * (phase / abs(phase)).conjugate()
