"""Trains the decoder of the landmark network on rendered people and, beside them, real frames;
resumable at any moment.
"""

from __future__ import annotations

import copy
import itertools
import math
import os
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import torch
import torch.multiprocessing
from numpy.typing import NDArray

from station.pose.store import models_dir
from tests.lab.ground.shards import Shard, load, stored
from tests.lab.ground.views import photographed
from tests.lab.render.clip import LANDMARK_NAMES

from .landmarks_data import INDEX, SIZE, WEIGHT, Crops, crop_of, cut, exact_of, joint_rows, rough_of
from .landmarks_loss import OUTSIDE, UNKNOWN, loss_of
from .landmarks_net import Decoder, Encoder
from .landmarks_real import SURE, RealFrames

BATCH, REAL_SHARE, NOTHING_SHARE = 32, 0.2, 0.02
FRESH_SHARE, KEPT = 0.34, 480
"""Of a worker's batch, how much is drawn anew; the rest comes again from the crops it last drew and
encoded, which saves the greater part of the work.
"""
RATE, NEW_RATE = 3e-4, 1e-3
"""Peak rates of what was published and of what is new."""
WARM_STEPS, AVERAGED = 100, 0.998
HALF_SHARE = 0.05
"""Crops shifted so far that only part of a person is in them."""
CHECKPOINT_EVERY = 50
SETTLE_ROUNDS, RIDGE = 24, 1e-3
"""Batches from which the presence is solved, and how much its weights are held down."""
START = "pose_landmark_full"
NAN = float("nan")
Drawn = tuple[NDArray[np.uint8], NDArray, NDArray, bool]


class Source(Protocol):
    """Pictures with what is known of them."""

    def draw(self, rng: np.random.Generator) -> Drawn:
        """A picture, joints (K, 2) in it, what is known of each (K,), and whether anybody is there.
        """
        ...

    def empty(self, rng: np.random.Generator) -> Drawn:
        """The same of a picture that shows nobody."""
        ...

    def refresh(self) -> None: ...


class Renders:
    """Tiles of the training ground (`python -m tests.lab.ground render body train`), kept as JPEG
    in memory.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._shards: dict[Path, Shard] = {}
        self.refresh()
        if not self._shards:
            raise FileNotFoundError(f"no shards in {folder}: render some with `python -m tests.lab.ground render body ...`")

    def refresh(self) -> None:
        """Take in what a renderer has written meanwhile."""
        self._shards |= {path: load(path) for path in stored(self._folder) if path not in self._shards}
        self.shards = list(self._shards.values())
        self._ends = np.cumsum([len(shard) for shard in self.shards])
        self._empty = np.flatnonzero(np.concatenate([shard.truth["nobody"] for shard in self.shards]))

    def __len__(self) -> int:
        return int(self._ends[-1])

    def at(self, number: int) -> tuple[Shard, int]:
        """The shard of a frame, and its row there."""
        shard = int(np.searchsorted(self._ends, number, side="right"))
        return self.shards[shard], number - int(self._ends[shard] - len(self.shards[shard]))

    def draw(self, rng: np.random.Generator) -> Drawn:
        return drawn_of(*self.at(int(rng.integers(len(self)))))

    def empty(self, rng: np.random.Generator) -> Drawn:
        return drawn_of(*self.at(int(rng.choice(self._empty))))


def drawn_of(shard: Shard, i: int) -> Drawn:
    """One frame of the ground as a `Source` gives it."""
    # The ground's first pixel has its centre at 0.5.
    px = shard.truth["px"][i][joint_rows(LANDMARK_NAMES)] - 0.5
    px[[row < 0 for row in joint_rows(LANDMARK_NAMES)]] = NAN
    return shard.tile(i), px, exact_of(px), not bool(shard.truth["nobody"][i])


class Real:
    """Frames of the open footage, every clip and empty squares in like shares."""

    def __init__(self, frames: RealFrames) -> None:
        self.frames = frames
        groups = [np.flatnonzero(frames.there & (frames.clip == clip)) for clip in sorted(set(frames.clip.tolist()))]
        self.groups = [group for group in (*groups, np.flatnonzero(~frames.there)) if len(group)]

    def refresh(self) -> None:
        """Nothing new comes."""

    def draw(self, rng: np.random.Generator) -> Drawn:
        return self._at(int(rng.choice(self.groups[int(rng.integers(len(self.groups)))])))

    def empty(self, rng: np.random.Generator) -> Drawn:
        return self._at(int(rng.choice(self.groups[-1])))

    def _at(self, i: int) -> Drawn:
        return self.frames.picture[i], self.frames.xy_px[i], rough_of(self.frames.sure[i], SURE), bool(self.frames.there[i])


class Nothing:
    """What a blinded camera sees: flat colours, slopes of light, noise as coarse as it likes."""

    def refresh(self) -> None:
        """Nothing new comes."""

    def draw(self, rng: np.random.Generator) -> Drawn:
        size = int(rng.choice([1, 2, 4, 16, 64]))
        patches = rng.uniform(0, 255, (size, size, 3)) * rng.uniform(0, 1) + rng.uniform(0, 255, 3) * rng.uniform(0, 1)
        kind = cv2.INTER_LINEAR if rng.random() < 0.7 else cv2.INTER_NEAREST
        picture = cv2.resize(np.clip(patches, 0, 255).astype(np.uint8), (320, 320), interpolation=kind)
        return picture, np.full((len(WEIGHT), 2), NAN), np.full(len(WEIGHT), OUTSIDE), False

    empty = draw


class Empty:
    """Of a source, only what shows nobody."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def refresh(self) -> None:
        self._source.refresh()

    def draw(self, rng: np.random.Generator) -> Drawn:
        return self._source.empty(rng)


def shown(source: Source, rng: np.random.Generator) -> tuple[NDArray[np.uint8], NDArray, NDArray, float]:
    """One crop: the picture, joints (K, 2), what is known (K,), presence 0..1 or NaN."""
    picture, xy_px, sort, there = source.draw(rng)
    if not there:
        height, width = picture.shape[:2]
        centre = np.array([rng.uniform(0.35, 0.65) * width, rng.uniform(0.35, 0.65) * height])
        crop, _ = cut(picture, centre, height * rng.uniform(0.4, 0.9), 0.0, bool(rng.random() < 0.5))
        return photographed(crop, rng), np.zeros_like(xy_px, np.float32), np.full(len(sort), OUTSIDE), 0.0
    crop, xy, sort = crop_of(picture, xy_px, sort, rng)
    if rng.random() < HALF_SHARE:
        crop, xy, sort = shifted(crop, xy, sort, rng)
    return photographed(crop, rng), xy, sort, presence_of(xy)


def shifted(crop: NDArray, xy: NDArray, sort: NDArray, rng: np.random.Generator) -> tuple[NDArray, NDArray, NDArray]:
    """The crop moved so that part of the person is out of it; what comes in is the edge, repeated.
    """
    move = (SIZE * rng.uniform(0.25, 0.6, 2) * rng.choice([-1, 0, 1], 2)).astype(int)
    x = np.clip(np.arange(SIZE[0]) - move[0], 0, SIZE[0] - 1)
    y = np.clip(np.arange(SIZE[1]) - move[1], 0, SIZE[1] - 1)
    xy = xy + move.astype(np.float32)
    inside = ((xy >= 0) & (xy < SIZE)).all(axis=1)
    return crop[np.ix_(y, x)], xy, np.where((sort == UNKNOWN) | inside, sort, OUTSIDE)


def presence_of(xy: NDArray) -> float:
    """1 where hips and knees are in the crop, 0 where the middle of the hips is not, else not
    asked.
    """
    hips = xy[[INDEX["LEFT_HIP"], INDEX["RIGHT_HIP"]]]
    knees = xy[[INDEX["LEFT_KNEE"], INDEX["RIGHT_KNEE"]]]
    if not np.isfinite(hips).all():
        return NAN
    if all(((p >= 4) & (p < SIZE - 4)).all() for p in (hips, knees)):
        return 1.0
    middle = hips.mean(axis=0)
    return 0.0 if (middle < 0).any() or (middle >= SIZE).any() else NAN


def batch_of(sources: Sequence[tuple[Source, float]], size: int, rng: np.random.Generator) -> Crops:
    """Crops drawn from the sources by their shares."""
    shares = np.array([share for _, share in sources])
    drawn = [shown(sources[int(rng.choice(len(sources), p=shares / shares.sum()))][0], rng) for _ in range(size)]
    pictures, xy, known, there = zip(*drawn, strict=True)
    return Crops(np.stack(pictures), torch.tensor(np.stack(xy), dtype=torch.float32), torch.tensor(np.stack(known)),
                 torch.tensor(there, dtype=torch.float32))  # fmt: skip


@dataclass
class Training:
    """The state of a run, kept in `folder` as landmarks.pt; `steps` is the whole plan, which the
    rates follow.
    """

    folder: Path
    steps: int
    seed: int = 1

    def __post_init__(self) -> None:
        torch.manual_seed(self.seed)
        published = models_dir() / f"{START}.onnx"
        self.decoder = Decoder(published).to(memory_format=torch.channels_last)
        new = [p for n, p in self.decoder.named_parameters() if not n.startswith("published.")]
        groups = [{"params": list(self.decoder.published.parameters()), "peak": RATE}, {"params": new, "peak": NEW_RATE}]
        self.optimizer = torch.optim.AdamW(groups, lr=RATE, weight_decay=1e-4)
        self.averaged = copy.deepcopy(self.decoder)
        self.step = 0
        if self.path.exists():
            kept = torch.load(self.path, weights_only=True)
            self.decoder.load_state_dict(kept["decoder"])
            self.averaged.load_state_dict(kept["averaged"])
            self.optimizer.load_state_dict(kept["optimizer"])
            self.step = kept["step"]

    @property
    def path(self) -> Path:
        return self.folder / "landmarks.pt"

    def save(self) -> None:
        part = self.path.with_suffix(".part")
        state = {"decoder": self.decoder.state_dict(), "averaged": self.averaged.state_dict(),
                 "optimizer": self.optimizer.state_dict(), "step": self.step}  # fmt: skip
        torch.save(state, part)
        os.replace(part, self.path)

    def pace(self) -> float:
        """Share of the peak rate: up, then down by a cosine over all steps."""
        done = min(self.step / self.steps, 1.0)
        return min((self.step + 1) / WARM_STEPS, 1.0) * (0.02 + 0.98 * (1 + math.cos(math.pi * done)) / 2)

    def one_step(self, gradients: Sequence[Sequence[torch.Tensor]]) -> None:
        """Take the mean of the workers' gradients."""
        for group in self.optimizer.param_groups:
            group["lr"] = group["peak"] * self.pace()
        for parameter, *parts in zip(self.decoder.parameters(), *gradients, strict=True):
            parameter.grad = torch.stack(parts).mean(dim=0)
        torch.nn.utils.clip_grad_norm_(self.decoder.parameters(), 5.0)
        self.optimizer.step()
        self.step += 1
        rate = min(AVERAGED, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for kept, new in zip(self.averaged.parameters(), self.decoder.parameters(), strict=True):
                kept.lerp_(new, 1 - rate)

    def run(self, ground: Path, real: Path, hours: float, workers: int) -> None:
        """Train for so long, or to the end, saving every CHECKPOINT_EVERY. Each worker draws its
        share of every batch from the shards of `ground` and the frames of `real`.
        """
        since, sums = time.monotonic(), {}
        context = torch.multiprocessing.get_context("spawn")
        weights = [p.detach().share_memory_() for p in self.decoder.parameters()]
        pipes, gradients = [context.Pipe() for _ in range(workers)], [[torch.zeros_like(w).share_memory_() for w in weights]
                                                                      for _ in range(workers)]  # fmt: skip
        for number, (_, there) in enumerate(pipes):
            rng = (self.seed, self.step, number)
            given = (there, weights, gradients[number], ground, real, max(1, BATCH // workers), rng)
            context.Process(target=_work, args=given, daemon=True).start()
        while self.step < self.steps:
            for here, _ in pipes:
                here.send(None)
            answers = [here.recv() for here, _ in pipes]
            self.one_step(gradients)
            for parts in answers:
                for name, value in parts.items():
                    sums.setdefault(name, []).append(value)
            over = time.monotonic() - since > 3600 * hours
            if self.step % CHECKPOINT_EVERY == 0 or self.step == self.steps or over:
                self.save()
                told = ", ".join(f"{name} {np.nanmean(values):.3f}" for name, values in sums.items())
                print(f"step {self.step} of {self.steps}: {told}; {time.monotonic() - since:.0f} s", flush=True)
                sums = {}
            if over:
                break


    def settle_presence(self, sources: Sequence[tuple[Source, float]]) -> None:
        """Solve the averaged network's presence, a line over its deepest tensor, for good: by
        logistic regression on crops of which a third holds nobody.
        """
        encoder, rng = Encoder(models_dir() / f"{START}.onnx"), np.random.default_rng((self.seed, self.step))
        *people, nothing = (source for source, _ in sources)
        empty: list[tuple[Source, float]] = [(Empty(source), 1.0) for source in people] + [(nothing, 1.0)]
        rows, there = [], []
        for given in [sources] * (2 * SETTLE_ROUNDS // 3) + [empty] * (SETTLE_ROUNDS // 3):
            crops = batch_of(given, BATCH, rng)
            with torch.no_grad():
                *_, deep = self.averaged.published(*map(torch.from_numpy, encoder(crops.pictures)))
            told = torch.isfinite(crops.there)
            rows.append(deep.mean(dim=(2, 3))[told])
            there.append(crops.there[told])
        solve(self.averaged.present, torch.cat(rows), torch.cat(there))
        self.save()


def solve(line: torch.nn.Linear, x: torch.Tensor, there: torch.Tensor) -> None:
    """Logistic regression with a small ridge, into `line`; x (N, C), there (N,) 0 or 1. Both
    classes weigh the same.
    """
    mean, scale = x.mean(dim=0), x.std(dim=0) + 1e-3
    weight = torch.where(there > 0.5, 0.5 / (there > 0.5).float().mean(), 0.5 / (there <= 0.5).float().mean())
    found = torch.zeros(x.shape[1] + 1, requires_grad=True)
    optimizer = torch.optim.LBFGS([found], max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        logit = ((x - mean) / scale) @ found[:-1] + found[-1]
        wrong = torch.nn.functional.binary_cross_entropy_with_logits(logit, there, weight)
        total = wrong + RIDGE * found[:-1].square().sum()
        total.backward()
        return total

    optimizer.step(loss)
    with torch.no_grad():
        line.weight.copy_((found[:-1] / scale)[None])
        line.bias.copy_(found[-1] - (found[:-1] / scale * mean).sum())


# ---- a worker's side -----------------------------------------------------------------------------


def _work(pipe: Connection, weights: list[torch.Tensor], gradients: list[torch.Tensor], ground: Path, real_frames: Path,
          size: int, seed: tuple[int, ...]) -> None:  # fmt: skip
    """For ever, when asked: take the shared weights and leave a gradient, and answer with the parts
    of the loss.

    The crops are drawn and encoded here; each is used about three times.
    """
    torch.set_num_threads(1)
    rng = np.random.default_rng(seed)
    sources = sources_of(ground, real_frames)
    published = models_dir() / f"{START}.onnx"
    encoder, decoder = Encoder(published), Decoder(published).to(memory_format=torch.channels_last)
    kept: deque[Encoded] = deque(maxlen=KEPT)
    for turn in itertools.count():
        if turn % CHECKPOINT_EVERY == 0:
            for source, _ in sources:
                source.refresh()
        fresh = encoded(batch_of(sources, max(1, round(FRESH_SHARE * size)), rng), encoder)
        kept.extend(fresh)
        again = [kept[int(i)] for i in rng.integers(len(kept), size=size - len(fresh))]
        pipe.recv()
        with torch.no_grad():
            for parameter, values in zip(decoder.parameters(), weights, strict=True):
                parameter.copy_(values)
        parts = loss_parts(decoder, [*fresh, *again])
        for parameter, into in zip(decoder.parameters(), gradients, strict=True):
            into.copy_(parameter.grad)
        pipe.send(parts)


def sources_of(ground: Path, real_frames: Path) -> list[tuple[Source, float]]:
    """What is trained on, with its shares."""
    real = Real(RealFrames.load(real_frames).training)
    return [(Renders(ground), 1 - REAL_SHARE - NOTHING_SHARE), (real, REAL_SHARE), (Nothing(), NOTHING_SHARE)]


Encoded = tuple[list[NDArray[np.float16]], torch.Tensor, torch.Tensor, torch.Tensor]
"""Of one crop: the taps, and what Crops holds of it."""


def encoded(crops: Crops, encoder: Encoder) -> list[Encoded]:
    taps = [tap.astype(np.float16) for tap in encoder(crops.pictures)]
    return [([tap[i] for tap in taps], crops.xy_px[i], crops.known[i], crops.there[i]) for i in range(len(crops.there))]


def loss_parts(decoder: Decoder, batch: Sequence[Encoded]) -> dict[str, float]:
    """Leaves the gradient of the mean loss in the parameters; returns the loss and its parts."""
    taps, *known = zip(*batch, strict=True)
    given = [torch.from_numpy(np.stack(tap)).float().contiguous(memory_format=torch.channels_last)
             for tap in zip(*taps, strict=True)]  # fmt: skip
    heat, presence = decoder(*given)
    loss, parts = loss_of(heat, presence, *(torch.stack(column) for column in known), WEIGHT)
    decoder.zero_grad(set_to_none=True)
    loss.backward()
    return parts | {"loss": float(loss.detach())}
