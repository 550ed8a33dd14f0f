"""The pose model over every clip, and after it the pelvis model: one file of poses and one of turns
per clip and model.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np

from station.config import Config
from station.ports import Estimator
from station.pose.pelvis_model import NAME as PELVIS_MODEL
from station.pose.pelvis_model import PelvisModel
from station.pose.store import models_dir, read_card
from station.run.clock import SystemClock
from station.sense.open import open_source
from station.sense.opened import frames
from station.sense.poses import Poses, load_poses, save_poses
from station.types import Pose

from .clips import CLIPS
from .models import SHIPPED, open_model

READ_S = 60.0
KEPT_IN = Path(__file__).with_name("kept")
KEPT = ("m_heavy.thigh_only", "m_tall.azimuth-20", "f_avg.sitting")
"""A fault, an oblique camera, and a runner whose legs the model exchanges."""
KEPT_WITH_TURNS = (("p01.drill", 1), ("p01.own", 2), ("p01.locked", 1), ("p01.thigh_strong", 1))
"""One runner's session: the drill, the own running, a waist that locks, and one that does not
though the legs run otherwise.
"""


def poses_path(folder: Path, model: str, name: str, every: int = 1) -> Path:
    """Where the poses of a clip are kept, or those of every second, third frame: a slower camera.
    """
    return folder / "poses" / model / (f"{name}.npz" if every == 1 else f"{name}.every{every}.npz")


def estimate_all(folder: Path, model: str = SHIPPED, names: tuple[str, ...] = ()) -> None:
    """Estimate every rendered clip that has no poses yet. Raises KeyError for an unknown model,
    ModelError for a broken one.
    """
    for clip, every in ((one, every) for one in CLIPS for every in (1, *one.slower)):
        video, target = folder / f"{clip.name}.mp4", poses_path(folder, model, clip.name, every)
        if target.exists() or not video.exists() or (names and clip.name not in names):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        estimator = open_model(model, folder)
        poses = estimated(video, estimator, every)
        estimator.close()
        save_poses(target, poses)
        print(f"{target}: {len(poses.t_ns)} frames", flush=True)


def turns_path(folder: Path, model: str, name: str, every: int = 1) -> Path:
    """Where the pelvis model's readings lie, cut where the pose model found the hips."""
    return folder / "turns" / poses_path(folder, model, name, every).relative_to(folder / "poses")


def read_turns(folder: Path, model: str = SHIPPED, names: tuple[str, ...] = (), anew: bool = False) -> None:
    """The pelvis model that is shipped over every clip with poses; `anew`: also where it has read
    already.

    Keeps (T, 2) turn and spread, deg, NaN for a frame in which nothing was read. Raises ModelError
    for a broken model.
    """
    card = read_card(models_dir() / f"{PELVIS_MODEL}.md")
    for clip, every in ((one, every) for one in CLIPS for every in (1, *one.slower)):
        video, target = folder / f"{clip.name}.mp4", turns_path(folder, model, clip.name, every)
        poses = poses_path(folder, model, clip.name, every)
        if not (video.exists() and poses.exists()) or (target.exists() and not anew) or (names and clip.name not in names):
            continue
        network, found = PelvisModel(card), load_poses(poses)
        turns = np.full((len(found.t_ns), 2), np.nan)
        with open_source(video, Config(), SystemClock()) as source:
            for i, frame in enumerate(islice(frames(source, READ_S), 0, None, every)):
                read = network.find(frame, Pose(frame.t_ns, found.xy_px[i], found.score[i]))
                if read is not None:
                    turns[i] = read.turn_deg, read.spread_deg
        target.parent.mkdir(parents=True, exist_ok=True)
        np.savez(target, turns=turns)
        print(f"{target}: {np.isfinite(turns[:, 0]).sum()} of {len(turns)} frames", flush=True)


def keep(folder: Path) -> None:
    """Copy the poses of KEPT into the test's folder, to a sixteenth of a pixel: small, and exact
    enough. Turns to 0.01 deg.
    """
    for name in KEPT:
        _save_small(load_poses(poses_path(folder, SHIPPED, name)), KEPT_IN / f"{name}.npz")
    for name, every in KEPT_WITH_TURNS:
        _save_small(load_poses(poses_path(folder, SHIPPED, name, every)), poses_path(KEPT_IN, SHIPPED, name, every))
        target = turns_path(KEPT_IN, SHIPPED, name, every)
        target.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(target, turns=np.round(np.load(turns_path(folder, SHIPPED, name, every))["turns"], 2).astype("f4"))


def _save_small(poses: Poses, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    xy, score = np.round(poses.xy_px * 16) / 16, np.round(poses.score * 64) / 64
    save_poses(target, replace(poses, xy_px=xy, score=score))


def estimated(video: Path, estimator: Estimator, every: int = 1) -> Poses:
    """What the model sees of a film, or of every second, third frame of it."""
    with open_source(video, Config(), SystemClock()) as source:
        info = source.info
        found = [estimator.estimate(frame) for frame in islice(frames(source, READ_S), 0, None, every)]
    t_ns = np.array([p.t_ns for p in found])
    xy, score = np.array([p.xy_px for p in found]), np.array([p.score for p in found])
    return Poses(t_ns - t_ns[0], xy, score, info.width_px, info.height_px)
