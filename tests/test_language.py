"""Words in other languages: found by their message, also with values in it, written as people of
that language write.
"""

from __future__ import annotations

import re
from typing import get_args

import pytest

from station.config import StationSection
from station.faults import RULES
from station.language import LOCALE, TONGUES, Catalogue, catalogue, fields
from station.present.voices import all_lines
from station.types import QUANTITIES
from tests.lab.languages.messages import general, messages

GERMAN = Catalogue(
    "de",
    {
        "belt speed unknown": "Bandgeschwindigkeit unbekannt",
        "{0} km/h: no norms {1} km/h": "{0} km/h: keine Normwerte {1} km/h",
        "under {0}": "unter {0}",
        "{cleared} of {given}": "{cleared} von {given}",
        "norm at {kmh:.1f} km/h": "bei {kmh} km/h üblich",
        "cannot tell: {0}": "nicht bestimmbar: {0}",
    },
)


@pytest.mark.parametrize(
    ("english", "german"),
    [
        ("belt speed unknown", "Bandgeschwindigkeit unbekannt"),
        ("4 of 5", "4 von 5"),
        ("norm at 10.8 km/h", "bei 10,8 km/h üblich"),
        ("7.2 km/h: no norms under 8 km/h", "7,2 km/h: keine Normwerte unter 8 km/h"),
        ("cannot tell: belt speed unknown", "nicht bestimmbar: Bandgeschwindigkeit unbekannt"),
        ("± 1.5°", "± 1,5°"),
        ("/media/usb/STATION", "/media/usb/STATION"),
    ],
)
def test_words_are_found_again_with_their_values(english: str, german: str) -> None:
    assert GERMAN.text(english) == german


def test_english_is_its_own_translation() -> None:
    assert catalogue("en").text("norm at 10.8 km/h") == "norm at 10.8 km/h"


def test_dates_are_written_as_the_language_does() -> None:
    assert {code: Catalogue(code, {}).date("2026-11-23T17:05:09Z") for code in ("en", "de", "ja")} == {
        "en": "2026-11-23 17:05",
        "de": "23.11.2026, 17:05",
        "ja": "2026/11/23 17:05",
    }


def test_the_setting_offers_every_language() -> None:
    assert get_args(StationSection.model_fields["language"].annotation) == tuple(TONGUES)


# --- the catalogues that are shipped ---

CODES = [code for code in TONGUES if code != "en"]


def translations(code: str) -> dict[str, str]:
    pofile = pytest.importorskip("babel.messages.pofile")
    with (LOCALE / f"{code}.po").open("rb") as file:
        return {str(message.id): str(message.string) for message in pofile.read_po(file, locale=code) if message.id}


@pytest.mark.parametrize("code", CODES)
def test_the_compiled_catalogue_is_that_of_the_source(code: str) -> None:
    """After a change of a .po: `python -m tests.lab.languages`."""
    reported = {words: string for words, string in translations(code).items() if string}
    assert reported
    assert {words: catalogue(code)._messages.get(words) for words in reported} == reported


@pytest.mark.parametrize("code", CODES)
def test_a_translation_keeps_the_fields(code: str) -> None:
    for words, string in translations(code).items():
        if string:
            assert sorted(set(fields(string))) == sorted(set(fields(words))), words
            assert not words.endswith(".") or string.endswith((".", "。", "?")), words


@pytest.mark.parametrize("code", CODES)
def test_everything_said_measured_and_shown_is_translated(code: str) -> None:
    known = translations(code)
    lines = [text for line in all_lines().values() for text in line if text]
    rules = [words for rule in RULES for words in (rule.title, rule.advice)]
    rules += [rule.coaching.focus for rule in RULES if rule.coaching]
    measures = [words for q in QUANTITIES.values() for words in (q.label, q.short, q.meaning, q.good)]
    pages = [words for words, places in messages().items() if any(re.search("screen/strings|/export/", one) for one in places)]
    assert [words for words in (*lines, *rules, *measures, *pages) if not known.get(general(words))] == []


@pytest.mark.parametrize("code", CODES)
def test_cues_are_short_in_every_language(code: str) -> None:
    say = catalogue(code).text
    for text_id, line in all_lines().items():
        assert len(say(line.screen)) <= 26, text_id
        assert say(line.spoken) != line.spoken, text_id
