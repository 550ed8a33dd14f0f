"""One clip: a spec in, a video and its exact truth out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from . import skeleton as sk
from .camera import project_px
from .motion import SIDES, Runner
from .slow_turn import SlowTurn
from .spec import Bystander, Camera, ClipSpec, KneeLifts, Light, Look
from .upright import KneeLifter, Walker

if TYPE_CHECKING:
    from .raster import Raster

# By the file's ending: codec and its options.
ENCODERS: Mapping[str, tuple[str, dict[str, str]]] = {
    ".webm": ("libvpx-vp9", {"crf": "38", "b": "0", "cpu-used": "2", "row-mt": "1", "threads": "2"}),
    ".mp4": ("libx264", {"crf": "10", "preset": "veryfast"}),
}
LANDMARK_NAMES = (*tuple(f"{name}_{side}" for name in sk.LANDMARKS for side in ("left", "right")), "nose")


@dataclass(frozen=True)
class Truth:
    """What is exactly so in a clip. `px` (T, K, 2) and `m` (T, K, 3) follow `LANDMARK_NAMES`; the
    rest is (T,).
    """

    t_s: np.ndarray
    px: np.ndarray
    m: np.ndarray
    angles_deg: dict[str, np.ndarray]
    """thigh, shank, knee_flexion per side, trunk_lean and pelvic_turn; the station's definitions
    and signs.
    """
    stride_phase: np.ndarray
    """Strides since the first right contact."""
    contact_s: dict[str, np.ndarray]
    toe_off_s: dict[str, np.ndarray]

    def save(self, path: Path) -> None:
        """One compressed npz: `names`, `t_s`, `px`, `m`, `stride_phase`, `<angle>_deg`,
        `contact_<side>_s`, ...

        Kept to 1/64 px, 1/16 mm, 1/128 deg: exact enough, and small.
        """
        np.savez_compressed(
            path,
            names=np.array(LANDMARK_NAMES),
            t_s=self.t_s.astype("f8"),
            px=_rounded(self.px, 64),
            m=_rounded(self.m, 16_384),
            stride_phase=_rounded(self.stride_phase, 4096),
            **{f"{n}_deg": _rounded(v, 128) for n, v in self.angles_deg.items()},
            **{f"contact_{s}_s": v for s, v in self.contact_s.items()},
            **{f"toe_off_{s}_s": v for s, v in self.toe_off_s.items()},
        )


def _rounded(values: np.ndarray, steps: int) -> np.ndarray:
    return (np.round(values * steps) / steps).astype("f4")


def truth_of(spec: ClipSpec) -> Truth:
    """The truth of a clip at the middle of every exposure. Needs neither graphics nor the body
    model.
    """
    runner, t_s = runner_of(spec), exposure_middles_s(spec)
    rotation, position = runner.pose(t_s)
    points = sk.landmarks_m(runner.skeleton, rotation, position)
    m = np.stack([points[n] for n in LANDMARK_NAMES], axis=1)
    events = runner.events()
    angles = sagittal_angles_deg(points) | {"pelvic_turn": runner.angles(t_s)["turn"]}

    def within(times: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {side: at[(at >= 0) & (at < spec.duration_s)] for side, at in times.items()}

    return Truth(t_s, project_px(spec.camera, m), m, angles, runner.phase(t_s),
                 within(events.contact_s), within(events.toe_off_s))


def sagittal_angles_deg(points_m: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Angles from joint centres (T, 3), x forward and y up: against the vertical, forward +."""
    out = {}
    for side in SIDES:
        thigh = points_m[f"knee_{side}"] - points_m[f"hip_{side}"]
        shank = points_m[f"ankle_{side}"] - points_m[f"knee_{side}"]
        out[f"thigh_{side}"] = np.degrees(np.arctan2(thigh[:, 0], -thigh[:, 1]))
        out[f"shank_{side}"] = np.degrees(np.arctan2(shank[:, 0], -shank[:, 1]))
        out[f"knee_flexion_{side}"] = out[f"thigh_{side}"] - out[f"shank_{side}"]
    trunk = sum(points_m[f"shoulder_{s}"] - points_m[f"hip_{s}"] for s in SIDES)
    out["trunk_lean"] = np.degrees(np.arctan2(trunk[:, 0], trunk[:, 1]))
    return out


def exposure_middles_s(spec: ClipSpec) -> np.ndarray:
    return spec.frame_times_s() + spec.sensor.shutter_s / 2


def render_frames(spec: ClipSpec, first_frame: int = 0) -> Iterator[np.ndarray]:
    """The pictures, (H, W, 3) uint8 RGB, one per `spec.frame_times_s()` from `first_frame` on.

    Raises ImportError when `moderngl` or `anny` is missing, and whatever moderngl raises without
    EGL.
    """
    from . import body, raster, scene

    surface = raster.Raster(spec.camera, scene.vertices(scene.gym(spec.light.window_behind)), spec.light.window_behind)
    for look in (spec.look, *(person.look for person in spec.bystanders)):
        surface.add_person(body.load_body(look.body, look.ponytail, look.looseness, look.leg_share), look)
        _put_on_belt(surface, spec.camera, look)
    others = [_others(person, spec) for person in spec.bystanders]
    runner, noise = runner_of(spec), _Noise(spec)
    joints = runner.skeleton.joints
    speed_mps = spec.motion.parameter("speed_mps", spec.frame_times_s())
    belt_m = np.concatenate([[0.0], np.cumsum(speed_mps[:-1] / spec.sensor.fps)])
    within = (np.arange(spec.sensor.subframes) + 0.5) / spec.sensor.subframes * spec.sensor.shutter_s
    try:
        for i in range(first_frame, len(belt_m)):
            start_s = spec.frame_times_s()[i]
            segments = raster.segment_matrices(joints, *runner.pose(start_s + within))
            still = [person[i] for person in others]
            shots = [surface.frame([s, *still], belt_m[i] + speed_mps[i] * dt, _exposure(spec.light, start_s + dt))
                     for s, dt in zip(segments, within, strict=True)]
            yield _exposed(shots, noise)
    finally:
        surface.release()


def _put_on_belt(surface: Raster, camera: Camera, look: Look) -> None:
    """A hip belt, where one is worn; drawing it needs OpenCV. Raises ValueError for one that slips:
    see hip_belt_clip.
    """
    if look.hip_belt is not None:
        if look.hip_belt.slip_deg:
            raise ValueError("a belt that slips is drawn by hip_belt_clip.waist_windows alone: set HipBelt.slip_deg to 0")
        from .hip_belt_worn import belt_program, put_on

        put_on(surface, belt_program(surface, camera), look)


def render_clip(spec: ClipSpec, path: Path) -> Truth:
    """Write the video (`write_video`) and, beside it, `<stem>.truth.npz`."""
    write_video(path, render_frames(spec), spec.sensor.fps, spec.key_frames)
    truth = truth_of(spec)
    truth.save(path.with_suffix(".truth.npz"))
    return truth


def write_video(
    path: Path, frames: Iterable[np.ndarray], fps: float, key_frames: tuple[int, ...] = (), crf: int | None = None
) -> None:
    """Encode RGB frames at a constant rate: VP9 for .webm, small enough to be shipped, else H.264,
    which keeps what the camera gave: the station sees no compressed frames.

    `crf` is the codec's constant quality, lower is better and larger.
    """
    import av
    from av.video.frame import PictureType

    codec, options = ENCODERS.get(path.suffix, ENCODERS[".mp4"])
    options = options if crf is None else {**options, "crf": str(crf)}
    with av.open(str(path), "w") as box:
        stream = None
        for i, rgb in enumerate(frames):
            if stream is None:
                stream = box.add_stream(codec, rate=Fraction(fps).limit_denominator(1001))
                stream.height, stream.width = rgb.shape[:2]
                stream.pix_fmt, stream.options = "yuv420p", options
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")
            frame.pts = i
            frame.pict_type = PictureType.I if i in key_frames else PictureType.NONE
            box.mux(stream.encode(frame))
        if stream is not None:
            box.mux(stream.encode(None))


def runner_of(spec: ClipSpec) -> Runner | SlowTurn:
    """Who moves in a clip."""
    if isinstance(spec.motion, KneeLifts):
        return KneeLifter(spec.motion, sk.skeletons()[spec.look.body], spec.duration_s, spec.seed)
    kind = SlowTurn if spec.motion.slow_turn else Runner
    return kind(spec.motion, sk.skeletons()[spec.look.body], spec.duration_s, spec.seed)


class _Noise:
    """A sensor's noise: one long strip of it, begun anywhere for every picture, which is cheaper
    than drawing each anew.
    """

    def __init__(self, spec: ClipSpec) -> None:
        self._rng = np.random.default_rng(spec.seed + 1)
        self._size = spec.camera.height_px * spec.camera.width_px * 3
        self._strip = np.float32(spec.sensor.noise_sd) * self._rng.standard_normal(2 * self._size, dtype="f4")
        self._shape = (spec.camera.height_px, spec.camera.width_px, 3)

    def next(self) -> np.ndarray:
        """(H, W, 3) float32, grey levels."""
        start = int(self._rng.integers(self._size))
        return self._strip[start : start + self._size].reshape(self._shape)


def _exposed(shots: list[np.ndarray], noise: _Noise) -> np.ndarray:
    """Mean of the sub-frames in linear light, plus sensor noise."""
    if len(shots) == 1:
        picture = shots[0].astype("f4")
    else:
        picture = 255 * np.mean([(s / np.float32(255)) ** 2.2 for s in shots], axis=0) ** (1 / 2.2)
    picture += noise.next()
    return np.clip(picture + 0.5, 0, 255).astype(np.uint8)


def _exposure(light: Light, t_s: float) -> float:
    """Exposure at a moment, with the lamps' flicker."""
    return light.exposure * (1 - light.flicker * (0.5 - 0.5 * np.cos(2 * np.pi * light.flicker_hz * t_s)))


def _others(person: Bystander, spec: ClipSpec) -> np.ndarray:
    """Segment matrices (T, SEGMENTS, 4, 4) of a bystander at every frame; who stands has the arms
    hanging.
    """
    from .motion import standing_pose
    from .raster import segment_matrices

    skeleton = sk.skeletons()[person.look.body]
    if person.walks_mps:
        walker = Walker(person, spec.duration_s)
        return segment_matrices(skeleton.joints, *walker.pose(exposure_middles_s(spec)))
    rotation, position = standing_pose(skeleton, person.x_m, person.z_m, person.facing_deg)
    still = segment_matrices(skeleton.joints, rotation, position)
    return np.repeat(still, len(spec.frame_times_s()), axis=0)
