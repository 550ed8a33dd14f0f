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
    """What `text` names, to be entered: "picamera", "webcam", "webcam:N", a video or a poses file.

    Files are told apart by content, not by name. realtime: a file's items come at their own pace,
    stamped on `clock`. reading: what a person says about a film; its turn also holds for a webcam.
    Raises InputError when there is no such file and UsageError for a `reading` of what is no film;
    what is wrong inside a file is raised on entering.
    """
    reading = reading or FilmReading()
    said = {"--fps": reading.fps is not None, "--turn": reading.turned_deg != 0}
    source, takes = _source(str(text), config, clock, realtime, loop, reading)
    unfit = [option for option, given in said.items() if given and option not in takes]
    if unfit:
        raise UsageError(f"{' and '.join(unfit)} cannot be said of this source", str(text), "leave it out: it is for films")
    return source


def _source(
    text: str, config: Config, clock: Clock, realtime: bool, loop: bool, reading: FilmReading
) -> tuple[FrameSource | PoseSource, tuple[str, ...]]:
    """The source, and which options of `reading` it takes."""
    if text == PICAMERA:
        from station.sense.picamera import PicameraSource

        return PicameraSource(config.camera, clock), ()
    if text.startswith("webcam"):
        from station.sense.webcam import WebcamSource, webcam_number

        number = webcam_number(text)
        if number is not None:
            return WebcamSource(number, clock, reading.turned_deg), ("--turn",)
    path = Path(text)
    if not path.exists():
        raise InputError("does not exist", text, f"name a video or poses file, {PICAMERA!r} or 'webcam'")
    if _packed(path):
        from station.sense.poses import PosesSource

        return PosesSource(path, clock, realtime, loop), ()
    from station.sense.video import VideoSource

    return VideoSource(path, clock, realtime, loop, reading), ("--fps", "--turn")


def _packed(path: Path) -> bool:
    """Whether it is an archive, as poses are: by its beginning, or by its name."""
    try:
        with path.open("rb") as file:
            return file.read(2) == b"PK" or path.suffix.lower() == ".npz"
    except OSError:
        return False
