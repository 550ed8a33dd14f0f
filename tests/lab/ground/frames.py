"""Random frames of one person after the other: a tile of the picture and what is exactly so in it.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from station.pose.hip_crop import hip_crop, px_per_m, trunk_px
from tests.lab.render import skeleton as sk
from tests.lab.render.camera import DECK_M, FAR_M, NEAR_M
from tests.lab.render.clip import LANDMARK_NAMES, sagittal_angles_deg
from tests.lab.render.motion import SIDES
from tests.lab.render.raster import segment_matrices

from . import ranges
from .backdrops import Backdrops
from .bodies import RUNNERS, body_names, body_of
from .clothes import drawn_clothes, dressed, without
from .poses import Poser, drawn_style
from .surface import Surface, Wearer

FOCAL_PX = 1000.0
"""Of the picture that a tile is cut from. Nothing depends on it: a tile's fineness is its own."""
BODY_MARGIN = 1.15
"""A body tile against BlazePose's square, which is 1.25 times the circle round the body."""
REACH_M = {"hip": 0.20, "knee": 0.10, "ankle": 0.08, "heel": 0.06, "toe": 0.06, "shoulder": 0.14, "elbow": 0.08,
           "wrist": 0.07, "nose": 0.04}
"""A joint is seen when nothing is drawn further than this in front of it."""
OUT_OF_HIP_TILE = ("head", "neck")
OUT_OF_FILMS = ("nobody", "second_person", "bar", "thing", "picture_edge")
HIP_TILE_WIDTH_M = 1.2


@dataclass(frozen=True)
class Kind:
    """What a tile shows: the hips with room for other cuts, or the whole body likewise."""

    name: str
    size_px: int


KINDS = {"hip": Kind("hip", 160), "body": Kind("body", 320)}


@dataclass(frozen=True)
class Group:
    """The frames of one person. `tiles` (N, S, S, 3) uint8 RGB, as the camera saw them: not
    mirrored.

    `truth[name]` (N, ...): see the README. All lengths in tile pixels.
    """

    tiles: np.ndarray
    truth: dict[str, np.ndarray]


class Ground:
    """An endless row of people, each with `per_person` frames; equal arguments give equal frames.

    `steady` draws a film instead of single frames: one camera, one light, the strides in order at
    `FPS`, nothing on top.
    """

    FPS = 30.0

    def __init__(self, kind: str, split: str, seed: int, per_person: int = 24, steady: bool = False) -> None:
        self._kind, self._split, self._per_person, self._steady = KINDS[kind], split, per_person, steady
        self._rng = np.random.default_rng([seed, _number(kind), _number(split), int(steady)])
        self._surface = Surface(self._kind.size_px)
        self._backdrops = Backdrops()
        self._names = body_names(split)

    def groups(self) -> Iterator[Group]:
        """One person after the other."""
        last: tuple[Wearer, np.ndarray] | None = None
        while True:
            person = _Person(self._surface, self._kind, self._split, self._names, self._rng, self._steady)
            other, last = last, None
            yield self._drawn(person, other)
            if other is not None:
                other[0].release()
            last = (person.wearer, person.segments(0)[1])

    def release(self) -> None:
        """Give the graphics context back."""
        self._surface.release()

    def _drawn(self, person: _Person, other: tuple[Wearer, np.ndarray] | None) -> Group:
        rng, n = self._rng, self._per_person
        person.move(n, self.FPS)
        scene = ranges.drawn(ranges.SCENE, rng, n)
        scene["second_person"] = scene["second_person"] * (other is not None)
        cameras = _Cameras(rng, n, self._steady, person.hips_m())
        if self._steady:
            scene = {name: np.repeat(v[:1], n) * (name not in OUT_OF_FILMS) for name, v in scene.items()}
        backdrop, light = None, None
        tiles, rows = [], []
        for i in range(n):
            if i == 0 or not self._steady:
                light, wash = _light(rng, cameras.right[i])
                self._surface.light(light, wash)
                still = bool(scene["still"][i])
                backdrop = None if scene["gym"][i] else self._backdrops.draw(rng, self._kind.size_px, still)
            tile, row = self._one(person, cameras, i, {k: v[i] for k, v in scene.items()}, backdrop, other)
            tiles.append(tile)
            rows.append(row)
        return Group(np.stack(tiles), {name: np.stack([row[name] for row in rows]) for name in rows[0]})

    def _one(self, person: _Person, cameras: _Cameras, i: int, scene: dict[str, float], backdrop: np.ndarray | None,
             other: tuple[Wearer, np.ndarray] | None) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        rng, size = self._rng, self._kind.size_px
        points_m = person.points(i)
        picture_px, depth_m = cameras.project(i, points_m)
        to_tile = self._cut(picture_px)
        matrix = cameras.clip_matrix(i, to_tile, size)
        folds = person.folds(i)
        shots = []
        moments = person.segments(i)
        for segments in moments if scene["subframes"] > 1 else moments[1:2]:
            people = [] if scene["nobody"] else [(person.wearer, segments, folds)]
            if scene["second_person"]:
                people.append((other[0], _set_aside(other[1], cameras.right[i], rng), folds))
            shots.append(self._surface.frame(matrix, cameras.eye[i], people, bool(scene["gym"])))
        tile = _composed([rgba for rgba, _ in shots], backdrop)
        px = _mapped(to_tile, picture_px)
        seen = _seen(px, depth_m, shots[len(shots) // 2][1])
        scale = np.sqrt(abs(np.linalg.det(to_tile[:2, :2]))) * px_per_m(_trunk(picture_px))
        tile, hidden = _obstructed(tile, scene, px, float(scale), rng)
        seen &= ~hidden
        row = person.truth(i, cameras) | {
            "px": px.astype("f4"), "seen": seen & (not scene["nobody"]), "px_per_m": np.float32(scale),
            "nobody": np.bool_(scene["nobody"]), "second_person": np.bool_(scene["second_person"]),
            "gym": np.bool_(scene["gym"]),
        }
        return tile, row

    def _cut(self, picture_px: np.ndarray) -> np.ndarray:
        """Picture -> tile."""
        hips, shoulders = (picture_px[_rows(name)] for name in ("hip", "shoulder"))
        middle = hips.mean(axis=0)
        if self._kind.name == "hip":
            scale, width = float(px_per_m(trunk_px(hips, shoulders))), HIP_TILE_WIDTH_M
        else:
            radius = np.linalg.norm(picture_px - middle, axis=1).max()
            scale, width = 1.0, 2 * radius * 1.25 * BODY_MARGIN
        return hip_crop(middle, scale, mirrored=False, size_px=self._kind.size_px, width_m=width)


class _Person:
    """A body in clothes with a way of moving."""

    def __init__(self, surface: Surface, kind: Kind, split: str, names: list[str], rng: np.random.Generator,
                 steady: bool) -> None:
        self.body = str(rng.choice(names))
        rest, self.skeleton, drawn = body_of(self.body)
        self.clothes = drawn_clothes(rng)
        self.style = drawn_style(RUNNERS[split], rng, "run" if steady else None)
        if steady:
            self.style.motion["pelvic_turn_scale"] *= float(ranges.FILMS["pelvic_turn_share"].draw(rng))
        layers = dressed(rest, self.skeleton, self.clothes, drawn["skinning_power"])
        if kind.name == "hip":
            layers = without(layers, OUT_OF_HIP_TILE)
        self.wearer = Wearer(surface, layers, self.clothes, float(self.skeleton.joints["thigh_right"][1]))
        self._rng, self._steady = rng, steady
        self._folds: list[dict[str, tuple]] = []

    def move(self, n: int, fps: float) -> None:
        """Draw `n` poses, each with a moment before and after it."""
        rng, poser = self._rng, Poser(self.style, self.skeleton)
        stride_s = float(poser.curves.stride_s(np.array([self.style.motion["speed_mps"]]))[0])
        self.phase = (rng.random() + np.arange(n) / fps / stride_s) if self._steady else rng.random(n)
        base = poser.base_angles(self.phase)
        angles = poser.steady(base, rng) if self._steady else poser.disturbed(base, rng)
        extra = {name: v - base.get(name, 0.0) for name, v in angles.items()}
        apart = ranges.SCENE["shutter_s"].draw(rng, n) / 3 / stride_s
        self._moments = []
        for step in (-1, 0, 1):
            now = poser.base_angles(self.phase + step * apart)
            rotation, position = poser.pose_of({name: now.get(name, 0.0) + v for name, v in extra.items()})
            self._moments.append((rotation, position))
        self._segments = [segment_matrices(self.skeleton.joints, r, p) for r, p in self._moments]
        rotation, position = self._moments[1]
        points = sk.landmarks_m(self.skeleton, rotation, position)
        self._points = np.stack([points[name] for name in LANDMARK_NAMES], axis=1)
        self._angles = sagittal_angles_deg(points)
        self._pelvis = rotation["pelvis"]
        self._folds = [self._drawn_folds() for _ in range(1 if self._steady else n)]

    def hips_m(self) -> np.ndarray:
        """Mid-hip (N, 3)."""
        return self._points[:, _rows("hip")].mean(axis=1)

    def points(self, i: int) -> np.ndarray:
        return self._points[i]

    def segments(self, i: int) -> list[np.ndarray]:
        """At three moments within the exposure, (SEGMENTS, 4, 4) each."""
        return [moment[i] for moment in self._segments]

    def folds(self, i: int) -> dict[str, tuple]:
        return self._folds[i % len(self._folds)]

    def truth(self, i: int, cameras: _Cameras) -> dict[str, np.ndarray]:
        """What is so of the person in frame i, seen from the camera's side."""
        side, pelvis = (1.0 if cameras.right[i] else -1.0), self._pelvis[i]
        turn = np.degrees(np.arctan2(pelvis[0, 2], pelvis[2, 2]))
        near, far = SIDES if side > 0 else SIDES[::-1]
        bearing = cameras.bearing_deg(i, self.hips_m()[i])
        numbers = {
            "turn_deg": side * turn,
            "bearing_deg": bearing,
            "apparent_turn_deg": side * turn + bearing,
            "list_deg": side * np.degrees(np.arcsin(pelvis[1, 2])),
            "tilt_deg": -np.degrees(np.arctan2(pelvis[1, 0], pelvis[1, 1])),
            "thigh_near_deg": self._angles[f"thigh_{near}"][i],
            "thigh_far_deg": self._angles[f"thigh_{far}"][i],
            "trunk_lean_deg": self._angles["trunk_lean"][i],
            "phase": self.phase[i],
            "distance_m": cameras.distance_m[i],
        } | {name: self.clothes.drawn[name] for name in ("shorts_looseness", "shirt_looseness", "leg_share", "hem_m", "coat")}
        words = {"body": self.body, "runner": self.style.runner, "act": self.style.act, "arms": self.style.arms}
        return ({name: np.float32(v) for name, v in numbers.items()} | {name: np.str_(v) for name, v in words.items()}
                | {"right": np.bool_(cameras.right[i])})

    def _drawn_folds(self) -> dict[str, tuple]:
        rng = self._rng
        waves = [(*(ranges.CLOTHES["fold_per_m"].draw(rng, 3) * rng.choice([-1, 1], 3)), rng.uniform(0, 6.28)) for _ in "ab"]
        return {"fold_a": waves[0], "fold_b": waves[1], "fold_m": self.clothes.drawn["fold_m"]}


class _Cameras:
    """Where each frame is seen from."""

    def __init__(self, rng: np.random.Generator, n: int, steady: bool, hips_m: np.ndarray) -> None:
        drawn = ranges.drawn(ranges.CAMERA, rng, n)
        if steady:
            drawn = {name: np.repeat(v[:1], n) for name, v in drawn.items()}
            hips_m = np.repeat(hips_m.mean(axis=0, keepdims=True), n, axis=0)
        azimuth = drawn["azimuth_deg"]
        for other in ("wide_azimuth_deg", "beyond_azimuth_deg"):
            azimuth = np.where(drawn[other] != 0.0, drawn[other], azimuth)
        self.right = np.repeat(rng.random(1 if steady else n) < 0.5, n if steady else 1)
        self.distance_m = drawn["distance_m"]
        side, turn = np.where(self.right, 1.0, -1.0), np.radians(azimuth)
        self.eye = np.stack([hips_m[:, 0] - self.distance_m * np.sin(turn), drawn["height_m"] - DECK_M,
                             hips_m[:, 2] + side * self.distance_m * np.cos(turn)], axis=1)
        self._view = np.stack([_looking(e, h, a, u, r) for e, h, a, u, r in zip(
            self.eye, hips_m, drawn["aim_aside_deg"], drawn["aim_up_deg"], drawn["roll_deg"], strict=True)])

    def bearing_deg(self, i: int, hip_m: np.ndarray) -> float:
        """Of the camera seen from the hips, against the pure side view; + to the runner's rear."""
        x, _, z = self.eye[i] - hip_m
        return float(-np.degrees(np.arctan2(x, abs(z))))

    def project(self, i: int, points_m: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Picture pixels (K, 2) and metres along the view (K,)."""
        x, y, z = (points_m @ self._view[i, :3, :3].T + self._view[i, :3, 3]).T
        return np.stack([FOCAL_PX * x / -z, -FOCAL_PX * y / -z], axis=-1), -z

    def clip_matrix(self, i: int, to_tile: np.ndarray, size_px: int) -> np.ndarray:
        """World -> clip space of the tile, (4, 4)."""
        lens = np.array([[FOCAL_PX, 0, 0], [0, -FOCAL_PX, 0], [0, 0, -1]])
        x, y, w = to_tile @ lens
        depth = NEAR_M - FAR_M
        rows = [[*(2 / size_px * x - w), 0], [*(w - 2 / size_px * y), 0],
                [0, 0, (FAR_M + NEAR_M) / depth, 2 * FAR_M * NEAR_M / depth], [*w, 0]]
        return np.array(rows) @ self._view[i]


def _number(word: str) -> int:
    return zlib.crc32(word.encode())


def _rows(name: str) -> list[int]:
    return [LANDMARK_NAMES.index(f"{name}_{side}") for side in ("left", "right")]


def _trunk(picture_px: np.ndarray) -> float:
    return float(trunk_px(picture_px[_rows("hip")], picture_px[_rows("shoulder")]))


def _looking(eye: np.ndarray, at: np.ndarray, aside_deg: float, up_deg: float, roll_deg: float) -> np.ndarray:
    """(4, 4) world -> camera (x right, y up, looking along -z) of a camera that looks past `at`."""
    back = eye - at
    back = sk.about_y(np.array([aside_deg]))[0] @ (back / np.linalg.norm(back))
    flat = np.hypot(back[0], back[2])
    pitch = np.arctan2(back[1], flat) + np.radians(up_deg)
    back = np.array([back[0] / flat * np.cos(pitch), np.sin(pitch), back[2] / flat * np.cos(pitch)])
    right = np.cross([0.0, 1.0, 0.0], back)
    right /= np.linalg.norm(right)
    up = np.cross(back, right)
    roll = np.radians(roll_deg)
    right, up = np.cos(roll) * right + np.sin(roll) * up, np.cos(roll) * up - np.sin(roll) * right
    out = np.eye(4)
    out[:3, :3] = [right, up, back]
    out[:3, 3] = -out[:3, :3] @ eye
    return out


def _light(rng: np.random.Generator, right: bool) -> tuple[dict[str, object], tuple]:
    drawn = {name: float(v) for name, v in ranges.drawn(ranges.LIGHT, rng).items()}
    side = 1.0 if right else -1.0

    def warm() -> np.ndarray:
        return 1 + rng.uniform(-0.12, 0.12) * np.array([1.0, 0.1, -1.0])

    fill_from = np.array([rng.uniform(-1, 1), 0.35, side * rng.uniform(0.2, 1)])
    uniforms = {
        "lamp_from": (drawn["lamp_ahead"], drawn["lamp_above"], side * drawn["lamp_towards_camera"] + 1e-3),
        "lamp_colour": tuple(drawn["lamp_strength"] * warm()),
        "sky": tuple(drawn["sky"] * warm()), "ground": tuple(drawn["floor"] * warm()),
        "fill_from": tuple(fill_from / np.linalg.norm(fill_from)), "fill": drawn["fill"],
        "shadows": drawn["shadows"], "between_legs": drawn["between_legs"],
    }
    return uniforms, tuple(np.exp(rng.normal(0, 0.35) + rng.normal(0, 0.12, 3)))


def _set_aside(segments: np.ndarray, right: bool, rng: np.random.Generator) -> np.ndarray:
    """Another person's segments, moved beside the runner: mostly behind, now and then before."""
    towards = rng.uniform(0.5, 0.9) if rng.random() < 0.2 else rng.uniform(-2.0, -0.6)
    out = segments.copy()
    out[:, 0, 3] += rng.uniform(-0.8, 0.8)
    out[:, 2, 3] += towards if right else -towards
    return out


def _composed(shots: list[np.ndarray], backdrop: np.ndarray | None) -> np.ndarray:
    """The mean of the moments in linear light, over the backdrop where nothing was drawn."""
    def over(rgba: np.ndarray) -> np.ndarray:
        return rgba[..., :3] if backdrop is None else np.where(rgba[..., 3:] > 127, rgba[..., :3], backdrop)

    if len(shots) == 1:
        return np.ascontiguousarray(over(shots[0]))
    linear = np.mean([(over(shot) / np.float32(255)) ** 2.2 for shot in shots], axis=0)
    return (255 * linear ** (1 / 2.2) + 0.5).astype(np.uint8)


def _mapped(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    return points @ matrix[:2, :2].T + matrix[:2, 2]


def _seen(px: np.ndarray, joint_m: np.ndarray, drawn_m: np.ndarray) -> np.ndarray:
    """(K,): the joint is inside the tile and no more than its own flesh is before it."""
    size = len(drawn_m)
    inside = ((px >= 0) & (px < size)).all(axis=1)
    column, row = np.clip(px, 0, size - 1).astype(int).T
    reach = np.array([REACH_M[name.split("_")[0]] for name in LANDMARK_NAMES])
    return inside & (drawn_m[row, column] > joint_m - reach)


def _obstructed(tile: np.ndarray, scene: dict[str, float], px: np.ndarray, scale: float,
                rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Bars, things and the picture's edge over the tile; and which of the points they hide."""
    size, middle = len(tile), px[_rows("hip")].mean(axis=0)
    hides = np.zeros(tile.shape[:2], np.uint8)
    if scene["bar"]:
        at, turn = middle + rng.normal(0, 0.25, 2) * scale, rng.choice([0.0, 0.0, np.pi / 2, rng.uniform(0, np.pi)])
        turn = turn + rng.normal(0, 0.15)
        along = 3 * size * np.array([np.cos(turn), np.sin(turn)])
        cv2.line(hides, *(tuple(int(v) for v in p) for p in (at - along, at + along)), 1, max(1, round(scene["bar"] * scale)))
    if scene["thing"]:
        at, sides = middle + rng.normal(0, 0.16, 2) * scale, scene["thing"] * scale * rng.uniform(0.4, 1.0, 2)
        corners = cv2.boxPoints(((float(at[0]), float(at[1])), (float(sides[0]), float(sides[1])), float(rng.uniform(0, 180))))
        cv2.fillPoly(hides, [corners.astype(np.int32)], 2)
    if hides.any():
        tile = tile.copy()
        for kind in (1, 2):
            where = hides == kind
            light = np.linspace(rng.uniform(0.5, 1), rng.uniform(0.5, 1), size)[:, None, None]
            tile[where] = np.broadcast_to(rng.uniform(5, 250, 3) * light, tile.shape)[where].astype(np.uint8)
    beyond = np.zeros(tile.shape[:2], bool)
    if scene["picture_edge"]:
        tile, beyond = _edged(tile, int(scene["picture_edge"] * size), int(rng.integers(4)))
    column, row = np.clip(px, 0, size - 1).astype(int).T
    return tile, (hides[row, column] > 0) | beyond[row, column]


def _edged(tile: np.ndarray, width: int, turns: int) -> tuple[np.ndarray, np.ndarray]:
    """The picture ends `width` pixels inside one side of the tile: its last pixels are repeated."""
    turned = np.rot90(tile, turns).copy()
    beyond = np.zeros(tile.shape[:2], bool)
    turned[:width], beyond[:width] = turned[width], True
    return np.ascontiguousarray(np.rot90(turned, -turns)), np.rot90(beyond, -turns)

