"""One person's clothes: how they are cut, how wide they are, what is printed on them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tests.lab.render.body import PARTS, SOLE_M, Cut, Hems, Layer, normals, shoe_parts, skin_parts, top_four
from tests.lab.render.skeleton import SEGMENTS, Skeleton

from . import ranges

COVERED_M = 0.06
"""Skin so far inside a hem is not drawn: it cannot be seen, and bending more sharply than the cloth
it would poke through.
"""


@dataclass(frozen=True)
class Clothes:
    """`drawn`: the person's row of `ranges.CLOTHES`. Colours are linear light, (3,); `uniforms`
    goes to the shader.
    """

    drawn: dict[str, float]
    palette: np.ndarray
    """(PARTS, 3) float32."""
    uniforms: dict[str, object]

    @property
    def bare_chest(self) -> bool:
        return bool(self.drawn["bare_chest"])


def drawn_clothes(rng: np.random.Generator) -> Clothes:
    """Random clothes in random colours."""
    drawn = {n: float(v) for n, v in ranges.drawn(ranges.CLOTHES, rng).items()}
    if drawn["coat"]:
        drawn |= {"hem_m": float(rng.uniform(-0.45, -0.2)), "shirt_looseness": 2.5, "sleeve_share": 1.9, "bare_chest": 0.0,
                  "tucked": 0.0}
    if drawn["leg_share"] > 1.0:
        drawn["shorts_looseness"] = float(rng.uniform(0.0, 0.8))
    skin = np.array([0.62, 0.36, 0.24]) * np.exp(rng.uniform(-1.9, 0.35)) * rng.uniform(0.88, 1.12, 3)
    own = {"skin": np.clip(skin, 0.01, 0.9), "hair": _colour(rng) * 0.4, "shirt": _colour(rng), "shorts": _colour(rng),
           "shoe": _colour(rng), "sock": _colour(rng), "sole": _colour(rng)}
    if rng.random() < 0.12:
        own["shorts"] = own["shirt"] * rng.uniform(0.9, 1.1)
    uniforms: dict[str, object] = {}
    for garment in ("shirt", "shorts"):
        uniforms[f"{garment}_pattern"] = (int(rng.integers(1, 5)) if drawn["pattern"] and rng.random() < 0.7 else 0)
        uniforms[f"{garment}_second"] = tuple(_colour(rng))
        uniforms[f"{garment}_waves"] = tuple(ranges.CLOTHES["pattern_per_m"].draw(rng, 3))
    uniforms |= {
        "strength": drawn["pattern"],
        "side_stripe": (drawn["side_stripe_forward_m"], drawn["side_stripe_m"]),
        "hem_band": drawn["hem_band_m"],
        "waistband": drawn["waistband_m"],
        "belt_m": drawn["belt_m"],
        "trim": tuple(_colour(rng)),
        "belt_colour": tuple(_colour(rng)),
    }
    return Clothes(drawn, np.array([own[part] for part in PARTS], "f4"), uniforms)


def dressed(rest: dict[str, np.ndarray], skeleton: Skeleton, clothes: Clothes, skinning_power: float) -> list[Layer]:
    """The layers of a person: skin, shorts, shirt, shoes, hair."""
    position, triangles, want = rest["position_m"], rest["triangles"], clothes.drawn
    normal = normals(position, triangles)
    edges = Hems(position, rest["weights"], skeleton, want["leg_share"],
                 Cut(want["waist_m"], want["hem_m"], want["sleeve_share"]))
    bare, worn = (top_four(_sharpened(rest["weights"], p)) for p in (skinning_power, want["clothes_power"] * skinning_power))

    def layer(name: str, part: np.ndarray, edge_m: np.ndarray, moved_m: np.ndarray, held: tuple,
              covered: np.ndarray | None = None) -> Layer:
        moved = position + moved_m
        shown = (edge_m[triangles] > 0).any(axis=1)
        used = triangles[shown if covered is None else shown & ~covered[triangles].all(axis=1)]
        return Layer(name, moved.astype("f4"), normals(moved, triangles).astype("f4"), *held,
                     part.astype("f4"), edge_m.astype("f4"), used)

    def all_of(part: str) -> np.ndarray:
        return np.full(len(position), PARTS.index(part))

    below_waist = np.clip(edges.shorts_m.max() - edges.shorts_m, 0, 0.25)
    shorts_m = 0.004 + want["shorts_looseness"] * (0.004 + 0.05 * below_waist)
    # An untucked shirt hangs over the waistband, and the further it hangs the wider it stands off.
    down = np.clip(1 - (position[:, 1] - skeleton.joints["thigh_right"][1] - want["hem_m"]) / 0.25, 0, 1)
    over = down * (position[:, 1] < skeleton.joints["waist"][1])
    shirt_m = 0.005 + want["shirt_looseness"] * (0.006 + 0.014 * over)
    if want["tucked"]:
        shirt_m = 0.004 + want["shirt_looseness"] * 0.006 * (1 - over)
        shorts_m = np.maximum(shorts_m, shirt_m + 0.004)
    elif not clothes.bare_chest:
        shirt_m = np.where(edges.shorts_m > -0.02, np.maximum(shirt_m, shorts_m + 0.004), shirt_m)
    shoe_drop = np.minimum(normal[:, 1:2], 0) * np.array([0.0, SOLE_M - 0.006, 0.0])
    always = np.ones(len(position))
    covered = (edges.shorts_m > COVERED_M) | ((edges.shirt_m > COVERED_M) & (not clothes.bare_chest))
    out = [
        layer("skin", skin_parts(position, skeleton), always, np.zeros_like(position), bare, covered),
        layer("shorts", all_of("shorts"), edges.shorts_m, normal * shorts_m[:, None], worn),
        layer("shoes", shoe_parts(position, skeleton), edges.shoe_m, normal * 0.007 + shoe_drop, bare),
        layer("hair", all_of("hair"), edges.hair_m, normal * np.clip(0.003 + edges.hair_m * 0.4, 0, 0.016)[:, None], bare),
    ]
    if not clothes.bare_chest:
        out.insert(2, layer("shirt", all_of("shirt"), edges.shirt_m, normal * shirt_m[:, None], worn))
    return out


def without(layers: list[Layer], segments: tuple[str, ...]) -> list[Layer]:
    """The layers without the triangles of some segments: what a narrow view cannot show need not be
    drawn.
    """
    gone = [SEGMENTS.index(s) for s in segments]
    out = []
    for layer in layers:
        main = layer.bones[np.arange(len(layer.bones)), layer.weights.argmax(axis=1)]
        kept = layer.triangles[~np.isin(main, gone)[layer.triangles].all(axis=1)]
        if len(kept):
            out.append(Layer(layer.name, layer.position_m, layer.normal, layer.bones, layer.weights, layer.part,
                             layer.edge_m, kept))
    return out


def _colour(rng: np.random.Generator) -> np.ndarray:
    """Linear light, (3,): greys, black and white as often as colours."""
    value = rng.uniform(0.02, 0.95) ** 2.2
    return np.clip(value * (1 + rng.choice([0.0, 0.15, 0.8]) * rng.uniform(-1, 1, 3)), 0.003, 1.0)


def _sharpened(weights: np.ndarray, power: float) -> np.ndarray:
    out = weights**power
    return out / out.sum(axis=1, keepdims=True)
