"""Work that may fail on a frame: skipped and counted, until it fails again and again."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Generic, ParamSpec, TypeVar

from station.errors import StationError
from station.types import Troubles

log = logging.getLogger("station")

# Chosen: a sixth of a second at 60 frames a second; one bad frame never fails ten times.
MOST_IN_A_ROW = 10

P = ParamSpec("P")
T = TypeVar("T")


class Tolerated(Generic[P, T]):
    """Calls `work`; None when it failed. After MOST_IN_A_ROW failures it is `dead`: not called
    again, and `trouble` says why.

    `failed` counts all failures. The first of a row is logged with its traceback. What is in
    `passing` is raised as it is.
    """

    def __init__(
        self,
        name: str,
        work: Callable[P, T],
        remedy: str = "switch the station off and on",
        passing: tuple[type[Exception], ...] = (),
    ) -> None:
        self.failed = 0
        self.error: StationError | None = None
        self._name, self._work, self._remedy, self._passing = name, work, remedy, passing
        self._in_a_row = 0

    @property
    def dead(self) -> bool:
        return self.error is not None

    @property
    def trouble(self) -> Troubles:
        return (self.error.trouble,) if self.error is not None else ()

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T | None:
        if self.error is not None:
            return None
        try:
            result = self._work(*args, **kwargs)
        except self._passing:
            raise
        except Exception as error:  # whatever it is, the next frame may well be a good one
            self._count(error)
            return None
        self._in_a_row = 0
        return result

    def _count(self, error: Exception) -> None:
        self.failed += 1
        self._in_a_row += 1
        if self._in_a_row == 1:
            log.warning("%s failed on a frame, which is skipped", self._name, exc_info=error)
        if self._in_a_row >= MOST_IN_A_ROW:
            what = f"{self._name} failed {self._in_a_row} times in a row ({described(error)})"
            self.error = StationError(what, "", self._remedy)
            log.error("%s", self.error)


def described(error: BaseException) -> str:
    """An error in one clause: its own words if raised on purpose, else type and words."""
    if isinstance(error, StationError):
        return error.what
    words = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {words}" if words else type(error).__name__
