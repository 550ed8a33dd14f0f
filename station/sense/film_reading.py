"""What a person knows about a film better than its file."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FilmReading:
    """The file is believed in what is not given.

    fps: frames a second at which the camera took the film, whatever times the file carries.
    turned_deg: how far to turn its frames clockwise: 0, 90, 180 or 270.
    """

    fps: float | None = None
    turned_deg: int = 0
