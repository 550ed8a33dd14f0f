"""What a tool found beside what was true: one Score per clip and tool."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from tests.lab.peers.adapters.found import ANGLES, SIDES, Found, plain_angles_deg

SETTLED_S = 1.0  # rendered clips are scored from here on: trackers need a moment to lock on
NEAREST_S = 0.12  # a contact farther from every true one is a false one
LAGS_S = np.arange(-0.1, 0.101, 0.01)
RHYTHMS_HZ = np.arange(0.5, 2.2, 0.0005)  # of strides; a step of 0.06 steps/min
LONG_ENOUGH_S = 4.0
PLAIN_PARTS = ("hip", "knee", "ankle", "toe")


@dataclass(frozen=True)
class Off:
    """Root mean square error, its mean and what is left without the mean; the shift in time that
    fits best, + = it lags.
    """

    rmse: float
    bias: float
    spread: float
    lag_ms: float


@dataclass(frozen=True)
class Contacts:
    """Median offset (+ = late) and spread (half the middle half) of those found near a true one;
    shares found, and false.
    """

    median_ms: float
    spread_ms: float
    found: float
    false: float


@dataclass(frozen=True)
class Score:
    """Angles in degrees by name (`thigh_near`, `hip_far`, ...); `plain` from its landmarks by the
    truth's own formula.
    """

    reported: float
    angles: dict[str, Off]
    plain: dict[str, Off]
    landmarks_px: dict[str, float]
    cadence_spm: float
    cadence_own: bool
    cadence_off_spm: float
    contacts: Contacts | None


def score(found: Found, truth: Found) -> Score:
    near = truth.reported["near"]
    plain = plain_angles_deg(found) if np.isfinite(found.xy_px).any() else np.full_like(found.angles_deg, np.nan)
    far = SIDES[1 - SIDES.index(near)]
    legs = {"near": near, "far": far}
    wanted = {f"{part}_{leg}": ANGLES.index(f"{part}_{legs[leg]}") for part in ("thigh", "hip") for leg in legs}
    cadence, own = cadence_of(found, near)
    return Score(
        reported=float(np.isfinite(found.angle(f"hip_{near}")).mean()),
        angles={name: _off(found.t_s, found.angles_deg[:, i], truth, i) for name, i in wanted.items()},
        plain={name: _off(found.t_s, plain[:, i], truth, i) for name, i in wanted.items()},
        landmarks_px={part: _px(found, truth, f"{part}_{near}") for part in PLAIN_PARTS},
        cadence_spm=cadence,
        cadence_own=own,
        cadence_off_spm=cadence - (truth.reported["cadence_spm"] or np.nan),
        contacts=_contacts(found, truth),
    )


def cadence_of(found: Found, near: str) -> tuple[float, bool]:
    """Steps a minute and whether the tool said it; else from the rhythm of its near thigh (or hip,
    where it tells no thigh).
    """
    if found.reported["cadence_spm"]:
        return float(found.reported["cadence_spm"]), True
    thigh, hip = found.angle(f"thigh_{near}"), found.angle(f"hip_{near}")
    return 120.0 * rhythm_hz(found.t_s, thigh if np.isfinite(thigh).any() else hip), False


def rhythm_hz(t_s: np.ndarray, values: np.ndarray) -> float:
    """Strongest frequency between 0.5 and 2.2 Hz: single wild values hardly move it. NaN for less
    than LONG_ENOUGH_S.
    """
    known = np.isfinite(values)
    t_s, values = t_s[known], values[known]
    if not len(values) or t_s[-1] - t_s[0] < LONG_ENOUGH_S:
        return np.nan
    wave = (values - values.mean()) * np.hanning(len(values))
    power = np.abs(np.exp(-2j * np.pi * RHYTHMS_HZ[:, None] * t_s) @ wave)
    return float(RHYTHMS_HZ[power.argmax()])


def _off(t_s: np.ndarray, seen: np.ndarray, truth: Found, column: int) -> Off:
    """Where clip and capture are not synchronous, errors are those at the best shift, and there is
    no lag.
    """
    true, synced = truth.angles_deg[:, column], truth.reported["synced"]
    known = np.isfinite(seen) & (t_s >= (SETTLED_S if synced else 0.0))
    if not known.any():
        return Off(np.nan, np.nan, np.nan, np.nan)
    off = [seen[known] - np.interp(t_s[known] - lag_s, truth.t_s, true) for lag_s in LAGS_S]
    best = int(np.argmin([e.std() for e in off]))
    errors = seen[known] - np.interp(t_s[known], truth.t_s, true) if synced else off[best]
    lag_ms = 1000.0 * float(LAGS_S[best]) if synced else np.nan
    return Off(float(np.sqrt((errors**2).mean())), float(errors.mean()), float(errors.std()), lag_ms)


def _px(found: Found, truth: Found, name: str) -> float:
    if not truth.reported["synced"] or len(found.t_s) != len(truth.t_s):
        return np.nan
    off = (found.joint(name) - truth.joint(name))[truth.t_s >= SETTLED_S]
    known = np.isfinite(off[:, 0])
    return float(np.sqrt((off[known] ** 2).sum(axis=1).mean())) if known.any() else np.nan


def _contacts(found: Found, truth: Found) -> Contacts | None:
    """Both feet together, each against its own truth, from SETTLED_S to the last true contact."""
    if found.contacts_s is None or truth.contacts_s is None:
        return None
    off, true_count, hit = [], 0, 0
    for side in SIDES:
        true_s = np.array([t for t in truth.contacts_s[side] if t >= SETTLED_S])
        span = (true_s[0] - NEAREST_S, true_s[-1] + NEAREST_S)
        gaps = [_nearest(t, true_s) for t in found.contacts_s[side] if span[0] < t < span[1]]
        off += gaps
        true_count += len(true_s)
        hit += sum(abs(_nearest(t, np.array(found.contacts_s[side] or [np.inf]))) < NEAREST_S for t in true_s)
    close = 1000.0 * np.array([gap for gap in off if abs(gap) < NEAREST_S])
    if not len(close):
        return Contacts(np.nan, np.nan, 0.0, float(len(off)) / true_count)
    low, high = np.percentile(close, (25, 75))
    return Contacts(float(np.median(close)), float(high - low) / 2, hit / true_count, (len(off) - len(close)) / true_count)


def _nearest(t_s: float, others_s: np.ndarray) -> float:
    gaps = t_s - others_s
    return float(gaps[np.abs(gaps).argmin()])


def middle_and_worst(values: Iterable[float]) -> tuple[float, float]:
    """Median and largest magnitude of those that are known; NaN without any."""
    known = [abs(value) for value in values if np.isfinite(value)]
    return (float(np.median(known)), max(known)) if known else (np.nan, np.nan)
