"""What helps the pelvis network, by training it anew.

Each row of `SHAPES` differs in one thing from the first, learns from the same frames for as many
steps, and is judged on bodies that trained none.

All begin with the convolutions of one trained network: from nothing, most of a short training goes
into finding the first edges, and when it does is luck.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from . import loop
from . import pelvis_measure as measure
from .pelvis import TURN_SCALE_DEG, PelvisNet, Shape
from .pelvis_data import Sample
from .pelvis_export import export
from .pelvis_report import JUDGES, cpu_ms
from .pelvis_train import WEIGHT_DECAY, train, trained

SHIPPED = Shape()
SHAPES: dict[str, tuple[Shape, int]] = {
    "shipped": (SHIPPED, 1),
    "crop-70-cm": (replace(SHIPPED, width_m=0.70), 1),
    "crop-100-cm": (replace(SHIPPED, width_m=1.00), 1),
    "80-px": (replace(SHIPPED, size_px=80), 1),
    "another-seed": (SHIPPED, 2),
    "turn-alone": (replace(SHIPPED, aux_weight=0.0), 1),
    "thighs-given": (replace(SHIPPED, thighs_given=True), 1),
}
"""Name of the run's folder: what is trained, and the seed. Another seed says how much is luck."""
RATE = 1e-3
"""Below that of a training from nothing, which would forget the convolutions."""
FRAMES_AT_ONCE = 64


@dataclass(frozen=True)
class Judged:
    """A shape on the held-out bodies, with the errors that landmarks have: the median error of a
    frame, the slopes, and what a crop costs (NaN where the model needs more than a picture).
    """

    error_deg: float
    slopes: measure.Slopes
    cpu_ms: float


def train_all(ground: list[Path], start: Path, folder: Path, steps: int, hours: float, threads: int) -> None:
    """Train one shape after the other into `folder`; one that is done is left alone. `start`: the
    run whose convolutions all begin with.
    """
    for name, (shape, seed) in SHAPES.items():
        plan = loop.Plan(steps, hours, RATE, WEIGHT_DECAY, threads=threads)
        train(ground, folder / name, shape, plan, seed, workers=0, start=start)


def table(folder: Path, test: list[Path], steps: int) -> str:
    """Markdown, a row per shape that was trained to the end."""
    lines = ["| | error of a frame, median | gain of the pelvis' own turn | per deg of the near, far thigh | ms a crop |",
             "|---|---|---|---|---|"]  # fmt: skip
    for name in SHAPES:
        if loop.steps_done(folder / name) >= steps:
            found = judged(folder / name, test)
            cost = "" if np.isnan(found.cpu_ms) else f"{found.cpu_ms:.1f}"
            lines.append(f"| {name.replace('-', ' ')} | {found.error_deg:.1f} | {found.slopes.turn:.2f} "
                         f"| {found.slopes.thigh_near:+.3f}, {found.slopes.thigh_far:+.3f} | {cost} |")  # fmt: skip
    return "\n".join(lines)


def judged(run: Path, test: list[Path]) -> Judged:
    """One trained shape on the frames of the bodies that only judge, bearings within 45 deg."""
    network, _ = trained(run)
    readings = measure.read(_network(network), test, network.shape)
    own = measure.of_bodies(readings, JUDGES)
    own = own.where(measure.in_band(own.truth, (-45, 45)))
    cost = float("nan")
    if not network.shape.thighs_given:
        export(network, 1.0, run / "model.onnx")
        cost = cpu_ms(run / "model.onnx")
    return Judged(float(np.median(abs(own.wrong_deg))), measure.slopes(own), cost)


def _network(network: PelvisNet) -> measure.Network:
    """As trained, before it is exported: only so can it be given the thighs."""

    def read(samples: Sequence[Sample]) -> np.ndarray:
        return np.concatenate([some(samples[i : i + FRAMES_AT_ONCE]) for i in range(0, len(samples), FRAMES_AT_ONCE)])

    def some(samples: Sequence[Sample]) -> np.ndarray:
        pictures = torch.tensor(np.stack([s.picture for s in samples])).permute(0, 3, 1, 2).float() / 255
        thighs = torch.tensor(np.stack([s.thighs for s in samples])) if network.shape.thighs_given else None
        with torch.no_grad():
            turn, spread = network(pictures, thighs)[0].numpy()[:, :2].T
        return np.stack([turn * TURN_SCALE_DEG, spread + np.log(TURN_SCALE_DEG)], axis=1)

    return read
