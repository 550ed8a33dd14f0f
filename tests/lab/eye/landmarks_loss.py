"""What the landmark network is asked for.

A heat map is a distribution over cells, trained by cross-entropy: against a narrow bump at the
joint where it is known exactly (renders), against "somewhere within TEACHER_REACH_PX" where only a
teacher says roughly where it is (real frames), and against no place at all where the joint is
outside the crop. So real frames keep the network from gross errors, and a teacher's own bias is not
learnt with them. A proper scoring rule: the width of the distribution is how sure the network is.
"""

from __future__ import annotations

import torch
from torch.nn import functional

from station.pose.runner import CELL_PX, REACH

BUMP_CELLS = 0.8
TEACHER_REACH_PX = 12.0
PLACE_WEIGHT, EMPTY_WEIGHT, PRESENCE_WEIGHT = 0.5, 0.2, 0.5
LEG_WEIGHT = 2.0

EXACT, ROUGH, OUTSIDE, UNKNOWN = 1, 2, 3, 0
"""What is known of a joint."""


def loss_of(heat: torch.Tensor, presence: torch.Tensor, xy_px: torch.Tensor, known: torch.Tensor, there: torch.Tensor,
            weight: torch.Tensor) -> tuple[torch.Tensor, dict[str, float]]:  # fmt: skip
    """heat (N, K, rows, columns) and presence (N, 1) are logits; xy_px (N, K, 2) in the crop; known
    (N, K) of the four above; there (N,) 0..1, NaN where it is not known; weight (K,). Returns the
    loss and its parts.
    """
    share = functional.log_softmax(heat.flatten(2), dim=2).unflatten(2, heat.shape[2:])
    away_x, away_y = distances(xy_px, heat)
    exact, rough, outside = (known == kind for kind in (EXACT, ROUGH, OUTSIDE))
    bump_x, bump_y = (torch.softmax(-(away / BUMP_CELLS) ** 2 / 2, dim=-1) for away in (away_x, away_y))
    bumped = -torch.einsum("nkyx,nky,nkx->nk", share, bump_y, bump_x)
    reached = (away_x[:, :, None, :] ** 2 + away_y[..., None] ** 2) <= (TEACHER_REACH_PX / CELL_PX) ** 2
    near = torch.where(reached, share, -torch.inf).flatten(2).logsumexp(dim=2)
    spread = -share.flatten(2).mean(dim=2)
    per_joint = weight * torch.where(exact, bumped + PLACE_WEIGHT * misplaced(share, away_x, away_y), 0.0)
    per_joint = per_joint + weight * torch.where(rough, -torch.nan_to_num(near, neginf=-30.0), 0.0)
    per_joint = per_joint + EMPTY_WEIGHT * torch.where(outside, spread, 0.0)
    told = torch.isfinite(there)
    present = functional.binary_cross_entropy_with_logits(presence[told, 0], there[told], reduction="sum")
    present = present / told.sum().clamp(min=1)
    parts = {"exact": _mean(bumped, exact), "rough": _mean(-near, rough), "outside": _mean(spread, outside),
             "presence": float(present.detach())}  # fmt: skip
    return per_joint.sum() / (known != UNKNOWN).sum().clamp(min=1) + PRESENCE_WEIGHT * present, parts


def distances(xy_px: torch.Tensor, heat: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """From each joint to each column (N, K, columns) and row (N, K, rows), in cells."""
    at = torch.nan_to_num(xy_px) / CELL_PX - 0.5
    rows, columns = (torch.arange(n, dtype=heat.dtype) for n in heat.shape[2:])
    return columns - at[..., :1], rows - at[..., 1:]


def misplaced(share: torch.Tensor, away_x: torch.Tensor, away_y: torch.Tensor) -> torch.Tensor:
    """How far the centre of mass within REACH of the joint lies from it (N, K), in cells: as
    `station.pose.runner.read` reads it.
    """
    near_x, near_y = (abs(away) <= REACH + 0.5 for away in (away_x, away_y))
    mass = share.exp() * near_y[..., None] * near_x[:, :, None, :]
    total = mass.sum(dim=(2, 3)) + 1e-4
    off_x, off_y = (mass.sum(dim=2) * away_x).sum(dim=2) / total, (mass.sum(dim=3) * away_y).sum(dim=2) / total
    return functional.smooth_l1_loss(off_x, torch.zeros_like(off_x), reduction="none", beta=0.1) + functional.smooth_l1_loss(
        off_y, torch.zeros_like(off_y), reduction="none", beta=0.1
    )


def _mean(values: torch.Tensor, chosen: torch.Tensor) -> float:
    return float(values.detach()[chosen].mean()) if bool(chosen.any()) else float("nan")
