"""The runner's body and clothes as meshes, from the parametric model `anny` (Apache-2.0, body data
CC0).

Needs the packages of `requirements.txt`. A body is built once per phenotype and kept in the user's
cache folder. Every layer (skin, shirt, shorts, shoes, hair) is a mesh skinned to the segments of
`skeleton.SEGMENTS`; a garment is a copy of the skin moved outwards and cut where its `edge_m`
(metres inside the hem) is negative.
"""

from __future__ import annotations

import json
import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .skeleton import SEGMENTS, TABLE, Skeleton, skeletons

if TYPE_CHECKING:
    import anny

PHENOTYPES: dict[str, dict[str, float]] = {
    # gender 0 = male, 1 = female; the others 0..1. Heights are printed by `python -m
    # tests.lab.render bodies`.
    "m_avg": {"gender": 0.0, "age": 0.66, "muscle": 0.62, "weight": 0.42, "height": 0.38, "proportions": 0.65},
    "f_avg": {"gender": 1.0, "age": 0.66, "muscle": 0.58, "weight": 0.40, "height": 0.42, "proportions": 0.65},
    "m_tall": {"gender": 0.0, "age": 0.66, "muscle": 0.60, "weight": 0.35, "height": 0.52, "proportions": 0.70},
    "m_heavy": {"gender": 0.0, "age": 0.72, "muscle": 0.55, "weight": 0.72, "height": 0.38, "proportions": 0.50},
    "f_slim": {"gender": 1.0, "age": 0.62, "muscle": 0.60, "weight": 0.28, "height": 0.50, "proportions": 0.75},
    "f_heavy": {"gender": 1.0, "age": 0.72, "muscle": 0.50, "weight": 0.68, "height": 0.36, "proportions": 0.50},
}
STRANGERS = tuple(f"p{number:02d}" for number in range(20))
"""Twenty more bodies, drawn once: who the pose model's own errors are measured on."""


def _stranger(number: int) -> dict[str, float]:
    """Adults of common build; every second one a woman."""
    rng = np.random.default_rng(4100 + number)
    spans = {"age": (0.56, 0.78), "muscle": (0.4, 0.75), "weight": (0.25, 0.7), "height": (0.3, 0.6), "proportions": (0.4, 0.8)}
    return {"gender": float(number % 2), **{name: round(float(rng.uniform(*span)), 2) for name, span in spans.items()}}


PHENOTYPES |= {name: _stranger(number) for number, name in enumerate(STRANGERS)}

HIP_MEDIAL = 0.70
"""The rig hangs the thigh near the greater trochanter; joint centres lie further in (0.15-0.17 m
apart, RBDS).
"""
CURL_DEG = {"1": 45.0, "2": 60.0, "3": 35.0}
"""Bend at the three joints of a finger in a loose fist."""
SOLE_M = 0.022
"""Thickness of the shoe's sole under the foot."""


@dataclass(frozen=True)
class Layer:
    """One mesh. All arrays per vertex: (V, 3) float32 except where said."""

    name: str
    position_m: np.ndarray
    normal: np.ndarray
    bones: np.ndarray
    """(V, 4) indices into SEGMENTS, float32 for the shader."""
    weights: np.ndarray
    """(V, 4), rows sum to 1."""
    part: np.ndarray
    """(V,) what is drawn here: an index into PARTS."""
    edge_m: np.ndarray
    """(V,) distance inside the hem; drawn where positive."""
    triangles: np.ndarray
    """(F, 3) int32."""


@dataclass(frozen=True)
class Cut:
    """How the garments are cut, where that is more than `spec.Look` can ask for."""

    waist_m: float = 0.10
    """Upper edge of the shorts above the hip joints."""
    hem_m: float = 0.02
    """Lower edge of the shirt above the hip joints; negative is below them."""
    sleeve_share: float = 0.6
    """Of the upper arm that the sleeve covers; 1.9 reaches the wrist."""


# Neighbours in this list may share a triangle: skin and sock, shoe and sole.
PARTS = ("skin", "sock", "hair", "shirt", "shorts", "shoe", "sole")


def load_body(name: str, ponytail: bool = False, looseness: float = 1.0, leg_share: float = 0.42) -> list[Layer]:
    """Layers of a phenotype, with a ponytail if asked for; the clothes as in `spec.Look`.

    Raises KeyError for an unknown name and ImportError when `anny` is missing.
    """
    cache = _cache_folder() / f"{name}.npz"
    if not cache.exists():
        _write_cache(cache, rest_of(body_model(), PHENOTYPES[name]))
    with np.load(cache) as data:
        rest = {k: data[k] for k in data.files}
    layers = _layers(rest, skeletons()[name], looseness, leg_share)
    return [*layers, _ponytail(skeletons()[name])] if ponytail else layers


def measure_skeletons(out: Path = TABLE) -> None:
    """Write the joints and points of every phenotype to `skeletons.json`."""
    table = {}
    for name in PHENOTYPES:
        body = skeleton_of(name, rest_of(body_model(), PHENOTYPES[name]))
        table[name] = {
            "height_m": round(body.height_m, 3),
            "joints": {s: np.round(p, 4).tolist() for s, p in body.joints.items()},
            "points": {n: [s, np.round(p, 4).tolist()] for n, (s, p) in body.points.items()},
        }
    out.write_text(json.dumps(table, indent=0) + "\n")


# ---- from the model ------------------------------------------------------------------------------


def body_model(shapes: tuple[str, ...] = ()) -> anny.Anny:
    """The parametric body. `shapes`: names of anny's local shape changes that `rest_of` may then
    ask for.
    """
    import anny
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return anny.Anny(topology="notoes", local_changes=list(shapes) or "none").to(dtype=torch.float32)


def rest_of(model: anny.Anny, phenotype: dict[str, float], shape: dict[str, float] | None = None) -> dict[str, np.ndarray]:
    """Rest mesh and bones of a phenotype with local changes of shape (-1..1 each), in the runner's
    axes.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        out = model(phenotype_kwargs=phenotype, **({"local_changes_kwargs": shape} if shape else {}))
    bones = list(model.bone_labels)
    heads = _to_runner(out["rest_bone_heads"][0].numpy())
    bone_weights = (model.vertex_bone_weights.numpy(), model.vertex_bone_indices.numpy())
    position = _relaxed_hands(_to_runner(out["rest_vertices"][0].numpy()), heads, bones, model.bone_parents, bone_weights)
    grouped = _group_weights(model.vertex_bone_weights.numpy(), model.vertex_bone_indices.numpy(), bones)
    return {
        "position_m": position,
        "triangles": model.get_triangular_faces().numpy().astype(np.int32),
        "weights": grouped,
        "heads": heads,
        "bones": np.array(bones),
    }


def _relaxed_hands(p: np.ndarray, heads: np.ndarray, bones: list[str], parents: list[int],
                   bone_weights: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Curl the spread fingers of the rest pose into a runner's loose fist; returns moved vertices
    (V, 3).
    """
    at = {b: heads[i] for i, b in enumerate(bones)}
    turn, shift = np.tile(np.eye(3), (len(bones), 1, 1)), np.zeros((len(bones), 3))
    for i, bone in enumerate(bones):
        if not bone.startswith("finger"):
            continue
        side, parent = bone[-1], parents[i]
        sign = 1.0 if side == "R" else -1.0
        across = at[f"finger2-1.{side}"] - at[f"finger5-1.{side}"]
        curl_deg = 12.0 if bone.startswith("finger1") else CURL_DEG[bone.split("-")[1][0]]
        turn[i] = turn[parent] @ _about(sign * across, curl_deg)
        moved_head = turn[parent] @ heads[i] + shift[parent]
        shift[i] = moved_head - turn[i] @ heads[i]
    weights, indices = bone_weights
    out = np.zeros_like(p)
    for k in range(weights.shape[1]):
        b = indices[:, k]
        out += weights[:, k : k + 1] * (np.einsum("vij,vj->vi", turn[b], p) + shift[b])
    return out


def _about(axis: np.ndarray, deg: float) -> np.ndarray:
    """Rotation by Rodrigues' formula."""
    x, y, z = axis / np.linalg.norm(axis)
    k = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    a = np.radians(deg)
    return np.eye(3) + np.sin(a) * k + (1 - np.cos(a)) * k @ k


def _to_runner(p: np.ndarray) -> np.ndarray:
    """The model faces -y with z up and x to its left; the runner faces x with y up and z to the
    right.
    """
    return np.stack([-p[:, 1], p[:, 2], -p[:, 0]], axis=1)


def _segment_of(bone: str) -> str:
    stem, _, tail = bone.partition(".")
    side = {"L": "_left", "R": "_right"}.get(tail, "")
    rules = (
        (("root", "pelvis", "spine05"), "pelvis", False),
        (("spine04", "spine03"), "lumbar", False),
        (("spine02",), "waist", False),
        (("spine01", "clavicle", "shoulder"), "thorax", False),
        (("neck",), "neck", False),
        (("head", "eye"), "head", False),
        (("upperarm",), "upper_arm", True),
        (("lowerarm",), "forearm", True),
        (("wrist", "finger", "metacarpal"), "hand", True),
        (("upperleg",), "thigh", True),
        (("lowerleg",), "shank", True),
        (("foot",), "foot", True),
        (("toe",), "toes", True),
    )
    for prefixes, segment, sided in rules:
        if stem.startswith(prefixes):
            return segment + side if sided else segment
    raise KeyError(f"the body model has a bone {bone!r} that no segment takes: add it to tests/lab/render/body.py")


def _group_weights(weights: np.ndarray, indices: np.ndarray, bones: list[str]) -> np.ndarray:
    """(V, segments) skinning weights, summed over the bones of a segment."""
    column = np.array([SEGMENTS.index(_segment_of(b)) for b in bones])
    out = np.zeros((len(weights), len(SEGMENTS)))
    rows = np.repeat(np.arange(len(weights)), weights.shape[1])
    np.add.at(out, (rows, column[indices].ravel()), weights.ravel())
    return out / out.sum(axis=1, keepdims=True)


def skeleton_of(name: str, rest: dict[str, np.ndarray], hip_medial: float = HIP_MEDIAL) -> Skeleton:
    """The joints and points of a rest mesh; `hip_medial`: hip joint centres against the rig's,
    measured from the middle.
    """
    return Skeleton(name, float(np.ptp(rest["position_m"][:, 1])), _joints(rest, hip_medial), _points(rest))


def _joints(rest: dict[str, np.ndarray], hip_medial: float = HIP_MEDIAL) -> dict[str, np.ndarray]:
    head = dict(zip(rest["bones"].tolist(), rest["heads"], strict=True))
    out = {s: head[b] for s, b in (("lumbar", "spine04"), ("waist", "spine02"), ("thorax", "spine01"),
                                   ("neck", "neck01"), ("head", "head"))}
    for side, tail in (("right", "R"), ("left", "L")):
        for segment, bone in (("upper_arm", "upperarm01"), ("forearm", "lowerarm01"), ("hand", "wrist"),
                              ("thigh", "upperleg01"), ("shank", "lowerleg01"), ("foot", "foot"), ("toes", "toe2-1")):
            out[f"{segment}_{side}"] = head[f"{bone}.{tail}"].copy()
        out[f"thigh_{side}"][2] *= hip_medial
    out["pelvis"] = (out["thigh_right"] + out["thigh_left"]) / 2
    return {s: out[s] for s in SEGMENTS}


def _points(rest: dict[str, np.ndarray]) -> dict[str, tuple[str, np.ndarray]]:
    """Heel and toe as a pose model names them, the three places where the sole meets the belt, and
    the nose.
    """
    p, w = rest["position_m"], rest["weights"]
    out = {}
    for side in ("right", "left"):
        foot = p[w[:, SEGMENTS.index(f"foot_{side}")] + w[:, SEGMENTS.index(f"toes_{side}")] > 0.5]
        ground, back, tip = foot[:, 1].min(), foot[:, 0].min(), foot[:, 0].max()
        middle = float(np.median(foot[:, 2]))
        out[f"heel_{side}"] = (f"foot_{side}", np.array([back + 0.01, ground + 0.03, middle]))
        out[f"toe_{side}"] = (f"toes_{side}", np.array([tip - 0.01, ground + 0.02, middle]))
        sole = ground - SOLE_M
        ball = _joints(rest)[f"toes_{side}"][0]
        out[f"sole_heel_{side}"] = (f"foot_{side}", np.array([back + 0.02, sole, middle]))
        out[f"sole_ball_{side}"] = (f"foot_{side}", np.array([ball, sole, middle]))
        out[f"sole_tip_{side}"] = (f"toes_{side}", np.array([tip - 0.02, sole, middle]))
    face = p[(w[:, SEGMENTS.index("head")] > 0.5) & (abs(p[:, 2]) < 0.02)]
    out["nose"] = ("head", face[face[:, 0].argmax()])
    out["eye_right"] = ("head", rest["heads"][rest["bones"].tolist().index("eye.R")])
    return out


def _cache_folder() -> Path:
    root = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    return root / "rendered-runner"


def _write_cache(path: Path, rest: dict[str, np.ndarray]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, **rest)


# ---- layers --------------------------------------------------------------------------------------


def _layers(rest: dict[str, np.ndarray], skeleton: Skeleton, looseness: float, leg_share: float) -> list[Layer]:
    position, triangles = rest["position_m"], rest["triangles"]
    normal = normals(position, triangles)
    bones, weights = top_four(rest["weights"])
    always = np.ones(len(position))

    def layer(name: str, part: np.ndarray, edge_m: np.ndarray, moved_m: np.ndarray) -> Layer:
        used = triangles[(edge_m[triangles] > 0).any(axis=1)]
        moved = position + moved_m
        return Layer(name, moved.astype("f4"), normals(moved, triangles).astype("f4"), bones, weights,
                     part.astype("f4"), edge_m.astype("f4"), used)

    edges = Hems(position, rest["weights"], skeleton, leg_share)
    loose = np.clip(edges.shorts_m.max() - edges.shorts_m, 0, 0.25)
    # The shirt hangs over the waistband.
    over_shorts = np.clip(1 - edges.shirt_m / 0.2, 0, 1) * (position[:, 1] < skeleton.joints["waist"][1])
    shoe_drop = np.minimum(normal[:, 1:2], 0) * np.array([0.0, SOLE_M - 0.006, 0.0])
    shorts_m, shirt_m = 0.004 + 0.05 * loose, 0.006 + 0.010 * over_shorts
    return [
        layer("skin", skin_parts(position, skeleton), always, np.zeros_like(position)),
        layer("shorts", _all("shorts", position), edges.shorts_m, normal * (0.004 + looseness * shorts_m)[:, None]),
        layer("shirt", _all("shirt", position), edges.shirt_m, normal * (0.006 + looseness * shirt_m)[:, None]),
        layer("shoes", shoe_parts(position, skeleton), edges.shoe_m, normal * 0.007 + shoe_drop),
        layer("hair", _all("hair", position), edges.hair_m, normal * np.clip(0.003 + edges.hair_m * 0.4, 0, 0.016)[:, None]),
    ]


def _ponytail(skeleton: Skeleton) -> Layer:
    """A tapered tube from the back of the head, held by the head."""
    eye, rings, around = skeleton.points["eye_right"][1], 9, 10
    along = np.linspace(0, 1, rings)
    radius = 0.008 + 0.020 * np.sin(np.pi * along**0.7) + 0.004 * (1 - along)
    centre = np.stack([eye[0] - 0.185 - 0.070 * np.sin(2.0 * along), eye[1] + 0.045 - 0.20 * along**1.4, 0 * along], axis=1)
    angle = np.linspace(0, 2 * np.pi, around, endpoint=False)
    circle = np.stack([np.cos(angle), 0.5 * np.cos(angle), np.sin(angle)], axis=1)
    position = (centre[:, None] + radius[:, None, None] * circle).reshape(-1, 3)
    a, b = np.meshgrid(np.arange(rings - 1), np.arange(around), indexing="ij")
    here, beside = a * around + b, a * around + (b + 1) % around
    quads = np.stack([here, beside, beside + around, here + around], axis=-1).reshape(-1, 4)
    triangles = np.vstack([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]).astype(np.int32)
    n = len(position)
    bones = np.full((n, 4), SEGMENTS.index("head"), "f4")
    weights = np.tile(np.array([1, 0, 0, 0], "f4"), (n, 1))
    return Layer("ponytail", position.astype("f4"), np.tile(circle, (rings, 1)).astype("f4"), bones, weights,
                 _all("hair", position).astype("f4"), np.ones(n, "f4"), triangles)


class Hems:
    """How far inside each garment a vertex lies, metres (V,): negative outside."""

    def __init__(self, p: np.ndarray, weights: np.ndarray, skeleton: Skeleton, leg_share: float, cut: Cut = Cut()) -> None:
        share = {s: weights[:, i] for i, s in enumerate(SEGMENTS)}
        joints = skeleton.joints
        hip, knee, ankle = (joints[f"{s}_right"][1] for s in ("thigh", "shank", "foot"))
        arms = sum(share[f"{s}_{side}"] for s in ("upper_arm", "forearm", "hand") for side in ("left", "right"))
        leg_end = hip + leg_share * (knee - hip)
        self.shorts_m = np.where(arms < 0.2, np.minimum(hip + cut.waist_m - p[:, 1], p[:, 1] - leg_end), -1)
        sleeve = np.where(arms > 0.3, self._sleeve(p, skeleton, cut.sleeve_share), 1.0)
        self.shirt_m = np.minimum.reduce([p[:, 1] - (hip + cut.hem_m), sleeve, self._collar(p, skeleton)])
        self.shirt_m = np.where(share["head"] > 0.1, -1, self.shirt_m)
        self.shoe_m = ankle + 0.012 - 0.25 * (p[:, 0] - joints["foot_right"][0]) - p[:, 1]
        self.hair_m = self._hair(p, share["head"] + share["neck"], skeleton)

    @staticmethod
    def _sleeve(p: np.ndarray, skeleton: Skeleton, share: float) -> np.ndarray:
        """Inside up to a share of the upper arm."""
        out = np.full(len(p), 1.0)
        for side, sign in (("right", 1), ("left", -1)):
            shoulder, elbow = skeleton.joints[f"upper_arm_{side}"], skeleton.joints[f"forearm_{side}"]
            axis = elbow - shoulder
            along = (p - shoulder) @ axis / np.linalg.norm(axis)
            out = np.where(sign * p[:, 2] > 0, share * np.linalg.norm(axis) - along, out)
        return out

    @staticmethod
    def _collar(p: np.ndarray, skeleton: Skeleton) -> np.ndarray:
        """Outside a round neck opening that is lower in front."""
        neck = skeleton.joints["neck"]
        offset = p - neck
        opening = np.hypot(offset[:, 0] - 0.01, offset[:, 2]) - 0.075
        below = -0.015 - 0.45 * offset[:, 0] - offset[:, 1]
        return np.where(offset[:, 1] > 0.08, -1.0, np.maximum(below, np.where(offset[:, 1] < 0.03, opening, -1.0)))

    @staticmethod
    def _hair(p: np.ndarray, on_head: np.ndarray, skeleton: Skeleton) -> np.ndarray:
        """Above a line from the forehead, down in front of the ear, round it and down to the nape.
        """
        eye = skeleton.points["eye_right"][1]
        back = eye[0] - p[:, 0]
        height = np.interp(back, [-0.03, 0.0, 0.030, 0.045, 0.062, 0.070, 0.100, 0.115, 0.20],
                           [0.070, 0.066, 0.045, -0.005, -0.012, 0.020, 0.015, -0.035, -0.075])
        return np.where(on_head > 0.6, p[:, 1] - eye[1] - height, -1.0)


def skin_parts(p: np.ndarray, skeleton: Skeleton) -> np.ndarray:
    """Socks on the bare body; the shader paints the face."""
    return _border("skin", "sock", skeleton.joints["foot_right"][1] + 0.06 - p[:, 1])


def shoe_parts(p: np.ndarray, skeleton: Skeleton) -> np.ndarray:
    ground = skeleton.points["sole_ball_right"][1][1] + SOLE_M
    return _border("shoe", "sole", ground + 0.018 - p[:, 1])


def _border(outside: str, inside: str, inside_m: np.ndarray) -> np.ndarray:
    """A part number that passes the half between two neighbours of PARTS where `inside_m` is 0: a
    clean seam.
    """
    first, second = PARTS.index(outside), PARTS.index(inside)
    return first + (second - first) * np.clip(0.5 + inside_m / 0.04, 0, 1)


def _all(part: str, p: np.ndarray) -> np.ndarray:
    return np.full(len(p), PARTS.index(part))


def top_four(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    bones = np.argsort(-weights, axis=1)[:, :4]
    top = np.take_along_axis(weights, bones, axis=1)
    return bones.astype("f4"), (top / top.sum(axis=1, keepdims=True)).astype("f4")


def normals(p: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Area-weighted vertex normals, outwards."""
    a, b, c = (p[triangles[:, i]] for i in range(3))
    face = np.cross(b - a, c - a)
    corner = triangles.T.ravel()
    out = np.stack([np.bincount(corner, np.tile(face[:, k], 3), len(p)) for k in range(3)], axis=1)
    return out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-12)
