"""The gym as coloured boxes and cylinders: treadmill, floor, walls and what stands around."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from .camera import DECK_M

# Materials the shader knows: it draws grain and seams by them.
PLAIN, BELT, FLOOR, WALL, SCREEN, WINDOW = range(6)


@dataclass(frozen=True)
class Shape:
    """Triangles with one colour: `position_m` and `normal` (3 F, 3), three rows per triangle."""

    position_m: np.ndarray
    normal: np.ndarray
    colour: tuple[float, float, float]
    material: int = PLAIN


def gym(window_behind: bool = False) -> list[Shape]:
    """Everything that stands still. The belt runs along x through the origin, y = 0 is its surface.
    """
    return [*_room(), *_treadmill(), *_neighbour(), *_furniture(), *(_window_wall() if window_behind else ())]


def vertices(shapes: list[Shape]) -> np.ndarray:
    """(N, 10) float32: position, normal, colour, material."""
    rows = []
    for s in shapes:
        n = len(s.position_m)
        rows.append(np.hstack([s.position_m, s.normal, np.tile(s.colour, (n, 1)), np.full((n, 1), s.material)]))
    return np.vstack(rows).astype("f4")


# ---- parts ---------------------------------------------------------------------------------------


def _room() -> list[Shape]:
    floor, wall_z, ceiling = -DECK_M, 3.6, 3.6
    out = [box((-7, floor - 0.05, -wall_z), (7, floor, 6), (0.34, 0.35, 0.36), FLOOR)]
    out += [box((-7, floor, z - 0.1), (7, ceiling, z), (0.80, 0.79, 0.75), WALL) for z in (-wall_z, 7.0)]
    out.append(box((-7, floor, -wall_z), (7, floor + 0.12, -wall_z + 0.02), (0.30, 0.31, 0.33)))
    out += [box((x - 0.1, floor, -wall_z), (x, ceiling, 7), (0.76, 0.76, 0.74), WALL) for x in (-7, 7)]
    out.append(box((-7, ceiling, -wall_z), (7, ceiling + 0.1, 7), (0.90, 0.90, 0.88)))
    for x in (-1.75, 1.05):
        out += _window(x, -wall_z)
    return out


def _window(x: float, wall_z: float) -> list[Shape]:
    frame = (0.93, 0.93, 0.92)
    out = [box((x - 0.62, 0.75, wall_z), (x + 0.62, 2.15, wall_z + 0.03), frame)]
    for side in (-1, 1):
        low, high = sorted((x + side * 0.03, x + side * 0.56))
        out.append(box((low, 0.81, wall_z + 0.01), (high, 2.09, wall_z + 0.035), (0.70, 0.80, 0.88), WINDOW))
    return out


def _window_wall() -> list[Shape]:
    """Panes from knee height to the ceiling along both long walls."""
    return [box((x - 0.66, 0.1, z - 0.02), (x + 0.66, 2.9, z + 0.02), (0.70, 0.80, 0.88), WINDOW)
            for z in (-3.5, 6.9) for x in np.arange(-4.2, 4.3, 1.4)]


def _treadmill() -> list[Shape]:
    dark, rail, grey, metal = (0.10, 0.10, 0.11), (0.30, 0.31, 0.33), (0.42, 0.43, 0.45), (0.60, 0.61, 0.63)
    out = [
        box((-0.95, -0.015, -0.27), (0.95, 0.0, 0.27), (0.075, 0.075, 0.08), BELT),
        box((-1.00, -DECK_M + 0.03, -0.36), (0.95, -0.02, 0.36), dark),
        box((0.92, -DECK_M + 0.02, -0.38), (1.30, 0.07, 0.38), grey),
        cylinder((-0.97, -0.04, -0.34), (-0.97, -0.04, 0.34), 0.035, grey),
    ]
    for side in (-1, 1):
        low, high = sorted((side * 0.27, side * 0.36))
        out.append(box((-1.00, -0.03, low), (0.95, 0.008, high), rail))
        z = side * 0.40
        out += [
            cylinder((1.10, -DECK_M, z), (0.90, 1.08, z), 0.035, grey),
            cylinder((0.90, 1.00, z), (0.38, 0.86, z), 0.020, dark),
        ]
    out += [
        cylinder((0.88, 1.06, -0.40), (0.88, 1.06, 0.40), 0.03, dark),
        box((0.84, 1.02, -0.30), (0.93, 1.36, 0.30), dark),
        box((0.835, 1.12, -0.24), (0.845, 1.33, 0.24), (0.25, 0.50, 0.62), SCREEN),
    ]
    for x in (-0.85, 1.15):
        for z in (-0.33, 0.33):
            out.append(cylinder((x, -DECK_M, z), (x, -DECK_M + 0.04, z), 0.04, metal))
    return out


def _neighbour() -> list[Shape]:
    """A second treadmill, empty, further back."""
    return [_moved(s, (0.75, 0.0, -2.2)) for s in _treadmill()]


def _furniture() -> list[Shape]:
    out = []
    for i, y in enumerate((0.05, 0.38, 0.71)):  # dumbbell rack
        out.append(box((-2.55, y - DECK_M, -3.45), (-0.85, y - DECK_M + 0.04, -3.05), (0.22, 0.23, 0.25)))
        for k in range(6):
            x, r = -2.4 + 0.28 * k, 0.085 - 0.012 * i
            out.append(cylinder((x, y - DECK_M + 0.13, -3.40), (x, y - DECK_M + 0.13, -3.10), r, (0.15, 0.15, 0.17)))
            out.append(cylinder((x, y - DECK_M + 0.13, -3.10), (x, y - DECK_M + 0.13, -3.09), r * 0.6, (0.45, 0.46, 0.48)))
    posts = [box((x - 0.03, -DECK_M, -3.45), (x + 0.03, 0.85, -3.05), (0.28, 0.29, 0.31)) for x in (-2.55, -0.85)]
    return out + posts


# ---- solids --------------------------------------------------------------------------------------


def box(low: tuple, high: tuple, colour: tuple, material: int = PLAIN) -> Shape:
    """An axis-aligned box between two corners."""
    low, high = np.array(low, float), np.array(high, float)
    position, normal = [], []
    for axis in range(3):
        u, v = (axis + 1) % 3, (axis + 2) % 3
        for sign, level in ((-1, low[axis]), (1, high[axis])):
            corners = np.empty((4, 3))
            corners[:, axis] = level
            corners[:, u] = [low[u], high[u], high[u], low[u]]
            corners[:, v] = [low[v], low[v], high[v], high[v]]
            n = np.zeros(3)
            n[axis] = sign
            order = [0, 1, 2, 0, 2, 3] if sign > 0 else [0, 2, 1, 0, 3, 2]
            position.append(corners[order])
            normal.append(np.tile(n, (6, 1)))
    return Shape(np.vstack(position), np.vstack(normal), colour, material)


def cylinder(start: tuple, stop: tuple, radius_m: float, colour: tuple, sides: int = 14) -> Shape:
    """A capped cylinder between two points."""
    start, stop = np.array(start, float), np.array(stop, float)
    axis = (stop - start) / np.linalg.norm(stop - start)
    a = np.cross(axis, [0, 0, 1] if abs(axis[2]) < 0.9 else [1, 0, 0])
    a /= np.linalg.norm(a)
    b = np.cross(axis, a)
    angle = np.linspace(0, 2 * np.pi, sides + 1)
    ring = np.cos(angle)[:, None] * a + np.sin(angle)[:, None] * b
    position, normal = [], []
    for r, s in itertools.pairwise(ring):
        p = [start + radius_m * r, start + radius_m * s, stop + radius_m * s, stop + radius_m * r]
        position += [p[0], p[1], p[2], p[0], p[2], p[3]]
        normal += [r, s, s, r, s, r]
        position += [start, p[1], p[0], stop, p[3], p[2]]
        normal += [-axis] * 3 + [axis] * 3
    return Shape(np.array(position), np.array(normal), colour)


def _moved(shape: Shape, shift_m: tuple) -> Shape:
    return Shape(shape.position_m + np.array(shift_m), shape.normal, shape.colour, shape.material)
