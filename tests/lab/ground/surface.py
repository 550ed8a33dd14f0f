"""The drawing of single frames: one sample a pixel, straight into the tile, another person or lamp
for every frame.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np

from tests.lab.render.body import Layer
from tests.lab.render.camera import FAR_M, NEAR_M
from tests.lab.render.raster import DAYLIGHT, OPEN_LAYERS, columns, filled, lamp_matrix
from tests.lab.render.scene import gym, vertices

if TYPE_CHECKING:
    from .clothes import Clothes

SHADOW_PX = 512

_VERTEX = """
#version 330
uniform mat4 camera; uniform mat4 lamp; uniform mat4 segment[SEGMENTS];
uniform vec4 fold_a; uniform vec4 fold_b; uniform float fold_m;
in vec3 position; in vec3 normal; in vec4 bones; in vec4 weights; in float part; in float edge;
out vec3 v_world; out vec3 v_normal; out vec3 v_rest; out float v_part; out float v_edge; out vec4 v_lamp;
void main() {
    mat4 m = weights.x * segment[int(bones.x)] + weights.y * segment[int(bones.y)]
           + weights.z * segment[int(bones.z)] + weights.w * segment[int(bones.w)];
    vec3 at = position, n = normal;
    if (fold_m > 0.0) {
        float a = dot(fold_a.xyz, at) + fold_a.w, b = dot(fold_b.xyz, at) + fold_b.w;
        vec3 slope = fold_m * (cos(a) * sin(b) * fold_a.xyz + sin(a) * cos(b) * fold_b.xyz);
        at += n * fold_m * (0.5 + 0.5 * sin(a) * sin(b));
        n = normalize(n - 1.3 * (slope - dot(slope, n) * n));
    }
    vec4 world = m * vec4(at, 1.0);
    v_world = world.xyz; v_normal = mat3(m) * n; v_rest = position; v_part = part; v_edge = edge;
    v_lamp = lamp * world; gl_Position = camera * world;
}
"""

_SHADE = """
uniform vec3 eye; uniform vec3 lamp_from; uniform vec3 lamp_colour; uniform vec3 sky; uniform vec3 ground;
uniform vec3 fill_from; uniform float fill; uniform float shadows; uniform sampler2DShadow shadow;
float lit(vec4 at, vec3 n) {
    if (shadows < 0.5) return 1.0;
    vec3 p = at.xyz / at.w * 0.5 + 0.5;
    if (any(lessThan(p, vec3(0.0))) || any(greaterThan(p, vec3(1.0)))) return 1.0;
    float slope = 0.0020 + 0.006 * (1.0 - max(dot(n, normalize(lamp_from)), 0.0));
    return texture(shadow, vec3(p.xy, p.z - slope));
}
vec3 shade(vec3 base, vec3 n, vec3 world, vec4 at, float gloss, float open) {
    vec3 l = normalize(lamp_from), v = normalize(eye - world);
    float key = max(dot(n, l), 0.0); if (key > 0.0) key *= lit(at, n);
    vec3 around = mix(ground, sky, 0.5 + 0.5 * n.y) * open;
    float side = fill * max(dot(n, fill_from), 0.0) * open;
    float shine = gloss * pow(max(dot(n, normalize(l + v)), 0.0), 24.0) * key;
    return base * (around + side + key * lamp_colour) + shine;
}
vec3 film(vec3 c) { c = c * (1.0 + 0.12 * c) / (1.0 + 0.35 * c); return pow(c, vec3(1.0 / 2.2)); }
"""

_FRAGMENT = """
#version 330
uniform vec3 colour[PARTS]; uniform float between_legs; uniform float hip_m; uniform float waist_m;
uniform int shirt_pattern; uniform int shorts_pattern; uniform vec3 shirt_second; uniform vec3 shorts_second;
uniform vec3 shirt_waves; uniform vec3 shorts_waves; uniform float strength;
uniform vec2 side_stripe; uniform float hem_band; uniform float waistband; uniform float belt_m; uniform vec3 trim;
uniform vec3 belt_colour;
in vec3 v_world; in vec3 v_normal; in vec3 v_rest; in float v_part; in float v_edge; in vec4 v_lamp;
out vec4 pixel;
SHADE
float grain(vec3 p) { return fract(sin(dot(floor(p), vec3(12.9898, 78.233, 37.719))) * 43758.5453); }
float noise(vec3 p) {
    vec3 f = fract(p); f = f * f * (3.0 - 2.0 * f); vec3 i = floor(p);
    vec4 low = vec4(grain(i), grain(i + vec3(1, 0, 0)), grain(i + vec3(0, 1, 0)), grain(i + vec3(1, 1, 0)));
    vec4 high = vec4(grain(i + vec3(0, 0, 1)), grain(i + vec3(1, 0, 1)), grain(i + vec3(0, 1, 1)), grain(i + vec3(1, 1, 1)));
    vec4 z = mix(low, high, f.z); vec2 y = mix(z.xy, z.zw, f.y); return mix(y.x, y.y, f.x);
}
vec3 printed(vec3 base, int kind, vec3 second, vec3 waves) {
    float share = 0.0;
    if (kind == 1) share = step(0.0, sin(waves.x * v_rest.y));
    else if (kind == 2) share = step(0.0, sin(dot(waves, vec3(0.7, 0.15, 0.7) * v_rest)));
    else if (kind == 3) share = noise(v_rest * waves * 0.4);
    else if (kind == 4) share = step(0.0, sin(waves.x * v_rest.y) * sin(waves.y * v_rest.x + waves.z * 0.3 * v_rest.z));
    return mix(base, second, strength * share);
}
void main() {
    int part = int(v_part + 0.5);
    if (v_edge < 0.0) discard;
    vec3 base = colour[part];
    vec3 n = normalize(v_normal);
    if (!gl_FrontFacing) { n = -n; base *= 0.6; }
    float above = v_rest.y - hip_m;
    if (part == SHIRT_PART) {
        base = printed(base, shirt_pattern, shirt_second, shirt_waves);
        if (v_edge < hem_band) base = trim;
    } else if (part == SHORTS_PART) {
        base = printed(base, shorts_pattern, shorts_second, shorts_waves);
        if (abs(v_rest.x - side_stripe.x) < side_stripe.y && abs(v_rest.z) > 0.06) base = trim;
        if (waist_m - above < waistband) base = trim;
        else if (v_edge < hem_band) base = trim;
    } else if (part == HAIR_PART) base *= 0.6 + 0.8 * grain(v_rest * vec3(260.0, 130.0, 260.0));
    if (belt_m > 0.0 && abs(above - 0.05) < belt_m && (part == SHIRT_PART || part == SHORTS_PART)) base = belt_colour;
    float gloss = part == SKIN_PART ? 0.06 : part == SHOE_PART ? 0.15 : 0.02;
    // Little light reaches the space between the legs, nor the far side of the body.
    float open = v_rest.y < 0.05 ? mix(between_legs, 1.0, smoothstep(-0.4, 0.6, n.z * sign(v_rest.z))) : 1.0;
    pixel = vec4(film(shade(base, n, v_world, v_lamp, gloss, open)), 1.0);
}
"""

_GYM_VERTEX = """
#version 330
uniform mat4 camera; uniform mat4 lamp;
in vec3 position; in vec3 normal; in vec3 tint; in float material;
out vec3 v_world; out vec3 v_normal; out vec3 v_tint; flat out int v_material; out vec4 v_lamp;
void main() {
    vec4 world = vec4(position, 1.0);
    v_world = position; v_normal = normal; v_tint = tint; v_material = int(material + 0.5);
    v_lamp = lamp * world; gl_Position = camera * world;
}
"""

_GYM_FRAGMENT = """
#version 330
uniform vec3 wash;
in vec3 v_world; in vec3 v_normal; in vec3 v_tint; flat in int v_material; in vec4 v_lamp;
out vec4 pixel;
SHADE
float grain(vec2 p) { return fract(sin(dot(floor(p), vec2(12.9898, 78.233))) * 43758.5453); }
void main() {
    vec3 base = pow(v_tint, vec3(2.2)) * wash, n = normalize(v_normal);
    if (v_material == 1 || v_material == 2) base *= 0.85 + 0.3 * grain(v_world.xz * 150.0);
    else if (v_material == 3 && v_world.y < 0.42) base *= vec3(0.5, 0.7, 0.8);
    else if (v_material == 5) { pixel = vec4(film(DAYLIGHT_GAIN * vec3(0.9, 1.0, 1.1)), 1.0); return; }
    pixel = vec4(film(shade(base, n, v_world, v_lamp, 0.05, 1.0)), 1.0);
}
"""

_DEPTH_FRAGMENT = """
#version 330
in float v_edge;
void main() { if (v_edge < 0.0) discard; }
"""


class Wearer:
    """One dressed person on the graphics side."""

    def __init__(self, surface: Surface, layers: list[Layer], clothes: Clothes, hip_m: float) -> None:
        gl, self._surface, self._clothes, self._hip_m = surface.gl, surface, clothes, hip_m
        self._parts, self._held = [], []
        for layer in layers:
            rows = np.hstack([layer.position_m, layer.normal, layer.bones, layer.weights,
                              layer.part[:, None], layer.edge_m[:, None]]).astype("f4")
            used, index = np.unique(layer.triangles, return_inverse=True)
            vertex = gl.buffer(rows[used].tobytes())
            indices = gl.buffer(index.astype("i4").tobytes())
            names = ("position", "normal", "bones", "weights", "part", "edge")
            full = gl.vertex_array(surface.skinned, [(vertex, "3f 3f 4f 4f 1f 1f", *names)], indices)
            bare = gl.vertex_array(surface.depth, [(vertex, "3f 3x4 4f 4f 1x4 1f", "position", "bones", "weights", "edge")],
                                   indices)
            self._parts.append((full, bare, layer.name in OPEN_LAYERS))
            self._held += [full, bare, vertex, indices]

    def draw(self, segments: np.ndarray, folds: dict[str, tuple], depth_only: bool = False) -> None:
        """`segments`: (SEGMENTS, 4, 4) rest -> world. `folds`: the shader's `fold_*` uniforms, for
        garments alone.
        """
        import moderngl

        program = self._surface.depth if depth_only else self._surface.skinned
        program["segment"].write(np.ascontiguousarray(segments.transpose(0, 2, 1), "f4").tobytes())
        if not depth_only:
            program["colour"].write(self._clothes.palette.tobytes())
            for name, value in (self._clothes.uniforms | {"hip_m": self._hip_m,
                                                          "waist_m": self._clothes.drawn["waist_m"]}).items():
                program[name].value = value
        for full, bare, is_garment in self._parts:
            if is_garment:
                self._surface.gl.disable(moderngl.CULL_FACE)
            if depth_only:
                bare.render()
            else:
                for name, value in folds.items():
                    program[name].value = value
                program["fold_m"].value = folds["fold_m"] if is_garment else 0.0
                full.render()
            self._surface.gl.enable(moderngl.CULL_FACE)

    def release(self) -> None:
        """Give the buffers back."""
        for held in self._held:
            held.release()


class Surface:
    """A square drawing surface of `size_px`. Raises ImportError without moderngl, and whatever that
    raises without EGL.
    """

    def __init__(self, size_px: int) -> None:
        os.environ.setdefault("LP_NUM_THREADS", "1")  # software rendering: one process, one core
        import moderngl

        self.size_px = size_px
        self.gl = gl = moderngl.create_context(standalone=True, backend="egl")
        gl.enable(moderngl.DEPTH_TEST | moderngl.CULL_FACE)
        self.skinned = gl.program(_source(_VERTEX), _source(_FRAGMENT))
        self.depth = gl.program(_depth_vertex(), _DEPTH_FRAGMENT)
        self._gym_program = gl.program(_source(_GYM_VERTEX), _source(_GYM_FRAGMENT))
        names = ("position", "normal", "tint", "material")
        rows = gl.buffer(vertices(gym()).tobytes())
        self._gym = gl.vertex_array(self._gym_program, [(rows, "3f 3f 3f 1f", *names)])
        self._shadow = gl.depth_texture((SHADOW_PX, SHADOW_PX))
        self._shadow.compare_func = "<="
        self._shadow_buffer = gl.framebuffer(depth_attachment=self._shadow)
        self._picture = gl.renderbuffer((size_px, size_px), 4)
        self._depth_texture = gl.depth_texture((size_px, size_px))
        self._frame = gl.framebuffer(self._picture, self._depth_texture)

    def light(self, uniforms: dict[str, object], wash: tuple[float, float, float]) -> None:
        """The lamp and the light around, for the frames to come."""
        lamp = lamp_matrix(np.array(uniforms["lamp_from"]))
        for program in (self.skinned, self._gym_program):
            for name, value in uniforms.items():
                if name in program:
                    program[name].value = value
            program["lamp"].write(columns(lamp))
            program["shadow"].value = 0
        self._gym_program["wash"].value = wash
        self.depth["camera"].write(columns(lamp))
        self._shadows = bool(uniforms["shadows"])

    def frame(self, matrix: np.ndarray, eye: np.ndarray, people: list[tuple], with_gym: bool) -> tuple[np.ndarray, np.ndarray]:
        """RGBA (S, S, 4) uint8, alpha 0 where nothing was drawn, and metres along the view to what
        was drawn (S, S).

        `matrix`: world -> clip space of the tile. `people`: (Wearer, segments, folds) each.
        """
        if self._shadows:
            self._shadow_buffer.use()
            self._shadow_buffer.clear()
            for wearer, segments, folds in people:
                wearer.draw(segments, folds, depth_only=True)
        for program in (self.skinned, self._gym_program):
            program["camera"].write(columns(matrix))
            program["eye"].value = tuple(eye)
        self._frame.use()
        self._frame.clear(0.0, 0.0, 0.0, 0.0)
        self._shadow.use(0)
        for wearer, segments, folds in people:
            wearer.draw(segments, folds)
        depth = self._metres(np.frombuffer(self._depth_texture.read(), "f4"))
        if with_gym:
            self._gym.render()
        shape = (self.size_px, self.size_px)
        rows = np.frombuffer(self._frame.read(components=4, alignment=1), np.uint8)
        return rows.reshape(*shape, 4)[::-1], depth.reshape(shape)[::-1]

    def release(self) -> None:
        """Give the graphics context back."""
        self.gl.release()

    @staticmethod
    def _metres(depth: np.ndarray) -> np.ndarray:
        return 2 * FAR_M * NEAR_M / (FAR_M + NEAR_M - (2 * depth - 1) * (FAR_M - NEAR_M))


def _source(text: str) -> str:
    return filled(text.replace("SHADE", _SHADE).replace("DAYLIGHT_GAIN", str(DAYLIGHT)))


def _depth_vertex() -> str:
    return filled("""
#version 330
uniform mat4 camera; uniform mat4 segment[SEGMENTS];
in vec3 position; in vec4 bones; in vec4 weights; in float edge;
out float v_edge;
void main() {
    mat4 m = weights.x * segment[int(bones.x)] + weights.y * segment[int(bones.y)]
           + weights.z * segment[int(bones.z)] + weights.w * segment[int(bones.w)];
    v_edge = edge; gl_Position = camera * m * vec4(position, 1.0);
}
""")


