"""Which inputs of the head help: heads trained anew on the frozen features of a trained network,
judged on held-out bodies.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn

from tests.lab.ground.shards import load, stored

from . import pelvis_measure as measure
from .pelvis import PelvisNet, laplace_loss
from .pelvis_data import sample_of
from .pelvis_report import JUDGES
from .pelvis_train import trained

FRAMES = 12_000
STEPS = 3_000
HEADS = {
    "picture alone": (),
    "and both thighs given, 5 deg off": ("thighs",),
    "and the camera's bearing given, 3 deg off": ("bearing",),
    "thighs alone, no picture": ("thighs", "blind"),
}


def ablate(run: Path, train_folders: list[Path], test_folders: list[Path]) -> str:
    """A markdown table: error and gain of each kind of head."""
    network, _ = trained(run)
    known, judged = (_features(network, folders, FRAMES) for folders in (train_folders, test_folders))
    rows = np.isin(judged["body"], JUDGES) & (judged["nobody"] == 0) & (abs(judged["bearing_deg"]) < 45)
    lines = ["| head | error, median | gain of the pelvis' own turn | per deg of the near, far thigh |", "|---|---|---|---|"]
    for name, given in HEADS.items():
        read = _trained_head(_inputs(known, given), known["apparent_turn_deg"])(_inputs(judged, given)).detach().numpy()
        own = measure.Readings(read[:, 0] * 20, np.exp(read[:, 1]) * 20, judged).where(rows)
        slope = measure.slopes(own)
        lines.append(f"| {name} | {np.median(abs(own.wrong_deg)):.1f} | {slope.turn:.2f} "
                     f"| {slope.thigh_near:+.3f}, {slope.thigh_far:+.3f} |")
    return "\n".join(lines)


def _features(network: PelvisNet, folders: list[Path], most: int) -> dict[str, np.ndarray]:
    """What the network's neck says of `most` random frames, with their truth."""
    rng, rows = np.random.default_rng(3), []
    paths = [path for folder in folders for path in stored(folder)]
    share = min(1.0, most / (480 * len(paths)))
    for number, path in enumerate(paths):
        shard = load(path)
        picked = np.flatnonzero(rng.random(len(shard)) < share)
        samples = [sample_of(shard, int(i), network.shape, rng) for i in picked]
        pictures = torch.tensor(np.stack([s.picture for s in samples])).permute(0, 3, 1, 2).float() / 255
        with torch.no_grad():
            seen = network.neck(network.trunk((pictures - 0.5) * 4.0)).numpy()
        truth = shard.truth | {"person": shard.truth["person"] + 1000 * number}
        rows.append({name: truth[name][picked] for name in (*measure.COLUMNS, "body", "person")}
                    | {"seen": seen, "thighs": np.stack([s.thighs for s in samples])})
    out = {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}
    return out | {"bearing": (out["bearing_deg"] + rng.normal(0, 3, len(out["bearing_deg"])))[:, None] / 20}


def _inputs(frames: dict[str, np.ndarray], given: tuple[str, ...]) -> torch.Tensor:
    parts = [] if "blind" in given else [frames["seen"]]
    return torch.tensor(np.concatenate([*parts, *(frames[name] for name in given if name != "blind")], axis=1)).float()


def _trained_head(inputs: torch.Tensor, turn_deg: np.ndarray) -> nn.Module:
    torch.manual_seed(1)
    head = nn.Sequential(nn.Linear(inputs.shape[1], 64), nn.ReLU(), nn.Linear(64, 2))
    optimiser = torch.optim.AdamW(head.parameters(), lr=2e-3, weight_decay=0.02)
    truth = torch.tensor(turn_deg).float()
    for step in range(STEPS):
        some = torch.randint(len(inputs), (256,))
        optimiser.param_groups[0]["lr"] = 2e-3 * (1 - step / STEPS)
        optimiser.zero_grad()
        laplace_loss(head(inputs[some]), truth[some]).mean().backward()
        optimiser.step()
    return head.eval()
