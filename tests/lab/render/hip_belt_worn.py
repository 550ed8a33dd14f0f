"""A hip belt on a person who is being drawn."""

from __future__ import annotations

import moderngl
import numpy as np

from . import skeleton as sk
from .camera import eye_m, projection_matrix, view_matrix
from .hip_belt import outline_m, tag_ids
from .hip_belt_mesh import FRAGMENT, VERTEX, Drawing, belt_rows, tiles_of
from .raster import LAMP_FROM, Person, Raster, columns, filled, lamp_matrix
from .spec import Camera, Look


def belt_program(surface: Raster, camera: Camera) -> moderngl.Program:
    """What draws belts on that surface, in its light."""
    program = surface.gl.program(filled(VERTEX), filled(FRAGMENT))
    lamp_from = LAMP_FROM * [1, 1, 1 if camera.side == "right" else -1]
    program["camera"].write(columns(projection_matrix(camera) @ view_matrix(camera)))
    program["lamp"].write(columns(lamp_matrix(lamp_from)))
    program["eye"].value, program["lamp_from"].value = tuple(eye_m(camera)), tuple(lamp_from)
    program["shadow"].value = 0
    surface.lit.append(program)
    return program


def put_on(surface: Raster, program: moderngl.Program, look: Look) -> Worn:
    """The person added last wears the belt of `look`, if there is one."""
    drawing = None
    if look.hip_belt is not None:
        tiles = tiles_of(tag_ids(look.hip_belt, outline_m(look.body)), look.hip_belt.damaged)
        drawing = Drawing(surface.gl, program, belt_rows(look.hip_belt, look), tiles)
    worn = Worn(surface.people[-1], drawing, sk.skeletons()[look.body].joints["pelvis"])
    surface.people[-1] = worn
    return worn


class Worn:
    """A person and the belt on the pelvis; `belt_turn_deg` is its slip."""

    def __init__(self, person: Person, belt: Drawing | None, mid_hip_m: np.ndarray) -> None:
        self._person, self._belt, self._mid_hip_m = person, belt, mid_hip_m
        self.belt_turn_deg = 0.0

    def draw(self, segments: np.ndarray, depth_only: bool = False) -> None:
        if self._belt is not None and not depth_only:
            on_pelvis = np.eye(4)
            on_pelvis[:3, :3], on_pelvis[:3, 3] = sk.about_y(np.array([self.belt_turn_deg]))[0], self._mid_hip_m
            self._belt.draw(segments[sk.SEGMENTS.index("pelvis")] @ on_pelvis)
        self._person.draw(segments, depth_only=depth_only)
