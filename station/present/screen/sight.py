"""How large a runner sees the page: the size of the display and the distance of the eye."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

DRM = Path("/sys/class/drm")
# Of arc, height of capitals: read at a glance while running (ISO 9241-303: 20 to 22 preferred)
LEAST_MINUTES = 20.0
# 15.6 inches, the display of the bill of materials; for one that does not tell its size
USUAL_WIDTH_MM = 344.0
EDID_BYTES = 128  # of its first block, by the standard


@dataclass(frozen=True, slots=True)
class Sight:
    """`width_mm` of the lit area as the page lies, `distance_m` from the eye."""

    width_mm: float = USUAL_WIDTH_MM
    distance_m: float = 2.0

    @property
    def least_mm(self) -> float:
        """The height of capitals that is read at a glance."""
        return 1000 * self.distance_m * math.tan(math.radians(LEAST_MINUTES / 60))

    def minutes(self, height_mm: float) -> float:
        """The visual angle of something that high, minutes of arc."""
        return 60 * math.degrees(math.atan(height_mm / 1000 / self.distance_m))


def display_mm(drm: Path = DRM) -> tuple[float, float] | None:
    """(width, height) of the connected display by its EDID, None where none tells it."""
    for status in sorted(drm.glob("card*-*/status")):
        try:
            if status.read_text().strip() == "connected" and (size := edid_mm((status.parent / "edid").read_bytes())) is not None:
                return size
        except OSError:
            continue
    return None


def edid_mm(edid: bytes) -> tuple[float, float] | None:
    """The size in an EDID: of its preferred timing in mm, else of the display in cm.

    Source: VESA Enhanced EDID Standard, release A, revision 2, sections 3.6.2 and 3.10.2.
    """
    if len(edid) < EDID_BYTES or edid[:8] != b"\x00\xff\xff\xff\xff\xff\xff\x00":
        return None
    if edid[54] or edid[55]:  # a timing, not a text
        width, height = edid[66] | (edid[68] & 0xF0) << 4, edid[67] | (edid[68] & 0x0F) << 8
        if width and height:
            return float(width), float(height)
    width, height = 10 * edid[21], 10 * edid[22]
    return (float(width), float(height)) if width and height else None


def sight_of(size_px: tuple[int, int], width_mm: float | None, distance_m: float, drm: Path = DRM) -> Sight:
    """The sight of a page of that many pixels; `width_mm` None = as the display tells."""
    if width_mm is None:
        size = display_mm(drm)
        # A display that stands upright was turned.
        lying = None if size is None else (max(size), min(size))
        upright = size_px[1] > size_px[0]
        width_mm = (USUAL_WIDTH_MM * (9 / 16 if upright else 1)) if lying is None else lying[1 if upright else 0]
    return Sight(width_mm, distance_m)
