"""`station screen VIEW --png FILE`: one view of the screen, drawn in memory from sample data."""

from __future__ import annotations

import re
from pathlib import Path

import cv2

from station.errors import StationError, UsageError
from station.files import write_output


def draw_view(view: str, png: Path, size: str) -> None:
    """Raises UsageError for an unknown view or size, StationError for an unwritable file."""
    from station.present.screen import render_rgb
    from station.testing import screen_samples as samples

    numbers = re.fullmatch(r"(\d{3,4})x(\d{3,4})", size)
    if numbers is None:
        raise UsageError(f"{size!r} is no size", "--size", "write WIDTHxHEIGHT in pixels, as in 1280x720")
    try:
        snapshot = samples.sample(view)
    except KeyError:
        raise UsageError(f"there is no view {view!r}", "", f"choose one of {', '.join(samples.SAMPLES)}") from None
    picture = render_rgb(snapshot, (int(numbers[1]), int(numbers[2])))
    written, data = cv2.imencode(".png", picture[:, :, ::-1])
    if not written:
        raise StationError("cannot be drawn as PNG", str(png), "choose another size")
    write_output(png, data.tobytes())
