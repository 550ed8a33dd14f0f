"""What the running station writes to its log, and the error that ends it, in the language of the
settings.

Code speaks English, as everywhere; here, at the edge, the catalogue is asked. JSON stays English:
programs read it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from station.errors import StationError
from station.language import catalogue


class Spoken(logging.Filter):
    """Puts each log line into that language; what has no translation passes as it is."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self._say = catalogue(language).text

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = self._say(record.getMessage()), ()
        return True


@contextmanager
def speaking(language: str) -> Iterator[Callable[[str], str]]:
    """Log and errors of the block speak that language. Yields the translator."""
    say, log, spoken = catalogue(language).text, logging.getLogger("station"), Spoken(language)
    log.addFilter(spoken)
    try:
        yield say
    except StationError as error:
        error.what, error.remedy = say(error.what), say(error.remedy)
        raise
    finally:
        log.removeFilter(spoken)
