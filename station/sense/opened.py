"""What the sources of this room share: `info` holds once a source is entered."""

from __future__ import annotations

from station.types import SourceInfo


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
