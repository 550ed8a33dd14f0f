"""Off-screen OpenGL: skinned people and a gym under one lamp with shadows. Works on Mesa's software
renderer.
"""

from __future__ import annotations

import moderngl
import numpy as np

from .body import PARTS, Layer
from .camera import eye_m, projection_matrix, view_matrix
from .skeleton import SEGMENTS, skeletons
from .spec import Camera, Look

SHADOW_PX = 1024
MARKS_M = 1.155
"""Between the marks on the belt: 16 of them pass in nine strides of the demo's runner, so that its
loops close.
"""
OPEN_LAYERS = ("shirt", "shorts")
"""Cut garments, whose inside can be seen; of everything else the far side need not be drawn."""
DAYLIGHT = 9.0
"""How much brighter than the lit room the sky is that fills a wall of windows."""
LAMP_FROM = np.array([0.5, 1.5, 1.5])
"""Direction towards the lamp: above, in front of the runner, on their right; mirrored with the
camera's side.
"""

_SKINNED_VERTEX = """
#version 330
uniform mat4 camera; uniform mat4 lamp; uniform mat4 segment[SEGMENTS];
in vec3 position; in vec3 normal; in vec4 bones; in vec4 weights; in float part; in float edge;
out vec3 v_world; out vec3 v_normal; out vec3 v_rest; out float v_part; out float v_edge; out vec4 v_lamp;
void main() {
    mat4 m = weights.x * segment[int(bones.x)] + weights.y * segment[int(bones.y)]
           + weights.z * segment[int(bones.z)] + weights.w * segment[int(bones.w)];
    vec4 world = m * vec4(position, 1.0);
    v_world = world.xyz; v_normal = mat3(m) * normal; v_rest = position; v_part = part; v_edge = edge;
    v_lamp = lamp * world; gl_Position = camera * world;
}
"""

_LIGHT = """
uniform vec3 eye; uniform vec3 lamp_from; uniform float exposure; uniform sampler2DShadow shadow;
float lit(vec4 at, vec3 n) {
    vec3 p = at.xyz / at.w * 0.5 + 0.5;
    if (any(lessThan(p, vec3(0.0))) || any(greaterThan(p, vec3(1.0)))) return 1.0;
    float slope = 0.0012 + 0.004 * (1.0 - max(dot(n, normalize(lamp_from)), 0.0)), sum = 0.0;
    for (int i = 0; i < 4; i++) {
        vec2 shift = vec2((i & 1) * 2 - 1, (i >> 1) * 2 - 1) * 0.75 / SHADOW_PX.0;
        sum += texture(shadow, vec3(p.xy + shift, p.z - slope));
    }
    return sum / 4.0;
}
vec3 shade(vec3 base, vec3 n, vec3 world, vec4 at, float gloss, float open) {
    vec3 l = normalize(lamp_from), v = normalize(eye - world);
    float key = max(dot(n, l), 0.0) * lit(at, n);
    vec3 sky = mix(vec3(0.20, 0.19, 0.18), vec3(0.42, 0.44, 0.48), 0.5 + 0.5 * n.y) * open;
    float fill = 0.10 * max(dot(n, normalize(vec3(-0.7, 0.35, 0.9 * sign(eye.z)))), 0.0) * open;
    float shine = gloss * pow(max(dot(n, normalize(l + v)), 0.0), 24.0) * key;
    return base * (sky + fill + 1.05 * key * vec3(1.0, 0.97, 0.92)) + shine;
}
vec3 film(vec3 c) { c *= exposure; c = c * (1.0 + 0.12 * c) / (1.0 + 0.35 * c); return pow(c, vec3(1.0 / 2.2)); }
"""

_SKINNED_FRAGMENT = """
#version 330
uniform vec3 colour[PARTS]; uniform vec3 eye_rest; uniform float nose_y;
in vec3 v_world; in vec3 v_normal; in vec3 v_rest; in float v_part; in float v_edge; in vec4 v_lamp;
out vec4 pixel;
LIGHT
float grain(vec3 p) { return fract(sin(dot(floor(p), vec3(12.9898, 78.233, 37.719))) * 43758.5453); }
vec3 painted_face(vec3 skin) {
    vec3 at = vec3(v_rest.x, v_rest.y, abs(v_rest.z)) - eye_rest;
    if (at.x < -0.02 || abs(at.y) > 0.1) return skin;
    float brow = at.y - 0.021 + 6.0 * at.z * at.z;
    if (abs(brow) < 0.0045 && abs(at.z) < 0.021) return mix(skin, colour[HAIR_PART], 0.8);
    vec2 lid = vec2(at.z / 0.015, (at.y + 0.001) / 0.0055);
    if (dot(lid, lid) < 1.0) return length(vec2(at.z, at.y)) < 0.0058 ? vec3(0.02, 0.015, 0.01) : vec3(0.75);
    float mouth = v_rest.y - nose_y + 0.028;
    if (abs(mouth) < 0.009 && abs(v_rest.z) < 0.024 && at.x > 0.0) return skin * vec3(0.85, 0.55, 0.55);
    return skin;
}
void main() {
    int part = int(v_part + 0.5);
    float strand = grain(v_rest * vec3(260.0, 130.0, 260.0));
    if (v_edge < (part == HAIR_PART ? 0.010 * strand - 0.004 : 0.0)) discard;
    vec3 base = colour[part];
    if (part == SKIN_PART) base = painted_face(base);
    vec3 n = normalize(v_normal);
    if (!gl_FrontFacing) { n = -n; base *= 0.6; }
    if (part == SHIRT_PART && v_edge < 0.012) base = mix(base, vec3(1.0), 0.55);
    if (part == SHORTS_PART && abs(v_rest.x - 0.02) < 0.012 && abs(v_rest.z) > 0.1) base = mix(base, vec3(1.0), 0.7);
    float gloss = part == SKIN_PART ? 0.06 : part == SHOE_PART ? 0.15 : 0.02;
    if (part == HAIR_PART) base *= 0.6 + 0.8 * strand;
    // Little light reaches the space between the legs, nor the far side of the body.
    float open = v_rest.y < 0.05 ? mix(0.45, 1.0, smoothstep(-0.4, 0.6, n.z * sign(v_rest.z))) : 1.0;
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
uniform float belt_m; uniform float daylight;
in vec3 v_world; in vec3 v_normal; in vec3 v_tint; flat in int v_material; in vec4 v_lamp;
out vec4 pixel;
LIGHT
float grain(vec2 p) { return fract(sin(dot(floor(p), vec2(12.9898, 78.233))) * 43758.5453); }
void main() {
    vec3 base = pow(v_tint, vec3(2.2)), n = normalize(v_normal);
    if (v_material == 1 && n.y > 0.5) {
        float along = v_world.x + belt_m;
        base *= 0.9 + 0.2 * grain(vec2(along, v_world.z) * 180.0);
        if (fract(along / MARKS_M) < 0.05 && abs(v_world.z) < 0.20) base += 0.10;
    } else if (v_material == 2 && n.y > 0.5) {
        vec2 tile = abs(fract(v_world.xz / 0.8) - 0.5);
        base *= 0.92 + 0.12 * grain(v_world.xz * 140.0);
        if (max(tile.x, tile.y) > 0.494) base *= 0.7;
    } else if (v_material == 3) {
        if (abs(n.z) > 0.5 && v_world.y < 0.42) base = vec3(0.20, 0.30, 0.36);
        if (abs(v_world.y - 0.43) < 0.012) base = vec3(0.75);
    } else if (v_material == 4) {
        base = mix(vec3(0.03, 0.05, 0.06), vec3(0.2, 0.55, 0.65), step(0.4, fract(v_world.y * 14.0)));
    } else if (v_material == 5) {
        pixel = vec4(film(daylight * mix(vec3(0.80, 0.86, 0.80), vec3(1.1, 1.25, 1.5), smoothstep(0.8, 1.9, v_world.y))), 1.0);
        return;
    }
    pixel = vec4(film(shade(base, n, v_world, v_lamp, 0.05, 1.0)), 1.0);
}
"""

_EMPTY_FRAGMENT = """
#version 330
in float v_edge;
void main() { if (v_edge < 0.0) discard; }
"""


class Person:
    """The layers of one body on the graphics side, with its colours."""

    def __init__(self, gl: moderngl.Context, programs: tuple, layers: list[Layer], look: Look) -> None:
        self._gl = gl
        self._colour, self._depth = programs
        self._palette = palette(look)
        points = skeletons()[look.body].points
        self._eye, self._nose_y = tuple(points["eye_right"][1]), float(points["nose"][1][1])
        self._meshes = []
        for layer in layers:
            rows = np.hstack([layer.position_m, layer.normal, layer.bones, layer.weights,
                              layer.part[:, None], layer.edge_m[:, None]]).astype("f4")
            vertex, index = gl.buffer(rows.tobytes()), gl.buffer(layer.triangles.astype("i4").tobytes())
            names = ("position", "normal", "bones", "weights", "part", "edge")
            full = gl.vertex_array(self._colour, [(vertex, "3f 3f 4f 4f 1f 1f", *names)], index)
            bare = gl.vertex_array(
                self._depth, [(vertex, "3f 3x4 4f 4f 1x4 1f", "position", "bones", "weights", "edge")], index
            )
            self._meshes.append((full, bare, layer.name in OPEN_LAYERS))

    def draw(self, segments: np.ndarray, depth_only: bool = False) -> None:
        """`segments`: (SEGMENTS, 4, 4) rest -> world."""
        program = self._depth if depth_only else self._colour
        program["segment"].write(np.ascontiguousarray(segments.transpose(0, 2, 1), "f4").tobytes())
        if not depth_only:
            program["colour"].write(self._palette.tobytes())
            program["eye_rest"].value, program["nose_y"].value = self._eye, self._nose_y
        for full, bare, is_open in self._meshes:
            if is_open:
                self._gl.disable(moderngl.CULL_FACE)
            (bare if depth_only else full).render()
            self._gl.enable(moderngl.CULL_FACE)


class Raster:
    """A drawing surface of the camera's size. `frame()` returns one picture."""

    def __init__(self, camera: Camera, gym_vertices: np.ndarray, daylight: bool = False, samples: int = 4) -> None:
        self.gl = gl = moderngl.create_context(standalone=True, backend="egl")
        gl.enable(moderngl.DEPTH_TEST | moderngl.CULL_FACE)
        self._size = (camera.width_px, camera.height_px)
        self._skinned = gl.program(filled(_SKINNED_VERTEX), filled(_SKINNED_FRAGMENT))
        self._depth = gl.program(_depth_vertex(), _EMPTY_FRAGMENT)
        gym = gl.program(filled(_GYM_VERTEX), filled(_GYM_FRAGMENT))
        self._gym_program = gym
        names = ("position", "normal", "tint", "material")
        self._gym = gl.vertex_array(gym, [(gl.buffer(gym_vertices.tobytes()), "3f 3f 3f 1f", *names)])
        self._shadow = gl.depth_texture((SHADOW_PX, SHADOW_PX))
        self._shadow.compare_func = "<="
        self._shadow_buffer = gl.framebuffer(depth_attachment=self._shadow)
        self._many = gl.framebuffer(
            gl.renderbuffer(self._size, 3, samples=samples), gl.depth_renderbuffer(self._size, samples=samples)
        )
        self._one = gl.framebuffer(gl.renderbuffer(self._size, 3))
        self._aim(camera)
        self.lit = [self._skinned, gym]  # programs whose pictures depend on the exposure
        gym["daylight"] = DAYLIGHT if daylight else 1.0
        self.people: list[Person] = []

    def add_person(self, layers: list[Layer], look: Look) -> None:
        """People are drawn in the order in which they were added."""
        self.people.append(Person(self.gl, (self._skinned, self._depth), layers, look))

    def frame(self, people: list[np.ndarray], belt_m: float, exposure: float = 1.0) -> np.ndarray:
        """(H, W, 3) uint8 RGB. `people`: per person (SEGMENTS, 4, 4); `belt_m`: how far the belt
        has run.
        """
        for program in self.lit:
            program["exposure"] = exposure
        self._shadow_buffer.use()
        self._shadow_buffer.clear()
        for person, segments in zip(self.people, people, strict=True):
            person.draw(segments, depth_only=True)
        self._many.use()
        self._many.clear(0.7, 0.7, 0.7)
        self._shadow.use(0)
        self._gym_program["belt_m"] = belt_m % (1000 * MARKS_M)
        for person, segments in zip(self.people, people, strict=True):
            person.draw(segments)
        self._gym.render()  # last: what people hide is not shaded
        self.gl.copy_framebuffer(self._one, self._many)
        rows = np.frombuffer(self._one.read(components=3, alignment=1), np.uint8)
        return rows.reshape(self._size[1], self._size[0], 3)[::-1]

    def release(self) -> None:
        """Give the graphics context back."""
        self.gl.release()

    def _aim(self, camera: Camera) -> None:
        matrix = projection_matrix(camera) @ view_matrix(camera)
        lamp_from = LAMP_FROM * [1, 1, 1 if camera.side == "right" else -1]
        lamp = lamp_matrix(lamp_from)
        for program in (self._skinned, self._gym_program):
            program["camera"].write(columns(matrix))
            program["lamp"].write(columns(lamp))
            program["eye"].value = tuple(eye_m(camera))
            program["lamp_from"].value = tuple(lamp_from)
            program["shadow"].value = 0
        self._depth["camera"].write(columns(lamp))


def palette(look: Look) -> np.ndarray:
    """(PARTS, 3) float32, linear light."""
    own = {"skin": look.skin, "hair": look.hair, "shirt": look.shirt, "shorts": look.shorts, "shoe": look.shoes,
           "sock": look.socks, "sole": (0.93, 0.93, 0.92)}
    return (np.array([own[part] for part in PARTS]) ** 2.2).astype("f4")


def segment_matrices(joints: dict[str, np.ndarray], rotation: dict[str, np.ndarray],
                     position: dict[str, np.ndarray]) -> np.ndarray:
    """(T, SEGMENTS, 4, 4): rest -> world."""
    out = np.zeros((len(position["pelvis"]), len(SEGMENTS), 4, 4))
    for i, segment in enumerate(SEGMENTS):
        out[:, i, :3, :3] = rotation[segment]
        out[:, i, :3, 3] = position[segment] - rotation[segment] @ joints[segment]
    out[:, :, 3, 3] = 1
    return out


def lamp_matrix(lamp_from: np.ndarray) -> np.ndarray:
    """Parallel light over the treadmill, world -> clip space of the shadow map."""
    back = lamp_from / np.linalg.norm(lamp_from)
    right = np.cross([0.0, 1.0, 0.0], back)
    right /= np.linalg.norm(right)
    view = np.eye(4)
    view[:3, :3] = [right, np.cross(back, right), back]
    view[:3, 3] = -view[:3, :3] @ np.array([0.0, 0.8, 0.0])
    return np.diag([1 / 1.9, 1 / 1.9, -1 / 4.0, 1.0]) @ view


def columns(matrix: np.ndarray) -> bytes:
    return np.ascontiguousarray(matrix.T, "f4").tobytes()


def filled(source: str) -> str:
    constants = {"SEGMENTS": len(SEGMENTS), "SHADOW_PX": SHADOW_PX, "SHIRT_PART": PARTS.index("shirt"),
                 "SHORTS_PART": PARTS.index("shorts"), "SKIN_PART": PARTS.index("skin"),
                 "SHOE_PART": PARTS.index("shoe"), "HAIR_PART": PARTS.index("hair"), "PARTS": len(PARTS),
                 "MARKS_M": MARKS_M}
    source = source.replace("LIGHT", _LIGHT)
    for name, value in constants.items():
        source = source.replace(name, str(value))
    return source


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
