"""Belt speed read from the feet of rendered runners, beside how fast those feet truly go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from station.gait import GaitCore
from station.gait.belt_speed import AFTER_CONTACT_S, BEFORE_TOE_OFF_S
from tests.lab.render.clip import LANDMARK_NAMES, truth_of
from tests.lab.render.spec import ClipSpec

from .clips import CLIPS
from .errors import SECONDS, px_per_m
from .estimate import poses_path
from .streams import Seen

FINE_HZ = 300.0


@dataclass(frozen=True)
class Feet:
    """One clip. `seen_mps`: NaN where the station cannot tell."""

    clip_mps: float
    foot_mps: float
    seen_mps: float


def seen(folder: Path, model: str) -> Iterator[Feet]:
    """Every clip of the people, at every rate at which feet can be followed."""
    for clip in (c for c in CLIPS if c.group == "people"):
        for every in (1, *clip.slower):
            path = poses_path(folder, model, clip.name, every)
            if path.exists() and clip.spec.sensor.fps / every >= 24:
                one = Seen.load(clip, path, every)
                yield Feet(one.speed_mps, foot_mps(clip.spec), _read(one))


def _read(one: Seen) -> float:
    camera = one.clip.spec.camera
    core = GaitCore(replace(one.view, azimuth_deg=camera.azimuth_deg, px_per_m=px_per_m(camera)))
    speeds = [core.step(pose).speed.mps for pose in one.looped(SECONDS)]
    return speeds[-1]


@cache
def foot_mps(spec: ClipSpec) -> float:
    """Median over the stances of both feet: heel and toe against their means, from the recipe."""
    fine = truth_of(replace(spec, sensor=replace(spec.sensor, fps=FINE_HZ, shutter_s=0.0)))
    found = []
    for side in ("left", "right"):
        marks = fine.m[:, [LANDMARK_NAMES.index(f"{part}_{side}") for part in ("heel", "toe")], 0]
        for contact_s in fine.contact_s[side]:
            later = fine.toe_off_s[side][fine.toe_off_s[side] > contact_s]
            if len(later):
                ends = (contact_s + AFTER_CONTACT_S, later[0] - BEFORE_TOE_OFF_S)
                first, last = np.searchsorted(fine.t_s, ends).tolist()
                t_s = fine.t_s[first:last] - fine.t_s[first:last].mean() if last - first >= 5 else np.empty(0)
                if len(t_s) and last < len(fine.t_s):
                    found.append(-float((t_s @ marks[first:last]).sum()) / (2 * float(t_s @ t_s)))
    return float(np.median(found))
