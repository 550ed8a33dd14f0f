"""The doctor's cheap checks, once at the start, beside the coaching."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from threading import Thread

from station.check import Check
from station.config import Config
from station.run.doctor import examine
from station.types import Troubles

log = logging.getLogger("station")

# Those that claim no device and load no model: the running station has these, and tells by itself
# when they fail.
PARTS = ("packages", "storage", "clock", "power")


class BootCheck:
    """`trouble`: (what, remedy) of the parts that failed, empty until that is known.

    A check that itself breaks is logged.
    """

    def __init__(self, config: Config, look: Callable[[Config, Sequence[str]], list[Check]] = examine) -> None:
        self.trouble: Troubles = ()
        self._config, self._look = config, look
        self._thread = Thread(target=self._work, name="doctor", daemon=True)
        self._thread.start()

    def join(self, timeout_s: float | None = None) -> None:
        self._thread.join(timeout_s)

    def _work(self) -> None:
        try:
            checks = self._look(self._config, PARTS)
        except Exception:  # a doctor that falls ill must not take the coach along
            log.exception("the checks at the start broke off")
            return
        self.trouble = tuple((f"{one.part}: {one.evidence}", one.remedy) for one in checks if one.state != "ok")
        for what, remedy in self.trouble:
            log.warning("%s. %s", what, remedy)
