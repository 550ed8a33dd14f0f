"""How much of the runner each camera sees from how far: the tables of field-of-view.md and
hip-belt/README.md.

    python hardware/field_of_view.py    # prints both; a test compares them

Plain geometry: a lens with the angle of view a covers 2 d tan(a / 2) at the distance d, without
distortion.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from station.config import CameraSection

# What has to be in the picture: a runner of 2 m with what the head rises, on a deck 0.2 m high;
# stride and drift along the belt.
NEED_WIDTH_M, NEED_HEIGHT_M = 1.7, 2.3
DISTANCES_M = (2.0, 2.4, 2.7, 3.0)
TAG_DISTANCES_M = (2.0, 2.4, 2.8, 3.2, 3.6)


@dataclass(frozen=True)
class Camera:
    """`long_deg`, `short_deg`: angles of view along the sensor's long and short side, whole sensor.
    """

    name: str
    long_deg: float
    short_deg: float
    source: str


def lens(pixels: int, pitch_um: float, focal_mm: float) -> float:
    """Angle of view in degrees of so many pixels behind that lens, focused far away."""
    return 2 * math.degrees(math.atan(pixels * pitch_um / 1000 / 2 / focal_mm))


def global_shutter(focal_mm: float) -> Camera:
    """Sony IMX296: 1456 x 1088 pixels of 3.45 um. Source: Raspberry Pi's camera documentation,
    hardware table.
    """
    source = f"IMX296, 1456 x 1088 pixels of 3.45 um behind {focal_mm:g} mm"
    return Camera(f"Global Shutter, {focal_mm:g} mm", lens(1456, 3.45, focal_mm), lens(1088, 3.45, focal_mm), source)


PUBLISHED = "angles as Raspberry Pi publishes them"
CAMERAS = (
    global_shutter(6.0),
    global_shutter(5.0),
    global_shutter(4.0),
    Camera("Camera Module 3", 66.0, 41.0, PUBLISHED),
    Camera("Camera Module 3 Wide", 102.0, 67.0, PUBLISHED),
)


def covered_m(angle_deg: float, distance_m: float) -> float:
    return 2 * distance_m * math.tan(math.radians(angle_deg) / 2)


def least_distance_m(camera: Camera) -> float:
    """From here on the whole runner is in the picture, camera upright (long side vertical)."""
    return max(NEED_WIDTH_M / covered_m(camera.short_deg, 1.0), NEED_HEIGHT_M / covered_m(camera.long_deg, 1.0))


def table() -> str:
    """As Markdown, width x height in metres. A pixel's size: where the whole runner just fits, with
    the default settings.
    """
    head = ["camera, upright", "angle of view", "whole runner from", "one pixel there", *(f"at {d:.1f} m" for d in DISTANCES_M)]
    rows = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for camera in CAMERAS:
        least_m = math.ceil(10 * least_distance_m(camera)) / 10
        pixel_mm = 1000 * covered_m(camera.long_deg, least_m) / CameraSection().long_side_px
        seen = [f"{covered_m(camera.short_deg, d):.2f} x {covered_m(camera.long_deg, d):.2f}" for d in DISTANCES_M]
        angle = f"{camera.short_deg:.0f} x {camera.long_deg:.0f} deg"
        rows.append(f"| {' | '.join([camera.name, angle, f'{least_m:.1f} m', f'{pixel_mm:.1f} mm', *seen])} |")
    return "\n".join(rows)


TAG_M = 0.05  # the black square of a hip belt's tag
LONG_SIDES_PX = (960, 1280)


def tag_table() -> str:
    """Pixels along a hip belt's tag that faces the camera, as Markdown; bold where the whole runner
    is in the picture as well.
    """
    head = ["camera, upright", "`long_side_px`", *(f"{d:.1f} m" for d in TAG_DISTANCES_M)]
    rows = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for camera in CAMERAS:
        for long_side_px in LONG_SIDES_PX:
            sizes = []
            for distance_m in TAG_DISTANCES_M:
                size = f"{TAG_M * long_side_px / covered_m(camera.long_deg, distance_m):.0f}"
                sizes.append(f"**{size}**" if distance_m >= math.ceil(10 * least_distance_m(camera)) / 10 else size)
            rows.append(f"| {' | '.join([camera.name, str(long_side_px), *sizes])} |")
    return "\n".join(rows)


if __name__ == "__main__":
    print(table())
    print()
    print(tag_table())
