"""What a person gives beside the frames: points on plumb line and deck, and lengths."""

from __future__ import annotations

import numpy as np

from station.calibrate.lines import ImageLine, ordered
from station.calibrate.orientation import Known
from station.errors import UsageError
from station.types import SourceInfo

# Angle of view along the long side, deg, of cameras sold with their lens (Raspberry Pi's camera
# hardware page, November 2026).
LENSES = {"imx708": 66.0, "imx708_wide": 102.0}
FOUR = "two points as X1,Y1,X2,Y2 in pixels of the frame"


def known_of(plumb: ImageLine | None, deck: ImageLine | None, focal_px: float | None, info: SourceInfo) -> Known:
    """Raises UsageError for points that cannot be what they are said to be."""
    if plumb and abs(plumb.tilt_deg) > 45:
        raise UsageError("the points of --plumb lie side by side", "", "name the upper and the lower end of the line")
    if deck and abs(deck.slope_deg) > 45:
        raise UsageError("the points of --deck lie one above the other", "", "name the left and the right end of the edge")
    for line, option in ((plumb, "--plumb"), (deck, "--deck")):
        if line is not None:
            fits = 0 <= min(line.x0, line.x1) <= max(line.x0, line.x1) <= info.width_px
            fits = fits and 0 <= min(line.y0, line.y1) <= max(line.y0, line.y1) <= info.height_px
            if not fits:
                where = f"the frame has {info.width_px}x{info.height_px} pixels"
                raise UsageError(f"{option} points outside the frame", "", f"{where}: name points in it")
    return Known(plumb, deck, focal_px or focal_of(info))


def focal_of(info: SourceInfo) -> float | None:
    """The focal length, px, of a camera whose lens is fixed; None where any lens may be on it."""
    for model, view_deg in LENSES.items():
        if info.kind == "camera" and f"({model})" in info.path.replace("_noir", ""):
            return max(info.width_px, info.height_px) / 2 / float(np.tan(np.radians(view_deg) / 2))
    return None


def points(text: str | None, option: str) -> ImageLine | None:
    """A line from `X1,Y1,X2,Y2`. Raises UsageError for anything else."""
    if text is None:
        return None
    try:
        x0, y0, x1, y1 = (float(part) for part in text.split(","))
    except ValueError:
        raise UsageError(f"{option} {text!r} is not {FOUR}", "", f"say for example {option} 120,900,620,905") from None
    if not np.isfinite([x0, y0, x1, y1]).all() or np.hypot(x1 - x0, y1 - y0) < 10:
        raise UsageError(f"the points of {option} are nearly the same", "", "name two points far apart")
    return ordered(x0, y0, x1, y1)
