"""When a film was taken: by its own word, else by its file's."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from station.errors import InputError
from station.sense.film_track import open_film
from station.types import DateOrigin

# Where containers keep it, the best first: Apple's holds the time zone and survives an export;
# creation_time is what FFmpeg makes of MP4, Matroska and AVI alike.
TAGS = ("com.apple.quicktime.creationdate", "creation_time")
# Chosen: cameras whose clock was never set say 1904, 1970, 1980 or 2000.
FIRST = datetime(2001, 1, 1, tzinfo=UTC)
AHEAD = timedelta(days=1)  # a camera in another time zone, whose clock says local time for UTC


def film_date(path: Path, now: datetime | None) -> tuple[datetime, DateOrigin] | None:
    """The time and who says so; None without one that can be true. `now`: None = not known.

    A file that is no film (poses) has the time at which it was last changed. Raises nothing: what
    is wrong with the file is told by whoever reads it.
    """
    for moment in _written(path):
        if _believed(moment, now):
            return moment, "film"
    try:
        changed = datetime.fromtimestamp(os.stat(path).st_mtime, UTC)
    except (OSError, OverflowError, ValueError):
        return None
    return (changed, "file") if _believed(changed, now) else None


def _believed(moment: datetime, now: datetime | None) -> bool:
    return moment >= FIRST and (now is None or moment <= now + AHEAD)


def _written(path: Path) -> Iterator[datetime]:
    try:
        with open_film(path) as container:
            tags = [dict(container.metadata), *(dict(stream.metadata) for stream in container.streams.video)]
    except InputError:
        return
    for name in TAGS:
        for one in tags:
            moment = _moment(one, name)
            if moment is not None:
                yield moment


def _moment(tags: Mapping[str, str], name: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(tags.get(name, "").strip())
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
