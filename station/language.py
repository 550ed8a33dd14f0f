"""The language of what people read and hear: English in the code, translated where it is shown.

The catalogues are gettext's, one per language in `locale/`, made and checked by `python -m
tests.lab.languages`. A message with values in it is found again by its pattern, so that what was
recorded in English is shown in any language later.
"""

from __future__ import annotations

import gettext
import re
import string
from collections.abc import Mapping
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

LOCALE = Path(__file__).parent / "locale"
NUMBER = re.compile(r"(?<=\d)\.(?=\d)")
PERCENT = re.compile(r"(?<=\d)%")
# A field of a message: anything, as little of it as the rest of the message allows; beside few
# letters only what has a figure in front, or "{cleared} of {given}" would be found in many a
# sentence.
FIELD, FIGURES, FEW = "(.+?)", r"([-−+]?\d\S*)", 8


class Tongue(NamedTuple):
    """A language's own name, its decimal mark, how it writes a date and a day without the year (for
    `datetime.strftime`), and what stands between a number and the sign of per cent."""

    name: str
    decimal: str
    date: str
    day: str
    percent: str = ""


TONGUES: Mapping[str, Tongue] = {
    "en": Tongue("English", ".", "%Y-%m-%d %H:%M", "%m-%d"),
    "de": Tongue("Deutsch", ",", "%d.%m.%Y, %H:%M", "%d.%m.", "\N{NO-BREAK SPACE}"),
    "es": Tongue("Español", ",", "%d/%m/%Y, %H:%M", "%d/%m", "\N{NO-BREAK SPACE}"),
    "fr": Tongue("Français", ",", "%d/%m/%Y %H:%M", "%d/%m", "\N{NO-BREAK SPACE}"),
    "it": Tongue("Italiano", ",", "%d/%m/%Y, %H:%M", "%d/%m"),
    "ja": Tongue("日本語", ".", "%Y/%m/%d %H:%M", "%m/%d"),
}


class Catalogue:
    """The words of one language. English needs none: its messages are their own translation."""

    def __init__(self, code: str, messages: Mapping[str, str]) -> None:
        self.code = code
        self.tongue = TONGUES[code]
        self._messages = messages
        self._patterns = [(pattern(words), words) for words in sorted(messages, key=_literal, reverse=True) if "{" in words]
        self.text = lru_cache(maxsize=2000)(self._text)

    def _text(self, words: str) -> str:
        """Those English words in this language, with its decimal mark; unknown ones stay."""
        exact = self._messages.get(words)
        if exact is not None:
            return self.number(exact)
        for shape, message in self._patterns:
            found = shape.fullmatch(words)
            if found:
                values = [self._text(value) for value in found.groups()]
                return fill(self._messages[message], fields(message), values)
        if "; " in words:  # several things said in a row
            return "; ".join(self._text(part) for part in words.split("; "))
        return self.number(words)

    def number(self, words: str) -> str:
        """Numbers with this language's decimal mark, and its space before per cent."""
        words = words if self.tongue.decimal == "." else NUMBER.sub(self.tongue.decimal, words)
        return PERCENT.sub(self.tongue.percent + "%", words) if self.tongue.percent else words

    def date(self, utc: str) -> str:
        """An ISO 8601 time as people of this language write it, to the minute."""
        return datetime.fromisoformat(utc).strftime(self.tongue.date)


@cache
def catalogue(code: str) -> Catalogue:
    """The catalogue of a language of TONGUES. Raises KeyError, OSError for one not there."""
    if code == "en":
        return Catalogue(code, {})
    with (LOCALE / f"{code}.mo").open("rb") as file:
        translations = gettext.GNUTranslations(file)
    messages = translations._catalog  # type: ignore[attr-defined]  # there is no other way to list them
    return Catalogue(code, {words: translated for words, translated in messages.items() if words})


def pattern(message: str) -> re.Pattern[str]:
    """What matches that message with any values in its fields."""
    value = FIELD if _literal(message) >= FEW else FIGURES
    parts = [re.escape(text) + (value if field is not None else "") for text, field, _, _ in string.Formatter().parse(message)]
    return re.compile("".join(parts), re.DOTALL)


def fields(message: str) -> list[str]:
    """The names of a message's fields in order; unnamed ones are numbered."""
    names = [field for _, field, _, _ in string.Formatter().parse(message) if field is not None]
    return [name or str(i) for i, name in enumerate(names)]


def fill(message: str, names: list[str], values: list[str]) -> str:
    """A message with those values, already written, in the fields of those names."""
    values_of = dict(zip(names, values, strict=True))
    parts = []
    for text, field, _, _ in string.Formatter().parse(message):
        parts += [text, values_of[field]] if field is not None else [text]
    return "".join(parts)


def _literal(message: str) -> int:
    """How much of a message is not a field: the more, the surer the match."""
    return sum(len(text) for text, _, _, _ in string.Formatter().parse(message))
