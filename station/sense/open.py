"""One door for every source that a command line or a setting can name."""

from __future__ import annotations

from pathlib import Path

from station.config import Config
from station.errors import InputError
from station.ports import Clock, FrameSource, PoseSource

PICAMERA = "picamera"


def open_source(
    text: str | Path, config: Config, clock: Clock, realtime: bool = False, loop: bool = False
) -> FrameSource | PoseSource:
    """The source that `text` names, to be entered with `with`: "picamera", a video file or a poses file.

    Files are told apart by content, not by name. realtime: a file's items come at their own pace, stamped on `clock`.
    Raises InputError when there is no such file; what is wrong inside it is raised on entering.
    """
    if text == PICAMERA:
        from station.sense.picamera import PicameraSource

        return PicameraSource(config.camera, clock)
    path = Path(text)
    if not path.exists():
        raise InputError("does not exist", str(path), f"name a video or poses file, or {PICAMERA!r} for the camera")
    if _packed(path):
        from station.sense.poses import PosesSource

        return PosesSource(path, clock, realtime, loop)
    from station.sense.video import VideoSource

    return VideoSource(path, clock, realtime, loop)


def _packed(path: Path) -> bool:
    """Whether it is an archive: poses come in one. A cut-off one still begins so; an .npz without was meant to be one."""
    try:
        with path.open("rb") as file:
            return file.read(2) == b"PK" or path.suffix.lower() == ".npz"
    except OSError:
        return False
