"""The hip belt as triangles, printed with the tags that OpenCV makes; and the outline it lies on,
from the body model.

Needs the packages of `requirements.txt` and OpenCV.
"""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from pathlib import Path

import cv2
import moderngl
import numpy as np

from .body import PHENOTYPES, load_body
from .hip_belt import (
    CLOTH_GAP_M,
    MARGIN_M,
    OUTLINES,
    STRIP_M,
    HipBelt,
    evenly,
    is_covered,
    laid_m,
    outline_m,
    tag_corners_m,
    worn,
)
from .skeleton import SEGMENTS, skeletons
from .spec import Look

TILE_PX = 96
ELASTIC = (0.045, 0.045, 0.05)
INK, PAPER = 0.035, 0.80
"""Linear reflectance of matt print."""
DEPTH_BIAS_M = 0.025
"""The belt is drawn that much nearer than it is, so that the body's skinning does not poke through;
arms still hide it.
"""
ARMS = [i for i, s in enumerate(SEGMENTS) if s.startswith(("upper_arm", "forearm", "hand"))]

VERTEX = """
#version 330
uniform mat4 camera; uniform mat4 lamp; uniform mat4 model; uniform vec3 eye;
in vec3 position; in vec3 normal; in vec3 tile; in vec3 tint;
out vec3 v_world; out vec3 v_normal; out vec3 v_tile; out vec3 v_tint; out vec4 v_lamp;
void main() {
    vec4 world = model * vec4(position, 1.0);
    v_world = world.xyz; v_normal = mat3(model) * normal; v_tile = tile; v_tint = tint; v_lamp = lamp * world;
    vec4 nearer = camera * vec4(world.xyz + BIAS * normalize(eye - world.xyz), 1.0);
    gl_Position = camera * world; gl_Position.z = nearer.z / nearer.w * gl_Position.w;
}
""".replace("BIAS", str(DEPTH_BIAS_M))

FRAGMENT = """
#version 330
uniform sampler2DArray print;
in vec3 v_world; in vec3 v_normal; in vec3 v_tile; in vec3 v_tint; in vec4 v_lamp;
out vec4 pixel;
LIGHT
void main() {
    vec3 base = v_tile.z < -0.5 ? v_tint : vec3(mix(INK, PAPER, texture(print, v_tile).r));
    pixel = vec4(film(shade(base, normalize(v_normal), v_world, v_lamp, 0.02, 1.0)), 1.0);
}
""".replace("INK", str(INK)).replace("PAPER", str(PAPER))


class Drawing:
    """Triangles with tags on the graphics side, moved as one rigid piece."""

    def __init__(self, gl: moderngl.Context, program: moderngl.Program, rows: np.ndarray, tiles: np.ndarray) -> None:
        self._program = program
        self._tiles = gl.texture_array((TILE_PX, TILE_PX, len(tiles)), 1, np.ascontiguousarray(tiles).tobytes())
        self._tiles.build_mipmaps()
        self._tiles.filter = (moderngl.LINEAR_MIPMAP_LINEAR, moderngl.LINEAR)
        self._tiles.anisotropy = 8.0
        self._tiles.repeat_x = self._tiles.repeat_y = False
        buffer = gl.buffer(rows.astype("f4").tobytes())
        self._mesh = gl.vertex_array(program, [(buffer, "3f 3f 3f 3f", "position", "normal", "tile", "tint")])

    def draw(self, model: np.ndarray) -> None:
        """`model`: (4, 4) the drawing's axes -> world."""
        self._tiles.use(1)
        self._program["print"].value = 1
        self._program["model"].write(np.ascontiguousarray(model.T, "f4").tobytes())
        self._mesh.render()


def belt_rows(belt: HipBelt, look: Look) -> np.ndarray:
    """(3 F, 12) position, normal, tile, tint of a belt on a body, in the pelvis' axes."""
    ring = outline_m(look.body)
    half = STRIP_M / 2 * belt.print_scale
    shirt = tuple(np.array(look.shirt) ** 2.2)
    out = [_band(ring, 0.0, -half, half, ELASTIC), *_patches(belt, ring)]
    if belt.covered == "upper half":
        out.append(_band(ring, 0.012, *((-0.06, 0.0) if belt.upside_down else (0.0, 0.06)), shirt))
    elif belt.covered != "none":
        hidden = is_covered(replace(belt, folded=()), tag_corners_m(belt, ring))
        out += [_solid(c + 0.012 * _outwards(c), shirt) for c in laid_m(belt, ring, 0.012)[hidden]]
    rows = np.vstack(out)
    rows[:, 3:6] = worn(belt, rows[:, 3:6]) - worn(belt, np.zeros(3))
    rows[:, :3] = worn(belt, rows[:, :3])
    return rows


def poster_rows(count: int, tag_m: float, middle_m: np.ndarray, towards_m: np.ndarray) -> np.ndarray:
    """A row of `count` tags on an upright board at `middle_m` facing `towards_m`, in the world's
    axes.
    """
    back = (towards_m - middle_m) * [1, 0, 1]
    back /= np.linalg.norm(back)
    right, up = np.cross([0.0, 1.0, 0.0], back), np.array([0.0, 1.0, 0.0])
    out = []
    for i in range(count):
        middle = middle_m + (i - (count - 1) / 2) * 1.3 * tag_m * right
        half = 0.6 * tag_m
        corners = [middle + half * (sx * right + sy * up) for sx, sy in ((-1, 1), (1, 1), (1, -1), (-1, -1))]
        out.append(_tile(np.array(corners), i))
    return np.vstack(out)


def tiles_of(ids: np.ndarray, damaged: tuple[int, ...] = ()) -> np.ndarray:
    """(N, TILE_PX, TILE_PX) uint8: tags of DICT_4X4_50 with their white margin, first row at the
    top.
    """
    dictionary = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50)
    side = round(TILE_PX * HipBelt().tag_m / STRIP_M)
    edge = (TILE_PX - side) // 2
    out = np.full((len(ids), TILE_PX, TILE_PX), 255, np.uint8)
    for tile, tag in zip(out, ids.tolist(), strict=True):
        tile[edge : edge + side, edge : edge + side] = cv2.aruco.generateImageMarker(dictionary, tag, side)
        if tag in damaged:
            cv2.circle(tile, (edge + side // 4, edge + side // 4), side // 4, 120, -1)
    return out


def measure_outlines(out: Path = OUTLINES) -> None:
    """Write the outline of every phenotype, clothed, at the belt's usual height to
    `hip_outlines.json`.
    """
    table = {name: np.round(_outline(name), 4).tolist() for name in PHENOTYPES}
    out.write_text(json.dumps(table) + "\n")


# ---- triangles -----------------------------------------------------------------------------------


def _patches(belt: HipBelt, ring: np.ndarray) -> list[np.ndarray]:
    out = []
    for i, quad in enumerate(laid_m(belt, ring, MARGIN_M * belt.print_scale)):
        out += _bent(belt, ring, i) if belt.curved else [_tile(quad, i)]
        if belt.first_id + i in belt.folded:
            flap = np.array([quad[0], quad[1], (quad[1] + quad[2]) / 2, (quad[0] + quad[3]) / 2])
            out.append(_solid(flap + 0.004 * _outwards(quad), ELASTIC))
    return out


def _bent(belt: HipBelt, ring: np.ndarray, i: int, columns: int = 8) -> list[np.ndarray]:
    """A patch that follows the body, in upright slices."""
    half, margin = belt.tag_m * belt.print_scale / 2, MARGIN_M * belt.print_scale
    narrower = [laid_m(belt, ring, place - half)[i] for place in np.linspace(1e-4, half + margin, columns // 2 + 1)]
    line = [quad[0] for quad in narrower[:0:-1]] + [quad[1] for quad in narrower]
    top, bottom = narrower[-1][[0, 3], 1]
    out = []
    for k, (left, right) in enumerate(itertools.pairwise(line)):
        upright = np.array([left, right, right, left])
        upright[:, 1] = top, top, bottom, bottom
        out.append(_tile(upright, i, (k / columns, (k + 1) / columns)))
    return out


def _band(ring: np.ndarray, off_m: float, low: float, high: float, tint: tuple) -> np.ndarray:
    """Cloth all round, `off_m` outside the outline."""
    middle = ring.mean(axis=0)
    line = middle + (ring - middle) * (1 + off_m / np.linalg.norm(ring - middle, axis=1, keepdims=True))
    pairs = zip(line, np.roll(line, -1, axis=0), strict=True)
    return np.vstack([_solid(np.array([[a[0], high, a[1]], [b[0], high, b[1]], [b[0], low, b[1]], [a[0], low, a[1]]]), tint)
                      for a, b in pairs])


def _outwards(quad: np.ndarray) -> np.ndarray:
    normal = np.cross(quad[1] - quad[0], quad[0] - quad[3])
    return normal / np.linalg.norm(normal)


def _solid(quad: np.ndarray, tint: tuple) -> np.ndarray:
    return _rows(quad, np.full((4, 3), -1.0), tint)


def _tile(quad: np.ndarray, layer: int, across: tuple[float, float] = (0.0, 1.0)) -> np.ndarray:
    a, b = across
    return _rows(quad, np.array([[a, 0, layer], [b, 0, layer], [b, 1, layer], [a, 1, layer]]), (0, 0, 0))


def _rows(quad: np.ndarray, tile: np.ndarray, tint: tuple) -> np.ndarray:
    """Two triangles, counter-clockwise from outside, of a quad given clockwise from its top left.
    """
    order = [0, 3, 2, 0, 2, 1]
    normal = np.tile(_outwards(quad), (6, 1))
    return np.hstack([quad[order], normal, tile[order], np.tile(np.asarray(tint, float), (6, 1))])


# ---- the outline ---------------------------------------------------------------------------------


def _outline(body: str) -> np.ndarray:
    hip = skeletons()[body].joints["pelvis"]
    level = hip[1] + HipBelt().height_above_hip_m
    rows = []
    for layer in load_body(body):
        if layer.name in ("skin", "shorts", "shirt"):
            on_arms = (layer.weights * np.isin(layer.bones, ARMS)).sum(axis=1) > 0.2
            near = abs(layer.position_m[:, 1] - level) < STRIP_M / 2
            rows.append(layer.position_m[near & ~on_arms & (layer.edge_m > 0)])
    return evenly(_hull(np.vstack(rows)[:, [0, 2]] - hip[[0, 2]]))


def _hull(points: np.ndarray) -> np.ndarray:
    """Outline that lies CLOTH_GAP_M outside the convex hull of points (forward, right), from the
    front over the left side.
    """
    angle = np.radians(np.arange(0, 360, 1.0))
    away = np.stack([np.cos(angle), -np.sin(angle)], axis=1)
    support = (points @ away.T).max(axis=0) + CLOTH_GAP_M
    step = np.radians(1.0)  # corners of the polygon of support lines
    slope = (np.roll(support, -1) - support * np.cos(step)) / np.sin(step)
    along = np.stack([-np.sin(angle), -np.cos(angle)], axis=1)
    return support[:, None] * away + slope[:, None] * along
