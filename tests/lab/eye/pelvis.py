"""The pelvis network: a crop round the hips in, the pelvis' turn against the line of sight and its
spread out.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import torch
from torch import nn

TURN_SCALE_DEG = 20.0
AUX_SCALE = {"list_deg": 5.0, "tilt_deg": 8.0, "bearing_deg": 20.0, "thigh_near_deg": 25.0, "thigh_far_deg": 25.0,
             "hip_near_x": 8.0, "hip_near_y": 8.0, "hip_far_x": 8.0, "hip_far_y": 8.0}
"""What the network must also tell while it is trained, and its usual size; hips in crop pixels of
112 from the middle.
"""


@dataclass(frozen=True)
class Shape:
    """What the ablations change."""

    size_px: int = 112
    width_m: float = 0.85
    channels: tuple[int, ...] = (16, 32, 64, 128)
    aux_weight: float = 1.0
    thighs_given: bool = False

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


class PelvisNet(nn.Module):
    """Plain 3 x 3 convolutions with batch normalisation, halving the picture four times."""

    def __init__(self, shape: Shape = Shape()) -> None:
        super().__init__()
        self.shape = shape
        layers: list[nn.Module] = []
        before = 3
        for i, wide in enumerate(shape.channels):
            layers += _conv(before, wide, 2)
            if i:
                layers += _conv(wide, wide, 1)
            before = wide
        self.trunk = nn.Sequential(*layers, nn.Flatten())
        cells = -(-shape.size_px // 16)
        self.neck = nn.Sequential(nn.Linear(before * cells * cells, 128), nn.ReLU(), nn.Dropout(0.1))
        given = 4 if shape.thighs_given else 0
        self.head = nn.Sequential(nn.Linear(128 + given, 64), nn.ReLU(), nn.Linear(64, 2))
        self.also = nn.Linear(128, len(AUX_SCALE))

    def forward(self, pictures: torch.Tensor, thighs: torch.Tensor | None = None) -> tuple[torch.Tensor, torch.Tensor]:
        """`pictures` (N, 3, S, S), 0..1 RGB; `thighs` (N, 4): sine and cosine of near and far, if
        they are given.

        Returns (N, 2): turn in `TURN_SCALE_DEG` and log of the Laplace scale likewise; and (N,
        aux).
        """
        seen = self.neck(self.trunk((pictures - 0.5) * 4.0))
        told = seen if thighs is None else torch.cat([seen, thighs], dim=1)
        return self.head(told), self.also(seen)


def laplace_loss(told: torch.Tensor, turn_deg: torch.Tensor) -> torch.Tensor:
    """Negative log likelihood (N,) of the true turn under the network's own Laplace distribution,
    but for a constant.
    """
    middle, log_scale = told[:, 0], told[:, 1].clamp(-4.0, 3.0)
    return (turn_deg / TURN_SCALE_DEG - middle).abs() * torch.exp(-log_scale) + log_scale


def aux_loss(told: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """(N,) of the further outputs; `truth` (N, aux) in units of `AUX_SCALE`."""
    return nn.functional.smooth_l1_loss(told, truth, reduction="none", beta=0.5).mean(dim=1)


def _conv(before: int, after: int, stride: int) -> list[nn.Module]:
    return [nn.Conv2d(before, after, 3, stride, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU(inplace=True)]
