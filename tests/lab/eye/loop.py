"""The loop that trains any of the networks: seeded, with checkpoints, resumed where it stopped, on
a CPU or a GPU.

The learning rate rises for `WARM_STEPS`, stays, and falls to zero over the last `FALLING` of the
steps; beside the weights their moving average is kept, and it is the average that is exported. So a
run can be ended early, or prolonged, by another `steps`.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

WARM_STEPS = 300
FALLING = 0.3
AVERAGE_STEPS = 400
"""Memory of the moving average of the weights."""
CLIP_NORM = 2.0


@dataclass(frozen=True)
class Plan:
    """How long and how fast. `hours` ends this piece of the run; the next one goes on from its last
    checkpoint.
    """

    steps: int
    hours: float
    rate: float
    weight_decay: float
    checkpoint_s: float = 180.0
    device: str = "cpu"
    threads: int = 0


def train(network: nn.Module, batches: Iterable, loss: Callable[[nn.Module, object], tuple[torch.Tensor, dict[str, float]]],
          plan: Plan, folder: Path) -> None:
    """Train until `plan.steps` or `plan.hours` are spent. `loss(network, batch)`: the loss, and
    numbers to log.

    Writes `last.pt` (everything that is needed to go on) and `log.jsonl` into `folder`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if plan.threads:
        torch.set_num_threads(plan.threads)
    network = network.to(plan.device, memory_format=torch.channels_last).train()
    average = torch.optim.swa_utils.AveragedModel(network, avg_fn=_towards, use_buffers=True)
    optimiser = torch.optim.AdamW(network.parameters(), lr=plan.rate, weight_decay=plan.weight_decay)
    step = _resume(folder, network, average, optimiser)
    start = saved = time.monotonic()
    sums: dict[str, float] = {}
    counted = 0
    for batch in batches:
        if step >= plan.steps or time.monotonic() - start > 3600 * plan.hours:
            break
        for group in optimiser.param_groups:
            group["lr"] = plan.rate * _share(step, plan.steps)
        with torch.autocast(plan.device, torch.bfloat16):
            value, numbers = loss(network, batch)
        optimiser.zero_grad(set_to_none=True)
        value.backward()
        nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
        optimiser.step()
        average.update_parameters(network)
        step, counted = step + 1, counted + 1
        sums = {name: sums.get(name, 0.0) + v for name, v in numbers.items()}
        if step % 50 == 0:
            row = {"step": step, "s": round(time.monotonic() - start, 1)} | {n: round(v / counted, 4) for n, v in sums.items()}
            print(row, flush=True)
            with (folder / "log.jsonl").open("a") as log:
                log.write(json.dumps(row) + "\n")
            sums, counted = {}, 0
        if time.monotonic() - saved > plan.checkpoint_s:
            _save(folder, network, average, optimiser, step)
            saved = time.monotonic()
    _save(folder, network, average, optimiser, step)


def steps_done(folder: Path) -> int:
    """Of the run in a folder; 0 where there is none."""
    path = folder / "last.pt"
    return int(torch.load(path, map_location="cpu", weights_only=True)["step"]) if path.exists() else 0


def averaged(network: nn.Module, folder: Path) -> tuple[nn.Module, int]:
    """The network with the averaged weights of the last checkpoint, to be used; and after how many
    steps.

    Raises FileNotFoundError when nothing was trained there.
    """
    state = torch.load(folder / "last.pt", map_location="cpu", weights_only=True)
    network.load_state_dict({name.removeprefix("module."): v for name, v in state["average"].items()
                             if name.startswith("module.")})
    return network.float().eval(), state["step"]


def _towards(average: torch.Tensor, now: torch.Tensor, count: torch.Tensor) -> torch.Tensor:
    """A moving average that at first reaches back over a fifth of the run: early weights are worth
    little.
    """
    return average + (now - average) / (1 + min(int(count) / 5, AVERAGE_STEPS))


def _share(step: int, steps: int) -> float:
    """Of the highest learning rate."""
    return min(1.0, (step + 1) / WARM_STEPS, max((steps - step) / (FALLING * steps), 0.0))


def _save(folder: Path, network: nn.Module, average: nn.Module, optimiser: torch.optim.Optimizer, step: int) -> None:
    part = folder / "last.part"
    torch.save({"network": network.state_dict(), "average": average.state_dict(), "optimiser": optimiser.state_dict(),
                "step": step}, part)
    os.replace(part, folder / "last.pt")


def _resume(folder: Path, network: nn.Module, average: nn.Module, optimiser: torch.optim.Optimizer) -> int:
    path = folder / "last.pt"
    if not path.exists():
        return 0
    state = torch.load(path, map_location="cpu", weights_only=True)
    network.load_state_dict(state["network"])
    average.load_state_dict(state["average"])
    optimiser.load_state_dict(state["optimiser"])
    return int(state["step"])
