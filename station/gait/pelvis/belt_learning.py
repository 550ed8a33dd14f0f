"""How frames teach the shape of a hip belt.

Two tags seen in one frame show how one sits against the other. Many such frames, from all round (a
slow turn) or from one side (a run), are put together by bundle adjustment: all tags and the belt's
pose in every frame at once, in Gauss-Newton steps with the poses eliminated (Triggs et al. 2000,
Bundle adjustment: a modern synthesis). What the frames leave open is held by what is known of any
belt (`BeltShape.beforehand`), and is reported as the shape's covariance.
"""

from __future__ import annotations

from collections import Counter
from math import atan2
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from station.gait.pelvis.belt_pose import Array, seen_at, turned, usual_weights
from station.gait.pelvis.belt_shape import TAGS, UNKNOWNS, BeltShape
from station.types import NEVER

KEPT = 160  # frames
FEWEST = 8  # frames for a lesson
EVERY_S = 0.03  # frames closer to each other teach nothing new
SOON_S, SELDOM_S = 0.7, 6.0  # between lessons: while something new is seen, and when nothing is
SETTLED = 0.002  # rad and m: a lesson that moves the tags less has little to add
KNOWN_BEND_DEG = 1.0  # chosen: a bend known so well needs no more lessons
FEWEST_ON_A_BELT = 12  # tags, to tell how far a slow turn has come
# Misfit of a folded or damaged tag: times that of the usual tag, and at least.
BAD_TAG, BAD_TAG_PX = 3.0, 0.6
ALIKE = 4.0  # errors of frames resemble each other: so many count as one. Tuned on made belts
BIN_RAD = np.radians(3.0)  # frames from one direction
LEAST_SD_PX = 0.1  # chosen: no corner is believed more


class Keyframe(NamedTuple):
    """To learn from: ids (k,), found_px (k, 4, 2) from the frame's middle, the belt's pose."""

    ids: NDArray[np.intp]
    found_px: Array
    rotation: Array
    place_m: Array


class Album:
    """The frames that teach, KEPT at most: from many directions, of each the latest."""

    def __init__(self) -> None:
        self.frames: list[Keyframe] = []
        self._bins: list[int] = []

    def clear(self) -> None:
        self.frames, self._bins = [], []

    def add(self, frame: Keyframe) -> bool:
        """The fullest direction's oldest frame makes room. True for a direction not yet there."""
        direction = int(atan2(frame.rotation[2, 0], frame.rotation[0, 0]) // BIN_RAD)
        new = direction not in self._bins
        self.frames.append(frame)
        self._bins.append(direction)
        if len(self.frames) > KEPT:
            [(fullest, _)] = Counter(self._bins).most_common(1)
            oldest = self._bins.index(fullest)
            del self.frames[oldest], self._bins[oldest]
        return new

    def without(self, tag: int) -> None:
        """Takes a tag out of all frames, and frames that have fewer than two left."""
        kept = [(f, b) for f, b in zip(self.frames, self._bins, strict=True) if np.count_nonzero(f.ids != tag) > 1]
        self._bins = [b for _, b in kept]
        self.frames = [Keyframe(f.ids[f.ids != tag], f.found_px[f.ids != tag], f.rotation, f.place_m) for f, _ in kept]


class Lesson(NamedTuple):
    """What a step did: `twists` of the shape, `sd_px` of a corner, `misfit_px`, `seen` a tag."""

    twists: Array
    sd_px: float
    misfit_px: Array
    seen: Array


def outward(found_px: Array) -> Array:
    """How the corners (k, 4, 2) move when every edge of the tags moves out by 1 px."""
    across = 0.5 * (found_px[:, 1] + found_px[:, 2] - found_px[:, 0] - found_px[:, 3])
    down = 0.5 * (found_px[:, 3] + found_px[:, 2] - found_px[:, 0] - found_px[:, 1])
    across /= np.maximum(np.sqrt((across * across).sum(axis=1, keepdims=True)), 1e-6)
    down /= np.maximum(np.sqrt((down * down).sum(axis=1, keepdims=True)), 1e-6)
    return np.stack([-across - down, across - down, across + down, down - across], axis=1)


class Sightings(NamedTuple):
    """All tags of all frames, M in number: `ids` and `of` (M,) tag and frame; how far off they were
    found `off` (M, 8) px, how they move with a twist `slope` (M, 8, 6), against the push `push` (M,
    8), and their `weight` (M,)."""

    ids: NDArray[np.intp]
    of: NDArray[np.intp]
    off: Array
    slope: Array
    push: Array
    weight: Array


def sightings(shape: BeltShape, frames: list[Keyframe], focal_px: float) -> tuple[Sightings, float, Array]:
    """With the error of a corner, px, and the misfit of each (M,)."""
    ids = np.concatenate([f.ids for f in frames])
    of = np.repeat(np.arange(len(frames)), [len(f.ids) for f in frames])
    rotation, place = np.array([f.rotation for f in frames])[of], np.array([f.place_m for f in frames])[of]
    found = np.concatenate([f.found_px for f in frames])
    px, slope = seen_at(shape.corners_m[ids], shape.skewed[ids], rotation, place, focal_px)
    out = outward(found)
    off = (found + shape.push_px * out - px).reshape(-1, 8)
    misfit = np.sqrt((off * off).mean(axis=1))
    # A pose and a shape are fitted to the corners: 1.2 for that.
    sd_px = max(1.2 * float(np.median(misfit)), LEAST_SD_PX)
    weight = usual_weights(misfit) / (ALIKE * sd_px**2)
    return Sightings(ids, of, off, slope, -out.reshape(-1, 8), weight), sd_px, misfit


def learn(shape: BeltShape, album: Album, focal_px: float) -> Lesson:
    """One step: moves the shape's tags and the frames' poses, and tells the shape's covariance.

    By the change from the right (belt_pose) a frame's pose and each of its tags have the same
    6x6 block of information.
    """
    frames = album.frames
    seen, sd_px, misfit = sightings(shape, frames, focal_px)
    count = np.bincount(seen.ids, minlength=TAGS).astype(np.float64)
    weighted = seen.slope * seen.weight[:, None, None]
    blocks = np.swapaxes(weighted, 1, 2) @ seen.slope
    pulls, pushes = (np.einsum("mij,mi->mj", weighted, y) for y in (seen.off, seen.push))
    # Poses against unknowns (F, 6, UNKNOWNS), and what pulls on the poses as one more column.
    across, tail = np.zeros((len(frames), 6, TAGS, 6)), np.zeros((len(frames), 6, 2))
    across[seen.of, :, seen.ids] = blocks
    np.add.at(tail, seen.of, np.stack([pushes, pulls], axis=2))
    both = np.concatenate([across.reshape(-1, 6, 6 * TAGS), tail], axis=2)
    solved = np.linalg.solve(across.sum(axis=2), both)

    information, right = shape.beforehand(count)
    own, ends = np.zeros((TAGS, TAGS, 6, 6)), np.zeros((TAGS, 6, 2))
    np.add.at(own, (seen.ids, seen.ids), blocks)
    np.add.at(ends, seen.ids, np.stack([pushes, pulls], axis=2))
    information[:-1, :-1] += own.swapaxes(1, 2).reshape(6 * TAGS, 6 * TAGS)
    information[:-1, -1] += ends[..., 0].ravel()
    information[-1, :-1] += ends[..., 0].ravel()
    information[-1, -1] += float(seen.weight @ (seen.push * seen.push).sum(axis=1))
    right[:-1] += ends[..., 1].ravel()
    right[-1] += float(seen.weight @ (seen.push * seen.off).sum(axis=1))
    # Poses eliminated.
    reduced = both[..., :-1].reshape(-1, UNKNOWNS).T @ solved.reshape(-1, UNKNOWNS + 1)
    shape.cov = np.linalg.inv(information - reduced[:, :-1])
    twists = shape.cov @ (right - reduced[:, -1])
    shape.twist(twists)
    moves = solved[..., -1] - solved[..., :-1] @ twists
    album.frames = [
        Keyframe(f.ids, f.found_px, f.rotation @ by, f.place_m + f.rotation @ move[3:])
        for f, by, move in zip(frames, turned(moves[:, :3]), moves, strict=True)
    ]
    return Lesson(twists, sd_px, np.bincount(seen.ids, misfit, TAGS) / np.maximum(count, 1.0), count)


class Learner:
    """`take` per frame with two tags or more, for a lesson. `bad` (TAGS,): tags that never fit."""

    def __init__(self) -> None:
        self.shape = BeltShape()
        self._album = Album()
        self.bad = np.zeros(TAGS, bool)
        self.sd_px = LEAST_SD_PX
        self.ids_seen = np.zeros(TAGS, bool)
        self._due_s, self._pause_s = 0.0, SOON_S
        self._took_s = NEVER

    def forget(self) -> None:
        """The belt sits elsewhere: frames taken before no longer teach."""
        self._album.clear()
        self.shape.forget()
        self._due_s, self._pause_s = 0.0, SOON_S

    def take(self, t_s: float, frame: Keyframe, focal_px: float) -> Lesson | None:
        if t_s - self._took_s < EVERY_S:
            return None
        self._took_s = t_s
        new = self._album.add(frame)
        self.ids_seen[frame.ids] = True
        if new:
            self._pause_s = SOON_S
            self._due_s = min(self._due_s, t_s + SOON_S)
        if t_s < self._due_s or len(self._album.frames) < FEWEST:
            return None
        lesson = learn(self.shape, self._album, focal_px)
        self.sd_px = lesson.sd_px
        moved = np.abs(lesson.twists[:-1]).reshape(TAGS, 6).max(axis=1)[lesson.seen > 0]
        settled = float(np.median(moved)) < SETTLED  # one damaged tag may wander for ever
        self._pause_s = min(2.0 * self._pause_s, SELDOM_S) if settled else SOON_S
        self._due_s = t_s + self._pause_s
        if settled:
            self._leave_out(lesson)
        return lesson

    def share(self) -> float:
        """0..1: neighbours whose bend is known, of those on the belt."""
        pairs = ~(self.bad[1:] | self.bad[:-1])
        ids = np.flatnonzero(self.ids_seen)
        wanted = max(FEWEST_ON_A_BELT - 1, int(ids[-1] - ids[0]) if len(ids) else 0) - int(np.count_nonzero(~pairs))
        known = float(np.count_nonzero(pairs & (self.shape.bend_sd_deg() < KNOWN_BEND_DEG)))
        return min(known / max(wanted, 1), 1.0)

    @property
    def spoilt(self) -> bool:
        """Most tags that were seen never fit."""
        return 2 * int(np.count_nonzero(self.bad)) > int(np.count_nonzero(self.ids_seen))

    def _leave_out(self, lesson: Lesson) -> None:
        """The worst tag, when it surely does not belong: a flat square would fit."""
        often = lesson.seen >= FEWEST
        if np.count_nonzero(often) < 3:
            return
        worst = int(np.argmax(np.where(often, lesson.misfit_px, 0.0)))
        if lesson.misfit_px[worst] > max(BAD_TAG * float(np.median(lesson.misfit_px[often])), BAD_TAG_PX):
            self.bad[worst] = True
            self._album.without(worst)
