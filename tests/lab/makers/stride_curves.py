"""Derives the numbers of `station/testing/stride_curves.py` from recordings of real runners and
prints them as Python.

    python tests/lab/makers/stride_curves.py ../shared/data/rbds

Runners: Fukuchi, Fukuchi & Duarte 2017, PeerJ 5:e3298, CC BY 4.0. A curve is one stride from
force-plate contact to contact, both legs averaged (the left one half a stride later), the mean of
all runners at a speed. The walking curves are no recording: they are drawn through textbook values
(WALK_KNOTS) and are good for "this person walks", not for gait science.
"""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

import numpy as np

from station.testing.synthetic_body import SHANK_M, THIGH_M

HARMONICS = 8
RATE_HZ = 150.0
ON_PLATE_N = 50.0  # 5 % of body weight, clear of the plate's noise
BAD_TOES = ("rbds001_v25", "rbds03_v25")  # toe markers exchanged or mislabelled

# Degrees at phases of the stride, as drawn in gait textbooks for comfortable walking.
WALK_PHASES = (0, 0.08, 0.15, 0.25, 0.4, 0.5, 0.56, 0.62, 0.74, 0.86, 0.95)
WALK_KNOTS = {
    "thigh_deg": (23, 21, 16, 8, -6, -15, -17, -12, 11, 25, 25),
    "knee_flexion_deg": (5, 13, 18, 13, 5, 11, 24, 40, 60, 28, 4),
    "foot_pitch_deg": (20, 0, 0, 0, -4, -22, -44, -65, -42, 2, 21),
}


def stride_marks(data: dict[str, np.ndarray], side: str) -> tuple[np.ndarray, np.ndarray, float]:
    """First and last sample of every ordinary stride of that leg, and the share of it on the plate.
    """
    change = np.diff((data["vertical_force_n"] > ON_PLATE_N).astype(int))
    start, stop = np.flatnonzero(change == 1) + 1, np.flatnonzero(change == -1) + 1
    stop = stop[stop > start[0]]
    start = start[: len(stop)]
    later = np.minimum(start + 8, len(data["t_s"]) - 1)
    right = data["ankle_right"][later, 1] < data["ankle_left"][later, 1]
    own = start[right if side == "right" else ~right]
    typical = np.median(np.diff(own))
    plain = np.abs(np.diff(own) - typical) < 0.15 * typical
    return own[:-1][plain], own[1:][plain], float(np.median(stop - start) / typical)


def leg_signals(data: dict[str, np.ndarray], side: str) -> dict[str, np.ndarray]:
    hip, knee, ankle, heel, toe = (data[f"{joint}_{side}"] for joint in ("hip", "knee", "ankle", "heel", "toe"))
    thigh, shank, foot = knee - hip, ankle - knee, toe - heel
    thigh_deg = np.degrees(np.arctan2(thigh[:, 0], -thigh[:, 1]))
    shank_deg = np.degrees(np.arctan2(shank[:, 0], -shank[:, 1]))
    pitch = np.degrees(np.unwrap(np.arctan2(foot[:, 1], foot[:, 0])))
    return {
        "thigh_deg": thigh_deg,
        "knee_flexion_deg": thigh_deg - shank_deg,
        "foot_pitch_deg": pitch - 360 * np.round(np.median(pitch) / 360),
        "height_m": ankle[:, 1],
    }


def mean_stride(signal: np.ndarray, first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Fourier coefficients (HARMONICS + 1,) of the mean stride: mean + sum Re(c_k e^{2 pi i k
    phase}).
    """
    phase = np.arange(200) / 200
    samples = np.arange(len(signal))
    curve = np.mean([np.interp(a + phase * (b - a), samples, signal) for a, b in zip(first, last, strict=True)], axis=0)
    return series(curve)


def series(curve: np.ndarray) -> np.ndarray:
    c = np.fft.rfft(curve)[: HARMONICS + 1] / len(curve)
    c[1:] *= 2
    return c


def runner(path: Path) -> dict[str, np.ndarray | float]:
    with np.load(path) as archive:
        data = dict(archive)
    sides = []
    for side in ("left", "right"):
        first, last, duty = stride_marks(data, side)
        curves = {name: mean_stride(signal, first, last) for name, signal in leg_signals(data, side).items()}
        sides.append({**curves, "duty": duty, "stride_s": float(np.median(last - first) / RATE_HZ)})
    both = {name: (sides[0][name] + sides[1][name]) / 2 for name in sides[0]}
    if path.stem in BAD_TOES:
        del both["foot_pitch_deg"]
    return both


def level(folder: Path, suffix: str) -> dict[str, np.ndarray | float]:
    runners = [runner(path) for path in sorted(folder.glob(f"rbds*_{suffix}.npz"))]
    names = ("thigh_deg", "knee_flexion_deg", "foot_pitch_deg", "height_m", "duty", "stride_s")
    mean = {name: np.mean([r[name] for r in runners if name in r], axis=0) for name in names}
    # The sole lies on the belt in mid-stance: pitch counts from there, heel and toe markers sit at
    # different heights.
    flat = on_circle(mean["foot_pitch_deg"], np.linspace(0.35, 0.55, 20) * mean["duty"])
    mean["foot_pitch_deg"][0] -= np.median(flat)
    # The ankle's height counts from where the hips of this stride are in the mean.
    phase = np.arange(200) / 200
    thigh, knee, ankle_m = (on_circle(mean[name], phase) for name in ("thigh_deg", "knee_flexion_deg", "height_m"))
    leg_m = THIGH_M * np.cos(np.radians(thigh)) + SHANK_M * np.cos(np.radians(thigh - knee))
    mean["height_m"][0] -= np.mean((leg_m + ankle_m)[phase < mean["duty"]])
    return mean


def on_circle(coefficients: np.ndarray, phase: np.ndarray) -> np.ndarray:
    """A curve at `phase` (N,)."""
    return (np.exp(2j * np.pi * np.multiply.outer(phase, np.arange(HARMONICS + 1))) * coefficients).real.sum(axis=1)


def walking() -> dict[str, np.ndarray | float]:
    """A smooth periodic curve through the knots: linear, then a short circular blur."""
    phase = np.arange(200) / 200
    blur = np.hanning(21)[1:-1]
    blur /= blur.sum()
    out: dict[str, np.ndarray | float] = {}
    for name, knots in WALK_KNOTS.items():
        curve = np.interp(phase, WALK_PHASES, knots, period=1)
        spectrum = np.fft.rfft(curve) * np.abs(np.fft.rfft(blur, len(curve)))
        out[name] = series(np.fft.irfft(spectrum, len(curve)))
    rise = -0.02 * np.cos(4 * np.pi * (phase - 0.05))  # highest in mid-stance, 4 cm in all
    return {**out, "height_m": series(rise), "duty": 0.62, "stride_s": 1.1}


def as_python(name: str, speed_mps: float, curves: dict[str, np.ndarray | float]) -> str:
    lines = [f"{name} = Curves(", f"    speed_mps={speed_mps},", f"    stride_s={curves['stride_s']:.4f},"]
    lines.append(f"    duty={curves['duty']:.4f},")
    for key in ("thigh_deg", "knee_flexion_deg", "foot_pitch_deg", "height_m"):
        digits = 5 if key == "height_m" else 2
        numbers = ", ".join(
            f"{v.real:.{digits}f}{v.imag:+.{digits}f}j" if abs(v) > 5e-6 else "0j" for v in np.asarray(curves[key])
        )
        lines += [f"    {key}=(", *textwrap.wrap(numbers + ",", 110, initial_indent=" " * 8, subsequent_indent=" " * 8), "    ),"]
    return "\n".join([*lines, ")"])


if __name__ == "__main__":
    source = Path(sys.argv[1])
    for name, suffix, speed in (("RUN_2_5", "v25", 2.5), ("RUN_3_5", "v35", 3.5), ("RUN_4_5", "v45", 4.5)):
        print(as_python(name, speed, level(source, suffix)))
    print(as_python("WALK", 1.3, walking()))
