"""Training of the pelvis network."""

from __future__ import annotations

import json
from pathlib import Path

import torch

from . import loop
from .pelvis import PelvisNet, Shape, aux_loss, laplace_loss
from .pelvis_data import batches

BATCH = 64
RATE = 2.5e-3
WEIGHT_DECAY = 0.02
SHAPE_FILE = "shape.json"


def train(ground: list[Path], folder: Path, shape: Shape, plan: loop.Plan, seed: int, workers: int,
          start: Path | None = None) -> None:
    """Train on the shards in `ground`, hip or body tiles, into `folder`; goes on, with its shape,
    where a run there stopped. `start`: a run whose convolutions a new one begins with.
    """
    torch.manual_seed(seed)
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / SHAPE_FILE).exists():
        shape = shape_of(folder)
    (folder / SHAPE_FILE).write_text(json.dumps(shape.as_dict()) + "\n")

    def loss(network: PelvisNet, batch: tuple) -> tuple[torch.Tensor, dict[str, float]]:
        pictures, turn, aux, thighs = (part.to(plan.device, non_blocking=True) for part in batch)
        pictures = pictures.permute(0, 3, 1, 2).float() / 255
        told, also = network(pictures, thighs if shape.thighs_given else None)
        main = laplace_loss(told.float(), turn).mean()
        more = aux_loss(also.float(), aux).mean()
        wrong = (told[:, 0].detach().float() * 20 - turn).abs().mean()
        return main + shape.aux_weight * more, {"loss": main.item(), "aux": more.item(), "wrong_deg": wrong.item()}

    # A piece that goes on sees other frames than the piece before.
    frames = batches(ground, shape, seed + 1000 * loop.steps_done(folder), BATCH, workers)
    network = PelvisNet(shape)
    if start is not None:
        network.trunk.load_state_dict(trained(start)[0].trunk.state_dict())
    loop.train(network, frames, loss, plan, folder)


def shape_of(folder: Path) -> Shape:
    """What was trained there. Raises FileNotFoundError when nothing was."""
    raw = json.loads((folder / SHAPE_FILE).read_text())
    return Shape(**raw | {"channels": tuple(raw["channels"])})


def trained(folder: Path) -> tuple[PelvisNet, int]:
    """The averaged network, ready to be used, and after how many steps."""
    return loop.averaged(PelvisNet(shape_of(folder)), folder)
