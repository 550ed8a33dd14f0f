"""Pictures of a runner with a hip belt: only the waist, followed by a window of the camera's
picture, ten times a second.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np

from . import body, raster, scene
from . import skeleton as sk
from .camera import eye_m, project_px, projection_matrix, view_matrix
from .clip import exposure_middles_s, runner_of
from .hip_belt import HipBelt, Poster
from .hip_belt_mesh import Drawing, poster_rows, tiles_of
from .hip_belt_truth import slip_deg
from .hip_belt_worn import Worn, belt_program, put_on
from .motion import standing_pose
from .spec import Bystander, Camera, ClipSpec, Look

WINDOW_PX = (240, 136)
"""Holds the belt at the usual distances; even numbers."""
SHOWN = ("pelvis", "lumbar", "waist", "thigh", "upper_arm", "forearm", "hand")
"""Segments that may come into the window; the rest of the body is left out."""
FINER = 2
"""Drawn so many times finer than the picture, then averaged: the lens sees no aliasing."""
LENS_SD_PX = 0.5
NOISE_SD = 3.0
BACKGROUND = 128


@dataclass(frozen=True)
class Window:
    """A part of a picture: `image` (h, w, 3) uint8 RGB, its first pixel at column `x0` and row `y0`
    of the whole.
    """

    image: np.ndarray
    x0: int
    y0: int

    def pasted(self, camera: Camera) -> np.ndarray:
        """The whole picture, grey outside the window."""
        out = np.full((camera.height_px, camera.width_px, 3), BACKGROUND, np.uint8)
        h, w = self.image.shape[:2]
        out[self.y0 : self.y0 + h, self.x0 : self.x0 + w] = self.image
        return out


def waist_windows(spec: ClipSpec, size_px: tuple[int, int] = WINDOW_PX, poster: Poster | None = None, with_gym: bool = False,
                  lens_sd_px: float = LENS_SD_PX, noise_sd: float = NOISE_SD) -> Iterator[Window]:
    """Every frame of the clip as far as a window of `size_px` (width, height) that follows the
    waist shows it.

    Without the gym there is one grey behind the runner, which takes half the time.
    Raises ImportError when `moderngl` or `anny` is missing, and whatever moderngl raises without
    EGL.
    """
    runner, rng = runner_of(spec), np.random.default_rng(spec.seed + 1)
    middles_s = exposure_middles_s(spec)
    corner = _corners(spec.camera, runner.pose(middles_s)[1]["pelvis"], size_px)
    surface = _Surface(spec, size_px, poster, with_gym)
    within = ((np.arange(spec.sensor.subframes) + 0.5) / spec.sensor.subframes - 0.5) * spec.sensor.shutter_s
    try:
        for at_s, (x0, y0) in zip(middles_s, corner.tolist(), strict=True):
            surface.look_at(x0, y0)
            t_s = at_s + within
            segments = raster.segment_matrices(runner.skeleton.joints, *runner.pose(t_s))
            turns = slip_deg(spec, runner.phase(t_s), t_s)
            surface.cast_shadows(segments[0])
            light = np.mean([_linear(surface.shot(s, turn)) for s, turn in zip(segments, turns, strict=True)], axis=0)
            yield Window(_exposed(light, size_px, lens_sd_px, noise_sd, rng), x0, y0)
    finally:
        surface.release()


def _corners(camera: Camera, hips_m: np.ndarray, size_px: tuple[int, int]) -> np.ndarray:
    """(T, 2) whole pixels: upper left corner of a window round the waist, kept inside the picture.
    """
    middle = project_px(camera, hips_m + np.array([0.0, HipBelt().height_above_hip_m, 0.0]))
    corner = np.round(middle - np.array(size_px) / 2).astype(int)
    return np.clip(corner, 0, np.array([camera.width_px, camera.height_px]) - size_px)


_LINEAR = (np.arange(256, dtype="f4") / 255) ** np.float32(2.2)


def _linear(shot: np.ndarray) -> np.ndarray:
    return _LINEAR[shot]


def _exposed(light: np.ndarray, size_px: tuple[int, int], lens_sd_px: float, noise_sd: float,
             rng: np.random.Generator) -> np.ndarray:
    """Lens, then sensor: mean over each pixel, gamma, noise."""
    if lens_sd_px:
        light = cv2.GaussianBlur(light, (0, 0), lens_sd_px * FINER)
    picture = 255 * cv2.resize(light, size_px, interpolation=cv2.INTER_AREA) ** (1 / 2.2)
    picture = picture + noise_sd * rng.standard_normal(picture.shape, dtype="f4")
    return np.clip(picture + 0.5, 0, 255).astype(np.uint8)


class _Surface(raster.Raster):
    """A window of the camera's picture, drawn FINER, with the belts of everybody in it."""

    def __init__(self, spec: ClipSpec, size_px: tuple[int, int], poster: Poster | None, with_gym: bool) -> None:
        w, h = size_px
        window = replace(spec.camera, width_px=w * FINER, height_px=h * FINER)
        super().__init__(window, scene.vertices(scene.gym()), samples=0)
        self._camera, self._window_px, self._with_gym = spec.camera, size_px, with_gym
        self._belts = belt_program(self, spec.camera)
        self._others = [_standing(person) for person in spec.bystanders]
        self._runner = self._wear(spec.look)
        for person in spec.bystanders:
            self._wear(person.look)
        if poster is not None:
            towards, middle = eye_m(spec.camera), np.array(poster.middle_m)
            rows = poster_rows(len(poster.ids), poster.tag_m, middle, towards)
            self.people.append(_Board(Drawing(self.gl, self._belts, rows, tiles_of(np.array(poster.ids)))))
            self._others.append(np.eye(4))

    def look_at(self, x0: int, y0: int) -> None:
        """Move the window: its upper left corner in the camera's picture."""
        c, (w, h) = self._camera, self._window_px
        zoom = np.diag([c.width_px / w, c.height_px / h, 1.0, 1.0])
        zoom[0, 3] = (c.width_px - 2 * x0) / w - 1
        zoom[1, 3] = 1 - (c.height_px - 2 * y0) / h
        matrix = zoom @ projection_matrix(c) @ view_matrix(c)
        for program in self.lit:
            program["camera"].write(raster.columns(matrix))
            program["exposure"].value = 1.0

    def cast_shadows(self, runner: np.ndarray) -> None:
        """Once per frame is enough: shadows hardly move while the shutter is open."""
        self._shadow_buffer.use()
        self._shadow_buffer.clear()
        for person, segments in zip(self.people, [runner, *self._others], strict=True):
            person.draw(segments, depth_only=True)

    def shot(self, runner: np.ndarray, belt_turn_deg: float) -> np.ndarray:
        """One picture (h, w, 3); the runner's belt is turned on the pelvis."""
        self._runner.belt_turn_deg = belt_turn_deg
        self._many.use()
        self._many.clear(0.55, 0.56, 0.57)
        self._shadow.use(0)
        for person, segments in zip(self.people, [runner, *self._others], strict=True):
            person.draw(segments)
        if self._with_gym:
            self._gym.render()
        self.gl.copy_framebuffer(self._one, self._many)
        rows = np.frombuffer(self._one.read(components=3, alignment=1), np.uint8)
        return rows.reshape(self._size[1], self._size[0], 3)[::-1]

    def _wear(self, look: Look) -> Worn:
        # Outer ones first: what they hide is not shaded.
        near = [_shown(layer) for layer in reversed(body.load_body(look.body))]
        self.add_person([layer for layer in near if len(layer.triangles)], look)
        return put_on(self, self._belts, look)


def _shown(layer: body.Layer) -> body.Layer:
    """Only triangles that hang on SHOWN segments."""
    names = np.array([s.startswith(SHOWN) for s in sk.SEGMENTS])
    kept = (layer.weights * names[layer.bones.astype(int)]).sum(axis=1) > 0.5
    return replace(layer, triangles=layer.triangles[kept[layer.triangles].all(axis=1)])


class _Board:
    """A poster, drawn as if it were a person."""

    def __init__(self, drawing: Drawing) -> None:
        self._drawing = drawing

    def draw(self, segments: np.ndarray, depth_only: bool = False) -> None:
        if not depth_only:
            self._drawing.draw(segments)


def _standing(person: Bystander) -> np.ndarray:
    """Segment matrices of somebody who stands, arms a little away so that a belt can be seen."""
    skeleton = sk.skeletons()[person.look.body]
    pose = standing_pose(skeleton, person.x_m, person.z_m, person.facing_deg, arm_out_deg=30.0)
    return raster.segment_matrices(skeleton.joints, *pose)[0]
