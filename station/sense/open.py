"""One door for every source that a command line or a setting can name."""

from __future__ import annotations

from pathlib import Path

from station.config import Config
from station.errors import InputError, UsageError
from station.ports import Clock, FrameSource, PoseSource
from station.sense.film_reading import FilmReading

PICAMERA = "picamera"


def open_source(
    text: str | Path,
    config: Config,
    clock: Clock,
    realtime: bool = False,
    loop: bool = False,
    reading: FilmReading | None = None,
) -> FrameSource | PoseSource:
    """The source that `text` names, to be entered with `with`: "picamera", a video file or a poses file.

    Files are told apart by content, not by name. realtime: a file's items come at their own pace, stamped on `clock`.
    reading: what a person says about a film. Raises InputError when there is no such file and UsageError for a `reading` of what
    is no film; what is wrong inside a file is raised on entering.
    """
    is_film = False
    if text == PICAMERA:
        from station.sense.picamera import PicameraSource

        source: FrameSource | PoseSource = PicameraSource(config.camera, clock)
    else:
        path = Path(text)
        if not path.exists():
            raise InputError("does not exist", str(path), f"name a video or poses file, or {PICAMERA!r} for the camera")
        if _packed(path):
            from station.sense.poses import PosesSource

            source = PosesSource(path, clock, realtime, loop)
        else:
            from station.sense.video import VideoSource

            source, is_film = VideoSource(path, clock, realtime, loop, reading), True
    if not is_film and reading not in (None, FilmReading()):
        raise UsageError("--fps and --turn are for films only", str(text), "leave them out")
    return source


def _packed(path: Path) -> bool:
    """Whether it is an archive: poses come in one. A cut-off one still begins so; an .npz without was meant to be one."""
    try:
        with path.open("rb") as file:
            return file.read(2) == b"PK" or path.suffix.lower() == ".npz"
    except OSError:
        return False
