"""Stride curves of real treadmill runners as short Fourier series: how a runner moves at a speed.

Source: Fukuchi, Fukuchi & Duarte 2017, "A public dataset of running biomechanics and the effects of
running speed on lower extremity kinematics and kinetics", PeerJ 5:e3298, CC BY 4.0. `curves.json`
is derived from the joint centres of eight of its runners; `python -m tests.lab.render curves`
derives it again.

A stride runs from one right-foot contact to the next, phase 0..1. Left and right are averaged (the
left leg is half a stride later), so a curve describes a symmetric runner. Each curve is `mean +
sum_k Re(c_k e^{2 pi i k phase})`.
"""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

TABLE = Path(__file__).with_name("curves.json")
HARMONICS = 12
STANCE_FORCE_N = 50.0
"""A foot is on the belt above this vertical force: 5 % of body weight, clear of the plate's noise.
"""

LEG_CURVES = ("thigh_deg", "knee_flexion_deg", "foot_pitch_deg", "thigh_out_deg", "shank_out_deg", "ankle_rise")
PELVIS_CURVES = ("pelvis_turn_deg", "pelvis_list_deg", "pelvis_tilt_deg", "pelvis_rise", "pelvis_surge", "pelvis_sway")
ANTISYMMETRIC = ("pelvis_turn_deg", "pelvis_list_deg", "pelvis_sway")
"""Curves that change sign when left and right change places: only odd harmonics are left in a
symmetric runner.
"""


@dataclass(frozen=True)
class StrideCurves:
    """One runner at one speed. `coefficients[name]`: (HARMONICS + 1,) complex, index 0 the mean.

    Lengths are in leg lengths, thigh + shank: `pelvis_rise` up, `pelvis_surge` forward,
    `pelvis_sway` to the runner's right, `ankle_rise` up from where the ankle is while the foot
    lies flat.
    """

    speed_mps: float
    stride_s: float
    duty: float
    """Share of the stride that one foot is on the belt."""
    coefficients: dict[str, np.ndarray]

    def at(self, name: str, phase: np.ndarray) -> np.ndarray:
        """The curve at `phase` (strides; any shape)."""
        c = self.coefficients[name]
        k = np.arange(1, len(c))
        waves = np.exp(2j * np.pi * np.multiply.outer(phase, k))
        return c[0].real + (waves * c[1:]).real.sum(axis=-1)

    def first_harmonic(self, name: str, phase: np.ndarray) -> np.ndarray:
        """Only the stride-frequency wave of a curve, scaled to amplitude 1."""
        c = self.coefficients[name][1]
        return (c / abs(c) * np.exp(2j * np.pi * phase)).real


@dataclass(frozen=True)
class RunnerCurves:
    """One runner at every recorded speed; linear in between, clamped outside."""

    levels: tuple[StrideCurves, ...]

    def at(self, name: str, phase: np.ndarray, speed_mps: np.ndarray) -> np.ndarray:
        """A curve at `phase` (T,) strides and `speed_mps` (T,)."""
        return self._between(np.stack([level.at(name, phase) for level in self.levels]), speed_mps)

    def first_harmonic(self, name: str, phase: np.ndarray, speed_mps: np.ndarray) -> np.ndarray:
        """The stride-frequency wave of a curve with amplitude 1."""
        return self._between(np.stack([level.first_harmonic(name, phase) for level in self.levels]), speed_mps)

    def stride_s(self, speed_mps: np.ndarray) -> np.ndarray:
        return self._between(np.array([level.stride_s for level in self.levels])[:, None], speed_mps)

    def duty(self, speed_mps: np.ndarray) -> np.ndarray:
        return self._between(np.array([level.duty for level in self.levels])[:, None], speed_mps)

    def _between(self, values: np.ndarray, speed_mps: np.ndarray) -> np.ndarray:
        speeds = [level.speed_mps for level in self.levels]
        place = np.interp(speed_mps, speeds, np.arange(len(speeds)))
        share = np.maximum(0, 1 - abs(place - np.arange(len(speeds))[:, None]))
        return (share * values).sum(axis=0)


def runners() -> tuple[str, ...]:
    """Names usable as `Gait.runner`: "mean" and the single runners."""
    return tuple(_table())


def curves_of(runner: str) -> RunnerCurves:
    """Curves of one of `runners()`. Raises KeyError for another name."""
    return RunnerCurves(tuple(_table()[runner]))


@cache
def _table() -> dict[str, list[StrideCurves]]:
    raw = json.loads(TABLE.read_text())
    return {
        runner: [
            StrideCurves(
                level["speed_mps"],
                level["stride_s"],
                level["duty"],
                {n: np.array(re) + 1j * np.array(im) for n, (re, im) in level["coefficients"].items()},
            )
            for level in levels
        ]
        for runner, levels in raw.items()
    }


# ---- deriving the table --------------------------------------------------------------------------


def build_table(recordings: Path, out: Path = TABLE) -> None:
    """Read `rbds*_v25|v35|v45.npz` under `recordings` and write the table of every runner and of
    their mean.
    """
    table: dict[str, list[StrideCurves]] = {}
    for path in sorted(recordings.glob("rbds*_v*.npz")):
        with np.load(path) as data:
            table.setdefault(path.stem.split("_")[0], []).append(derive(dict(data)))
    levels = list(zip(*table.values(), strict=True))
    table = {"mean": [_mean_runner(level) for level in levels], **table}
    out.write_text(json.dumps({n: [_plain(c) for c in levels] for n, levels in table.items()}, indent=0) + "\n")


def derive(data: dict[str, np.ndarray]) -> StrideCurves:
    """Stride curves of one recording (arrays as in the data's README: metres, x forward, y up, z
    right).
    """
    contact, stance_s = _contacts(data)
    is_right = _is_right(data, contact)
    contacts = {"right": contact[is_right], "left": contact[~is_right]}
    typical = float(np.median(np.diff(contacts["right"])))
    strides = {side: _regular(at, typical) for side, at in contacts.items()}
    signals = {side: _leg_signals(data, side) for side in ("right", "left")}
    out = {}
    for name in LEG_CURVES:
        # Each leg from its own contacts: they are not half a stride apart to the millisecond.
        out[name] = np.mean([_series(signals[side][name], strides[side]) for side in strides], axis=0)
    for name, signal in _pelvis_signals(data).items():
        c = _series(signal, strides["right"])
        keep = _odd() if name in ANTISYMMETRIC else ~_odd()
        out[name] = np.where(keep, c, 0)
    stride_s = typical / 150.0
    for name in ("foot_pitch_deg", "ankle_rise"):
        out[name][0] -= _while_flat(out[name], stance_s / stride_s)
    return StrideCurves(float(data["speed_mps"]), stride_s, stance_s / stride_s, out)


def _contacts(data: dict[str, np.ndarray]) -> tuple[np.ndarray, float]:
    """Frames where the plate's force rises, and the median time on the belt."""
    on = data["vertical_force_n"] > STANCE_FORCE_N
    change = np.diff(on.astype(int))
    start, stop = np.flatnonzero(change == 1) + 1, np.flatnonzero(change == -1) + 1
    stop = stop[stop > start[0]]
    n = min(len(start), len(stop))
    return start[:n], float(np.median(stop[:n] - start[:n])) / 150.0


def _regular(contact: np.ndarray, typical: float) -> list[tuple[int, int]]:
    """Strides within 15 % of the typical length: first and last frame."""
    return [(a, b) for a, b in itertools.pairwise(contact) if abs(b - a - typical) < 0.15 * typical]


def _is_right(data: dict[str, np.ndarray], contact: np.ndarray) -> np.ndarray:
    later = np.minimum(contact + 8, len(data["t_s"]) - 1)
    return data["ankle_right"][later, 1] < data["ankle_left"][later, 1]


def _leg_signals(data: dict[str, np.ndarray], side: str) -> dict[str, np.ndarray]:
    hip, knee, ankle, heel, toe = (data[f"{j}_{side}"] for j in ("hip", "knee", "ankle", "heel", "toe"))
    out = 1.0 if side == "right" else -1.0
    thigh, shank, foot = knee - hip, ankle - knee, toe - heel
    thigh_deg = np.degrees(np.arctan2(thigh[:, 0], -thigh[:, 1]))
    shank_deg = np.degrees(np.arctan2(shank[:, 0], -shank[:, 1]))
    pitch = np.degrees(np.unwrap(np.arctan2(foot[:, 1], foot[:, 0])))
    return {
        "ankle_rise": ankle[:, 1] / _leg_m(data),
        "thigh_deg": thigh_deg,
        "knee_flexion_deg": thigh_deg - shank_deg,
        "foot_pitch_deg": pitch - 360.0 * np.round(np.median(pitch) / 360.0),
        "thigh_out_deg": np.degrees(np.arctan2(out * thigh[:, 2], np.hypot(thigh[:, 0], thigh[:, 1]))),
        "shank_out_deg": np.degrees(np.arctan2(out * shank[:, 2], np.hypot(shank[:, 0], shank[:, 1]))),
    }


def _pelvis_signals(data: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    centre = (data["hip_right"] + data["hip_left"]) / 2
    leg_m = _leg_m(data)
    return {
        "pelvis_turn_deg": data["pelvis_yaw_deg"],
        "pelvis_list_deg": data["pelvis_list_deg"],
        "pelvis_tilt_deg": data["pelvis_tilt_deg"],
        "pelvis_rise": (centre[:, 1] - centre[:, 1].mean()) / leg_m,
        "pelvis_surge": (centre[:, 0] - centre[:, 0].mean()) / leg_m,
        "pelvis_sway": (centre[:, 2] - centre[:, 2].mean()) / leg_m,
    }


def _leg_m(data: dict[str, np.ndarray]) -> float:
    """Hip to knee to ankle."""
    hip, knee, ankle = (data[f"{joint}_right"] for joint in ("hip", "knee", "ankle"))
    return float(np.mean(np.linalg.norm(hip - knee, axis=1) + np.linalg.norm(knee - ankle, axis=1)))


def _series(signal: np.ndarray, strides: list[tuple[int, int]]) -> np.ndarray:
    """Fourier coefficients of the mean stride, (HARMONICS + 1,) complex."""
    phase = np.arange(200) / 200
    frames = np.arange(len(signal))
    mean = np.mean([np.interp(a + phase * (b - a), frames, signal) for a, b in strides], axis=0)
    c = np.fft.rfft(mean)[: HARMONICS + 1] / len(phase)
    c[1:] *= 2
    return c


def _odd() -> np.ndarray:
    return np.arange(HARMONICS + 1) % 2 == 1


def _while_flat(c: np.ndarray, duty: float) -> float:
    """A leg curve's value in mid-stance, when the sole lies on the belt."""
    phase = np.linspace(0.3, 0.55, 20) * duty
    waves = np.exp(2j * np.pi * np.multiply.outer(phase, np.arange(len(c))))
    return float(np.median((waves * c).real.sum(axis=-1)))


def _mean_runner(level: tuple[StrideCurves, ...]) -> StrideCurves:
    """Average coefficients; the pelvic turn keeps the mean size, which averaging different leads
    would shrink.
    """
    names = level[0].coefficients
    mean = {n: np.mean([c.coefficients[n] for c in level], axis=0) for n in names}
    turn = [c.coefficients["pelvis_turn_deg"] for c in level]
    mean["pelvis_turn_deg"] = mean["pelvis_turn_deg"] * np.mean([abs(c[1]) for c in turn]) / abs(mean["pelvis_turn_deg"][1])
    averages = [float(np.mean([getattr(c, f) for c in level])) for f in ("speed_mps", "stride_s", "duty")]
    return StrideCurves(*averages, mean)


def _plain(c: StrideCurves) -> dict[str, object]:
    digits = {n: 3 if n.endswith("_deg") else 5 for n in c.coefficients}
    return {
        "speed_mps": round(c.speed_mps, 3),
        "stride_s": round(c.stride_s, 4),
        "duty": round(c.duty, 4),
        "coefficients": {
            n: [np.round(v.real, digits[n]).tolist(), np.round(v.imag, digits[n]).tolist()]
            for n, v in c.coefficients.items()
        },
    }
