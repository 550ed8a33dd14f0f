"""The pose model over every clip: one poses file per clip and model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from station.config import Config
from station.ports import EndOfSource, Estimator
from station.run.clock import SystemClock
from station.sense.open import open_source
from station.sense.poses import Poses, load_poses, save_poses

from .clips import CLIPS
from .models import SHIPPED, open_model

KEPT = ("m_heavy.thigh_only", "m_tall.azimuth-20", "f_avg.sitting")
"""A fault, an oblique camera, and a runner whose legs the model exchanges."""


def poses_path(folder: Path, model: str, name: str, every: int = 1) -> Path:
    """Where the poses of a clip are kept, or those of every second, third frame: a slower camera."""
    return folder / "poses" / model / (f"{name}.npz" if every == 1 else f"{name}.every{every}.npz")


def estimate_all(folder: Path, model: str = SHIPPED, names: tuple[str, ...] = ()) -> None:
    """Estimate every rendered clip that has no poses yet. Raises KeyError for an unknown model, ModelError for a broken one."""
    for clip, every in ((one, every) for one in CLIPS for every in (1, *one.slower)):
        video, target = folder / f"{clip.name}.mp4", poses_path(folder, model, clip.name, every)
        if target.exists() or not video.exists() or (names and clip.name not in names):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        estimator = open_model(model, folder)
        poses = _estimated(video, estimator, every)
        estimator.close()
        save_poses(target, poses)
        print(f"{target}: {len(poses.t_ns)} frames", flush=True)


def keep(folder: Path) -> None:
    """Copy the poses of KEPT into the test's folder, to a sixteenth of a pixel: small, and exact enough."""
    target = Path(__file__).with_name("kept")
    target.mkdir(exist_ok=True)
    for name in KEPT:
        poses = load_poses(poses_path(folder, SHIPPED, name))
        xy, score = np.round(poses.xy_px * 16) / 16, np.round(poses.score * 64) / 64
        save_poses(target / f"{name}.npz", replace(poses, xy_px=xy, score=score))


def _estimated(video: Path, estimator: Estimator, every: int = 1) -> Poses:
    found, number = [], 0
    with open_source(video, Config(), SystemClock()) as source:
        info = source.info
        try:
            while True:
                frame = source.read(60.0)
                if frame is not None:
                    if number % every == 0:
                        found.append(estimator.estimate(frame))
                    number += 1
        except EndOfSource:
            pass
    t_ns = np.array([p.t_ns for p in found])
    xy, score = np.array([p.xy_px for p in found]), np.array([p.score for p in found])
    return Poses(t_ns - t_ns[0], xy, score, info.width_px, info.height_px)
