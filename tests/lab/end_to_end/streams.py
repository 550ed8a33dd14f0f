"""Pose dumps as input of the coach: once through, or in a circle until a rule had time enough."""

from __future__ import annotations

import copyreg
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from station.coach import Coach
from station.cues import Plan
from station.pose.pelvis_model import NAME as PELVIS_MODEL
from station.pose.pelvis_model import read_bands
from station.pose.store import models_dir, read_card, read_errors
from station.sense.poses import Poses, load_poses
from station.types import ANGLES, JOINTS, NS, Cue, ErrorBand, Event, Fault, Gait, HipTurn, Joint, Pose, Reading, TurnBand, View
from tests.lab.render.clip import LANDMARK_NAMES, truth_of

from .clips import Clip
from .models import SHIPPED

# Of the rendered truth, and their name among the joints.
PARTS = {"shoulder": "shoulder", "hip": "hip", "knee": "knee", "ankle": "ankle", "heel": "heel", "toe": "foot_index"}

# A coach can be copied in the middle of a session; read-only mappings do not say how.
copyreg.pickle(MappingProxyType, lambda mapping: (MappingProxyType, (dict(mapping),)))


@dataclass(frozen=True)
class Seen:
    """A clip and what a pose model saw in it."""

    clip: Clip
    poses: Poses
    every: int = 1
    """2: only every second frame of the clip was seen."""
    errors: tuple[ErrorBand, ...] = ()
    """What is known of the model that saw it."""
    turns: NDArray[np.float64] | None = None
    """(T, 2) what the pelvis model read of every frame, and its spread, deg; None: it was not
    asked.
    """

    @classmethod
    def load(cls, clip: Clip, path: Path, every: int = 1, model: str = SHIPPED, turns: Path | None = None) -> Seen:
        read = np.load(turns)["turns"] if turns is not None and turns.exists() else None
        return cls(clip, load_poses(path), every, errors_of(model), read)

    @classmethod
    def exact(cls, clip: Clip, every: int = 1, exchanged: bool = False) -> Seen:
        """As a model would see it that makes no error, or none but to exchange left and right."""
        true, camera = truth_of(clip.spec), clip.spec.camera
        xy = np.full((len(true.t_s), JOINTS, 2), np.nan, np.float32)
        for part, joint in PARTS.items():
            for side, other in (("left", "right"), ("right", "left")):
                row = Joint[f"{other if exchanged else side}_{joint}".upper()]
                xy[:, row] = true.px[:, LANDMARK_NAMES.index(f"{part}_{side}")]
        xy = xy[::every]
        t_ns = np.round(clip.spec.frame_times_s()[::every] * NS).astype(np.int64)
        score = np.isfinite(xy[..., 0]).astype(np.float32)
        return cls(clip, Poses(t_ns, xy, score, camera.width_px, camera.height_px), every)

    @property
    def turn_bands(self) -> tuple[TurnBand, ...]:
        """What is known of the pelvis model; none where it was not asked."""
        return turn_bands() if self.turns is not None else ()

    @property
    def fps(self) -> float:
        return self.clip.spec.sensor.fps / self.every

    @property
    def view(self) -> View:
        """What an owner has to tell: nothing."""
        return View(self.poses.width_px, self.poses.height_px, azimuth_given=False)

    @property
    def speed_mps(self) -> float:
        return float(self.clip.spec.motion.parameter("speed_mps", np.zeros(1))[0])

    def once(self, start_s: float = 0.0) -> list[Pose | HipTurn]:
        return self._picked(np.arange(len(self.poses.t_ns)), start_s)

    def looped(self, seconds: float, start_s: float = 0.0) -> list[Pose | HipTurn]:
        """The lead-in, then the repeating part until `seconds` are full."""
        lead, loop = self.clip.lead_frames / self.every, self.clip.loop_frames / self.every
        index = np.arange(round(seconds * self.fps))
        index = np.where(index < lead, index, np.round(lead + (index - lead) % loop)).astype(np.int64)
        return self._picked(np.minimum(index, len(self.poses.t_ns) - 1), start_s)

    def watched(self, inputs: Iterable[Pose | HipTurn], plan: Plan | None = None, view: View | None = None) -> Watched:
        """What the coach makes of inputs of this clip, or of a session in which it is the runner's
        own.
        """
        return watch(inputs, view or self.view, self.speed_mps, plan, self.errors, self.turn_bands)

    def begun(self, plan: Plan) -> Coach:
        """A coach that knows of this clip what an owner tells."""
        return begun(self.view, self.speed_mps, plan, self.errors, self.turn_bands)

    def _picked(self, index: NDArray[np.int64], start_s: float) -> list[Pose | HipTurn]:
        """What was read at `index`, shown at the clip's rate from `start_s` on: of every frame the
        turn, then the pose.
        """
        frame_ns = NS / self.fps
        found: list[Pose | HipTurn] = []
        for k, i in enumerate(index.tolist()):
            t_ns = round(start_s * NS + k * frame_ns)
            if self.turns is not None and np.isfinite(self.turns[i, 0]):
                found.append(HipTurn(t_ns, *self.turns[i].tolist()))
            found.append(Pose(t_ns, self.poses.xy_px[i], self.poses.score[i]))
        return found


@dataclass
class Watched:
    """What the coach made of a stream. `angles`: one row of ANGLES per pose, NaN while nothing was
    known.
    """

    t_s: NDArray[np.float64]
    angles: NDArray[np.void]
    last: Gait
    faults: tuple[Fault, ...]
    events: list[Event] = field(default_factory=list)
    strides: list[np.void] = field(default_factory=list)
    cues: list[Cue] = field(default_factory=list)


@cache
def errors_of(model: str) -> tuple[ErrorBand, ...]:
    """The model's error table; none for a model that is only compared."""
    card = models_dir() / f"{model}.md"
    return read_errors(read_card(card)) if card.exists() else ()


@cache
def turn_bands() -> tuple[TurnBand, ...]:
    """How the pelvis model that is shipped errs."""
    return read_bands(read_card(models_dir() / f"{PELVIS_MODEL}.md"))


def watch(
    inputs: Iterable[Pose | HipTurn],
    view: View,
    speed_mps: float,
    plan: Plan | None = None,
    errors: tuple[ErrorBand, ...] = (),
    bands: tuple[TurnBand, ...] = (),
) -> Watched:
    """Feeds a new coach. Default plan: that of `station analyze`."""
    return fed(begun(view, speed_mps, plan, errors, bands), inputs)


def begun(
    view: View,
    speed_mps: float,
    plan: Plan | None = None,
    errors: tuple[ErrorBand, ...] = (),
    bands: tuple[TurnBand, ...] = (),
) -> Coach:
    coach = Coach(view, plan or Plan.offline(), errors, bands)
    coach.step(Reading(0, "speed_given_mps", speed_mps))
    return coach


def fed(coach: Coach, inputs: Iterable[Pose | HipTurn]) -> Watched:
    """`faults` are those of the last moment in which somebody ran."""
    t_s, rows, found = [], [], Watched(np.empty(0), np.empty(0, ANGLES), Gait(0), ())
    nothing = np.full(len(ANGLES.names or ()), np.nan)
    for given in inputs:
        step = coach.step(given)
        gait = step.gait
        if isinstance(given, Pose):
            t_s.append(given.t_ns / NS)
            rows.append(nothing if gait.angles is None else np.array(gait.angles.tolist()))
        found.events.extend(gait.events)
        found.strides.extend(gait.strides)
        found.cues.extend(step.cues)
        found.last, found.faults = gait, step.faults
    return replace(found, t_s=np.array(t_s), angles=np.array(rows).view(ANGLES)[:, 0])


def joined(*parts: Iterable[Pose | HipTurn]) -> list[Pose | HipTurn]:
    return [given for part in parts for given in part]
