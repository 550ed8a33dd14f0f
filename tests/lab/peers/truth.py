"""What really happened in a clip, in the same form as what a tool found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from tests.lab.accuracy.truth import angle
from tests.lab.peers.adapters.found import ANGLES, JOINTS, SIDES, Found

Bodies = dict[str, np.ndarray]


def truth_of(clip: Path) -> Found | None:
    """From `<stem>.truth.npz` (rendered) or from motion capture as
    `../shared/data/video/opencap_walk` has it; else None.

    `told`: cadence_spm (None: too short for one), near (side), synced (a row for each picture),
    tall_px (shoulder to ankle).
    """
    rendered = clip.with_suffix(".truth.npz")
    captured = clip.with_name(clip.stem.removesuffix("_video") + "_sample_mocap.json")
    if rendered.exists():
        return _rendered(rendered)
    return _captured(captured) if captured.exists() else None


def _rendered(path: Path) -> Found:
    with np.load(path) as kept:
        reported = dict(kept)
    found = Found.nothing(len(reported["t_s"]), 1.0)
    found.t_s = reported["t_s"]
    order = reported["names"].tolist()
    found.xy_px[:] = reported["px"][:, [order.index(name) for name in JOINTS]]
    for column, name in enumerate(ANGLES):
        part, side = name.split("_")
        found.angles_deg[:, column] = reported[f"thigh_{side}_deg"] + (reported["trunk_lean_deg"] if part == "hip" else 0.0)
    found.contacts_s = {side: reported[f"contact_{side}_s"].tolist() for side in SIDES}
    right = found.contacts_s["right"]
    toes, heels = (found.joint(f"{part}_right")[:, 0] for part in ("toe", "heel"))
    # The camera stands on the side that the runner shows.
    near = "right" if np.median(toes - heels) > 0 else "left"
    tall = np.median(found.joint(f"ankle_{near}")[:, 1] - found.joint(f"shoulder_{near}")[:, 1])
    cadence = 120.0 * (len(right) - 1) / (right[-1] - right[0])
    found.reported = {"cadence_spm": cadence, "near": near, "synced": True, "tall_px": float(tall)}
    return found


def _captured(path: Path) -> Found:
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    at: Bodies = {name: np.array(body["translation"]) for name, body in data["bodies"].items()}
    found = Found.nothing(len(data["time"]), 1.0)
    found.t_s = np.array(data["time"]) - data["time"][0]
    hips, shoulders = ((at[f"{bone}_l"] + at[f"{bone}_r"]) / 2 for bone in ("femur", "humerus"))
    lean = -angle(shoulders, hips)
    for column, name in enumerate(ANGLES):
        part, side = name.split("_")
        thigh = angle(at[f"femur_{side[0]}"], at[f"tibia_{side[0]}"])
        found.angles_deg[:, column] = thigh + (lean if part == "hip" else 0.0)
    found.reported = {"cadence_spm": None, "near": "left", "synced": False, "tall_px": None}
    return found
