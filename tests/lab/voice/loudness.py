"""How loud a sound is to people: integrated loudness after ITU-R BS.1770-4, for mono signals."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

SILENT_LUFS = -70.0  # absolute gate
BLOCK_S, HOP_S = 0.4, 0.1  # ITU-R BS.1770-4


def loudness_lufs(samples: NDArray[np.floating], rate_hz: int) -> float:
    """Integrated loudness of `samples` (N,) in -1..1 as heard from one loudspeaker; -inf when all
    is below the gate.

    A sound shorter than 0.4 s counts as one block. Source: BS.1770-4 annex 1, with the K-weighting
    applied as a spectrum.
    """
    power = _k_weighted(samples, rate_hz) ** 2
    size, hop = round(BLOCK_S * rate_hz), round(HOP_S * rate_hz)
    starts = range(0, max(1, len(power) - size + 1), hop)
    blocks = np.array([power[start : start + size].mean() for start in starts])
    loud = blocks[blocks > _power(SILENT_LUFS)]
    if loud.size == 0:
        return -math.inf
    return _lufs(loud[loud > loud.mean() / 10.0].mean())  # relative gate: 10 LU below


def _lufs(power: float) -> float:
    return -0.691 + 10.0 * math.log10(power)


def _power(lufs: float) -> float:
    return 10.0 ** ((lufs + 0.691) / 10.0)


def _k_weighted(samples: NDArray[np.floating], rate_hz: int) -> NDArray[np.float64]:
    """The head's shelf (+4 dB above 1.7 kHz) and the 38 Hz high-pass, as spectra."""
    # A power of two is quick; the quarter of a second keeps the filter's tail from wrapping to the
    # start.
    size = 1 << (len(samples) + rate_hz // 4).bit_length()
    s = 1j * np.fft.rfftfreq(size, 1.0 / rate_hz)  # in Hz: the 2 pi cancels in f / f0
    shelf = _second_order(s, 1681.974, 0.7071752, high=1.584893, band=1.258721, low=1.0)
    high_pass = _second_order(s, 38.13547, 0.5003270, high=1.0, band=0.0, low=0.0)
    return np.fft.irfft(np.fft.rfft(samples, size) * shelf * high_pass, size)[: len(samples)]


def _second_order(s: NDArray, f0_hz: float, q: float, high: float, band: float, low: float) -> NDArray:
    x = s / f0_hz
    return (high * x * x + band / q * x + low) / (x * x + x / q + 1.0)
