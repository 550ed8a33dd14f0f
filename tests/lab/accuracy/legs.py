"""How often the core takes one leg for the other: recorded runners whose labels were spoilt, and
landmarks of pose models.

    python -m tests.lab.accuracy.legs            runners held out: what is reported
    python -m tests.lab.accuracy.legs --tuned    the runners that gait/legs.py was fitted on
    python -m tests.lab.accuracy.legs --rendered FOLDER    beside it, what pose models saw

Three kinds of clips. *Made*: runners of ../shared/data/rbds with 8 mm of landmark noise, left and
right exchanged for a share of the frames in runs. *As a pose model sees them*: the far leg worse,
slow and fast errors, and, while the legs are close, moments in which both legs lie on one or are
exchanged. *Seen*: the poses that the end-to-end evaluation keeps, against their exact truth, and a
clip from the field whose exchanges were marked by hand.

Wrong: frames recorded under the other leg's name, after the frames behind them were seen; strides
and all measures are made of these. At once: as said in the frame itself, of which the live angle is
drawn. Worse: the largest lead over the pose model's own errors, as a share of the clip so far, at
any length from the first second. Late: wrong after ten seconds. Repaired: what the core counts in
the end.
"""

from __future__ import annotations

import argparse
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from station.gait import GaitCore
from station.gait.legs import Legs, LegTracker, Naming, Pattern
from station.sense.poses import Poses, load_poses
from station.testing.synthetic_flaws import LEFT_LEG, RIGHT_LEG, runs, swap_legs
from station.types import JOINTS, NAN, NS, Joint, Pose, Side, View
from tests.lab.accuracy.norms import SHARED
from tests.lab.accuracy.projection import DISTANCE_M, FOCAL_PX, HELD, SPEEDS, TUNED, Filming, filmed, load
from tests.lab.accuracy.truth import angle
from tests.lab.end_to_end.clips import BY_NAME
from tests.lab.end_to_end.truth import near_side
from tests.lab.render.clip import truth_of

KEPT = Path(__file__).parents[1] / "end_to_end" / "kept"
# Runs at 60 and knee lifts at 20 frames a second; each once made an earlier tracker name the legs
# wrongly for seconds, though the pose model seldom did.
LED_ASTRAY = Path(__file__).parent / "legs_kept"
# Tuned on, reported.
PEOPLE = {True: ("p00", "p01", "p02", "p03", "p04"), False: tuple(f"p{number:02d}" for number in range(5, 20))}
RATES = (18.0, 30.0, 60.0, 120.0)
# Share of the frames, mean length of a run in seconds.
SWAPS = ((0.0, 0.1), (0.1, 0.1), (0.3, 0.1), (0.3, 0.8))
LATE_S = 10.0
# Of data/field/legs_invented_exchanges.npz, from the continuity of all four segments, by eye.
FIELD_EXCHANGED = (33, 34, 76, 77, 78, 81, 82, 83, 119, 125, 126, 127)

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Clip:
    """Poses, how the runner faces, and per frame whether the labels are exchanged and whether that
    is beyond doubt.
    """

    name: str
    poses: list[Pose]
    facing: Side
    exchanged: Flags
    clear: Flags


def made(runner: str, speed: str, fps: float, share: float, run_s: float, seconds: float, seed: int = 0) -> Clip:
    """A recorded runner with 8 mm of noise and exchanged labels."""
    poses = filmed(load(SHARED, runner, speed), Filming(fps=fps, seed=seed))[: round(seconds * fps)]
    t_s, xy, score = _arrays(poses)
    rng = np.random.default_rng([seed, int(fps), int(100 * share), int(10 * run_s), *runner.encode()])
    ones = np.ones(len(t_s))
    exchanged = runs(rng, t_s, share * ones, max(run_s, 1.1 / fps) * ones)
    swap_legs(xy, score, exchanged)
    name = f"made, {fps:.0f}/s, {share:.0%} in runs of {run_s:g} s"
    return Clip(name, _poses(t_s, xy, score), "right", exchanged, np.ones(len(t_s), bool))


def as_seen(runner: str, speed: str, fps: float, seconds: float, seed: int = 0, moments_hz: float = 2.0) -> Clip:
    """A recorded runner as pose models see one; the amounts are those of the kept clips, rather
    worse.
    """
    poses = filmed(load(SHARED, runner, speed), Filming(fps=fps, noise_mm=0.0))[: round(seconds * fps)]
    t_s, xy, score = _arrays(poses)
    rng = np.random.default_rng([seed, int(fps), int(speed), *runner.encode()])
    near, far = RIGHT_LEG, LEFT_LEG
    for leg, noise_mm in ((near, 8.0), (far, 13.0)):
        error = 0.8 * _noise(rng, len(t_s), fps * 0.03) + 0.6 * _noise(rng, len(t_s), fps * 0.3)
        xy[:, leg] += noise_mm * 1e-3 * FOCAL_PX / DISTANCE_M * error
    apart = sum(np.hypot(*(xy[:, joint] - xy[:, joint + 1]).T) for joint in (Joint.LEFT_KNEE, Joint.LEFT_ANKLE))
    close = apart < np.percentile(apart, 40)
    exchanged, merged = np.zeros((2, len(t_s)), bool)
    i = 0
    while i < len(t_s):
        if not close[i] or rng.random() > moments_hz / fps / 0.4:
            i += 1
            continue
        moment = slice(i, i + max(1, round(rng.exponential(0.05) * fps)))
        if rng.random() < 0.5:
            exchanged[moment] = True
        else:
            drawn, to = (far, near) if rng.random() < 0.8 else (near, far)
            share = rng.uniform(0.5, 1.0)
            xy[moment, drawn] = (1 - share) * xy[moment][:, drawn] + share * xy[moment][:, to]
            merged[moment] = True
        i = moment.stop + 1
    swap_legs(xy, score, exchanged)
    return Clip(f"as a pose model sees, {fps:.0f}/s", _poses(t_s, xy, score), "right", exchanged, ~merged)


def kept(path: Path) -> Clip:
    """Poses of a rendered runner by the station's model; in doubt where the truth lies between both
    labels.
    """
    found, clip = load_poses(path), BY_NAME[path.stem]
    true = truth_of(clip.spec)
    n = min(len(found.t_ns), len(true.t_s))
    segments = [true.angles_deg[f"{part}_{side}"][:n] for part in ("thigh", "shank") for side in ("left", "right")]
    facing = near_side(clip.spec)
    straight, crossed = _misfits(found, np.stack(segments, axis=1), facing)
    poses = [Pose(t, xy, s) for t, xy, s in zip(found.t_ns[:n].tolist(), found.xy_px, found.score, strict=False)]
    return Clip(f"seen, {path.stem}", poses, facing, crossed < straight, np.abs(straight - crossed) > 10.0)


def _misfits(found: Poses, true_deg: Array, facing: Side) -> tuple[Array, Array]:
    """Squared misfit of the labels as they are and exchanged, in standard deviations of 7 (thigh)
    and 10 degrees (shank).
    """
    sign = 1.0 if facing == "right" else -1.0
    xy = np.concatenate([found.xy_px[: len(true_deg)], np.zeros((len(true_deg), JOINTS, 1), np.float32)], axis=2) * (sign, -1, 0)
    rows = [(a + k, b + k) for a, b in ((Joint.LEFT_HIP, Joint.LEFT_KNEE), (Joint.LEFT_KNEE, Joint.LEFT_ANKLE)) for k in (0, 1)]
    seen = np.stack([angle(xy[:, a], xy[:, b]) for a, b in rows], axis=1)
    sd = np.array([7.0, 7.0, 10.0, 10.0])
    return tuple(  # type: ignore[return-value]
        np.nansum(np.minimum(((seen[:, order] - true_deg) / sd) ** 2, 25.0), axis=1) for order in ([0, 1, 2, 3], [1, 0, 3, 2])
    )


def field(shared: Path = SHARED) -> Clip:
    found = load_poses(shared / "data" / "field" / "legs_invented_exchanges.npz")
    exchanged = np.isin(np.arange(len(found.t_ns)), FIELD_EXCHANGED)
    poses = [Pose(t, xy, s) for t, xy, s in zip(found.t_ns.tolist(), found.xy_px, found.score, strict=True)]
    return Clip("seen, from the field", poses, "left", exchanged, np.isfinite(found.xy_px[:, Joint.LEFT_KNEE, 0]))


def _arrays(poses: list[Pose]) -> tuple[Array, Array, Array]:
    return (
        np.array([pose.t_ns / NS for pose in poses]),
        np.stack([pose.xy_px for pose in poses]).astype(float),
        np.stack([pose.score for pose in poses]).astype(float),
    )


def _poses(t_s: Array, xy: Array, score: Array) -> list[Pose]:
    return [Pose(round(t * NS), p, s) for t, p, s in zip(t_s, xy, score, strict=True)]


def _noise(rng: np.random.Generator, n: int, frames: float) -> Array:
    """(n, 5, 2) first-order autoregressive noise of unit standard deviation that lasts so many
    frames.
    """
    keep = np.exp(-1.0 / frames)
    out = rng.standard_normal((n, len(LEFT_LEG), 2))
    for i in range(1, n):
        out[i] = keep * out[i - 1] + np.sqrt(1.0 - keep**2) * out[i]
    return out


class Names(LegTracker):
    """Keeps what was said of every pose: at once, and after later poses renamed it. `apart_deg`:
    between the thighs.
    """

    def __init__(self) -> None:
        self.t_s: list[float] = []
        self.at_once: list[bool] = []
        self.recorded: list[bool] = []
        self.apart_deg: list[float] = []
        super().__init__()

    def step(self, t_s: float, named: Legs, pattern: Pattern | None = None, longer: float = NAN) -> Naming:
        naming = super().step(t_s, named, pattern, longer)
        for i in range(bisect_left(self.t_s, naming.renamed_s), len(self.t_s)):
            self.recorded[i] = not self.recorded[i]
        self.t_s.append(t_s)
        self.at_once.append(naming.exchanged)
        self.recorded.append(naming.exchanged)
        self.apart_deg.append(abs(named[0] - named[2]))
        return naming


@dataclass(frozen=True)
class Errors:
    """Shares of the clear frames, percent; see above."""

    wrong: float
    worse: float
    late: float


@dataclass(frozen=True)
class Reported:
    """`model`: exchanged by the pose model, percent of the clear frames. `repaired`: counted in the
    end, and the labels really exchanged.
    """

    model: float
    recorded: Errors
    at_once: Errors
    repaired: tuple[int, int]


def reported(clip: Clip) -> Reported:
    """The clip through the core."""
    core, names, named = GaitCore(View(direction=None if clip.name.startswith("seen") else clip.facing)), Names(), []
    core._legs = names
    for i, pose in enumerate(clip.poses):
        last = core.step(pose)
        if len(names.t_s) > len(named):
            named.append(i)
    used = [i for i in named if i < len(clip.exchanged)]
    n = len(used)
    clear = clip.clear[used] & (np.array(names.apart_deg[:n]) > 0.1)
    model, t_s = clear & clip.exchanged[used], np.array(names.t_s[:n]) - names.t_s[0]

    def errors(exchanged: list[bool]) -> Errors:
        wrong, late = clear & (np.array(exchanged[:n]) != clip.exchanged[used]), clear & (t_s > LATE_S)
        lead = (np.cumsum(wrong) - np.cumsum(model)) / np.maximum(np.arange(1, n + 1), round(1.0 / np.median(np.diff(t_s))))
        return Errors(_percent(wrong, clear), 100.0 * max(float(lead.max()), 0.0), _percent(wrong & late, late))

    repaired = last.swaps_repaired, int(clip.exchanged.sum())
    return Reported(_percent(model, clear), errors(names.recorded), errors(names.at_once), repaired)


def _percent(some: Flags, among: Flags) -> float:
    return 100.0 * float(some.sum()) / max(int(among.sum()), 1)


def clips(runners: tuple[str, ...], seconds: float = 14.0) -> Iterator[list[Clip]]:
    """Clips of one kind at a time."""
    trials = [(runner, SPEEDS[i % 3]) for i, runner in enumerate((*runners, *runners))][: 2 * len(runners)]
    for fps in RATES:
        for share, run_s in SWAPS:
            yield [made(runner, speed, fps, share, run_s, seconds, k) for k, (runner, speed) in enumerate(trials)]
    for fps in RATES:
        yield [as_seen(runner, speed, fps, seconds, k) for k, (runner, speed) in enumerate(trials)]
    yield from ([kept(path)] for path in sorted(KEPT.glob("*.npz")))
    yield [field()]


def rendered(folder: Path, people: tuple[str, ...]) -> Iterator[list[Clip]]:
    """What each pose model saw of those people, by frames a second."""
    for model in sorted(path for path in (folder / "poses").glob("*") if path.is_dir()):
        names = [p for p in sorted(model.glob("*.npz")) if p.stem in BY_NAME and p.stem.startswith(people)]
        runs = [p for p in names if BY_NAME[p.stem].group == "people"]
        for kind, paths in (
            ("60/s", [p for p in runs if p.stem.endswith(".own")]),
            ("30/s", [p for p in runs if not p.stem.endswith(".own")]),
            ("knee lifts, 20/s", [p for p in names if BY_NAME[p.stem].group == "drill"]),
        ):
            if paths:
                found = [kept(path) for path in paths]
                yield [replace(found[0], name=f"seen by {model.name}, {kind}, {len(found)} clips"), *found[1:]]


def lines(groups: Iterable[list[Clip]]) -> Iterator[str]:
    """A table for a page."""
    columns = [f"{head}{what}" for head in ("", "at once: ") for what in ("wrong, %", "worst clip: worse by, %", "late, %")]
    yield "| " + " | ".join(["clips", "exchanged by the model, %", *columns, "repaired"]) + " |"
    yield "|" + 9 * "---|"
    for group in groups:
        scores = [reported(clip) for clip in group]
        cells = [group[0].name, f"{np.mean([score.model for score in scores]):.1f}"]
        for errors in ([score.recorded for score in scores], [score.at_once for score in scores]):
            cells += [f"{np.mean([e.wrong for e in errors]):.2f}", f"{max(e.worse for e in errors):.2f}"]
            cells.append(f"{max(e.late for e in errors):.1f}" if len(group) > 1 else "")
        repaired, true = (sum(score.repaired[k] for score in scores) for k in (0, 1))
        yield "| " + " | ".join([*cells, f"{repaired} of {true}"]) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.lab.accuracy.legs", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--tuned", action="store_true", help="the runners that gait/legs.py was fitted on")
    parser.add_argument("--rendered", type=Path, help="folder of tests.lab.end_to_end")
    asked = parser.parse_args()
    groups = clips(TUNED if asked.tuned else HELD)
    if asked.rendered:
        groups = chain(rendered(asked.rendered, PEOPLE[asked.tuned]), groups)
    for text in lines(groups):
        print(text, flush=True)


if __name__ == "__main__":
    main()
