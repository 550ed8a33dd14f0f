"""How far the landmarks are off: on frames of the training ground whose bodies and runners were
held out, and on real frames.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from station.pose.blazepose import BlazePose
from station.pose.estimator import TrackingEstimator
from station.pose.model import PoseModel, Square
from station.pose.runner import HEIGHT_PX, ROWS, RunnerPose
from station.pose.who import Who
from station.types import NS, Frame
from tests.lab.ground.shards import load, stored

from .landmarks_data import INDEX, NAMES, joint_rows, square_of
from .landmarks_real import RealFrames
from .landmarks_train import drawn_of

MODELS = {"pose_landmark_full": BlazePose, "pose_runner": RunnerPose}
GROUPS = {
    "shoulder": ("SHOULDER",), "hip": ("HIP",), "knee": ("KNEE",), "ankle": ("ANKLE",), "foot": ("HEEL", "FOOT_INDEX"),
    "arm": ("ELBOW", "WRIST"), "head": ("NOSE", "EAR"),
}  # fmt: skip
SIDE_ON_DEG, OBLIQUE_DEG = 15.0, 45.0
SMALL_ERRORS = {"scale": 0.04, "offset": 0.02}
"""Of the squares in which the models are tried, against that of the true joints: normal, as shares.
"""


@dataclass(frozen=True)
class Seen:
    """One row per frame. Joints (N, K, 2) in pixels of a crop HEIGHT_PX high, as measured and as
    they are; the rest (N,).
    """

    xy_px: NDArray[np.float64]
    true_px: NDArray[np.float64]
    sure: NDArray[np.float64]
    presence: NDArray[np.float64]
    there: NDArray[np.bool_]
    right: NDArray[np.bool_]
    bearing_deg: NDArray[np.float64]
    act: NDArray[np.str_]
    body: NDArray[np.str_]


def on_ground(model: PoseModel, folder: Path, most: int = 2000, seed: int = 3) -> Seen:
    """The model on the stored body tiles of a split, in squares that err a little."""
    rng, rows = np.random.default_rng(seed), []
    for shard, i in _frames(folder, most):
        tile, true_px, _, there = drawn_of(shard, i)
        centre, side = square_of(true_px)
        centre = centre + SMALL_ERRORS["offset"] * side * rng.standard_normal(2)
        side = side * float(np.exp(SMALL_ERRORS["scale"] * rng.standard_normal()))
        wide = model.margin / RunnerPose.margin
        seen = model.measure(tile, Square(*centre.tolist(), side * wide))
        to_crop = HEIGHT_PX / side
        truth = shard.truth
        rows.append((seen.xy_px[list(ROWS)] * to_crop, true_px * to_crop, seen.score[list(ROWS)], seen.presence, there,
                     truth["right"][i], truth["bearing_deg"][i], truth["act"][i], truth["body"][i]))  # fmt: skip
    return Seen(*(np.array(column) for column in zip(*rows, strict=True)))


def _frames(folder: Path, most: int) -> Iterator[tuple]:
    count = 0
    for path in stored(folder):
        shard = load(path)
        for i in range(len(shard)):
            if count == most:
                return
            count += 1
            yield shard, i


def sagittal_deg(xy: NDArray, upper: str, lower: str, sign: NDArray) -> NDArray:
    """Angle of a segment against the vertical (N,), forward +; `sign` is 1 for those who face
    right.
    """
    d = xy[:, INDEX[lower]] - xy[:, INDEX[upper]]
    return np.degrees(np.arctan2(sign * d[:, 0], d[:, 1]))


def near_far(seen: Seen, xy: NDArray, upper: str, lower: str) -> tuple[NDArray, NDArray]:
    """Angles (N,) of the near and the far segment in the picture; the camera stands at the right of
    those who face right.
    """
    sign = np.where(seen.right, 1.0, -1.0)
    right, left = (sagittal_deg(xy, f"{side}_{upper}", f"{side}_{lower}", sign) for side in ("RIGHT", "LEFT"))
    return np.where(seen.right, right, left), np.where(seen.right, left, right)


def lines_ground(seen: Seen) -> list[str]:
    """Rows of a table: medians and angle errors, side on and oblique."""
    there = seen.there & np.isfinite(seen.xy_px[:, INDEX["LEFT_HIP"], 0])
    off = np.hypot(*np.moveaxis(seen.xy_px - seen.true_px, 2, 0))
    out = [f"frames {len(there)}, of somebody {there.sum()}"]
    for name, parts in GROUPS.items():
        columns = [i for i, joint in enumerate(NAMES) if any(p in joint for p in parts) and "EAR" not in joint]
        values = off[there][:, columns]
        out.append(f"{name}: median {np.median(values):.1f} px, 90 % {np.percentile(values, 90):.1f} px")
    run = there & np.isin(seen.act, ("run", "walk", "knee lifts"))
    for label, low, high in (("side on", 0, SIDE_ON_DEG), ("oblique", SIDE_ON_DEG, OBLIQUE_DEG)):
        chosen = run & (abs(seen.bearing_deg) >= low) & (abs(seen.bearing_deg) < high)
        for upper, lower, part in (("HIP", "KNEE", "thigh"), ("KNEE", "ANKLE", "shank")):
            pairs = zip(near_far(seen, seen.xy_px, upper, lower), near_far(seen, seen.true_px, upper, lower), strict=True)
            for where, (got, true) in zip(("near", "far"), pairs, strict=True):
                error = (got - true)[chosen]
                error = (error + 180) % 360 - 180
                out.append(f"{label} {where} {part}: RMSE {np.sqrt((error**2).mean()):.2f}, bias {error.mean():+.2f}, "
                           f"median {np.median(abs(error)):.2f} deg, n {chosen.sum()}")  # fmt: skip
        out.append(f"{label} legs exchanged: {exchanged_pct(seen.xy_px[chosen], seen.true_px[chosen]):.2f} %")
    lean = [trunk_lean_deg(xy, seen.right) for xy in (seen.xy_px, seen.true_px)]
    side_on = run & (abs(seen.bearing_deg) < SIDE_ON_DEG)
    error = (lean[0] - lean[1])[side_on]
    out.append(f"trunk lean: bias {error.mean():+.2f}, SD {error.std():.2f} deg")
    told = seen.presence >= 0.5
    out.append(f"presence: somebody missed {100 * (~told & seen.there).sum() / seen.there.sum():.1f} %, "
               f"nobody taken for somebody {(told & ~seen.there).sum()} of {(~seen.there).sum()}")  # fmt: skip
    return out


def trunk_lean_deg(xy: NDArray, right: NDArray) -> NDArray:
    shoulders, hips = (xy[:, [INDEX[f"LEFT_{p}"], INDEX[f"RIGHT_{p}"]]].mean(axis=1) for p in ("SHOULDER", "HIP"))
    d = shoulders - hips
    return np.degrees(np.arctan2(np.where(right, 1.0, -1.0) * d[:, 0], -d[:, 1]))


def exchanged_pct(xy: NDArray, true: NDArray) -> float:
    """Frames in which knees and ankles lie better on the other leg, while the legs are clearly
    apart.
    """
    straight, crossed, apart = np.zeros((3, len(xy)))
    for part in ("KNEE", "ANKLE"):
        for side, other in (("LEFT", "RIGHT"), ("RIGHT", "LEFT")):
            found, same = xy[:, INDEX[f"{side}_{part}"]], true[:, INDEX[f"{side}_{part}"]]
            straight += np.hypot(*(found - same).T)
            crossed += np.hypot(*(found - true[:, INDEX[f"{other}_{part}"]]).T)
        apart += np.hypot(*(true[:, INDEX[f"LEFT_{part}"]] - true[:, INDEX[f"RIGHT_{part}"]]).T)
    thigh = np.median(np.hypot(*(true[:, INDEX["LEFT_KNEE"]] - true[:, INDEX["LEFT_HIP"]]).T))
    clear = apart > 0.6 * thigh
    return 100 * float((crossed[clear] < 0.7 * straight[clear]).mean()) if clear.any() else float("nan")


def lines_real(model: PoseModel, frames: RealFrames) -> list[str]:
    """Against the teacher on real frames that were not trained on: this model, and
    `pose_landmark_full` as shipped.
    """
    out = []
    for clip in sorted(set(frames.clip.tolist())):
        part = frames.rows(frames.clip == clip)
        people, empty = part.rows(part.there), part.rows(~part.there)
        ours, today, presence = [], [], []
        for i in range(len(people.there)):
            centre, side = square_of(people.xy_px[i])
            seen = model.measure(people.picture[i], Square(*centre.tolist(), side * model.margin / RunnerPose.margin))
            to_crop = HEIGHT_PX / side
            sure = people.sure[i] >= 0.5
            ours.append(np.where(sure, np.hypot(*(seen.xy_px[list(ROWS)] - people.xy_px[i]).T), np.nan) * to_crop)
            today.append(np.where(sure, np.hypot(*(people.today_px[i] - people.xy_px[i]).T), np.nan) * to_crop)
            presence.append(seen.presence)
        for name, parts in GROUPS.items():
            columns = [i for i, joint in enumerate(NAMES) if any(p in joint for p in parts)]
            a, b = (np.array(v)[:, columns] for v in (ours, today))
            out.append(f"{clip} {name}: median {np.nanmedian(a):.1f} (shipped {np.nanmedian(b):.1f}) px, "
                       f"beyond 15 px {100 * np.nanmean(a > 15):.1f} % ({100 * np.nanmean(b > 15):.1f} %)")  # fmt: skip
        seen_pct = 100 * np.mean(np.array(presence) >= 0.5)
        ghosts = [model.measure(picture, _middle(picture)).presence >= 0.5 for picture in empty.picture]
        out.append(f"{clip}: found {seen_pct:.1f} % of {len(presence)}, nobody taken for somebody {sum(ghosts)} of {len(ghosts)}")
    return out


def _middle(picture: NDArray) -> Square:
    return Square(picture.shape[1] / 2, picture.shape[0] / 2, 0.65 * picture.shape[0])




def lines_films(model: PoseModel, folder: Path, frames: int = 100) -> list[str]:
    """A table row per clip of `python -m tests.lab.end_to_end render FOLDER` that is filmed from
    the right: the picture's near thigh, the legs exchanged and the trunk's lean, as the estimator
    follows the runner.
    """
    rows = ["| clip | near thigh RMSE (mean error), deg | exchanged, % | trunk lean, mean error, deg |", "|---|---|---|---|"]
    for film in sorted(folder.glob("*.mp4")):
        with np.load(film.with_suffix(".truth.npz")) as stored:
            names = joint_rows(tuple(stored["names"].tolist()))
            true = stored["px"][:, names].astype(float) - 0.5
        xy = followed(model, film, frames)
        true, seen = true[: len(xy)], np.isfinite(xy[:, INDEX["RIGHT_HIP"], 0])
        xy, true = xy[seen], true[seen]
        right = np.full(len(xy), 1.0)
        thigh = sagittal_deg(xy, "RIGHT_HIP", "RIGHT_KNEE", right) - sagittal_deg(true, "RIGHT_HIP", "RIGHT_KNEE", right)
        lean = (trunk_lean_deg(xy, right > 0) - trunk_lean_deg(true, right > 0)).mean()
        rmse = np.sqrt(np.mean(thigh**2))
        rows.append(f"| {film.stem} | {rmse:.1f} ({thigh.mean():+.1f}) | {exchanged_pct(xy, true):.1f} | {lean:+.1f} |")
    return rows


def followed(model: PoseModel, film: Path, frames: int) -> NDArray[np.float64]:
    """Joints (T, K, 2) of the first frames of a clip."""
    estimator, found = TrackingEstimator(model, Who((0.0, 0.0, 1.0, 1.0), smallest=0.3, stay_s=0.0)), []
    with av.open(str(film)) as container:
        for i, frame in enumerate(islice(container.decode(video=0), frames)):
            pose = estimator.estimate(Frame(round(float(frame.time) * NS), i, frame.to_ndarray(format="rgb24")))
            found.append(pose.xy_px[list(ROWS)])
    return np.array(found, float)
