"""Runs and slow turns of somebody with a hip belt, without frames: tag corners and landmarks as a
camera would give them.

The motion, the belt and the camera are those of `tests/lab/render`; the corners get noise instead
of being read from pixels. A minute costs about a second, so that many trials can be made.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from station.types import JOINTS, NS, Joint, Marks, Pose, Side, View
from tests.lab.render.clip import LANDMARK_NAMES, truth_of
from tests.lab.render.hip_belt import HipBelt
from tests.lab.render.hip_belt_truth import HipBeltTruth, h1, hip_belt_truth, scale_for_turn
from tests.lab.render.spec import Camera, ClipSpec, Gait, Keyframe, Look, Motion, Sensor

PORTRAIT = Camera(distance_m=2.5, width_px=720, height_px=1280, fov_deg=66.0)
LANDSCAPE = Camera(distance_m=3.0, width_px=1280, height_px=720, fov_deg=40.1)
"""The same lens, turned: 985 px of focal length, a 50 mm tag 20 and 16 px high."""
CORNER_SD_PX = 0.08
"""Scatter of a refined corner in rendered frames."""
FOUND_BY_SIDE = ((8.5, 10.0, 11.7, 13.2, 14.7, 16.2, 17.7, 19.2), (0.0, 0.2, 0.42, 0.58, 0.68, 0.83, 0.91, 0.98))
"""Share of visible tags that are read, by the shortest side of the black square in px; from
rendered frames of m_avg.
"""
LANDMARK_MEMORY_S = 0.05
START_NS = 5_000_000_000
SPEED_MPS = 2.9
SLOW_TURN_S = 14.0


@dataclass(frozen=True)
class MadeRun:
    """One stretch: `truth`, what was seen of it, and the same as inputs of the core."""

    spec: ClipSpec
    truth: HipBeltTruth
    corners_px: np.ndarray
    """(T, N, 4, 2) as found."""
    found: np.ndarray
    """(T, N)"""
    landmarks_px: np.ndarray
    """(T, 33, 2), NaN where there is none."""
    start_ns: int = START_NS

    @property
    def view(self) -> View:
        """What the station knows of the camera."""
        c = self.spec.camera
        focal_px = c.height_px / 2 / np.tan(np.radians(c.fov_deg) / 2)
        direction: Side = "right" if c.side == "right" else "left"
        return View(c.width_px, c.height_px, azimuth_deg=c.azimuth_deg, px_per_m=float(focal_px / c.distance_m),
                    direction=direction, focal_px=float(focal_px))

    def inputs(self) -> Iterator[Marks | Pose]:
        """Marks and pose of every frame, in that order."""
        for i, t_s in enumerate(self.truth.t_s):
            t_ns, seen = self.start_ns + round(float(t_s) * NS), self.found[i]
            yield Marks(t_ns, self.truth.ids[seen], self.corners_px[i, seen])
            yield Pose(t_ns, self.landmarks_px[i], np.isfinite(self.landmarks_px[i, :, 0]))


def run_spec(amplitude_deg: float, azimuth_deg: float = 0.0, body: str = "m_avg", seconds: float = 8.0, fps: float = 30.0,
             seed: int = 1, belt: HipBelt | None = None, camera: Camera = PORTRAIT, runner: str = "mean") -> ClipSpec:
    """A steady run of which the pelvic turn has that amplitude (half of peak to peak) at stride
    frequency.
    """
    gait = Gait(speed_mps=SPEED_MPS, pelvic_turn_scale=scale_for_turn(amplitude_deg, runner, SPEED_MPS))
    return ClipSpec(seconds, seed, Motion((Keyframe(0.0, gait),), runner=runner), Look(body=body, hip_belt=belt or HipBelt()),
                    replace(camera, azimuth_deg=azimuth_deg), Sensor(fps=fps, shutter_s=0.003))


def slow_turn_spec(run: ClipSpec, seconds: float = SLOW_TURN_S) -> ClipSpec:
    """The slow turn that the runner of `run` did before, in front of the same camera."""
    return replace(run, duration_s=seconds, motion=Motion((Keyframe(0.0, Gait(speed_mps=0.0)),), slow_turn=True))


def made(spec: ClipSpec, corner_sd_px: float = CORNER_SD_PX, landmark_sd_px: float = 8.0, seed: int = 0) -> MadeRun:
    """What would be seen of that clip. `seed` is of the noise; the motion has the clip's own."""
    rng = np.random.default_rng((spec.seed, seed))
    truth = hip_belt_truth(spec)
    found = truth.visible & (rng.random(truth.visible.shape) < readable(truth.corners_px))
    corners = truth.corners_px + corner_sd_px * rng.standard_normal(truth.corners_px.shape)
    return MadeRun(spec, truth, corners, found, landmarks_px(spec, landmark_sd_px, rng))


def readable(corners_px: np.ndarray) -> np.ndarray:
    """(...,) chance that a square with these corners (..., 4, 2) is read."""
    sides = np.linalg.norm(np.roll(corners_px, -1, axis=-2) - corners_px, axis=-1)
    return np.interp(sides.min(axis=-1), *FOUND_BY_SIDE)


def landmarks_px(spec: ClipSpec, sd_px: float, rng: np.random.Generator) -> np.ndarray:
    """(T, 33, 2) true joint centres with errors that last LANDMARK_MEMORY_S; NaN for what the truth
    lacks.
    """
    true = truth_of(spec).px
    keep = np.exp(-1 / (spec.sensor.fps * LANDMARK_MEMORY_S))
    error = rng.standard_normal(true.shape)
    for i in range(1, len(error)):
        error[i] = keep * error[i - 1] + np.sqrt(1 - keep**2) * error[i]
    out = np.full((len(true), JOINTS, 2), np.nan)
    for k, name in enumerate(LANDMARK_NAMES):
        out[:, joint(name)] = true[:, k] + sd_px * error[:, k]
    return out


def joint(name: str) -> Joint:
    """`hip_left` -> Joint.LEFT_HIP; the truth's toe is the foot index."""
    part, _, side = name.partition("_")
    part = {"toe": "FOOT_INDEX"}.get(part, part.upper())
    return Joint[f"{side.upper()}_{part}" if side else part]


def true_turn(made_run: MadeRun) -> complex:
    """H1 of the true turn, peak to peak in degrees, against the near thigh's phase as the station
    tells it.
    """
    t, truth = truth_of(made_run.spec), made_run.truth
    side = made_run.spec.camera.side
    turn = h1(truth.stride_phase, truth.turn_deg) * (1 if side == "right" else -1)
    thigh = h1(truth.stride_phase, t.angles_deg[f"thigh_{side}"])
    return 2 * turn * (thigh / abs(thigh)).conjugate()
