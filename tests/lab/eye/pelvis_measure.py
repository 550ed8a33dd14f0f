"""What the pelvis model reads on people it has never seen: gain, bias, spread, what the thighs drag
along, and the lock-in.

A correlation says nothing here: a network that copies the legs has a high one. Everything is judged
by slopes and ranges.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime

from tests.lab.ground.shards import load, stored

from .pelvis import Shape
from .pelvis_data import Sample, sample_of

BANDS_DEG = ((-45, -25), (-25, -10), (-10, 10), (10, 25), (25, 45))
"""Bearings of the camera, + = to the runner's rear, for the tables."""
LOCKED_DEG, TYPICAL_DEG = 1.2, 4.0
"""Amplitudes (half the range) of a locked and of a typical pelvis."""
EASY_DEG = 15.0
"""Of the camera's bearing, for the films of a station that is set up as it should be."""
COLUMNS = ("turn_deg", "bearing_deg", "list_deg", "tilt_deg", "thigh_near_deg", "thigh_far_deg", "apparent_turn_deg", "phase",
           "shorts_looseness", "shirt_looseness", "coat", "distance_m", "nobody", "second_person")

Network = Callable[[Sequence[Sample]], np.ndarray]
"""(N, 2) turn, deg, and the logarithm of its spread, deg, of N crops."""


@dataclass(frozen=True)
class Readings:
    """Frames of people held out: what the model reads and what is so, (N,) each; `truth` has
    `COLUMNS` as keys, and `body` and `person` (a number that no two people share)."""

    read_deg: np.ndarray
    spread_deg: np.ndarray
    """As the model says, Laplace scale."""
    truth: dict[str, np.ndarray]

    def where(self, rows: np.ndarray) -> Readings:
        return Readings(self.read_deg[rows], self.spread_deg[rows], {n: v[rows] for n, v in self.truth.items()})

    @property
    def wrong_deg(self) -> np.ndarray:
        return self.read_deg - self.truth["apparent_turn_deg"]


def exported(model: Path) -> Network:
    """The ONNX model on one core."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options)

    def read(samples: Sequence[Sample]) -> np.ndarray:
        return np.array([session.run(None, {"image": s.picture[None].astype("f4") / 255})[0][0] for s in samples])

    return read


def read(network: Network, folders: list[Path], shape: Shape, seed: int | None = 7) -> Readings:
    """Every frame of the folders' shards; with `seed` cut and photographed with errors."""
    rng = None if seed is None else np.random.default_rng(seed)
    told, rows = [], []
    for number, path in enumerate(path for folder in folders for path in stored(folder)):
        shard = load(path)
        told.append(network([sample_of(shard, i, shape, rng) for i in range(len(shard))]))
        truth = shard.truth | {"person": shard.truth["person"] + 1000 * number}
        rows.append({name: truth[name] for name in (*COLUMNS, "body", "act", "person")})
    values = np.concatenate(told)
    return Readings(values[:, 0], np.exp(values[:, 1]), {name: np.concatenate([row[name] for row in rows]) for name in rows[0]})


def in_band(truth: dict[str, np.ndarray], band: tuple[float, float]) -> np.ndarray:
    return (truth["bearing_deg"] >= band[0]) & (truth["bearing_deg"] < band[1])


def of_bodies(readings: Readings, names: tuple[str, ...]) -> Readings:
    """Those of some bodies alone, and only frames with somebody in them."""
    return readings.where(np.isin(readings.truth["body"], names) & (readings.truth["nobody"] == 0))


@dataclass(frozen=True)
class Slopes:
    """How much of each true angle is in the reading, degrees per degree, by least squares over all
    of them at once.
    """

    turn: float
    """The gain: of the pelvis' own turn."""
    bearing: float
    thigh_near: float
    thigh_far: float
    tilt: float
    list_: float
    frames: int


def slopes(readings: Readings) -> Slopes:
    """Person by person centred, so that a person's bias is no slope."""
    names = ("turn_deg", "bearing_deg", "thigh_near_deg", "thigh_far_deg", "tilt_deg", "list_deg")
    person = readings.truth["person"]
    columns = np.stack([_centred(readings.truth[name], person) for name in names], axis=1)
    found = np.linalg.lstsq(columns, _centred(readings.read_deg, person), rcond=None)[0]
    return Slopes(*(float(v) for v in found), len(person))


def bias(readings: Readings, gain: float) -> tuple[float, float]:
    """What is read too much where the pelvis' own turn is taken out by the gain: its mean over
    bodies and its SD between them.

    The bearing's share is taken out by its own slope round the middle of these frames. The SD is
    freed of what the scatter of the single frames adds to a mean of so many.
    """
    bearing = readings.truth["bearing_deg"]
    rest = readings.read_deg - gain * readings.truth["turn_deg"]
    rest = rest - np.polyval(np.polyfit(bearing, rest, 1), bearing) + (rest - bearing).mean()
    means, noise = [], []
    for body in np.unique(readings.truth["body"]):
        own = rest[readings.truth["body"] == body]
        if len(own) >= 8:
            means.append(own.mean())
            noise.append(own.var() / len(own))
    return float(np.mean(means)), float(np.sqrt(max(np.var(means, ddof=1) - np.mean(noise), 0.0)))


def temperature(readings: Readings) -> float:
    """What the model's spread must be multiplied with so that it is right on average (maximum
    likelihood of a Laplace scale).
    """
    return float(np.mean(abs(readings.wrong_deg) / readings.spread_deg))


def covered(readings: Readings, share: float = 0.9) -> float:
    """Share of the frames whose truth lies within the interval that the spread gives for `share`.
    """
    return float(np.mean(abs(readings.wrong_deg) <= -np.log(1 - share) * readings.spread_deg))


@dataclass(frozen=True)
class LockIns:
    """Per film (F,): the complex stride-frequency wave of the pelvis against the near thigh's, read
    and true.

    Real: in phase with the thigh's forward swing; imaginary: a quarter stride ahead of it. Degrees,
    amplitude.
    """

    read: np.ndarray
    true: np.ndarray
    scatter_deg: np.ndarray
    """Standard error of either part of `read`, from how the single frames scatter."""
    body: np.ndarray
    easy: np.ndarray
    """Bearing within `EASY_DEG`, no coat."""

    def of_bodies(self, names: tuple[str, ...]) -> LockIns:
        return self.where(np.isin(self.body, names))

    def where(self, rows: np.ndarray) -> LockIns:
        return LockIns(self.read[rows], self.true[rows], self.scatter_deg[rows], self.body[rows], self.easy[rows])


def lock_ins(readings: Readings) -> LockIns:
    """One of every film."""
    rows = []
    for person in np.unique(readings.truth["person"]):
        film = readings.where(readings.truth["person"] == person)
        phase = film.truth["phase"]
        thigh, _ = wave(film.truth["thigh_near_deg"], phase)
        unit = abs(thigh) / thigh
        (read, scatter), (true, _) = (wave(v, phase) for v in (film.read_deg, film.truth["apparent_turn_deg"]))
        easy = abs(film.truth["bearing_deg"].mean()) <= EASY_DEG and not film.truth["coat"][0]
        rows.append((read * unit, true * unit, scatter, film.truth["body"][0], easy))
    return LockIns(*(np.array(column) for column in zip(*rows, strict=True)))


def auc(low: np.ndarray, high: np.ndarray) -> float:
    """How often a value of `high` is above one of `low`."""
    return float(np.mean(np.sign(high[:, None] - low[None]) / 2 + 0.5)) if len(low) and len(high) else float("nan")


@dataclass(frozen=True)
class LockInScore:
    """Of one way to read the films: slope through zero on the truth, SD left over in true degrees,
    what of it stays however long the film (the frames' scatter taken out), and how surely locked
    and typical films are told apart."""

    gain: float
    left_over_deg: float
    lasting_deg: float
    auc: float


def score(read: np.ndarray, true: np.ndarray, scatter: np.ndarray, amplitude: np.ndarray) -> LockInScore:
    gain = float(read @ true / (true @ true))
    apart = auc(read[amplitude <= LOCKED_DEG], read[amplitude >= TYPICAL_DEG])
    left = float(np.mean((read / gain - true) ** 2))
    lasting = max(left - float(np.mean((scatter / gain) ** 2)), 0.0)
    return LockInScore(gain, float(np.sqrt(left)), float(np.sqrt(lasting)), apart)


def ways(films: LockIns) -> dict[str, LockInScore]:
    """The amplitude, and its parts against the thigh."""
    amplitude = abs(films.true)
    pairs = {"amplitude": (abs(films.read), amplitude), "a quarter stride ahead": (films.read.imag, films.true.imag),
             "in phase with the thigh": (films.read.real, films.true.real)}
    return {name: score(read, true, films.scatter_deg, amplitude) for name, (read, true) in pairs.items()}


def _centred(values: np.ndarray, person: np.ndarray) -> np.ndarray:
    out = np.asarray(values, float).copy()
    for one in np.unique(person):
        out[person == one] -= out[person == one].mean()
    return out


def wave(signal: np.ndarray, phase: np.ndarray) -> tuple[complex, float]:
    """Complex amplitude of the first harmonic, by least squares with a mean and the second harmonic
    beside it; its SE.
    """
    turns = 2j * np.pi * phase
    columns = [np.ones(len(phase))] + [part for k in (1, 2) for part in (np.exp(k * turns).real, np.exp(k * turns).imag)]
    matrix = np.stack(columns, axis=1)
    found = np.linalg.lstsq(matrix, signal, rcond=None)[0]
    rest = signal - matrix @ found
    return complex(found[1], -found[2]), float(np.sqrt(2 * (rest @ rest) / (len(rest) - 5) / len(rest)))
