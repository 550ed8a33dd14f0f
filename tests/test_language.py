"""Words in other languages: found by their message, also with values in it, written as people of that language write."""

from __future__ import annotations

from typing import get_args

import pytest

from station.config import StationSection
from station.language import TONGUES, Catalogue, catalogue

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
