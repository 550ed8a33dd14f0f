"""How runners move: the mean stride of real treadmill runners as short Fourier series.

Source of the running curves: Fukuchi, Fukuchi & Duarte 2017, "A public dataset of running
biomechanics and the effects of running speed on lower extremity kinematics and kinetics", PeerJ
5:e3298, CC BY 4.0; eight of its runners, both legs averaged, by
`tests/lab/makers/stride_curves.py`, which prints the numbers below. The walking curves are drawn
through textbook values.

A stride is phase 0..1 from ground contact to ground contact of one foot; a curve is `c_0 + sum_k
Re(c_k e^(2 pi i k phase))`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Series = tuple[complex, ...]

PHASES = 512  # a stride
SPEED_STEP_MPS = 0.1  # between two tabled speeds


@dataclass(frozen=True)
class Curves:
    """A mean stride at one speed. Thigh forward +, toes up +; `height_m` is that of a runner's
    ankle or a walker's hips, from where the hips are in the mean.
    """

    speed_mps: float
    stride_s: float
    duty: float  # share of the stride that one foot is on the ground
    thigh_deg: Series
    knee_flexion_deg: Series
    foot_pitch_deg: Series
    height_m: Series


# fmt: off
RUN_2_5 = Curves(
    speed_mps=2.5,
    stride_s=0.7533,
    duty=0.3635,
    thigh_deg=(
        6.11+0.00j, 16.65+12.32j, -5.48-5.81j, -1.85-1.58j, 0.05-0.11j, -0.19+0.04j, 0.09+0.16j, 0.01+0.16j,
        0.04+0.04j,
    ),
    knee_flexion_deg=(
        40.12+0.00j, -14.47+23.59j, -13.65-19.67j, -3.62-2.40j, -0.30-1.07j, -0.33-0.30j, 0.17+0.21j,
        0.02+0.21j, 0.04+0.06j,
    ),
    foot_pitch_deg=(
        -28.19+0.00j, 41.22-15.79j, -1.56+9.23j, -0.39+3.64j, 1.16+1.49j, -0.31+0.51j, -0.02+0.61j,
        0.05+0.26j, 0.09+0.14j,
    ),
    height_m=(
        -0.72325+0.00000j, -0.09676+0.07348j, 0.00835-0.01920j, 0.00739+0.00176j, 0.00057+0.00326j,
        -0.00034+0.00309j, 0.00020+0.00167j, -0.00011+0.00082j, 0.00001+0.00042j,
    ),
)
RUN_3_5 = Curves(
    speed_mps=3.5,
    stride_s=0.7112,
    duty=0.3193,
    thigh_deg=(
        5.96+0.00j, 20.37+18.65j, -4.91-6.93j, -1.96-2.53j, -0.03+0.28j, -0.27-0.08j, 0.02+0.21j, -0.01+0.17j,
        0.05+0.02j,
    ),
    knee_flexion_deg=(
        44.84+0.00j, -19.68+29.99j, -10.88-23.49j, -4.63-3.07j, -0.39-0.46j, -0.27-0.76j, -0.11+0.37j,
        0.06+0.25j, 0.07+0.04j,
    ),
    foot_pitch_deg=(
        -38.51+0.00j, 53.89-15.57j, -2.05+9.34j, -2.27+2.70j, 1.27+3.39j, 0.00+0.08j, -0.38+0.54j, 0.05+0.26j,
        0.01+0.12j,
    ),
    height_m=(
        -0.67527+0.00000j, -0.14386+0.09048j, 0.01859-0.02574j, 0.00586+0.00517j, 0.00166+0.00336j,
        -0.00122+0.00261j, -0.00034+0.00234j, 0.00005+0.00116j, -0.00001+0.00048j,
    ),
)
RUN_4_5 = Curves(
    speed_mps=4.5,
    stride_s=0.6621,
    duty=0.3037,
    thigh_deg=(
        6.41+0.00j, 23.87+23.53j, -4.63-7.14j, -2.20-3.20j, -0.22+0.70j, -0.28-0.20j, -0.05+0.24j,
        -0.01+0.19j, 0.07-0.01j,
    ),
    knee_flexion_deg=(
        48.92+0.00j, -23.21+34.02j, -9.00-24.66j, -5.83-3.62j, -0.66+0.26j, 0.00-1.00j, -0.38+0.32j,
        0.09+0.36j, 0.13+0.01j,
    ),
    foot_pitch_deg=(
        -44.02+0.00j, 62.82-13.75j, -3.31+9.53j, -2.34+2.25j, 0.82+4.47j, 0.48+0.28j, -0.59+0.25j, 0.07+0.41j,
        0.05+0.07j,
    ),
    height_m=(
        -0.63847+0.00000j, -0.17923+0.09885j, 0.03008-0.02773j, 0.00224+0.00607j, 0.00261+0.00442j,
        -0.00140+0.00204j, -0.00069+0.00249j, 0.00011+0.00145j, 0.00008+0.00050j,
    ),
)
WALK = Curves(
    speed_mps=1.3,
    stride_s=1.1000,
    duty=0.6200,
    thigh_deg=(
        7.08+0.00j, 19.39+0.97j, -2.71+3.29j, -0.26-1.10j, -0.02+0.30j, -0.31-0.14j, -0.05-0.12j, 0.06+0.01j,
        0.02+0.08j,
    ),
    knee_flexion_deg=(
        21.42+0.00j, -3.10+17.38j, -12.21-6.61j, -0.39-3.09j, -0.07-0.42j, -0.22+0.21j, -0.42-0.18j,
        0.29-0.65j, 0.26+0.04j,
    ),
    foot_pitch_deg=(
        -12.81+0.00j, 22.17-17.95j, 7.27+15.06j, -1.58+0.70j, 2.05+1.49j, -0.07+0.59j, 0.89-0.47j, 0.41+0.64j,
        -0.04-0.16j,
    ),
    height_m=(
        0j, 0j, -0.01618+0.01176j, 0j, 0j, 0j, 0j, 0j, 0j,
    ),
)
# fmt: on


@dataclass(frozen=True)
class Shapes:
    """Curves of one gait over speed, normalised: rows are speeds, columns PHASES phases.

    thigh 0..1 from backward to forward extreme. knee = floor + stance * (peak - floor) + swing *
    (peak - floor), both 0..1.
    """

    speeds_mps: Array
    thigh: Array
    knee_stance: Array
    knee_swing: Array
    knee_floor_deg: Array
    foot_pitch_deg: Array
    height_m: Array
    duty: Array
    thigh_h1_rad: Array  # phase of the thigh's first harmonic, unwrapped over speed

    def at(self, table: Array, speed_mps: Array, phase: Array) -> Array:
        """Bilinear look-up in (speeds, PHASES): speed is clamped, phase wraps."""
        row = np.clip((speed_mps - self.speeds_mps[0]) / SPEED_STEP_MPS, 0, len(self.speeds_mps) - 1)
        column = (phase % 1.0) * PHASES
        low, left = np.floor(row).astype(int), np.floor(column).astype(int)
        high, up, across = np.minimum(low + 1, len(self.speeds_mps) - 1), row - low, column - left
        left, right = left % PHASES, (left + 1) % PHASES
        below = table[low, left] * (1 - across) + table[low, right] * across
        above = table[high, left] * (1 - across) + table[high, right] * across
        return below * (1 - up) + above * up

    def level(self, row: Array, speed_mps: Array) -> Array:
        """Look-up of a quantity that has one value per speed."""
        return np.interp(speed_mps, self.speeds_mps, row)


@cache
def running() -> Shapes:
    return _shapes((RUN_2_5, RUN_3_5, RUN_4_5))


@cache
def walking() -> Shapes:
    return _shapes((WALK,))


def _shapes(levels: tuple[Curves, ...]) -> Shapes:
    known = np.array([c.speed_mps for c in levels])
    speeds = np.arange(known[0], known[-1] + SPEED_STEP_MPS / 2, SPEED_STEP_MPS)

    def over_speed(name: str) -> Array:
        series = np.array([getattr(c, name) for c in levels])
        mixed = [np.interp(speeds, known, part) for part in (*series.real.T, *series.imag.T)]
        half = series.shape[1]
        return _curve(np.array(mixed[:half]).T + 1j * np.array(mixed[half:]).T)

    thigh = over_speed("thigh_deg")
    low, high = thigh.min(axis=1, keepdims=True), thigh.max(axis=1, keepdims=True)
    shape = (thigh - low) / (high - low)
    stance, swing, floor = zip(*(_split_knee(row) for row in over_speed("knee_flexion_deg")), strict=True)
    return Shapes(
        speeds,
        shape,
        np.array(stance),
        np.array(swing),
        np.array(floor),
        over_speed("foot_pitch_deg"),
        over_speed("height_m"),
        np.interp(speeds, known, [c.duty for c in levels]),
        np.unwrap(np.angle(np.fft.rfft(shape, axis=1)[:, 1])),
    )


def _curve(series: NDArray[np.complex128]) -> Array:
    """(S, K + 1) coefficients to (S, PHASES) values."""
    phase = np.arange(PHASES) / PHASES
    waves = np.exp(2j * np.pi * np.multiply.outer(np.arange(series.shape[1]), phase))
    return (series @ waves).real


def _split_knee(knee_deg: Array) -> tuple[Array, Array, float]:
    """Stance and swing bump of a knee curve, each 1 at its peak, and the floor at toe-off."""
    swing_peak = int(knee_deg.argmax())
    stance_peak = int(knee_deg[: PHASES * 3 // 10].argmax())
    toe_off = stance_peak + int(knee_deg[stance_peak:swing_peak].argmin())
    late = swing_peak + int(knee_deg[swing_peak:].argmin())
    floor = float(knee_deg[toe_off])
    # 1 in stance, 0 in swing; soft edges keep the sum smooth where the two gains differ.
    hard = ((np.arange(PHASES) - late) % PHASES < (toe_off - late) % PHASES).astype(float)
    window = np.hanning(PHASES // 12)
    soft = np.fft.irfft(np.fft.rfft(hard) * np.abs(np.fft.rfft(window / window.sum(), PHASES)), PHASES)
    above = knee_deg - floor
    stance, swing = soft * above, (1 - soft) * above
    return stance / stance[: PHASES * 3 // 10].max(), swing / swing.max(), floor
