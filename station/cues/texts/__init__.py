"""Everything the station says: a text id to a short text for the screen and a sentence for the voice.

One module per language; `en` is complete and the measure of the others. To add a language, write its module, put it in
LANGUAGES and render its voice lines: ids are the names of the sound files.
"""

from __future__ import annotations

from collections.abc import Mapping

from station.cues.texts.en import LINES as ENGLISH
from station.cues.texts.line import Line

LANGUAGES: Mapping[str, Mapping[str, Line]] = {"en": ENGLISH}


def line(text_id: str, language: str = "en") -> Line:
    """The words of that id. Raises KeyError for an unknown language or id: a rule and its text must agree."""
    return LANGUAGES[language][text_id]
