"""The outline that a belt lies on, measured from the body model; later the belt's triangles."""
from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from .body import PHENOTYPES, load_body
from .hip_belt import CLOTH_GAP_M, OUTLINES, STRIP_M, HipBelt, evenly
from .skeleton import SEGMENTS, skeletons

ARMS = [i for i, s in enumerate(SEGMENTS) if s.startswith(("upper_arm", "forearm", "hand"))]


def measure_outlines(out: Path = OUTLINES) -> None:
    """Write the outline of every phenotype, clothed, at the belt's usual height to `hip_outlines.json`."""
    table = {name: np.round(_outline(name), 4).tolist() for name in PHENOTYPES}
    out.write_text(json.dumps(table) + "\n")


def _outline(body: str) -> np.ndarray:
    hip = skeletons()[body].joints["pelvis"]
    level = hip[1] + HipBelt().height_above_hip_m
    rows = []
    for layer in load_body(body):
        if layer.name in ("skin", "shorts", "shirt"):
            on_arms = (layer.weights * np.isin(layer.bones, ARMS)).sum(axis=1) > 0.2
            near = abs(layer.position_m[:, 1] - level) < STRIP_M / 2
            rows.append(layer.position_m[near & ~on_arms & (layer.edge_m > 0)])
    return evenly(_hull(np.vstack(rows)[:, [0, 2]] - hip[[0, 2]]))


def _hull(points: np.ndarray) -> np.ndarray:
    """Outline that lies CLOTH_GAP_M outside the convex hull of points (forward, right), from the front over the left side."""
    angle = np.radians(np.arange(0, 360, 1.0))
    away = np.stack([np.cos(angle), -np.sin(angle)], axis=1)
    support = (points @ away.T).max(axis=0) + CLOTH_GAP_M
    # Corners of the polygon of support lines, half a degree apart from the tangents.
    step = np.radians(1.0)
    slope = (np.roll(support, -1) - support * np.cos(step)) / np.sin(step)
    along = np.stack([-np.sin(angle), -np.cos(angle)], axis=1)
    return support[:, None] * away + slope[:, None] * along
