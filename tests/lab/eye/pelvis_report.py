"""Judging a trained pelvis network: the model file, its card, and the tables of RESULTS.md, all
from one set of measurements.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime

from station.pose.model import PoseModel
from tests.lab.ground.bodies import body_names
from tests.lab.ground.frames import Ground

from . import pelvis_measure as measure
from .pelvis_export import export
from .pelvis_hips import compare
from .pelvis_train import trained

NAME = "pelvis_turn"
LEVELS = tuple(body_names("test")[:8])
"""Held-out bodies on which the spread's temperature and the table of errors are found."""
JUDGES = tuple(body_names("test")[8:])
"""Held-out bodies that only judge."""
CARD = Path(__file__).with_name("pelvis_card.md")
COLUMNS = ("frames", "error of a frame, median", "gain of the pelvis' own turn", "per deg of the near, far thigh",
           "bias at zero turn", "SD of the bias between bodies", "truth within the 90 % interval")
MIN_FRAMES = 60
"""Fewer frames give no row of a table."""


@dataclass(frozen=True)
class Findings:
    """Everything that is written about one model."""

    steps: int
    temperature: float
    sha256: str
    bytes_: int
    cpu_ms: float
    levels: measure.Readings
    judges: measure.Readings
    everything: measure.Readings
    """All held-out frames, those without anybody too."""
    perfect: measure.Readings
    """The judges' frames cut by perfect landmarks and taken by a perfect camera."""
    films: measure.LockIns
    film_frames: tuple[int, ...]
    """The lengths of the films."""


def judge(run: Path, frames: list[Path], films: list[Path], model: Path) -> Findings:
    """Export the run's network to `model` and measure it on held-out frames and films."""
    network, steps = trained(run)
    export(network, 1.0, model)
    raw = measure.read(measure.exported(model), frames, network.shape)
    heat = measure.temperature(measure.of_bodies(raw, LEVELS))
    export(network, heat, model)
    readings = measure.Readings(raw.read_deg, raw.spread_deg * heat, raw.truth)
    levels, judges = (measure.of_bodies(readings, names) for names in (LEVELS, JUDGES))
    data = model.read_bytes()
    eye = measure.exported(model)
    shown = measure.read(eye, films, network.shape, seed=11)
    lengths = tuple(sorted(set(np.unique(shown.truth["person"], return_counts=True)[1].tolist())))
    perfect = measure.of_bodies(measure.read(eye, frames, network.shape, seed=None), JUDGES)
    return Findings(steps, heat, hashlib.sha256(data).hexdigest(), len(data), cpu_ms(model), levels, judges, readings, perfect,
                    measure.lock_ins(shown), lengths)


def cpu_ms(model: Path, runs: int = 200) -> float:
    """Processor time of one crop on one thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options)
    image = np.random.default_rng(1).random(session.get_inputs()[0].shape, np.float32)
    session.run(None, {"image": image})
    start = time.process_time()
    for _ in range(runs):
        session.run(None, {"image": image})
    return (time.process_time() - start) / runs * 1e3


def tables(found: Findings) -> str:
    """The measurements as markdown."""
    judges = found.judges
    lines = _head("bearing of the camera", *COLUMNS)
    for low, high in (*measure.BANDS_DEG, (-45, 45)):
        own = judges.where(measure.in_band(judges.truth, (low, high)))
        if len(own.read_deg) >= MIN_FRAMES:
            lines.append(_row(f"{low} .. {high}", own))
    lines += ["", *_head("clothes and acts, all bearings", *COLUMNS)]
    truth = judges.truth
    for title, rows in (("tight shorts or tights (looseness < 0.8)", truth["shorts_looseness"] < 0.8),
                        ("loose shorts (> 1.4)", truth["shorts_looseness"] > 1.4),
                        ("coat over the hips", truth["coat"] > 0), ("run", truth["act"] == "run"),
                        ("walk", truth["act"] == "walk"), ("knee lifts", truth["act"] == "knee lifts"),
                        ("stand, slow turn", np.isin(truth["act"], ("stand", "slow turn")))):
        if rows.sum() >= MIN_FRAMES:
            lines.append(_row(title, judges.where(rows)))
    lines += ["", *_head("cut and camera, all bearings", *COLUMNS)]
    for title, readings in (("with the errors drawn in training", judges), ("perfect", found.perfect)):
        lines.append(_row(title, readings.where(measure.in_band(readings.truth, (-45, 45)))))
    lines += ["", *_spreads(found.everything)]
    easy = found.films.where(found.films.easy)
    lines += _lock_in_table(f"bearing within {measure.EASY_DEG:g} deg, no coat", easy, found.film_frames)
    lines += _lock_in_table("any bearing and clothes", found.films, found.film_frames)
    return "\n".join(lines)


def _lock_in_table(title: str, films: measure.LockIns, frames: tuple[int, ...]) -> list[str]:
    own, levels = films.of_bodies(JUDGES), measure.ways(films.of_bodies(LEVELS))
    low, high = (pick(abs(own.true)) for pick in (np.min, np.max))
    seconds = " and ".join(f"{n / Ground.FPS:g}" for n in frames)
    lines = ["", f"Lock-in over {len(own.read)} films of {seconds} s, {title}; true amplitudes {low:.1f}-{high:.1f} deg:", ""]
    lines += _head("part", "gain", "left over, in true degrees", "of it without the scatter of the frames",
                   "locked (<= 1.2 deg) against typical (>= 4): AUC")
    for name, there in measure.ways(own).items():
        gain = f"{there.gain:.2f} (the other eight: {levels[name].gain:.2f})"
        lines.append(f"| {name} | {gain} | {there.left_over_deg:.1f} | {there.lasting_deg:.1f} | {there.auc:.2f} |")
    return lines


def hips_table(model: Path, pose: PoseModel, folders: list[Path]) -> str:
    """What it costs that the hips come from the pose model."""
    true, found, off = compare(model, pose, folders)
    kept = measure.in_band(true.truth, (-45, 45))
    middle, spread = off[kept].mean(axis=0), off[kept].std(axis=0)
    ahead, down = (f"{100 * m:+.1f} cm (SD {100 * sd:.1f})" for m, sd in zip(middle, spread, strict=True))
    title = f"Mid-hip of {pose.info.name}: ahead of the true one by {ahead}, below it by {down}."
    rows = [_row("true hips", true.where(kept)), _row("found hips", found.where(kept))]
    return "\n".join([title, "", *_head("cut by", *COLUMNS), *rows])


def _head(*columns: str) -> list[str]:
    return [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]


def _spreads(readings: measure.Readings) -> list[str]:
    """How the spread answers to what makes reading hard."""
    truth, lines = readings.truth, _head("frames", "number", "error, median", "spread, median", "truth within the 90 % interval")
    nobody, two, coat = (truth[name] > 0 for name in ("nobody", "second_person", "coat"))
    beyond = abs(truth["bearing_deg"]) > 45
    for title, rows in (("none of these", ~(nobody | two | coat | beyond)), ("long coat", coat & ~nobody),
                        ("bearing beyond 45", beyond & ~nobody), ("second person", two & ~nobody), ("nobody", nobody)):
        own = readings.where(rows)
        if len(own.read_deg) >= MIN_FRAMES / 3:
            wrong, spread = np.median(abs(own.wrong_deg)), np.median(own.spread_deg)
            lines.append(f"| {title} | {len(own.read_deg)} | {wrong:.1f} | {spread:.1f} | {100 * measure.covered(own):.0f} % |")
    return lines


def _row(title: str, own: measure.Readings) -> str:
    slope = measure.slopes(own)
    middle, between = measure.bias(own, slope.turn)
    return (f"| {title} | {len(own.read_deg)} | {np.median(abs(own.wrong_deg)):.1f} | {slope.turn:.2f} "
            f"| {slope.thigh_near:+.3f}, {slope.thigh_far:+.3f} | {middle:+.1f} | {between:.1f} "
            f"| {100 * measure.covered(own):.0f} % |")


def card(found: Findings, parameters: int) -> str:
    """The model's card."""
    return CARD.read_text(encoding="utf-8").format(
        sha256=found.sha256, steps=found.steps, bytes_=found.bytes_ / 1e6, cpu_ms=found.cpu_ms, judges=len(JUDGES),
        levels=len(LEVELS), tables=tables(found), parameters=f"{parameters:,}", bodies=len(body_names("train")),
        held=len(body_names("test")))
