"""Recorded treadmill runners (../shared/data/rbds) seen by a pinhole camera beside the belt, with
landmark errors of known size.

The recordings hold hips, knees, ankles, heels and toes; the upper body is left unseen, as the poses
format allows. World axes as recorded, in metres: x the running direction, y up, z the runner's
right.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from station.types import JOINTS, NS, Joint, Pose, Side, View

TUNED = ("001", "002", "010", "012")  # runners that constants may be fitted on
HELD = ("016", "020", "024", "03")  # runners that results are reported on
SPEEDS = ("25", "35", "45")
# Two right toe labels are exchanged in one recording, a toe is mislabelled in the other: toes are
# not used there.
BAD_TOES = {"001_v25", "03_v25"}

FOCAL_PX, WIDTH_PX, HEIGHT_PX = 1100.0, 1280, 1280
DISTANCE_M, LENS_M = 3.0, 1.1
_LEFT = {
    "hip": Joint.LEFT_HIP,
    "knee": Joint.LEFT_KNEE,
    "ankle": Joint.LEFT_ANKLE,
    "heel": Joint.LEFT_HEEL,
    "toe": Joint.LEFT_FOOT_INDEX,
}
NOISE_MEMORY_S = 0.05  # correlation time of landmark errors


@dataclass(frozen=True)
class Trial:
    """One recording: `points` maps a BlazePose row to (N, 3) metres at 150 Hz."""

    name: str
    t_s: NDArray[np.float64]
    points: dict[int, NDArray[np.float64]]
    yaw_deg: NDArray[np.float64]  # + = right side forward
    force_n: NDArray[np.float64]
    speed_mps: float


def load(shared: Path, runner: str, speed: str, yaw_scale: float = 1.0) -> Trial:
    """A recording; `yaw_scale` turns the hip centres about their middle so that this share of the
    pelvic turn is left.
    """
    name = f"{runner}_v{speed}"
    with np.load(shared / "data" / "rbds" / f"rbds{name}.npz") as data:
        points = {}
        for part, left in _LEFT.items():
            for offset, side in enumerate(("left", "right")):
                points[left + offset] = data[f"{part}_{side}"].astype(float)
        yaw, force = data["pelvis_yaw_deg"].astype(float), data["vertical_force_n"].astype(float)
        t_s = data["t_s"] - data["t_s"][0]
    if name in BAD_TOES:
        for joint in (Joint.LEFT_FOOT_INDEX, Joint.RIGHT_FOOT_INDEX):
            points[joint] = np.full_like(points[joint], np.nan)
    if yaw_scale != 1.0:
        _turn_hips(points, (yaw_scale - 1.0) * (yaw - yaw.mean()))
        yaw = yaw.mean() + yaw_scale * (yaw - yaw.mean())
    return Trial(name, t_s, points, yaw, force, int(speed) / 10)


def _turn_hips(points: dict[int, NDArray[np.float64]], turn_deg: NDArray[np.float64]) -> None:
    left, right = points[Joint.LEFT_HIP], points[Joint.RIGHT_HIP]
    mid, half = (left + right) / 2, (right - left) / 2
    c, s = np.cos(np.radians(turn_deg)), np.sin(np.radians(turn_deg))
    turned = np.stack([c * half[:, 0] + s * half[:, 2], half[:, 1], -s * half[:, 0] + c * half[:, 2]], axis=1)
    points[Joint.LEFT_HIP], points[Joint.RIGHT_HIP] = mid - turned, mid + turned


def resampled(trial: Trial, fps: float) -> tuple[NDArray[np.float64], dict[int, NDArray[np.float64]]]:
    t_s = np.arange(trial.t_s[0], trial.t_s[-1], 1.0 / fps)
    return t_s, {j: np.stack([np.interp(t_s, trial.t_s, p[:, i]) for i in range(3)], axis=1) for j, p in trial.points.items()}


@dataclass(frozen=True)
class Filming:
    """How a runner is filmed and what the landmarks are worth.

    side: the runner's side that the camera stands on. azimuth_deg: camera moved towards the rear of
    the treadmill by this angle, still aimed at the runner. noise_mm: standard deviation per axis
    and landmark at the runner's distance, first-order correlated in time. drag: share of the
    hip-to-knee distance, fore-aft, by which a hip landmark follows its thigh.
    """

    side: Side = "right"
    azimuth_deg: float = 0.0
    fps: float = 60.0
    noise_mm: float = 8.0
    drag: float = 0.0
    seed: int = 0

    @property
    def view(self) -> View:
        return View(WIDTH_PX, HEIGHT_PX, azimuth_deg=self.azimuth_deg, px_per_m=FOCAL_PX / DISTANCE_M)


def filmed(trial: Trial, filming: Filming) -> list[Pose]:
    """The poses of a run as recorded."""
    t_s, points = resampled(trial, filming.fps)
    return _poses(t_s, points, _middle(points), filming, trial.name)


def filmed_with_drill(trial: Trial, filming: Filming) -> tuple[list[Pose], float]:
    """The same after knee lifts of the same person before the same camera, and the second at which
    the run begins.
    """
    t_s, points = resampled(trial, filming.fps)
    drill_s, lifts = knee_lifts(trial, filming.fps)
    begins_s = float(drill_s[-1]) + 2.0
    both = {joint: np.concatenate([lifts[joint], points[joint]]) for joint in points}
    return _poses(np.concatenate([drill_s, t_s + begins_s]), both, _middle(points), filming, trial.name + "drill"), begins_s


LIFTS_PER_LEG, LIFT_S, LIFT_DEG = 7, 2.0, 48.0


def knee_lifts(trial: Trial, fps: float) -> tuple[NDArray[np.float64], dict[int, NDArray[np.float64]]]:
    """The find-your-hip drill made from the person's own hips and segment lengths: the pelvis is
    still, the legs take turns.
    """
    t_s = np.arange(0.0, 2 * LIFTS_PER_LEG * LIFT_S, 1.0 / fps)
    which, phase = np.divmod(t_s / LIFT_S, 1.0)
    raised = LIFT_DEG * np.where(phase > 0.35, 0.5 - 0.5 * np.cos(2 * np.pi * (phase - 0.35) / 0.65), 0.0)
    points = {}
    for k in (0, 1):
        hip, knee, ankle = (trial.points[j + k] for j in (Joint.LEFT_HIP, Joint.LEFT_KNEE, Joint.LEFT_ANKLE))
        thigh_m, shank_m = (float(np.linalg.norm(a - b, axis=1).mean()) for a, b in ((hip, knee), (knee, ankle)))
        angle = np.radians(np.where(which % 2 == k, raised, 0.0))
        zero = np.zeros_like(angle)
        points[Joint.LEFT_HIP + k] = np.tile(hip.mean(0), (len(t_s), 1))
        at = points[Joint.LEFT_HIP + k] + thigh_m * np.stack([np.sin(angle), -np.cos(angle), zero], axis=1)
        points[Joint.LEFT_KNEE + k] = at
        for joint, offset in (
            (Joint.LEFT_ANKLE, (-0.02, -shank_m, 0.0)),
            (Joint.LEFT_HEEL, (-0.06, -shank_m - 0.06, 0.0)),
            (Joint.LEFT_FOOT_INDEX, (0.15, -shank_m - 0.07, 0.0)),
        ):
            points[joint + k] = at + np.array(offset)
    return t_s, points


def _middle(points: dict[int, NDArray[np.float64]]) -> NDArray[np.float64]:
    """Where the camera is aimed: the mean of the hips."""
    return np.mean([points[Joint.LEFT_HIP].mean(0), points[Joint.RIGHT_HIP].mean(0)], axis=0)


def _poses(
    t_s: NDArray[np.float64], points: dict[int, NDArray[np.float64]], middle: NDArray[np.float64], filming: Filming, name: str
) -> list[Pose]:
    rng = np.random.default_rng([filming.seed, int(filming.fps), int(filming.noise_mm), *name.encode()])
    xy = np.full((len(t_s), JOINTS, 2), np.nan)
    for joint, place in points.items():
        if joint in (Joint.LEFT_HIP, Joint.RIGHT_HIP):
            towards_knee = points[joint + 2][:, 0] - place[:, 0]
            place = place + np.outer(filming.drag * towards_knee, (1.0, 0.0, 0.0))
        error_px = _noise(rng, len(t_s), filming.fps) * filming.noise_mm * 1e-3 * FOCAL_PX / DISTANCE_M
        xy[:, joint] = _seen(place, middle, filming.side, filming.azimuth_deg) + error_px
    score = np.where(np.isnan(xy[..., 0]), 0.0, 1.0)
    stamped = zip(t_s, xy.astype(np.float32), score.astype(np.float32), strict=True)
    return [Pose(round(t * NS), p, s) for t, p, s in stamped]


def _seen(place: NDArray[np.float64], middle: NDArray[np.float64], side: Side, azimuth_deg: float) -> NDArray[np.float64]:
    """World to pixels (N, 2): lens at LENS_M, DISTANCE_M from the runner's middle, level, aimed at
    the middle's vertical.
    """
    towards = 1.0 if side == "right" else -1.0
    a = np.radians(azimuth_deg)
    # From the runner to the camera.
    out_of_picture = np.array([-np.sin(a), 0.0, towards * np.cos(a)])
    right = np.array([np.cos(a) * towards, 0.0, np.sin(a)])
    relative = place - np.array([middle[0], LENS_M, middle[2]])
    depth = DISTANCE_M - relative @ out_of_picture
    x_px, y_px = FOCAL_PX * (relative @ right) / depth, FOCAL_PX * relative[:, 1] / depth
    return np.stack([WIDTH_PX / 2 + x_px, HEIGHT_PX / 2 - y_px], axis=1)


def _noise(rng: np.random.Generator, n: int, fps: float) -> NDArray[np.float64]:
    """First-order autoregressive noise (n, 2) of unit standard deviation."""
    keep = np.exp(-1.0 / (fps * NOISE_MEMORY_S))
    white = rng.standard_normal((n, 2)) * np.sqrt(1.0 - keep**2)
    white[0] /= np.sqrt(1.0 - keep**2)
    out = np.empty((n, 2))
    last = np.zeros(2)
    for i in range(n):
        last = keep * last + white[i] if i else white[0]
        out[i] = last
    return out
