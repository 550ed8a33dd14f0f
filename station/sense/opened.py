"""What the sources of this room share, and the frames of an opened one, one after the other."""

from __future__ import annotations

from collections.abc import Iterator

from station.errors import InputError
from station.ports import EndOfSource, FrameSource, PoseSource
from station.types import Frame, SourceInfo

SILENT = 3  # reads in a row without a frame: nothing more will come (chosen)


class Opened:
    """Set `_info` on entering. Without it `info` raises RuntimeError."""

    _info: SourceInfo | None = None

    @property
    def info(self) -> SourceInfo:
        if self._info is None:
            raise RuntimeError("the source is not open: use it in a `with` block")
        return self._info

    def __exit__(self, *_: object) -> None:
        self._info = None


def frames(source: FrameSource | PoseSource, timeout_s: float) -> Iterator[Frame]:
    """Until the source ends, or gave nothing for three times `timeout_s`.

    Raises InputError for a source of landmarks, and what `source.read` raises.
    """
    silent = 0
    while silent < SILENT:
        try:
            item = source.read(timeout_s)
        except EndOfSource:
            return
        if item is None:
            silent += 1
            continue
        if not isinstance(item, Frame):
            raise InputError("holds landmarks, no frames", source.info.path, "name a film or a camera")
        silent = 0
        yield item
