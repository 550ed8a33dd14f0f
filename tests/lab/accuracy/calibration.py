"""How well `station calibrate` reads the camera's place: rendered empty gyms with known truth.

python -m tests.lab.accuracy.calibration            cameras held out: what is reported
python -m tests.lab.accuracy.calibration --tuned    the cameras that constants were chosen on
python -m tests.lab.accuracy.calibration --drift    whether a moved camera is noticed, on the first
eight of them python -m tests.lab.accuracy.calibration --stills tests/calibrate/stills    the
pictures that tests look at (needs tests/lab/render/requirements.txt and EGL; a minute)
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from station.calibrate.deck import Deck, Ruler, deck_of
from station.calibrate.lines import ImageLine, find_lines, ordered
from station.calibrate.orientation import Known
from station.calibrate.scene import drift_of, scene_of
from tests.lab.render.camera import project_px, view_matrix
from tests.lab.render.spec import Camera

# The near rail's ends along the belt: its rear, and where the motor's hood begins.
EDGE_M = (-1.00, 0.92)
WIDTH_M = 0.72
SHAPES = (  # as the two cameras of hardware/field-of-view.md, upright; and one lying
    {"width_px": 720, "height_px": 1280, "fov_deg": 66.0},
    {"width_px": 816, "height_px": 1088, "fov_deg": 45.0},
    {"width_px": 1280, "height_px": 720, "fov_deg": 44.0},
)
TUNED, HELD = [*range(60), *range(100, 130)], range(1000, 1060)


@dataclass(frozen=True)
class Shot:
    """One camera in one gym. `room_deg`: how far walls and furniture are turned against the
    treadmill. `blur_px`: of the lens.
    """

    camera: Camera
    room_deg: float
    exposure: float
    daylight: bool
    noise_sd: float
    blur_px: float

    @property
    def focal_px(self) -> float:
        return self.camera.height_px / 2 / float(np.tan(np.radians(self.camera.fov_deg / 2)))

    def scale(self, x_m: float) -> float:
        """True px per m at that place of the mid-line."""
        return self.focal_px / -float((view_matrix(self.camera) @ [x_m, 0.0, 0.0, 1.0])[2])


def shot(seed: int) -> Shot:
    """A camera as an installer may put it, and worse."""
    rng = np.random.default_rng(seed)
    camera = Camera(
        side=("right", "left")[seed % 2],
        azimuth_deg=float(rng.choice([0.0, rng.uniform(-3, 3), rng.uniform(-10, 10), rng.uniform(-20, 20)])),
        distance_m=float(rng.uniform(2.2, 3.6)),
        height_m=float(rng.uniform(0.95, 1.25)),
        aim_height_m=float(rng.uniform(0.9, 1.15)),
        roll_deg=float(rng.uniform(-4, 4)),
        **SHAPES[seed % 3],
    )
    room_deg = float(rng.choice([0.0, rng.uniform(-25, 25)]))
    return Shot(
        camera,
        room_deg,
        float(rng.uniform(0.35, 1.3)),
        bool(rng.random() < 0.2),
        float(rng.uniform(1, 5)),
        float(rng.uniform(0, 1.2)),
    )


def picture(one: Shot, seed: int = 0) -> np.ndarray:
    """(H, W) uint8 grey."""
    from tests.lab.render import scene
    from tests.lab.render.raster import Raster

    c, s = np.cos(np.radians(one.room_deg)), np.sin(np.radians(one.room_deg))
    turn = np.array([[c, 0.0, s], [0.0, 1.0, 0.0], [-s, 0.0, c]])
    own = len(scene._treadmill())
    shapes = scene.gym(one.daylight)
    first = next(i for i, shape in enumerate(shapes) if shape.material == scene.BELT) if own else 0
    turned = [
        shape if first <= i < first + own else replace(shape, position_m=shape.position_m @ turn.T, normal=shape.normal @ turn.T)
        for i, shape in enumerate(shapes)
    ]
    surface = Raster(one.camera, scene.vertices(turned), one.daylight)
    try:
        image = surface.frame([], 0.3, one.exposure).astype(np.float32)
    finally:
        surface.release()
    if one.blur_px > 0.2:
        image = cv2.GaussianBlur(image, (0, 0), one.blur_px)
    # The station looks at the middle value of some thirty pictures: a fifth of one picture's noise
    # is left.
    image += np.random.default_rng(seed).normal(0, one.noise_sd / 5, image.shape)
    return np.asarray(cv2.cvtColor(np.clip(image + 0.5, 0, 255).astype(np.uint8), cv2.COLOR_RGB2GRAY))


def by_hand(one: Shot, seed: int) -> ImageLine:
    """Two points a metre apart on the near rail, as somebody names them who errs by 2 px."""
    side = 1.0 if one.camera.side == "right" else -1.0
    ends = project_px(one.camera, np.array([[x, 0.008, side * WIDTH_M / 2] for x in (-0.42, 0.58)]))
    ends = ends + np.random.default_rng(seed).normal(0, 2, (2, 2))
    return ordered(*map(float, ends.ravel()))


@dataclass(frozen=True)
class Error:
    """Errors of one shot; NaN where the station says that it cannot tell. `*_half`: half-width of
    the interval it gives.
    """

    azimuth_true_deg: float
    turned_room: bool
    roll_deg: float
    roll_half: float
    azimuth_deg: float
    azimuth_half: float
    scale_pct: float
    scale_half: float
    hand_pct: float
    hand_half: float
    lens_pct: float
    lens_half: float


def error(seed: int) -> Error:
    one = shot(seed)
    camera, grey = one.camera, picture(one, seed)
    tape_m = camera.distance_m * (1 + float(np.random.default_rng(seed + 1000).normal(0, 0.01)))
    ruler = Ruler(EDGE_M[1] - EDGE_M[0], WIDTH_M, tape_m, True)
    lines = find_lines(grey)
    auto = deck_of(grey, lines, Known(), ruler)
    hand = deck_of(grey, lines, Known(deck=by_hand(one, seed)), replace(ruler, length_m=1.0))
    lens = deck_of(grey, lines, Known(focal_px=one.focal_px), replace(ruler, length_m=None))
    azimuth_deg = camera.azimuth_deg if camera.side == "right" else -camera.azimuth_deg
    place = hand.place  # with a scale, as the manual asks for
    return Error(
        camera.azimuth_deg,
        one.room_deg != 0,
        *_miss(place.roll, camera.roll_deg),
        *_miss(place.azimuth, azimuth_deg),
        *_share(auto, one.scale(sum(EDGE_M) / 2)),
        *_share(hand, one.scale(0.08)),
        *_share(lens, one.scale(camera.aim_forward_m)),
    )


def _miss(reported, true: float) -> tuple[float, float]:
    return (reported.value - true, reported.high - reported.value) if reported.measured else (np.nan, np.nan)


def _share(deck: Deck, true: float) -> tuple[float, float]:
    reported = deck.px_per_m
    if not reported.measured:
        return np.nan, np.nan
    return 100 * (reported.value / true - 1), 100 * (reported.high / reported.value - 1)


def table(errors: Sequence[Error]) -> Iterator[str]:
    yield "| what | cameras | told | median error | 95 % below | worst | within the interval given |"
    yield "|---|---|---|---|---|---|---|"
    groups = {
        "roll, azimuth up to 3 deg": ("roll_deg", "roll_half", lambda e: abs(e.azimuth_true_deg) <= 3),
        "roll, azimuth 3 to 20 deg": ("roll_deg", "roll_half", lambda e: abs(e.azimuth_true_deg) > 3),
        "roll, room not square to the treadmill": ("roll_deg", "roll_half", lambda e: e.turned_room),
        "azimuth, up to 10 deg": ("azimuth_deg", "azimuth_half", lambda e: abs(e.azimuth_true_deg) <= 10),
        "azimuth, 10 to 20 deg": ("azimuth_deg", "azimuth_half", lambda e: abs(e.azimuth_true_deg) > 10),
        "scale, deck found by itself": ("scale_pct", "scale_half", lambda e: True),
        "scale, two points a metre apart named": ("hand_pct", "hand_half", lambda e: True),
        "scale, lens known and distance measured": ("lens_pct", "lens_half", lambda e: True),
    }
    for name, (value, half, choose) in groups.items():
        rows = [e for e in errors if choose(e)]
        misses = np.array([[getattr(e, value), getattr(e, half)] for e in rows]).reshape(-1, 2)
        reported = misses[np.isfinite(misses[:, 0])]
        unit = "%" if value.endswith("pct") else "deg"
        if not len(reported):
            yield f"| {name} | {len(rows)} | 0 | | | | |"
            continue
        off = np.abs(reported[:, 0])
        inside = int((off <= reported[:, 1]).sum())
        numbers = " | ".join(f"{v:.2f} {unit}" for v in (np.median(off), np.percentile(off, 95), off.max()))
        yield f"| {name} | {len(rows)} | {len(reported)} | {numbers} | {inside} of {len(reported)} |"


def drifts(seeds: Sequence[int]) -> Iterator[str]:
    """Whether a moved camera is noticed, and one that stands is left alone in other light."""
    yield "| what happened | cameras | same | moved | unknown | cannot tell |"
    yield "|---|---|---|---|---|---|"
    changes = {
        "nothing": {},
        "light halved": {"exposure": 0.5},
        "daylight behind": {"daylight": True},
        "noise of a dark gym": {"noise_sd": 12.0},
        "turned by 1 deg": {"roll_deg": 1.0},
        "tilted by 1 deg": {"aim_height_m": 0.05},
        "pushed 5 cm along the belt": {"aim_forward_m": 0.05},
        "pushed 20 cm along the belt": {"aim_forward_m": 0.2},
        "pushed 10 cm nearer": {"distance_m": -0.1},
        "turned by 20 deg": {"azimuth_deg": 20.0},
    }
    counts = {name: dict.fromkeys(("same", "moved", "unknown", "cannot_tell"), 0) for name in changes}
    for seed in seeds:
        one = replace(shot(seed), exposure=1.0, daylight=False)
        then = scene_of(picture(one, seed))
        for name, change in changes.items():
            place = {key: getattr(one.camera, key) + by for key, by in change.items() if hasattr(one.camera, key)}
            light = {key: value for key, value in change.items() if not hasattr(one.camera, key)}
            now = replace(one, camera=replace(one.camera, **place), **light)
            counts[name][drift_of(then, picture(now, seed + 500)).state] += 1
    for name, count in counts.items():
        yield f"| {name} | {len(seeds)} | " + " | ".join(str(n) for n in count.values()) + " |"


def stills() -> dict[str, Shot]:
    """The pictures in tests/calibrate/stills: a whole deck, the same with the camera moved and in
    other light, and upright.
    """
    camera = Camera(
        width_px=640,
        height_px=480,
        fov_deg=52.0,
        distance_m=3.0,
        height_m=1.1,
        aim_height_m=0.98,
        aim_forward_m=0.0,
        roll_deg=1.5,
        azimuth_deg=4.0,
    )
    tall = {"width_px": 360, "height_px": 640, "fov_deg": 66.0, "distance_m": 2.4, "aim_height_m": 1.05}
    deck = Shot(camera, 0.0, 1.0, False, 2.0, 0.6)
    return {
        "deck": deck,
        "moved": replace(deck, camera=replace(camera, roll_deg=3.5, aim_height_m=1.03)),
        "dim": replace(deck, exposure=0.45, daylight=True),
        "upright": replace(deck, camera=replace(camera, azimuth_deg=0.0, roll_deg=-2.0, **tall)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tuned", action="store_true")
    parser.add_argument("--drift", action="store_true", help="whether a moved camera is noticed")
    parser.add_argument("--stills", type=Path, metavar="DIR")
    parser.add_argument("--each", action="store_true", help="one line per camera")
    arguments = parser.parse_args()
    seeds = TUNED if arguments.tuned else HELD
    if arguments.stills:
        for name, one in stills().items():
            cv2.imwrite(str(arguments.stills / f"{name}.jpg"), picture(one, 1), [cv2.IMWRITE_JPEG_QUALITY, 88])
        return
    if arguments.drift:
        print("\n".join(drifts(seeds[:8])))
        return
    errors = []
    for seed in seeds:
        errors.append(error(seed))
        if arguments.each:
            print(seed, shot(seed), errors[-1])
    print("\n".join(table(errors)))


if __name__ == "__main__":
    main()
